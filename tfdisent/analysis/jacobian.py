"""Jacobians of a decoder, at a cost that grows with the latents and not with the pixels."""

import numpy as np
import tensorflow as tf

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["decoder_jacobians"]


def decoder_jacobians(decode, codes, batch_size=64):
    """The Jacobian of the decoder at each code.

    Forward mode: one pass for each of the D latents, where reverse mode needs one for each of the P outputs.
    The forward pass is had by differentiating backwards twice: the gradient for cotangents v, g(v) = J^T v,
    is linear in v, so the gradient of u . g(v) with respect to v is J u. It passes through each layer once,
    and all latents share the decoder's activations. For the 64x64 convolutional decoder with D = 10, tracing
    included, it is 1.7 times as fast as `tf.autodiff.ForwardAccumulator` and 240 times as fast as reverse mode,
    `tape.batch_jacobian` (2 cores; benchmarks/jacobian.py).

    Args:
        decode: differentiable function of TensorFlow operations from float32 [B, D] to outputs [B, ...], for
            example a model's `decode`, which gives mean images (after the sigmoid).
        codes: [N, D].
        batch_size: codes at a time; a batch needs the memory of about batch_size * D images and activations.

    Returns:
        [N, P, D], where P is the number of outputs per code (pixels times channels, row-major); the dtype is
        that of `decode`.

    Raises:
        UserError: if `codes` is not a matrix, or the outputs do not depend on the codes differentiably.

    References: Zietlow's thesis, Sec. 3.2.3 and 3.2.6, with the Jacobian taken at the mean code.
    """
    checks.function("decode", decode)
    codes = checks.array("codes", codes, "N D", dtype=np.float32)
    batch_size = checks.whole_number("batch_size", batch_size, least=1)
    num_latents = codes.shape[1]

    def transposed_jacobians(batch):
        with tf.GradientTape(persistent=True) as outer:
            with tf.GradientTape() as inner:
                inner.watch(batch)
                try:
                    outputs = decode(batch)
                except (NotImplementedError, AttributeError) as error:  # NumPy needs the values of a tensor
                    if isinstance(error, AttributeError) and "'numpy'" not in str(error):
                        raise
                    raise _not_differentiable(decode) from error
                outputs = tf.reshape(_tensor(outputs), [tf.shape(batch)[0], -1])  # [B, P]
            cotangents = tf.zeros_like(outputs)  # [B, P]
            outer.watch(cotangents)
            gradients = inner.gradient(outputs, batch, output_gradients=cotangents)  # J^T v: [B, D]
        if gradients is None:
            raise _not_differentiable(decode)
        directions = tf.eye(num_latents, dtype=gradients.dtype)  # [D, D]
        columns = [
            outer.gradient(gradients, cotangents, output_gradients=tf.zeros_like(gradients) + direction)
            for direction in tf.unstack(directions)
        ]
        return tf.stack(columns, axis=1)  # [B, D, P]

    signature = [tf.TensorSpec([None, num_latents])]
    compiled = tf.function(transposed_jacobians, signature, autograph=False).get_concrete_function()
    batches = [codes[start : start + batch_size] for start in range(0, len(codes), batch_size)]
    return np.concatenate([compiled(tf.constant(batch)).numpy() for batch in batches]).swapaxes(1, 2)


def _tensor(outputs):
    try:
        return tf.convert_to_tensor(outputs)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"decode must return a tensor [B, ...]. Received: {checks.shown(outputs)}."
        ) from error


def _not_differentiable(decode):
    return UserError(
        "The decoder's outputs do not depend differentiably on its codes; decode must be made of differentiable "
        f"TensorFlow operations on its argument. Received: {decode!r}"
    )
