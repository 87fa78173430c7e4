"""Mutual information gap: closed forms, invariances, and disentanglement_lib's edge cases."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from tfdisent.errors import UserError
from tfdisent.metrics import compute_mig, compute_mig_on_fixed_data, mig, mutual_information_gaps

SIZES = (3, 6, 4)


def grid(sizes=SIZES, repeats=1):
    """Every combination of factor values, `repeats` times: all factors uniform and exactly independent."""
    axes = np.meshgrid(*[np.arange(n) for n in sizes], indexing="ij")
    return np.tile(np.stack([a.ravel() for a in axes], axis=1), (repeats, 1))


class Grid:
    num_factors = len(SIZES)

    def sample(self, num, random_state):
        factors = np.stack([random_state.randint(n, size=num) for n in SIZES], axis=1)
        return factors, factors.astype(np.float32)


def test_copies_of_independent_factors_score_one():
    factors = grid()
    assert mig(factors.astype(float), factors)["discrete_mig"] == pytest.approx(1, abs=1e-12)


def test_copies_of_a_factor_with_forty_values_lose_what_twenty_bins_hide():
    """40 values in 20 bins: two values share a bin, so log 20 of log 40 nats are left."""
    factors = grid((2, 40))
    gaps = mutual_information_gaps(factors.astype(float), factors)
    np.testing.assert_allclose(gaps, [1, np.log(20) / np.log(40)], rtol=1e-12)
    np.testing.assert_allclose(mutual_information_gaps(factors, factors, num_bins=40), 1, rtol=1e-12)


def test_a_factor_held_by_two_latents_alike_has_no_gap():
    factors = grid()
    codes = np.concatenate([factors, 2.0 * factors[:, :1]], axis=1)
    np.testing.assert_allclose(mutual_information_gaps(codes, factors), [0, 1, 1], atol=1e-12)


def test_a_code_that_merges_two_of_four_values_keeps_three_quarters_of_the_entropy():
    """I = H(1/2, 1/4, 1/4) = 1.5 log 2 of H = 2 log 2; the second latent is independent."""
    factors = grid((4, 5))
    codes = np.stack([np.maximum(factors[:, 0], 1), factors[:, 1]], axis=1)
    assert mutual_information_gaps(codes, factors)[0] == pytest.approx(0.75, abs=1e-12)


def test_score_is_invariant_to_order_sign_scale_and_offset_of_the_codes():
    random_state = np.random.RandomState(0)
    factors = grid(repeats=4)
    codes = factors @ random_state.standard_normal((3, 5)) + random_state.standard_normal((len(factors), 5))
    score = mig(codes, factors)["discrete_mig"]
    assert score > 0.01
    # powers of two keep every comparison with a bin edge as it was
    for other in (codes[:, [3, 1, 4, 0, 2]], 4 * codes, codes * [1, 8, 0.5, 2, 1]):
        assert mig(other, factors)["discrete_mig"] == pytest.approx(score, abs=1e-12)
    # mirrored bins are the same bins, except that a value on an edge changes sides
    assert mig(-codes, factors)["discrete_mig"] == pytest.approx(score, abs=1e-12)


def test_noise_scores_almost_zero():
    random_state = np.random.RandomState(0)
    factors = grid(repeats=100)
    codes = random_state.standard_normal((len(factors), 6))
    assert 0 <= mig(codes, factors)["discrete_mig"] < 0.01


def test_score_equals_the_definition_computed_with_scikit_learn():
    random_state = np.random.RandomState(1)
    factors = grid(repeats=10)
    codes = (factors @ random_state.standard_normal((3, 4))).astype(np.float32)
    gaps = []
    for y in factors.T:
        info = sorted(mutual_info_score(y, np.digitize(x, np.histogram(x, 20)[1][:-1])) for x in codes.T)
        gaps.append((info[-1] - info[-2]) / mutual_info_score(y, y))
    assert mig(codes, factors)["discrete_mig"] == pytest.approx(np.mean(gaps), abs=1e-12)


def test_compute_mig_scores_the_points_that_the_protocol_draws():
    result = compute_mig(
        Grid(),
        lambda x: x @ np.float32([[1, 1, 0], [0, 1, 0], [0, 0, 1]]),
        np.random.RandomState(5),
        None,
        500,
    )
    random_state = np.random.RandomState(5)
    factors = np.concatenate([Grid().sample(min(16, 500 - i), random_state)[0] for i in range(0, 500, 16)])
    codes = factors @ np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
    assert result == {"discrete_mig": pytest.approx(mig(codes, factors)["discrete_mig"], abs=1e-12)}
    assert isinstance(result["discrete_mig"], float)


def test_a_constant_factor_is_left_out_of_the_mean_and_named():
    factors = np.concatenate([grid(), np.full((len(grid()), 1), 3)], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = mig(factors, factors)
    assert scores["discrete_mig"] == pytest.approx(1, abs=1e-12)
    assert scores["constant_factors"] == [factors.shape[1] - 1]


@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (np.zeros((9, 1)), np.zeros((9, 2)), r"at least two columns. Received: shape \(9, 1\)"),
        (
            np.zeros(9),
            np.zeros((9, 2)),
            r"codes must be a non-empty array of shape \[N, D\].*Received: shape \(9,\)",
        ),
        (np.zeros((0, 2)), np.zeros((0, 2)), "codes must be a non-empty array"),
        (np.zeros((9, 2)), np.zeros((8, 2)), "Received: 9 and 8 rows"),
        (np.array([[1, np.nan], [2, 3]]), np.zeros((2, 1)), r"NaN or infinity in columns \[1\]"),
        (np.array([["a", "b"]]), np.zeros((1, 1)), "codes must hold real numbers.*dtype <U1"),
        (
            np.zeros((90, 2)),
            np.arange(90)[:, None],
            "leave an index out.*factor 0 with 90 whole values in 90 points",
        ),
    ],
)
def test_bad_arrays_are_refused_in_one_sentence(codes, factors, message):
    with pytest.raises(UserError, match=message):
        mig(codes, factors)


def test_real_values_that_repeat_are_labels_like_any_other():
    factors = grid()
    assert mig(factors, 0.1 * factors)["discrete_mig"] == pytest.approx(1, abs=1e-12)


def test_a_data_set_without_factors_is_refused_before_anything_is_drawn():
    class NoFactors:
        name, num_factors = "digits", 0

    with pytest.raises(UserError, match="needs a data set whose factors are known.*Received: digits"):
        compute_mig(NoFactors(), None, np.random.RandomState(0))


def test_given_observations_and_labels_are_scored_as_they_are():
    factors = grid(repeats=3)
    labels = factors.T
    scores = compute_mig_on_fixed_data(
        factors.astype(float), labels, lambda x: x @ np.diag([1, 2, 3]), batch_size=7
    )
    assert scores == mig(factors @ np.diag([1.0, 2, 3]), factors)
    with pytest.raises(UserError, match="Received: 216 and 215 rows"):
        compute_mig_on_fixed_data(factors, labels[:, 1:], lambda x: x)
