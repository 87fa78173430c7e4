"""Convolutions with max-pooling, and upsampling with convolutions: the networks of the toroidal autoencoder."""

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

__all__ = ["pooling_encoder", "upsampling_decoder"]


def pooling_encoder(
    observation_shape,
    outputs,
    *,
    filters=(16, 32, 64),
    kernel_size=3,
    dense_units=(128,),
    activation="relu",
    seed=0,
    dtype=None,
):
    """Convolutions, each followed by max-pooling of 2 x 2, dense layers, and one linear head per output.

    The paper gives three convolutions and one dense layer, no sizes; the defaults are ours. Pooling rounds odd sizes
    down (28, 14, 7, 3).

    Args:
        observation_shape: (H, W, C), H and W at least 2^len(filters).
        outputs: {head name: size}, for example {"x": 3, "y": 3}.
        filters: number of filters of each convolution.
        kernel_size: side of all kernels in pixels.
        dense_units: sizes of the dense layers before the heads; may be ().
        activation: that of all hidden layers.
        seed: integer from which every layer's initializer gets its own seed.
        dtype: Keras dtype policy of the hidden layers; None is the global policy. The heads compute in float32.

    Returns:
        A `keras.Model` from [B, H, W, C] to {name: float32 [B, size]}.

    Raises:
        UserError: if an argument is out of its range.

    References: Mikulski & Duda, Toroidal AutoEncoder, Sec. 2.1.
    """
    filters = check_positive_ints("filters", filters)
    kernel_size = check_positive_int("kernel_size", kernel_size)
    shape = check_image_shape(observation_shape, len(filters) + 1)
    dense_units = check_positive_ints("dense_units", dense_units)
    outputs = check_outputs(outputs)
    activation, dtype = check_activation(activation), check_dtype(dtype)

    observations = keras.Input(shape, dtype="float32", name="observations")
    features = observations
    for index, channels in enumerate(filters, start=1):
        features = _convolution(channels, kernel_size, activation, "pooling_encoder", index, seed, dtype)(
            features
        )
        features = keras.layers.MaxPooling2D(2, dtype=dtype, name=f"pool_{index}")(features)
    features = keras.layers.Flatten(dtype=dtype, name="flatten")(features)
    features = dense_layers(features, dense_units, activation, "pooling_encoder", seed, dtype)
    heads = linear_heads(features, outputs, "pooling_encoder", seed)
    return keras.Model(observations, heads, name="pooling_encoder")


def upsampling_decoder(
    num_latents,
    observation_shape,
    *,
    filters=(64, 32, 16),
    kernel_size=3,
    dense_units=(),
    activation="relu",
    seed=0,
    dtype=None,
):
    """A dense layer, a small grid of features, and convolutions with upsampling by 2 x 2 between them.

    The paper says "roughly symmetric to the encoder"; the defaults are ours: 28 x 28 pixels are made as 7, 14, 28.
    What is too large is cropped equally on all sides.

    Args:
        num_latents: D.
        observation_shape: (H, W, C).
        filters: of the convolutions before the last one, which has C; the grid has filters[0].
        kernel_size: side of all kernels in pixels.
        dense_units: sizes of dense layers before the one that fills the grid; may be ().
        activation: that of all hidden layers.
        seed: integer from which every layer's initializer gets its own seed.
        dtype: Keras dtype policy of the hidden layers; None is the global policy. The last layer computes in float32.

    Returns:
        A `keras.Model` from [B, D] to logits, float32 [B, H, W, C].

    Raises:
        UserError: if an argument is out of its range.

    References: Mikulski & Duda, Toroidal AutoEncoder, Sec. 2.4.
    """
    num_latents = check_positive_int("num_latents", num_latents)
    filters = check_positive_ints("filters", filters)
    if not filters:
        raise UserError("filters must have at least one entry, for example (64, 32, 16). Received: ()")
    kernel_size = check_positive_int("kernel_size", kernel_size)
    dense_units = check_positive_ints("dense_units", dense_units)
    activation, dtype = check_activation(activation), check_dtype(dtype)
    num_doublings = len(filters) - 1
    height, width, channels = check_image_shape(observation_shape, num_doublings)
    grid = (math.ceil(height / 2**num_doublings), math.ceil(width / 2**num_doublings), filters[0])

    codes = keras.Input((num_latents,), dtype="float32", name="codes")
    dense_units = (*dense_units, math.prod(grid))
    features = dense_layers(codes, dense_units, activation, "upsampling_decoder", seed, dtype)
    features = keras.layers.Reshape(grid, dtype=dtype, name="grid")(features)
    for index, num_filters in enumerate(filters, start=1):
        if index > 1:
            features = keras.layers.UpSampling2D(2, dtype=dtype, name=f"up_{index}")(features)
        layer = _convolution(num_filters, kernel_size, activation, "upsampling_decoder", index, seed, dtype)
        features = layer(features)
    last = len(filters) + 1
    features = _convolution(channels, kernel_size, None, "upsampling_decoder", last, seed, "float32")(
        features
    )
    return keras.Model(codes, crop(features, height, width), name="upsampling_decoder")


def _convolution(filters, kernel_size, activation, network, index, seed, dtype):
    return keras.layers.Conv2D(
        filters,
        kernel_size,
        padding="same",
        activation=activation,
        kernel_initializer=seeded_glorot_uniform(seed, network, f"conv_{index}"),
        dtype=dtype,
        name=f"conv_{index}",
    )
