"""Noise that takes information out of a code: functions of the code and of standard normal noise."""

import numpy as np
import tensorflow as tf
from scipy.special import ndtri

from tfdisent import checks
from tfdisent.objectives.precision import tensors

__all__ = ["STOCHASTIC_REGULARISERS", "check_rate", "stochastic_regularisation"]

STOCHASTIC_REGULARISERS = ("dropout", "unscaled_dropout", "gaussian_dropout", "gaussian_noise", "none")


def stochastic_regularisation(codes, noise, kind, rate):
    """SR(x) in training, one of

    * "gaussian_noise": x + r eps with eps ~ N(0, 1), so that r is a standard deviation;
    * "gaussian_dropout": x t with t ~ N(1, r / (1 - r));
    * "dropout": x m / (1 - r) with m ~ Bernoulli(1 - r), as Keras has it, whose mean is x;
    * "unscaled_dropout": x m, as the paper prints it, whose mean is (1 - r) x although SR is the identity afterwards;
    * "none": x.

    A mask keeps what the noise has above the quantile r, so that all kinds need the same draws.

    Args:
        codes: [B, ...], x.
        noise: [B, ...], standard normal.
        kind: as above.
        rate: r.

    Returns:
        [B, ...].

    Raises:
        UserError: for another kind, a rate out of its range, or shapes that differ.

    References: Sun, "Interpretable Style Swapping with a Symmetric Autoencoder", Sec. 2.2; Srivastava et al. 2014.
    """
    rate = check_rate(kind, rate)
    codes, noise = tensors(codes=(codes, "B ..."), noise=(noise, "B ..."))
    if kind == "none" or rate == 0.0:
        return codes
    if kind == "gaussian_noise":
        return codes + rate * noise
    if kind == "gaussian_dropout":
        return codes * (1.0 + np.sqrt(rate / (1.0 - rate)) * noise)
    kept = codes * tf.cast(noise >= ndtri(rate), codes.dtype)
    return kept / (1.0 - rate) if kind == "dropout" else kept


def check_rate(kind, rate):
    """The rate as a float; UserError for an unknown kind or a rate out of its range."""
    checks.choice("regulariser", kind, STOCHASTIC_REGULARISERS)
    if kind == "gaussian_noise":
        return checks.number("rate, a standard deviation,", rate, least=0)
    return checks.number(f"rate of {kind}", rate, least=0, below=1)
