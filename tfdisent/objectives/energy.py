"""The energy distance of two samples, and how far codes depend on the datapoint they come from."""

import tensorflow as tf

from tfdisent.objectives.precision import check_batch, tensors
from tfdisent.objectives.rows import map_rows

__all__ = ["energy_dependence", "energy_distance"]


def energy_distance(x, y):
    """mean |x - y| - mean |x - x'| / 2 - mean |y - y'| / 2, the means over all pairs, a point with itself included.

    Never negative, and 0 only for samples of one empirical law. It is half the quantity 2 E|X - Y| - E|X - X'| -
    E|Y - Y'|, whose root `scipy.stats.energy_distance` gives for numbers. Where two points coincide the gradient of
    their distance is taken as 0.

    Time grows as (N + M)^2 D; memory does not, beyond blocks of 2^20 numbers.

    Args:
        x: [N, D].
        y: [M, D].

    Returns:
        Scalar, in the unit of the points.

    Raises:
        UserError: for samples of other shapes.

    References: Sun, "Interpretable Style Swapping with a Symmetric Autoencoder", Definition 3; Szekely & Rizzo 2013.
    """
    x, y = tensors(x=(x, "N D!"), y=(y, "M D!"))
    return _mean_distance(x, y) - 0.5 * (_mean_distance(x, x) + _mean_distance(y, y))


def energy_dependence(codes):
    """J: the mean over datapoints of the energy distance between the codes of one and the codes of all.

    With M_ii' the mean distance between the codes of datapoints i and i', the mean over i of M_ii' - M_ii / 2 - M / 2,
    averaged over i', is half of (the mean distance over all pairs minus that over pairs of one datapoint); so it is
    computed. It is 0 if and only if every datapoint has the same set of codes (Remark 7).

    Factors: this is the sum of Definition 3 as printed, 1, -1/2, -1/2. The expanded formula of Sec. 4.2.4 has 2, -1, -1
    and is twice as large; the authors' code sums over datapoints where the paper averages, and is n_x times as large. A
    weight lambda of theirs is n_x lambda here.

    Args:
        codes: [n_x, n_tau, q], of all datapoints of the global batch.

    Returns:
        Scalar, in the unit of the codes.

    Raises:
        UserError: for codes of another rank, or a single datapoint, of which there is nothing to compare.

    References: Sun, "Interpretable Style Swapping with a Symmetric Autoencoder", Sec. 4.2.4 and eq. (9).
    """
    (codes,) = tensors(codes=(codes, "n_x n_tau! q!"))
    check_batch("The energy dependence of datapoints", codes)
    _, num_instances, dim = codes.shape
    everything = tf.reshape(codes, [-1, dim])
    within = map_rows(
        lambda bags: tf.reduce_mean(_distances(bags, bags), axis=[1, 2])[:, None],
        [codes],
        [],
        row_size=num_instances**2 * dim,
    )
    return 0.5 * (_mean_distance(everything, everything) - tf.reduce_mean(within))


def _mean_distance(x, y):
    """Mean over all pairs of |x_i - y_j|."""
    means = map_rows(
        lambda rows, others: tf.reduce_mean(_distances(rows, others), axis=1, keepdims=True),
        [x],
        [y],
        row_size=(y.shape[0] or 1024) * y.shape[-1],
    )
    return tf.reduce_mean(means)


def _distances(x, y):
    """|x_i - y_j|, [..., N, M], of points [..., N, D] and [..., M, D]; the gradient at 0 is 0."""
    squares = tf.reduce_sum((x[..., :, None, :] - y[..., None, :, :]) ** 2, axis=-1)
    apart = squares > 0
    return tf.where(apart, tf.sqrt(tf.where(apart, squares, tf.ones_like(squares))), tf.zeros_like(squares))
