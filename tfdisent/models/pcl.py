"""Permutation-contrastive learning: independent sources from time series, by telling true pairs from shuffled ones."""

import keras
import tensorflow as tf

from tfdisent import checks, networks
from tfdisent.errors import UserError
from tfdisent.models.base import LatentModel, as_float
from tfdisent.networks.building import made_network, weights_that_fit

__all__ = ["PCL"]

_FORMS = ("klindt", "official")
_EPSILON = 1e-5  # of the batch normalisation


@keras.saving.register_keras_serializable("tfdisent")
class PCL(LatentModel):
    """Learns codes h by logistic regression of pairs (x_{t-1}, x_t) against pairs with another first frame.

    The logit of a pair is

        r = -sum_d |v_d h_d(x_t) + w_d h_d(x_{t-1}) + b_d| + a sum_d h_d(x_t)^2 + c,

    which is the log ratio of the densities where sources change by a Laplace law. It minimises the mean binary
    cross-entropy of the pairs of the batch and of as many in which the first frames are permuted over the global batch
    (those that stay where they were are kept). v, w, b and c are learnt, and begin at 1, -1, 0 and 0. There is no
    decoder.

    Args:
        num_latents: D.
        encoder: a function `(observation_shape, outputs, seed=, dtype=) -> keras.Model`, or a `keras.Model`, with the
            head "mean" [B, D].
        form: "klindt", as Klindt et al. ran it: a is 1. "official", the PCL authors': h is normalised over the batch
            (statistics of the global batch in training, moving ones elsewhere), and a is learnt, one number not below
            0. Their encoder is `networks.maxout_encoder` on whitened observations, their optimizer
            SGD(0.1, momentum=0.9, weight_decay=1e-5, use_ema=True, ema_momentum=0.999) with 512 pairs.
        momentum: of the moving statistics of "official".
        Others: as `LatentModel`.

    Terms: "loss" in nats; "accuracy", the share of pairs on the right side.

    Raises:
        UserError: for an encoder without the head, and an unknown form.

    References: Hyvarinen & Morioka 2017, "Nonlinear ICA of temporally dependent stationary sources", eqs. (8) to (12);
        Klindt et al. 2021 and the branch `baselines` of their code.
    """

    terms = ("loss", "accuracy")
    needs_pairs = True
    least_batch_size = 2

    def __init__(
        self,
        observation_shape,
        num_latents=10,
        encoder=networks.conv_encoder,
        form="klindt",
        momentum=0.9,
        *,
        seed=0,
        dtype=None,
        name=None,
    ):
        super().__init__(observation_shape, seed=seed, dtype=dtype, name=name)
        self.num_latents = checks.whole_number("num_latents", num_latents, least=1)
        self.form = checks.choice("form", form, _FORMS)
        self.momentum = checks.number("momentum", momentum, least=0, below=1)
        with weights_that_fit(f"PCL of {self.num_latents:,} latents"):
            heads = {"mean": self.num_latents}
            self.encoder = made_network(
                "encoder",
                encoder,
                self.observation_shape,
                heads,
                seed=2 * self.seed,
                dtype=self.dtype_policy,
            )
        found = self.encoder.output
        if not isinstance(found, dict) or "mean" not in found or found["mean"].shape[-1] != self.num_latents:
            raise UserError(
                f"The encoder of PCL must return a dict with the head 'mean' of {self.num_latents}. "
                f"Received: {checks.shown(found)}."
            )
        if tuple(self.encoder.input.shape[1:]) != self.observation_shape:
            raise UserError(
                f"The encoder must take observations of shape {self.observation_shape}. "
                f"Received: {tuple(self.encoder.input.shape[1:])}."
            )
        self._add_regression()
        self.build()

    def _add_regression(self):
        def weight(name, shape, value, **settings):
            initial = keras.initializers.Constant(value)
            return self.add_weight(
                name=name, shape=shape, initializer=initial, dtype="float32", autocast=False, **settings
            )

        size = (self.num_latents,)
        self.v, self.w, self.b = (
            weight(name, size, value) for name, value in (("v", 1.0), ("w", -1.0), ("b", 0.0))
        )
        self.c = weight("c", (), 0.0)
        if self.form == "official":
            self.a = weight("a", (), 1.0, constraint=keras.constraints.NonNeg())
            self.scale, self.shift = weight("scale", size, 1.0), weight("shift", size, 0.0)
            moving = {"trainable": False, "aggregation": "mean"}
            self.moving_mean = weight("moving_mean", size, 0.0, **moving)
            self.moving_variance = weight("moving_variance", size, 1.0, **moving)

    def losses(self, observations, training=False):
        frames = tf.reshape(observations, [-1, *self.observation_shape])  # [2 B, ...], a pair's two together
        codes = tf.reshape(self.encoder(frames)["mean"], [-1, 2, self.num_latents])
        codes = self._normalised(self.gather(codes), training)  # of the global batch
        before, now = tf.unstack(codes, axis=1)
        keys = tf.random.stateless_uniform(tf.shape(before)[:1], self.step_seed(), None, None, tf.int32)
        permuted = tf.gather(before, tf.argsort(keys, stable=True))
        logits = tf.stack([self.logits(before, now), -self.logits(permuted, now)])  # [2, B]
        return {
            "loss": tf.reduce_mean(tf.nn.softplus(-logits)),
            "accuracy": tf.reduce_mean(tf.cast(logits > 0, tf.float32)),
        }

    def logits(self, before, now):
        """r [B] of codes [B, D] of first and second frames."""
        change = tf.reduce_sum(tf.abs(self.v * now + self.w * before + self.b), axis=-1)
        square = tf.reduce_sum(tf.square(now), axis=-1)
        return (self.a * square if self.form == "official" else square) - change + self.c

    def _normalised(self, codes, training):
        if self.form != "official":
            return codes
        mean, variance = self.moving_mean.value, self.moving_variance.value
        if training:
            mean, variance = tf.nn.moments(codes, axes=[0, 1])
            for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(self.momentum * moving + (1 - self.momentum) * tf.stop_gradient(now))
        return (codes - mean) * tf.math.rsqrt(variance + _EPSILON) * self.scale + self.shift

    def encode_mean(self, observations):
        return self._normalised(self.encoder(observations)["mean"], training=False)

    def call(self, observations, training=False):
        """Codes [B, D] of observations [B, ...]."""
        return self.encode_mean(as_float(observations))

    def get_config(self):
        return {
            **super().get_config(),
            "num_latents": self.num_latents,
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "form": self.form,
            "momentum": self.momentum,
        }

    @classmethod
    def from_config(cls, config):
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        return super().from_config({**config, "encoder": encoder})
