"""The aggregated posterior estimated from a mini-batch, and the divergences that follow from it.

The aggregated posterior q(z) = 1/N sum_n q(z|x_n) runs over the whole data set; a mini-batch sees M of its N terms. The
batch is the global one: on several replicas, gather the codes first.
"""

import math

import tensorflow as tf

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.objectives.precision import check_batch, tensors
from tfdisent.objectives.rows import map_rows

__all__ = [
    "dimension_wise_kl",
    "minibatch_stratified",
    "minibatch_total_correlation",
    "minibatch_weighted",
    "total_correlation",
]

_LOG_2PI = math.log(2.0 * math.pi)


def minibatch_weighted(z, mean, log_var, dataset_size):
    """Minibatch-weighted estimate of the aggregated posterior and of the product of its marginals, at each code.

    log q(z_i) ~ log 1/(N M) sum_j q(z_i|x_j), and sum_d log q_d(z_id) ~ sum_d log 1/(N M) sum_j q(z_id|x_j).
    The estimate of a logarithm is low by log M where the posteriors do not overlap, up to log N where all are alike; so
    the total correlation comes out too high, by (D - 1) log N in the second case, and the dimension-wise KL too low,
    by D log N. N is a constant in it; the gradient does not depend on N.

    Time grows as B^2 D. Peak memory, with the gradient: about a dozen arrays of the larger of 2^20 and B D numbers,
    never [B, B, D]; 55 MiB measured at B = 4096, D = 64 in float32 (benchmarks/latent_terms.py).

    Args:
        z: [B, D], one code drawn from each posterior.
        mean: [B, D], means of the posteriors.
        log_var: [B, D], log variances.
        dataset_size: N, number of observations in the training set, at least B.

    Returns:
        log_qz [B] and log_qz_product [B], nats.

    Raises:
        UserError: for a batch of one, or a data set smaller than the batch.

    References: Gaujac, Feige & Barber 2020, eq. (10) (the average is over i, of the logarithm of the sum over j); Chen
    et al. 2018, eq. (3).
    """
    z, mean, log_var = _checked(z, mean, log_var)
    dataset_size = _checked_size(dataset_size, z)
    log_qz, log_qz_product = _log_sums(z, mean, log_var)
    constant = math.log(dataset_size) + _log_batch_size(z)
    return log_qz - constant, log_qz_product - z.shape[-1] * constant


def minibatch_stratified(z, mean, log_var, dataset_size):
    """Minibatch-stratified estimate of the aggregated posterior and of the product of its marginals.

    q(z_i) ~ sum_j w_ij q(z_i|x_j) with M = B - 1 and, in each row, w = 1/N for the observation that z_i was drawn
    from, (N - M)/(N M) for one other (the next in the batch), and 1/M for the rest; they sum to 1. The estimates of
    q(z) and of q_d(z_d) are unbiased, those of their logarithms are not.

    Time and memory as `minibatch_weighted`.

    Args:
        z: [B, D], one code drawn from each posterior.
        mean: [B, D], means of the posteriors.
        log_var: [B, D], log variances.
        dataset_size: N, number of observations in the training set, at least B. The batch is drawn from it without
            replacement.

    Returns:
        log_qz [B] and log_qz_product [B], nats.

    Raises:
        UserError: for a batch of one, or a data set smaller than the batch.

    References: Chen et al. 2018, appendix C.2, with the weight 1/N on the diagonal. (The code that accompanies that
    paper, and many that follow it, walks down the first column instead.)
    """
    z, mean, log_var = _checked(z, mean, log_var)
    dataset_size = _checked_size(dataset_size, z)
    return _log_sums(z, mean, log_var, dataset_size)


def minibatch_total_correlation(z, mean, log_var):
    """Total correlation as disentanglement_lib's beta-TCVAE estimates it: `minibatch_weighted` without its constants.

    It is lower than the `total_correlation` of `minibatch_weighted` by (D - 1) log(N M), so it is usually negative;
    the gradient is the same.

    Args:
        z: [B, D], one code drawn from each posterior.
        mean: [B, D], means of the posteriors.
        log_var: [B, D], log variances.

    Returns:
        Scalar, nats up to the constant.

    Raises:
        UserError: for a batch of one.

    References: `total_correlation` of disentanglement_lib; Chen et al. 2018, eq. (4).
    """
    z, mean, log_var = _checked(z, mean, log_var)
    return total_correlation(*_log_sums(z, mean, log_var))


def total_correlation(log_qz, log_qz_product):
    """KL(q(z) || prod_d q_d(z_d)), from both densities at codes drawn from q(z).

    Args:
        log_qz: [B], nats.
        log_qz_product: [B], nats.

    Returns:
        Scalar, nats.

    Raises:
        UserError: for shapes that do not belong together.

    References: Gaujac, Feige & Barber 2020, eqs. (1), (5). (Their eq. (2) has the inequality the wrong way round: the
    total correlation is never negative.)
    """
    log_qz, log_qz_product = tensors(log_qz=(log_qz, "B"), log_qz_product=(log_qz_product, "B"))
    return tf.reduce_mean(log_qz - log_qz_product)


def dimension_wise_kl(z, log_qz_product):
    """sum_d KL(q_d(z_d) || N(0, 1)), from the product of the marginals at codes drawn from q(z).

    Args:
        z: [B, D], the codes.
        log_qz_product: [B], sum_d log q_d(z_d), nats.

    Returns:
        Scalar, nats.

    Raises:
        UserError: for shapes that do not belong together.

    References: Gaujac, Feige & Barber 2020, eq. (5).
    """
    z, log_qz_product = tensors(z=(z, "B D"), log_qz_product=(log_qz_product, "B"))
    log_prior = -0.5 * tf.reduce_sum(tf.square(z) + _LOG_2PI, axis=-1)  # [B]
    return tf.reduce_mean(log_qz_product - log_prior)


def _log_sums(z, mean, log_var, dataset_size=None):
    """log sum_j w_ij q(z_i|x_j) [B] and sum_d log sum_j w_ij q(z_id|x_j) [B].

    The weights w are 1, or the stratified ones where the size of the data set is given.
    """

    def function(z, place, mean, log_var):  # [R, D], [R, 1], [D, B], [D, B]
        scaled = (z[:, :, None] - mean) * tf.exp(-0.5 * log_var)
        log_density = -0.5 * (tf.square(scaled) + log_var + _LOG_2PI)  # [R, D, B]
        joint = tf.reduce_sum(log_density, axis=1)  # [R, B]
        if dataset_size is not None:
            log_weights = _log_stratified_weights(place, tf.shape(mean)[-1], dataset_size)
            joint, log_density = joint + log_weights, log_density + log_weights[:, None, :]
        product = tf.reduce_sum(tf.reduce_logsumexp(log_density, axis=-1), axis=-1)
        return tf.stack([tf.reduce_logsumexp(joint, axis=-1), product], axis=-1)  # [R, 2]

    place = tf.cast(tf.range(tf.shape(z)[0]), z.dtype)[:, None]
    row_size = (z.shape[0] or 1024) * z.shape[1]
    sums = map_rows(function, [z, place], [tf.transpose(mean), tf.transpose(log_var)], row_size)
    return sums[:, 0], sums[:, 1]


def _log_stratified_weights(place, batch_size, dataset_size):
    """log w [R, B] of the rows that stand at `place` [R, 1] in the batch; the exponentials of each row sum to 1."""
    place = tf.convert_to_tensor(place)
    size, batch = tf.constant(dataset_size, place.dtype), tf.cast(batch_size, place.dtype)
    most = batch - 1.0  # M
    ahead = tf.math.floormod(
        tf.range(batch, dtype=place.dtype) - place, batch
    )  # 0 on the diagonal, 1 beside it
    weights = tf.where(ahead == 1.0, (size - most) / (size * most), 1.0 / most)
    return tf.math.log(tf.where(ahead == 0.0, 1.0 / size, weights))


def _log_batch_size(z):
    return tf.math.log(tf.cast(tf.shape(z)[0], z.dtype))


def _checked(z, mean, log_var):
    z, mean, log_var = tensors(z=(z, "B D!"), mean=(mean, "B D!"), log_var=(log_var, "B D!"))
    check_batch("Total correlation", z)
    return z, mean, log_var


def _checked_size(dataset_size, z):
    name = "dataset_size, the number of training observations,"
    size = checks.whole_number(name, dataset_size, least=1, most=10**15)
    if z.shape[0] is not None and size < z.shape[0]:
        raise UserError(
            f"dataset_size must be at least the {z.shape[0]} observations of the batch. Received: {size}."
        )
    return size
