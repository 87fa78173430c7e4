"""How far a reconstruction is from its observation: one number per sample."""

import tensorflow as tf

from tfdisent.errors import UserError
from tfdisent.objectives.precision import tensors

__all__ = ["OUTSIDE_UNIT_INTERVAL", "bernoulli", "l1", "mean_squared_error", "squared_l2"]

OUTSIDE_UNIT_INTERVAL = "The bernoulli cost takes observations in [0, 1]"
_ROUNDING = 1e-6  # what resizing may add to 1


def _comparable(**given):
    """Both tensors [B, ...] in one dtype, and the axes of the features; raises `UserError` if the shapes differ."""
    targets, outputs = tensors(**{name: (value, "B ...") for name, value in given.items()})
    rank = targets.shape.rank
    return targets, outputs, tf.range(1, tf.rank(targets)) if rank is None else list(range(1, rank))


def bernoulli(targets, logits):
    """Cross-entropy of independent Bernoulli pixels, summed over all pixels and channels.

    For targets of 0 and 1 this is the negative log-likelihood. Targets between them are allowed, as in
    disentanglement_lib; its least value is then the summed entropy of the targets and not 0.

    Args:
        targets: [B, ...] in [0, 1].
        logits: [B, ...], before the sigmoid.

    Returns:
        [B], nats.

    Raises:
        UserError: if the shapes differ, or a target lies outside [0, 1], where the cost has no lower bound. Inside a
            graph the latter is a `tf.errors.InvalidArgumentError` that begins with `OUTSIDE_UNIT_INTERVAL`; a program
            compiled by XLA does not check it.

    References: Kingma & Welling 2014, eq. (11); `bernoulli_loss` of disentanglement_lib.
    """
    targets, logits, axes = _comparable(targets=targets, logits=logits)
    _check_unit_interval(targets)
    return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits), axis=axes)


def _check_unit_interval(targets):
    """Refuses targets outside [0, 1], NaN too."""
    inside = tf.reduce_all((targets >= -_ROUNDING) & (targets <= 1 + _ROUNDING))
    if not tf.executing_eagerly():
        tf.debugging.Assert(inside, [OUTSIDE_UNIT_INTERVAL, tf.reduce_min(targets), tf.reduce_max(targets)])
    elif not inside:
        low, high = float(tf.reduce_min(targets)), float(tf.reduce_max(targets))
        raise UserError(f"{OUTSIDE_UNIT_INTERVAL}. Received: values from {low:g} to {high:g}.")


def l1(targets, outputs):
    """Absolute error, summed over all features.

    Args:
        targets: [B, ...].
        outputs: [B, ...] in the units of the targets, for images after the sigmoid.

    Returns:
        [B], in the units of the targets.

    Raises:
        UserError: if the shapes differ.

    References: Gaujac, Feige & Barber 2020, Sec. 4.1.
    """
    targets, outputs, axes = _comparable(targets=targets, outputs=outputs)
    return tf.reduce_sum(tf.abs(targets - outputs), axis=axes)


def squared_l2(targets, outputs):
    """Squared error, summed over all features.

    Args:
        targets: [B, ...].
        outputs: [B, ...] in the units of the targets, for images after the sigmoid.

    Returns:
        [B], in squared units of the targets.

    Raises:
        UserError: if the shapes differ.

    References: Zietlow's thesis, eq. (3.6); `l2_loss` of disentanglement_lib.
    """
    targets, outputs, axes = _comparable(targets=targets, outputs=outputs)
    return tf.reduce_sum(tf.math.squared_difference(targets, outputs), axis=axes)


def mean_squared_error(targets, outputs):
    """Squared error, averaged over the P features of an observation: `squared_l2` / P.

    Training with it at beta is training with `squared_l2` at P * beta, where the loss is P times as large.
    The thesis does not say which of the two it used. With this one the linear synthetic row of its Table 3.3
    comes out (P = 3); with the sum the KL term is so weak that 600 epochs do not align the latents.

    Args:
        targets: [B, ...].
        outputs: [B, ...] in the units of the targets, for images after the sigmoid.

    Returns:
        [B], in squared units of the targets.

    Raises:
        UserError: if the shapes differ.

    References: Zietlow's thesis, eq. (3.6) up to the factor, Table 3.3.
    """
    targets, outputs, axes = _comparable(targets=targets, outputs=outputs)
    return tf.reduce_mean(tf.math.squared_difference(targets, outputs), axis=axes)
