import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UserError
from tfdisent.objectives import imq_mmd, rows


def written_out(z, prior):
    """The double sums, pair by pair."""
    count, latents = z.shape

    def kernel(x, y):
        constants = 2 * latents * np.array([0.1, 0.2, 0.5, 1, 2, 5, 10])
        return np.sum(constants / (constants + np.sum((x - y) ** 2)))

    pairs = [(i, j) for i in range(count) for j in range(count)]
    within = sum(kernel(z[i], z[j]) + kernel(prior[i], prior[j]) for i, j in pairs if i != j)
    across = sum(kernel(z[i], prior[j]) for i, j in pairs)
    return within / (count * (count - 1)) - 2 * across / count**2


def samples(count, latents, seed=0):
    return np.random.RandomState(seed).normal(size=(2, count, latents))


def test_mmd_is_the_double_sum_over_pairs():
    z, prior = samples(9, 4)
    assert float(imq_mmd(2 * z + 1, prior)) == pytest.approx(written_out(2 * z + 1, prior), rel=1e-12)


def test_mmd_of_two_samples_of_one_law_is_zero_in_the_mean():
    mmd = tf.function(imq_mmd)
    values = np.array([mmd(*map(tf.constant, samples(16, 3, seed))) for seed in range(300)])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values))
    assert values.min() < 0 < values.max()


def test_mmd_grows_as_the_codes_leave_the_prior():
    z, prior = samples(500, 4)
    shifted = [float(imq_mmd(z + shift, prior)) for shift in (0.0, 0.5, 1.0, 2.0)]
    shrunk = [float(imq_mmd(z * scale, prior)) for scale in (1.0, 0.5, 0.0)]
    assert np.all(np.diff(shifted) > 0.05) and np.all(np.diff(shrunk) > 0.05)


def test_mmd_does_not_change_with_the_order_of_the_batch_nor_under_rotations():
    z, prior = samples(12, 3)
    rotation = np.linalg.qr(np.random.RandomState(1).normal(size=(3, 3)))[0]
    found = float(imq_mmd(z, prior))
    assert float(imq_mmd(z[::-1], prior)) == pytest.approx(found, rel=1e-10)
    assert float(imq_mmd(z @ rotation, prior @ rotation)) == pytest.approx(found, rel=1e-10)


def test_blocks_change_neither_value_nor_gradient(monkeypatch):
    z, prior = map(tf.constant, samples(10, 3))

    def evaluate():
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = imq_mmd(z, prior)
        return value, tape.gradient(value, z)

    whole = evaluate()
    monkeypatch.setattr(rows, "_BLOCK", 40)
    for found in (evaluate(), tf.function(evaluate)()):
        for value, expected in zip(found, whole, strict=True):
            np.testing.assert_allclose(value, expected, rtol=1e-10)


def test_a_batch_of_one_and_samples_of_two_shapes_end_in_a_sentence():
    with pytest.raises(UserError, match="take batch_size=2 or more"):
        imq_mmd(*samples(1, 3))
    with pytest.raises(
        UserError, match=r"prior must be a tensor .* with B = 4, D = 3\. Received: shape \(5, 3\)"
    ):
        imq_mmd(np.zeros((4, 3)), np.zeros((5, 3)))
