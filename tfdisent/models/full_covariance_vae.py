"""The beta-VAE whose posterior has a full covariance matrix: the control experiment of Zietlow's thesis."""

import keras
import tensorflow as tf

from tfdisent import objectives
from tfdisent.models.vae import VAE

__all__ = ["FullCovarianceVAE"]


@keras.saving.register_keras_serializable("tfdisent")
class FullCovarianceVAE(VAE):
    """A beta-VAE with posterior N(mean, L L^T), L lower triangular with a positive diagonal.

    Its objective does not change when the latent space is rotated, so no axis is special: the thesis shows with it
    that the diagonal posterior is what aligns a VAE with the principal directions.

    The encoder's second head has the D log squares of the diagonal of L and the D (D - 1) / 2 entries below it.

    References: Zietlow's thesis, Sec. 3.2.7, eqs. (3.30), (3.31).
    """

    @staticmethod
    def head_sizes(num_latents):
        return {"mean": num_latents, "scale": num_latents * (num_latents + 1) // 2}

    def encode(self, observations):
        """Mean [B, D] and Cholesky factor [B, D, D] of the covariance of the posterior."""
        heads = self.encoder(observations)
        return heads["mean"], objectives.scale_tril_from_vector(heads["scale"])

    def marginals(self, observations):
        mean, scale_tril = self.encode(observations)
        return mean, tf.math.log(tf.reduce_sum(scale_tril**2, axis=-1))

    def sample(self, mean, scale_tril):
        return objectives.reparameterise_cholesky(mean, scale_tril, self.noise(mean))

    def kl(self, mean, scale_tril):
        return objectives.full_kl(mean, scale_tril)
