"""Decoder Jacobians against finite differences, reverse mode, and decoders whose Jacobian is known."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisent.analysis.jacobian import decoder_jacobians
from tfdisent.errors import UserError
from tfdisent.networks import deconv_decoder, dense_decoder


def codes(num, latents, seed=0):
    return np.random.RandomState(seed).normal(size=(num, latents)).astype(np.float32)


def test_the_jacobian_of_an_affine_decoder_is_its_matrix_everywhere():
    matrix = np.random.RandomState(0).normal(size=(6, 4)).astype(np.float32)  # [P, D]
    jacobians = decoder_jacobians(lambda batch: batch @ matrix.T + 1.0, codes(5, 4))
    np.testing.assert_array_equal(jacobians, np.broadcast_to(matrix, (5, 6, 4)))


def test_jacobians_are_the_slopes_of_a_tanh_network():
    """Central differences of the same network written out in float64."""
    decoder = dense_decoder(3, (2, 4, 1), hidden_units=(7, 5), seed=1)
    layers = [[weight.astype(np.float64) for weight in layer.get_weights()] for layer in decoder.layers]
    (hidden, hidden_bias), (second, second_bias), (last, last_bias) = [layer for layer in layers if layer]

    def decode(code):
        features = np.tanh(np.tanh(code @ hidden + hidden_bias) @ second + second_bias)
        return 1 / (1 + np.exp(-(features @ last + last_bias)))

    points = codes(4, 3)
    jacobians = decoder_jacobians(lambda batch: tf.sigmoid(decoder(batch)), points)
    for latent in range(3):
        step = 1e-5 * np.eye(3)[latent]
        slope = (decode(points + step) - decode(points - step)) / 2e-5
        np.testing.assert_allclose(jacobians[:, :, latent], slope, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("activation", ["relu", "elu", "leaky_relu", "swish"])
def test_forward_and_reverse_mode_agree_on_a_convolutional_decoder(activation):
    decoder = deconv_decoder(3, (8, 11, 2), filters=(4,), dense_units=(8,), activation=activation, seed=2)
    points = tf.constant(codes(5, 3))
    with tf.GradientTape() as tape:
        tape.watch(points)
        images = tf.sigmoid(decoder(points))
    expected = tf.reshape(tape.batch_jacobian(images, points), [5, 8 * 11 * 2, 3])
    jacobians = decoder_jacobians(lambda batch: tf.sigmoid(decoder(batch)), points)
    np.testing.assert_allclose(jacobians, expected, rtol=1e-4, atol=1e-7)


def test_columns_are_what_forward_accumulation_gives():
    decoder = deconv_decoder(2, (16, 16, 1), seed=3)
    points = tf.constant(codes(3, 2))
    jacobians = decoder_jacobians(decoder, points)
    for latent in range(2):
        tangents = tf.one_hot([latent] * 3, 2)
        with tf.autodiff.ForwardAccumulator(points, tangents) as accumulator:
            images = decoder(points)
        column = tf.reshape(accumulator.jvp(images), [3, -1])
        np.testing.assert_allclose(jacobians[:, :, latent], column, rtol=1e-4, atol=1e-6)


def test_the_batch_size_changes_nothing():
    decoder = dense_decoder(2, (5,), hidden_units=(6,))
    points = codes(7, 2)
    together = decoder_jacobians(decoder, points, batch_size=7)
    assert together.shape == (7, 5, 2)
    # The order of a sum may depend on the batch: its rounding is relative to the terms, not to what is left of them.
    rounding = 1e-6 * np.abs(together).max()
    for batch_size in (1, 3, 100):
        apart = decoder_jacobians(decoder, points, batch_size)
        np.testing.assert_allclose(apart, together, rtol=0, atol=rounding)


def test_a_latent_the_decoder_ignores_has_a_column_of_zeros():
    jacobians = decoder_jacobians(lambda batch: tf.exp(batch[:, :2]), codes(4, 3))
    assert np.all(jacobians[:, :, 2] == 0)
    assert np.all(np.diagonal(jacobians[:, :, :2], axis1=1, axis2=2) > 0)


@pytest.mark.parametrize(
    "decode",
    [
        tf.round,
        tf.stop_gradient,
        lambda batch: tf.ones([3, 5]),
        lambda batch: np.asarray(batch) @ np.eye(2),
        lambda batch: np.tanh(batch.numpy()),
    ],
    ids=["round", "stopped", "constant", "numpy", "values"],
)
def test_a_decoder_without_gradient_is_refused_in_one_sentence(decode):
    with pytest.raises(
        UserError, match=r"^The decoder's outputs do not depend differentiably .* Received: "
    ) as error:
        decoder_jacobians(decode, codes(3, 2))
    assert "\n" not in str(error.value)


def test_another_error_of_the_decoder_is_its_own():
    with pytest.raises(AttributeError, match="no_such_thing"):
        decoder_jacobians(lambda batch: batch.no_such_thing, codes(3, 2))


@pytest.mark.parametrize("wrong", [np.zeros(3), np.zeros((0, 3)), np.zeros((2, 3, 1))])
def test_codes_that_are_no_matrix_are_refused(wrong):
    with pytest.raises(UserError, match=r"codes must be an array \[N, D\].*Received: shape"):
        decoder_jacobians(tf.identity, wrong)


def test_an_empty_batch_is_refused():
    with pytest.raises(UserError, match="batch_size must be a whole number, 1 or larger. Received: 0"):
        decoder_jacobians(tf.identity, codes(2, 2), batch_size=0)
