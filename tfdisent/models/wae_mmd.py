"""The Wasserstein autoencoder with the maximum mean discrepancy."""

import keras

from tfdisent import objectives
from tfdisent.models.gaussian import check_weight
from tfdisent.models.wasserstein import WassersteinAutoencoder

__all__ = ["WAEMMD"]


@keras.saving.register_keras_serializable("tfdisent")
class WAEMMD(WassersteinAutoencoder):
    """The Wasserstein autoencoder whose codes are kept at the prior by the maximum mean discrepancy.

    Minimises E[cost(x, dec(z))] + weight * MMD(q(z), N(0, I)) with z drawn from the encoder and as many draws from the
    prior, fresh in each step.

    Args:
        weight: of the MMD, the paper's lambda.
        Others: as `WassersteinAutoencoder` and `Autoencoder`.

    References: Tolstikhin et al. 2018, Algorithm 2; Gaujac, Feige & Barber 2020, eq. (7).
    """

    terms = ("loss", "reconstruction", "mmd")

    def __init__(self, observation_shape, *, weight, **kwargs):
        super().__init__(observation_shape, **kwargs)
        self.weight = check_weight("weight", weight)

    def losses(self, observations, training=False):
        (_, log_var), codes, reconstruction = self.autoencode(observations)
        prior = self.noise(codes, stream=1)
        mmd = objectives.imq_mmd(self.gather(codes), self.gather(prior))
        penalty, terms = self.sigma_penalty(log_var)
        loss = reconstruction + self.weight * mmd + penalty
        return {"loss": loss, "reconstruction": reconstruction, "mmd": mmd, **terms}

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}
