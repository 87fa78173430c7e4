"""What the networks share: checks of the user's numbers, seeded initializers, dense layers."""

import operator
import zlib

import keras
import numpy as np

from tfdisent.errors import UserError

__all__ = [
    "check_activation",
    "check_image_shape",
    "check_outputs",
    "check_positive_int",
    "check_positive_ints",
    "crop",
    "dense_layers",
    "linear_heads",
    "seeded_glorot_uniform",
]


def check_positive_int(name, value):
    """Returns `value` as a Python int; raises `UserError` unless it is an integer of at least 1."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise UserError(f"{name} must be an integer of at least 1, for example 10. Received: {value!r}")
    return number


def check_positive_ints(name, values):
    """Returns `values` as a tuple of ints; raises `UserError` unless all are integers of at least 1."""
    try:
        numbers = tuple(operator.index(value) for value in values)
    except TypeError:
        numbers = (0,)
    if any(number < 1 for number in numbers):
        raise UserError(
            f"{name} must be a list or tuple of integers of at least 1, for example (64, 64). "
            f"Received: {values!r}"
        )
    return numbers


def check_image_shape(observation_shape, num_halvings):
    """Returns (H, W, C) as ints; raises `UserError` if `num_halvings` layers of stride 2 cannot serve it."""
    smallest = 2 ** (num_halvings - 1)
    try:
        shape = tuple(operator.index(size) for size in observation_shape)
    except TypeError:
        shape = ()
    if len(shape) != 3 or min(shape[:2]) < smallest or shape[2] < 1:
        raise UserError(
            f"A convolutional network with {num_halvings} layers of stride 2 takes images [H, W, C] with H "
            f"and W at least {smallest}; for other data use dense_encoder and dense_decoder. "
            f"Received: {observation_shape!r}"
        )
    return shape


def check_outputs(outputs):
    """Returns the heads as {name: size}; raises `UserError` unless it is a dict of one or more sizes."""
    if not isinstance(outputs, dict) or not outputs:
        raise UserError(
            "outputs must be a dict of head names and sizes, for example {'mean': 10, 'log_var': 10}. "
            f"Received: {outputs!r}"
        )
    return {
        name: check_positive_int(f"The size of {name!r} in outputs", size) for name, size in outputs.items()
    }


def check_activation(activation):
    """Returns `activation`; raises `UserError` for a name that Keras does not know."""
    try:
        keras.activations.get(activation)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"activation must be a name that Keras knows, such as 'relu' or 'tanh'. Received: {activation!r}"
        ) from error
    return activation


def seeded_glorot_uniform(seed, network, layer):
    """Glorot uniform initializer with a seed of its own for every (seed, network name, layer name).

    Raises:
        UserError: if `seed` is not an integer of at least 0.
    """
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if number < 0:
        raise UserError(f"seed must be an integer of at least 0. Received: {seed!r}")
    place = zlib.crc32(f"{network}/{layer}".encode())
    layer_seed = int(np.random.SeedSequence((number, place)).generate_state(1)[0])
    return keras.initializers.GlorotUniform(seed=layer_seed)


def dense_layers(features, units, activation, network, seed, dtype):
    """Layers dense_1, dense_2, ... of the given sizes on `features`."""
    for index, size in enumerate(units, start=1):
        name = f"dense_{index}"
        features = keras.layers.Dense(
            size,
            activation=activation,
            kernel_initializer=seeded_glorot_uniform(seed, network, name),
            dtype=dtype,
            name=name,
        )(features)
    return features


def crop(features, height, width):
    """`features` [B, H', W', C] without what exceeds height and width, equally on all sides, in float32."""
    extra = [features.shape[1] - height, features.shape[2] - width]
    if not any(extra):
        return features
    margins = tuple((size // 2, size - size // 2) for size in extra)
    return keras.layers.Cropping2D(margins, dtype="float32", name="crop")(features)


def linear_heads(features, outputs, network, seed):
    """One linear layer `<name>_head` in float32 per entry of `outputs`: {name: float32 [B, size]}."""
    return {
        name: keras.layers.Dense(
            size,
            kernel_initializer=seeded_glorot_uniform(seed, network, f"{name}_head"),
            dtype="float32",
            name=f"{name}_head",
        )(features)
        for name, size in outputs.items()
    }
