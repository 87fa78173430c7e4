"""Divergences estimated by a discriminator, and the codes it is trained on."""

import tensorflow as tf

from tfdisent.objectives.precision import tensors

__all__ = ["density_ratio_kl", "density_ratio_loss", "permute_codes"]


def density_ratio_kl(logits):
    """KL(q || p) ~ E_q log D / (1 - D), from a discriminator's logits at draws from q.

    Exact in the mean where the discriminator is, that is where logit 0 - logit 1 = log q(z) / p(z).

    Args:
        logits: [B, 2]; class 0 means "drawn from q", class 1 "drawn from p".

    Returns:
        Scalar, nats.

    Raises:
        UserError: for logits of another shape.

    References: Gaujac, Feige & Barber 2020, eq. (11); Kim & Mnih 2018, eq. (3).
    """
    (logits,) = tensors(logits=(logits, "B 2"))
    return tf.reduce_mean(logits[:, 0] - logits[:, 1])


def density_ratio_loss(logits_q, logits_p):
    """What the discriminator of `density_ratio_kl` minimises: cross-entropy of the two classes, each weighing half.

    disentanglement_lib clips the probabilities to [1e-6, 1 - 1e-6]; here nothing is clipped.

    Args:
        logits_q: [B, 2], at draws from q.
        logits_p: [M, 2], at draws from p.

    Returns:
        Scalar, nats; log 2 for a discriminator that knows nothing.

    Raises:
        UserError: for logits of another shape.

    References: Kim & Mnih 2018, Algorithm 2.
    """
    logits_q, logits_p = tensors(logits_q=(logits_q, "B 2"), logits_p=(logits_p, "M 2"))
    log_q, log_p = tf.nn.log_softmax(logits_q), tf.nn.log_softmax(logits_p)
    return -0.5 * (tf.reduce_mean(log_q[:, 0]) + tf.reduce_mean(log_p[:, 1]))


def permute_codes(z, seed):
    """Shuffles each latent by itself over the batch: draws from the product of the marginals of q(z).

    A function of the seed and of the global batch, so it is the same on one replica or eight. Differentiable: each
    number of the result is a number of z.

    Args:
        z: [B, D], the codes of the global batch.
        seed: two integers, such as (seed, step).

    Returns:
        [B, D].

    Raises:
        UserError: for codes of another shape, and for a seed that is not two integers.

    References: Kim & Mnih 2018, Algorithm 1.
    """
    z, seed = tensors(z=(z, "B D"), seed=(seed, "2", "whole"))
    columns = tf.transpose(z)  # [D, B]
    keys = tf.random.stateless_uniform(tf.shape(columns), seed, minval=None, maxval=None, dtype=tf.int32)
    return tf.transpose(tf.gather(columns, tf.argsort(keys, axis=-1, stable=True), batch_dims=1))
