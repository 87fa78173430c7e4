import numpy as np
import pytest

from tfdisent.analysis import aggregated_posterior_divergences
from tfdisent.errors import UserError


def divergences(mean, log_var, seed=1):
    return aggregated_posterior_divergences(mean, log_var, np.random.RandomState(seed))


def posteriors(covariance, width, num=3000, seed=0):
    """Means and log variances whose mixture is close to N(0, covariance)."""
    random_state = np.random.RandomState(seed)
    inner = covariance - width**2 * np.eye(len(covariance))
    mean = random_state.multivariate_normal(np.zeros(len(covariance)), inner, num)
    return mean, np.full_like(mean, 2 * np.log(width))


def test_everything_is_zero_where_each_posterior_is_the_prior():
    found = divergences(np.zeros((50, 4)), np.zeros((50, 4)))
    np.testing.assert_allclose(found["latent_kl"], 0, atol=1e-12)
    assert found["total_correlation"] == pytest.approx(0, abs=1e-12)


def test_a_single_observation_gives_the_log_ratio_at_its_own_code():
    mean, log_var = np.array([[0.3, -1.0]]), np.array([[-1.0, 0.5]])
    code = mean + np.exp(log_var / 2) * np.random.RandomState(4).normal(size=(1, 2))
    expected = -0.5 * ((code - mean) ** 2 / np.exp(log_var) + log_var - code**2)
    np.testing.assert_allclose(divergences(mean, log_var, 4)["latent_kl"], expected[0], rtol=1e-12)


def test_total_correlation_of_correlated_gaussians_is_minus_half_the_log_determinant():
    correlation = np.array([[1.0, 0.8, 0.0], [0.8, 1.0, 0.0], [0.0, 0.0, 1.0]])
    found = divergences(*posteriors(correlation, width=0.4))
    assert found["total_correlation"] == pytest.approx(-0.5 * np.log(1 - 0.8**2), abs=0.05)
    np.testing.assert_allclose(found["latent_kl"], 0, atol=0.02)


def test_latents_of_another_variance_than_the_prior_have_the_kl_between_gaussians():
    variances = np.array([1.0, 4.0, 0.25])
    found = divergences(*posteriors(np.diag(variances), width=0.3))
    np.testing.assert_allclose(found["latent_kl"], 0.5 * (variances - 1 - np.log(variances)), atol=0.06)
    assert found["total_correlation"] == pytest.approx(0, abs=0.05)
    assert found["marginal_kl"] == found["dimension_wise_kl"] + found["total_correlation"]


def test_chunks_do_not_change_the_result(monkeypatch):
    mean, log_var = posteriors(np.eye(2), width=0.5, num=100)
    whole = divergences(mean, log_var)
    monkeypatch.setattr("tfdisent.analysis.aggregated_posterior._CELLS", 1)
    np.testing.assert_allclose(divergences(mean, log_var)["latent_kl"], whole["latent_kl"], rtol=1e-12)


@pytest.mark.parametrize(
    ("mean", "log_var", "sentence"),
    [
        (np.zeros((3, 2)), np.zeros((2, 2)), "must be an array"),
        (np.zeros(3), np.zeros(3), "must be an array"),
        (np.full((3, 2), np.nan), np.zeros((3, 2)), "must be finite"),
    ],
)
def test_arrays_that_are_no_posteriors_are_refused(mean, log_var, sentence):
    with pytest.raises(UserError, match=sentence):
        divergences(mean, log_var)
