"""Permutation-contrastive learning: its regression, its statistics, and the sources it finds."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent import data, networks
from tfdisent.errors import UserError
from tfdisent.metrics.mcc import mcc
from tfdisent.models import PCL
from tfdisent.testing import run_model_test
from tfdisent.training import train

SMALL = {
    "num_latents": 3,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(16,)),
    "seed": 5,
}
SPRITES = data.DSpritesDrawn(
    image_size=8, num_scales=2, num_orientations=1, num_positions=4, shapes="ellipse"
)


@pytest.mark.parametrize("form", ["klindt", "official"])
def test_model(form):
    run_model_test(
        PCL,
        {**SMALL, "form": form, "momentum": 0.8},
        SPRITES,
        pairs=data.LaplaceTransitions(2.0),
        optimizer=keras.optimizers.SGD if form == "official" else keras.optimizers.Adam,
    )


def test_the_loss_is_logistic_regression_of_true_pairs_against_permuted_ones():
    model = PCL((8, 8, 1), **SMALL)
    pairs = np.random.default_rng(0).random((6, 2, 8, 8, 1)).astype(np.float32)
    codes = np.asarray(model.encoder(pairs.reshape(-1, 8, 8, 1))["mean"], np.float64).reshape(6, 2, 3)
    keys = tf.random.stateless_uniform([6], model.step_seed(), None, None, tf.int32)
    order = np.argsort(keys, kind="stable")

    def logit(before, now):
        return -np.abs(now - before).sum(axis=-1) + (now**2).sum(axis=-1)

    true, false = logit(codes[:, 0], codes[:, 1]), logit(codes[order, 0], codes[:, 1])
    expected = np.mean(np.r_[np.log1p(np.exp(-true)), np.log1p(np.exp(false))])
    found = model.losses(tf.constant(pairs), training=True)
    np.testing.assert_allclose(found["loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(found["accuracy"], np.mean(np.r_[true > 0, false < 0]))


def test_official_normalises_over_the_batch_and_keeps_moving_statistics():
    model = PCL((8, 8, 1), **SMALL, form="official", momentum=0.75)
    pairs = np.random.default_rng(0).random((6, 2, 8, 8, 1)).astype(np.float32)
    raw = np.asarray(model.encoder(pairs.reshape(-1, 8, 8, 1))["mean"])
    seen = []
    model.logits = lambda before, now: seen.append((before, now)) or tf.zeros(6)
    model.losses(tf.constant(pairs), training=True)
    normalised = np.stack([seen[0][0], seen[0][1]], axis=1).reshape(-1, 3)
    np.testing.assert_allclose(
        normalised, (raw - raw.mean(axis=0)) / np.sqrt(raw.var(axis=0) + 1e-5), atol=1e-4
    )
    np.testing.assert_allclose(model.moving_mean, 0.25 * raw.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(model.moving_variance, 0.75 + 0.25 * raw.var(axis=0), atol=1e-6)
    before = np.array(model.moving_mean)
    model.losses(tf.constant(pairs), training=False)
    np.testing.assert_array_equal(model.moving_mean, before)


def test_the_weight_of_the_square_never_falls_below_zero():
    model = PCL((8, 8, 1), **SMALL, form="official")
    model.compile(keras.optimizers.SGD(100.0))
    model.a.assign(1e-3)
    pairs = data.LaplaceTransitions().draw(SPRITES, np.arange(32), np.random.RandomState(0))[0]
    images = SPRITES.observations(pairs.ravel()).reshape(32, 2, 8, 8, 1)
    for _ in range(3):
        model.fit(images, batch_size=32, verbose=0)
        assert float(model.a) >= 0


def autoregressive_sources(num_sources, num, seed, rho=0.7):
    """Laplace sources s_t = rho s_{t-1} + noise, of unit variance, and their mixture by a matrix and a leaky ReLU."""
    generator = np.random.default_rng(seed)
    noise = generator.laplace(scale=np.sqrt((1 - rho**2) / 2), size=(num, num_sources))
    sources = np.zeros((num, num_sources))
    for t in range(1, num):
        sources[t] = rho * sources[t - 1] + noise[t]
    angle = np.pi / 4
    mixing = np.linalg.qr(generator.standard_normal((num_sources, num_sources)))[0]
    if num_sources == 2:
        mixing = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mixed = sources @ mixing.T
    mixed = (
        np.where(mixed > 0, mixed, 0.2 * mixed)
        @ np.linalg.qr(generator.standard_normal((num_sources, num_sources)))[0]
    )
    return sources.astype(np.float32), mixed.astype(np.float32)


def found_sources(num_sources, form, steps, num=20_000, seed=0):
    """(MCC of the mixture, MCC of the codes) after training."""
    sources, mixed = autoregressive_sources(num_sources, num, seed)
    frames = data.ArrayData(mixed)
    law = data.GivenPairs(np.stack([np.arange(num - 1), np.arange(1, num)], axis=1))
    make = functools.partial(
        PCL,
        num_latents=num_sources,
        encoder=functools.partial(networks.maxout_encoder, hidden_units=(8 * num_sources,)),
        form=form,
    )
    run = train(
        make,
        frames,
        pairs=law,
        steps=steps,
        batch_size=256,
        seed=(0,),
        optimizer=functools.partial(keras.optimizers.Adam, 3e-3),
        log_every=steps,
        progress=False,
    )[0]
    return tuple(mcc(codes, sources)["mcc_pearson"] for codes in (mixed, run.model.represent(mixed)))


@pytest.mark.parametrize("form", ["klindt", "official"])
def test_two_laplace_sources_are_found(form):
    mixture, codes = found_sources(2, form, 2_000)
    assert mixture < 0.85 and codes >= 0.98, (mixture, codes)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["klindt", "official"])
def test_five_laplace_sources_are_found(form):
    mixture, codes = found_sources(5, form, 10_000)
    assert mixture < 0.85 and codes >= 0.95, (mixture, codes)


def test_wrong_settings_are_refused():
    for settings, sentence in (
        ({"form": "other"}, "form must be"),
        ({"momentum": 1.0}, "momentum must be"),
        ({"encoder": networks.dense_decoder(3, (8, 8, 1))}, "head 'mean'"),
        ({"num_latents": 0}, "num_latents must be"),
    ):
        with pytest.raises(UserError, match=sentence):
            PCL((8, 8, 1), **{**SMALL, **settings})
