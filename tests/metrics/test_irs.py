"""Interventional robustness: closed forms and dead codes."""

import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.metrics import compute_irs, irs
from tfdisent.metrics.irs import scalable_disentanglement_score


def grid(*sizes):
    axes = np.meshgrid(*[np.arange(n) for n in sizes], indexing="ij")
    return np.stack([a.ravel() for a in axes], axis=1)


def test_copies_of_the_factors_do_not_move_while_theirs_is_fixed():
    factors = grid(4, 6)
    scores = irs(factors * [1.0, -3.0], factors)
    assert scores["IRS"] == 1 and scores["num_active_codes"] == 2


def test_a_sum_of_two_factors_keeps_the_share_that_the_other_one_moves():
    """z = a + 2b on a, b in {-1, 1}: with b fixed z moves by 1 of at most 3, with a fixed by 2."""
    factors = grid(2, 2)
    codes = (2.0 * factors - 1) @ [[1.0], [2.0]]
    detail = scalable_disentanglement_score(factors, codes, 1.0)
    np.testing.assert_allclose(detail["IRS_matrix"], [[1 - 2 / 3, 1 - 1 / 3]], atol=1e-12)
    assert detail["parents"].tolist() == [1] and detail["max_deviations"].tolist() == [3]
    assert irs(codes, factors, diff_quantile=1.0)["IRS"] == pytest.approx(2 / 3)


def test_codes_weigh_by_their_largest_deviation():
    factors = grid(2, 2)
    codes = np.stack([10.0 * factors[:, 0], factors.sum(axis=1)], axis=1)
    assert irs(codes, factors, diff_quantile=1.0)["IRS"] == pytest.approx((5 * 1 + 1 * 0.5) / 6)


def test_constant_codes_are_dropped_and_without_others_the_score_is_zero():
    factors = grid(3, 3)
    codes = np.concatenate([factors + 1.0, np.full((9, 2), 7.0)], axis=1)
    scores = irs(codes, factors)
    assert scores == {"IRS": 1, "num_active_codes": 2, "num_active_dims": 36}  # the sum of the values
    assert irs(codes[:, 2:], factors) == {"IRS": 0, "num_active_codes": 0, "num_active_dims": 0}


def test_factors_with_more_values_than_bins_are_merged():
    factors = grid(40, 2)
    assert (
        irs(factors.astype(float), factors)["IRS"] < irs(factors.astype(float), factors, num_bins=40)["IRS"]
    )


def test_compute_irs_scores_the_points_that_the_protocol_draws():
    class Data:
        num_factors = 2

        def sample(self, num, random_state):
            factors = random_state.randint(5, size=(num, 2))
            return factors, factors.astype(np.float32)

    scores = compute_irs(Data(), lambda x: x @ [[1, 0.5], [0, 1]], np.random.RandomState(0), num_train=40)
    random_state = np.random.RandomState(0)
    factors = np.concatenate([random_state.randint(5, size=(num, 2)) for num in (16, 16, 8)])
    assert scores == irs(factors.astype(np.float32) @ [[1, 0.5], [0, 1]], factors)


def test_a_quantile_outside_0_and_1_is_refused():
    with pytest.raises(UserError, match="diff_quantile must be .* Received: 99"):
        irs(np.ones((3, 1)), np.ones((3, 1)), diff_quantile=99)
