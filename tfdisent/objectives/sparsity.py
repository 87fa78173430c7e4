"""Few blocks of a code in use at a time."""

import tensorflow as tf

from tfdisent.objectives.precision import tensors

__all__ = ["group_sparsity"]

_LEAST_SQUARE = 1e-12


def group_sparsity(codes):
    """Norms over the blocks of each coordinate: sum_c sqrt(sum_b z_bc^2).

    The gradient is zero where a coordinate is zero in all blocks.

    Args:
        codes: [B, k, d0], k blocks of d0 coordinates.

    Returns:
        [B], in units of the codes.

    Raises:
        UserError: for codes of another rank.

    References: a term in an early version of the authors' code of Newson & Traonmilin's atomic autoencoder, with weight
    1e-5; the paper has none.
    """
    (codes,) = tensors(codes=(codes, "B k d0"))
    squares = tf.reduce_sum(codes**2, axis=1)  # [B, d0]
    return tf.reduce_sum(tf.sqrt(squares + _LEAST_SQUARE) - _LEAST_SQUARE**0.5, axis=-1)
