import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.networks import dense_discriminator


def test_the_default_is_disentanglement_libs():
    network = dense_discriminator(10)
    assert network.count_params() == 5_018_002
    assert network.output.shape == (None, 2)


def test_the_hidden_layers_leak_with_slope_two_tenths_and_relu_does_not():
    codes = np.array([[-1.0], [2.0]], np.float32)
    for activation, negative in (("leaky_relu", -0.2), ("relu", 0.0)):
        network = dense_discriminator(1, hidden_units=(1,), activation=activation)
        network.get_layer("dense_1").set_weights([np.ones((1, 1)), np.zeros(1)])
        network.get_layer("logits").set_weights([np.array([[1.0, -1.0]]), np.zeros(2)])
        np.testing.assert_allclose(network(codes), [[negative, -negative], [2, -2]], rtol=1e-6)


def test_weights_are_a_function_of_the_seed():
    first, same, other = (dense_discriminator(3, hidden_units=(8,), seed=seed) for seed in (4, 4, 5))
    for one, two, three in zip(first.weights, same.weights, other.weights, strict=True):
        np.testing.assert_array_equal(one, two)
        assert "bias" in one.path or np.any(np.array(one) != np.array(three))


def test_logits_are_float32_under_bfloat16():
    network = dense_discriminator(3, hidden_units=(8,), dtype="mixed_bfloat16")
    assert network(np.zeros((2, 3), np.float32)).dtype == "float32"


def test_wrong_arguments_end_in_a_sentence():
    with pytest.raises(UserError, match="num_latents must be a whole number"):
        dense_discriminator(0)
    with pytest.raises(UserError, match="hidden_units must be"):
        dense_discriminator(3, hidden_units=(8, -1))
    with pytest.raises(UserError, match="activation must be a name"):
        dense_discriminator(3, activation="softly")
