"""Seeds, precision, saving: what holds for every network alike."""

import random
import subprocess
import sys

import keras
import numpy as np
import pytest

from tfdisent.networks import conv_encoder, deconv_decoder, dense_decoder, dense_encoder

SHAPE = (16, 16, 1)
HEADS = {"mean": 3, "log_var": 3}
BUILDERS = {
    "conv_encoder": lambda **settings: conv_encoder(SHAPE, HEADS, **settings),
    "deconv_decoder": lambda **settings: deconv_decoder(3, SHAPE, **settings),
    "dense_encoder": lambda **settings: dense_encoder(SHAPE, HEADS, hidden_units=(32, 32, 32), **settings),
    "dense_decoder": lambda **settings: dense_decoder(3, SHAPE, hidden_units=(32, 32, 32), **settings),
}
every_network = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS.keys())


def inputs_of(model):
    shape = (4, *model.input.shape[1:])
    return np.random.RandomState(0).uniform(size=shape).astype(np.float32)


def outputs_of(model, inputs):
    outputs = model(inputs)
    return outputs if isinstance(outputs, dict) else {"output": outputs}


def kernels(model):
    return {weight.path: weight.numpy() for weight in model.weights if weight.path.endswith("kernel")}


@every_network
def test_one_seed_gives_bitwise_equal_weights_whatever_happened_to_global_randomness(build):
    keras.utils.set_random_seed(1)
    first = build(seed=7)
    states = random.getstate(), np.random.get_state()[1].copy()
    keras.utils.set_random_seed(2)
    second = build(seed=7)
    keras.utils.set_random_seed(1)
    build(seed=7)
    assert random.getstate() == states[0]
    np.testing.assert_array_equal(np.random.get_state()[1], states[1])
    assert [weight.path for weight in first.weights] == [weight.path for weight in second.weights]
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@every_network
def test_another_seed_changes_every_kernel(build):
    first, second = kernels(build(seed=0)), kernels(build(seed=1))
    for path in first:
        assert not np.any(first[path] == second[path]), path


@every_network
def test_no_two_layers_begin_with_the_same_numbers(build):
    starts = [tuple(kernel.ravel()[:3] / np.abs(kernel).max()) for kernel in kernels(build()).values()]
    assert len(set(starts)) == len(starts)


@every_network
def test_kernels_are_glorot_uniform_and_biases_zero(build):
    model = build()
    for weight in model.weights:
        values = weight.numpy()
        if weight.path.endswith("bias"):
            assert not values.any()
        else:
            fields = int(np.prod(values.shape[:-2]))
            limit = np.sqrt(6.0 / (fields * (values.shape[-1] + values.shape[-2])))
            assert np.abs(values).max() <= limit
            # mean square of a uniform variable: limit^2 / 3, with relative standard error sqrt(4 / 5 / n)
            error = np.mean(values**2) / (limit**2 / 3) - 1
            assert abs(error) < 4.5 * np.sqrt(0.8 / values.size), weight.path


def test_the_path_to_the_mean_does_not_depend_on_what_other_heads_there_are():
    alone, together = kernels(conv_encoder(SHAPE, {"mean": 3})), kernels(conv_encoder(SHAPE, HEADS))
    assert set(alone) < set(together)
    for path in alone:
        np.testing.assert_array_equal(alone[path], together[path])


@every_network
def test_saved_and_loaded_network_gives_identical_outputs(build, tmp_path):
    model = build(seed=3, activation="elu")
    model.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    inputs = inputs_of(model)
    before, after = outputs_of(model, inputs), outputs_of(loaded, inputs)
    assert list(before) == list(after)
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


@every_network
def test_weights_saved_by_one_build_load_into_another(build, tmp_path):
    first, second = build(seed=1), build(seed=2)
    first.save_weights(tmp_path / "network.weights.h5")
    second.load_weights(tmp_path / "network.weights.h5")
    inputs = inputs_of(first)
    before, after = outputs_of(first, inputs), outputs_of(second, inputs)
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


@every_network
def test_bfloat16_hidden_layers_give_float32_outputs_near_those_of_float32(build):
    exact, coarse = build(seed=3), build(seed=3, dtype="mixed_bfloat16")
    inputs = inputs_of(exact)
    assert coarse.get_layer("dense_1").compute_dtype == "bfloat16"
    assert all(weight.dtype == "float32" for weight in coarse.weights)
    expected = outputs_of(exact, inputs)
    for name, output in outputs_of(coarse, inputs).items():
        assert output.dtype == "float32"
        scale = np.abs(expected[name]).max()
        error = np.abs(output - expected[name]).max() / scale
        assert 0 < error < 0.05, name


@pytest.mark.slow
def test_importing_the_networks_and_objectives_loads_only_tensorflow_and_keras():
    code = (
        "import sys, tensorflow, keras; before = set(sys.modules); "
        "import tfdisent.networks, tfdisent.objectives; "
        "print(sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "['tfdisent']"
