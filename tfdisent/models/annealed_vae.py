"""The annealed VAE: a controlled capacity increase."""

import keras
import tensorflow as tf

from tfdisent import checks
from tfdisent.models.gaussian import GaussianAutoencoder, check_weight

__all__ = ["AnnealedVAE"]


@keras.saving.register_keras_serializable("tfdisent")
class AnnealedVAE(GaussianAutoencoder):
    """A VAE whose KL term is drawn to a capacity that grows with the steps.

    Minimises E[cost(x, dec(z))] + gamma * |KL(q(z|x) || N(0, I)) - C|, the KL averaged over the global batch, with
    C = c_max * min(1, step / iteration_threshold).

    Args:
        gamma: weight of the distance from the capacity.
        c_max: final capacity, nats.
        iteration_threshold: steps until the capacity is final.
        Others: as `Autoencoder`.

    References: Burgess et al. 2018, eq. (8); `annealed_vae` of disentanglement_lib.
    """

    terms = ("loss", "reconstruction", "kl", "capacity")
    disentanglement_lib_name = "annealed_vae"
    disentanglement_lib_settings = ("gamma", "c_max", "iteration_threshold")

    def __init__(self, observation_shape, *, gamma, c_max, iteration_threshold, **kwargs):
        super().__init__(observation_shape, **kwargs)
        self.gamma = check_weight("gamma", gamma)
        self.c_max = check_weight("c_max", c_max)
        checks.number("iteration_threshold", iteration_threshold, above=0)
        self.iteration_threshold = iteration_threshold

    def losses(self, observations, training=False):
        posterior, _, reconstruction = self.autoencode(observations)
        kl = tf.reduce_mean(self.gather(self.kl(*posterior)))
        capacity = self.c_max * tf.minimum(1.0, tf.cast(self.step, tf.float32) / self.iteration_threshold)
        return {
            "loss": reconstruction + self.gamma * tf.abs(kl - capacity),
            "reconstruction": reconstruction,
            "kl": kl,
            "capacity": capacity,
        }

    def get_config(self):
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "c_max": self.c_max,
            "iteration_threshold": self.iteration_threshold,
        }
