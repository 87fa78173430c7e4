"""Models that a person wrote: what is wrong in a class ends in one sentence, and a notebook may train it again."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent import networks
from tfdisent.errors import UserError
from tfdisent.models import VAE, LatentModel
from tfdisent.objectives import squared_l2
from tfdisent.testing import run_model_test
from tfdisent.training import RunDirectory, train

X = np.random.RandomState(0).rand(64, 4).astype(np.float32)
SMALL = {
    "num_latents": 2,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(3,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=()),
}
SETTINGS = {"batch_size": 8, "steps": 2, "progress": False, "strategy": "default"}


class Linear(LatentModel):
    """A model from nothing, with layers that nobody named, and no decorator."""

    terms = ("loss", "reconstruction")

    def __init__(self, observation_shape, num_latents=2, decay=0.0, *, seed=0, dtype=None, name=None):
        super().__init__(observation_shape, seed=seed, dtype=dtype, name=name)
        self.num_latents, self.decay = num_latents, decay
        start = [keras.initializers.GlorotUniform(2 * self.seed + i) for i in range(2)]
        sizes = [self.observation_shape[0], num_latents]
        self.inward, self.outward = (
            keras.Sequential(
                [keras.Input((taken,)), keras.layers.Dense(made, kernel_initializer=each, dtype=dtype)]
            )
            for taken, made, each in zip(sizes, sizes[::-1], start, strict=True)
        )

    def encode_mean(self, observations):
        return tf.cast(self.inward(observations), tf.float32)

    def losses(self, observations, training=False):
        codes = self.encode_mean(observations)
        reconstruction = tf.reduce_mean(squared_l2(observations, tf.cast(self.outward(codes), tf.float32)))
        return {
            "loss": reconstruction + self.decay * tf.reduce_mean(codes**2),
            "reconstruction": reconstruction,
        }

    def get_config(self):
        return {**super().get_config(), "num_latents": self.num_latents, "decay": self.decay}


class Pulled(VAE):
    def __init__(self, observation_shape, *args, pull=0.1, **kwargs):
        super().__init__(observation_shape, *args, **kwargs)
        self.pull = pull

    def get_config(self):
        return {**super().get_config(), "pull": self.pull}


def test_run_model_test_takes_a_model_of_ones_own_without_a_decorator():
    run_model_test(Linear, {"num_latents": 3, "decay": 0.1}, X, optimizer=keras.optimizers.SGD)


def test_run_model_test_finds_an_argument_that_get_config_does_not_keep():
    class Forgets(Pulled):
        def get_config(self):
            return {**super().get_config(), "pull": 0.1}

    with pytest.raises(AssertionError, match="get_config does not keep pull"):
        run_model_test(Forgets, {**SMALL, "pull": 0.3}, X)


def own_decoder(num_latents, observation_shape, seed=0, dtype=None):
    """A network with layers that nobody named."""
    codes = keras.Input((num_latents,))
    hidden = keras.layers.Dense(3, kernel_initializer=keras.initializers.GlorotUniform(seed))(codes)
    outputs = keras.layers.Dense(4, kernel_initializer=keras.initializers.GlorotUniform(seed + 1))(hidden)
    return keras.Model(codes, outputs)


@pytest.mark.parametrize("make", [Linear, functools.partial(VAE, **{**SMALL, "decoder": own_decoder})])
def test_a_model_whose_layers_nobody_named_is_continued_in_the_process_that_began_it(tmp_path, make):
    train(make, X, tmp_path, **SETTINGS)
    run = train(make, X, tmp_path, **{**SETTINGS, "steps": 4})
    whole = train(make, X, **{**SETTINGS, "steps": 4})
    loaded = RunDirectory(tmp_path).load_model()
    for model in (run.model, loaded):
        for weight, same in zip(whole.model.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, same)
    with pytest.raises(UserError, match="holds another run"):
        train(functools.partial(make, num_latents=3), X, tmp_path, **SETTINGS)


def wrong(base=VAE, **members):
    return type("Wrong", (base,), members)


def losses(change):
    """A method `losses` whose terms are changed."""
    return lambda self, observations, training=False: change(VAE.losses(self, observations))


class Unbuilt(Linear):
    def __init__(self, observation_shape, *, seed=0, dtype=None):
        super().__init__(observation_shape, seed=seed, dtype=dtype)
        self.late = keras.layers.Dense(2)

    def encode_mean(self, observations):
        return tf.cast(self.late(observations), tf.float32)

    def get_config(self):
        return LatentModel.get_config(self)


class NoGetConfigOfLayer(Linear):
    def get_config(self):
        raise NotImplementedError("The layer Mine must override `get_config()`.")


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (wrong(Pulled, get_config=VAE.get_config), 'get_config of Wrong leaves out pull.*"pull": self.pull'),
        (NoGetConfigOfLayer, "NoGetConfigOfLayer cannot be written to a file: The layer Mine must override"),
        (
            wrong(LatentModel, __init__=lambda self, observation_shape, seed=0, dtype=None: None),
            "must begin with super",
        ),
        (wrong(terms=("reconstruction", "kl")), "terms of Wrong must be a tuple of names with 'loss'"),
        (
            wrong(terms=("loss", "kl", "more")),
            "must return a dict of what terms announces, .*'more'.* Received: .*'kl'",
        ),
        (wrong(losses=losses(lambda terms: {**terms, "more": 1.0})), "Received: .*'more'"),
        (wrong(losses=losses(lambda terms: terms["loss"])), "must return a dict"),
        (
            wrong(losses=losses(lambda terms: {**terms, "kl": tf.ones(3)})),
            r"kl in losses of Wrong must be a scalar.*\(3,\)",
        ),
        (wrong(LatentModel), "Wrong defines no losses"),
        (wrong(Linear, losses=LatentModel.losses), "Wrong defines no losses"),
        (wrong(Linear, encode_mean=LatentModel.encode_mean), "Wrong defines no encode_mean"),
        (Unbuilt, "Unbuilt makes weights after its optimizer was made; build every layer in the constructor"),
    ],
)
@pytest.mark.filterwarnings("ignore:You are saving a model")
def test_what_is_wrong_in_a_class_ends_in_one_sentence(model, sentence):
    make = functools.partial(model, **SMALL) if issubclass(model, VAE) else model
    with pytest.raises(UserError, match=sentence) as error:
        train(make, X, **SETTINGS)
    assert "\n" not in str(error.value)


def test_a_weight_that_the_loss_does_not_depend_on_is_left_as_it_is():
    make = functools.partial(wrong(losses=lambda self, x, training=False: own_losses(self, x)), **SMALL)
    model = train(make, X, **SETTINGS).model
    head, same = (each.encoder.get_layer("log_var_head").kernel for each in (model, make((4,))))
    np.testing.assert_array_equal(head, same)
    assert np.any(np.asarray(model.decoder.weights[0]) != np.asarray(make((4,)).decoder.weights[0]))


def own_losses(model, observations):
    cost = tf.reduce_mean(model.reconstruction_cost(observations, model.encode(observations)[0]))
    return {"loss": cost, "reconstruction": cost, "kl": cost}
