"""The Laplace cross-entropy against quadrature, finite differences and its limits; the entropy against TFP's."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import quad

from tfdisent.errors import UserError
from tfdisent.objectives import gaussian_entropy, laplace_cross_entropy


def by_quadrature(mean, variance, rate):
    scale = np.sqrt(variance)

    def integrand(x):
        density = np.exp(-((x - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
        return density * (rate * abs(x) - np.log(rate / 2))

    ends = sorted({mean - 40 * scale, min(max(0.0, mean - 40 * scale), mean + 40 * scale), mean + 40 * scale})
    inner = sorted({*ends, mean, mean - 3 * scale, mean + 3 * scale})
    return sum(
        quad(integrand, low, high, epsabs=1e-13, epsrel=1e-13, limit=200)[0]
        for low, high in zip(inner[:-1], inner[1:], strict=True)
    )


def test_it_is_the_integral_in_200_random_cases():
    generator = np.random.default_rng(0)
    mean = generator.normal(size=200) * np.exp(generator.normal(size=200))
    variance = np.exp(2 * generator.normal(size=200) - 1)
    rate = np.exp(generator.normal(size=200) + 1)
    for each in zip(mean, variance, rate, strict=True):
        found = laplace_cross_entropy(np.float64([each[0]]), np.float64([each[1]]), each[2])
        np.testing.assert_allclose(found[0], by_quadrature(*each), rtol=1e-10, atol=1e-10)


def test_its_gradients_are_finite_differences():
    generator = np.random.default_rng(1)
    mean, variance = tf.constant(generator.normal(size=50)), tf.constant(np.exp(generator.normal(size=50)))
    with tf.GradientTape() as tape:
        tape.watch([mean, variance])
        value = tf.reduce_sum(laplace_cross_entropy(mean, variance, 6.0))
    step = 1e-6
    for variable, gradient, shift in zip(
        (mean, variance), tape.gradient(value, [mean, variance]), ((step, 0), (0, step)), strict=True
    ):
        upper = laplace_cross_entropy(mean + shift[0], variance + shift[1], 6.0)
        lower = laplace_cross_entropy(mean - shift[0], variance - shift[1], 6.0)
        np.testing.assert_allclose(gradient, (upper - lower) / (2 * step), rtol=1e-6, atol=1e-7)
        assert variable.shape == gradient.shape


def test_without_variance_it_is_the_negative_log_density():
    mean = np.array([-2.0, -0.1, 0.3, 5.0])
    found = laplace_cross_entropy(mean, np.full(4, 1e-16), 3.0)
    np.testing.assert_allclose(found, 3 * np.abs(mean) - np.log(1.5), rtol=1e-7)


def test_with_equal_means_the_best_standard_deviation_at_rate_6_is_a_tenth():
    """Two cross-entropies against one entropy: d/ds (2 rate s sqrt(2 / pi) - log s) = 0."""
    deviations = np.linspace(0.05, 0.3, 20_001)
    variance = deviations[:, np.newaxis] ** 2
    cost = 2 * laplace_cross_entropy(np.zeros_like(variance), variance, 6.0)[:, 0]
    cost = np.asarray(cost - gaussian_entropy(np.log(variance)))
    np.testing.assert_allclose(deviations[cost.argmin()], np.sqrt(np.pi / 2) / 12, atol=1e-4)


def test_the_entropy_is_the_one_tfp_computes():
    import tensorflow_probability as tfp

    log_var = np.random.default_rng(2).normal(size=(7, 3))
    gaussian = tfp.distributions.MultivariateNormalDiag(np.zeros(3), np.exp(log_var / 2))
    np.testing.assert_allclose(gaussian_entropy(log_var), gaussian.entropy(), rtol=1e-12)


@pytest.mark.parametrize("rate", [0, -1.0, np.nan, "6", None])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(UserError, match="rate must be"):
        laplace_cross_entropy(np.zeros(2), np.ones(2), rate)


def test_shapes_that_do_not_belong_together_are_refused():
    with pytest.raises(UserError, match="variance must be"):
        laplace_cross_entropy(np.zeros((3, 2)), np.ones((3, 4)), 1.0)
