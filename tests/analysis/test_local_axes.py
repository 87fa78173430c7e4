"""The local axes of images that are linear in two factors are known in closed form."""

import numpy as np
import pytest

from tfdisent.analysis import local_axes
from tfdisent.errors import UserError

X, Y = np.meshgrid(np.arange(6.0), np.arange(7.0), indexing="ij")


def linear_images(matrix):
    """Images [6, 7, 4] whose derivatives by the two factors are the columns of `matrix` [4, 2]."""
    return np.stack([X, Y], axis=-1) @ np.asarray(matrix, float).T


def rotated(degrees, first=3.0, second=1.0):
    """Derivatives with these singular values, the larger one in the direction of this angle."""
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    left = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 2)))[0]
    return left @ np.diag([first, second]) @ rotation


@pytest.mark.parametrize("degrees", [0, 10, 30, 44, -20, 80, 100])
def test_the_angle_is_that_of_the_right_singular_vector_to_the_nearer_factor(degrees):
    found = local_axes(linear_images(rotated(degrees)))
    np.testing.assert_allclose(found["angle"], (degrees + 45) % 90 - 45, atol=1e-6)
    np.testing.assert_allclose(found["ratio"], 1 / 3, atol=1e-6)


def test_a_change_along_the_diagonal_in_pixels_of_its_own_turns_the_axes():
    axes = np.zeros((4, 2))
    axes[0, 0], axes[1, 1] = 2.0, 1.0
    images = linear_images(axes)
    images[..., 3] += 5 * (X + Y)
    gram = local_axes(images)["gram"]
    np.testing.assert_allclose(gram, np.broadcast_to([[4 + 25, 25], [25, 1 + 25]], gram.shape), atol=1e-9)


def test_averaging_over_the_grid_takes_away_what_is_finer_than_its_width():
    noise = np.random.default_rng(1).standard_normal((40, 40, 50))
    sharp, blurred = (local_axes(noise, width)["gram"].trace(axis1=2, axis2=3) for width in (0, 3))
    assert blurred.mean() < 0.01 * sharp.mean()
    inner = local_axes(linear_images(rotated(20)), 0.3)["angle"][2:-2, 2:-2]
    np.testing.assert_allclose(inner, 20, atol=0.1)  # what is linear is its own average


def test_images_that_do_not_change_have_no_direction():
    assert (local_axes(np.ones((4, 4, 2)))["ratio"] == 1).all()


@pytest.mark.parametrize(
    "images, width",
    [(np.zeros((2, 5, 3)), 0), (np.zeros((5, 5)), 0), ("images", 0), (np.zeros((4, 4, 1)), -1)],
)
def test_what_has_no_derivatives_is_refused(images, width):
    with pytest.raises(UserError, match="Received"):
        local_axes(images, width)
