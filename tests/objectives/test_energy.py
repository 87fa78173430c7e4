import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfdisent.errors import UserError
from tfdisent.objectives import energy_dependence, energy_distance, rows


def written_out(x, y):
    def mean(a, b):
        return np.mean([[np.linalg.norm(p - q) for q in b] for p in a])

    return mean(x, y) - mean(x, x) / 2 - mean(y, y) / 2


def codes(*shape, seed=0):
    return np.random.RandomState(seed).normal(size=shape)


def test_energy_distance_is_the_double_sum_over_pairs():
    x, y = codes(7, 3), 2 * codes(5, 3, seed=1) + 1
    assert float(energy_distance(x, y)) == pytest.approx(written_out(x, y), rel=1e-12)
    assert float(energy_distance(y, x)) == pytest.approx(written_out(x, y), rel=1e-12)


def test_in_one_dimension_it_is_half_the_square_of_scipys():
    x, y = codes(30), 1.5 * codes(20, seed=1) - 0.3
    ours = float(energy_distance(x[:, None], y[:, None]))
    assert ours == pytest.approx(stats.energy_distance(x, y) ** 2 / 2, rel=1e-10)


def test_it_is_zero_for_equal_samples_and_positive_for_others():
    x = codes(9, 4)
    assert abs(float(energy_distance(x, x[::-1]))) < 1e-14
    assert abs(float(energy_distance(x, np.concatenate([x, x])))) < 1e-14
    for seed in range(20):
        y = x.copy()
        y[0] += 1e-3 * codes(4, seed=seed)
        assert float(energy_distance(x, y)) > 0


def test_energy_dependence_is_the_mean_over_datapoints_of_definition_3():
    bags = codes(4, 5, 3) + codes(4, 1, 3, seed=1)
    expected = np.mean([written_out(bag, bags.reshape(-1, 3)) for bag in bags])
    assert float(energy_dependence(bags)) == pytest.approx(expected, rel=1e-12)


def test_energy_dependence_is_zero_for_equal_sets_of_codes_in_any_order_and_grows_as_they_part():
    bag = codes(6, 2)
    random_state = np.random.RandomState(0)
    same = np.stack([bag[random_state.permutation(6)] for _ in range(3)])
    assert abs(float(energy_dependence(same))) < 1e-14
    apart = np.arange(3)[:, None, None]
    found = [float(energy_dependence(same + distance * apart)) for distance in (0.1, 1.0, 10.0)]
    assert 0 < found[0] < found[1] < found[2]


def test_gradients_agree_with_finite_differences():
    bags = codes(3, 4, 2)
    with tf.GradientTape() as tape:
        variable = tf.Variable(bags)
        value = energy_dependence(variable)
    gradient, step = tape.gradient(value, variable).numpy(), 1e-6
    for place in np.ndindex(bags.shape):
        moved = np.zeros_like(bags)
        moved[place] = step
        difference = (energy_dependence(bags + moved) - energy_dependence(bags - moved)) / (2 * step)
        assert gradient[place] == pytest.approx(float(difference), abs=1e-8)


def test_the_gradient_is_finite_where_points_coincide():
    bags = tf.Variable(np.ones((3, 4, 2)))
    with tf.GradientTape() as tape:
        value = energy_dependence(bags)
    assert float(value) == 0.0
    np.testing.assert_array_equal(tape.gradient(value, bags), np.zeros((3, 4, 2)))


def test_blocks_change_neither_value_nor_gradient(monkeypatch):
    bags = tf.constant(codes(5, 4, 3))

    def evaluate():
        with tf.GradientTape() as tape:
            tape.watch(bags)
            value = energy_dependence(bags)
        return value, tape.gradient(value, bags)

    whole = evaluate()
    monkeypatch.setattr(rows, "_BLOCK", 100)
    for found in (evaluate(), tf.function(evaluate)()):
        for value, expected in zip(found, whole, strict=True):
            np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-14)


def test_one_datapoint_and_other_shapes_end_in_a_sentence():
    with pytest.raises(UserError, match="take batch_size=2 or more"):
        energy_dependence(codes(1, 4, 2))
    with pytest.raises(UserError, match=r"codes must be a tensor \[n_x, n_tau, q\]"):
        energy_dependence(codes(4, 2))
    with pytest.raises(UserError, match=r"y must be a tensor \[M, D\] with D = 2\. Received: shape \(4, 3\)"):
        energy_distance(codes(4, 2), codes(4, 3))
