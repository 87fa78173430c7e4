"""What every model with a diagonal Gaussian posterior shares."""

import tensorflow as tf

from tfdisent import checks, objectives
from tfdisent.errors import UserError
from tfdisent.models.autoencoder import Autoencoder

__all__ = ["GaussianAutoencoder", "check_dataset_size", "check_weight", "known_dataset_size"]


class GaussianAutoencoder(Autoencoder):
    """An autoencoder whose encoder gives q(z|x) = N(mean, diag(exp(log_var))).

    A subclass adds `losses`, `terms` and its weights. Arguments: as `Autoencoder`.
    """

    @staticmethod
    def head_sizes(num_latents):
        return {"mean": num_latents, "log_var": num_latents}

    def encode(self, observations):
        """Mean [B, D] and logarithm of the variance [B, D] of the posterior."""
        heads = self.encoder(observations)
        return heads["mean"], heads["log_var"]

    def posterior(self, observations, batch_size=64):
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

    def autoencode(self, observations):
        """The posterior's parameters, one code [B, D] of each, and the mean reconstruction cost of these codes."""
        posterior = self.encode(observations)
        codes = self.sample(*posterior)
        return posterior, codes, tf.reduce_mean(self.reconstruction_cost(observations, codes))


def check_weight(name, value):
    """The weight of a loss term as a float; UserError when it is no number, or negative."""
    return checks.number(name, value, least=0)


def check_dataset_size(value):
    """The number of training observations; None where `training.train` is to fill it in."""
    return value if value is None else checks.whole_number("dataset_size", value, least=1)


def known_dataset_size(given, found, batch_size):
    """The size given, or else the one found; UserError where there is none, or it is smaller than the batch."""
    size = found if given is None else given
    if size is None:
        raise UserError("The data have no end; give dataset_size, the number N in the estimate of q(z).")
    if size < batch_size:
        raise UserError(f"dataset_size must be at least the batch_size of {batch_size}. Received: {size}.")
    return size
