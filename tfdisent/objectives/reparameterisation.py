"""Samples of a Gaussian posterior as a differentiable function of its parameters and of noise."""

import math

import numpy as np
import tensorflow as tf

from tfdisent.errors import UserError
from tfdisent.objectives.precision import tensors

__all__ = ["reparameterise", "reparameterise_cholesky", "scale_tril_from_vector"]


def reparameterise(mean, log_var, noise):
    """A sample of N(mean, diag(exp(log_var))): mean + exp(log_var / 2) * noise.

    Args:
        mean: [B, D].
        log_var: [B, D], log variances.
        noise: [B, D], standard normal.

    Returns:
        [B, D].

    Raises:
        UserError: for shapes that do not belong together.

    References: Kingma & Welling 2014, eq. (10).
    """
    mean, log_var, noise = tensors(mean=(mean, "B D"), log_var=(log_var, "B D"), noise=(noise, "B D"))
    return mean + tf.exp(0.5 * log_var) * noise


def reparameterise_cholesky(mean, scale_tril, noise):
    """A sample of N(mean, L L^T): mean + L noise.

    Args:
        mean: [B, D].
        scale_tril: [B, D, D], the Cholesky factor L.
        noise: [B, D], standard normal.

    Returns:
        [B, D].

    Raises:
        UserError: for shapes that do not belong together.

    References: Zietlow's thesis, eq. (3.31).
    """
    mean, scale_tril, noise = tensors(
        mean=(mean, "B D"), scale_tril=(scale_tril, "B D D"), noise=(noise, "B D")
    )
    return mean + tf.linalg.matvec(scale_tril, noise)


def scale_tril_from_vector(vector):
    """The Cholesky factor L that D (D + 1) / 2 free real numbers stand for.

    Layout of the vector: the first D numbers are twice the logarithms of L's diagonal; the rest is the part below
    the diagonal, row by row: L[1, 0], L[2, 0], L[2, 1], L[3, 0], ... A vector of zeros is the identity. With
    the rest zero, L L^T is diagonal and the first D numbers are its log variances, so that an encoder starts and
    learns as that of a diagonal posterior.

    Args:
        vector: [B, D (D + 1) / 2].

    Returns:
        [B, D, D], lower triangular with a positive diagonal.

    Raises:
        UserError: if the length is not D (D + 1) / 2 for an integer D.

    References: Zietlow's thesis, Sec. 3.2.7.
    """
    (vector,) = tensors(vector=(vector, "B L!"))
    length = vector.shape[-1]
    size = (math.isqrt(8 * length + 1) - 1) // 2
    if size < 1 or size * (size + 1) // 2 != length:
        raise UserError(
            "A covariance factor of D latents needs D (D + 1) / 2 numbers: 1, 3, 6, 10, 15, ... "
            f"Received: {length} numbers"
        )
    places = np.full((size, size), length)  # where each entry of L stands in `entries`, whose last one is 0
    places[np.diag_indices(size)] = np.arange(size)
    places[np.tril_indices(size, -1)] = np.arange(size, length)
    zero = tf.zeros_like(vector[..., :1])
    entries = tf.concat([tf.exp(0.5 * vector[..., :size]), vector[..., size:], zero], axis=-1)
    return tf.gather(entries, places, axis=-1)  # [B, D, D]
