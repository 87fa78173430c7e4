"""The deterministic autoencoder, and what every encoder-decoder model shares with it."""

import keras
import tensorflow as tf

from tfdisent import checks, networks, objectives
from tfdisent.errors import UserError
from tfdisent.models.base import LatentModel, as_float
from tfdisent.networks.building import made_network, weights_that_fit

__all__ = ["Autoencoder"]

_COSTS = {
    "bernoulli": objectives.bernoulli,
    "l1": objectives.l1,
    "squared_l2": objectives.squared_l2,
    "mean_squared_error": objectives.mean_squared_error,
}
_OUTPUTS = {"sigmoid": tf.sigmoid, "linear": tf.identity}


@keras.saving.register_keras_serializable("tfdisent")
class Autoencoder(LatentModel):
    """A plain autoencoder: the mean reconstruction cost, and nothing on the code.

    Args:
        observation_shape: shape of one observation, (H, W, C) for images.
        num_latents: D, number of latent coordinates.
        encoder: a function `(observation_shape, outputs, seed=, dtype=) -> keras.Model` such as
            `tfdisent.networks.conv_encoder`, or a `keras.Model` that maps observations to a dict of heads
            {name: [B, size]}; `head_sizes` says which.
        decoder: a function `(num_latents, observation_shape, seed=, dtype=) -> keras.Model`, or a `keras.Model` that
            maps codes [B, D] to what `output` makes observations of (logits, for "sigmoid").
        reconstruction: "bernoulli" (cross-entropy in nats), "l1", "squared_l2" (each summed over pixels), or
            "mean_squared_error" (averaged over pixels).
        output: "sigmoid" for observations in [0, 1], "linear" for real-valued ones.
        seed: of weights and noise.
        dtype: Keras dtype policy, "float32" or "mixed_bfloat16".

    Raises:
        UserError: for an unknown cost or output, a cost that does not go with the output, a network with other heads.

    References: Zietlow's thesis, Sec. 2.2.
    """

    terms = ("loss", "reconstruction")

    def __init__(
        self,
        observation_shape,
        num_latents=10,
        encoder=networks.conv_encoder,
        decoder=networks.deconv_decoder,
        reconstruction="bernoulli",
        output="sigmoid",
        *,
        seed=0,
        dtype=None,
        name=None,
    ):
        super().__init__(observation_shape, seed=seed, dtype=dtype, name=name)
        num_latents = checks.whole_number("num_latents", num_latents, least=1)
        checks.choice("reconstruction", reconstruction, tuple(_COSTS))
        checks.choice("output", output, tuple(_OUTPUTS))
        if reconstruction == "bernoulli" and output != "sigmoid":
            raise UserError(
                "The bernoulli cost needs output='sigmoid'; for real-valued observations take "
                f"reconstruction='squared_l2'. Received: output={output!r}."
            )
        self.num_latents = num_latents
        self.reconstruction = reconstruction
        self.output_activation = output
        build = {"dtype": self.dtype_policy}
        with weights_that_fit(f"{type(self).__name__} of {num_latents:,} latents"):
            heads, code = self.head_sizes(num_latents), self.decoder_input_size()
            self.encoder = made_network(
                "encoder", encoder, self.observation_shape, heads, seed=2 * self.seed, **build
            )
            self.decoder = made_network(
                "decoder", decoder, code, self.observation_shape, seed=2 * self.seed + 1, **build
            )
            self._check_networks()
            self.add_networks()
        self.build()

    @property
    def takes_unit_interval(self):
        return self.reconstruction == "bernoulli"

    def add_networks(self):
        """Where a subclass makes further networks, before Keras takes the model as built."""

    @staticmethod
    def head_sizes(num_latents):
        """Names and sizes of the encoder's heads."""
        return {"mean": num_latents}

    def decoder_input_size(self):
        """Number of coordinates that the decoder takes at a time: the whole code."""
        return self.num_latents

    def _check_networks(self):
        expected = self.head_sizes(self.num_latents)
        heads = self.encoder.output
        found = (
            {name: head.shape[-1] for name, head in heads.items()} if isinstance(heads, dict) else type(heads)
        )
        if found != expected:
            raise UserError(
                f"The encoder of {type(self).__name__} must return a dict with the heads {expected}. Received: {found}."
            )
        if tuple(self.encoder.input.shape[1:]) != self.observation_shape:
            raise UserError(
                f"The encoder must take observations of shape {self.observation_shape}. "
                f"Received: {tuple(self.encoder.input.shape[1:])}."
            )
        if tuple(self.decoder.output.shape[1:]) != self.observation_shape:
            raise UserError(
                f"The decoder must make observations of shape {self.observation_shape}. "
                f"Received: {tuple(self.decoder.output.shape[1:])}."
            )

    def encode_mean(self, observations):
        return self.encoder(observations)["mean"]

    def decode(self, codes):
        """Observations [B, ...] that codes [B, D] stand for: the decoder's mean output, after the sigmoid."""
        return _OUTPUTS[self.output_activation](self.decoder_outputs(codes))

    def decoder_outputs(self, codes):
        """What the decoder makes of codes [B, D], before the sigmoid where there is one."""
        return self.decoder(codes)

    def reconstruction_cost(self, observations, codes):
        """Cost [B] of decoding codes [B, D] where observations [B, ...] were."""
        outputs = self.decoder_outputs(codes)
        if self.reconstruction != "bernoulli":
            outputs = _OUTPUTS[self.output_activation](outputs)
        return _COSTS[self.reconstruction](observations, outputs)

    def losses(self, observations, training=False):
        codes = self.encode_mean(observations)
        reconstruction = tf.reduce_mean(self.reconstruction_cost(observations, codes))
        return {"loss": reconstruction, "reconstruction": reconstruction}

    def call(self, observations, training=False):
        """Reconstructs observations [B, ...] from their mean codes."""
        return self.decode(self.encode_mean(as_float(observations)))

    def get_config(self):
        return {
            **super().get_config(),
            "num_latents": self.num_latents,
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "reconstruction": self.reconstruction,
            "output": self.output_activation,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for network in ("encoder", "decoder"):
            config[network] = keras.saving.deserialize_keras_object(config[network])
        return super().from_config(config)
