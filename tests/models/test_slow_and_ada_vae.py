"""The VAEs of pairs: SlowVAE, AdaGVAE and AdaMLVAE."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from tfdisent import data, networks
from tfdisent.errors import UserError
from tfdisent.models import VAE, AdaGVAE, AdaMLVAE, SlowVAE
from tfdisent.objectives import diagonal_kl
from tfdisent.testing import run_model_test
from tfdisent.training import train

SPRITES = data.DSpritesDrawn(
    image_size=8, num_scales=2, num_orientations=1, num_positions=4, shapes="ellipse"
)
SMALL = {
    "num_latents": 3,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(16,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=(16,)),
    "seed": 5,
}
PAIRS = np.random.default_rng(0).random((6, 2, 8, 8, 1)).astype(np.float32)


@pytest.mark.parametrize(
    "model, kwargs",
    [
        (SlowVAE, {"beta": 2.0, "gamma": 3.0, "rate": 4.0}),
        (AdaGVAE, {"beta": 2.0}),
        (AdaMLVAE, {"beta": 3.0}),
    ],
)
def test_model(model, kwargs):
    run_model_test(model, {**SMALL, **kwargs}, SPRITES, pairs=data.LaplaceTransitions(2.0))


def gaussians(count=4, latents=3, seed=1):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(count, 2, latents)).astype(np.float32), generator.normal(
        size=(count, 2, latents)
    ).astype(np.float32)


def test_slow_vae_is_its_equation_written_out():
    """2 BCE + beta (CE_N - H) + gamma (CE_0 + CE_1 - H), each term from scipy's laws."""
    from scipy import stats

    model = SlowVAE((8, 8, 1), **SMALL, beta=2.0, gamma=3.0, rate=4.0)
    found = model.losses(tf.constant(PAIRS))
    mean, log_var = (np.asarray(each, np.float64) for each in model.encode(PAIRS.reshape(-1, 8, 8, 1)))
    scale = np.exp(log_var / 2)
    noise = tf.random.stateless_normal((12, 3), model.step_seed())
    cost = model.reconstruction_cost(PAIRS.reshape(-1, 8, 8, 1), np.float32(mean + scale * noise))
    entropy = stats.norm(mean, scale).entropy().sum(axis=1)
    normal = -stats.norm.logpdf(mean).sum(axis=1) + 0.5 * (scale**2).sum(axis=1)
    cross = np.zeros(6)
    for i in range(6):
        for own, other in ((2 * i, 2 * i + 1), (2 * i + 1, 2 * i)):
            for d in range(3):
                law = stats.norm(mean[own, d] - mean[other, d], scale[own, d])
                cross[i] -= law.expect(
                    lambda x: stats.laplace.logpdf(x, scale=1 / 4.0),
                    lb=law.mean() - 12 * law.std(),
                    ub=law.mean() + 12 * law.std(),
                    epsabs=1e-8,
                )
    expected = 2 * np.mean(cost) + 2.0 * np.mean(normal - entropy) + 3.0 * (cross.mean() - entropy.mean())
    np.testing.assert_allclose(found["loss"], expected, rtol=1e-5)


def test_the_loss_does_not_know_which_frame_came_first():
    for model in (
        SlowVAE((8, 8, 1), **SMALL, gamma=1.0),
        AdaGVAE((8, 8, 1), **SMALL),
        AdaMLVAE((8, 8, 1), **SMALL),
    ):
        model.noise = lambda like, stream=0: tf.zeros_like(like)
        there, back = (model.losses(tf.constant(PAIRS[:, order].copy()))["kl"] for order in ([0, 1], [1, 0]))
        if isinstance(model, SlowVAE):
            np.testing.assert_allclose(there, back, rtol=1e-5)


def test_equal_posteriors_have_themselves_as_common_one():
    mean, log_var = gaussians()
    same = [np.repeat(each[:, :1], 2, axis=1) for each in (mean, log_var)]
    for model in (AdaGVAE, AdaMLVAE):
        for found, own in zip(model.common_posterior(*same), same, strict=True):
            np.testing.assert_allclose(found, own[:, :1], atol=1e-6)


def test_the_group_posterior_averages_means_and_variances():
    mean, log_var = gaussians()
    found, found_log_var = AdaGVAE.common_posterior(mean, log_var)
    np.testing.assert_allclose(found[:, 0], mean.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(np.exp(found_log_var)[:, 0], np.exp(log_var).mean(axis=1), rtol=1e-5)


def test_the_multi_level_posterior_is_the_normalised_geometric_mean_of_both_densities():
    mean, log_var = (np.asarray(each, np.float64) for each in gaussians(1, 1))
    found, found_log_var = (
        float(np.ravel(each)[0]) for each in AdaMLVAE.common_posterior(*map(np.float32, (mean, log_var)))
    )
    x = np.linspace(-30, 30, 200_001)
    density = np.exp(
        sum(-0.25 * (x - m) ** 2 / np.exp(v) for m, v in zip(mean[0, :, 0], log_var[0, :, 0], strict=True))
    )
    density /= density.sum()
    np.testing.assert_allclose(found, (x * density).sum(), atol=1e-4)
    np.testing.assert_allclose(
        np.exp(found_log_var), (x**2 * density).sum() - (x * density).sum() ** 2, rtol=1e-4
    )


def test_latents_closer_than_half_way_are_shared():
    mean = np.zeros((1, 2, 4), np.float32)
    mean[0, 1] = [0.0, 1.0, 2.0, 0.9]  # KL 0, .5, 2, .405; half way is 1
    shared = AdaGVAE.shared_latents(mean, np.zeros_like(mean))
    np.testing.assert_array_equal(shared[0, 0], [True, True, False, True])
    np.testing.assert_allclose(diagonal_kl(mean[:, 1], np.zeros((1, 4))), 0.5 + 2 + 0.405, rtol=1e-6)


def test_pairs_of_one_image_train_an_ada_vae_as_a_beta_vae():
    """Where both are the same image nothing is farther than half way, and the loss is that of single images."""
    twice = np.repeat(PAIRS[:, :1], 2, axis=1)
    for model in (AdaGVAE((8, 8, 1), **SMALL, beta=2.0), AdaMLVAE((8, 8, 1), **SMALL, beta=2.0)):
        vae = VAE((8, 8, 1), **SMALL, beta=2.0)
        frames = twice.reshape(-1, 8, 8, 1)
        np.testing.assert_allclose(
            model.losses(tf.constant(twice))["loss"], vae.losses(tf.constant(frames))["loss"], rtol=1e-5
        )


def test_single_images_and_pairs_are_not_taken_for_each_other():
    slow, vae = (functools.partial(each, **SMALL) for each in (SlowVAE, VAE))
    with pytest.raises(UserError, match="SlowVAE learns from pairs"):
        train(slow, SPRITES, steps=1, batch_size=4, progress=False)
    with pytest.raises(UserError, match="VAE takes single observations"):
        train(vae, SPRITES, steps=1, batch_size=4, pairs=data.LaplaceTransitions(), progress=False)
    with pytest.raises(UserError, match="pairs must be a law"):
        train(slow, SPRITES, steps=1, batch_size=4, pairs="laplace", progress=False)
    for model, images in ((slow((8, 8, 1)), PAIRS[:, 0]), (vae((8, 8, 1)), PAIRS)):
        model.compile()
        with pytest.raises(UserError, match="expects .*observations"):
            model.fit(images, verbose=0)
    with pytest.raises(UserError, match="expects observations"):
        slow((8, 8, 1)).represent(PAIRS)


@pytest.mark.parametrize(
    "setting, value", [("rate", 0), ("rate", -1.0), ("beta", -1), ("gamma", "3"), ("rate", np.nan)]
)
def test_settings_that_are_none_are_refused(setting, value):
    with pytest.raises(UserError, match=f"{setting} must be"):
        SlowVAE((8, 8, 1), **SMALL, **{setting: value})
