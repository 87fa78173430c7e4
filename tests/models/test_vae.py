import functools

import numpy as np
import pytest
import tensorflow as tf

from tfdisent import networks
from tfdisent.data import SyntheticLinear
from tfdisent.errors import UserError
from tfdisent.models import VAE, Autoencoder, FullCovarianceVAE
from tfdisent.testing import run_model_test

SMALL = {
    "num_latents": 3,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(16,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=(16,)),
    "seed": 5,
}
IMAGES = (np.random.RandomState(0).rand(40, 8, 8, 1) > 0.7).astype(np.float32)
POINTS = np.random.RandomState(1).rand(40, 3).astype(np.float32)
REAL = {"reconstruction": "mean_squared_error", "output": "linear"}


@pytest.mark.parametrize(
    ("model_class", "kwargs", "observations"),
    [
        (Autoencoder, {**SMALL, "reconstruction": "l1"}, IMAGES),
        (VAE, {**SMALL, "beta": 4.0}, IMAGES),
        (VAE, {**SMALL, **REAL, "beta": 1e-2}, POINTS),
        (FullCovarianceVAE, {**SMALL, "beta": 3.0}, IMAGES),
    ],
)
def test_model(model_class, kwargs, observations):
    run_model_test(model_class, kwargs, observations)


def losses(model, observations=IMAGES):
    return {name: float(value) for name, value in model.losses(tf.constant(observations)).items()}


def test_beta_weighs_the_kl_and_nothing_else():
    one, four = (losses(VAE((8, 8, 1), **SMALL, beta=beta)) for beta in (1.0, 4.0))
    assert one["kl"] == four["kl"] and one["reconstruction"] == four["reconstruction"]
    assert four["loss"] - one["loss"] == pytest.approx(3 * one["kl"], rel=1e-6)


def test_vae_without_posterior_variance_and_beta_is_the_autoencoder():
    vae, autoencoder = VAE((8, 8, 1), **SMALL, beta=0.0), Autoencoder((8, 8, 1), **SMALL)
    vae.encoder.get_layer("log_var_head").bias.assign([-200.0] * 3)
    vae.encoder.get_layer("log_var_head").kernel.assign(np.zeros((16, 3)))
    assert losses(vae)["loss"] == pytest.approx(losses(autoencoder)["loss"], rel=1e-6)


def test_full_covariance_with_a_diagonal_factor_is_the_vae():
    diagonal, full = VAE((8, 8, 1), **SMALL, beta=2.0), FullCovarianceVAE((8, 8, 1), **SMALL, beta=2.0)
    mean, log_var = diagonal.encode(tf.constant(IMAGES))
    scale_tril = tf.linalg.diag(tf.exp(log_var / 2))
    np.testing.assert_allclose(full.kl(mean, scale_tril), diagonal.kl(mean, log_var), rtol=1e-5)
    np.testing.assert_allclose(
        full.sample(mean, scale_tril), diagonal.sample(mean, log_var), rtol=1e-5, atol=1e-6
    )


def test_full_covariance_whose_head_has_only_log_variances_is_the_vae():
    vae, full = VAE((8, 8, 1), **SMALL, beta=2.0), FullCovarianceVAE((8, 8, 1), **SMALL, beta=2.0)
    head = vae.encoder.get_layer("log_var_head")
    for layer in full.encoder.layers:
        if layer.name == "scale_head":
            layer.set_weights([np.pad(w, [(0, 0)] * (w.ndim - 1) + [(0, 3)]) for w in head.get_weights()])
        else:
            layer.set_weights(vae.encoder.get_layer(layer.name).get_weights())
    full.decoder.set_weights(vae.decoder.get_weights())
    for term, value in losses(vae).items():
        assert losses(full)[term] == pytest.approx(value, rel=1e-5)


def test_full_covariance_loss_is_blind_to_a_rotation_of_the_latent_space_and_the_diagonal_one_is_not():
    # Thesis, Propositions 2 and 3: mean -> U mean, Sigma -> U Sigma U^T leaves (3.30) as it is.
    rng = np.random.RandomState(0)
    U = np.linalg.qr(rng.randn(3, 3))[0]
    mean, log_var = rng.randn(20, 3), rng.randn(20, 3)
    sigma = U @ (np.exp(log_var)[:, :, None] * U.T)
    model = FullCovarianceVAE((8, 8, 1), **SMALL)
    before = model.kl(mean, np.linalg.cholesky(np.eye(3) * np.exp(log_var)[:, None, :]))
    np.testing.assert_allclose(model.kl(mean @ U.T, np.linalg.cholesky(sigma)), before, rtol=1e-5)
    diagonal_part = np.log(np.diagonal(sigma, axis1=1, axis2=2))
    vae = VAE((8, 8, 1), **SMALL)
    assert np.all(vae.kl(mean @ U.T, diagonal_part) < vae.kl(mean, log_var) - 1e-3)


def test_noise_depends_on_seed_step_and_place_only():
    model = VAE((8, 8, 1), **SMALL)
    model.compile("sgd")
    like = tf.zeros((6, 3))
    first = model.noise(like).numpy()
    np.testing.assert_array_equal(first, model.noise(like))
    model.optimizer.iterations.assign(1)
    assert np.abs(model.noise(like) - first).min() > 0
    model.optimizer.iterations.assign(0)
    assert np.abs(model.noise(like, stream=1) - first).min() > 0
    assert np.abs(VAE((8, 8, 1), **{**SMALL, "seed": 6}).noise(like) - first).min() > 0


def test_posterior_of_the_full_covariance_is_its_marginals():
    model = FullCovarianceVAE((8, 8, 1), **SMALL)
    mean, scale_tril = model.encode(tf.constant(IMAGES))
    covariance = tf.matmul(scale_tril, scale_tril, transpose_b=True)
    means, log_vars = model.posterior(IMAGES, batch_size=7)
    np.testing.assert_allclose(means, mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.exp(log_vars), tf.linalg.diag_part(covariance), rtol=1e-5)


def test_uint8_observations_mean_0_to_255_and_other_integers_nothing():
    model = Autoencoder((8, 8, 1), **SMALL)
    np.testing.assert_array_equal(model.represent((IMAGES * 255).astype(np.uint8)), model.represent(IMAGES))
    with pytest.raises(UserError, match="uint8 or floats. Received: dtype int64"):
        model.represent(IMAGES.astype(np.int64))


@pytest.mark.parametrize(
    ("kwargs", "sentence"),
    [
        ({"beta": "four"}, "beta must be a number"),
        ({"beta": -1.0}, "beta must be a number, 0 or larger"),
        ({"beta": float("nan")}, "beta must be a number"),
        ({"num_latents": 0}, "num_latents must be a whole number"),
        ({"reconstruction": "huber"}, "reconstruction must be 'bernoulli', 'l1'"),
        ({"output": "linear"}, "needs output='sigmoid'"),
        ({"dtype": "mixed_float16"}, "stands still without loss scaling"),
        ({"seed": -1}, "seed must be"),
        ({"encoder": networks.dense_decoder(3, (8, 8, 1))}, "must return a dict with the heads"),
    ],
)
def test_wrong_arguments_end_in_a_sentence(kwargs, sentence):
    with pytest.raises(UserError, match=sentence):
        VAE((8, 8, 1), **{**SMALL, **kwargs})


def linear_loss(model_class, angle, beta):
    """Loss of a linear model that reconstructs perfectly in the mean, its latent space turned by an angle.

    The posterior covariance is the best one that the class allows: with decoder M and P features,
    (2 M^T M / (P beta) + I)^-1, or the inverse of its diagonal entries one by one.
    """
    points = SyntheticLinear(num_points=20_000)
    observations = points.to_memory()
    center = observations.mean(0)
    U, s, Vt = np.linalg.svd(observations - center, full_matrices=False)
    s = s[:2] / np.sqrt(len(observations))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    M = Vt[:2].T @ np.diag(s) @ turn  # [3, 2]; codes of unit variance
    linear = {
        "encoder": functools.partial(networks.dense_encoder, hidden_units=()),
        "decoder": functools.partial(networks.dense_decoder, hidden_units=()),
    }
    model = model_class((3,), num_latents=2, **linear, **REAL, beta=beta)
    precision = 2 * M.T @ M / (3 * beta) + np.eye(2)
    inverse = np.linalg.pinv(M)  # [2, 3]
    for layer in model.encoder.layers:
        if layer.name == "mean_head":
            layer.set_weights([inverse.T, -inverse @ center])
        elif layer.name == "log_var_head":
            layer.set_weights([np.zeros((3, 2)), -np.log(np.diag(precision))])
        elif layer.name == "scale_head":
            scale = np.linalg.cholesky(np.linalg.inv(precision))
            layer.set_weights([np.zeros((3, 3)), np.append(2 * np.log(np.diag(scale)), scale[1, 0])])
    model.decoder.get_layer("output").set_weights([M.T, center])
    return losses(model, observations)


def test_a_linear_vae_pays_least_where_its_decoder_has_the_principal_directions():
    # Thesis, Theorem 2: after the best posterior variances, what remains to choose is the rotation.
    angles = np.linspace(0, np.pi / 2, 7)
    diagonal = [linear_loss(VAE, angle, 1e-2)["loss"] for angle in angles]
    assert np.argmax(diagonal) == 3 and diagonal[3] > diagonal[0] + 1e-3
    assert np.all(np.diff(diagonal[:4]) > 0) and np.all(np.diff(diagonal[3:]) < 0)
    full = [linear_loss(FullCovarianceVAE, angle, 1e-2)["loss"] for angle in angles]
    np.testing.assert_allclose(full, diagonal[0], atol=2e-4)
