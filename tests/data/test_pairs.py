"""Laws of pairs: what changes, how often, and what they refuse."""

import numpy as np
import pytest
from scipy import stats

from tfdisent import data
from tfdisent.errors import UserError

GRID = data.DSpritesDrawn(
    image_size=8, num_scales=3, num_orientations=5, num_positions=4
)  # 3 x 3 x 5 x 4 x 4
FREE = [0, 1, 2, 3, 4]
NUM = 40_000


def drawn(law, grid=GRID, num=NUM, seed=0):
    """Factors of both observations [N, F] each, and labels."""
    law.check(grid)
    first = np.random.RandomState(seed).randint(grid.size, size=num)
    indices, labels = law.draw(grid, first, np.random.RandomState(seed + 1))
    np.testing.assert_array_equal(indices[:, 0], first)
    return grid.factors(indices[:, 0]), grid.factors(indices[:, 1]), labels


def test_laplace_transitions_follow_their_law_where_something_changed():
    """The joint law of all free factors, conditioned on one of them changing, for one first observation."""
    rate = 1.5
    start = np.array([1, 1, 2, 0, 3])
    law = data.LaplaceTransitions(rate)
    first = np.full(60_000, GRID.indices(start[np.newaxis])[0])
    second = GRID.factors(law.draw(GRID, first, np.random.RandomState(0))[0][:, 1])
    assert (second[:, 0] == start[0]).all()  # the shape is categorical
    laws = []
    for place in FREE[1:]:
        size = GRID.factors_num_values[place]
        weights = np.exp(-np.abs(np.arange(size) - start[place]) * rate / np.log(size))
        laws.append(weights / weights.sum())
    joint = np.einsum("a,b,c,d->abcd", *laws)
    joint[tuple(start[1:])] = 0
    expected = joint.ravel() / joint.sum() * len(first)
    found = np.bincount(np.ravel_multi_index(tuple(second[:, 1:].T), joint.shape), minlength=joint.size)
    assert found[expected == 0].sum() == 0
    enough = expected >= 5
    assert (
        stats.chisquare(found[enough], expected[enough] * found[enough].sum() / expected[enough].sum()).pvalue
        > 1e-3
    )


@pytest.mark.parametrize("k", [1, 2, 5])
def test_exactly_k_factors_change_and_each_as_often(k):
    first, second, labels = drawn(data.ChangedFactors(k))
    changed = first != second
    assert labels is None and (changed.sum(axis=1) == k).all()
    share = k / len(FREE)
    assert np.abs(changed.mean(axis=0) - share).max() < 5 * np.sqrt(share * (1 - share) / NUM) + 1e-12


def test_a_random_number_of_factors_changes_from_one_to_all_but_one():
    first, second, _ = drawn(data.ChangedFactors(-1))
    counts = np.bincount((first != second).sum(axis=1), minlength=6)
    assert counts[0] == counts[5] == 0
    assert stats.chisquare(counts[1:5]).pvalue > 1e-3


def test_a_changed_factor_takes_each_of_its_other_values_as_often():
    first, second, labels = drawn(data.ChangedFactor(), num=20_000)
    np.testing.assert_array_equal((first != second).argmax(axis=1), labels)
    assert ((first != second).sum(axis=1) == 1).all()
    assert stats.chisquare(np.bincount(labels, minlength=5)).pvalue > 1e-3
    steps = (second - first)[labels == 2][:, 2] % 5
    assert stats.chisquare(np.bincount(steps, minlength=5)[1:]).pvalue > 1e-3


def test_a_shared_factor_is_equal_and_the_others_are_independent():
    first, second, labels = drawn(data.SharedFactor(), num=20_000)
    rows = np.arange(len(labels))
    np.testing.assert_array_equal(first[rows, labels], second[rows, labels])
    others = labels != 2
    table = np.zeros((5, 5))
    np.add.at(table, (first[others, 2], second[others, 2]), 1)
    assert stats.chi2_contingency(table).pvalue > 1e-3


def test_factors_of_one_value_never_change_and_are_no_label():
    grid = data.DSpritesDrawn(
        image_size=8, num_scales=1, num_orientations=1, num_positions=4, shapes="square"
    )
    for law in (data.SharedFactor(), data.ChangedFactor()):
        _, _, labels = drawn(law, grid)
        assert set(labels) == {0, 1} and law.num_labels(grid) == 2  # their places among those that vary
    first, second, _ = drawn(data.LaplaceTransitions(), grid)
    assert (first != second).any(axis=1).all() and (first == second)[:, :3].all()


def test_ranks_say_of_which_factors_the_first_value_is_larger():
    first, second, labels = drawn(data.RankedFactors())
    np.testing.assert_array_equal(labels, first > second)
    assert data.RankedFactors().label_shape(GRID) == (5,)


def test_given_pairs_are_the_pairs_given():
    images = np.random.default_rng(0).integers(0, 256, (7, 2, 8, 8, 1)).astype(np.uint8)
    frames, law = data.given_pairs(images, labels=np.arange(7) % 3)
    order = np.array([3, 0, 6])
    indices, labels = law.draw(frames, order, np.random.RandomState(0))
    np.testing.assert_array_equal(frames.observations(indices.ravel()).reshape(3, 2, 8, 8, 1), images[order])
    np.testing.assert_array_equal(labels, order % 3)
    assert law.size(frames) == 7 and law.num_labels(frames) == 3 and frames.size == 14


def test_pairs_of_a_table_and_of_hidden_factors_have_the_factors_drawn():
    everything = np.arange(GRID.size)
    order = np.random.default_rng(0).permutation(GRID.size)
    table = data.ArrayData(
        GRID.observations(everything)[order], {"f" + str(i): GRID.factors(order)[:, i] for i in range(5)}
    )
    first, second, labels = drawn(data.ChangedFactor(), table, 200)
    assert ((first != second).sum(axis=1) == 1).all()
    hidden = data.HiddenFactorData("hidden", GRID, ["shape"])
    first, second, labels = drawn(data.ChangedFactor(), hidden, 200)
    assert ((first != second).sum(axis=1) == 1).all() and hidden.num_factors == 4


@pytest.mark.parametrize(
    "make, sentence",
    [
        (lambda: data.LaplaceTransitions(0), "rate must be"),
        (lambda: data.LaplaceTransitions("1"), "rate must be"),
        (lambda: data.ChangedFactors(0), "k .*must be"),
        (lambda: data.ChangedFactors(True), "k .*must be"),
        (lambda: data.ChangedFactors(-2), "k .*must be"),
        (lambda: data.ChangedFactors(6).check(GRID), "k must be at most 5"),
        (lambda: data.GivenPairs(np.zeros((3, 3), int)), r"whole numbers \[N, 2\]"),
        (lambda: data.GivenPairs(np.zeros((3, 2))), r"whole numbers \[N, 2\]"),
        (lambda: data.GivenPairs(np.zeros((3, 2), int), np.zeros(2, int)), "one for each of the 3 pairs"),
        (lambda: data.GivenPairs([[0, GRID.size]]).check(GRID), "run from 0"),
        (lambda: data.given_pairs(np.zeros((3, 8, 8, 1))), "Pairs must be an array"),
        (lambda: data.SharedFactor().check(data.IdentityObservationsData()), "are numbered"),
        (lambda: data.SharedFactor().check(GRID.split()[0]), "every combination"),
        (lambda: data.SharedFactor().check(data.ArrayData(np.zeros((1, 8, 8, 1)), {"a": [0]})), "may change"),
        (lambda: data.SharedFactor().check(data.ArrayData(np.zeros((5, 8, 8, 1)))), "may change"),
        (
            lambda: data.LaplaceTransitions().check(
                data.ArrayData(np.zeros((2, 8, 8, 1)), {"a": ["x", "y"]})
            ),
            "may change",
        ),
        (lambda: data.SharedFactor().check("dsprites"), "must be a data set"),
        (lambda: data.PairLaw().draw(GRID, np.zeros(1, int), np.random.RandomState(0)), "must define"),
    ],
)
def test_what_makes_no_pairs_is_refused_in_one_sentence(make, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        make()
    assert "\n" not in str(caught.value)
