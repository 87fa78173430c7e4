"""Mean correlation coefficient: assignment, monotone maps, and codes or factors too few."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from tfdisent.errors import UserError
from tfdisent.metrics import compute_mcc, mcc
from tfdisent.metrics.mcc import correlation_matrix


def factors(num=200, seed=0):
    return np.random.RandomState(seed).standard_normal((num, 3))


def test_factors_in_another_order_sign_and_scale_are_found_again():
    truth = factors()
    scores = mcc(truth[:, [2, 0, 1]] * [3, -1, 0.1] + 5, truth)
    assert scores["mcc_pearson"] == pytest.approx(1) and scores["mcc_spearman"] == pytest.approx(1)
    assert scores["assignment_pearson"] == scores["assignment_spearman"] == [1, 2, 0]


def test_a_monotone_map_keeps_the_rank_correlation_at_one_and_lowers_the_other():
    truth = factors()
    scores = mcc(np.exp(2 * truth), truth)
    assert scores["mcc_spearman"] == pytest.approx(1) and scores["mcc_pearson"] < 0.8


def test_the_assignment_is_one_to_one_even_where_one_code_is_best_for_two_factors():
    truth = factors(2000)[:, :2]
    codes = np.stack([truth.sum(axis=1), truth[:, 0]], axis=1)
    scores = mcc(codes, truth)
    assert scores["assignment_pearson"] == [1, 0]
    np.testing.assert_allclose(scores["mcc_pearson_per_factor"], [1, np.sqrt(0.5)], atol=0.03)


def test_factors_without_a_code_count_zero_and_spare_codes_do_not_matter():
    truth = factors(5000)
    assert mcc(truth[:, :2], truth)["mcc_pearson"] == pytest.approx(2 / 3)
    assert mcc(truth[:, :2], truth)["assignment_pearson"] == [0, 1, -1]
    spare = np.concatenate([truth, factors(5000, 1)], axis=1)
    assert mcc(spare, truth)["mcc_pearson"] == pytest.approx(1)


def test_constant_codes_correlate_with_nothing_and_constant_factors_are_left_out():
    truth = factors()
    codes = truth * [1, 1, 0] + [0, 0, 3e7]
    assert mcc(codes, truth)["mcc_pearson"] == pytest.approx(2 / 3)
    constant = truth * [1, 1, 0] + 0.1
    scores = mcc(truth, constant)
    assert scores["mcc_pearson"] == pytest.approx(1) and np.isnan(scores["mcc_pearson_per_factor"][2])
    assert scores["constant_factors"] == [2]
    with pytest.raises(UserError, match="needs a factor that varies"):
        mcc(truth, np.ones((200, 1)))


def test_rank_correlations_are_those_of_scipy():
    codes, truth = np.round(factors(100), 1), np.round(factors(100, 1) + factors(100), 1)  # with ties
    ours = correlation_matrix(codes, truth, "spearman")
    for i in range(3):
        for j in range(3):
            assert ours[i, j] == pytest.approx(spearmanr(codes[:, i], truth[:, j])[0], abs=1e-12)


def test_compute_mcc_draws_its_points():
    class Data:
        num_factors = 3

        def sample(self, num, random_state):
            truth = random_state.standard_normal((num, 3))
            return truth, truth

    assert compute_mcc(Data(), np.tanh, np.random.RandomState(0), num_train=50)[
        "mcc_spearman"
    ] == pytest.approx(1)


def test_an_unknown_method_or_a_single_point_is_refused():
    with pytest.raises(UserError, match="Received: 'kendall'"):
        correlation_matrix(factors(), factors(), "kendall")
    with pytest.raises(UserError, match="needs a factor that varies"):
        mcc(np.ones((1, 2)), np.ones((1, 2)))
