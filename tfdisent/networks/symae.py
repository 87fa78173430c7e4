"""The networks of the symmetric autoencoder: four functional models, each of one instance.

The same network serves every instance of a bag (`TimeDistributed`): a model folds the axes [B, n_tau] into one.
"""

import keras

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.networks.building import (
    check_activation,
    check_dtype,
    check_positive_int,
    check_positive_ints,
    dense_layers,
    seeded_glorot_uniform,
)

__all__ = ["SYMAE_DECODERS", "symae_image_networks", "symae_signal_networks"]

SYMAE_DECODERS = ("product", "concatenation", "dense")
_PRODUCT_LAYERS = {  # convolutions before the upsampling in dec1 and dec3; dec2's hidden layers and their activation
    "text": (2, (200, 200), "elu"),
    "code": (1, (2000, 500), None),
    "text_linear": (2, (2000, 500), None),
}
_LEAK = 0.3  # Keras' slope when the authors' code was written


def symae_signal_networks(
    instance_shape,
    coherent_dim,
    nuisance_dim,
    *,
    decoder="product",
    split_inputs=False,
    filters=32,
    kernel_size=5,
    literal_pools=False,
    product_layers="text",
    mixer_filters=64,
    mixer_upsampling=10,
    dense_units=(100, *[1000] * 6),
    dense_activation="elu",
    seed=0,
    dtype=None,
):
    """One-dimensional convolutions for signals [k].

    Both encoders have blocks of two convolutions and a pooling that halves; in the last one a batch normalisation, an
    ELU and the pooling follow the convolutions, and then a linear layer. `CEnc1` has two blocks, of which the mean over
    instances is taken, `CEnc2` two and `NEnc` four.

    Decoders of z = (C, N):

    * "product": dec3(dec1(z) * dec2(z)), dec1 and dec3 convolutional, dec2 dense; with `split_inputs` as in the
      authors' code, dec1 sees C alone and dec2 sees N alone;
    * "concatenation": one convolutional network (Example 3, whose layers only the code tells);
    * "dense": dense layers (Example 5, likewise).

    Args:
        instance_shape: (k,), k even and at least 16 (32 with `literal_pools`).
        coherent_dim: p.
        nuisance_dim: q.
        decoder: "product", "concatenation" or "dense".
        split_inputs: only of the product decoder.
        filters, kernel_size: of every convolution of the encoders and of dec1, dec3.
        literal_pools: pool after the last block's convolutions as well as after its normalisation, as the text of
            Appendix A can be read; the authors' code does it once.
        product_layers: of the product decoder. "text": Appendix A, where dec1 and dec3 have two convolutions before the
            upsampling and dec2 has two hidden layers of 200 ELUs. "code": as in the authors' code, where one
            convolution stands before the upsampling, an ELU follows the normalisation, and dec2 is linear, of layers of
            2,000, 500 and k: with `split_inputs` the factor of the mean of noisy codes is then the mean of the factors.
            "text_linear": the convolutions of the text and the linear dec2 of the code.
        mixer_filters, mixer_upsampling: of the concatenation decoder; k must be a multiple of the latter.
        dense_units, dense_activation: hidden layers of the dense decoder.
        seed: integer from which every layer's initializer gets its own seed.
        dtype: Keras dtype policy of the hidden layers.

    Returns:
        {"instance_encoder": [B, k] -> [B, k // 4, filters], "coherent_encoder": the mean of these -> [B, p],
        "nuisance_encoder": [B, k] -> [B, q], "decoder": [C [B, p], N [B, q]] -> [B, k]}.

    Raises:
        UserError: for a length that the pooling or the upsampling cannot take, and settings out of range.

    References: Sun, "Interpretable Style Swapping with a Symmetric Autoencoder", Appendix A and B.
    """
    length = _check(instance_shape, 1, decoder, split_inputs, SYMAE_DECODERS)[0]
    coherent_dim = check_positive_int("coherent_dim", coherent_dim)
    nuisance_dim = check_positive_int("nuisance_dim", nuisance_dim)
    least = 32 if checks.truth("literal_pools", literal_pools) else 16
    upsampling = check_positive_int("mixer_upsampling", mixer_upsampling)
    upsampling = upsampling if decoder == "concatenation" else 2
    if length < least or (decoder != "dense" and length % upsampling):
        raise UserError(
            f"Signals must have at least {least} points for the pooling, and with decoder={decoder!r} a multiple of "
            f"{1 if decoder == 'dense' else upsampling} for the upsampling; pad or cut them. Received: {length} points."
        )
    checks.choice("product_layers", product_layers, tuple(_PRODUCT_LAYERS))
    dense_units = check_positive_ints("dense_units", dense_units)
    dense_activation, dtype = check_activation(dense_activation), check_dtype(dtype)
    mixer_filters = check_positive_int("mixer_filters", mixer_filters)
    conv = _Convolutions(filters, kernel_size, seed, dtype)

    def encoder(name, features, blocks, size):
        """Blocks with a normalisation in the last one, and a linear layer."""
        inputs = features
        for block in range(1, blocks + 1):
            features = conv(conv(features, name, f"conv_{block}a"), name, f"conv_{block}b")
            if block < blocks or literal_pools:
                features = _pooled(features, f"{name}_pool_{block}", dtype)
        features = _normalised(features, name, dtype)
        features = keras.layers.Activation("elu", dtype=dtype, name=f"{name}_elu")(features)
        features = _pooled(features, f"{name}_pool", dtype)
        features = keras.layers.Flatten(dtype=dtype, name=f"{name}_flatten")(features)
        return inputs, _dense(features, size, None, name, "codes", seed, "float32")

    signal = keras.Input((length,), dtype="float32", name="instances")
    features = _column(signal)
    for block in (1, 2):
        features = conv(conv(features, "instance", f"conv_{block}a"), "instance", f"conv_{block}b")
        features = _pooled(features, f"instance_pool_{block}", dtype)
    instance_encoder = keras.Model(signal, features, name="instance_encoder")

    mean = keras.Input(features.shape[1:], dtype="float32", name="mean_features")
    coherent_encoder = keras.Model(*encoder("coherent", mean, 2, coherent_dim), name="coherent_encoder")

    signal = keras.Input((length,), dtype="float32", name="instances")
    _, codes = encoder("nuisance", _column(signal), 4, nuisance_dim)
    nuisance_encoder = keras.Model(signal, codes, name="nuisance_encoder")

    coherent, nuisance = _code_inputs(coherent_dim, nuisance_dim)
    joined = keras.layers.Concatenate(dtype="float32", name="joined")([coherent, nuisance])
    if decoder == "product":
        first, second = (coherent, nuisance) if split_inputs else (joined, joined)
        before, units, activation = _PRODUCT_LAYERS[product_layers]
        factor = dense_layers(second, units, activation, "symae_dec2", seed, dtype)
        factor = _dense(factor, length, None, "dec2", "output", seed, "float32")
        signal = keras.layers.Multiply(dtype="float32", name="product")(
            [conv.upsampled(first, "dec1", length, 2, before), factor]
        )
        outputs = conv.upsampled(signal, "dec3", length, 2, before)
    elif decoder == "concatenation":
        wide = _Convolutions(mixer_filters, kernel_size, seed, dtype)
        outputs = wide.upsampled(joined, "mixer", length, upsampling, before=1)
    else:
        features = dense_layers(joined, dense_units, dense_activation, "symae_dense", seed, dtype)
        outputs = _dense(features, length, None, "dense", "output", seed, "float32")
    return {
        "instance_encoder": instance_encoder,
        "coherent_encoder": coherent_encoder,
        "nuisance_encoder": nuisance_encoder,
        "decoder": keras.Model([coherent, nuisance], outputs, name="decoder"),
    }


def symae_image_networks(
    instance_shape,
    coherent_dim,
    nuisance_dim,
    *,
    decoder="dense",
    split_inputs=False,
    hidden_units=(512, 256),
    seed=0,
    dtype=None,
):
    """Dense networks for images [H, W, C] in [0, 1], as the authors' code has them for MNIST.

    Both encoders have leaky ReLU layers and then two linear ones; that of the state is averaged over the instances at
    its end. The decoder of (C, N) has the same hidden layers in reverse and a sigmoid.

    Args:
        instance_shape: (H, W, C).
        coherent_dim: p.
        nuisance_dim: q.
        decoder: "dense", which is the only one for images.
        split_inputs: False.
        hidden_units: sizes of the hidden layers of the encoders.
        seed: integer from which every layer's initializer gets its own seed.
        dtype: Keras dtype policy of the hidden layers.

    Returns:
        As `symae_signal_networks`, with [B, H, W, C] for [B, k].

    Raises:
        UserError: for settings out of range.

    References: Sun, "Interpretable Style Swapping with a Symmetric Autoencoder", Sec. 3.2; layers as in its code.
    """
    shape = _check(instance_shape, 3, decoder, split_inputs, ("dense",))
    coherent_dim = check_positive_int("coherent_dim", coherent_dim)
    nuisance_dim = check_positive_int("nuisance_dim", nuisance_dim)
    hidden_units = check_positive_ints("hidden_units", hidden_units)
    dtype = check_dtype(dtype)

    def encoder(name, size):
        images = keras.Input(shape, dtype="float32", name="instances")
        features = keras.layers.Flatten(dtype="float32", name="flatten")(images)
        features = _leaky_layers(features, hidden_units, name, seed, dtype)
        features = _dense(features, size, None, name, "linear", seed, dtype)
        return keras.Model(
            images, _dense(features, size, None, name, "codes", seed, "float32"), name=f"{name}_encoder"
        )

    mean = keras.Input((coherent_dim,), dtype="float32", name="mean_features")
    same = keras.layers.Activation("linear", dtype="float32", name="codes")(mean)
    coherent, nuisance = _code_inputs(coherent_dim, nuisance_dim)
    joined = keras.layers.Concatenate(dtype="float32", name="joined")([coherent, nuisance])
    features = _leaky_layers(joined, hidden_units[::-1], "decoder", seed, dtype)
    pixels = _dense(features, shape[0] * shape[1] * shape[2], "sigmoid", "decoder", "output", seed, "float32")
    images = keras.layers.Reshape(shape, dtype="float32", name="instance")(pixels)
    return {
        "instance_encoder": encoder("instance", coherent_dim),
        "coherent_encoder": keras.Model(mean, same, name="coherent_encoder"),
        "nuisance_encoder": encoder("nuisance", nuisance_dim),
        "decoder": keras.Model([coherent, nuisance], images, name="decoder"),
    }


class _Convolutions:
    """Convolutional layers of one width."""

    def __init__(self, filters, kernel_size, seed, dtype):
        self.filters = check_positive_int("filters", filters)
        self.kernel_size = check_positive_int("kernel_size", kernel_size)
        self.seed, self.dtype = seed, dtype

    def __call__(self, features, network, name, filters=None, activation="elu", dtype=None):
        return keras.layers.Conv1D(
            filters or self.filters,
            self.kernel_size,
            padding="same",
            activation=activation,
            kernel_initializer=seeded_glorot_uniform(self.seed, f"symae_{network}", name),
            dtype=dtype or self.dtype,
            name=f"{network}_{name}",
        )(features)

    def upsampled(self, codes, network, length, factor, before=2):
        """dec1, dec3 and the mixer: a dense layer of k / factor points, upsampled between convolutions: [B, k]."""
        features = _dense(codes, length // factor, "elu", network, "dense", self.seed, self.dtype)
        features = _column(features, f"{network}_column", self.dtype)
        for index in range(before):
            features = self(features, network, f"before_{index + 1}")
        features = keras.layers.UpSampling1D(factor, dtype=self.dtype, name=f"{network}_upsampling")(features)
        features = self(features, network, "conv_1")
        if before == 1:  # the code: convolution without activation, normalisation, ELU
            features = self(features, network, "conv_2", activation=None)
            features = _normalised(features, network, self.dtype)
            features = keras.layers.Activation("elu", dtype=self.dtype, name=f"{network}_elu")(features)
        else:  # the text: convolution with its ELU, normalisation
            features = _normalised(self(features, network, "conv_2"), network, self.dtype)
        features = self(self(features, network, "conv_3"), network, "conv_4")
        features = self(features, network, "output", filters=1, activation=None, dtype="float32")
        return keras.layers.Reshape((length,), dtype="float32", name=f"{network}_signal")(features)


def _check(instance_shape, rank, decoder, split_inputs, decoders):
    shape = check_positive_ints("instance_shape", instance_shape)
    kind = "signals [k]" if rank == 1 else "images [H, W, C]"
    if len(shape) != rank:
        raise UserError(f"These networks take {kind}. Received: instances of shape {shape}.")
    checks.choice(f"decoder of {kind}", decoder, decoders)
    if checks.truth("split_inputs", split_inputs) and decoder != "product":
        raise UserError(f"split_inputs is for decoder='product' only. Received: decoder={decoder!r}.")
    return shape


def _code_inputs(coherent_dim, nuisance_dim):
    return (
        keras.Input((coherent_dim,), dtype="float32", name="coherent"),
        keras.Input((nuisance_dim,), dtype="float32", name="nuisance"),
    )


def _column(features, name="column", dtype="float32"):
    """Vectors [B, k] as [B, k, 1]."""
    return keras.layers.Reshape((features.shape[-1], 1), dtype=dtype, name=name)(features)


def _pooled(features, name, dtype):
    return keras.layers.MaxPooling1D(2, dtype=dtype, name=name)(features)


def _normalised(features, network, dtype):
    """Batch normalisation over the instances of all replicas."""
    name = f"{network}_normalisation"
    return keras.layers.BatchNormalization(synchronized=True, dtype=dtype, name=name)(features)


def _dense(features, units, activation, network, name, seed, dtype):
    initializer = seeded_glorot_uniform(seed, f"symae_{network}", name)
    layer = keras.layers.Dense(
        units, activation=activation, kernel_initializer=initializer, dtype=dtype, name=f"{network}_{name}"
    )
    return layer(features)


def _leaky_layers(features, units, network, seed, dtype):
    for index, size in enumerate(units, start=1):
        features = _dense(features, size, None, network, f"dense_{index}", seed, dtype)
        features = keras.layers.LeakyReLU(_LEAK, dtype=dtype, name=f"{network}_leaky_{index}")(features)
    return features
