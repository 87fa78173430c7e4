"""Models trained against discriminators: two optimizers, one step."""

import keras
import tensorflow as tf

from tfdisent import checks, networks
from tfdisent.errors import UserError
from tfdisent.models.gaussian import GaussianAutoencoder
from tfdisent.models.optimizers import own_optimizer
from tfdisent.networks.building import made_network

__all__ = ["AdversarialAutoencoder", "discriminator_adam"]


def discriminator_adam():
    """The optimizer of the discriminators in both papers: Adam(1e-4, 0.5, 0.9) with epsilon 1e-8.

    References: Kim & Mnih 2018, appendix A; Gaujac, Feige & Barber 2020, Table 4.
    """
    return keras.optimizers.Adam(1e-4, 0.5, 0.9, epsilon=1e-8)


class AdversarialAutoencoder(GaussianAutoencoder):
    """A Gaussian autoencoder with divergences that discriminators estimate.

    A subclass sets `num_discriminators`, and its `losses` returns "discriminator_loss" beside "loss". The
    discriminators see the codes of the global batch. Each step takes both gradients at the same weights and then
    updates encoder and decoder by the first, the discriminators by the second.

    Args:
        discriminator: a function `(num_latents, seed=, dtype=) -> keras.Model` from codes [B, D] to logits [B, 2], of
            which class 0 is the law in front; or such models, as many as `num_discriminators`.
        discriminator_optimizer: a Keras optimizer, or a function that makes one.
        Others: as `Autoencoder`.

    Raises:
        UserError: for discriminators or an optimizer that are none.
    """

    num_discriminators = 1
    least_batch_size = 2

    def __init__(
        self,
        observation_shape,
        *,
        discriminator=networks.dense_discriminator,
        discriminator_optimizer=discriminator_adam,
        **kwargs,
    ):
        self._given = lambda: discriminator  # hidden from Keras, which would track a list before the encoder
        super().__init__(observation_shape, **kwargs)
        self.discriminator_optimizer = own_optimizer("discriminator_optimizer", discriminator_optimizer)

    def add_networks(self):
        given = self._given()
        if isinstance(given, keras.Model):
            given = [given]
        if not isinstance(given, (list, tuple)):
            given = [
                made_network(
                    "discriminator", given, self.num_latents, seed=2 * self.seed + i, dtype=self.dtype_policy
                )
                for i in range(self.num_discriminators)
            ]
        if not all(isinstance(network, keras.Model) for network in given):
            raise UserError(
                f"discriminator must be a function that makes one, or {self.num_discriminators} keras.Model. "
                f"Received: {checks.shown(given)}."
            )
        shapes = [tuple(network.output.shape[1:]) for network in given]
        if shapes != [(2,)] * self.num_discriminators:
            raise UserError(
                f"{type(self).__name__} needs {self.num_discriminators} discriminators with outputs [B, 2]. "
                f"Received: {len(shapes)} with {shapes}."
            )
        self.discriminators = list(given)

    @property
    def discriminator_variables(self):
        """The variables that minimise "discriminator_loss"."""
        return [v for network in self.discriminators for v in network.trainable_variables]

    @property
    def loss_variables(self):
        others = {id(variable) for variable in self.discriminator_variables}
        return [variable for variable in self.trainable_variables if id(variable) not in others]

    @property
    def optimizers(self):
        return [self.optimizer, self.discriminator_optimizer]

    def compile(self, optimizer="adam", **kwargs):
        """Takes the optimizer of encoder and decoder; that of the discriminators starts afresh."""
        super().compile(optimizer, **kwargs)
        with self.distribute_strategy.scope():
            self.discriminator_optimizer = own_optimizer(
                "discriminator_optimizer", self.discriminator_optimizer
            )
            self.discriminator_optimizer.build(self.discriminator_variables)

    @staticmethod
    def discriminate(discriminator, codes, others):
        """Logits [B, 2] of two batches of codes, in one call, which reads the weights once."""
        return tf.split(discriminator(tf.concat([codes, others], axis=0)), 2)

    def train_step(self, observations):
        """One update of encoder and decoder, and one of the discriminators, from the same batch."""
        with tf.GradientTape(persistent=True) as tape:
            losses = self.losses_of(observations, training=True)
            replicas = self.distribute_strategy.num_replicas_in_sync
            objective, opposite = losses["loss"] / replicas, losses["discriminator_loss"] / replicas
        gradients = tape.gradient(objective, self.loss_variables)
        opposite_gradients = tape.gradient(opposite, self.discriminator_variables)
        both = losses["loss"] + losses["discriminator_loss"]
        self.update(self.optimizer, gradients, self.loss_variables, both)
        self.update(self.discriminator_optimizer, opposite_gradients, self.discriminator_variables, both)
        return self._track(losses)

    def get_config(self):
        return {
            **super().get_config(),
            "discriminator": [
                keras.saving.serialize_keras_object(network) for network in self.discriminators
            ],
            "discriminator_optimizer": keras.saving.serialize_keras_object(self.discriminator_optimizer),
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for name in ("discriminator", "discriminator_optimizer"):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return super().from_config(config)
