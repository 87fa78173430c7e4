import keras
import numpy as np
import pytest

from tfdisent import networks


def shapes(network, kind):
    return [tuple(layer.output.shape[1:]) for layer in network.layers if kind in type(layer).__name__]


def test_the_encoders_have_the_layers_of_appendix_a():
    found = networks.symae_signal_networks((100,), 5, 10)
    assert shapes(found["instance_encoder"], "Pooling") == [(50, 32), (25, 32)]
    assert shapes(found["coherent_encoder"], "Pooling") == [(12, 32), (6, 32)]
    assert shapes(found["nuisance_encoder"], "Pooling") == [(50, 32), (25, 32), (12, 32), (6, 32)]
    assert [
        len(shapes(found[f"{name}_encoder"], "Conv1D")) for name in ("instance", "coherent", "nuisance")
    ] == [4, 4, 8]
    literal = networks.symae_signal_networks((100,), 5, 10, literal_pools=True)
    assert shapes(literal["nuisance_encoder"], "Pooling")[-1] == (3, 32)
    assert shapes(literal["coherent_encoder"], "Pooling")[-1] == (3, 32)


def test_the_decoders_have_the_layers_of_appendices_a_and_b():
    product = networks.symae_signal_networks((100,), 5, 10)["decoder"]
    dense = [units for (units,) in shapes(product, "Dense")]
    assert sorted(dense) == [50, 50, 100, 200, 200]
    assert shapes(product, "Conv1D").count((100, 1)) == 2 and shapes(product, "Conv1D").count((50, 32)) == 4
    mixer = networks.symae_signal_networks((100,), 5, 10, decoder="concatenation")["decoder"]
    assert shapes(mixer, "Dense") == [(10,)] and shapes(mixer, "UpSampling") == [(100, 64)]
    deep = networks.symae_signal_networks((100,), 5, 10, decoder="dense")["decoder"]
    assert [units for (units,) in shapes(deep, "Dense")] == [100, *[1000] * 6, 100]


@pytest.mark.parametrize(("product_layers", "before"), [("code", 1), ("text_linear", 2)])
def test_the_second_factor_is_linear_in_the_nuisance_codes_with_the_layers_of_the_code(
    product_layers, before
):
    settings = {"split_inputs": True, "product_layers": product_layers}
    decoder = networks.symae_signal_networks((20,), 2, 3, **settings)["decoder"]
    assert sorted(units for (units,) in shapes(decoder, "Dense")) == [10, 10, 20, 500, 2000]
    assert (
        shapes(decoder, "Conv1D").count((10, 32)) == 2 * before
    )  # before the upsampling of dec1 and of dec3
    factor = keras.Model(decoder.inputs, decoder.get_layer("dec2_output").output)
    codes = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
    state = np.zeros((1, 2), np.float32)
    of_mean, of_each = (
        factor([state, codes.mean(axis=0, keepdims=True)]),
        factor([state.repeat(64, 0), codes]),
    )
    np.testing.assert_allclose(of_mean[0], np.mean(of_each, axis=0), atol=1e-5)


@pytest.mark.parametrize("decoder", networks.SYMAE_DECODERS)
def test_one_seed_gives_the_same_weights_and_another_others(decoder):
    settings = {"decoder": decoder, "filters": 4, "mixer_filters": 4, "dense_units": (8,)}
    first, again, other = (
        networks.symae_signal_networks((20,), 2, 3, **settings, seed=seed) for seed in (0, 0, 1)
    )
    for name, network in first.items():
        for weight, same in zip(network.weights, again[name].weights, strict=True):
            np.testing.assert_array_equal(weight, same)
    assert any((a.numpy() != b.numpy()).any() for a, b in zip(
        first["decoder"].weights, other["decoder"].weights, strict=True))  # fmt: skip


def test_the_image_networks_average_the_last_layer_and_have_two_linear_ones():
    found = networks.symae_image_networks((28, 28, 1), 20, 20)
    for name in ("instance_encoder", "nuisance_encoder"):
        assert [units for (units,) in shapes(found[name], "Dense")] == [512, 256, 20, 20]
    assert [units for (units,) in shapes(found["decoder"], "Dense")] == [256, 512, 784]
    assert not found["coherent_encoder"].weights
