import numpy as np
import pytest

from tfdisent.data import ArrayData, Resized, Spikes
from tfdisent.errors import UserError

DATA = Spikes(num_images=300)


def test_an_image_is_the_sum_of_its_spikes():
    y, x = np.mgrid[:128, :128]
    for image, spikes in zip(DATA.observations(np.arange(5)), DATA.spikes, strict=False):
        expected = sum(
            a * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 2.8**2)) for a, cx, cy in spikes if a > 0
        )
        np.testing.assert_allclose(image[..., 0], np.minimum(expected, 1), atol=1e-5)


def test_spikes_keep_their_distance_from_each_other_and_from_the_border():
    for spikes in DATA.spikes:
        there = spikes[spikes[:, 0] > 0]
        apart = np.linalg.norm(there[:, None, 1:] - there[None, :, 1:], axis=-1)
        assert len(there) >= 1 and (apart[~np.eye(len(there), dtype=bool)] >= 6 * 2.8).all()
        assert (there[:, 1:] >= 3 * 2.8).all() and (there[:, 1:] <= 127 - 3 * 2.8).all()
        assert ((there[:, 0] >= 0.5) & (there[:, 0] <= 1)).all()


def test_every_number_of_spikes_is_equally_frequent():
    counts = np.bincount((Spikes(num_images=5000).spikes[:, :, 0] > 0).sum(axis=1), minlength=11)
    assert counts[0] == 0
    chi_squared = ((counts[1:] - 500) ** 2 / 500).sum()
    assert chi_squared < 27.9  # the 0.999 quantile with 9 degrees of freedom


def test_factors_are_the_spikes_and_draw_the_image_again():
    factors = DATA.factors(np.arange(4))
    np.testing.assert_array_equal(factors.reshape(4, 10, 3), DATA.spikes[:4])
    assert DATA.factor_names[:4] == ["amplitude_1", "x_1", "y_1", "amplitude_2"] and DATA.num_factors == 30
    images = DATA.sample_observations_from_factors(factors, np.random.RandomState(0))
    np.testing.assert_array_equal(images, DATA.observations(np.arange(4)))


def test_the_seed_makes_the_set():
    np.testing.assert_array_equal(Spikes(num_images=300).spikes, DATA.spikes)
    assert (Spikes(num_images=300, seed=1).spikes != DATA.spikes).any()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"max_spikes": 0}, "max_spikes must be a whole number"),
        ({"num_images": 2.5}, "num_images must be a whole number"),
        ({"image_size": 16}, "sigma must be positive, and below a sixth of the 16 pixels"),
        ({"sigma": -1.0}, "sigma must be a number, above 0"),
        ({"image_size": 32, "num_images": 3}, "have no room on 32 x 32"),
    ],
)
def test_a_wrong_setting_is_one_sentence(arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        Spikes(**arguments)


def test_images_are_resized_as_tensorflow_does_it():
    import tensorflow as tf

    images = np.random.RandomState(0).randint(256, size=(3, 28, 20, 2)).astype(np.uint8)
    data = Resized(ArrayData(images, [0, 1, 2]), 128)
    expected = tf.image.resize(images, (128, 128), "bilinear").numpy()
    assert data.observations(np.arange(3)).dtype == np.uint8 and data.observation_shape == (128, 128, 2)
    np.testing.assert_allclose(data.observations(np.arange(3)), expected, atol=0.51)
    floats = Resized(ArrayData((images / 255).astype(np.float32)), 128)
    np.testing.assert_allclose(floats.observations(np.arange(3)), expected / 255, atol=1e-5)
    np.testing.assert_array_equal(data.factors(np.array([2, 0])), [[2], [0]])


def test_only_images_are_resized_and_only_enlarged():
    with pytest.raises(UserError, match=r"Only numbered images"):
        Resized(ArrayData(np.zeros((3, 2), np.float32)), 8)
    with pytest.raises(UserError, match="image_size .* must be a whole number from 8"):
        Resized(ArrayData(np.zeros((3, 8, 8, 1), np.float32)), 4)
