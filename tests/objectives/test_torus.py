import itertools

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tfdisent import objectives
from tfdisent.errors import UserError

TURN = 2 * np.pi


def gradient(function, *arguments):
    tensors = [tf.constant(np.asarray(argument)) for argument in arguments]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    return value.numpy(), [g.numpy() for g in tape.gradient(value, tensors)]


def uniform(shape, seed=0):
    return np.random.RandomState(seed).uniform(-np.pi, np.pi, shape)


@pytest.mark.parametrize(("count", "circles"), [(2, 1), (16, 3), (255, 2)])
def test_the_spring_loss_is_least_at_equal_spacing(count, circles):
    angles = np.random.RandomState(0).rand(circles) + TURN * np.arange(count)[:, None] / count
    floor = circles * TURN**2 / count
    value, (slope,) = gradient(objectives.spring_loss, angles)
    assert value == pytest.approx(floor, rel=1e-10)
    np.testing.assert_allclose(slope, 0, atol=1e-10)
    assert float(objectives.spring_loss(angles + 0.01 * uniform(angles.shape))) > floor


def test_the_spring_loss_of_uniform_angles_has_its_mean():
    # Spacings of S uniform points: E[gap^2] = 2 (2 pi)^2 / (S (S + 1)).
    values = [float(objectives.spring_loss(uniform((32, 10), seed))) for seed in range(200)]
    standard_error = np.std(values) / np.sqrt(len(values))
    assert np.mean(values) == pytest.approx(10 * 2 * TURN**2 / 33, abs=4 * standard_error)


def test_the_spring_loss_is_blind_to_a_common_rotation_and_to_the_order_of_the_batch():
    angles = uniform((20, 3))
    value = float(objectives.spring_loss(angles))
    for turn in (0.3, 3.0, -9.0):
        assert float(objectives.spring_loss(angles + turn)) == pytest.approx(value, rel=1e-10)
    shuffled = np.random.RandomState(1).permutation(angles)
    assert float(objectives.spring_loss(shuffled)) == pytest.approx(value, rel=1e-12)


def test_the_spring_gradient_is_that_of_springs_also_across_the_cut():
    angles = uniform((9, 2))
    _, (slope,) = gradient(objectives.spring_loss, angles)
    for circle in range(2):
        order = np.argsort(angles[:, circle])
        phi = angles[order, circle]
        before, after = np.roll(phi, 1), np.roll(phi, -1)
        before[0] -= TURN
        after[-1] += TURN
        np.testing.assert_allclose(slope[order, circle], 2 * (2 * phi - before - after), atol=1e-10)


def test_equal_angles_keep_their_order():
    # Of three equal points, the first is pulled by its left neighbour, the last by its right one.
    angles = np.array([1.0, 1.0, 1.0, -1.0, 2.0])[:, None]
    _, (slope,) = gradient(objectives.spring_loss, angles)
    np.testing.assert_allclose(slope[:3, 0], [2 * 2.0, 0.0, -2 * 1.0], atol=1e-12)
    values = np.array([1.0, 1.0, 0.5])[:, None]
    _, (slope,) = gradient(lambda v: objectives.quantile_loss(v, 0.0, 1.0), values)
    quantiles = scipy.stats.norm.ppf([1 / 6, 1 / 2, 5 / 6])
    np.testing.assert_allclose(slope[:, 0], 2 * (values[:, 0] - quantiles[[1, 2, 0]]), atol=1e-6)


@pytest.mark.parametrize(("mean", "stddev"), [(1.0, 0.1), (0.0, 1.0), (-2.0, 3.0)])
def test_the_quantile_loss_is_zero_at_the_quantiles_and_the_squared_distance_from_them(mean, stddev):
    quantiles = scipy.stats.norm.ppf((np.arange(50) + 0.5) / 50, mean, stddev)
    values = np.random.RandomState(0).permutation(quantiles)[:, None]
    assert float(objectives.quantile_loss(values, mean, stddev)) == pytest.approx(0, abs=1e-9)
    shifted = np.hstack([values + 0.3, values])
    assert float(objectives.quantile_loss(shifted, mean, stddev)) == pytest.approx(50 * 0.09, rel=1e-6)


def test_polar_coordinates_come_back_and_have_gradients_everywhere():
    points = np.random.RandomState(0).normal(size=(2, 40))
    radius_squared, angle = objectives.polar(*points)
    np.testing.assert_allclose(
        np.sqrt(radius_squared) * np.exp(1j * angle.numpy()), points[0] + 1j * points[1]
    )
    _, (dx, dy) = gradient(lambda x, y: tf.reduce_sum(objectives.polar(x, y)[1]), *points)
    r2 = (points**2).sum(0)
    np.testing.assert_allclose([dx, dy], [-points[1] / r2, points[0] / r2], rtol=1e-10)
    for tiny in (0.0, 1e-30, 1e-8, 1e-4):
        at = np.array([tiny], np.float32)
        value, slopes = gradient(lambda x, y: tf.reduce_sum(tf.add_n(objectives.polar(x, y))), at, at)
        assert np.isfinite(value) and np.all(np.abs(slopes) <= 1001)


def test_the_correlation_is_zero_for_a_grid_and_a_half_for_equal_angles():
    ticks = TURN * np.arange(12) / 12
    grid = np.array(list(itertools.product(ticks, ticks)))
    assert float(objectives.circular_correlation(grid)) == pytest.approx(0, abs=1e-15)
    for sign, shift in ((1, 0.0), (1, 2.0), (-1, 0.7)):
        pair = np.stack([ticks, sign * ticks + shift], axis=1)
        assert float(objectives.circular_correlation(pair)) == pytest.approx(0.5)
    three = np.stack([ticks, ticks, ticks], axis=1)
    assert float(objectives.circular_correlation(three)) == pytest.approx(1.5)
    assert float(objectives.circular_correlation(ticks[:, None])) == 0.0


def test_the_sliced_distance_tells_dependent_angles_from_independent_ones():
    directions = np.random.RandomState(5).normal(size=(100, 4))
    independent, other = uniform((500, 2), 1), uniform((500, 2), 2)
    equal = np.repeat(independent[:, :1], 2, axis=1)
    near, far = (float(objectives.sliced_torus_distance(x, other, directions)) for x in (independent, equal))
    assert far > 5 * near > 0
    assert float(objectives.sliced_torus_distance(other[::-1], other, directions)) == pytest.approx(
        0, abs=1e-15
    )


def test_the_sliced_distance_in_one_direction_is_the_distance_of_sorted_numbers():
    angles, other = uniform((50, 1), 1), uniform((50, 1), 2)
    expected = np.mean((np.sort(np.cos(angles[:, 0])) - np.sort(np.cos(other[:, 0]))) ** 2)
    assert float(objectives.sliced_torus_distance(angles, other, [[2.0, 0.0]])) == pytest.approx(expected)


@pytest.mark.parametrize(
    "function",
    [objectives.spring_loss, objectives.quantile_loss, objectives.circular_correlation],
)
def test_a_batch_of_one_is_refused(function):
    with pytest.raises(UserError, match="take batch_size=2 or more"):
        function(np.zeros((1, 3)))


def test_other_wrong_arguments_end_in_a_sentence():
    with pytest.raises(UserError, match="stddev must be a number, above 0"):
        objectives.quantile_loss(np.zeros((4, 1)), 1.0, 0.0)
    with pytest.raises(
        UserError, match=r"directions must be a tensor \[P, 2d\] with d = 2\. Received: shape \(3, 2\)"
    ):
        objectives.sliced_torus_distance(np.zeros((4, 2)), np.zeros((4, 2)), np.zeros((3, 2)))
    with pytest.raises(UserError, match=r"codes must be a tensor \[B, k, d0\]"):
        objectives.group_sparsity(np.zeros((4, 6)))


def test_group_sparsity_is_a_norm_over_the_blocks_of_each_coordinate():
    codes = np.array([[[3.0, 0.0], [4.0, 0.0]], [[1.0, 2.0], [0.0, 0.0]]])
    np.testing.assert_allclose(objectives.group_sparsity(codes), [5.0, 3.0], atol=2e-6)
    _, (slope,) = gradient(lambda z: tf.reduce_sum(objectives.group_sparsity(z)), np.zeros((2, 3, 2)))
    np.testing.assert_array_equal(slope, 0)
