"""Reconstruction costs against other implementations and their own algebra."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UserError
from tfdisent.objectives import bernoulli, l1, mean_squared_error, squared_l2

COSTS = pytest.mark.parametrize("cost", [bernoulli, l1, squared_l2, mean_squared_error])


def images(seed, shape=(5, 4, 3, 2)):
    return np.random.RandomState(seed).uniform(size=shape)


def test_bernoulli_is_the_negative_log_likelihood_tfp_computes():
    import tensorflow_probability as tfp

    targets = np.round(images(0))
    logits = tf.constant(4 * images(1) - 2)
    pixels = tfp.distributions.Bernoulli(logits=logits, dtype=tf.float64)
    expected = -tf.reduce_sum(pixels.log_prob(targets), axis=[1, 2, 3])
    np.testing.assert_allclose(bernoulli(targets, logits), expected, rtol=1e-12)


def test_bernoulli_is_least_at_the_logits_of_the_targets_where_it_is_their_entropy():
    targets = np.clip(images(0), 0.05, 0.95)
    logits = np.log(targets / (1 - targets))
    entropy = -(targets * np.log(targets) + (1 - targets) * np.log(1 - targets)).sum(axis=(1, 2, 3))
    least = bernoulli(targets, logits).numpy()
    np.testing.assert_allclose(least, entropy, rtol=1e-12)
    for step in (0.1, -0.1):
        assert np.all(bernoulli(targets, logits + step).numpy() > least)


def test_bernoulli_is_exact_at_huge_logits():
    logits = tf.constant([[1e4], [1e4], [-1e4], [-1e4]])
    targets = tf.constant([[1.0], [0.0], [0.0], [1.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        cost = bernoulli(targets, logits)
    np.testing.assert_array_equal(cost, [0.0, 1e4, 0.0, 1e4])
    np.testing.assert_array_equal(tape.gradient(cost, logits), [[0.0], [1.0], [0.0], [-1.0]])


def test_costs_are_the_sums_they_are_named_for():
    targets, outputs = images(0), images(1)
    error = (outputs - targets).reshape(5, -1)
    np.testing.assert_allclose(l1(targets, outputs), np.linalg.norm(error, ord=1, axis=1), rtol=1e-12)
    np.testing.assert_allclose(squared_l2(targets, outputs), np.linalg.norm(error, axis=1) ** 2, rtol=1e-12)


def test_mean_squared_error_times_the_number_of_features_is_squared_l2():
    targets, outputs = images(0), images(1)
    np.testing.assert_allclose(
        24 * mean_squared_error(targets, outputs), squared_l2(targets, outputs), rtol=1e-12
    )


def test_squared_l2_of_orthogonal_errors_adds_like_pythagoras():
    targets, left, right = np.zeros((1, 4)), np.array([[1.0, 2, 0, 0]]), np.array([[0, 0, 3.0, 4]])
    np.testing.assert_allclose(
        squared_l2(targets, left + right), squared_l2(targets, left) + squared_l2(targets, right)
    )


@COSTS
def test_each_sample_has_its_own_cost_and_features_may_have_any_shape(cost):
    targets, outputs = images(0), images(1)
    together = cost(targets, outputs)
    assert together.shape == (5,)
    np.testing.assert_allclose(cost(targets.reshape(5, 24), outputs.reshape(5, 24)), together, rtol=1e-12)
    for index in range(5):
        alone = cost(targets[index : index + 1], outputs[index : index + 1])
        np.testing.assert_allclose(alone, together[index : index + 1], rtol=1e-12)


@COSTS
def test_half_precision_outputs_are_summed_in_float32(cost):
    """4096 pixels summed in bfloat16 would be off by percents."""
    targets = tf.cast(images(0, (2, 64, 64, 1)), tf.float32)
    outputs = tf.cast(images(1, (2, 64, 64, 1)), tf.bfloat16)
    value = cost(targets, outputs)
    assert value.dtype == tf.float32
    exact = cost(tf.cast(targets, tf.float64), tf.cast(outputs, tf.float64))
    np.testing.assert_allclose(value, exact, rtol=1e-5)


@COSTS
def test_shapes_that_would_broadcast_are_refused(cost):
    with pytest.raises(UserError, match=r" with B = 5, \.\.\. = \(4, 4\)\. Received: shape \(5, 4, 4, 1\)"):
        cost(np.zeros((5, 4, 4)), np.zeros((5, 4, 4, 1)))


@COSTS
def test_a_batch_of_unknown_size_is_accepted_in_a_graph(cost):
    targets, outputs = images(0).astype(np.float32), images(1).astype(np.float32)
    signature = [tf.TensorSpec([None, 4, 3, 2]), tf.TensorSpec([None, 4, 3, 2])]
    graph = tf.function(cost, input_signature=signature)
    np.testing.assert_allclose(graph(targets, outputs), cost(targets, outputs), rtol=1e-6)
