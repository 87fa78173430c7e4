"""How objectives take their tensors: shapes by the project's letters, numbers in float32 or float64."""

import numpy as np
import tensorflow as tf

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["check_batch", "tensors", "weight"]


def tensors(**given):
    """The tensors in one dtype: float64 if any of them is float64, else float32.

        mean, log_var = tensors(mean=(mean, "B D"), log_var=(log_var, "B D"))

    Only static shapes are looked at: a size that is unknown in a graph fits, and nothing is checked when it runs.
    Numbers that are not finite pass.

    Args:
        given: for the name of each argument its value, its shape in letters as `checks.shape` takes them, and, unless
            it holds real numbers, "truth" (truth values or numbers, returned as bool) or "whole" (whole numbers, in the
            dtype that they have).

    Returns:
        list of tensors.

    Raises:
        UserError: for what is no such tensor; names the argument, its letters, and the sizes that those before it have.
    """
    sizes, found = {}, {}
    for name, (value, letters, *kind) in given.items():
        found[name] = _converted(name, value, letters, kind[0] if kind else "real", sizes)
    real = [name for name, each in given.items() if len(each) == 2]
    dtype = tf.float64 if any(found[name].dtype == tf.float64 for name in real) else tf.float32
    return [tf.cast(tensor, dtype) if name in real else tensor for name, tensor in found.items()]


def weight(name, value, least=0):
    """A weight as a float, or as it is where it is a scalar tensor, whose value may change from step to step.

    Raises:
        UserError: for what is no finite number within the bounds, or no scalar tensor.
    """
    if not tf.is_tensor(value) and not hasattr(value, "__tf_tensor__") and not isinstance(value, tf.Variable):
        return checks.number(name, value, least=least)
    converted = tf.convert_to_tensor(value)
    if not (converted.dtype.is_floating or converted.dtype.is_integer) or converted.shape.rank not in (
        0,
        None,
    ):
        raise UserError(
            f"{name} must be a number or a scalar tensor. "
            f"Received: shape {converted.shape} and dtype {converted.dtype.name}."
        )
    return value


def check_batch(what, tensor):
    """Refuses a batch of one; `what` is the statistic that needs more."""
    if tensor.shape[0] == 1:
        raise UserError(
            f"{what} is a statistic of a batch; take batch_size=2 or more. Received: a batch of 1."
        )


def _converted(name, value, letters, kind, sizes):
    shape = f"[{', '.join(letters.replace('!', '').split())}]"
    try:
        tensor = tf.convert_to_tensor(value)
    except (TypeError, ValueError, OverflowError, tf.errors.InvalidArgumentError) as error:
        raise UserError(
            f"{name} must be a tensor {shape} of numbers. Received: {checks.shown(value)}."
        ) from error
    if np.ma.is_masked(value):
        raise UserError(f"{name} must be a tensor in which no number is masked. Received: a masked array.")
    dtype = tensor.dtype
    if not (
        dtype.is_integer or (kind != "whole" and dtype.is_floating) or (kind == "truth" and dtype.is_bool)
    ):
        received = checks.shown(value) if tensor.shape.rank == 0 else f"dtype {dtype.name}"
        numbers = {"real": "real numbers", "whole": "whole numbers", "truth": "truth values"}[kind]
        raise UserError(f"{name} must be a tensor {shape} of {numbers}. Received: {received}.")
    if tensor.shape.rank is None and "..." not in letters:
        tensor = tf.ensure_shape(tensor, [None] * len(letters.split()))
    if tensor.shape.rank is not None:
        checks.shape(name, tuple(tensor.shape), letters, sizes, value, what="a tensor")
    return tf.cast(tensor, tf.bool) if kind == "truth" else tensor
