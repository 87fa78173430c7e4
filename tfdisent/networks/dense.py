"""Fully connected encoder and decoder for data of any shape; without hidden layers they are linear."""

import math

import keras

from tfdisent.networks.building import (
    check_activation,
    check_dtype,
    check_outputs,
    check_positive_int,
    check_positive_ints,
    dense_layers,
    linear_heads,
    seeded_glorot_uniform,
)

__all__ = ["dense_decoder", "dense_encoder", "maxout_encoder"]


def dense_encoder(
    observation_shape, outputs, *, hidden_units=(1200, 1200), activation="relu", seed=0, dtype=None
):
    """Flattens the observation; dense hidden layers, and one linear head per output.

    The defaults are disentanglement_lib's `fc_encoder`. `hidden_units=()` is the linear network with bias.

    Args:
        observation_shape: shape of one observation, [H, W, C] or [features].
        outputs: {head name: size}, for example {"mean": 10, "log_var": 10}.
        hidden_units: sizes of the hidden layers; may be ().
        activation: that of all hidden layers.
        seed: integer from which every layer's initializer gets its own seed.
        dtype: Keras dtype policy of the hidden layers; None is the global policy. The heads compute in
            float32.

    Returns:
        A `keras.Model` from [B, *observation_shape] to {name: float32 [B, size]}.

    Raises:
        UserError: if an argument is out of its range.

    References: Locatello et al. 2019, "fc_encoder" of disentanglement_lib; Zietlow's thesis, Table 3.1.
    """
    shape = check_positive_ints("observation_shape", observation_shape, 1)
    hidden_units = check_positive_ints("hidden_units", hidden_units)
    outputs = check_outputs(outputs)
    activation, dtype = check_activation(activation), check_dtype(dtype)

    observations = keras.Input(shape, dtype="float32", name="observations")
    features = keras.layers.Flatten(dtype=dtype if hidden_units else "float32", name="flatten")(observations)
    features = dense_layers(features, hidden_units, activation, "dense_encoder", seed, dtype)
    heads = linear_heads(features, outputs, "dense_encoder", seed)
    return keras.Model(observations, heads, name="dense_encoder")


def maxout_encoder(observation_shape, outputs, *, hidden_units=(40, 40), pool_size=2, seed=0, dtype=None):
    """Flattens the observation; dense layers of which each unit is the largest of several, and one linear head each.

    Args:
        observation_shape, outputs, seed, dtype: as in `dense_encoder`.
        hidden_units: sizes of the hidden layers after the maximum; may be ().
        pool_size: number of linear functions of which a unit is the largest, 1 or more.

    Returns:
        A `keras.Model` from [B, *observation_shape] to {name: float32 [B, size]}.

    Raises:
        UserError: if an argument is out of its range.

    References: Goodfellow et al. 2013, "Maxout networks"; Hyvarinen & Morioka 2017, Sec. 6.
    """
    shape = check_positive_ints("observation_shape", observation_shape, 1)
    hidden_units = check_positive_ints("hidden_units", hidden_units)
    pool_size, outputs, dtype = (
        check_positive_int("pool_size", pool_size),
        check_outputs(outputs),
        check_dtype(dtype),
    )
    observations = keras.Input(shape, dtype="float32", name="observations")
    features = keras.layers.Flatten(dtype=dtype if hidden_units else "float32", name="flatten")(observations)
    for index, units in enumerate(hidden_units, start=1):
        name = f"dense_{index}"
        features = keras.layers.Dense(
            units * pool_size,
            kernel_initializer=seeded_glorot_uniform(seed, "maxout_encoder", name),
            dtype=dtype,
            name=name,
        )(features)
        features = keras.layers.Reshape((units * pool_size, 1), dtype=dtype, name=f"pieces_{index}")(features)
        features = keras.layers.MaxPooling1D(pool_size, dtype=dtype, name=f"maximum_{index}")(features)
        features = keras.layers.Flatten(dtype=dtype, name=f"flatten_{index}")(features)
    return keras.Model(
        observations, linear_heads(features, outputs, "maxout_encoder", seed), name="maxout_encoder"
    )


def dense_decoder(
    num_latents, observation_shape, *, hidden_units=(1200, 1200, 1200), activation="tanh", seed=0, dtype=None
):
    """Dense hidden layers and one linear layer in the shape of an observation.

    The defaults are disentanglement_lib's `fc_decoder`. `hidden_units=()` is the linear network with bias.

    Args:
        num_latents: D.
        observation_shape: shape of one observation, [H, W, C] or [features].
        hidden_units: sizes of the hidden layers; may be ().
        activation: that of all hidden layers.
        seed: integer from which every layer's initializer gets its own seed.
        dtype: Keras dtype policy of the hidden layers; None is the global policy. The last layer computes in
            float32.

    Returns:
        A `keras.Model` from [B, D] to logits (or values, whatever the loss makes of them), float32
        [B, *observation_shape].

    Raises:
        UserError: if an argument is out of its range.

    References: Locatello et al. 2019, "fc_decoder" of disentanglement_lib; Zietlow's thesis, Table 3.1.
    """
    num_latents = check_positive_int("num_latents", num_latents)
    shape = check_positive_ints("observation_shape", observation_shape, 1)
    hidden_units = check_positive_ints("hidden_units", hidden_units)
    activation, dtype = check_activation(activation), check_dtype(dtype)

    codes = keras.Input((num_latents,), dtype="float32", name="codes")
    features = dense_layers(codes, hidden_units, activation, "dense_decoder", seed, dtype)
    features = keras.layers.Dense(
        math.prod(shape),
        kernel_initializer=seeded_glorot_uniform(seed, "dense_decoder", "output"),
        dtype="float32",
        name="output",
    )(features)
    features = keras.layers.Reshape(shape, dtype="float32", name="observation")(features)
    return keras.Model(codes, features, name="dense_decoder")
