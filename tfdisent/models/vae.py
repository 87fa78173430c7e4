"""The variational autoencoder and the beta-VAE."""

import keras
import tensorflow as tf

from tfdisent import networks, objectives
from tfdisent.errors import UserError
from tfdisent.models.autoencoder import Autoencoder

__all__ = ["VAE", "check_weight"]


@keras.saving.register_keras_serializable("tfdisent")
class VAE(Autoencoder):
    """The beta-VAE; with beta = 1, the VAE.

    Minimises E[cost(x, dec(z))] + beta * KL(q(z|x) || N(0, I)) with z = mean + exp(log_var / 2) * noise, one noise
    per observation and step. The KL is summed over latents and averaged over the batch, in nats.

    Args:
        beta: weight of the KL term, 0 or larger. What it weighs depends on the reduction of the cost: see the table of
            conventions in the README.
        Others: as `Autoencoder`.

    References: Kingma & Welling 2014; Higgins et al. 2017, eq. (4); Zietlow's thesis, eqs. (2.4)-(2.6).
    """

    terms = ("loss", "reconstruction", "kl")

    def __init__(
        self,
        observation_shape,
        num_latents=10,
        encoder=networks.conv_encoder,
        decoder=networks.deconv_decoder,
        reconstruction="bernoulli",
        output="sigmoid",
        beta=1.0,
        *,
        seed=0,
        dtype=None,
        name=None,
    ):
        super().__init__(
            observation_shape,
            num_latents,
            encoder,
            decoder,
            reconstruction,
            output,
            seed=seed,
            dtype=dtype,
            name=name,
        )
        self.beta = check_weight("beta", beta)

    @staticmethod
    def head_sizes(num_latents):
        return {"mean": num_latents, "log_var": num_latents}

    def encode(self, observations):
        """Mean [B, D] and logarithm of the variance [B, D] of the posterior."""
        heads = self.encoder(observations)
        return heads["mean"], heads["log_var"]

    def posterior(self, observations, batch_size=256):
        """Mean and logarithm of the variance of each latent, two numpy arrays [N, D]."""
        return self.in_batches(self.marginals, observations, batch_size)

    def marginals(self, observations):
        """Mean [B, D] and logarithm of the variance [B, D] of each latent by itself."""
        return self.encode(observations)

    def sample(self, mean, log_var):
        """One code [B, D] a posterior, with the noise of this step."""
        return objectives.reparameterise(mean, log_var, self.noise(mean))

    def kl(self, mean, log_var):
        """Divergence [B] of each posterior from the standard normal, in nats."""
        return objectives.diagonal_kl(mean, log_var)

    def losses(self, observations, training=False):
        posterior = self.encode(observations)
        reconstruction = tf.reduce_mean(self.reconstruction_cost(observations, self.sample(*posterior)))
        kl = tf.reduce_mean(self.kl(*posterior))
        return {"loss": reconstruction + self.beta * kl, "reconstruction": reconstruction, "kl": kl}

    def get_config(self):
        return {**super().get_config(), "beta": self.beta}


def check_weight(name, value):
    """The weight of a loss term as a float; UserError when it is no number, or negative."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value < float("inf"):
        raise UserError(f"{name} must be a number, 0 or larger. Received: {value!r}.")
    return float(value)
