"""Layers whose kernels are divided by their largest singular value, with the gradient through it."""

import keras
import numpy as np
import tensorflow as tf

__all__ = ["SpectralConv2D", "SpectralDense"]

_SMALL = 1e-12


class _SpectralNormalisation:
    """What both layers share: the kernel W over sigma(W) = v^T W u, with u and v by power iteration.

    A forward pass in training takes one iteration: v = W u / |W u|, u = W^T v / |W^T v|, both without gradient; the
    gradient of W / sigma(W) goes through sigma. Elsewhere u and v stay. A kernel of a convolution counts as the matrix
    [height * width * inputs, outputs]. One iteration follows weights that move: where the largest singular values lie
    close together, the estimate may be some per cent too low. (`keras.layers.SpectralNormalization` overwrites the
    kernel in the forward pass and lets no gradient through sigma, which is another method.)

    References: Miyato et al. 2018, "Spectral normalization for generative adversarial networks", Algorithm 1.
    """

    def build(self, input_shape):
        super().build(input_shape)
        *inputs, outputs = self._kernel.shape
        seed = getattr(self.kernel_initializer, "seed", None)
        generator = np.random.default_rng(seed if isinstance(seed, int) else 0)
        self.u, self.v = (
            self.add_weight(
                name=name,
                shape=(size,),
                initializer=keras.initializers.Constant(_unit(generator.standard_normal(size))),
                trainable=False,
                dtype="float32",
                autocast=False,
                aggregation="only_first_replica",
            )
            for name, size in (("u", outputs), ("v", int(np.prod(inputs))))
        )

    def sigma(self, training=False):
        """The largest singular value of the kernel as far as the iterations have come, a float32 scalar."""
        matrix = tf.reshape(tf.cast(self._kernel.value, tf.float32), [self.v.shape[0], self.u.shape[0]])
        u, v = tf.convert_to_tensor(self.u), tf.convert_to_tensor(self.v)
        if training:
            v = _normalised(tf.linalg.matvec(tf.stop_gradient(matrix), u))
            u = _normalised(tf.linalg.matvec(tf.stop_gradient(matrix), v, transpose_a=True))
            self.u.assign(u)
            self.v.assign(v)
        return tf.tensordot(v, tf.linalg.matvec(matrix, u), 1)

    def normalised_kernel(self, training=False):
        """W / sigma(W), in the dtype that the layer computes in."""
        kernel = tf.cast(self._kernel.value, tf.float32) / self.sigma(training)
        return tf.cast(kernel, self.compute_dtype)

    def save_own_variables(self, store):
        keras.layers.Layer.save_own_variables(self, store)  # that of Dense knows kernel and bias alone

    def load_own_variables(self, store):
        keras.layers.Layer.load_own_variables(self, store)

    def _ended(self, outputs):
        if self.bias is not None:
            outputs += tf.cast(self.bias.value, outputs.dtype)
        return outputs if self.activation is None else self.activation(outputs)


@keras.saving.register_keras_serializable("tfdisent")
class SpectralDense(_SpectralNormalisation, keras.layers.Dense):
    """`keras.layers.Dense` with spectral normalisation; arguments as there."""

    def call(self, inputs, training=False):
        return self._ended(tf.matmul(inputs, self.normalised_kernel(training)))


@keras.saving.register_keras_serializable("tfdisent")
class SpectralConv2D(_SpectralNormalisation, keras.layers.Conv2D):
    """`keras.layers.Conv2D` with spectral normalisation, as `SpectralDense`; arguments as there."""

    def call(self, inputs, training=False):
        return self._ended(self.convolution_op(inputs, self.normalised_kernel(training)))


def _unit(vector):
    return vector / np.linalg.norm(vector)


def _normalised(vector):
    return vector / tf.maximum(tf.norm(vector), _SMALL)
