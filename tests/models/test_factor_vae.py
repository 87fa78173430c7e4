"""The FactorVAE, and what holds for every model with discriminators."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent import networks
from tfdisent.errors import UserError
from tfdisent.models import VAE, FactorVAE
from tfdisent.testing import run_model_test
from tfdisent.training import train

SMALL = {
    "num_latents": 3,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(16,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=(16,)),
    "seed": 5,
}
IMAGES = (np.random.RandomState(0).rand(40, 8, 8, 1) > 0.7).astype(np.float32)
MAKE = functools.partial(
    FactorVAE,
    **SMALL,
    discriminator=functools.partial(networks.dense_discriminator, hidden_units=(8, 8)),
)
SETTINGS = {"batch_size": 8, "progress": False, "strategy": "default"}


def test_model():
    run_model_test(FactorVAE, {**MAKE.keywords, "gamma": 3.0, "halved_updates": False}, IMAGES)


def fitted(steps=3, **kwargs):
    model = MAKE((8, 8, 1), gamma=3.0, **kwargs)
    model.compile(keras.optimizers.Adam(1e-3))
    model.fit(IMAGES[:8], batch_size=8, epochs=steps, verbose=0)
    return model


def state(variables):
    return [np.array(variable) for variable in variables]


def test_with_gamma_0_encoder_and_decoder_train_as_a_vae():
    make = functools.partial(MAKE, gamma=0.0)
    factor_vae = train(make, IMAGES, steps=4, **SETTINGS).model
    vae = train(functools.partial(VAE, **SMALL), IMAGES, steps=4, **SETTINGS).model
    for weight, same in zip(factor_vae.loss_variables, vae.trainable_variables, strict=True):
        np.testing.assert_allclose(weight, same, rtol=1e-5, atol=1e-7)


def test_each_optimizer_moves_its_own_variables_down_its_own_loss():
    def losses(model):
        return {name: float(value) for name, value in model.losses(tf.constant(IMAGES[:8])).items()}

    for frozen, moving in (("loss", "discriminator_loss"), ("discriminator_loss", "loss")):
        rates = {"loss": 1e-2, "discriminator_loss": 1e-2, frozen: 0.0}
        model = MAKE(
            (8, 8, 1), gamma=3.0, discriminator_optimizer=keras.optimizers.SGD(rates["discriminator_loss"])
        )
        model.compile(keras.optimizers.SGD(rates["loss"]))
        groups = {"loss": model.loss_variables, "discriminator_loss": model.discriminator_variables}
        before, start = {name: state(group) for name, group in groups.items()}, losses(model)
        model.fit(IMAGES[:8], batch_size=8, verbose=0)
        for old, variable in zip(before[frozen], groups[frozen], strict=True):
            np.testing.assert_array_equal(old, variable)
        assert any(np.any(old != np.array(v)) for old, v in zip(before[moving], groups[moving], strict=True))
        model.optimizer.iterations.assign(0)  # the noise of the first step again
        assert losses(model)[moving] < start[moving]


def test_a_keras_file_holds_both_optimizers(tmp_path):
    model = fitted(discriminator_optimizer=functools.partial(keras.optimizers.Adam, 3e-4, beta_1=0.4))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.discriminator_optimizer.beta_1 == 0.4
    assert len(model.optimizers) == len(loaded.optimizers) == 2
    for old, new in zip(model.optimizers, loaded.optimizers, strict=True):
        assert int(new.iterations) == 3 and len(new.variables) > 2
        for one, other in zip(state(old.variables), state(new.variables), strict=True):
            np.testing.assert_array_equal(one, other)
    for one, other in zip(state(model.weights), state(loaded.weights), strict=True):
        np.testing.assert_array_equal(one, other)
    for each in (model, loaded):
        each.fit(IMAGES[8:16], batch_size=8, shuffle=False, verbose=0)
    for one, other in zip(state(model.weights), state(loaded.weights), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_interrupted_run_ends_with_both_optimizers_as_an_uninterrupted_one(tmp_path):
    make = functools.partial(MAKE, gamma=3.0)
    train(make, IMAGES, tmp_path, steps=3, **SETTINGS)
    resumed = train(make, IMAGES, tmp_path, steps=5, **SETTINGS).model
    whole = train(make, IMAGES, steps=5, **SETTINGS).model
    for one, other in zip(resumed.optimizers, whole.optimizers, strict=True):
        for value, same in zip(state(one.variables), state(other.variables), strict=True):
            np.testing.assert_array_equal(value, same)


@pytest.mark.parametrize("term", ["loss", "discriminator_loss"])
def test_a_loss_that_is_not_finite_leaves_all_weights_as_they_were(term):
    class Broken(FactorVAE):
        def losses(self, observations, training=False):
            found = super().losses(observations, training)
            return {**found, term: found[term] * np.nan}

    model = Broken((8, 8, 1), **MAKE.keywords, gamma=1.0)
    model.compile("adam")
    before = state(model.weights)
    with pytest.raises(UserError, match="The loss is not finite"):
        model.fit(IMAGES[:8], batch_size=8, verbose=0)
    for old, new in zip(before, state(model.weights), strict=True):
        np.testing.assert_array_equal(old, new)
    with pytest.raises(UserError, match=rf"not finite at step 0 \(.*{term} nan"):
        train(functools.partial(Broken, **MAKE.keywords, gamma=1.0), IMAGES, steps=2, **SETTINGS)


def test_halved_updates_are_disentanglement_libs_count():
    # Run there, 20 steps are 11 updates, because both optimizers advance its counter of steps.
    for halved, expected in ((False, 20), (True, 11)):
        run = train(functools.partial(MAKE, gamma=1.0, halved_updates=halved), IMAGES, steps=20, **SETTINGS)
        assert int(run.model.step) == expected == run.results["global_step"]
        assert run.model.get_config()["halved_updates"] is halved


@pytest.mark.parametrize(
    ("kwargs", "sentence"),
    [
        ({"gamma": -1.0}, "gamma must be a number, 0 or larger"),
        ({"gamma": 1.0, "discriminator": []}, "needs 1 discriminators with outputs"),
        (
            {"gamma": 1.0, "discriminator": networks.dense_decoder(3, (5,))},
            r"outputs \[B, 2\]. Received: 1 with \[\(5,\)\]",
        ),
        ({"gamma": 1.0, "discriminator_optimizer": "fast"}, "discriminator_optimizer cannot be made"),
    ],
)
def test_wrong_arguments_end_in_a_sentence(kwargs, sentence):
    with pytest.raises(UserError, match=sentence):
        MAKE((8, 8, 1), **kwargs)


def test_a_batch_of_one_ends_in_a_sentence():
    with pytest.raises(UserError, match="FactorVAE minimises a statistic of the batch; take batch_size=2"):
        train(functools.partial(MAKE, gamma=1.0), IMAGES, steps=2, **{**SETTINGS, "batch_size": 1})
