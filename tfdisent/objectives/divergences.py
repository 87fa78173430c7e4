"""Kullback-Leibler divergences from a Gaussian posterior to the standard normal prior."""

import tensorflow as tf

from tfdisent.objectives.precision import tensors

__all__ = ["diagonal_kl", "full_kl", "polarized_kl"]


def diagonal_kl(mean, log_var):
    """KL(N(mean, diag(exp(log_var))) || N(0, I)), summed over the latents.

    Args:
        mean: [B, D].
        log_var: [B, D], log variances.

    Returns:
        [B], nats.

    Raises:
        UserError: for shapes that do not belong together.

    References: Zietlow's thesis, eq. (2.6); Kingma & Welling 2014, appendix B.
    """
    mean, log_var = tensors(mean=(mean, "B D"), log_var=(log_var, "B D"))
    # expm1 keeps the digits that exp(log_var) - 1 loses where the posterior is close to the prior.
    return 0.5 * tf.reduce_sum(tf.square(mean) + tf.math.expm1(log_var) - log_var, axis=-1)


def full_kl(mean, scale_tril):
    """KL(N(mean, L L^T) || N(0, I)) for a lower triangular factor L with a positive diagonal.

    The trace of L L^T is the sum of all squared entries of L; its log-determinant is twice the sum of the
    logarithms of L's diagonal.

    Args:
        mean: [B, D].
        scale_tril: [B, D, D], the factor L; zero above the diagonal.

    Returns:
        [B], nats.

    Raises:
        UserError: for shapes that do not belong together.

    References: Zietlow's thesis, eq. (3.30).
    """
    mean, scale_tril = tensors(mean=(mean, "B D"), scale_tril=(scale_tril, "B D D"))
    diagonal = tf.linalg.diag_part(scale_tril)  # [B, D]
    trace = tf.reduce_sum(tf.square(scale_tril), axis=[-2, -1])
    return 0.5 * (trace + tf.reduce_sum(tf.square(mean) - 2.0 * tf.math.log(diagonal) - 1.0, axis=-1))


def polarized_kl(mean, log_var, active):
    """The KL divergence in the polarized regime: 1/2 sum over active latents of (mean^2 - log_var - 1).

    Passive latents (posterior close to the prior) count nothing; of active ones the variance itself is
    dropped. So `diagonal_kl` - `polarized_kl` = 1/2 (sum of the active variances) + the KL of the passive
    latents, exactly.

    Args:
        mean: [B, D].
        log_var: [B, D], log variances.
        active: [D], true (or 1) where the latent is active.

    Returns:
        [B], nats.

    Raises:
        UserError: for shapes that do not belong together.

    References: Zietlow's thesis, eq. (3.5).
    """
    mean, log_var, active = tensors(
        mean=(mean, "B D"), log_var=(log_var, "B D"), active=(active, "D", "truth")
    )
    terms = 0.5 * (tf.square(mean) - log_var - 1.0)  # [B, D]
    return tf.reduce_sum(tf.where(active, terms, tf.zeros_like(terms)), axis=-1)
