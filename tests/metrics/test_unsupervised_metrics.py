"""Gaussian correlations and mutual information of codes in closed form."""

import warnings

import numpy as np
import pytest
from scipy.linalg import sqrtm

from tfdisent import metrics
from tfdisent.errors import UserError
from tfdisent.metrics import unsupervised_scores
from tfdisent.metrics.unsupervised_metrics import (
    gaussian_total_correlation as tc,
)
from tfdisent.metrics.unsupervised_metrics import (
    gaussian_wasserstein_correlation as wasserstein,
)
from tfdisent.metrics.unsupervised_metrics import kl_gaussians_numerically_unstable


def test_independent_codes_have_no_correlation():
    assert tc(np.diag([1.0, 4, 9])) == pytest.approx(0, abs=1e-12)
    assert wasserstein(np.diag([1.0, 4, 9])) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("r", [-0.9, 0.3])
def test_two_correlated_codes_have_the_closed_forms(r):
    """TC = -log(1 - r^2) / 2; the root of [[1, r], [r, 1]] has trace sqrt(1 + r) + sqrt(1 - r)."""
    covariance = np.array([[1, r], [r, 1]])
    assert tc(covariance) == pytest.approx(-0.5 * np.log(1 - r**2))
    assert wasserstein(covariance) == pytest.approx(4 - 2 * (np.sqrt(1 + r) + np.sqrt(1 - r)))


def test_total_correlation_is_the_divergence_from_the_product_of_the_marginals():
    factor = np.random.RandomState(0).standard_normal((4, 4))
    covariance, zero = factor @ factor.T, np.zeros(4)
    product = np.diag(np.diag(covariance))
    divergence = kl_gaussians_numerically_unstable(zero, covariance, zero, product, 4)
    assert tc(covariance) == pytest.approx(divergence)


def test_wasserstein_distance_equals_the_formula_with_a_matrix_root():
    factor = np.random.RandomState(0).standard_normal((4, 4))
    covariance = factor @ factor.T
    root = sqrtm(covariance * np.diag(covariance)[:, None])
    assert wasserstein(covariance) == pytest.approx(2 * np.trace(covariance) - 2 * np.trace(root).real)


def test_scores_are_those_of_the_empirical_covariance():
    codes = np.random.RandomState(0).standard_normal((500, 3)) @ [[1, 0.5, 0], [0, 1, 0], [0, 0, 2]]
    covariance = np.cov(codes.T)
    scores = unsupervised_scores(codes)
    assert scores["gaussian_total_correlation"] == tc(covariance)
    ratio = scores["gaussian_wasserstein_correlation"] / scores["gaussian_wasserstein_correlation_norm"]
    assert ratio == pytest.approx(np.trace(covariance))
    assert 0 < scores["mutual_info_score"] < 0.5


def test_a_copy_shares_all_its_information():
    """Of the six ordered pairs of three codes two share log 4 nats."""
    codes = np.stack(np.meshgrid(np.arange(4.0), np.arange(5.0)), axis=-1).reshape(-1, 2)
    scores = unsupervised_scores(codes[:, [0, 1, 0]])
    assert scores["mutual_info_score"] == pytest.approx(2 * np.log(4) / 6)
    assert scores["gaussian_total_correlation"] == np.inf or scores["gaussian_total_correlation"] > 15
    assert isinstance(scores["gaussian_wasserstein_correlation"], float)


def test_order_and_sign_do_not_matter():
    codes = np.random.RandomState(0).standard_normal((200, 3)) @ np.random.RandomState(1).standard_normal(
        (3, 3)
    )
    ours, other = unsupervised_scores(codes), unsupervised_scores(codes[:, [2, 0, 1]] * [1, -1, -1])
    for key in ours:
        assert ours[key] == pytest.approx(other[key], abs=1e-9)


def test_constant_and_single_codes_have_values():
    codes = np.random.RandomState(0).standard_normal((50, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dead = unsupervised_scores(np.concatenate([codes, np.ones((50, 1))], axis=1))
        assert dead["constant_codes"] == [2]
        assert dead["gaussian_total_correlation"] == pytest.approx(tc(np.cov(codes.T)))
        assert np.isnan(unsupervised_scores(np.ones((9, 2)))["gaussian_wasserstein_correlation_norm"])
        single = unsupervised_scores(codes[:, :1])
    assert all(value == pytest.approx(0, abs=1e-12) for value in single.values())


@pytest.mark.parametrize(
    ("codes", "message"), [(np.ones((1, 2)), "at least 2 points"), (np.ones(3), "shape")]
)
def test_codes_without_a_covariance_are_refused(codes, message):
    with pytest.raises(UserError, match=message):
        unsupervised_scores(codes)


def test_freshly_sampled_points_are_scored_like_arrays():
    class Data:
        def sample(self, num, random_state):
            return np.zeros((num, 1)), random_state.standard_normal((num, 2))

    scores = metrics.unsupervised_metrics(Data(), lambda x: x, np.random.RandomState(0), num_train=32)
    assert scores == unsupervised_scores(np.random.RandomState(0).standard_normal((32, 2)))
