"""What the networks share: checks of the user's numbers, seeded initializers, dense layers."""

import contextlib
import math
import operator
import zlib

import keras
import numpy as np
import tensorflow as tf

from tfdisent import checks, memory
from tfdisent.errors import UserError

__all__ = [
    "check_activation",
    "check_dtype",
    "check_image_shape",
    "check_outputs",
    "check_positive_int",
    "check_positive_ints",
    "crop",
    "dense_layers",
    "linear_heads",
    "made_network",
    "seeded_glorot_uniform",
    "weights_that_fit",
]

# Arrays of a weight's size that training holds at its fullest: the weight, its gradient and two slots of Adam, and
# while a checkpoint is written the weight and its slots as arrays and as the bytes of the file.
_COPIES = 10
_LARGE = 2**30  # bytes, below which nobody asks how much memory is free


def check_positive_int(name, value):
    """Returns `value` as a Python int; raises `UserError` unless it is a whole number, 1 or larger."""
    return checks.whole_number(name, value, least=1, most=2**31 - 1)


def check_positive_ints(name, values, least_length=0):
    """Returns `values` as a tuple of ints; raises `UserError` unless all are whole numbers, 1 or larger."""
    if not isinstance(values, (list, tuple)):
        raise UserError(
            f"{name} must be a list or tuple of whole numbers, for example (64, 64). Received: "
            f"{checks.shown(values)}."
        )
    if len(values) < least_length:
        raise UserError(f"{name} must have {least_length} entry or more. Received: {values!r}.")
    return tuple(checks.whole_number(f"each of {name}", value, least=1, most=2**31 - 1) for value in values)


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
        function = keras.activations.get(activation)
        fits = isinstance(activation, str) or tuple(function(tf.zeros([1, 2])).shape) == (1, 2)
    except Exception as error:  # whatever a person's function raises, it is no activation
        fits, reason = False, error
    else:
        reason = None
    if not fits:
        raise UserError(
            "activation must be a name that Keras knows, such as 'relu' or 'tanh', or a function that keeps the "
            f"shape of a tensor. Received: {checks.shown(activation)}."
        ) from reason
    return activation


def check_dtype(dtype):
    """Returns `dtype`; raises `UserError` for what is no dtype policy of Keras."""
    try:
        keras.dtype_policies.get(dtype)
    except (TypeError, ValueError) as error:
        raise UserError(
            "dtype must be a dtype policy of Keras, such as 'float32' or 'mixed_bfloat16'. "
            f"Received: {checks.shown(dtype)}."
        ) from error
    return dtype


def seeded_glorot_uniform(seed, network, layer):
    """Glorot uniform initializer with a seed of its own for every (seed, network name, layer name).

    Raises:
        UserError: if `seed` is not a whole number, 0 or larger.
    """
    number = checks.whole_number("seed", seed, least=0)
    place = zlib.crc32(f"{network}/{layer}".encode())
    layer_seed = int(np.random.SeedSequence((number, place)).generate_state(1)[0])
    return keras.initializers.GlorotUniform(seed=layer_seed)


@contextlib.contextmanager
def weights_that_fit(what):
    """Within the block, a weight is refused before it is made where training with all of them would not fit in memory.

    Args:
        what: the model, the subject of the sentence.

    Raises:
        UserError: with the bytes needed and free.
    """
    total = 0

    def creator(make, **kwargs):
        nonlocal total
        total += _num_bytes(kwargs["initial_value"])
        if total * _COPIES > _LARGE:
            memory.check_fits(f"Training {what} with {total // 4:,} weights or more", total * _COPIES)
        return make(**kwargs)

    with tf.variable_creator_scope(creator):
        yield


def _num_bytes(initial_value):
    """Bytes of a variable with this initial value, which is not computed."""
    # Keras hands over a closure over its variable, which knows its shape; any other function is traced, some 5 ms.
    cells = [cell.cell_contents for cell in getattr(initial_value, "__closure__", None) or ()]
    shape = next((cell._shape for cell in cells if getattr(cell, "_shape", None) is not None), None)
    if shape is None:
        if callable(initial_value):
            with tf.Graph().as_default():
                initial_value = initial_value()
        shape = initial_value.shape
    return 4 * math.prod(int(size) for size in shape)


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


def made_network(name, network, *arguments, **settings):
    """`network`, where it is a `keras.Model`; else what it makes, called with the arguments.

    Args:
        name: what the sentence calls it.
        network: a `keras.Model`, or a function that makes one, or several in a dict.
        arguments, settings: of the function.

    Raises:
        UserError: for anything else, and for a function that makes something else.
    """
    if isinstance(network, keras.Model):
        return network
    if not callable(network):
        raise UserError(
            f"{name} must be a keras.Model, or a function that makes it, such as those of tfdisent.networks. "
            f"Received: {checks.shown(network)}."
        )
    made = network(*arguments, **settings)
    if not isinstance(made, (keras.Model, dict)):
        raise UserError(
            f"{name} must make a keras.Model. Received: a function that makes {checks.shown(made)}."
        )
    return made


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
