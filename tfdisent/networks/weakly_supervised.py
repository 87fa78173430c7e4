"""Generator, discriminator and encoder of the weakly supervised GAN, with convolutions or without."""

import math

import keras
import tensorflow as tf

from tfdisent import checks
from tfdisent.networks.building import (
    check_dtype,
    check_image_shape,
    check_outputs,
    check_positive_int,
    check_positive_ints,
    crop,
    seeded_glorot_uniform,
)
from tfdisent.networks.spectral import SpectralConv2D, SpectralDense

__all__ = ["gan_encoder", "gan_generator", "pair_discriminator"]

_SLOPE = 0.2  # of the leaky ReLU
_KERNEL = 4  # side of all kernels in pixels


@keras.saving.register_keras_serializable("tfdisent")
class _LabelProduct(keras.layers.Layer):
    """The product [B, 1] of features [B, U] with the label's row of a matrix whose rows have norm 1."""

    def __init__(self, num_labels, initializer=None, **kwargs):
        super().__init__(**kwargs)
        self.num_labels = num_labels
        self.initializer = keras.initializers.get(initializer)

    def build(self, shapes):
        self.rows = self.add_weight(
            name="rows", shape=(self.num_labels, shapes[0][-1]), initializer=self.initializer
        )

    def call(self, inputs):
        features, labels = inputs
        rows = tf.nn.l2_normalize(tf.cast(self.rows.value, tf.float32), axis=-1, epsilon=1e-3)
        chosen = tf.gather(rows, tf.cast(labels, tf.int32))  # [B, U]
        return tf.reduce_sum(tf.cast(features, tf.float32) * chosen, axis=-1, keepdims=True)

    def compute_output_shape(self, shapes):
        return (shapes[0][0], 1)

    def get_config(self):
        initializer = keras.initializers.serialize(self.initializer)
        return {**super().get_config(), "num_labels": self.num_labels, "initializer": initializer}


def gan_encoder(
    observation_shape, outputs, *, filters=(32, 32, 64, 64), dense_units=(128,), seed=0, dtype=None
):
    """Convolutions of stride 2, dense layers and a head per output, all with spectral normalisation and leaky ReLU.

    Args:
        observation_shape: (H, W, C), or any shape where there are no convolutions.
        outputs: {head name: size}.
        filters: of each convolution; () for a network of dense layers.
        dense_units: sizes of the dense layers.
        seed: integer from which every layer's initializer gets its own seed.
        dtype: Keras dtype policy of the hidden layers; heads compute in float32.

    Returns:
        A `keras.Model` from [B, *observation_shape] to {name: float32 [B, size]}.

    Raises:
        UserError: if an argument is out of its range.

    References: Shu et al. 2020, and `Encoder` of google-research/weak_disentangle, whose width is 1.
    """
    outputs, dtype = check_outputs(outputs), check_dtype(dtype)
    observations = keras.Input(_shape(observation_shape, filters), dtype="float32", name="observations")
    features = _body(observations, filters, dense_units, "gan_encoder", seed, dtype)
    heads = {
        name: SpectralDense(
            size,
            kernel_initializer=seeded_glorot_uniform(seed, "gan_encoder", f"{name}_head"),
            dtype="float32",
            name=f"{name}_head",
        )(features)
        for name, size in outputs.items()
    }
    return keras.Model(observations, heads, name="gan_encoder")


def pair_discriminator(
    observation_shape,
    num_labels,
    supervision="share",
    *,
    filters=(64, 64, 128, 128),
    dense_units=(256,),
    pair_units=(256, 256),
    seed=0,
    dtype=None,
):
    """Logits of labelled pairs: whether they are real.

    The trunk (as `gan_encoder`, width 2) sees each observation. For "share" and "change", dense layers see both
    features, and the logit is an unconditional head (no bias) plus the product of the features with the label's row of
    norm 1. For "rank", dense layers see one observation and give o and s [F], and the logit is
    o_1 + o_2 + sum_f (s_1f - s_2f) (2 y_f - 1). All but the rows have spectral normalisation.

    Args:
        observation_shape, filters, seed, dtype: as in `gan_encoder`.
        num_labels: number of labels, or of factors that are ranked.
        supervision: "share", "change" or "rank".
        dense_units: sizes of the trunk's dense layers.
        pair_units: sizes of the dense layers after it.

    Returns:
        A `keras.Model` from [first [B, ...], second [B, ...], labels [B], of "rank" [B, F]] to float32 [B, 1].

    Raises:
        UserError: if an argument is out of its range.

    References: Shu et al. 2020, and `Discriminator` of google-research/weak_disentangle with `share_dense`.
    """
    checks.choice("supervision", supervision, ("share", "change", "rank"))
    num_labels, dtype = check_positive_int("num_labels", num_labels), check_dtype(dtype)
    pair_units = check_positive_ints("pair_units", pair_units)
    shape = _shape(observation_shape, filters)
    network = "pair_discriminator"
    rank = supervision == "rank"
    image = keras.Input(shape, dtype="float32", name="observation")
    features = _body(image, filters, dense_units, network, seed, dtype)
    if rank:
        features = _dense(features, pair_units, network, "rank", seed, dtype)
        features = _linear(features, 1 + num_labels, network, "ranks", seed)
    trunk = keras.Model(image, features, name="trunk")

    first, second = (keras.Input(shape, dtype="float32", name=name) for name in ("first", "second"))
    labels = keras.Input((num_labels,) if rank else (), dtype="int64", name="labels")
    both = trunk(keras.layers.Concatenate(axis=0, dtype="float32", name="both")([first, second]))
    halves = _Halves(dtype="float32", name="halves")(both)
    if rank:
        logits = _RankedLogits(dtype="float32", name="logits")([*halves, labels])
    else:
        joined = keras.layers.Concatenate(dtype=dtype, name="pair")(list(halves))
        joined = _dense(joined, pair_units, network, "pair", seed, dtype)
        initializer = seeded_glorot_uniform(seed, network, "label")
        conditional = _LabelProduct(num_labels, initializer, dtype="float32", name="label")([joined, labels])
        logits = keras.layers.Add(dtype="float32", name="logits")(
            [_linear(joined, 1, network, "unconditional", seed), conditional]
        )
    return keras.Model([first, second, labels], logits, name=network)


def gan_generator(
    num_latents, observation_shape, *, filters=(64, 32, 32), dense_units=(128,), seed=0, dtype=None
):
    """Dense layers and transposed convolutions of stride 2, each with batch normalisation after its activation.

    Statistics are those of the global batch in training, moving ones (momentum 0.9) elsewhere.

    Args:
        num_latents: D.
        observation_shape: (H, W, C), or any shape where there are no convolutions.
        filters: of the transposed convolutions before the last one; () for dense layers only.
        dense_units: sizes of the dense layers, before the one that fills the small grid.
        seed, dtype: as in `gan_encoder`.

    Returns:
        A `keras.Model` from codes [B, D] to logits, float32 [B, *observation_shape].

    Raises:
        UserError: if an argument is out of its range.

    References: Shu et al. 2020, and `Generator` of google-research/weak_disentangle.
    """
    num_latents, dtype = check_positive_int("num_latents", num_latents), check_dtype(dtype)
    filters, dense_units = (
        check_positive_ints("filters", filters),
        check_positive_ints("dense_units", dense_units),
    )
    network = "gan_generator"
    codes = keras.Input((num_latents,), dtype="float32", name="codes")
    features = codes
    if not filters:
        shape = check_positive_ints("observation_shape", observation_shape, 1)
        for index, units in enumerate(dense_units, start=1):
            features = _normalised_relu(
                _plain_dense(features, units, network, f"dense_{index}", seed, dtype), index, dtype
            )
        features = _plain_dense(features, math.prod(shape), network, "output", seed, "float32")
        return keras.Model(
            codes,
            keras.layers.Reshape(shape, dtype="float32", name="observation")(features),
            name=network,
        )
    doublings = len(filters) + 1
    height, width, channels = check_image_shape(observation_shape, doublings)
    grid = (math.ceil(height / 2**doublings), math.ceil(width / 2**doublings), filters[0])
    for index, units in enumerate((*dense_units, math.prod(grid)), start=1):
        features = _normalised_relu(
            _plain_dense(features, units, network, f"dense_{index}", seed, dtype), index, dtype
        )
    features = keras.layers.Reshape(grid, dtype=dtype, name="grid")(features)
    for index, number in enumerate((*filters, channels), start=1):
        last, name = index == doublings, f"deconv_{index}"
        features = keras.layers.Conv2DTranspose(
            number,
            _KERNEL,
            strides=2,
            padding="same",
            kernel_initializer=seeded_glorot_uniform(seed, network, name),
            dtype="float32" if last else dtype,
            name=name,
        )(features)
        if not last:
            features = keras.layers.LeakyReLU(_SLOPE, dtype=dtype, name=f"leaky_{index}")(features)
            features = _batch_normalised(features, f"deconv_normalisation_{index}", dtype)
    return keras.Model(codes, crop(features, height, width), name=network)


@keras.saving.register_keras_serializable("tfdisent")
class _Halves(keras.layers.Layer):
    """The two halves of a batch."""

    def call(self, features):
        return tuple(tf.split(features, 2))

    def compute_output_shape(self, shape):
        return (shape, shape)


@keras.saving.register_keras_serializable("tfdisent")
class _RankedLogits(keras.layers.Layer):
    """o_1 + o_2 + sum_f (s_1f - s_2f) (2 y_f - 1) of (o, s) [B, 1 + F] of both and labels y [B, F] of 0 and 1."""

    def call(self, inputs):
        first, second, labels = inputs
        signs = 2 * tf.cast(labels, first.dtype) - 1
        ranked = tf.reduce_sum((first[:, 1:] - second[:, 1:]) * signs, axis=-1, keepdims=True)
        return first[:, :1] + second[:, :1] + ranked

    def compute_output_shape(self, shapes):
        return (shapes[0][0], 1)


def _shape(observation_shape, filters):
    """The shape of an observation; of an image large enough for the convolutions where there are some."""
    filters = check_positive_ints("filters", filters)
    if filters:
        return check_image_shape(observation_shape, len(filters))
    return check_positive_ints("observation_shape", observation_shape, 1)


def _body(features, filters, dense_units, network, seed, dtype):
    for index, number in enumerate(check_positive_ints("filters", filters), start=1):
        name = f"conv_{index}"
        features = SpectralConv2D(
            number,
            _KERNEL,
            strides=2,
            padding="same",
            kernel_initializer=seeded_glorot_uniform(seed, network, name),
            dtype=dtype,
            name=name,
        )(features)
        features = keras.layers.LeakyReLU(_SLOPE, dtype=dtype, name=f"leaky_{name}")(features)
    features = keras.layers.Flatten(dtype=dtype, name="flatten")(features)
    return _dense(features, check_positive_ints("dense_units", dense_units), network, "dense", seed, dtype)


def _dense(features, units, network, prefix, seed, dtype):
    for index, size in enumerate(units, start=1):
        name = f"{prefix}_{index}"
        initializer = seeded_glorot_uniform(seed, network, name)
        features = SpectralDense(size, kernel_initializer=initializer, dtype=dtype, name=name)(features)
        features = keras.layers.LeakyReLU(_SLOPE, dtype=dtype, name=f"leaky_{name}")(features)
    return features


def _linear(features, size, network, name, seed):
    initializer = seeded_glorot_uniform(seed, network, name)
    layer = SpectralDense(size, use_bias=False, kernel_initializer=initializer, dtype="float32", name=name)
    return layer(features)


def _plain_dense(features, size, network, name, seed, dtype):
    initializer = seeded_glorot_uniform(seed, network, name)
    return keras.layers.Dense(size, kernel_initializer=initializer, dtype=dtype, name=name)(features)


def _normalised_relu(features, index, dtype):
    features = keras.layers.ReLU(dtype=dtype, name=f"relu_{index}")(features)
    return _batch_normalised(features, f"dense_normalisation_{index}", dtype)


def _batch_normalised(features, name, dtype):
    return keras.layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, synchronized=True, dtype=dtype, name=name
    )(features)
