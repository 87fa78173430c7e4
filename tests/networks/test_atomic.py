"""Table I of the atomic autoencoder's supplement, and padding as the authors' framework does it."""

import keras
import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.networks import atomic_encoder, block_decoder
from tfdisent.networks.atomic import UpsampledConvolution


def outputs(network):
    """Output shapes of the layers with weights."""
    return [layer.output.shape[1:] for layer in network.layers if layer.weights]


def test_the_encoder_is_that_of_table_1():
    network = atomic_encoder((128, 128, 1), {"mean": 96})
    assert outputs(network) == [(64, 64, 32), (32, 32, 16), (16, 16, 8), (8, 8, 8), (512,), (96,)]
    assert network.get_layer("flatten").output.shape[1:] == (512,)
    convolutions = (9 * 1 + 1) * 32 + (9 * 32 + 1) * 16 + (9 * 16 + 1) * 8 + (9 * 8 + 1) * 8
    assert network.count_params() == convolutions + 513 * 512 + 513 * 96 == 318_592


def test_the_block_decoder_is_that_of_table_1():
    network = block_decoder(6, (128, 128, 1))
    sides = [2, 4, 8, 16, 32, 64]  # before each upsampling
    channels = [8, 8, 8, 16, 32, 1]
    stages = [(side, side, count) for side, count in zip(sides, channels, strict=True)]
    assert outputs(network) == [(32,), (32,), *stages]
    assert network.output.shape[1:] == (128, 128, 1)
    ends = [8, *channels]
    weights = sum((9 * a + 1) * b for a, b in zip(ends, channels, strict=False))
    assert network.count_params() == 7 * 32 + 33 * 32 + weights == 9_129


@pytest.mark.parametrize(
    ("side", "channels"), [(4, (1,)), (8, (32, 1)), (16, (16, 32, 1)), (64, (8, 8, 16, 32, 1))]
)
def test_the_channels_of_other_sizes_end_as_in_table_1(side, channels):
    network = block_decoder(3, (side, side, 1))
    assert tuple(shape[-1] for shape in outputs(network)[2:]) == channels


def test_a_second_convolution_a_stage_keeps_the_channels():
    network = block_decoder(6, (16, 16, 1), double_conv=True)
    assert [shape[-1] for shape in outputs(network)[2:]] == [16, 16, 32, 32, 1, 1]
    assert network.output.shape[1:] == (16, 16, 1)


def test_images_are_padded_on_all_sides():
    # A kernel of ones in the first corner sees 2 x 2 pixels: padding is above and left, not below as for "same".
    network = atomic_encoder((8, 8, 1), {"mean": 2}, filters=(1,), dense_units=())
    network.get_layer("conv_1").set_weights([np.ones((3, 3, 1, 1)), np.zeros(1)])
    seen = np.zeros((8, 8))
    layer = network.get_layer("conv_1")
    for y, x in np.ndindex(8, 8):
        image = np.zeros((1, 8, 8, 1), np.float32)
        image[0, y, x] = 1
        seen[y, x] = np.asarray(layer(network.get_layer("conv_1_padding")(image)))[0, 0, 0, 0]
    assert seen[:2, :2].sum() == seen.sum() == 4


def test_upsampling_within_a_convolution_is_upsampling_before_it():
    random_state = np.random.RandomState(0)
    values = random_state.normal(size=(2, 3, 5, 4)).astype(np.float32)
    weights = random_state.normal(size=(3, 3, 4, 2)), random_state.normal(size=2)
    fused, plain = UpsampledConvolution(2), keras.layers.Conv2D(2, 3, padding="same")
    for layer, shape in ((fused, (None, 3, 5, 4)), (plain, (None, 6, 10, 4))):
        layer.build(shape)
        layer.set_weights(weights)
    upsampled = values.repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(fused(values), plain(upsampled), rtol=1e-5, atol=1e-5)


def test_the_paper_s_order_of_a_stage_gives_the_same_images():
    # Convolution, upsampling, leaky ReLU, one after the other.
    network = block_decoder(6, (16, 16, 1))
    blocks = np.random.RandomState(0).normal(size=(3, 6)).astype(np.float32)
    values = np.asarray(keras.Model(network.inputs, network.get_layer("grid").output)(blocks))
    for index in (1, 2, 3):
        kernel, bias = network.get_layer(f"conv_{index}").get_weights()
        values = np.asarray(keras.ops.conv(values, kernel, padding="same")) + bias
        values = values.repeat(2, axis=1).repeat(2, axis=2)
        values = np.where(values > 0, values, 0.2 * values)
    np.testing.assert_allclose(network(blocks), values, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(128, 64, 1), (28, 28, 1), (2, 2, 1), (100, 100, 3)])
def test_images_that_cannot_be_made_end_in_a_sentence(shape):
    with pytest.raises(UserError, match="square images whose side is a power of two"):
        block_decoder(6, shape)


def test_wrong_filters_end_in_a_sentence():
    with pytest.raises(UserError, match="filters must have 2 entries"):
        block_decoder(6, (8, 8, 1), filters=(8, 8, 1))
