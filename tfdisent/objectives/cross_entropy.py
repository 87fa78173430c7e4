"""Cross-entropies and entropies of Gaussian posteriors."""

import math

import tensorflow as tf

from tfdisent import checks
from tfdisent.objectives.precision import tensors

__all__ = ["gaussian_entropy", "laplace_cross_entropy"]


def laplace_cross_entropy(mean_difference, variance, rate):
    """-E log Laplace(x; 0, 1 / rate) with x from N(mean_difference, variance), for each latent.

    With m the mean and s the standard deviation it is -log(rate / 2) + rate E|x|, where
    E|x| = s sqrt(2 / pi) exp(-m^2 / (2 s^2)) + m erf(m / (s sqrt 2)).

    Args:
        mean_difference: [..., D].
        variance: [..., D], above 0.
        rate: of the Laplace law, whose scale is 1 / rate; above 0.

    Returns:
        [..., D], nats.

    Raises:
        UserError: for shapes that do not belong together, and a rate that is none.

    References: Klindt et al. 2021, appendix (the closed form of their transition term).
    """
    rate = checks.number("rate", rate, above=0)
    mean, variance = tensors(mean_difference=(mean_difference, "... D"), variance=(variance, "... D"))
    scale = tf.sqrt(variance)
    ratio = mean / scale
    folded = scale * math.sqrt(2 / math.pi) * tf.exp(-0.5 * tf.square(ratio))
    folded += mean * tf.math.erf(ratio / math.sqrt(2))
    return rate * folded - math.log(rate / 2)


def gaussian_entropy(log_var):
    """Entropy of N(., diag(exp(log_var))): the sum over latents of (log_var + log(2 pi e)) / 2.

    Args:
        log_var: [..., D], log variances.

    Returns:
        [...], nats.
    """
    (log_var,) = tensors(log_var=(log_var, "... D"))
    return 0.5 * tf.reduce_sum(log_var + math.log(2 * math.pi * math.e), axis=-1)
