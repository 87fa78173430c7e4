"""Divergences against TensorFlow Probability, against each other, and against their identities."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisent.objectives import diagonal_kl, full_kl, polarized_kl, scale_tril_from_vector

SIZES = pytest.mark.parametrize(("batch", "latents"), [(1, 1), (7, 2), (5, 10)])


def posterior(batch, latents, seed=0):
    """Means, log variances and free covariance numbers: float64 [B, D], [B, D], [B, D (D + 1) / 2]."""
    random_state = np.random.RandomState(seed)
    size = latents * (latents + 1) // 2
    shapes = ((batch, latents), (batch, latents), (batch, size))
    return tuple(random_state.normal(size=shape) for shape in shapes)


@SIZES
def test_diagonal_kl_is_the_divergence_tfp_computes(batch, latents):
    import tensorflow_probability as tfp

    mean, log_var, _ = posterior(batch, latents)
    prior = tfp.distributions.MultivariateNormalDiag(tf.zeros(latents, tf.float64))
    gaussian = tfp.distributions.MultivariateNormalDiag(mean, np.exp(log_var / 2))
    expected = tfp.distributions.kl_divergence(gaussian, prior)
    np.testing.assert_allclose(diagonal_kl(mean, log_var), expected, rtol=1e-12)


@SIZES
def test_full_kl_is_the_divergence_tfp_computes(batch, latents):
    import tensorflow_probability as tfp

    mean, _, vector = posterior(batch, latents)
    scale_tril = scale_tril_from_vector(vector)
    prior = tfp.distributions.MultivariateNormalDiag(tf.zeros(latents, tf.float64))
    gaussian = tfp.distributions.MultivariateNormalTriL(mean, scale_tril)
    expected = tfp.distributions.kl_divergence(gaussian, prior)
    np.testing.assert_allclose(full_kl(mean, scale_tril), expected, rtol=1e-12)


@SIZES
def test_full_kl_is_the_printed_formula_of_trace_and_log_determinant(batch, latents):
    mean, _, vector = posterior(batch, latents)
    scale_tril = scale_tril_from_vector(vector).numpy()
    covariance = scale_tril @ scale_tril.transpose(0, 2, 1)
    log_determinant = np.linalg.slogdet(covariance)[1]
    trace = np.trace(covariance, axis1=1, axis2=2)
    expected = 0.5 * ((mean**2).sum(axis=1) + trace - log_determinant - latents)
    np.testing.assert_allclose(full_kl(mean, scale_tril), expected, rtol=1e-12)


@SIZES
def test_full_kl_of_a_diagonal_factor_is_diagonal_kl(batch, latents):
    mean, log_var, _ = posterior(batch, latents)
    scale_tril = np.einsum("bd,de->bde", np.exp(log_var / 2), np.eye(latents))
    np.testing.assert_allclose(full_kl(mean, scale_tril), diagonal_kl(mean, log_var), rtol=1e-12)


def test_full_kl_does_not_change_under_rotations_and_diagonal_kl_does():
    """The rotational symmetry that the diagonal posterior breaks (thesis, Sec. 3.2.1)."""
    mean, log_var, vector = posterior(6, 4)
    rotation = np.linalg.qr(np.random.RandomState(1).normal(size=(4, 4)))[0]

    def rotated_kl(covariance):
        return full_kl(mean @ rotation.T, np.linalg.cholesky(rotation @ covariance @ rotation.T))

    scale_tril = scale_tril_from_vector(vector).numpy()
    covariance = scale_tril @ scale_tril.transpose(0, 2, 1)
    np.testing.assert_allclose(rotated_kl(covariance), full_kl(mean, scale_tril), rtol=1e-10)

    diagonal = np.einsum("bd,de->bde", np.exp(log_var), np.eye(4))
    turned_variances = np.einsum("ij,bjk,ik->bi", rotation, diagonal, rotation)
    turned = diagonal_kl(mean @ rotation.T, np.log(turned_variances)).numpy()
    # Hadamard: dropping the correlations of a covariance matrix can only lower the divergence.
    assert np.all(turned < diagonal_kl(mean, log_var).numpy() - 1e-3)


def test_divergences_are_zero_at_the_prior_and_positive_elsewhere():
    zero = np.zeros((1, 3))
    assert diagonal_kl(zero, zero).numpy() == 0
    assert full_kl(zero, np.eye(3)[None]).numpy() == 0
    for step in (1e-3, -1e-3, 2.0, -2.0):
        for latent in range(3):
            moved = zero.copy()
            moved[0, latent] = step
            assert diagonal_kl(moved, zero).numpy() > 0
            assert diagonal_kl(zero, moved).numpy() > 0
    for number in range(6):
        for step in (1e-3, -1e-3, 2.0, -2.0):
            vector = np.zeros((1, 6))
            vector[0, number] = step
            assert full_kl(zero, scale_tril_from_vector(vector)).numpy() > 0


def test_diagonal_kl_near_the_prior_keeps_its_digits_in_float32():
    """To second order KL = log_var^2 / 4; exp(log_var) - 1 in float32 would lose it in rounding."""
    log_var = np.full((1, 1), 1e-3, np.float32)
    expected = 0.5 * (np.expm1(1e-3) - 1e-3)
    np.testing.assert_allclose(diagonal_kl(np.zeros_like(log_var), log_var), [expected], rtol=1e-3)


def test_dropping_passive_latents_and_active_variances_is_the_whole_error_of_polarized_kl():
    mean, log_var, _ = posterior(8, 5)
    active = np.array([True, False, True, True, False])
    difference = diagonal_kl(mean, log_var) - polarized_kl(mean, log_var, active)
    variances = 0.5 * np.exp(log_var[:, active]).sum(axis=1)
    passive = diagonal_kl(mean[:, ~active], log_var[:, ~active])
    np.testing.assert_allclose(difference, variances + passive, rtol=1e-12)


def test_polarized_kl_is_the_divergence_in_the_limit_of_a_polarized_posterior():
    mean = np.array([[1.5, 0.0, -0.4]])
    for variance in (1e-2, 1e-4, 1e-6):
        log_var = np.log([[variance, 1.0, variance]])
        error = diagonal_kl(mean, log_var) - polarized_kl(mean, log_var, [1, 0, 1])
        np.testing.assert_allclose(error, [variance], rtol=1e-6)


def test_a_passive_latent_that_overflows_leaves_value_and_gradient_of_polarized_kl_finite():
    log_var = tf.constant([[np.inf, -1.0]])
    with tf.GradientTape() as tape:
        tape.watch(log_var)
        value = polarized_kl(tf.zeros_like(log_var), log_var, [False, True])
    assert value.numpy() == 0.0
    np.testing.assert_array_equal(tape.gradient(value, log_var), [[0.0, -0.5]])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_parameters_are_computed_in_float32(dtype):
    mean, log_var, vector = (tf.cast(array, dtype) for array in posterior(3, 4))
    wide = [tf.cast(array, tf.float32) for array in (mean, log_var, vector)]
    for value, expected in (
        (diagonal_kl(mean, log_var), diagonal_kl(*wide[:2])),
        (full_kl(mean, scale_tril_from_vector(vector)), full_kl(wide[0], scale_tril_from_vector(wide[2]))),
        (polarized_kl(mean, log_var, [1, 1, 0, 0]), polarized_kl(*wide[:2], [1, 1, 0, 0])),
    ):
        assert value.dtype == tf.float32
        np.testing.assert_array_equal(value, expected)
