"""Spectral normalisation: sigma against numpy's SVD, and the gradient through it against finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.networks import SpectralConv2D, SpectralDense


def dense(units=5, inputs=7, seed=3):
    layer = SpectralDense(units, kernel_initializer=keras.initializers.GlorotUniform(seed=seed))
    layer.build((None, inputs))
    return layer


def conv(filters=4, channels=3, seed=3):
    layer = SpectralConv2D(
        filters, 4, strides=2, padding="same", kernel_initializer=keras.initializers.GlorotUniform(seed=seed)
    )
    layer.build((None, 8, 8, channels))
    return layer


def matrix(layer):
    kernel = np.asarray(layer.kernel, np.float64)
    return kernel.reshape(-1, kernel.shape[-1])


def converged(layer):
    for _ in range(300):
        layer.sigma(training=True)
    return layer


@pytest.mark.parametrize("make", [dense, conv])
def test_sigma_becomes_the_largest_singular_value(make):
    layer = converged(make())
    np.testing.assert_allclose(layer.sigma(), np.linalg.svd(matrix(layer), compute_uv=False)[0], rtol=1e-5)
    normalised = np.asarray(layer.normalised_kernel()).reshape(matrix(layer).shape)
    np.testing.assert_allclose(np.linalg.norm(normalised, 2), 1, atol=1e-5)


@pytest.mark.parametrize("make", [dense, conv])
def test_one_iteration_a_training_pass_and_none_elsewhere(make):
    layer = make()
    u = np.asarray(layer.u, np.float64)
    v = matrix(layer) @ u
    v /= np.linalg.norm(v)
    after = matrix(layer).T @ v
    inputs = np.zeros((2, 8, 8, 3), np.float32) if isinstance(layer, SpectralConv2D) else np.zeros((2, 7))
    layer(inputs.astype(np.float32), training=True)
    np.testing.assert_allclose(layer.v, v, atol=1e-6)
    np.testing.assert_allclose(layer.u, after / np.linalg.norm(after), atol=1e-6)
    before = np.array(layer.u)
    layer(inputs.astype(np.float32), training=False)
    np.testing.assert_array_equal(layer.u, before)


@pytest.mark.parametrize("make", [dense, conv])
def test_the_gradient_goes_through_sigma(make):
    """Of a linear function of W / sigma(W), against numpy's singular value and central differences."""
    layer = converged(make())
    shape = matrix(layer).shape
    weights = np.random.default_rng(0).standard_normal(shape)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(layer.normalised_kernel() * weights.reshape(layer.kernel.shape))
    gradient = np.asarray(tape.gradient(value, layer.trainable_variables[0].value)).reshape(shape)

    def function(kernel):
        return (kernel / np.linalg.norm(kernel, 2) * weights).sum()

    step, kernel = 1e-6, matrix(layer)
    expected = np.zeros(shape)
    for place in np.ndindex(shape):
        move = np.zeros(shape)
        move[place] = step
        expected[place] = (function(kernel + move) - function(kernel - move)) / (2 * step)
    np.testing.assert_allclose(gradient, expected, atol=2e-4)


def test_outputs_are_those_of_the_plain_layers_with_the_normalised_kernel():
    generator = np.random.default_rng(1)
    for layer, plain, inputs in (
        (dense(), keras.layers.Dense(5), generator.random((3, 7))),
        (conv(), keras.layers.Conv2D(4, 4, strides=2, padding="same"), generator.random((3, 8, 8, 3))),
    ):
        plain.build((None, *inputs.shape[1:]))
        layer.bias.assign(generator.random(layer.bias.shape))
        plain.set_weights([np.asarray(layer.normalised_kernel()), np.asarray(layer.bias)])
        inputs = inputs.astype(np.float32)
        np.testing.assert_allclose(layer(inputs), plain(inputs), atol=1e-5)


def test_a_saved_network_keeps_its_vectors(tmp_path):
    inputs = keras.Input((7,))
    network = keras.Model(inputs, converged(dense())(inputs))
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    for old, new in zip(network.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(old, new)
