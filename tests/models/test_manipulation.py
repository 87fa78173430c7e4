"""The manipulation: its bound, its updates by hand, its table, and what is refused."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent import data, models, networks, objectives, training
from tfdisent.data.perturbed import reflect
from tfdisent.errors import UserError
from tfdisent.testing import run_model_test

SPRITES = data.DSpritesDrawn(
    image_size=8, num_scales=1, num_orientations=1, num_positions=6, shapes="ellipse"
)
SHAPE = SPRITES.observation_shape
IMAGES = SPRITES.observations(np.arange(SPRITES.size))
FACTORS = SPRITES.factors(np.arange(SPRITES.size))
NETWORKS = {
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(16,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=(16,)),
}
RENDERER = functools.partial(networks.dense_decoder, hidden_units=(8,))
GRID = tuple(SPRITES.factors_num_values)


def a_vae(seed, worse_by=0.0):
    """A VAE that is not trained; `worse_by` is added to the logits of its decoder."""
    vae = models.VAE(SHAPE, num_latents=2, beta=4.0, seed=seed, **NETWORKS)
    kernel, bias = vae.decoder.layers[-2].get_weights()
    vae.decoder.layers[-2].set_weights([kernel, bias + worse_by])
    return vae


def arguments(**changes):
    return {
        "entangled": [a_vae(1)],
        "disentangled": [a_vae(2, worse_by=4.0)],
        "factors_num_values": GRID,
        "epsilon": 0.2,
        "renderer": RENDERER,
        "num_samples": 3,
        **changes,
    }


def a_manipulation(**changes):
    return models.Manipulation(SHAPE, **arguments(**changes))


def with_large_weights(model, scale=8.0):
    """The model, its renderer's weights so large that the bound is reached."""
    for weight in model.renderer.trainable_variables:
        weight.assign(weight * scale + 0.1)
    return model


def test_it_passes_what_every_model_must():
    run_model_test(
        models.Manipulation,
        arguments(
            factors_num_values=(6, 6),
            decoder_optimizer=functools.partial(keras.optimizers.Adam, 1e-6),
            before_bottleneck=(4,),
        ),
        IMAGES,
        FACTORS[:, 3:],
        batch_size=8,
        learning_rate=1e-2,
    )


def test_no_pixel_changes_by_more_than_epsilon_and_the_mirror_is_that_of_the_data():
    model = with_large_weights(a_manipulation())
    images = IMAGES.astype(np.float32) / 255
    altered = model.alter(images, FACTORS).numpy()
    assert 0.19 < np.abs(altered - images).max() <= 0.2 + 1e-6
    np.testing.assert_allclose(altered, reflect(images + model.changes(FACTORS).numpy()), atol=1e-6)


def test_factors_are_scaled_to_minus_one_and_one_and_a_single_value_is_zero():
    scaled = a_manipulation().scaled_factors(FACTORS).numpy()
    np.testing.assert_array_equal(scaled[:, :3], 0)
    np.testing.assert_allclose(np.unique(scaled[:, 3]), np.linspace(-1, 1, 6), atol=1e-6)


def test_the_costs_are_those_of_the_models_given():
    vaes = [a_vae(1), a_vae(2)]
    model = a_manipulation(entangled=vaes[:1], disentangled=vaes[1:])
    images = IMAGES[:6].astype(np.float32) / 255
    altered = model.alter(images, FACTORS[:6]).numpy()
    found = [float(cost) for cost in model.costs(images, altered, stream=2)]
    for place, vae in enumerate(vaes):
        mean, log_var = (np.repeat(each, 3, axis=0) for each in vae.encode(images))
        noise = tf.random.stateless_normal((18, 2), model.step_seed(2 * 2 + place))
        cost = objectives.bernoulli(
            np.repeat(altered, 3, axis=0), vae.decoder(mean + np.exp(log_var / 2) * noise)
        )
        np.testing.assert_allclose(found[place], np.mean(cost), rtol=1e-5)


def test_a_step_is_three_updates_of_the_decoders_and_one_of_m():
    def made():
        model = a_manipulation(decoder_optimizer=keras.optimizers.SGD(0.01))
        model.compile(keras.optimizers.SGD(0.1))
        return model

    model, by_hand = made(), made()
    images, factors = IMAGES[:16].astype(np.float32) / 255, FACTORS[:16]
    model.train_step((tf.constant(images), tf.constant(factors)))
    for turn in range(4):
        part = images[turn::4], factors[turn::4]
        variables = by_hand.decoder_variables if turn < 3 else by_hand.loss_variables
        with tf.GradientTape() as tape:
            costs = by_hand.costs(part[0], by_hand.alter(*part), turn)
            objective = tf.add_n(costs) if turn < 3 else costs[0] - costs[1]
        rate = 0.01 if turn < 3 else 0.1
        for variable, gradient in zip(variables, tape.gradient(objective, variables), strict=True):
            variable.assign(variable - rate * gradient)
    for found, expected in zip(model.weights, by_hand.weights, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=found.path)


def test_encoders_and_the_models_given_stay_as_they_are():
    vaes = [a_vae(1), a_vae(2)]
    before = [vae.get_weights() for vae in vaes]
    run = training.train(
        functools.partial(models.Manipulation, **arguments(entangled=vaes[:1], disentangled=vaes[1:])),
        SPRITES,
        steps=3,
        batch_size=8,
        progress=False,
    )
    for vae, weights, encoder, decoder in zip(
        vaes, before, run.model.encoders, run.model.decoders, strict=True
    ):
        assert vae.encoder.trainable
        for found, expected in zip(vae.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(found, expected)
        for found, expected in zip(encoder.get_weights(), vae.encoder.get_weights(), strict=True):
            np.testing.assert_array_equal(found, expected)
        assert not np.array_equal(decoder.get_weights()[0], vae.decoder.get_weights()[0])


def test_training_makes_entangled_codes_cheaper_than_disentangled_ones():
    """Two encoders that see one position each: the manipulation must write the other's position away."""
    runs = training.train(
        functools.partial(models.VAE, num_latents=2, beta=1.0, **NETWORKS),
        SPRITES,
        steps=400,
        batch_size=32,
        seed=(1, 2),
        optimizer=keras.optimizers.Adam(3e-3),
        progress=False,
    )
    make = functools.partial(
        models.Manipulation,
        **arguments(
            entangled=[runs[0].model],
            disentangled=[runs[1].model],
            decoder_optimizer=keras.optimizers.Adam(1e-3),
        ),
    )
    run = training.train(
        make,
        SPRITES,
        steps=300,
        batch_size=64,
        optimizer=keras.optimizers.Adam(3e-3),
        log_every=50,
        sampling="replacement",
        progress=False,
    )
    assert run.history[-1]["loss"] < run.history[0]["loss"] - 0.1


def test_the_table_gives_what_the_networks_give(tmp_path):
    model = with_large_weights(a_manipulation(), 2.0)
    path = model.save_table(tmp_path / "m.npz", SPRITES, num_maps=512)
    perturbed = data.PerturbedData(SPRITES, path)
    exact = model.alter(IMAGES.astype(np.float32) / 255, FACTORS).numpy()
    np.testing.assert_allclose(perturbed.observations(np.arange(SPRITES.size)), exact, atol=1e-4)
    coarse = data.PerturbedData(SPRITES, model.table(SPRITES, 9))
    assert np.abs(coarse.observations(np.arange(SPRITES.size)) - exact).max() < 0.2


def test_another_encoder_makes_another_run(tmp_path):
    def train(vae):
        make = functools.partial(models.Manipulation, **arguments(entangled=[vae]))
        return training.train(make, SPRITES, tmp_path / "run", steps=2, batch_size=8, progress=False)

    train(a_vae(1))
    train(a_vae(1))
    with pytest.raises(UserError, match="encoders_checksum was .* there and is"):
        train(a_vae(5))


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"epsilon": 0.0}, "epsilon must be"),
        ({"epsilon": 1.1}, "epsilon must be"),
        ({"entangled": []}, "entangled must be a list of trained models"),
        ({"entangled": a_vae(1)}, "entangled must be a list of trained models"),
        ({"disentangled": [models.Autoencoder(SHAPE, num_latents=2, **NETWORKS)]}, "diagonal Gaussian"),
        ({"entangled": [a_vae(1), a_vae(3)]}, "as many models each"),
        ({"disentangled": [a_vae(1)]}, "must hold different models"),
        (
            {"disentangled": [models.VAE(SHAPE, num_latents=3, **NETWORKS)]},
            "as many latents",
        ),
        (
            {"disentangled": [models.VAE((4, 4, 1), num_latents=2, **NETWORKS)]},
            "models of images",
        ),
        (
            {"disentangled": [models.VAE(SHAPE, num_latents=2, reconstruction="squared_l2", **NETWORKS)]},
            "bernoulli",
        ),
        ({"renderer": networks.dense_decoder(2, SHAPE)}, "renderer must make images"),
        ({"num_samples": 0}, "num_samples must be"),
        ({"factors_num_values": ()}, "factors_num_values must"),
        ({"before_bottleneck": 3}, "before_bottleneck must be"),
        ({"decoder_optimizer": "adam"}, "decoder_optimizer cannot be made"),
    ],
)
def test_what_makes_no_manipulation_is_refused_in_one_sentence(changes, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        a_manipulation(**changes)
    assert "\n" not in str(caught.value)


def test_batches_and_grids_that_do_not_fit_are_refused():
    make = functools.partial(models.Manipulation, **arguments())
    with pytest.raises(UserError, match="multiple of 4"):
        training.train(make, SPRITES, steps=2, batch_size=6, progress=False)
    other = data.DSpritesDrawn(
        image_size=8, num_scales=1, num_orientations=1, num_positions=4, shapes="ellipse"
    )
    with pytest.raises(UserError, match="sizes of the data's grid"):
        training.train(make, other, steps=2, batch_size=8, progress=False)
    with pytest.raises(UserError, match="needs labels"):
        training.train(make, IMAGES, steps=2, batch_size=8, progress=False)
