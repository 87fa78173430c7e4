"""Convolutional encoder and decoder in the layout of disentanglement_lib, for images of any size from 8x8."""

import math

import keras

from tfdisent.errors import UserError
from tfdisent.networks.building import (
    check_activation,
    check_dtype,
    check_image_shape,
    check_outputs,
    check_positive_int,
    check_positive_ints,
    crop,
    dense_layers,
    linear_heads,
    seeded_glorot_uniform,
)

__all__ = ["conv_encoder", "deconv_decoder"]


def conv_encoder(
    observation_shape,
    outputs,
    *,
    filters=(32, 32, 64, 64),
    kernel_sizes=(4, 4, 2, 2),
    dense_units=(256,),
    activation="relu",
    seed=0,
    dtype=None,
):
    """Convolutions of stride 2, dense layers, and one linear head per output.

    The defaults are disentanglement_lib's `conv_encoder`. Each convolution halves the image ("same" padding,
    odd sizes rounded up). The network takes images [H, W, C] with H and W at least 2^(number of convolutions
    - 1), which is 8 for four of them; H and W may differ.

    Args:
        observation_shape: (H, W, C).
        outputs: {head name: size}, for example {"mean": 10, "log_var": 10}.
        filters: number of filters of each convolution.
        kernel_sizes: side of each convolution's kernel in pixels, one per entry of `filters`.
        dense_units: sizes of the dense layers between the last convolution and the heads; may be ().
        activation: that of all hidden layers.
        seed: integer from which every layer's initializer gets its own seed.
        dtype: Keras dtype policy of the hidden layers, for example "mixed_bfloat16"; None is the global
            policy. The heads compute in float32.

    Returns:
        A `keras.Model` from [B, H, W, C] to {name: float32 [B, size]}.

    Raises:
        UserError: if an argument is out of its range.

    References: Locatello et al. 2019, appendix, "conv_encoder" of disentanglement_lib.
    """
    filters = check_positive_ints("filters", filters)
    kernel_sizes = check_positive_ints("kernel_sizes", kernel_sizes)
    if not filters or len(filters) != len(kernel_sizes):
        raise UserError(
            "filters and kernel_sizes must have the same length, one entry per convolution. "
            f"Received: filters={filters}, kernel_sizes={kernel_sizes}"
        )
    shape = check_image_shape(observation_shape, len(filters))
    dense_units = check_positive_ints("dense_units", dense_units)
    outputs = check_outputs(outputs)
    activation, dtype = check_activation(activation), check_dtype(dtype)

    observations = keras.Input(shape, dtype="float32", name="observations")
    features = observations
    for index, (channels, kernel_size) in enumerate(zip(filters, kernel_sizes, strict=True), start=1):
        name = f"conv_{index}"
        features = keras.layers.Conv2D(
            channels,
            kernel_size,
            strides=2,
            padding="same",
            activation=activation,
            kernel_initializer=seeded_glorot_uniform(seed, "conv_encoder", name),
            dtype=dtype,
            name=name,
        )(features)
    features = keras.layers.Flatten(dtype=dtype, name="flatten")(features)
    features = dense_layers(features, dense_units, activation, "conv_encoder", seed, dtype)
    heads = linear_heads(features, outputs, "conv_encoder", seed)
    return keras.Model(observations, heads, name="conv_encoder")


def deconv_decoder(
    num_latents,
    observation_shape,
    *,
    filters=(64, 32, 32),
    kernel_size=4,
    dense_units=(256,),
    activation="relu",
    seed=0,
    dtype=None,
):
    """Dense layers, a small grid of features, and transposed convolutions of stride 2 up to the image.

    For 64x64 images the defaults are disentanglement_lib's `deconv_decoder`. The n = len(filters) + 1
    transposed convolutions double a grid of ceil(H / 2^n) x ceil(W / 2^n) points n times; what is too large
    is cropped equally on all sides (28 is made as 2 -> 32 -> 28). It makes images [H, W, C] with H and W at
    least 2^(n - 1), which is 8 for the defaults; H and W may differ.

    Args:
        num_latents: D.
        observation_shape: (H, W, C).
        filters: filters of the transposed convolutions before the last one, which has C; the grid has
            filters[0].
        kernel_size: side of all kernels in pixels.
        dense_units: sizes of the dense layers before the one that fills the grid; may be ().
        activation: that of all hidden layers.
        seed: integer from which every layer's initializer gets its own seed.
        dtype: Keras dtype policy of the hidden layers; None is the global policy. The last layer computes in
            float32.

    Returns:
        A `keras.Model` from [B, D] to logits, float32 [B, H, W, C].

    Raises:
        UserError: if an argument is out of its range.

    References: Locatello et al. 2019, appendix, "deconv_decoder" of disentanglement_lib.
    """
    num_latents = check_positive_int("num_latents", num_latents)
    filters = check_positive_ints("filters", filters)
    if not filters:
        raise UserError("filters must have at least one entry, for example (64, 32, 32). Received: ()")
    kernel_size = check_positive_int("kernel_size", kernel_size)
    dense_units = check_positive_ints("dense_units", dense_units)
    activation, dtype = check_activation(activation), check_dtype(dtype)
    num_doublings = len(filters) + 1
    height, width, channels = check_image_shape(observation_shape, num_doublings)
    grid = (math.ceil(height / 2**num_doublings), math.ceil(width / 2**num_doublings), filters[0])

    codes = keras.Input((num_latents,), dtype="float32", name="codes")
    dense_units = (*dense_units, math.prod(grid))
    features = dense_layers(codes, dense_units, activation, "deconv_decoder", seed, dtype)
    features = keras.layers.Reshape(grid, dtype=dtype, name="grid")(features)
    for index, num_filters in enumerate((*filters, channels), start=1):
        name = f"deconv_{index}"
        last = index == num_doublings
        features = keras.layers.Conv2DTranspose(
            num_filters,
            kernel_size,
            strides=2,
            padding="same",
            activation=None if last else activation,
            kernel_initializer=seeded_glorot_uniform(seed, "deconv_decoder", name),
            dtype="float32" if last else dtype,
            name=name,
        )(features)
    return keras.Model(codes, crop(features, height, width), name="deconv_decoder")
