"""The DIP-VAE: disentangled inferred prior."""

import keras
import tensorflow as tf

from tfdisent import checks, objectives
from tfdisent.models.gaussian import GaussianAutoencoder, check_weight

__all__ = ["DIPVAE"]


@keras.saving.register_keras_serializable("tfdisent")
class DIPVAE(GaussianAutoencoder):
    """A VAE that keeps the covariance of its codes at the identity.

    Minimises E[cost(x, dec(z))] + KL(q(z|x) || N(0, I)) + lambda_od * sum over i != j of C_ij^2 + lambda_d * sum over i
    of (C_ii - 1)^2 with lambda_d = lambda_d_factor * lambda_od, where C is the covariance of the posterior means over
    the global batch (type i), or of the codes (type ii).

    Args:
        lambda_od: weight of the entries off the diagonal.
        lambda_d_factor: by how much more those on the diagonal weigh.
        dip_type: "i" or "ii".
        Others: as `Autoencoder`.

    References: Kumar et al. 2018, eqs. (6), (7); `dip_vae` of disentanglement_lib.
    """

    terms = ("loss", "reconstruction", "kl", "covariance")
    disentanglement_lib_name = "dip_vae"
    disentanglement_lib_settings = ("lambda_od", "lambda_d_factor", "dip_type")
    least_batch_size = 2

    def __init__(self, observation_shape, *, lambda_od, lambda_d_factor, dip_type="i", **kwargs):
        super().__init__(observation_shape, **kwargs)
        self.lambda_od = check_weight("lambda_od", lambda_od)
        self.lambda_d_factor = check_weight("lambda_d_factor", lambda_d_factor)
        self.dip_type = checks.choice("dip_type", dip_type, ("i", "ii"))

    def losses(self, observations, training=False):
        (mean, log_var), _, reconstruction = self.autoencode(observations)
        kl = tf.reduce_mean(self.kl(mean, log_var))
        batch = [self.gather(mean)] if self.dip_type == "i" else [self.gather(mean), self.gather(log_var)]
        penalty = objectives.covariance_penalty(
            objectives.posterior_covariance(*batch), self.lambda_od, self.lambda_d_factor * self.lambda_od
        )
        return {
            "loss": reconstruction + kl + penalty,
            "reconstruction": reconstruction,
            "kl": kl,
            "covariance": penalty,
        }

    def get_config(self):
        return {
            **super().get_config(),
            "lambda_od": self.lambda_od,
            "lambda_d_factor": self.lambda_d_factor,
            "dip_type": self.dip_type,
        }
