"""Estimates of the aggregated posterior against sums written out, quadrature, closed forms and their own identities."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp
from scipy.stats import norm

from tfdisent.errors import UserError
from tfdisent.objectives import (
    diagonal_kl,
    dimension_wise_kl,
    minibatch_stratified,
    minibatch_total_correlation,
    minibatch_weighted,
    rows,
    total_correlation,
)
from tfdisent.objectives.total_correlation import _log_stratified_weights

ESTIMATES = pytest.mark.parametrize("estimate", [minibatch_weighted, minibatch_stratified])


def posteriors(batch, latents, seed=0):
    """Codes, means and log variances, float64 [B, D] each."""
    random_state = np.random.RandomState(seed)
    mean, log_var, noise = random_state.normal(size=(3, batch, latents))
    return mean + np.exp(log_var / 2) * noise, mean, log_var


def whole_set(mean, log_var, draws, seed=0):
    """Exact log q(z) and sum_d log q_d(z_d) at `draws` codes of each posterior, the batch being the whole data set.

    Each posterior stands in the batch once a draw. Then the sum over the batch is the sum over the data set, and
    minibatch weighting with N = B is too low by log B, for q(z) and for each latent.
    """
    mean, log_var = np.repeat(mean, draws, axis=0), np.repeat(log_var, draws, axis=0)
    noise = np.random.RandomState(seed).normal(size=mean.shape)
    z = mean + np.exp(log_var / 2) * noise
    log_qz, log_qz_product = minibatch_weighted(z, mean, log_var, len(z))
    shift = math.log(len(z))
    return z, mean, log_var, log_qz + shift, log_qz_product + z.shape[1] * shift


def stratified_weights(batch_size, dataset_size):
    place = np.arange(batch_size, dtype=np.float64)[:, None]
    return np.exp(_log_stratified_weights(place, batch_size, dataset_size))


def log_densities(z, mean, log_var):
    return norm.logpdf(z[:, None], mean[None], np.exp(log_var / 2)[None])  # [B, B, D]


def test_weighted_is_the_printed_sum():
    z, mean, log_var = posteriors(7, 3)
    found = minibatch_weighted(z, mean, log_var, 50)
    log_density = log_densities(z, mean, log_var)
    joint = [math.log(np.mean([np.exp(log_density[i, j].sum()) for j in range(7)]) / 50) for i in range(7)]
    product = [
        sum(math.log(np.exp(log_density[i, :, d]).sum() / (50 * 7)) for d in range(3)) for i in range(7)
    ]
    np.testing.assert_allclose(found[0], joint, rtol=1e-12)
    np.testing.assert_allclose(found[1], product, rtol=1e-12)


def test_stratified_weights_are_chen_et_als_and_each_row_sums_to_one():
    # The code of that paper puts 1/N at (0, 0), (1, 0) and (3, 0) here, and not on the diagonal.
    N, M = 100, 3
    w = (N - M) / (N * M)
    expected = [
        [1 / N, w, 1 / M, 1 / M],
        [1 / M, 1 / N, w, 1 / M],
        [1 / M, 1 / M, 1 / N, w],
        [w, 1 / M, 1 / M, 1 / N],
    ]
    weights = stratified_weights(4, N)
    np.testing.assert_allclose(weights, expected, rtol=1e-12)
    for batch, size in ((2, 2), (2, 9), (5, 5), (64, 737_280)):
        np.testing.assert_allclose(stratified_weights(batch, size).sum(axis=1), 1, rtol=1e-12)


def test_stratified_estimate_of_a_density_is_unbiased_and_the_weighted_one_is_not():
    """The mean over all batches of 3 of 5 observations that hold the one that z was drawn from."""
    z, mean, log_var = posteriors(5, 2)
    z = np.repeat(z[:1], 3, axis=0)
    exact = np.exp(log_densities(z[:1], mean, log_var)[0].sum(-1)).mean()
    means = {}
    for estimate in (minibatch_stratified, minibatch_weighted):
        values = []
        for others in itertools.permutations(range(1, 5), 2):
            batch = [0, *others]
            values.append(np.exp(estimate(z, mean[batch], log_var[batch], 5)[0][0]))
        means[estimate] = np.mean(values)
    assert means[minibatch_stratified] == pytest.approx(exact, rel=1e-12)
    assert means[minibatch_weighted] < 0.5 * exact


def test_where_all_posteriors_are_one_the_stratified_estimate_is_exact():
    z = posteriors(6, 3)[0]
    mean, log_var = np.ones((6, 3)), np.full((6, 3), -1.0)
    log_qz, log_qz_product = minibatch_stratified(z, mean, log_var, 40)
    expected = norm.logpdf(z, 1.0, np.exp(-0.5)).sum(1)
    np.testing.assert_allclose(log_qz, expected, rtol=1e-12)
    np.testing.assert_allclose(log_qz_product, expected, rtol=1e-12)


def test_kl_is_mutual_information_plus_total_correlation_plus_dimension_wise_kl():
    """All three by quadrature of a mixture of six Gaussians in the plane, and as estimated from the whole set."""
    _, mean, log_var = posteriors(6, 2, seed=3)
    axis = np.linspace(-25, 25, 1001)
    cell = (axis[1] - axis[0]) ** 2
    densities = norm.pdf(axis[:, None, None], mean, np.exp(log_var / 2))  # [axis, N, D]
    joint = np.einsum("in,jn->ij", densities[:, :, 0], densities[:, :, 1]) / 6
    first, second = densities.mean(axis=1).T
    prior = norm.pdf(axis)

    def integral(ratio):
        return float(np.sum(joint * np.log(ratio)) * cell)

    exact = {
        "total correlation": integral(joint / np.outer(first, second)),
        "dimension-wise": integral(np.outer(first, second) / np.outer(prior, prior)),
    }
    kl = np.mean(diagonal_kl(mean, log_var))
    entropies = 0.5 * (np.log(2 * np.pi) + 1 + log_var).sum(1).mean()
    mutual_information = -entropies - integral(joint)
    assert kl == pytest.approx(mutual_information + sum(exact.values()), abs=1e-6)

    z, means, log_vars, log_qz, log_qz_product = whole_set(mean, log_var, draws=400)
    own = norm.logpdf(z, means, np.exp(log_vars / 2)).sum(1)
    assert float(total_correlation(log_qz, log_qz_product)) == pytest.approx(
        exact["total correlation"], abs=0.05
    )
    assert float(dimension_wise_kl(z, log_qz_product)) == pytest.approx(exact["dimension-wise"], abs=0.1)
    assert np.mean(own - log_qz) == pytest.approx(mutual_information, abs=0.05)


def test_total_correlation_is_zero_for_a_factorised_aggregated_posterior():
    """A product of mixtures, code by code: means on a grid, variances that depend on the place in each axis alone."""
    first, second = np.meshgrid([-1.0, 0.3, 2.0], [-0.5, 1.5], indexing="ij")
    mean = np.stack([first.ravel(), second.ravel()], axis=1)
    _, _, _, log_qz, log_qz_product = whole_set(mean, 0.5 * mean - 1.0, draws=20)
    np.testing.assert_allclose(log_qz, log_qz_product, rtol=0, atol=1e-12)


@pytest.mark.parametrize("correlation", [0.0, 0.5, -0.9])
def test_total_correlation_of_a_correlated_gaussian_has_its_closed_form(correlation):
    """q(z) = N(0, [[1, r], [r, 1]]): -1/2 log(1 - r^2), too high by log N where the batch is the whole set."""
    size, variance = 2000, 0.05
    covariance = [[1 - variance, correlation], [correlation, 1 - variance]]
    random_state = np.random.RandomState(0)
    mean = random_state.multivariate_normal([0, 0], covariance, size)
    log_var = np.full((size, 2), np.log(variance))
    z = mean + np.sqrt(variance) * random_state.normal(size=mean.shape)
    found = total_correlation(*minibatch_weighted(z, mean, log_var, size))
    expected = -0.5 * np.log(1 - correlation**2)
    assert float(found) - np.log(size) == pytest.approx(expected, abs=0.08)


@pytest.mark.parametrize(("beta", "gamma"), [(0.5, 3.0), (4.0, 1.0), (2.0, 2.0)])
def test_the_split_objective_is_never_below_the_kl_weighed_by_the_smaller_weight(beta, gamma):
    # Eq. (8): TCWAE is an upper bound of WAE with lambda = min(beta, gamma) and the KL as divergence.
    for seed in range(5):
        _, mean, log_var = posteriors(8, 3, seed)
        z, _, _, log_qz, log_qz_product = whole_set(mean, log_var, draws=50, seed=seed)
        split = beta * total_correlation(log_qz, log_qz_product) + gamma * dimension_wise_kl(
            z, log_qz_product
        )
        whole = dimension_wise_kl(z, log_qz)  # KL(q(z) || p(z))
        assert split >= min(beta, gamma) * whole - 1e-9
        if beta == gamma:
            assert float(split) == pytest.approx(beta * float(whole), rel=1e-12)


def test_disentanglement_libs_estimate_is_the_weighted_one_without_its_constants():
    z, mean, log_var = (array.astype(np.float32) for array in posteriors(9, 4))
    theirs = minibatch_total_correlation(z, mean, log_var)
    log_density = log_densities(z, mean, log_var)
    formula = np.mean(logsumexp(log_density.sum(-1), axis=1) - logsumexp(log_density, axis=1).sum(-1))
    assert float(theirs) == pytest.approx(formula, rel=1e-5)
    weighted = total_correlation(*minibatch_weighted(z, mean, log_var, 1000))
    assert float(weighted) == pytest.approx(formula + 3 * np.log(9 * 1000), rel=1e-5)


@ESTIMATES
def test_blocks_change_neither_values_nor_gradients(estimate, monkeypatch):
    arrays = [tf.constant(array) for array in posteriors(11, 3)]

    def evaluate(*tensors):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            values = estimate(*tensors, 100)
            target = tf.reduce_sum(values[0] * tf.range(11, dtype=tf.float64)) - tf.reduce_sum(values[1])
        return values, tape.gradient(target, tensors)

    whole = evaluate(*arrays)
    monkeypatch.setattr(rows, "_BLOCK", 3 * 3 * 11)  # blocks of 3 rows: 4 blocks, the last with 2
    unknown = [tf.TensorSpec([None, 3], tf.float64)] * 3
    for found in (evaluate(*arrays), tf.function(evaluate)(*arrays), tf.function(evaluate, unknown)(*arrays)):
        tf.nest.map_structure(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12), found, whole
        )


@ESTIMATES
def test_posteriors_of_a_millionth_width_far_apart_leave_values_and_gradients_finite(estimate):
    mean = tf.constant([[-50.0, 3.0], [0.0, 3.0], [80.0, -9.0]])
    log_var = tf.constant([[-28.0, 5.0], [-28.0, -28.0], [9.0, -28.0]])
    with tf.GradientTape() as tape:
        tape.watch([mean, log_var])
        z = mean + tf.exp(log_var / 2) * 0.5
        target = total_correlation(*estimate(z, mean, log_var, 10))
    assert np.isfinite(target)
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(target, [mean, log_var]))


@ESTIMATES
def test_a_batch_of_one_and_a_data_set_below_the_batch_end_in_a_sentence(estimate):
    with pytest.raises(UserError, match="take batch_size=2 or more"):
        estimate(*posteriors(1, 2), 10)
    with pytest.raises(UserError, match="dataset_size must be at least the 4 observations.*Received: 3"):
        estimate(*posteriors(4, 2), 3)
    with pytest.raises(
        UserError,
        match="dataset_size, the number of training observations, must be a whole number.*Received: None",
    ):
        estimate(*posteriors(4, 2), None)
