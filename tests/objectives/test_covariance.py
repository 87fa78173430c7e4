import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.objectives import covariance_penalty, posterior_covariance

MEAN, LOG_VAR = np.random.RandomState(0).normal(size=(2, 30, 4)).astype(np.float32)


def test_covariance_of_the_codes_is_that_of_the_means_plus_the_mean_variance():
    means = np.cov(MEAN.T, bias=True)
    np.testing.assert_allclose(posterior_covariance(MEAN), means, rtol=1e-5, atol=1e-6)
    codes = means + np.diag(np.exp(LOG_VAR).mean(0))
    np.testing.assert_allclose(posterior_covariance(MEAN, LOG_VAR), codes, rtol=1e-5, atol=1e-6)
    noise = np.random.RandomState(1).normal(size=(2000, *MEAN.shape))
    drawn = (MEAN + np.exp(LOG_VAR / 2) * noise).reshape(-1, 4)
    np.testing.assert_allclose(np.cov(drawn.T), codes, atol=0.06)


def test_penalty_is_zero_at_the_identity_and_counts_each_deviation_squared():
    assert float(covariance_penalty(np.eye(3), 2.0, 5.0)) == 0
    moved = np.eye(3)
    moved[0, 1] = moved[1, 0] = 0.5
    moved[2, 2] = 4.0
    assert float(covariance_penalty(moved, 2.0, 5.0)) == pytest.approx(2 * 2 * 0.25 + 5 * 9)


def test_a_shift_of_all_codes_changes_nothing():
    np.testing.assert_allclose(posterior_covariance(MEAN + 100), posterior_covariance(MEAN), atol=1e-4)


def test_a_batch_of_one_ends_in_a_sentence():
    with pytest.raises(UserError, match="take batch_size=2 or more"):
        posterior_covariance(MEAN[:1])
