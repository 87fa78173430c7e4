"""The networks of the atomic autoencoder: an encoder of the whole image, and a decoder of one block of its code."""

import keras
import numpy as np
import tensorflow as tf

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.networks.building import (
    check_dtype,
    check_image_shape,
    check_outputs,
    check_positive_int,
    check_positive_ints,
    seeded_glorot_uniform,
)

__all__ = ["atomic_encoder", "block_decoder"]

_GRID = (2, 2, 8)


def atomic_encoder(
    observation_shape,
    outputs,
    *,
    filters=(32, 16, 8, 8),
    dense_units=(512,),
    negative_slope=0.2,
    seed=0,
    dtype=None,
):
    """Convolutions of 3 x 3 with stride 2 and dense layers, each behind a leaky ReLU, the code itself included.

    Images are padded by one pixel on all sides before each convolution, as the authors' framework does; "same" padding
    would add it at the right and at the bottom only. For 128 x 128 x 1 images and 96 latents this is the encoder of
    Table I.

    Args:
        observation_shape: (H, W, C), H and W at least 2^(len(filters) - 1).
        outputs: {head name: size}.
        filters: number of filters of each convolution.
        dense_units: sizes of the dense layers before the heads.
        negative_slope: of the leaky ReLU.
        seed: integer from which every layer's initializer gets its own seed.
        dtype: Keras dtype policy of the hidden layers; None is the global policy. The heads compute in float32.

    Returns:
        A `keras.Model` from [B, H, W, C] to {name: float32 [B, size]}.

    Raises:
        UserError: if an argument is out of its range.

    References: Newson & Traonmilin, supplement, Table I and Sec. III.
    """
    filters = check_positive_ints("filters", filters, 1)
    dense_units = check_positive_ints("dense_units", dense_units)
    dtype = check_dtype(dtype)
    shape = check_image_shape(observation_shape, len(filters))
    outputs = check_outputs(outputs)
    build = _Builder("atomic_encoder", negative_slope, seed)

    observations = keras.Input(shape, dtype="float32", name="observations")
    features = observations
    for index, channels in enumerate(filters, start=1):
        features = build.convolution(features, channels, f"conv_{index}", dtype, strides=2)
        features = build.leaky_relu(features, f"conv_{index}", dtype)
    features = keras.layers.Flatten(dtype=dtype, name="flatten")(features)
    for index, units in enumerate(dense_units, start=1):
        features = build.dense(features, units, f"dense_{index}", dtype)
    heads = {name: build.dense(features, size, f"{name}_head", "float32") for name, size in outputs.items()}
    return keras.Model(observations, heads, name="atomic_encoder")


def block_decoder(
    block_dim,
    observation_shape,
    *,
    filters=None,
    dense_units=(32,),
    double_conv=False,
    negative_slope=0.2,
    seed=0,
    dtype=None,
):
    """From one block of a code to the image of one atom: dense layers to 2 x 2 x 8, then stages that double its side.

    A stage is a 3 x 3 convolution, upsampling by 2 x 2 (nearest), and a leaky ReLU, the last one included. The leaky
    ReLU is taken before the upsampling, and the upsampling together with the convolution after it, which gives the same
    numbers from less work.

    Args:
        block_dim: d0.
        observation_shape: (H, H, C) with H a power of two, 4 or larger.
        filters: of each stage; unless given 8 as long as 16, 32 and C follow at the end, as in Table I for 128 pixels.
        dense_units: sizes of the dense layers before the one that fills the grid of 2 x 2 x 8.
        double_conv: a second convolution after each upsampling, with a leaky ReLU of its own, as in the last
            version of the authors' code; Table I has one.
        negative_slope: of the leaky ReLU.
        seed: integer from which every layer's initializer gets its own seed.
        dtype: Keras dtype policy of the hidden layers; None is the global policy. The last stage computes in float32.

    Returns:
        A `keras.Model` from [B, d0] to float32 [B, H, H, C].

    Raises:
        UserError: if an argument is out of its range; for images that are not square or whose side is no power of two.

    References: Newson & Traonmilin, supplement, Table I and Sec. III.
    """
    block_dim = check_positive_int("block_dim", block_dim)
    height, width, channels = check_image_shape(observation_shape, 1)
    num_stages = height.bit_length() - 2  # 2 * 2^num_stages = H
    if height != width or height != 2 ** (num_stages + 1) or num_stages < 1:
        raise UserError(
            "The block decoder makes square images whose side is a power of two, 4 or larger, such as 128; resize or "
            f"pad the images. Received: observation_shape={tuple(observation_shape)}."
        )
    if filters is None:
        filters = (*(8,) * (num_stages - 3), *(16, 32)[max(0, 3 - num_stages) :], channels)
    filters = check_positive_ints("filters", filters)
    if len(filters) != num_stages or filters[-1] != channels:
        raise UserError(
            f"filters must have {num_stages} entries, one a stage, the last one {channels}. Received: {filters}."
        )
    dense_units = check_positive_ints("dense_units", dense_units)
    double_conv, dtype = checks.truth("double_conv", double_conv), check_dtype(dtype)
    build = _Builder("block_decoder", negative_slope, seed)

    codes = keras.Input((block_dim,), dtype="float32", name="blocks")
    features = codes
    for index, units in enumerate((*dense_units, _GRID[0] * _GRID[1] * _GRID[2]), start=1):
        features = build.dense(features, units, f"dense_{index}", dtype)
    features = keras.layers.Reshape(_GRID, dtype=dtype, name="grid")(features)
    upsampled = False  # whether the side is still to be doubled
    for index, num_filters in enumerate(filters, start=1):
        own = "float32" if index == num_stages else dtype
        for name in (f"conv_{index}", f"conv_{index}b")[: 1 + double_conv]:
            features = build.convolution(features, num_filters, name, own, upsampled=upsampled)
            features = build.leaky_relu(features, name, own)
            upsampled = name == f"conv_{index}"
    if upsampled:
        features = keras.layers.UpSampling2D(2, dtype="float32", name="up")(features)
    return keras.Model(codes, features, name="block_decoder")


@keras.saving.register_keras_serializable("tfdisent")
class UpsampledConvolution(keras.layers.Conv2D):
    """A 3 x 3 convolution with "same" padding of its input upsampled by 2 x 2 (nearest), without making that.

    Each of the four pixels that an input pixel becomes sees 2 x 2 input pixels, through sums of the kernel's entries;
    the four are computed as channels of one convolution at the input's size and then laid out.

    [B, H, W, C] to [B, 2 H, 2 W, filters].
    """

    def __init__(self, filters, kernel_size=3, padding="same", **kwargs):
        super().__init__(filters, kernel_size, padding=padding, **kwargs)

    def call(self, inputs):
        taps = tf.constant(_TAPS, self.variable_dtype)
        kernel = tf.cast(self.kernel, self.variable_dtype)
        kernel = tf.einsum("prt,qsu,tuio->rsipqo", taps, taps, kernel)  # [3, 3, C, 2, 2, filters]
        kernel = tf.reshape(kernel, [3, 3, inputs.shape[-1], 4 * self.filters])
        pixels = tf.nn.conv2d(inputs, tf.cast(kernel, inputs.dtype), 1, "SAME")
        return tf.nn.depth_to_space(pixels, 2) + self.bias

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return batch, 2 * height, 2 * width, self.filters


# [p, r, t]: 1 where entry t of the kernel, for the first (p = 0) or the second of the two pixels that an input pixel
# becomes, falls on that pixel (r = 1), the one before (0) or the one after (2).
_TAPS = np.array([[[1, 0, 0], [0, 1, 1], [0, 0, 0]], [[0, 0, 0], [1, 1, 0], [0, 0, 1]]])


class _Builder:
    """Layers of one network, with its slope and seed."""

    def __init__(self, network, negative_slope, seed):
        self.network, self.seed = network, seed
        self.negative_slope = checks.number("negative_slope", negative_slope, least=0)

    def initializer(self, name):
        return seeded_glorot_uniform(self.seed, self.network, name)

    def leaky_relu(self, features, name, dtype):
        layer = keras.layers.LeakyReLU(self.negative_slope, dtype=dtype, name=f"{name}_leaky_relu")
        return layer(features)

    def dense(self, features, units, name, dtype):
        layer = keras.layers.Dense(units, kernel_initializer=self.initializer(name), dtype=dtype, name=name)
        return self.leaky_relu(layer(features), name, dtype)

    def convolution(self, features, filters, name, dtype, strides=1, upsampled=False):
        if strides > 1:  # "same" is one pixel on all sides for stride 1 alone
            features = keras.layers.ZeroPadding2D(1, dtype=dtype, name=f"{name}_padding")(features)
        layer = UpsampledConvolution if upsampled else keras.layers.Conv2D
        return layer(
            filters,
            3,
            strides=strides,
            padding="same" if strides == 1 else "valid",
            kernel_initializer=self.initializer(name),
            dtype=dtype,
            name=name,
        )(features)
