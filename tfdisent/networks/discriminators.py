"""Networks that tell apart two laws of codes."""

import keras

from tfdisent.networks.building import (
    check_activation,
    check_dtype,
    check_positive_int,
    check_positive_ints,
    dense_layers,
    seeded_glorot_uniform,
)

__all__ = ["dense_discriminator"]


def dense_discriminator(
    num_latents, *, hidden_units=(1000,) * 6, activation="leaky_relu", seed=0, dtype=None
):
    """Dense hidden layers and two logits.

    The defaults are disentanglement_lib's `fc_discriminator` (leaky ReLU of slope 0.2), which the code of the TCWAE
    paper uses as well; the paper's Table 3 prints ReLU.

    Args:
        num_latents: D.
        hidden_units: sizes of the hidden layers; may be ().
        activation: that of all hidden layers.
        seed: integer from which every layer's initializer gets its own seed.
        dtype: Keras dtype policy of the hidden layers; None is the global policy. The last layer computes in
            float32.

    Returns:
        A `keras.Model` from codes [B, D] to logits, float32 [B, 2].

    Raises:
        UserError: if an argument is out of its range.

    References: Kim & Mnih 2018, appendix A; Gaujac, Feige & Barber 2020, Table 3.
    """
    num_latents = check_positive_int("num_latents", num_latents)
    hidden_units = check_positive_ints("hidden_units", hidden_units)
    activation, dtype = check_activation(activation), check_dtype(dtype)

    codes = keras.Input((num_latents,), dtype="float32", name="codes")
    features = dense_layers(codes, hidden_units, activation, "dense_discriminator", seed, dtype)
    logits = keras.layers.Dense(
        2,
        kernel_initializer=seeded_glorot_uniform(seed, "dense_discriminator", "logits"),
        dtype="float32",
        name="logits",
    )(features)
    return keras.Model(codes, logits, name="dense_discriminator")
