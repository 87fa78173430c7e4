"""The fully connected networks against the formula they stand for."""

import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.networks import dense_decoder, dense_encoder


def forward(model, inputs, layers, activation):
    """The network written out in numpy: hidden layers with `activation`, the last layer linear."""
    for name in layers:
        kernel, bias = model.get_layer(name).get_weights()
        inputs = inputs @ kernel + bias
        if name.startswith("dense_"):
            inputs = activation(inputs)
    return inputs


def test_the_encoder_is_the_formula_of_its_layers():
    encoder = dense_encoder((5, 4, 2), {"mean": 3, "log_var": 2}, hidden_units=(7, 6), seed=1)
    observations = np.random.RandomState(0).normal(size=(9, 5, 4, 2)).astype(np.float32)
    heads = encoder(observations)
    for name in ("mean", "log_var"):
        expected = forward(
            encoder,
            observations.reshape(9, -1),
            ["dense_1", "dense_2", f"{name}_head"],
            lambda inputs: np.maximum(inputs, 0),
        )
        np.testing.assert_allclose(heads[name], expected, rtol=1e-5, atol=1e-6)


def test_the_decoder_is_the_formula_of_its_layers():
    decoder = dense_decoder(3, [5, 4, 2], hidden_units=(7, 6), seed=1)
    codes = np.random.RandomState(0).normal(size=(9, 3)).astype(np.float32)
    expected = forward(decoder, codes, ["dense_1", "dense_2", "output"], np.tanh).reshape(9, 5, 4, 2)
    np.testing.assert_allclose(decoder(codes), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(3,), (2, 3, 1)])
def test_without_hidden_layers_both_networks_are_affine(shape):
    size = int(np.prod(shape))
    encoder = dense_encoder(shape, {"mean": 2}, hidden_units=())
    decoder = dense_decoder(2, shape, hidden_units=())
    assert encoder.count_params() == size * 2 + 2
    assert decoder.count_params() == 2 * size + size
    decoder.get_layer("output").bias.assign(np.arange(size))
    left, right = np.random.RandomState(0).normal(size=(2, 4, 2)).astype(np.float32)
    middle = decoder(0.25 * left + 0.75 * right)
    np.testing.assert_allclose(middle, 0.25 * decoder(left) + 0.75 * decoder(right), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(decoder(np.zeros((1, 2))).numpy().ravel(), np.arange(size))
    observations = decoder(left)
    np.testing.assert_allclose(
        encoder(2 * observations)["mean"], 2 * encoder(observations)["mean"], rtol=1e-5
    )


def test_defaults_are_the_dense_networks_of_disentanglement_lib():
    encoder, decoder = dense_encoder((64, 64, 1), {"mean": 10, "log_var": 10}), dense_decoder(10, (64, 64, 1))
    assert encoder.count_params() == (4096 * 1200 + 1200) + (1200 * 1200 + 1200) + 2 * (1200 * 10 + 10)
    assert decoder.count_params() == (10 * 1200 + 1200) + 2 * (1200 * 1200 + 1200) + (1200 * 4096 + 4096)
    assert encoder.get_layer("dense_1").activation.__name__ == "relu"
    assert decoder.get_layer("dense_1").activation.__name__ == "tanh"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: dense_encoder((3,), {}), "outputs must be"),
        (lambda: dense_encoder((64, -1), {"mean": 2}), "observation_shape must be"),
        (lambda: dense_encoder(3, {"mean": 2}), "observation_shape must be"),
        (lambda: dense_encoder((3,), {"mean": 2}, hidden_units=(0,)), "hidden_units must be"),
        (lambda: dense_decoder(2, (3,), hidden_units=400), "hidden_units must be"),
        (lambda: dense_decoder("two", (3,)), "num_latents must be"),
        (lambda: dense_decoder(2, (3,), activation=3), "activation must be"),
    ],
)
def test_arguments_out_of_range_are_refused_in_one_sentence(build, message):
    with pytest.raises(UserError, match=f"{message}.*Received: "):
        build()
