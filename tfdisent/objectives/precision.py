"""The dtype in which objectives are computed."""

import tensorflow as tf

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["at_least_float32"]


def at_least_float32(*tensors):
    """The tensors in one dtype: float64 if any of them is float64, else float32.

    Raises:
        UserError: for what is no tensor of real numbers.
    """
    tensors = [_converted(tensor) for tensor in tensors]
    dtype = tf.float64 if any(tensor.dtype == tf.float64 for tensor in tensors) else tf.float32
    return [tf.cast(tensor, dtype) for tensor in tensors]


def _converted(tensor):
    try:
        converted = tf.convert_to_tensor(tensor)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"An objective takes tensors of numbers. Received: {checks.shown(tensor)}."
        ) from error
    if not (converted.dtype.is_floating or converted.dtype.is_integer):
        raise UserError(
            f"An objective takes tensors of real numbers. Received: dtype {converted.dtype.name}."
        )
    return converted
