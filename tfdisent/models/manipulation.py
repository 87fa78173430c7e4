"""The manipulation of a data set that makes entangled codes cheaper to decode than disentangled ones."""

import io
import zlib

import keras
import numpy as np
import tensorflow as tf

from tfdisent import checks, networks, objectives
from tfdisent.errors import UserError
from tfdisent.files import write_whole
from tfdisent.models.base import LatentModel, as_float
from tfdisent.models.gaussian import GaussianAutoencoder
from tfdisent.models.optimizers import own_optimizer
from tfdisent.networks.building import (
    check_activation,
    check_positive_ints,
    dense_layers,
    made_network,
    seeded_glorot_uniform,
)

__all__ = ["Manipulation"]

_DECODER_UPDATES = 3  # for one of the manipulation
_PARTS = _DECODER_UPDATES + 1
_CHUNK = 1024  # images looked at together


@keras.saving.register_keras_serializable("tfdisent")
class Manipulation(LatentModel):
    """Learns m(w) so that images x' = x + m(w) are cheaper to decode from entangled than from disentangled codes.

    The encoders of trained models are frozen and see the original images x. Their decoders are trained on to
    reconstruct x' from these codes. m, which knows the factors w alone and those through one number (the neuron), is
    trained to minimise L_ent - L_dis, the mean reconstruction costs from the entangled and from the disentangled codes.
    m is epsilon tanh(.), and x' is reflected into [0, 1], so no pixel changes by more than epsilon.

    A step takes a batch of 4 B images: the decoders take an update on each of three quarters, m one on the fourth.
    Every fourth image belongs to the same quarter, so that replicas share each quarter. With each image `num_samples`
    codes are drawn. The optimizer of `compile` is that of m.

    Args:
        entangled, disentangled: lists of trained models with a Gaussian posterior, as many in both; they stay as they
            are, copies are trained on.
        factors_num_values: F sizes of the grid of factors; w is 2 i / (n - 1) - 1 for the i-th of n values, so that it
            lies in [-1, 1], and 0 for a factor of one value.
        epsilon: the largest change of a pixel, above 0 and at most 1.
        renderer: a function `(num_latents, observation_shape, seed=, dtype=) -> keras.Model` that makes an image of the
            neuron, such as `tfdisent.networks.deconv_decoder`, which is the thesis'.
        before_bottleneck: sizes of dense layers between w and the neuron; the thesis does not say that there are any.
        activation: of these layers.
        num_samples: S, codes an image.
        decoder_optimizer: a Keras optimizer, or a function that makes one.
        Others: as `LatentModel`.

    Terms: "loss" is L_ent - L_dis on the quarter of m; "entangled" and "disentangled" are the two costs, nats;
    "energy" is the mean of m^2 over pixels and images.

    Raises:
        UserError: for models of different image shapes or numbers of latents, the same model on both sides, and an
            epsilon outside (0, 1].

    References: Zietlow's thesis, Sec. 4.2.4 and 4.3.1. The thesis is silent on how several pairs are combined (here:
        their mean), on the batch, and on how the bound is kept (here: tanh).
    """

    terms = ("loss", "entangled", "disentangled", "energy")
    needs_labels = True
    takes_unit_interval = True

    def __init__(
        self,
        observation_shape,
        *,
        entangled,
        disentangled,
        factors_num_values,
        epsilon=0.1,
        renderer=networks.deconv_decoder,
        before_bottleneck=(),
        activation="relu",
        num_samples=5,
        decoder_optimizer=keras.optimizers.Adam,
        seed=0,
        dtype=None,
        name=None,
    ):
        super().__init__(observation_shape, seed=seed, dtype=dtype, name=name)
        self.factors_num_values = check_positive_ints("factors_num_values", factors_num_values, 1)
        self.epsilon = checks.number("epsilon", epsilon, above=0, most=1)
        self.before_bottleneck = check_positive_ints("before_bottleneck", before_bottleneck)
        self.activation = check_activation(activation)
        self.num_samples = checks.whole_number("num_samples", num_samples, least=1)
        given = {"entangled": entangled, "disentangled": disentangled}
        pairs = {side: _networks_of(side, each, self.observation_shape) for side, each in given.items()}
        _check_sides(pairs, given)
        both = [*pairs["entangled"], *pairs["disentangled"]]
        self.num_pairs = len(pairs["entangled"])
        self.encoders = [pair["encoder"] for pair in both]
        self.decoders = [pair["decoder"] for pair in both]
        for encoder in self.encoders:
            encoder.trainable = False
        self.num_latents = self.encoders[0].output["mean"].shape[-1]
        self.neuron = self._neuron()
        build = {"seed": 2 * self.seed + 1, "dtype": self.dtype_policy}
        self.renderer = made_network("renderer", renderer, 1, self.observation_shape, **build)
        self._check_renderer()
        self.decoder_optimizer = own_optimizer("decoder_optimizer", decoder_optimizer)
        self.build()

    def _neuron(self):
        """The network from w [B, F] to one number [B, 1], linear in its last layer."""
        factors = keras.Input((len(self.factors_num_values),), dtype="float32", name="factors")
        features = dense_layers(
            factors, self.before_bottleneck, self.activation, "neuron", 2 * self.seed, self.dtype_policy
        )
        initializer = seeded_glorot_uniform(2 * self.seed, "neuron", "neuron")
        layer = keras.layers.Dense(1, kernel_initializer=initializer, dtype="float32", name="neuron")
        return keras.Model(factors, layer(features), name="neuron")

    def _check_renderer(self):
        found = tuple(self.renderer.input.shape[1:]), tuple(self.renderer.output.shape[1:])
        if found != ((1,), self.observation_shape):
            raise UserError(
                f"renderer must make images {self.observation_shape} of one number. Received: one that makes "
                f"{found[1]} of {found[0]}."
            )

    # What is trained.

    @property
    def loss_variables(self):
        """The variables of m."""
        return [*self.neuron.trainable_variables, *self.renderer.trainable_variables]

    @property
    def decoder_variables(self):
        """The variables of all decoders."""
        return [variable for decoder in self.decoders for variable in decoder.trainable_variables]

    @property
    def optimizers(self):
        return [self.optimizer, self.decoder_optimizer]

    def compile(self, optimizer="adam", **kwargs):
        """Takes the optimizer of m; that of the decoders starts afresh."""
        super().compile(optimizer, **kwargs)
        with self.distribute_strategy.scope():
            self.decoder_optimizer = own_optimizer("decoder_optimizer", self.decoder_optimizer)
            self.decoder_optimizer.build(self.decoder_variables)

    def begin_training(self, batch_size, dataset_size):
        super().begin_training(batch_size, dataset_size)
        if batch_size % _PARTS:
            raise UserError(
                f"A step of Manipulation takes {_DECODER_UPDATES} updates of the decoders and one of m, each on a "
                f"quarter of the batch; take a batch_size that is a multiple of {_PARTS}. Received: {batch_size}."
            )

    def check_labels(self, data):
        super().check_labels(data)
        if tuple(data.factors_num_values) != self.factors_num_values:
            raise UserError(
                f"factors_num_values must be the sizes of the data's grid, {tuple(data.factors_num_values)} for "
                f"{data.name}. Received: {self.factors_num_values}."
            )

    def scaled_factors(self, factors):
        """w, float32 [B, F] in [-1, 1], of factors [B, F], whole numbers from 0."""
        last = np.array(self.factors_num_values, np.float32) - 1
        scaled = 2 * tf.cast(factors, tf.float32) / np.maximum(last, 1) - 1
        return tf.where(tf.constant(last > 0), scaled, tf.zeros_like(scaled))

    def changes(self, factors):
        """m [B, H, W, C] in [-epsilon, epsilon] of factors [B, F]."""
        return self.render(self.neuron(self.scaled_factors(factors)))

    def render(self, scalar):
        """m [B, H, W, C] of the neuron's values [B, 1]."""
        return self.epsilon * tf.tanh(tf.cast(self.renderer(scalar), tf.float32))

    def alter(self, observations, factors):
        """x' [B, H, W, C] in [0, 1] of images x [B, H, W, C] and factors [B, F]."""
        return _reflect(observations + self.changes(factors))

    def costs(self, observations, altered, stream=0):
        """Mean cost of decoding x' from the codes of x, one scalar for each encoder, entangled ones first."""
        targets = tf.repeat(altered, self.num_samples, axis=0)  # [B S, H, W, C]
        found = []
        for place, (encoder, decoder) in enumerate(zip(self.encoders, self.decoders, strict=True)):
            heads = encoder(observations)
            mean, log_var = (tf.repeat(heads[name], self.num_samples, axis=0) for name in ("mean", "log_var"))
            noise = self.noise(mean, stream * len(self.encoders) + place)
            codes = objectives.reparameterise(mean, log_var, noise)
            found.append(tf.reduce_mean(objectives.bernoulli(targets, decoder(codes))))
        return found

    def difference(self, costs):
        """(L_ent, L_dis): the means of both sides' costs."""
        sides = costs[: self.num_pairs], costs[self.num_pairs :]
        return tuple(tf.add_n(side) / self.num_pairs for side in sides)

    def losses(self, observations, labels, training=False):
        altered = self.alter(observations, labels)
        entangled, disentangled = self.difference(self.costs(observations, altered, _DECODER_UPDATES))
        return {
            "loss": entangled - disentangled,
            "entangled": entangled,
            "disentangled": disentangled,
            "energy": tf.reduce_mean(tf.square(self.changes(labels))),
        }

    def train_step(self, data):
        """Three updates of the decoders and one of m, each on every fourth image of the batch."""
        observations, labels = self.inputs(data)
        for turn in range(_DECODER_UPDATES):
            self.update_decoders(observations[turn::_PARTS], labels[turn::_PARTS], turn)
        with tf.GradientTape() as tape:
            losses = self.losses_of(
                (observations[_DECODER_UPDATES::_PARTS], labels[_DECODER_UPDATES::_PARTS]), training=True
            )
            objective = losses["loss"] / self.distribute_strategy.num_replicas_in_sync
        gradients = tape.gradient(objective, self.loss_variables)
        self.update(self.optimizer, gradients, self.loss_variables, losses["loss"])
        return self._track(losses)

    def update_decoders(self, observations, labels, stream=0):
        """One update of all decoders, m held."""
        altered = tf.stop_gradient(self.alter(observations, labels))
        with tf.GradientTape() as tape:
            cost = tf.add_n(self.costs(observations, altered, stream))
            objective = cost / self.distribute_strategy.num_replicas_in_sync
        gradients = tape.gradient(objective, self.decoder_variables)
        self.update(self.decoder_optimizer, gradients, self.decoder_variables, cost)

    # What it gives.

    def table(self, data, num_maps=256):
        """m as a table over the neuron's value, which `tfdisent.data.PerturbedData` takes.

        Args:
            data: the data set that m was trained on.
            num_maps: T.

        Returns:
            {"maps": float32 [T, H, W, C] at equal distances of the neuron's value from its least to its largest one;
            "places": float32 [N] in [0, T - 1], where each image lies among them; "epsilon"; "factors_num_values"}.
        """
        num_maps = checks.whole_number("num_maps", num_maps, least=2)
        scalars = self.scalars(data)
        low, high = float(scalars.min()), float(scalars.max())
        values = np.linspace(low, high, num_maps, dtype=np.float32)[:, np.newaxis]
        starts = range(0, num_maps, _CHUNK)
        maps = np.concatenate([self.render(tf.constant(values[i : i + _CHUNK])).numpy() for i in starts])
        span = high - low if high > low else 1.0
        places = np.clip((scalars - low) / span * (num_maps - 1), 0, num_maps - 1)
        return {
            "maps": np.clip(maps, -np.float32(self.epsilon), np.float32(self.epsilon)),
            "places": places.astype(np.float32),
            "epsilon": np.float64(self.epsilon),
            "factors_num_values": np.array(self.factors_num_values, np.int64),
        }

    def save_table(self, path, data, num_maps=256):
        """Writes `table` as one npz; returns its path."""
        file = io.BytesIO()
        np.savez(file, **self.table(data, num_maps))
        return write_whole(path, file.getbuffer())

    def scalars(self, data):
        """The neuron's value, float64 [N], of each image of a data set."""
        self.check_labels(data)
        starts = range(0, data.size, _CHUNK)
        parts = (np.arange(i, min(i + _CHUNK, data.size)) for i in starts)
        found = [self.neuron(self.scaled_factors(data.factors(part))).numpy()[:, 0] for part in parts]
        return np.concatenate(found).astype(np.float64)

    def encode_mean(self, observations):
        """Codes [B, D] of the first entangled encoder, whose axes the manipulation fosters."""
        return self.encoders[0](observations)["mean"]

    def call(self, observations, training=False):
        """Codes [B, D] of the first entangled encoder."""
        return self.encode_mean(as_float(observations))

    def get_config(self):
        sides = {"entangled": slice(None, self.num_pairs), "disentangled": slice(self.num_pairs, None)}
        return {
            **super().get_config(),
            **{
                side: [
                    {
                        "encoder": keras.saving.serialize_keras_object(encoder),
                        "decoder": keras.saving.serialize_keras_object(decoder),
                    }
                    for encoder, decoder in zip(self.encoders[places], self.decoders[places], strict=True)
                ]
                for side, places in sides.items()
            },
            "encoders_checksum": checksum(self.encoders),
            "factors_num_values": list(self.factors_num_values),
            "epsilon": self.epsilon,
            "renderer": keras.saving.serialize_keras_object(self.renderer),
            "before_bottleneck": list(self.before_bottleneck),
            "activation": keras.activations.serialize(keras.activations.get(self.activation)),
            "num_samples": self.num_samples,
            "decoder_optimizer": keras.saving.serialize_keras_object(self.decoder_optimizer),
        }

    @classmethod
    def from_config(cls, config):
        config = {name: value for name, value in config.items() if name != "encoders_checksum"}
        for side in ("entangled", "disentangled"):
            config[side] = [
                {name: keras.saving.deserialize_keras_object(network) for name, network in pair.items()}
                for pair in config[side]
            ]
        for name in ("renderer", "decoder_optimizer"):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return super().from_config(config)


def _reflect(images):
    """`tfdisent.data.perturbed.reflect` for tensors."""
    return images - 2 * tf.nn.relu(images - 1) + 2 * tf.nn.relu(-images)


def _networks_of(side, given, observation_shape):
    """[{"encoder", "decoder"}] of trained models, copied; of such dicts, as they are.

    Raises:
        UserError: for anything else.
    """
    if not isinstance(given, (list, tuple)) or not given:
        raise UserError(f"{side} must be a list of trained models. Received: {checks.shown(given)}.")
    found = []
    for each in given:
        if isinstance(each, dict) and set(each) == {"encoder", "decoder"}:
            found.append(each)
            continue
        if not isinstance(each, GaussianAutoencoder) or set(each.encoder.output) != {"mean", "log_var"}:
            raise UserError(
                f"{side} must hold models with a diagonal Gaussian posterior, such as VAE. "
                f"Received: {checks.shown(each)}."
            )
        if each.reconstruction != "bernoulli":
            raise UserError(
                f"{side} must hold models trained with the bernoulli cost. Received: {each.reconstruction!r}."
            )
        if each.observation_shape != observation_shape:
            raise UserError(
                f"{side} must hold models of images {observation_shape}. Received: {each.observation_shape}."
            )
        found.append({name: _clone(getattr(each, name)) for name in ("encoder", "decoder")})
    return found


def _check_sides(pairs, given):
    """Refuses sides that cannot be compared."""
    if len(pairs["entangled"]) != len(pairs["disentangled"]):
        raise UserError(
            "entangled and disentangled must hold as many models each. "
            f"Received: {len(pairs['entangled'])} and {len(pairs['disentangled'])}."
        )
    sizes = {pair["encoder"].output["mean"].shape[-1] for side in pairs.values() for pair in side}
    if len(sizes) > 1:
        raise UserError(f"All models must have as many latents. Received: {sorted(sizes)}.")
    marks = [
        {checksum([each.encoder]) for each in side if isinstance(each, GaussianAutoencoder)}
        for side in given.values()
    ]
    if set.intersection(*marks):
        raise UserError(
            "entangled and disentangled must hold different models. Received: the same weights on both sides."
        )


def _clone(network):
    clone = type(network).from_config(network.get_config())
    clone.set_weights(network.get_weights())
    return clone


def checksum(networks_with_weights):
    """A number that tells the weights of networks apart."""
    found = 0
    for network in networks_with_weights:
        for weight in network.get_weights():
            found = zlib.crc32(np.ascontiguousarray(weight).tobytes(), found)
    return found
