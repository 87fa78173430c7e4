"""Active latents and the polarized approximation of the KL term."""

import numpy as np
import pytest
from scipy.stats import norm

from tfdisent.errors import UserError
from tfdisent.metrics import active_units, polarized_regime


def posterior(num=400, active_std=(1.0, 1.0), num_passive=2, active_variance=1e-3, seed=0):
    """Active latents that move with the data and are narrow; passive ones that are the prior."""
    moving = np.random.RandomState(seed).standard_normal((num, len(active_std))) * active_std
    means = np.concatenate([moving, np.zeros((num, num_passive))], axis=1)
    log_vars = np.concatenate(
        [np.full(moving.shape, np.log(active_variance)), np.zeros((num, num_passive))], axis=1
    )
    return means, log_vars


def test_both_rules_find_the_active_latents():
    result = active_units(*posterior())
    np.testing.assert_array_equal(result["mask"], [True, True, False, False])
    np.testing.assert_array_equal(result["mask_variance"], result["mask_std"])
    assert result["count"] == result["count_std"] == result["count_variance"] == 2


def test_the_rules_differ_on_a_narrow_posterior_that_does_not_move_and_a_wide_one_that_does():
    means, log_vars = np.zeros((4, 2)), np.zeros((4, 2))
    means[:, 0] = [-1, 1, -1, 1]  # std 1, variance of the prior
    log_vars[:, 1] = np.log(0.1)  # narrow, but always at 0
    np.testing.assert_array_equal(active_units(means, log_vars)["mask"], [True, False])
    np.testing.assert_array_equal(active_units(means, log_vars, "variance")["mask"], [False, True])


def test_a_std_of_one_half_is_not_yet_active_and_it_is_the_variance_that_is_averaged_not_its_log():
    means = np.array([[0.5, 0.51], [-0.5, -0.51]])  # std 0.5 and 0.51
    variances = np.array([[0.1, 0.1], [1.6, 1.4]])  # means 0.85 and 0.75; geometric means far below 0.8
    result = active_units(means, np.log(variances))
    np.testing.assert_array_equal(result["mask_std"], [False, True])
    np.testing.assert_array_equal(result["mask_variance"], [False, True])


def test_codes_without_variances_have_the_first_rule_only():
    result = active_units(posterior()[0])
    assert set(result) == {"mask", "count", "mask_std", "count_std"} and result["count"] == 2


def test_exact_divergence_equals_the_integral_of_the_densities():
    """E_q[log q - log p] by quadrature for each latent, summed over latents and averaged over points."""
    means, log_vars = np.array([[0.3, -1.2], [0.8, 0.1]]), np.array([[-0.5, -2.0], [0.4, -1.0]])
    total = 0.0
    for mean, log_var in zip(means.ravel(), log_vars.ravel(), strict=True):
        q = norm(mean, np.exp(log_var / 2))
        z = np.linspace(mean - 12, mean + 12, 20001)
        total += np.trapezoid(q.pdf(z) * (q.logpdf(z) - norm.logpdf(z)), z)
    assert polarized_regime(means, log_vars)["kl"] == pytest.approx(total / 2, rel=1e-9)


@pytest.mark.parametrize("variance", [1e-2, 1e-4, 1e-8])
def test_error_is_half_the_variance_per_active_latent_over_the_divergence(variance):
    """Passive latents equal to the prior cost nothing: only sigma^2 / 2 of each active latent is missing."""
    result = polarized_regime(*posterior(active_variance=variance))
    assert result["kl"] - result["kl_polarized"] == pytest.approx(2 * variance / 2, rel=1e-6)
    assert result["delta_kl"] == pytest.approx(variance / result["kl"], rel=1e-6)
    assert result["num_active"] == 2


def test_approximation_is_exact_as_the_active_variance_tends_to_zero():
    result = polarized_regime(*posterior(active_variance=1e-14))
    assert result["delta_kl"] < 1e-14
    np.testing.assert_array_equal(result["active"], [True, True, False, False])


def test_a_latent_half_way_between_active_and_passive_breaks_the_regime():
    means, log_vars = posterior()
    log_vars[:, 2] = np.log(0.3)  # its mean does not move: passive by rule, but not at the prior
    assert polarized_regime(means, log_vars)["delta_kl"] > 0.02
    assert polarized_regime(means, log_vars, rule="variance")["num_active"] == 3


def test_active_latents_can_be_given():
    means, log_vars = posterior()
    mask = np.array([True, False, False, False])
    result = polarized_regime(means, log_vars, active=mask)
    expected = 0.5 * np.mean(means[:, 0] ** 2 - np.log(1e-3) - 1)
    assert result["kl_polarized"] == pytest.approx(expected, rel=1e-12) and result["num_active"] == 1


def test_a_posterior_equal_to_the_prior_has_no_error():
    result = polarized_regime(np.zeros((5, 3)), np.zeros((5, 3)))
    assert result["kl"] == result["kl_polarized"] == result["delta_kl"] == 0
    assert polarized_regime(np.zeros((5, 3)), np.zeros((5, 3)), active=np.ones(3, bool))["delta_kl"] == np.inf


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((4, 2)), np.zeros((4, 3))), r"same shape \[N, D\]. Received: \(4, 2\) and \(4, 3\)"),
        ((np.full((4, 2), np.nan), np.zeros((4, 2))), "means must be finite"),
        ((np.zeros((4, 2)), np.full((4, 2), np.inf)), "log_vars must be finite"),
        ((np.zeros(4), np.zeros(4)), "means must be a non-empty array"),
        ((np.zeros((4, 2)), None, "variance"), "pass log_vars"),
        ((np.zeros((4, 2)), None, "both"), "rule must be 'std' or 'variance'. Received: 'both'"),
    ],
)
def test_bad_posteriors_are_refused_in_one_sentence(arguments, message):
    with pytest.raises(UserError, match=message):
        active_units(*arguments)


@pytest.mark.parametrize("mask", [np.ones(3, bool), np.array([0, 1])])
def test_a_mask_that_does_not_fit_is_refused(mask):
    with pytest.raises(UserError, match="one boolean per latent"):
        polarized_regime(np.zeros((4, 2)), np.zeros((4, 2)), active=mask)
