"""The FactorVAE."""

import keras
import tensorflow as tf

from tfdisent import checks, objectives
from tfdisent.models.adversarial import AdversarialAutoencoder
from tfdisent.models.gaussian import check_weight

__all__ = ["FactorVAE"]


@keras.saving.register_keras_serializable("tfdisent")
class FactorVAE(AdversarialAutoencoder):
    """A VAE that pays for the total correlation of its codes, as a discriminator estimates it.

    Minimises E[cost(x, dec(z))] + KL(q(z|x) || N(0, I)) + gamma * KL(q(z) || prod_d q_d(z_d)). The discriminator tells
    the codes of a batch from the same codes with each latent shuffled by itself (Kim & Mnih shuffle a second batch;
    disentanglement_lib and this class the same one).

    Args:
        gamma: weight of the total correlation.
        halved_updates: take half as many updates as the steps asked for, as disentanglement_lib does, where both
            optimizers advance the counter of steps: 300,000 steps there are 150,001 updates.
        Others: as `AdversarialAutoencoder` and `Autoencoder`.

    References: Kim & Mnih 2018, eq. (2) and Algorithm 2; `factor_vae` of disentanglement_lib.
    """

    terms = ("loss", "reconstruction", "kl", "total_correlation", "discriminator_loss")
    disentanglement_lib_name = "factor_vae"
    disentanglement_lib_settings = ("gamma",)

    def __init__(self, observation_shape, *, gamma, halved_updates=False, **kwargs):
        super().__init__(observation_shape, **kwargs)
        self.gamma = check_weight("gamma", gamma)
        self.halved_updates = checks.truth("halved_updates", halved_updates)

    def num_updates(self, steps):
        return steps // 2 + 1 if self.halved_updates else steps

    def losses(self, observations, training=False):
        posterior, codes, reconstruction = self.autoencode(observations)
        codes = self.gather(codes)
        (discriminator,) = self.discriminators
        shuffled = objectives.permute_codes(codes, self.step_seed(stream=1))
        logits, permuted = self.discriminate(discriminator, codes, shuffled)
        kl = tf.reduce_mean(self.kl(*posterior))
        total_correlation = objectives.density_ratio_kl(logits)
        return {
            "loss": reconstruction + kl + self.gamma * total_correlation,
            "reconstruction": reconstruction,
            "kl": kl,
            "total_correlation": total_correlation,
            "discriminator_loss": objectives.density_ratio_loss(logits, permuted),
        }

    def get_config(self):
        return {**super().get_config(), "gamma": self.gamma, "halved_updates": self.halved_updates}
