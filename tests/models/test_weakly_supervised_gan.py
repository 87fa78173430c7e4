"""The weakly supervised GAN: its codes, its three updates, and what it learns on tiny sprites."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent import data, metrics, networks
from tfdisent.errors import UserError
from tfdisent.models import WeaklySupervisedGAN
from tfdisent.networks import SpectralConv2D, SpectralDense
from tfdisent.testing import run_model_test
from tfdisent.training import train

SPRITES = data.DSpritesDrawn(
    image_size=8, num_scales=2, num_orientations=1, num_positions=4, shapes="ellipse"
)
LAWS = {"share": data.SharedFactor(), "change": data.ChangedFactor(), "rank": data.RankedFactors()}


def dense_networks(units=(16,)):
    return {
        "generator": functools.partial(networks.gan_generator, filters=(), dense_units=units),
        "discriminator": functools.partial(
            networks.pair_discriminator, filters=(), dense_units=units, pair_units=units
        ),
        "encoder": functools.partial(networks.gan_encoder, filters=(), dense_units=units),
    }


SMALL = {"num_latents": 3, **dense_networks(), "seed": 5}


def sgd():
    return keras.optimizers.SGD(1e-2)


@pytest.mark.parametrize(
    "supervision", ["share", *(pytest.param(each, marks=pytest.mark.slow) for each in ("change", "rank"))]
)
def test_model(supervision):
    run_model_test(
        WeaklySupervisedGAN,
        {
            **SMALL,
            "supervision": supervision,
            "discriminator_optimizer": sgd,
            "encoder_optimizer": sgd,
        },
        SPRITES,
        pairs=LAWS[supervision],
        optimizer=keras.optimizers.SGD,
        falling="encoder_loss",
    )


@pytest.mark.slow
def test_a_model_with_convolutions():
    kwargs = {
        "num_latents": 3,
        "seed": 2,
        "generator": functools.partial(networks.gan_generator, filters=(4, 4), dense_units=(8,)),
        "discriminator": functools.partial(
            networks.pair_discriminator, filters=(4, 4), dense_units=(8,), pair_units=(8,)
        ),
        "encoder": functools.partial(networks.gan_encoder, filters=(4, 4), dense_units=(8,)),
        "discriminator_optimizer": sgd,
        "encoder_optimizer": sgd,
    }
    run_model_test(
        WeaklySupervisedGAN,
        kwargs,
        SPRITES,
        pairs=data.SharedFactor(),
        optimizer=keras.optimizers.SGD,
        falling="encoder_loss",
    )


@pytest.mark.parametrize("supervision", ["share", "change", "rank"])
def test_codes_of_a_pair_stand_in_the_relation_of_the_label(supervision):
    model = WeaklySupervisedGAN((8, 8, 1), **SMALL, supervision=supervision)
    first, second, labels = (np.asarray(each) for each in model.paired_codes(tf.zeros([6_000]), 0))
    equal = first == second
    if supervision == "rank":
        np.testing.assert_array_equal(labels, first > second)
        assert not equal.any()
        return
    chosen = np.eye(3, dtype=bool)[labels]
    np.testing.assert_array_equal(equal, chosen if supervision == "share" else ~chosen)
    assert np.abs(np.bincount(labels, minlength=3) / 6_000 - 1 / 3).max() < 5 * np.sqrt(2 / 9 / 6_000)
    for codes in (first, second):
        assert np.abs(codes.mean(axis=0)).max() < 5 / np.sqrt(6_000)
        np.testing.assert_allclose(np.cov(codes.T), np.eye(3), atol=0.08)


def test_the_losses_are_cross_entropies_and_a_likelihood():
    from scipy import stats

    model = WeaklySupervisedGAN((8, 8, 1), **SMALL)
    pairs = np.random.default_rng(0).random((4, 2, 8, 8, 1)).astype(np.float32)
    labels = np.array([0, 1, 2, 1])
    found = {name: float(value) for name, value in model.losses(pairs, labels).items()}

    def generated(stream):
        first, second, drawn = model.paired_codes(labels, stream)
        return first, model.decode(first), model.decode(second), drawn

    def logits(*pair):
        return np.asarray(model.discriminator(list(pair)), np.float64)

    codes, first, second, drawn = generated(0)
    real, fake = logits(pairs[:, 0], pairs[:, 1], labels), logits(first, second, drawn)
    expected = np.mean(np.r_[np.logaddexp(0, -real), np.logaddexp(0, fake)])
    np.testing.assert_allclose(found["discriminator_loss"], expected, rtol=1e-5)
    heads = model.encoder(first)
    scale = np.log1p(np.exp(np.asarray(heads["scale"], np.float64))) + 1e-8
    expected = -stats.norm.logpdf(codes, heads["mean"], scale).sum(axis=1).mean()
    np.testing.assert_allclose(found["encoder_loss"], expected, rtol=1e-5)
    _, first, second, drawn = generated(3)
    np.testing.assert_allclose(
        found["loss"], np.logaddexp(0, -logits(first, second, drawn)).mean(), rtol=1e-5
    )


def test_each_optimizer_moves_its_own_network():
    for moving in ("generator", "discriminator", "encoder"):
        rates = {name: 0.1 if name == moving else 0.0 for name in ("generator", "discriminator", "encoder")}
        model = WeaklySupervisedGAN(
            (8, 8, 1),
            **SMALL,
            discriminator_optimizer=keras.optimizers.SGD(rates["discriminator"]),
            encoder_optimizer=keras.optimizers.SGD(rates["encoder"]),
        )
        model.compile(keras.optimizers.SGD(rates["generator"]))
        before = {name: [np.array(w) for w in getattr(model, name).trainable_weights] for name in rates}
        pairs = np.random.default_rng(0).random((4, 2, 8, 8, 1)).astype(np.float32)
        model.fit(pairs, np.array([0, 1, 2, 1]), batch_size=4, verbose=0)
        for name, weights in before.items():
            same = all(
                np.array_equal(old, new)
                for old, new in zip(weights, getattr(model, name).trainable_weights, strict=True)
            )
            assert same == (name != moving), (moving, name)


def largest_singular_values(model):
    """Of every spectrally normalised kernel of the model, after so many iterations that near ones are told apart."""
    found = {}
    for network in (model.discriminator, model.encoder):
        for layer in network._flatten_layers():
            if isinstance(layer, (SpectralDense, SpectralConv2D)):
                for _ in range(100):
                    layer.sigma(training=True)
                kernel = np.asarray(layer.normalised_kernel())
                found[layer.path] = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2)
    return found


@pytest.mark.slow
def test_latents_of_tiny_sprites_are_consistent_and_restrictive():
    sprites = data.DSpritesDrawn(
        image_size=16, num_scales=1, num_orientations=1, num_positions=12, shapes="ellipse"
    )
    adam = functools.partial(keras.optimizers.Adam, 1e-3, beta_1=0.5, beta_2=0.999, epsilon=1e-8)
    make = functools.partial(WeaklySupervisedGAN, num_latents=2, **dense_networks((128, 128)))
    run = train(
        make,
        sprites,
        pairs=data.SharedFactor(),
        steps=10_000,
        batch_size=64,
        seed=0,
        sampling="replacement",
        optimizer=adam,
        progress=False,
    )
    scores = metrics.compute_consistency(sprites, run.model.represent, np.random.RandomState(0))
    assert scores["consistency"] >= 0.95 and scores["restrictiveness"] >= 0.95, scores
    # One iteration a step follows weights that move: where several singular values lie within 1 %, it was 6 % too low.
    for path, value in largest_singular_values(run.model).items():
        assert abs(value - 1) < 0.02, (path, value)


@pytest.mark.parametrize(
    "settings, sentence",
    [
        ({"supervision": "sort"}, "supervision must be"),
        ({"num_latents": 0}, "num_latents must be"),
        ({"generator": networks.dense_decoder(2, (8, 8, 1))}, "generator must make"),
        ({"encoder": networks.dense_encoder((8, 8, 1), {"mean": 3})}, "heads 'mean' and 'scale'"),
        ({"encoder_optimizer": "adam"}, "encoder_optimizer cannot be made"),
        ({"discriminator": 3}, "discriminator must be"),
    ],
)
def test_wrong_settings_are_refused(settings, sentence):
    with pytest.raises(UserError, match=sentence):
        WeaklySupervisedGAN((8, 8, 1), **{**SMALL, **settings})


def test_laws_that_do_not_fit_are_refused():
    make = functools.partial(WeaklySupervisedGAN, **SMALL)
    run = functools.partial(train, steps=1, batch_size=4, progress=False)
    with pytest.raises(UserError, match="needs labelled pairs"):
        run(make, SPRITES, pairs=data.LaplaceTransitions())
    with pytest.raises(UserError, match="learns from pairs"):
        run(make, SPRITES)
    with pytest.raises(UserError, match="number of labels, 3"):
        run(functools.partial(make, num_latents=4), SPRITES, pairs=data.SharedFactor())
    with pytest.raises(UserError, match="RankedFactors"):
        run(make, SPRITES, pairs=data.RankedFactors())
    with pytest.raises(UserError, match="RankedFactors"):
        run(functools.partial(make, supervision="rank"), SPRITES, pairs=data.SharedFactor())
