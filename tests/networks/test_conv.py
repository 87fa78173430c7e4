"""The convolutional networks: sizes counted by hand, geometry, and what they refuse."""

import keras
import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.networks import conv_encoder, deconv_decoder

GAUSSIAN = {"mean": 10, "log_var": 10}


def conv(kernel, inputs, outputs):
    """Parameters of a (transposed) convolution with bias."""
    return kernel * kernel * inputs * outputs + outputs


def dense(inputs, outputs):
    """Parameters of a dense layer with bias."""
    return inputs * outputs + outputs


@pytest.mark.parametrize(
    ("channels", "encoder_size", "decoder_size"), [(1, 309204, 381313), (3, 310228, 382339)]
)
def test_defaults_at_64_pixels_have_the_parameter_counts_of_disentanglement_lib(
    channels, encoder_size, decoder_size
):
    shape = (64, 64, channels)
    assert conv_encoder(shape, GAUSSIAN).count_params() == encoder_size
    assert deconv_decoder(10, shape).count_params() == decoder_size


@pytest.mark.parametrize(
    ("shape", "flat", "grid"),
    [
        ((28, 28, 1), 2 * 2 * 64, 2 * 2 * 64),
        ((32, 32, 3), 2 * 2 * 64, 2 * 2 * 64),
        ((128, 128, 1), 8 * 8 * 64, 8 * 8 * 64),
        ((40, 72, 3), 3 * 5 * 64, 3 * 5 * 64),
        ((8, 8, 1), 1 * 1 * 64, 1 * 1 * 64),
        ([65, 64, 2], 5 * 4 * 64, 5 * 4 * 64),
    ],
)
def test_parameters_follow_from_the_image_shape(shape, flat, grid):
    channels = shape[2]
    encoder_size = (
        conv(4, channels, 32) + conv(4, 32, 32) + conv(2, 32, 64) + conv(2, 64, 64)
        + dense(flat, 256) + 2 * dense(256, 10)
    )  # fmt: skip
    decoder_size = (
        dense(10, 256) + dense(256, grid)
        + conv(4, 64, 64) + conv(4, 64, 32) + conv(4, 32, 32) + conv(4, 32, channels)
    )  # fmt: skip
    encoder, decoder = conv_encoder(shape, GAUSSIAN), deconv_decoder(10, shape)
    assert encoder.count_params() == encoder_size
    assert decoder.count_params() == decoder_size
    images = decoder(np.zeros((2, 10), np.float32))
    assert images.shape == (2, *shape)
    heads = encoder(images)
    assert {name: tuple(head.shape) for name, head in heads.items()} == {"mean": (2, 10), "log_var": (2, 10)}


def test_the_decoder_of_a_smaller_image_is_the_centre_of_the_decoder_of_the_full_grid():
    codes = np.random.RandomState(0).normal(size=(3, 4)).astype(np.float32)
    full = deconv_decoder(4, (32, 48, 1))(codes).numpy()
    cropped = deconv_decoder(4, (28, 41, 1))(codes).numpy()
    np.testing.assert_array_equal(cropped, full[:, 2:30, 3:44])


def test_moving_an_object_by_sixteen_pixels_moves_the_last_feature_map_by_one_point():
    encoder = conv_encoder((64, 64, 1), GAUSSIAN, kernel_sizes=(4, 4, 4, 4))
    features = keras.Model(encoder.input, encoder.get_layer("conv_4").output)
    images = np.zeros((2, 64, 64, 1), np.float32)
    images[0, 20:28, 18:30] = np.random.RandomState(0).uniform(size=(8, 12, 1))
    images[1] = np.roll(images[0], 16, axis=1)
    still, moved = features(images).numpy()
    assert still.max() > 0
    np.testing.assert_allclose(moved[:, 1:], still[:, :-1], rtol=1e-5, atol=1e-7)


def test_one_code_reaches_every_pixel_and_every_pixel_reaches_the_code():
    decoder, encoder = deconv_decoder(2, (64, 64, 1)), conv_encoder((64, 64, 1), {"mean": 2})
    codes = np.random.RandomState(0).normal(size=(2, 2)).astype(np.float32)
    assert np.all(np.abs(np.diff(decoder(codes), axis=0)).reshape(-1) > 0)
    corners = np.zeros((5, 64, 64, 1), np.float32)
    corners[1, 0, 0] = corners[2, 0, 63] = corners[3, 63, 0] = corners[4, 63, 63] = 1.0
    means = encoder(corners)["mean"].numpy()
    assert np.all(np.abs(means[1:] - means[0]).max(axis=1) > 0)


def test_an_encoder_without_dense_layers_is_linear_behind_the_convolutions():
    encoder = conv_encoder((16, 16, 1), {"mean": 3}, dense_units=())
    images = np.random.RandomState(0).uniform(size=(4, 16, 16, 1)).astype(np.float32)
    features = keras.Model(encoder.input, encoder.get_layer("flatten").output)(images).numpy()
    kernel, bias = encoder.get_layer("mean_head").get_weights()
    np.testing.assert_allclose(encoder(images)["mean"], features @ kernel + bias, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "shape", [(3,), (7, 64, 1), (64, 7, 1), (64, 64), (64, 64, 0), 64, "64x64", (1.5, 9, 9)]
)
def test_a_shape_the_convolutions_cannot_take_is_named_with_what_they_take(shape):
    for build in (lambda: conv_encoder(shape, GAUSSIAN), lambda: deconv_decoder(10, shape)):
        with pytest.raises(UserError, match=r"takes images \[H, W, C\] with H and W at least 8.*Received: "):
            build()


def test_the_smallest_shape_follows_from_the_number_of_layers():
    assert conv_encoder((2, 3, 1), GAUSSIAN, filters=(8, 8), kernel_sizes=(3, 3)).output["mean"].shape == (
        None,
        10,
    )
    assert deconv_decoder(2, (2, 3, 1), filters=(8,)).output.shape == (None, 2, 3, 1)
    with pytest.raises(UserError, match="at least 4"):
        deconv_decoder(2, (2, 3, 1), filters=(8, 8))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": (32, 32)}, "same length"),
        ({"filters": (), "kernel_sizes": ()}, "same length"),
        ({"filters": 32}, "filters must be"),
        ({"kernel_sizes": (4, 4, 2, 0)}, "kernel_sizes must be"),
        ({"dense_units": ("many",)}, "dense_units must be"),
        ({"activation": "rellu"}, "activation must be"),
        ({"seed": -1}, "seed must be"),
        ({"seed": 0.5}, "seed must be"),
        ({"outputs": {}}, "outputs must be"),
        ({"outputs": ["mean"]}, "outputs must be"),
        ({"outputs": {"mean": 0}}, "The size of 'mean'"),
    ],
)
def test_encoder_arguments_out_of_range_are_refused_in_one_sentence(arguments, message):
    with pytest.raises(UserError, match=f"{message}.*Received: "):
        conv_encoder(**{"observation_shape": (64, 64, 1), "outputs": GAUSSIAN, **arguments})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_latents": 0}, "num_latents must be"),
        ({"num_latents": 2.0}, "num_latents must be"),
        ({"filters": ()}, "filters must have"),
        ({"kernel_size": (4, 4)}, "kernel_size must be"),
        ({"dense_units": 256}, "dense_units must be"),
    ],
)
def test_decoder_arguments_out_of_range_are_refused_in_one_sentence(arguments, message):
    with pytest.raises(UserError, match=f"{message}.*Received: "):
        deconv_decoder(**{"num_latents": 10, "observation_shape": (64, 64, 1), **arguments})
