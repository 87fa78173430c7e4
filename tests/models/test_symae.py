import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent import data, networks
from tfdisent.errors import UserError
from tfdisent.models import SymAE
from tfdisent.objectives import energy_dependence
from tfdisent.testing import run_model_test
from tfdisent.training import train

DATA = data.mra(36, 5, 20, seed=1)
BAGS = DATA.bags
SMALL = {
    "coherent_dim": 2,
    "nuisance_dim": 3,
    "networks": functools.partial(
        networks.symae_signal_networks, filters=4, mixer_filters=4, dense_units=(8,)
    ),
}


def model(**kwargs):
    return SymAE(BAGS.shape[1:], **{**SMALL, **kwargs})


@pytest.mark.parametrize(
    ("kwargs", "learning_rate"),
    [
        ({"regulariser": "gaussian_noise", "rate": 0.3, "split_inputs": True, "energy_weight": 0.7}, 1e-2),
        pytest.param(
            {
                "regulariser": "gaussian_dropout",
                "rate": 0.25,
                "decoder": "dense",
                "reconstruction": "squared_l2",
            },
            1e-4,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_model(kwargs, learning_rate):
    settings = {**SMALL, "seed": 3, **kwargs}
    run_model_test(SymAE, settings, DATA, optimizer=keras.optimizers.SGD, learning_rate=learning_rate)


def test_the_coherent_code_ignores_the_order_of_instances_and_the_nuisance_codes_follow_it():
    symae, order = model(), np.random.RandomState(0).permutation(5)
    coherent, nuisance = symae.codes(BAGS)
    other_coherent, other_nuisance = symae.codes(BAGS[:, order])
    np.testing.assert_allclose(other_coherent, coherent, atol=1e-6)
    np.testing.assert_allclose(other_nuisance, nuisance[:, order], atol=1e-6)
    np.testing.assert_allclose(symae(BAGS[:, order]), np.asarray(symae(BAGS))[:, order], atol=1e-5)


@pytest.mark.parametrize("kind", ["dropout", "unscaled_dropout", "gaussian_dropout", "gaussian_noise"])
def test_the_regulariser_acts_in_training_only_and_a_step_draws_the_same_noise_again(kind):
    symae = model(regulariser=kind, rate=0.5)
    symae.compile()
    _, nuisance = symae.encode(tf.constant(BAGS))
    first, again = symae.regularise(nuisance).numpy(), symae.regularise(nuisance).numpy()
    np.testing.assert_array_equal(first, again)
    symae.optimizer.iterations.assign(1)
    assert (symae.regularise(nuisance).numpy() != first).mean() > 0.2
    without = SymAE.from_config({**symae.get_config(), "regulariser": "none"})
    without.set_weights(symae.get_weights())
    assert float(without.losses(tf.constant(BAGS))["loss"]) == float(symae.losses(tf.constant(BAGS))["loss"])
    np.testing.assert_array_equal(without(BAGS), symae(BAGS))


def test_redatuming_a_bag_with_itself_reconstructs_it_and_otherwise_mixes_the_codes():
    symae = model()
    np.testing.assert_allclose(symae.redatum(BAGS[:4], BAGS[:4]), symae(BAGS[:4]), atol=1e-6)
    coherent, nuisance = symae.codes(BAGS[:8])
    mixed = symae.decode(coherent[:4], nuisance[4:])
    np.testing.assert_allclose(symae.redatum(BAGS[:4], BAGS[4:8]), mixed, atol=1e-6)


def test_the_mean_over_noise_is_that_of_decoded_draws_and_the_code_itself_without_noise():
    symae = model(regulariser="dropout", rate=0.5)
    coherent, nuisance = symae.codes(BAGS[:4])
    draws = [symae.decode(coherent, symae.regularise(nuisance, stream)).numpy() for stream in (1, 2, 3)]
    found = symae.redatum(BAGS[:4], BAGS[:4], draws=3)
    np.testing.assert_allclose(found, np.mean(draws, axis=0), atol=1e-6)
    assert (draws[0] != draws[1]).any()
    quiet = model(regulariser="none")
    np.testing.assert_allclose(quiet.redatum(BAGS[:4], BAGS[:4], draws=2), quiet(BAGS[:4]), atol=1e-6)


@pytest.mark.parametrize("statistics", ["moving", "batch"])
def test_the_energy_term_is_that_of_the_codes_before_the_noise(statistics):
    symae = model(regulariser="gaussian_noise", rate=5.0, energy_weight=2.0, energy_statistics=statistics)
    losses = symae.losses(tf.constant(BAGS), training=True)
    _, nuisance = symae.encode(tf.constant(BAGS), training=statistics == "batch")
    expected = float(energy_dependence(nuisance))
    assert float(losses["energy_dependence"]) == pytest.approx(expected, rel=1e-5)
    total = float(losses["reconstruction"]) + 2 * expected
    assert float(losses["loss"]) == pytest.approx(total, rel=1e-5)
    assert "energy_dependence" not in model(energy_weight=0.0).terms


def test_the_sum_of_equation_5_is_the_mean_times_instances_and_points():
    mean, total = model(), model(reconstruction="squared_l2")
    ratio = float(total.losses(tf.constant(BAGS))["loss"]) / float(mean.losses(tf.constant(BAGS))["loss"])
    assert ratio == pytest.approx(5 * 20, rel=1e-5)


def test_calibration_gives_the_statistics_of_codes_without_noise():
    symae = model(rate=0.5)
    symae.compile(keras.optimizers.Adam(1e-3))
    symae.fit(BAGS, batch_size=36, epochs=3, verbose=0)
    weights = [weight.numpy() for weight in symae.trainable_variables]
    symae.calibrate(BAGS)
    coherent, nuisance = symae.encode(tf.constant(BAGS), training=True)
    by_batch = symae.decode(coherent, nuisance, training=True)
    np.testing.assert_allclose(symae(BAGS), by_batch, atol=2e-4)
    for old, new in zip(weights, symae.trainable_variables, strict=True):
        np.testing.assert_array_equal(old, new)
    assert {layer.momentum for layer in symae.decoder.layers if hasattr(layer, "momentum")} == {0.99}


def test_split_inputs_make_the_output_a_function_of_a_product():
    # dec3(dec1(C) * dec2(N)): where dec1(C) is zero, N does not matter; with both inputs in both it does.
    for split, matters in ((True, False), (False, True)):
        symae = model(split_inputs=split)
        output = symae.decoder.get_layer("dec1_output")
        output.kernel.assign(tf.zeros_like(output.kernel))
        codes = np.random.RandomState(0).normal(size=(2, 7, 3)).astype(np.float32)
        decoded = symae.decode(np.ones((2, 2), np.float32), codes).numpy()
        assert np.ptp(decoded.reshape(14, -1), axis=0).max() == 0  # dec1 is zero either way
        output.bias.assign([1.0])
        decoded = symae.decode(np.stack([np.zeros(2), np.ones(2)]), codes[[0, 0]]).numpy()
        assert (np.ptp(decoded, axis=0).max() > 1e-4) == matters  # dec1 constant: C matters only through dec2


def test_bags_of_images_are_taken_by_the_dense_networks():
    images = np.random.RandomState(0).rand(12, 4, 6, 6, 1).astype(np.float32)
    small = functools.partial(networks.symae_image_networks, hidden_units=(16, 8))
    make = functools.partial(SymAE, coherent_dim=3, nuisance_dim=2, decoder="dense", networks=small)
    run = train(make, data.BagData(images, np.arange(12) % 3), steps=4, batch_size=6, progress=False)
    assert run.model.represent(images).shape == (12, 3)
    assert run.model.redatum(images[:2], images[2:4]).shape == (2, 4, 6, 6, 1)
    assert 0 <= run.model(images).numpy().min() and run.model(images).numpy().max() <= 1


@pytest.mark.parametrize(
    ("kwargs", "sentence"),
    [
        ({"observation_shape": (1, 20)}, "two instances or more"),
        ({"observation_shape": (5, 21)}, "a multiple of 2 for the upsampling"),
        ({"observation_shape": (5, 14)}, "at least 16 points"),
        ({"observation_shape": (5, 8, 8, 1)}, "must be 'dense'. Received: 'product'"),
        ({"rate": 1.0}, "rate of dropout must be a number, 0 or larger, below 1"),
        ({"rate": -0.5, "regulariser": "gaussian_noise"}, "a standard deviation"),
        ({"energy_weight": -1.0}, "energy_weight must be a number, 0 or larger"),
        ({"energy_statistics": "none"}, "energy_statistics must be 'moving' or 'batch'"),
        ({"decoder": "sum"}, "must be 'product', 'concatenation' or 'dense'"),
        ({"decoder": "dense", "split_inputs": True}, "split_inputs is for decoder='product'"),
        ({"reconstruction": "bernoulli"}, "reconstruction must be 'mean_squared_error' or"),
        ({"coherent_dim": 0}, "coherent_dim must be a whole number"),
    ],
)
def test_settings_that_make_no_model_end_in_a_sentence(kwargs, sentence):
    with pytest.raises(UserError, match=sentence):
        SymAE(**{"observation_shape": (5, 20), **kwargs})


def test_a_batch_of_one_bag_has_no_energy_dependence():
    with pytest.raises(UserError, match="take batch_size=2 or more"):
        train(functools.partial(SymAE, **SMALL, energy_weight=1.0), DATA, steps=1, batch_size=1)
