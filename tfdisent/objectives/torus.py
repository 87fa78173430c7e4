"""Codes on a torus: angles spread evenly over their circles, and kept from depending on each other."""

import math

import tensorflow as tf

from tfdisent import checks
from tfdisent.objectives.precision import check_batch, tensors, weight

__all__ = ["circular_correlation", "polar", "quantile_loss", "sliced_torus_distance", "spring_loss"]

_LEAST_SQUARE = 1e-6


def polar(x, y):
    """Polar coordinates of points in planes.

    The gradient of the angle, (x dy - y dx) / r^2, has no limit at the origin; below r = 10^-3 its r^2 is taken as
    10^-6, so that it is at most 1000 and zero at the origin.

    Args:
        x, y: [...], of one shape.

    Returns:
        (radius_squared, angle), [...] each; the angle in radians, in [-pi, pi], 0 at the origin.

    Raises:
        UserError: for shapes that differ.

    References: Mikulski & Duda, Toroidal AutoEncoder, eq. (1) and footnote 1.
    """
    x, y = tensors(x=(x, "..."), y=(y, "..."))
    radius_squared = x**2 + y**2
    still_x, still_y = tf.stop_gradient(x), tf.stop_gradient(y)
    # Zero, with the gradient of the angle.
    turn = (still_x * y - still_y * x) / tf.stop_gradient(tf.maximum(radius_squared, _LEAST_SQUARE))
    return radius_squared, tf.stop_gradient(tf.math.atan2(y, x)) + turn


def spring_loss(angles):
    """Energy of springs between neighbours on each circle: the sum of the squared gaps between sorted angles.

    It is least at equal spacing, where it is d 4 pi^2 / S. Independent uniform angles give d 8 pi^2 / (S + 1) in the
    mean. Along a circle the gradient is 2 (2 phi_s - phi_(s-1) - phi_(s+1)), also across the cut. Angles that are equal
    keep the order of the batch.

    Args:
        angles: [S, d], radians, modulo 2 pi.

    Returns:
        Scalar, squared radians, summed over the S angles and the d circles.

    Raises:
        UserError: for a batch of one.

    References: Mikulski & Duda, Toroidal AutoEncoder, eq. (2).
    """
    (angles,) = tensors(angles=(angles, "S d"))
    check_batch("The spring loss", angles)
    ordered = _sorted(tf.math.floormod(angles + math.pi, 2 * math.pi))  # [d, S]
    gaps = tf.concat([ordered[:, 1:], ordered[:, :1] + 2 * math.pi], axis=1) - ordered
    return tf.reduce_sum(gaps**2)


def quantile_loss(values, mean=1.0, stddev=0.1):
    """Squared distances of the sorted values from the quantiles of a normal distribution.

    The quantiles are those of (s - 1/2) / S for s = 1, ..., S.

    Args:
        values: [S, d].
        mean, stddev: of the distribution.

    Returns:
        Scalar, in squared units of the values, summed over S and d.

    Raises:
        UserError: for a batch of one, and for a standard deviation that is not positive.

    References: Mikulski & Duda, Toroidal AutoEncoder, eqs. (3), (4), (5).
    """
    (values,) = tensors(values=(values, "S d"))
    check_batch("The quantile loss", values)
    mean, stddev = weight("mean", mean, least=None), checks.number("stddev", stddev, above=0)
    count = tf.shape(values)[0]
    places = (tf.cast(tf.range(count), values.dtype) + 0.5) / tf.cast(count, values.dtype)
    quantiles = mean + stddev * tf.math.ndtri(places)  # [S]
    return tf.reduce_sum((_sorted(values) - quantiles) ** 2)


def circular_correlation(angles):
    """How far the expected products of angles are from the products of their expectations, on the circle.

    With u_i = (cos phi_i, sin phi_i) it is the sum over the pairs i < j of |E[u_i u_j^T] - E[u_i] E[u_j]^T|^2, four
    numbers a pair. It is blind to the origin of each circle. For independent uniform angles it is d (d - 1) / 2 times
    about 1 / S; for two uniform angles that are equal it is 1/2.

    Args:
        angles: [S, d], radians.

    Returns:
        Scalar, without unit; 0 for d = 1.

    Raises:
        UserError: for a batch of one.

    References: Mikulski & Duda, Toroidal AutoEncoder, Sec. 5 (in words).
    """
    (angles,) = tensors(angles=(angles, "S d"))
    check_batch("The circular correlation", angles)
    points = tf.stack([tf.cos(angles), tf.sin(angles)], axis=-1)  # [S, d, 2]
    points -= tf.reduce_mean(points, axis=0)
    count = tf.cast(tf.shape(angles)[0], angles.dtype)
    covariances = tf.einsum("sia,sjb->ijab", points, points) / count
    squares = tf.reduce_sum(covariances**2, axis=[2, 3])  # [d, d]
    return (tf.reduce_sum(squares) - tf.linalg.trace(squares)) / 2.0


def sliced_torus_distance(angles, uniform, directions):
    """Squared sliced Wasserstein distance between angles and uniform ones, on the torus in R^2d.

    Angles become the points (cos phi_i, sin phi_i); both samples are projected on every direction, sorted, and compared
    place by place. The mean over the directions is returned; averaged over all of them it is zero only for
    equal samples.

    Args:
        angles: [S, d], radians.
        uniform: [S, d], independent draws from the uniform distribution.
        directions: [P, 2d], of any length: normal draws, say.

    Returns:
        Scalar, squared distance on unit circles.

    Raises:
        UserError: for a batch of one, and for shapes that do not belong together.

    References: Kolouri et al. 2019, Sliced Wasserstein Auto-Encoders, eq. (14); Mikulski & Duda, Sec. 5.
    """
    angles, uniform, directions = tensors(
        angles=(angles, "S d"), uniform=(uniform, "S d"), directions=(directions, "P 2d")
    )
    check_batch("The sliced distance", angles)
    directions = tf.math.l2_normalize(directions, axis=-1)
    projected = [
        _sorted(tf.matmul(tf.concat([tf.cos(each), tf.sin(each)], axis=1), directions, transpose_b=True))
        for each in (angles, uniform)
    ]  # [P, S]
    return tf.reduce_mean((projected[0] - projected[1]) ** 2)


def _sorted(values):
    """The columns of [S, d], each in rising order: [d, S]; equal values keep their order."""
    columns = tf.transpose(values)
    return tf.gather(columns, tf.argsort(columns, stable=True), batch_dims=1)
