import functools

import numpy as np
import pytest
import tensorflow as tf

from tfdisent import networks
from tfdisent.errors import UserError
from tfdisent.models import AtomicAutoencoder, atomic_autoencoder
from tfdisent.testing import run_model_test

SMALL = {
    "num_blocks": 3,
    "block_dim": 2,
    "encoder": functools.partial(networks.atomic_encoder, filters=(4, 4), dense_units=(16,)),
    "seed": 5,
}
IMAGES = np.random.RandomState(0).rand(40, 8, 8, 1).astype(np.float32)


def test_model():
    run_model_test(AtomicAutoencoder, {**SMALL, "double_conv": True, "group_sparsity": 0.1}, IMAGES)


def test_the_image_is_the_sum_of_its_atoms_and_a_block_alone_draws_its_own():
    model = AtomicAutoencoder((8, 8, 1), **SMALL)
    codes = model.represent(IMAGES[:6])
    atoms = model.decode_atoms(codes).numpy()
    assert atoms.shape == (6, 3, 8, 8, 1)
    np.testing.assert_allclose(model.decode(codes), atoms.sum(axis=1), atol=1e-6)
    moved = codes.copy()
    moved[:, 2:4] += 1.0  # the second block
    change = model.decode_atoms(moved).numpy() - atoms
    assert np.abs(change[:, 1]).max() > 1e-3
    np.testing.assert_array_equal(change[:, [0, 2]], 0)


def test_the_order_of_the_blocks_does_not_matter():
    model = AtomicAutoencoder((8, 8, 1), **SMALL)
    codes = model.represent(IMAGES[:6])
    turned = np.roll(codes.reshape(6, 3, 2), 1, axis=1).reshape(6, 6)
    np.testing.assert_allclose(model.decode(turned), model.decode(codes), atol=1e-6)


@pytest.mark.parametrize("eager", [True, False])
def test_the_sum_a_few_images_at_a_time_has_the_same_values_and_gradients(monkeypatch, eager):
    monkeypatch.setattr(atomic_autoencoder, "_BLOCK", 3 * 64 * 2 * 2)  # two images
    model = AtomicAutoencoder((8, 8, 1), **SMALL)
    codes = tf.constant(model.represent(IMAGES[:5]))
    weights = np.random.RandomState(1).normal(size=(5, 8, 8, 1)).astype(np.float32)

    def step(decode):
        with tf.GradientTape() as tape:
            tape.watch(codes)
            images = decode(codes)
            value = tf.reduce_sum(weights * images**2)
        return images, tape.gradient(value, [codes, *model.decoder.trainable_variables])

    def at_once(codes):
        return tf.reduce_sum(model.decode_atoms(codes), axis=1)

    run = (lambda function: function) if eager else (lambda function: tf.function(function, autograph=False))
    images, gradients = run(functools.partial(step, model.decode))()
    expected, expected_gradients = step(at_once)
    np.testing.assert_allclose(images, expected, atol=1e-6)
    for gradient, same in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(gradient, same, rtol=1e-4, atol=1e-5)


def test_group_sparsity_is_added_with_its_weight():
    model = AtomicAutoencoder((8, 8, 1), **SMALL, group_sparsity=0.5)
    found = {name: float(value) for name, value in model.losses(tf.constant(IMAGES)).items()}
    blocks = model.represent(IMAGES).reshape(40, 3, 2)
    expected = np.sqrt((blocks**2).sum(axis=1)).sum(axis=1).mean()
    assert found["group_sparsity"] == pytest.approx(expected, rel=1e-4)
    assert found["loss"] == pytest.approx(found["reconstruction"] + 0.5 * expected, rel=1e-4)


@pytest.mark.parametrize(
    ("shape", "kwargs", "sentence"),
    [
        ((8, 8, 1), {"num_blocks": 0}, "num_blocks must be a whole number, 1 or larger"),
        ((8, 8, 1), {"block_dim": 0}, "block_dim must be a whole number, 1 or larger"),
        ((8, 8, 1), {"num_latents": 5}, "make a code of 6"),
        ((8, 16, 1), {}, "square images whose side is a power of two"),
        ((28, 28, 1), {}, "square images whose side is a power of two"),
        ((8, 8, 1), {"group_sparsity": -1.0}, "group_sparsity must be a number"),
    ],
)
def test_wrong_arguments_end_in_a_sentence(shape, kwargs, sentence):
    with pytest.raises(UserError, match=sentence):
        AtomicAutoencoder(shape, **{**SMALL, **kwargs})
