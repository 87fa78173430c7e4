"""Consistency and restrictiveness of codes of which both are known."""

import numpy as np
import pytest

from tfdisent import data, metrics
from tfdisent.errors import UserError


class Factors(data.GroundTruthData):
    """Factors that are the observations."""

    def __init__(self, sizes=(7, 1, 9)):
        names = [f"f{i}" for i in range(len(sizes))]
        super().__init__("factors", "made", names, ["continuous"] * len(sizes), sizes, (len(sizes),))

    def observations(self, indices):
        return self.factors(indices).astype(np.float32)


VARYING = [0, 2]


def score(function, sizes=(7, 1, 9), seed=0, num_pairs=20_000):
    return metrics.compute_consistency(
        Factors(sizes), function, np.random.RandomState(seed), num_pairs=num_pairs
    )


def test_codes_that_are_the_factors_are_perfect():
    scores = score(lambda x: np.exp(-x[:, VARYING]))
    for key in ("consistency", "restrictiveness", "assigned_consistency", "assigned_restrictiveness"):
        assert scores[key] == 1, key
    assert scores["constant_factors"] == ["f1"] and scores["assignment"] == [0, 1]


def test_exchanged_codes_are_perfect_once_assigned():
    scores = score(lambda x: x[:, VARYING[::-1]])
    assert scores["assigned_consistency"] == scores["assigned_restrictiveness"] == 1
    assert scores["assignment"] == [1, 0]
    assert abs(scores["consistency"]) < 0.05  # each code follows the other factor alone
    # only factor i changes, and with it every code but the i-th: nothing is restricted
    assert abs(scores["restrictiveness"]) < 0.05


def test_codes_that_know_nothing_have_consistency_zero():
    generator = np.random.RandomState(1)
    scores = score(lambda x: generator.standard_normal((len(x), 2)))
    assert abs(scores["consistency"]) < 0.05 and abs(scores["restrictiveness"]) < 0.05


@pytest.mark.parametrize("degrees", [0, 20, 45])
def test_two_rotated_factors_of_one_variance_in_closed_form(degrees):
    """With share cos^2 of its own factor and sin^2 of the other, both are cos^2."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    scores = score(lambda x: x @ rotation.T, sizes=(9, 9), num_pairs=40_000)
    np.testing.assert_allclose(scores["consistency_per_factor"], cosine**2, atol=0.02)
    np.testing.assert_allclose(scores["restrictiveness_per_factor"], cosine**2, atol=0.02)


def test_a_code_that_never_changes_is_not_consistent():
    scores = score(lambda x: np.stack([x[:, 0], np.zeros(len(x))], axis=1), sizes=(7, 9))
    assert scores["consistency_per_factor"] == [1, 0]


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda: score(lambda x: x[:, :1]), "a code for each of the 2 factors"),
        (lambda: score(lambda x: x * np.nan), "finite"),
        (lambda: score(lambda x: x, sizes=(1, 1)), "factor that varies"),
        (lambda: score(lambda x: x, num_pairs=0), "num_pairs must be"),
    ],
)
def test_what_cannot_be_scored_is_refused(call, sentence):
    with pytest.raises(UserError, match=sentence):
        call()
