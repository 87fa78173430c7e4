"""The papers' networks, their parameters counted here layer by layer from the printed tables."""

import pytest

from tfdisent.errors import UserError
from tfdisent.networks import TABLE_3_1_ROWS, table_3_1, tcwae_table_3


def dense(*sizes):
    """Parameters of a chain of dense layers with biases."""
    return sum(inputs * outputs + outputs for inputs, outputs in zip(sizes, sizes[1:], strict=False))


def conv(kernel, *channels):
    """Parameters of a chain of (transposed) convolutions with biases."""
    return sum(kernel * kernel * i * o + o for i, o in zip(channels, channels[1:], strict=False))


ROWS = {
    # row: (observation shape, D, encoder parameters with two heads, decoder parameters, hidden activations)
    "dsprites": (
        (64, 64, 1),
        5,
        dense(4096, 1200, 1200, 10),
        dense(5, 1200, 1200, 1200, 4096),
        "relu",
        "tanh",
    ),
    "synth_linear": ((3,), 2, dense(3, 4), dense(2, 3), None, None),
    "synth_nonlinear": ((6,), 2, dense(6, 60, 40, 20, 4), dense(2, 60, 40, 20, 6), "tanh", "tanh"),
    "mnist": ((28, 28, 1), 6, dense(784, 400, 12), dense(6, 500, 500, 784), "relu", "tanh"),
    "fashion_mnist": ((28, 28, 1), 6, dense(784, 400, 12), dense(6, 500, 500, 784), "relu", "tanh"),
    "celeba": (
        (64, 64, 3),
        32,
        conv(4, 3, 32, 32, 64, 64) + dense(4 * 4 * 64, 64),
        dense(32, 4 * 4 * 64) + conv(4, 64, 64, 32, 32, 3),
        "relu",
        "relu",
    ),
}


def hidden_activations(model):
    layers = [layer for layer in model.layers if layer.name.split("_")[0] in ("dense", "conv", "deconv")]
    names = {layer.activation.__name__ for layer in layers if layer.name != "deconv_4"}
    return names or {None}


@pytest.mark.parametrize("row", TABLE_3_1_ROWS)
def test_each_row_of_table_3_1_has_the_parameters_the_table_prints(row):
    shape, num_latents, encoder_size, decoder_size, encoder_activation, decoder_activation = ROWS[row]
    build_encoder, build_decoder = table_3_1(row)
    encoder = build_encoder(shape, {"mean": num_latents, "log_var": num_latents})
    decoder = build_decoder(num_latents, shape)
    assert encoder.count_params() == encoder_size
    assert decoder.count_params() == decoder_size
    assert hidden_activations(encoder) == {encoder_activation}
    assert hidden_activations(decoder) == {decoder_activation}
    assert decoder.output.shape == (None, *shape)


def test_the_last_deconvolution_is_linear():
    _, build_decoder = table_3_1("celeba")
    assert build_decoder(32, (64, 64, 3)).get_layer("deconv_4").activation.__name__ == "linear"


@pytest.mark.parametrize("channels", [1, 3])
def test_the_tcwae_networks_have_the_parameters_of_its_table_3(channels):
    build_encoder, build_decoder = tcwae_table_3()
    encoder = build_encoder((64, 64, channels), {"mean": 10, "log_var": 10})
    decoder = build_decoder(10, (64, 64, channels))
    assert encoder.count_params() == conv(4, channels, 32, 32, 64, 64) + dense(1024, 256, 20)
    assert decoder.count_params() == dense(10, 256, 1024) + conv(4, 64, 64, 32, 32, channels)


def test_builders_take_a_seed_and_other_settings_on_top_of_the_row():
    build_encoder, _ = table_3_1("mnist")
    encoder = build_encoder((8, 8, 1), {"mean": 2}, seed=3, hidden_units=(5,))
    assert encoder.count_params() == dense(64, 5, 2)


def test_an_unknown_row_is_answered_with_the_rows_there_are():
    with pytest.raises(UserError, match="'dsprites', 'synth_linear', .*Received: 'cifar'"):
        table_3_1("cifar")
