"""Penalties on the covariance of codes."""

import tensorflow as tf

from tfdisent.objectives.precision import check_batch, tensors, weight

__all__ = ["covariance_penalty", "posterior_covariance"]


def posterior_covariance(mean, log_var=None):
    """Covariance matrix of the aggregated posterior on a batch, divided by B.

    Args:
        mean: [B, D], means of the posteriors.
        log_var: [B, D], their log variances; without them, the covariance of the means alone.

    Returns:
        [D, D].

    Raises:
        UserError: for a batch of one, and for shapes that do not belong together.

    References: Kumar et al. 2018, eq. (5) and the paragraphs that follow; disentanglement_lib, where the covariance is
    biased, too.
    """
    if log_var is None:
        (mean,) = tensors(mean=(mean, "B D"))
    else:
        mean, log_var = tensors(mean=(mean, "B D"), log_var=(log_var, "B D"))
    check_batch("A covariance", mean)
    centred = mean - tf.reduce_mean(mean, axis=0)
    covariance = tf.matmul(centred, centred, transpose_a=True) / tf.cast(tf.shape(mean)[0], mean.dtype)
    if log_var is None:
        return covariance
    return covariance + tf.linalg.diag(tf.reduce_mean(tf.exp(log_var), axis=0))


def covariance_penalty(covariance, lambda_od, lambda_d):
    """Squared deviation of a covariance matrix from the identity.

    lambda_od * sum over i != j of C_ij^2 + lambda_d * sum over i of (C_ii - 1)^2.

    Args:
        covariance: [D, D].
        lambda_od: weight of the entries off the diagonal.
        lambda_d: weight of those on it.

    Returns:
        Scalar.

    Raises:
        UserError: for what is no square matrix, and for a negative weight.

    References: Kumar et al. 2018, eqs. (6), (7).
    """
    (covariance,) = tensors(covariance=(covariance, "D D"))
    lambda_od, lambda_d = weight("lambda_od", lambda_od), weight("lambda_d", lambda_d)
    diagonal = tf.linalg.diag_part(covariance)  # [D]
    off_diagonal = tf.linalg.set_diag(covariance, tf.zeros_like(diagonal))
    return lambda_od * tf.reduce_sum(off_diagonal**2) + lambda_d * tf.reduce_sum((diagonal - 1.0) ** 2)
