"""Pictures show exactly the pixels they were given, each at its place."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from tfdisent.errors import UserError
from tfdisent.plots import image_grid, reconstructions, traversal_grid
from tfdisent.plots.sheet import Sheet, to_pixels


def tile(picture, sheet, row, column):
    """The pixels of a tile, each enlarged square checked to be of one colour and made one pixel again."""
    x, y = sheet.corner(row, column)
    enlarged = np.asarray(picture)[y : y + sheet.tile_height, x : x + sheet.tile_width]
    pixels = enlarged[:: sheet.scale, :: sheet.scale]
    np.testing.assert_array_equal(enlarged, pixels.repeat(sheet.scale, 0).repeat(sheet.scale, 1))
    return pixels


@pytest.fixture
def random_state():
    return np.random.RandomState(0)


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_of_a_traversal_grid_are_those_of_the_arrays(random_state, channels):
    images = random_state.uniform(size=(3, 4, 8, 10, channels))
    labels = ["z2  KL 1.24", "z0  KL 0.31", "z1  KL 0.00"]
    values = np.linspace(-2.0, 2.0, 4)
    header = [["a"] * 4, None, None]
    picture = traversal_grid(images, labels, values, scale=3)
    sheet = Sheet([4, 4, 4], (8, 10), labels, header, scale=3)
    assert picture.size == (sheet.width, sheet.height)
    for row in range(3):
        for column in range(4):
            np.testing.assert_array_equal(tile(picture, sheet, row, column), to_pixels(images[row, column]))


def test_reconstructions_of_bytes_and_of_floats_stand_beside_each_other(random_state):
    originals = random_state.randint(0, 256, size=(5, 6, 6, 1)).astype(np.uint8)
    picture = reconstructions(originals, {"β-VAE": originals / 255.0, "autoencoder": 1.0 - originals / 255.0})
    sheet = Sheet([5] * 3, (6, 6), ["original", "β-VAE", "autoencoder"])
    for column, original in enumerate(originals):
        pixels = np.broadcast_to(original, (6, 6, 3))
        np.testing.assert_array_equal(tile(picture, sheet, 0, column), pixels)
        np.testing.assert_array_equal(tile(picture, sheet, 1, column), pixels)
        np.testing.assert_array_equal(tile(picture, sheet, 2, column), 255 - pixels)


def test_an_image_grid_leaves_places_without_an_image_white():
    picture = image_grid(np.zeros((5, 4, 4, 1)), columns=3, labels=list("abcde"), scale=8)
    sheet = Sheet([3, 2], (4, 4), tile_labels=[list("abc"), list("de")], scale=8)
    assert (tile(picture, sheet, 1, 1) == 0).all()
    x, y = sheet.corner(1, 2)
    assert (np.asarray(picture)[y:, x:] == 255).all()


def test_a_grid_without_a_column_count_is_about_square():
    width, height = image_grid(np.zeros((36, 8, 8, 1))).size
    assert width == height


def test_nothing_is_drawn_over_a_tile_by_a_label_that_is_too_long():
    images = np.ones((2, 3, 4, 4, 1))
    labels = ["a name far longer than any tile is wide"] * 3
    picture = Sheet([3, 3], (4, 4), tile_labels=[labels, labels], scale=8).draw(images)
    short = Sheet([3, 3], (4, 4), tile_labels=[["a"] * 3] * 2, scale=8)
    assert picture.size == (short.width, short.height)
    for row in range(2):
        assert (tile(picture, short, row, 1) == 255).all()


def test_floats_mean_nought_to_one_and_integers_nought_to_255():
    np.testing.assert_array_equal(to_pixels([[[-1.0], [0.0], [0.5], [2.0]]])[0, :, 0], [0, 0, 128, 255])
    np.testing.assert_array_equal(to_pixels([[[-1], [0], [128], [300]]])[0, :, 0], [0, 0, 128, 255])
    np.testing.assert_array_equal(to_pixels([[[False], [True]]])[0, :, 0], [0, 255])


def test_vectors_are_drawn_as_the_lines_they_are(random_state):
    points = random_state.normal(size=(6, 3))
    figure = reconstructions(points, {"VAE": points + 1.0})
    assert isinstance(figure, Figure)
    for point, panel in zip(points, figure.axes, strict=False):
        original, model = panel.get_lines()
        np.testing.assert_array_equal(original.get_ydata(), point)
        np.testing.assert_array_equal(model.get_ydata(), point + 1.0)
    traversals = random_state.normal(size=(2, 5, 3))
    figure = traversal_grid(traversals, values=np.linspace(-2, 2, 5))
    for lines, panel in zip(traversals, figure.axes, strict=True):
        np.testing.assert_array_equal([line.get_ydata() for line in panel.get_lines()], lines)


@pytest.mark.parametrize(
    ("draw", "named"),
    [
        (lambda: image_grid(np.zeros((3, 3))), r"shape \(3, 3\)"),
        (lambda: image_grid(np.zeros((3, 4, 4, 2))), r"shape \(2, 4, 4, 2\)"),
        (lambda: image_grid(np.full((1, 4, 4, 1), np.nan)), "NaN"),
        (lambda: image_grid(np.zeros((3, 4, 4, 1)), columns=0), "0"),
        (lambda: image_grid(np.zeros((3, 4, 4, 1)), scale=1.5), "1.5"),
        (lambda: image_grid(np.zeros((0, 4, 4, 1))), r"shape \(0, 4, 4, 1\)"),
        (lambda: traversal_grid(np.zeros((2, 3, 4, 4, 1)), labels=["a"]), "1 labels"),
        (lambda: traversal_grid(np.zeros((2, 3, 4, 4, 1)), values=[1, 2]), r"\(2,\)"),
        (lambda: reconstructions(np.zeros((2, 4, 4, 1)), {"VAE": np.zeros((3, 4, 4, 1))}), r"\(3, 4, 4, 1\)"),
    ],
)
def test_arrays_that_cannot_be_drawn_are_named(draw, named):
    with pytest.raises(UserError, match=f"Received: .*{named}"):
        draw()
