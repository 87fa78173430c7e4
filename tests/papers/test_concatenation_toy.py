import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UserError
from tfdisent.papers.symae.concatenation_toy import (
    ToyState,
    balance,
    initial_toy,
    predicted_beta,
    toy_losses,
    train_toy,
)

GRID = np.array([[-0.5, 0.8], [0.3, -0.6], [0.9, 0.4]])
MASKS = [(1.0, 1.0), (0.0, 1.0), (1.0, 0.0)]


def models(width=100):
    return initial_toy(GRID[:, 0], GRID[:, 1], width)


def written_out(code, units):
    """Eq. (10), term by term."""
    (alpha, beta), (a, b, c) = code, units
    total = 0.0
    for s in range(10):
        for value in range(20):
            n = alpha * s + beta * value
            for weight in (b + c, b, c):
                total += (np.maximum(a * s + weight * n, 0).sum() - value) ** 2
    return total


def test_the_expected_loss_is_equation_10_up_to_the_number_of_pairs():
    state = models(7)
    found = toy_losses(tf.constant(state.code), tf.constant(state.units), MASKS, 1.0)
    expected = [written_out(*model) for model in zip(state.code, state.units, strict=True)]
    np.testing.assert_allclose(200 * found.numpy(), expected, rtol=1e-4)


def test_masks_of_units_are_those_of_the_codes_where_all_units_have_the_same():
    state, masks = models(7), np.array([[1.5, -0.3]], np.float32)
    code, units = tf.constant(state.code), tf.constant(state.units)
    expected = toy_losses(code, units, masks, 1.0)
    np.testing.assert_allclose(
        toy_losses(code, units, np.repeat(masks[..., None], 7, 2), 1.0), expected, rtol=1e-6
    )
    # a mask of a unit is a factor of its b and c
    own = np.random.RandomState(0).normal(1, 1, (1, 2, 7)).astype(np.float32)
    scaled = tf.concat([units[:, :1], units[:, 1:] * own], 1)
    found = toy_losses(code, units, own, 1.0)
    np.testing.assert_allclose(found, toy_losses(code, scaled, [(1.0, 1.0)], 1.0), rtol=1e-5)


def test_gaussian_masks_end_with_alpha_as_large_as_beta_and_expected_masks_do_not():
    state = initial_toy(*np.array([(-0.6, 0.8), (0.5, -0.6), (0.9, 0.4), (-0.2, -0.7)]).T)
    for masks, low, high in (("gaussian", 0.7, 1.2), ("expected", 0.0, 0.35)):
        trained, _ = train_toy(state, 2000, masks)
        ratio = np.abs(trained.code[:, 0] / trained.code[:, 1])
        assert ((ratio >= low) & (ratio <= high)).all(), (masks, ratio)
    assert (np.sign(trained.code[:, 1]) == np.sign(state.code[:, 1])).all()  # of the expected masks


def test_a_decoder_that_reads_the_code_has_no_loss():
    # One unit that reads each code with weight 1/2 says n under (1, 1) and half of it under the other masks.
    state = ToyState(np.array([[0.0, 1.0]], np.float32), np.array([[[0.0], [0.5], [0.5]]], np.float32))
    found = toy_losses(tf.constant(state.code), tf.constant(state.units), [(1.0, 1.0)], 1.0)
    assert float(found[0]) == pytest.approx(0.0, abs=1e-9)
    half = toy_losses(tf.constant(state.code), tf.constant(state.units), [(1.0, 0.0)], 1.0)
    assert float(half[0]) == pytest.approx(np.mean(np.arange(20) ** 2) / 4, rel=1e-6)


@pytest.mark.parametrize(
    ("optimizer", "masks"), [("sgd", "gaussian"), ("adam", "gaussian_shared"), ("sgd", "gaussian_units")]
)
def test_many_models_together_are_each_alone_and_a_run_in_two_parts_is_one_run(optimizer, masks):
    settings = {"masks": masks, "optimizer": optimizer, "learning_rate": 1e-4}
    state = models(20)
    together, losses = train_toy(state, 30, **settings)
    for index in range(len(GRID)):
        alone, loss = train_toy(ToyState(state.code[[index]], state.units[[index]]), 30, **settings)
        np.testing.assert_allclose(alone.code[0], together.code[index], rtol=1e-3, atol=1e-5)
        assert loss[0] == pytest.approx(losses[index], rel=1e-3)
    half, _ = train_toy(state, 12, **settings)
    whole, _ = train_toy(half, 18, **settings)
    np.testing.assert_array_equal(whole.code, together.code)
    np.testing.assert_array_equal(whole.units, together.units)


def test_adam_is_keras_adam():
    import keras

    state = models(5)
    found, _ = train_toy(state, 4, optimizer="adam", learning_rate=1e-2)
    code, units = keras.Variable(state.code), keras.Variable(state.units)
    optimizer = keras.optimizers.Adam(1e-2)
    for _ in range(4):
        with tf.GradientTape() as tape:
            loss = toy_losses(code.value, units.value, MASKS, 1 / np.sqrt(5))
        optimizer.apply(tape.gradient(loss, [code.value, units.value]), [code, units])
    np.testing.assert_allclose(found.code, code, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.units, units, rtol=1e-4, atol=1e-6)


def test_gradient_flow_keeps_the_balance_of_code_and_decoder():
    # d/dt of alpha^2 + beta^2 - sum (b^2 + c^2) is twice code . gradient - (b, c) . gradient: 0 by homogeneity.
    state = models(30)
    with tf.GradientTape() as tape:
        code, units = tf.constant(state.code, tf.float64), tf.constant(state.units, tf.float64)
        tape.watch([code, units])
        loss = toy_losses(code, units, MASKS, 0.1)
    of_code, of_units = tape.gradient(loss, [code, units])
    change = tf.reduce_sum(code * of_code, 1) - tf.reduce_sum(units[:, 1:] * of_units[:, 1:], [1, 2])
    scale = tf.reduce_sum(tf.abs(units[:, 1:] * of_units[:, 1:]), [1, 2])
    assert float(tf.reduce_max(tf.abs(change) / scale)) < 1e-10
    trained, _ = train_toy(models(), 200)
    assert np.abs(balance(trained) - balance(models())).max() < 0.05 * np.abs(balance(models())).max()


def test_the_limit_of_beta_is_a_matter_of_the_decoders_scale():
    assert predicted_beta() == pytest.approx(1.4, abs=0.1)
    assert predicted_beta(scale=1 / 6.6) == pytest.approx(1.0, abs=0.07)
    scales = [predicted_beta(scale=scale) for scale in (0.05, 0.1, 0.2, 1.0)]
    assert np.all(np.diff(scales) < 0)


def test_training_lowers_the_loss_keeps_the_sign_of_beta_and_stops_when_the_loss_is_small():
    state = models()
    first = toy_losses(tf.constant(state.code), tf.constant(state.units), MASKS, 0.1).numpy()
    trained, losses = train_toy(state, 300)
    assert (losses < 0.1 * first).all() and (np.sign(trained.code[:, 1]) == np.sign(GRID[:, 1])).all()
    still, _ = train_toy(state, 50, stop_below=1e9)
    np.testing.assert_array_equal(still.code, state.code)


def test_unknown_masks_and_optimizers_end_in_a_sentence():
    for settings in ({"masks": "none"}, {"optimizer": "rmsprop"}):
        with pytest.raises(UserError, match="masks must be 'expected' or one of gaussian, "):
            train_toy(models(3), 1, **settings)
    with pytest.raises(UserError, match="width must be a whole number"):
        initial_toy([0.1], [0.1], 0)
