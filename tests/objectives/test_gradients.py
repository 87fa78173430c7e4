"""Gradients of every objective against central finite differences in float64."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisent import objectives

RANDOM = np.random.RandomState(0)
MEAN, LOG_VAR, NOISE, WEIGHTS = RANDOM.normal(size=(4, 2, 3))
VECTOR = RANDOM.normal(size=(2, 6))
TARGETS, OUTPUTS = RANDOM.uniform(size=(2, 2, 3))


def full_kl(mean, vector):
    return objectives.full_kl(mean, objectives.scale_tril_from_vector(vector))


def polarized_kl(mean, log_var):
    return objectives.polarized_kl(mean, log_var, [True, False, True])


def sample(mean, log_var):
    return objectives.reparameterise(mean, log_var, NOISE) * WEIGHTS


def full_sample(mean, vector):
    scale_tril = objectives.scale_tril_from_vector(vector)
    return objectives.reparameterise_cholesky(mean, scale_tril, NOISE) * WEIGHTS


def weighted(z, mean, log_var):
    log_qz, log_qz_product = objectives.minibatch_weighted(z, mean, log_var, 10)
    return log_qz[0] - log_qz_product[1]


def stratified(z, mean, log_var):
    log_qz, log_qz_product = objectives.minibatch_stratified(z, mean, log_var, 10)
    return log_qz[0] - log_qz_product[1]


def covariance_penalty(mean, log_var):
    return objectives.covariance_penalty(objectives.posterior_covariance(mean, log_var), 2.0, 3.0)


def polar(x, y):
    radius_squared, angle = objectives.polar(x, y)
    return WEIGHTS * radius_squared + angle


def group_sparsity(codes):
    return objectives.group_sparsity(codes[None])


CASES = {
    "bernoulli": (objectives.bernoulli, TARGETS, 4 * OUTPUTS - 2),
    "l1": (objectives.l1, TARGETS, OUTPUTS),
    "squared_l2": (objectives.squared_l2, TARGETS, OUTPUTS),
    "mean_squared_error": (objectives.mean_squared_error, TARGETS, OUTPUTS),
    "diagonal_kl": (objectives.diagonal_kl, MEAN, LOG_VAR),
    "full_kl": (full_kl, MEAN, VECTOR),
    "polarized_kl": (polarized_kl, MEAN, LOG_VAR),
    "minibatch_weighted": (weighted, NOISE, MEAN, LOG_VAR),
    "minibatch_stratified": (stratified, NOISE, MEAN, LOG_VAR),
    "minibatch_total_correlation": (objectives.minibatch_total_correlation, NOISE, MEAN, LOG_VAR),
    "imq_mmd": (objectives.imq_mmd, NOISE, MEAN),
    "density_ratio_kl": (objectives.density_ratio_kl, OUTPUTS[:, :2]),
    "density_ratio_loss": (objectives.density_ratio_loss, OUTPUTS[:, :2], TARGETS[:, :2]),
    "covariance_penalty": (covariance_penalty, MEAN, LOG_VAR),
    "polar": (polar, MEAN, LOG_VAR),
    "spring_loss": (objectives.spring_loss, MEAN),
    "quantile_loss": (objectives.quantile_loss, MEAN),
    "circular_correlation": (objectives.circular_correlation, MEAN),
    "sliced_torus_distance": (objectives.sliced_torus_distance, MEAN, LOG_VAR, VECTOR),
    "group_sparsity": (group_sparsity, TARGETS),
    "reparameterise": (sample, MEAN, LOG_VAR),
    "reparameterise_cholesky": (full_sample, MEAN, VECTOR),
}


def finite_differences(function, arguments, place, step=1e-5):
    gradient = np.zeros_like(arguments[place])
    for index in np.ndindex(gradient.shape):
        values = []
        for sign in (1, -1):
            moved = [argument.copy() for argument in arguments]
            moved[place][index] += sign * step
            values.append(float(tf.reduce_sum(function(*moved))))
        gradient[index] = (values[0] - values[1]) / (2 * step)
    return gradient


@pytest.mark.parametrize("name", CASES)
def test_gradient_is_the_slope(name):
    function, *arguments = CASES[name]
    tensors = [tf.constant(argument) for argument in arguments]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = tf.reduce_sum(function(*tensors))
    for place, gradient in enumerate(tape.gradient(value, tensors)):
        expected = finite_differences(function, arguments, place)
        np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-8)
