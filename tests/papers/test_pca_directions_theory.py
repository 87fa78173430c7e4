"""Chapters 3 to 5 of Zietlow's thesis, statement by statement; where the print is off, the corrected statement.

Misprints tested as meant: eq. (3.21) prints exp(-C) for exp(-C/2); Fig. 3.2 a cosine for a sine; Lemma 7 the minimiser
sqrt(sum x^2) for sqrt(n / sum x^2); eq. (5.30) leaves out the minus sign of the divergence.
"""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import minimize

from tfdisent import metrics, models, networks, objectives
from tfdisent.analysis import (
    cheapest_rotations,
    least_stochastic_loss,
    linear_decoder_matrix,
    pca_alignment,
    stochastic_bound,
)
from tfdisent.papers.pca_directions.printed import EXAMPLE, ROTATED
from tfdisent.training import train

SEEDS = [0, 1, 2, 3]


def haar(dim, random_state):
    Q, R = np.linalg.qr(random_state.standard_normal((dim, dim)))
    return Q * np.sign(np.diag(R))


def is_diagonal(matrix, tolerance=1e-8):
    return np.abs(matrix - np.diag(np.diag(matrix))).max() < tolerance * np.abs(matrix).max()


def is_signed_permutation(V, tolerance=1e-8):
    return np.linalg.norm(V - metrics.closest_signed_permutation(V)) < tolerance


def svd_of(lengths, pixels, V, random_state):
    return np.linalg.qr(random_state.standard_normal((pixels, len(lengths))))[0] @ np.diag(lengths) @ V.T


# Propositions 1 to 7.


@pytest.mark.parametrize("seed", SEEDS)
def test_proposition_1_orthogonal_columns_are_a_signed_permutation_in_the_svd(seed):
    random_state = np.random.RandomState(seed)
    P = np.eye(4)[random_state.permutation(4)] * random_state.choice([-1, 1], 4)
    for V, aligned in ((P, True), (haar(4, random_state), False)):
        M = svd_of([4, 3, 2, 1], 7, V, random_state)
        found = np.linalg.svd(M)[2].T
        assert is_signed_permutation(found) == aligned
        assert is_diagonal(M.T @ M) == aligned


def test_proposition_1_needs_distinct_singular_values():
    random_state = np.random.RandomState(0)
    V = haar(3, random_state)
    M = svd_of([2, 2, 2], 5, V, random_state)
    assert is_diagonal(M.T @ M) and not is_signed_permutation(V)


def gaussian_log_density(x, mean, covariance):
    difference = x - mean
    return -0.5 * (
        difference @ np.linalg.solve(covariance, difference) + np.linalg.slogdet(2 * np.pi * covariance)[1]
    )


def elbo(x, W, noise, mean, covariance):
    """The ELBO of x ~ N(W z, noise I) with posterior N(mean, covariance), in closed form."""
    expected = np.sum((x - W @ mean) ** 2) + np.trace(W @ covariance @ W.T)
    likelihood = -0.5 * (expected / noise + len(x) * np.log(2 * np.pi * noise))
    kl = 0.5 * (mean @ mean + np.trace(covariance) - np.linalg.slogdet(covariance)[1] - len(mean))
    return likelihood - kl


@pytest.mark.parametrize("seed", SEEDS)
def test_propositions_2_and_3_and_lemma_6_likelihood_and_elbo_do_not_see_a_rotation(seed):
    random_state = np.random.RandomState(seed)
    x, W, mean = (random_state.standard_normal(s) for s in (5, (5, 3), 3))
    covariance = np.diag([0.1, 0.4, 0.9])
    U = haar(3, random_state)
    marginal = [gaussian_log_density(x, np.zeros(5), M @ M.T + 0.3 * np.eye(5)) for M in (W, W @ U.T)]
    assert marginal[0] == pytest.approx(marginal[1])
    bounds = [elbo(x, W, 0.3, mean, covariance), elbo(x, W @ U.T, 0.3, U @ mean, U @ covariance @ U.T)]
    assert bounds[0] == pytest.approx(bounds[1])
    assert bounds[0] <= marginal[0]


def test_eq_5_30_with_its_sign_the_elbo_is_the_likelihood_minus_the_divergence_from_the_true_posterior():
    random_state = np.random.RandomState(0)
    x, W, mean = (random_state.standard_normal(s) for s in (4, (4, 2), 2))
    q = np.diag([0.2, 0.5])
    p = np.linalg.inv(np.eye(2) + W.T @ W / 0.3)
    m = p @ W.T @ x / 0.3 - mean
    log_ratio = np.linalg.slogdet(p)[1] - np.linalg.slogdet(q)[1]
    kl = 0.5 * (np.trace(np.linalg.solve(p, q)) + m @ np.linalg.solve(p, m) - 2 + log_ratio)
    likelihood = gaussian_log_density(x, np.zeros(4), W @ W.T + 0.3 * np.eye(4))
    assert elbo(x, W, 0.3, mean, q) == pytest.approx(likelihood - kl)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_implemented_diagonal_loss_does_see_a_rotation_and_that_of_a_full_covariance_does_not(seed):
    random_state = np.random.RandomState(seed)
    U = haar(3, random_state)
    mean, variances = random_state.standard_normal((1, 3)), np.array([0.01, 0.1, 0.9])
    turned = U @ np.diag(variances) @ U.T
    full = [
        float(objectives.full_kl(m, np.linalg.cholesky(c)[None])[0])
        for m, c in ((mean, np.diag(variances)), (mean @ U.T, turned))
    ]
    assert full[0] == pytest.approx(full[1], rel=1e-5)
    # A diagonal posterior keeps of the turned covariance its diagonal, which is dearer by Hadamard's inequality.
    diagonal = [
        float(objectives.diagonal_kl(m, np.log(v)[None])[0])
        for m, v in ((mean, variances), (mean @ U.T, np.diag(turned)))
    ]
    assert diagonal[0] == pytest.approx(full[0], rel=1e-5) and diagonal[1] < diagonal[0] - 0.1


def turned_model(model, U):
    """A linear VAE with encoder and decoder as in eqs. (3.3), (3.4); the variances cannot turn with them."""
    turned = type(model).from_config(model.get_config())
    for network, head in (("encoder", "mean_head"), ("decoder", "output")):
        kernel, bias = getattr(model, network).get_layer(head).get_weights()
        new = [kernel @ U.T, U @ bias] if network == "encoder" else [U @ kernel, bias]
        getattr(turned, network).get_layer(head).set_weights(new)
    head = "log_var_head"
    turned.encoder.get_layer(head).set_weights(model.encoder.get_layer(head).get_weights())
    return turned


def test_the_loss_of_the_vae_changes_under_a_rotation_of_the_latents_and_that_of_the_autoencoder_does_not():
    random_state = np.random.RandomState(0)
    X = (random_state.standard_normal((4000, 2)) @ [[2.0, 0, 0], [0, 0.5, 0]]).astype(np.float32)
    build = {
        "num_latents": 2,
        "encoder": functools.partial(networks.dense_encoder, hidden_units=()),
        "decoder": functools.partial(networks.dense_decoder, hidden_units=()),
        "reconstruction": "squared_l2",
        "output": "linear",
    }
    vae = models.VAE((3,), **build, beta=0.1)
    vae.encoder.get_layer("mean_head").set_weights([np.diag([0.5, 2.0, 1.0])[:, :2], np.zeros(2)])
    vae.encoder.get_layer("log_var_head").set_weights([np.zeros((3, 2)), np.log([0.01, 0.2])])
    vae.decoder.get_layer("output").set_weights([np.diag([2.0, 0.5, 1.0])[:2], np.zeros(3)])
    angle = np.pi / 4
    U = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    before, after = (float(model.losses(tf.constant(X))["loss"]) for model in (vae, turned_model(vae, U)))
    assert after > before + 0.1
    plain = models.Autoencoder((3,), **build)
    plain.encoder.get_layer("mean_head").set_weights(vae.encoder.get_layer("mean_head").get_weights())
    codes = plain.represent(X)
    kernel = plain.decoder.get_layer("output").get_weights()[0]
    np.testing.assert_allclose(codes @ U.T @ (U @ kernel), codes @ kernel, atol=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_proposition_4_the_cost_of_a_linear_decoder_is_its_deterministic_and_its_stochastic_part(seed):
    random_state = np.random.RandomState(seed)
    W, mean, x = (random_state.standard_normal(s) for s in ((4, 2), 2, 4))
    deviations = np.array([0.3, 0.7])
    # Two-point noise of that deviation in every latent: the expectation is a mean of 4 terms.
    noise = np.array([[a, b] for a in (-1, 1) for b in (-1, 1)]) * deviations
    whole = np.mean([np.sum((W @ (mean + eps) - x) ** 2) for eps in noise])
    stochastic = np.mean([np.sum((W @ eps) ** 2) for eps in noise])
    assert whole == pytest.approx(np.sum((W @ mean - x) ** 2) + stochastic)
    assert stochastic == pytest.approx(np.sum(np.sum(W**2, axis=0) * deviations**2))  # eq. (5.18)


@pytest.mark.parametrize("seed", SEEDS)
def test_proposition_5_the_noise_costs_least_where_each_latent_costs_the_same(seed):
    random_state = np.random.RandomState(seed)
    J, variances = random_state.standard_normal((6, 3)), random_state.uniform(0.1, 1, 3)
    squares = np.sum(J**2, axis=0)
    bound = 3 * np.prod(squares * variances) ** (1 / 3)
    assert squares @ variances > bound
    equal = np.prod(squares * variances) ** (1 / 3) / squares
    assert squares @ equal == pytest.approx(bound) and np.prod(equal) == pytest.approx(np.prod(variances))


@pytest.mark.parametrize("seed", SEEDS)
def test_lemma_2_and_proposition_6_column_lengths_bound_the_volume_and_reach_it_when_orthogonal(seed):
    random_state = np.random.RandomState(seed)
    M = random_state.standard_normal((6, 3))
    values, Vt = np.linalg.svd(M)[1:]
    lengths = np.linalg.norm(M, axis=0)
    assert np.prod(lengths) > np.prod(values)
    assert np.prod(np.linalg.norm(M @ Vt.T, axis=0)) == pytest.approx(np.prod(values))


def test_figure_3_2_the_area_of_two_columns_is_the_product_of_their_lengths_and_the_sine_of_their_angle():
    M = np.random.RandomState(0).standard_normal((2, 2))
    lengths = np.linalg.norm(M, axis=0)
    cosine = M[:, 0] @ M[:, 1] / np.prod(lengths)
    assert abs(np.linalg.det(M)) == pytest.approx(np.prod(lengths) * np.sqrt(1 - cosine**2))


@pytest.mark.parametrize("seed", SEEDS)
def test_proposition_7_the_trace_bounds_the_determinant(seed):
    A = np.random.RandomState(seed).standard_normal((4, 4))
    M = A @ A.T
    assert np.trace(M) > 4 * np.linalg.det(M) ** 0.25
    assert np.trace(3 * np.eye(4)) == pytest.approx(4 * np.linalg.det(3 * np.eye(4)) ** 0.25)


# Lemmas 3 to 8.


@pytest.mark.parametrize("seed", SEEDS)
def test_lemma_3_columns_and_those_of_sigma_v_have_the_same_products(seed):
    M = np.random.RandomState(seed).standard_normal((6, 3))
    _, values, Vt = np.linalg.svd(M, full_matrices=False)
    small = np.diag(values) @ Vt
    np.testing.assert_allclose(small.T @ small, M.T @ M, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_lemma_4_unequal_values_have_a_near_neighbour_of_the_same_product_and_smaller_sum(seed):
    a = np.random.RandomState(seed).uniform(0.5, 2, 5)
    i, j = np.argmax(a), np.argmin(a)
    near = a.copy()
    near[i], near[j] = a[i] / 1.001, a[j] * 1.001
    assert np.prod(near) == pytest.approx(np.prod(a)) and near.sum() < a.sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_lemma_5_a_small_rotation_shortens_columns_that_are_not_orthogonal(seed):
    M = np.random.RandomState(seed).standard_normal((3, 3))
    product = np.prod(np.linalg.norm(M, axis=0))
    turned = []
    for delta in (-1e-3, 1e-3):
        R = np.eye(3)
        R[:2, :2] = [[np.cos(delta), -np.sin(delta)], [np.sin(delta), np.cos(delta)]]
        turned.append(np.prod(np.linalg.norm(M @ R, axis=0)))
    assert min(turned) < product


def test_lemma_7_the_best_scale_gives_the_means_unit_variance():
    x, y = np.random.RandomState(0).uniform(0.2, 3, (2, 50))
    best = minimize(lambda c: np.sum(c[0] ** 2 * x**2 - np.log(c[0] ** 2 * y**2)), [0.5]).x[0]
    assert best == pytest.approx(np.sqrt(50 / np.sum(x**2)), rel=1e-4)
    assert np.mean((best * x) ** 2) == pytest.approx(1, rel=1e-4)
    assert best != pytest.approx(np.sqrt(np.sum(x**2)), rel=0.1)  # as printed


def test_lemma_8_an_empty_diagonal_stays_empty_under_diagonal_factors():
    random_state = np.random.RandomState(0)
    M = random_state.standard_normal((4, 4))
    np.fill_diagonal(M, 0)
    D = np.diag(random_state.standard_normal(4))
    assert np.all(np.diag(M @ D) == 0) and np.all(np.diag(D @ M) == 0) and np.trace(M @ D) == 0


# Theorem 1 and its corollary.


@pytest.mark.parametrize("seed", range(6))
def test_theorem_1_from_any_start_the_constrained_problem_ends_at_orthogonal_columns(seed):
    jacobians = np.random.RandomState(100).standard_normal((2, 5, 3))  # the same ones for all starts
    budget = 7.0
    found = cheapest_rotations(jacobians, budget, np.random.RandomState(seed))
    assert -np.log(found["variances"]).sum() == pytest.approx(budget)
    assert found["start"] > found["objective"] + 0.1
    assert found["objective"] == pytest.approx(stochastic_bound(jacobians, budget), abs=1e-6)
    for J in found["jacobians"]:
        assert is_diagonal(J.T @ J, tolerance=2e-3)
        assert is_signed_permutation(np.linalg.svd(J)[2].T, tolerance=1e-2)
    np.testing.assert_allclose(
        np.linalg.svd(found["jacobians"], compute_uv=False), np.linalg.svd(jacobians, compute_uv=False)
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_corollary_1_without_the_logarithm_one_point_ends_at_orthogonal_columns_as_well(seed):
    random_state = np.random.RandomState(seed)
    M = np.random.RandomState(7).standard_normal((4, 2))

    def cost(values):  # of an angle, and of log variances that add up to -C
        c, s = np.cos(values[0]), np.sin(values[0])
        squares = np.sum((M @ [[c, -s], [s, c]]) ** 2, axis=0)
        return squares @ np.exp(np.array([values[1], -3.0 - values[1]]))

    found = minimize(cost, random_state.uniform(-2, 2, 2), method="BFGS")
    assert found.fun == pytest.approx(np.exp(stochastic_bound(M[None], 3.0)), rel=1e-6)
    c, s = np.cos(found.x[0]), np.sin(found.x[0])
    turned = M @ [[c, -s], [s, c]]
    assert abs(turned[:, 0] @ turned[:, 1]) < 1e-3


def test_section_3_2_4_the_rotated_decoder_is_twice_as_dear_and_neither_is_the_best():
    angle = np.pi / 4
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(ROTATED, EXAMPLE @ rotation.T, atol=1e-12)
    assert least_stochastic_loss(EXAMPLE, 0.0) == pytest.approx(24.5, abs=0.05)
    assert least_stochastic_loss(ROTATED, 0.0) == pytest.approx(52.4, abs=0.05)
    assert least_stochastic_loss(EXAMPLE, 2.0) == pytest.approx(24.495 * np.exp(-1), abs=0.01)  # not exp(-2)
    assert EXAMPLE[:, 0] @ EXAMPLE[:, 1] == pytest.approx(-4)
    assert np.exp(stochastic_bound(EXAMPLE[None], 0.0)) == pytest.approx(2 * np.sqrt(134))


# Theorem 2.


def test_theorem_2_a_linear_vae_finds_the_principal_directions():
    random_state = np.random.RandomState(0)
    basis = haar(3, random_state)
    X = (random_state.standard_normal((2000, 3)) * [2.0, 1.0, 0.1] @ basis.T).astype(np.float32)
    make = functools.partial(
        models.VAE,
        num_latents=2,
        encoder=functools.partial(networks.dense_encoder, hidden_units=()),
        decoder=functools.partial(networks.dense_decoder, hidden_units=()),
        reconstruction="squared_l2",
        output="linear",
        beta=0.2,
    )
    adam = functools.partial(keras.optimizers.Adam, 1e-2)
    settings = {"steps": 4000, "batch_size": 100, "log_every": 2000, "progress": False, "optimizer": adam}
    runs = train(make, X, seed=(0, 1, 2), **settings)
    for run in runs:
        matrix = linear_decoder_matrix(run.model.decode, 2)
        assert pca_alignment(matrix, X)["largest_angle"] < 5
        assert np.std(run.model.represent(X), axis=0) == pytest.approx(1, abs=0.15)  # Lemma 7
