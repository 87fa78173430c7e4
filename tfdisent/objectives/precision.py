"""The dtype in which objectives are computed."""

import tensorflow as tf

__all__ = ["at_least_float32"]


def at_least_float32(*tensors):
    """The tensors in one dtype: float64 if any of them is float64, else float32."""
    tensors = [tf.convert_to_tensor(tensor) for tensor in tensors]
    dtype = tf.float64 if any(tensor.dtype == tf.float64 for tensor in tensors) else tf.float32
    return [tf.cast(tensor, dtype) for tensor in tensors]
