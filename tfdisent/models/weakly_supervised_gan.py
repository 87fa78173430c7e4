"""The weakly supervised GAN: latents that belong to factors, because pairs were labelled by what they share."""

import functools
import math

import keras
import tensorflow as tf

from tfdisent import checks, networks
from tfdisent.errors import UserError
from tfdisent.models.base import LatentModel, as_float
from tfdisent.models.optimizers import own_optimizer
from tfdisent.networks.building import made_network, weights_that_fit

__all__ = ["WeaklySupervisedGAN"]

_SUPERVISIONS = ("share", "change", "rank")
_NETWORKS = ("generator", "discriminator", "encoder")
_LEAST_SCALE = 1e-8  # of the encoder's Gaussian


def _adam():
    return keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.999, epsilon=1e-8)


@keras.saving.register_keras_serializable("tfdisent")
class WeaklySupervisedGAN(LatentModel):
    """Generates pairs of observations whose codes stand in the relation that the label of a real pair tells.

    Codes are standard normal, a latent for each label. "share": both codes of a pair have the latent of the label in
    common, all others are drawn for each (`data.SharedFactor`). "change": they differ in that latent alone
    (`data.ChangedFactor`). "rank": both are drawn, and the label tells for each latent whether the first is larger
    (`data.RankedFactors`). A discriminator tells real labelled pairs from generated ones. An encoder learns the codes
    of generated observations by maximum likelihood, a diagonal Gaussian; its mean is what scores see, and `decode` is
    the generator.

    Each step updates discriminator and encoder on generated pairs, held, and then the generator on fresh ones, each by
    its own optimizer; that of `compile` is the generator's. There is no reconstruction cost.

    Args:
        num_latents: D, the number of labels: of factors that vary.
        supervision: "share", which with all factors is the thesis' "full sharing", "change" or "rank".
        generator: a function `(num_latents, observation_shape, seed=, dtype=) -> keras.Model` to logits.
        discriminator: a function `(observation_shape, num_labels, supervision, seed=, dtype=) -> keras.Model` from
            [first, second, labels] to logits [B, 1].
        encoder: a function `(observation_shape, outputs, seed=, dtype=) -> keras.Model` with the heads "mean" and
            "scale".
        discriminator_optimizer, encoder_optimizer: Keras optimizers, or functions that make one.
        Others: as `LatentModel`. Each network may be a `keras.Model`.

    Terms: "loss" is the generator's cross-entropy, "discriminator_loss" the discriminator's, "encoder_loss" the mean
    negative log-likelihood of the codes; nats.

    Raises:
        UserError: for networks or optimizers that are none, and an unknown supervision.

    References: Shu et al. 2020, "Weakly supervised disentanglement with guarantees", Sec. 5, and the authors' code
        google-research/weak_disentangle, `main.py` and `networks.py`.
    """

    terms = ("loss", "discriminator_loss", "encoder_loss")
    needs_pairs = True
    needs_labels = True
    least_batch_size = 2
    takes_unit_interval = True

    def __init__(
        self,
        observation_shape,
        num_latents=5,
        supervision="share",
        generator=networks.gan_generator,
        discriminator=networks.pair_discriminator,
        encoder=networks.gan_encoder,
        discriminator_optimizer=_adam,
        encoder_optimizer=_adam,
        *,
        seed=0,
        dtype=None,
        name=None,
    ):
        super().__init__(observation_shape, seed=seed, dtype=dtype, name=name)
        self.num_latents = checks.whole_number("num_latents", num_latents, least=1)
        self.supervision = checks.choice("supervision", supervision, _SUPERVISIONS)
        shape, size = self.observation_shape, self.num_latents
        with weights_that_fit(f"WeaklySupervisedGAN of {size:,} latents"):
            make = functools.partial(made_network, dtype=self.dtype_policy)
            self.generator = make("generator", generator, size, shape, seed=3 * self.seed)
            self.discriminator = make(
                "discriminator", discriminator, shape, size, self.supervision, seed=3 * self.seed + 1
            )
            heads = {"mean": size, "scale": size}
            self.encoder = make("encoder", encoder, shape, heads, seed=3 * self.seed + 2)
        self._check_networks()
        self.discriminator_optimizer = own_optimizer("discriminator_optimizer", discriminator_optimizer)
        self.encoder_optimizer = own_optimizer("encoder_optimizer", encoder_optimizer)
        self.build()

    def _check_networks(self):
        found = tuple(self.generator.input.shape[1:]), tuple(self.generator.output.shape[1:])
        if found != ((self.num_latents,), self.observation_shape):
            raise UserError(
                f"The generator must make observations {self.observation_shape} of {self.num_latents} latents. "
                f"Received: one that makes {found[1]} of {found[0]}."
            )
        heads = self.encoder.output
        sizes = {name: head.shape[-1] for name, head in heads.items()} if isinstance(heads, dict) else {}
        if sizes != {"mean": self.num_latents, "scale": self.num_latents}:
            raise UserError(
                f"The encoder must return a dict with the heads 'mean' and 'scale' of {self.num_latents}. "
                f"Received: {sizes or type(heads).__name__}."
            )

    @property
    def loss_variables(self):
        """The variables of the generator."""
        return self.generator.trainable_variables

    @property
    def optimizers(self):
        return [self.optimizer, self.discriminator_optimizer, self.encoder_optimizer]

    def compile(self, optimizer="adam", **kwargs):
        """Takes the optimizer of the generator; the other two start afresh."""
        super().compile(optimizer, **kwargs)
        with self.distribute_strategy.scope():
            for name in ("discriminator", "encoder"):
                own = own_optimizer(f"{name}_optimizer", getattr(self, f"{name}_optimizer"))
                own.build(getattr(self, name).trainable_variables)
                setattr(self, f"{name}_optimizer", own)

    def check_pairs(self, data, pairs):
        super().check_pairs(data, pairs)
        if pairs.num_labels(data) != self.num_latents:
            raise UserError(
                f"num_latents must be the number of labels, {pairs.num_labels(data)} for {pairs!r} on {data.name}. "
                f"Received: {self.num_latents}."
            )
        if bool(pairs.label_shape(data)) != (self.supervision == "rank"):
            raise UserError(
                "supervision='rank' takes the labels of data.RankedFactors, and the others those of data.SharedFactor, "
                f"data.ChangedFactor or one's own. Received: supervision={self.supervision!r} with {pairs!r}."
            )

    def paired_codes(self, labels_like, stream):
        """Codes [B, D] of both observations of generated pairs, and their labels, as many as `labels_like` [B, ...]."""
        size = tf.shape(labels_like)[0]
        like = tf.zeros([size, self.num_latents])
        first, second = self.noise(like, stream), self.noise(like, stream + 1)
        if self.supervision == "rank":
            return first, second, tf.cast(first > second, tf.int64)
        normal = self.noise(tf.zeros([size]), stream + 2)
        uniform = 0.5 * tf.math.erfc(normal / -math.sqrt(2))
        labels = tf.minimum(tf.cast(uniform * self.num_latents, tf.int64), self.num_latents - 1)
        chosen = tf.one_hot(labels, self.num_latents, on_value=True, off_value=False)
        shared = chosen if self.supervision == "share" else ~chosen
        return first, tf.where(shared, first, second), labels

    def generate(self, codes, training=False):
        """Observations [B, ...] in [0, 1] of codes [B, D]."""
        return tf.sigmoid(tf.cast(self.generator(codes, training=training), tf.float32))

    def decode(self, codes):
        """Observations [B, ...] that codes [B, D] stand for: the generator's."""
        return self.generate(tf.cast(tf.convert_to_tensor(codes), tf.float32))

    def encode_mean(self, observations):
        return self.encoder(observations)["mean"]

    def call(self, observations, training=False):
        """What the generator makes of the codes of observations [B, ...]."""
        return self.decode(self.encode_mean(as_float(observations)))

    def losses(self, observations, labels, training=False):
        first_terms = self._discriminator_and_encoder_losses(observations, labels, training)
        return {"loss": self._generator_loss(labels, training), **first_terms}

    def _discriminator_and_encoder_losses(self, observations, labels, training):
        first, second, fake_labels = self.paired_codes(labels, stream=0)
        fakes = [tf.stop_gradient(self.generate(codes, training)) for codes in (first, second)]
        pairs = [tf.concat([observations[:, i], fakes[i]], axis=0) for i in (0, 1)]
        all_labels = tf.concat([tf.cast(labels, tf.int64), fake_labels], axis=0)
        real, fake = tf.split(self.discriminator([*pairs, all_labels], training=training), 2)
        heads = self.encoder(fakes[0], training=training)
        scale = tf.nn.softplus(heads["scale"]) + _LEAST_SCALE
        log_density = -0.5 * (tf.square((first - heads["mean"]) / scale) + math.log(2 * math.pi))
        return {
            "discriminator_loss": 0.5 * tf.reduce_mean(tf.nn.softplus(-real) + tf.nn.softplus(fake)),
            "encoder_loss": -tf.reduce_mean(tf.reduce_sum(log_density - tf.math.log(scale), axis=-1)),
        }

    def _generator_loss(self, labels, training):
        first, second, fake_labels = self.paired_codes(labels, stream=3)
        fakes = [self.generate(codes, training) for codes in (first, second)]
        return tf.reduce_mean(tf.nn.softplus(-self.discriminator([*fakes, fake_labels], training=training)))

    def train_step(self, data):
        """One update of discriminator and encoder on generated pairs, then one of the generator on fresh ones."""
        observations, labels = self.inputs(data)
        replicas = self.distribute_strategy.num_replicas_in_sync
        with tf.GradientTape(persistent=True) as tape:
            losses = self._discriminator_and_encoder_losses(observations, labels, training=True)
            objectives = {name: loss / replicas for name, loss in losses.items()}
        for name in ("discriminator", "encoder"):
            variables = getattr(self, name).trainable_variables
            loss = f"{name}_loss"
            gradients = tape.gradient(objectives[loss], variables)
            self.update(getattr(self, f"{name}_optimizer"), gradients, variables, losses[loss])
        with tf.GradientTape() as tape:
            losses["loss"] = self._generator_loss(labels, training=True)
            objective = losses["loss"] / replicas
        gradients = tape.gradient(objective, self.loss_variables)
        self.update(self.optimizer, gradients, self.loss_variables, losses["loss"])
        return self._track(losses)

    def get_config(self):
        optimizers = ("discriminator_optimizer", "encoder_optimizer")
        return {
            **super().get_config(),
            "num_latents": self.num_latents,
            "supervision": self.supervision,
            **{
                name: keras.saving.serialize_keras_object(getattr(self, name))
                for name in (*_NETWORKS, *optimizers)
            },
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for name in (*_NETWORKS, "discriminator_optimizer", "encoder_optimizer"):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return super().from_config(config)
