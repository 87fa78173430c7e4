import os
from pathlib import Path

import numpy as np
import pytest

from tfdisent.data import DSpritesDrawn
from tfdisent.errors import UserError

SQUARE, ELLIPSE, HEART = range(3)


@pytest.fixture(scope="module")
def data():
    return DSpritesDrawn()


def draw(data, *factors):
    """One sprite as a picture of truth values [H, W]."""
    return data.observations(data.indices([factors]))[0, :, :, 0] > 0


def test_the_default_is_the_original_grid(data):
    assert data.factors_num_values == [3, 6, 40, 32, 32]
    assert data.size == 737_280
    assert data.observation_shape == (64, 64, 1)


def test_pictures_are_black_and_white_bytes(data):
    images = data.observations(np.arange(0, data.size, 1009))
    assert images.dtype == np.uint8
    assert set(np.unique(images)) == {0, 255}


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
def test_area_grows_with_the_square_of_the_scale(shape):
    data = DSpritesDrawn(image_size=256)
    areas = np.array([draw(data, shape, scale, 3, 16, 16).sum() for scale in range(6)])
    np.testing.assert_allclose(areas / areas[-1], np.linspace(0.5, 1, 6) ** 2, rtol=0.01)


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
def test_rotation_and_position_keep_the_area(shape):
    data = DSpritesDrawn(image_size=256)
    factors = [(shape, 5, turn, turn % 32, 31 - turn % 32) for turn in range(40)]
    areas = (data.observations(data.indices(factors)) > 0).sum(axis=(1, 2, 3))
    assert np.ptp(areas) <= 0.03 * areas.mean()


def test_areas_are_those_of_the_figures():
    data = DSpritesDrawn(image_size=512, num_scales=1, num_orientations=1, num_positions=1)
    half = 0.15 * 512
    square, ellipse, _ = (data.observations([0, 1, 2]) > 0).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(square, (2 * half) ** 2, rtol=0.02)
    np.testing.assert_allclose(ellipse, np.pi * half**2, rtol=0.02)


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
def test_moving_the_sprite_by_whole_pixels_moves_the_picture(shape):
    data = DSpritesDrawn(num_positions=33)  # 32 pixels in 32 steps
    first = draw(data, shape, 4, 7, 0, 0)
    for x, y in ((1, 0), (0, 1), (32, 32), (5, 20)):
        moved = draw(data, shape, 4, 7, x, y)
        np.testing.assert_array_equal(moved, np.roll(first, (y, x), axis=(0, 1)))


def test_x_is_the_column_and_y_the_row_from_a_quarter_to_three_quarters(data):
    rows, columns = np.nonzero(draw(data, SQUARE, 5, 0, 31, 0))
    assert columns.mean() + 0.5 == pytest.approx(48)
    assert rows.mean() + 0.5 == pytest.approx(16)


def test_the_last_orientation_is_the_first(data):
    indices = np.array([data.indices([(shape, 2, 0, 9, 20)])[0] for shape in range(3)])
    last = data.factors(indices)
    last[:, 2] = 39
    np.testing.assert_array_equal(data.observations(indices), data.observations(data.indices(last)))


def test_a_quarter_turn_leaves_the_square_and_a_half_turn_the_ellipse():
    data = DSpritesDrawn(num_orientations=41, num_positions=1)
    for shape, turn in ((SQUARE, 10), (ELLIPSE, 20)):
        for start in (0, 3, 8):
            first, turned = (draw(data, shape, 5, start + k * turn, 0, 0) for k in (0, 1))
            assert (first != turned).sum() <= 4


def test_orientation_turns_counter_clockwise():
    data = DSpritesDrawn(num_orientations=41, num_positions=1)
    upright = draw(data, HEART, 5, 0, 0, 0)
    for quarter in range(1, 4):
        turned = draw(data, HEART, 5, 10 * quarter, 0, 0)
        assert (turned != np.rot90(upright, quarter)).sum() <= 4
        assert (turned != np.rot90(upright, -quarter)).sum() > 4 or quarter == 2


def test_the_heart_is_symmetric_with_its_tip_down(data):
    heart = draw(DSpritesDrawn(num_positions=1), HEART, 5, 0, 0, 0)
    np.testing.assert_array_equal(heart, heart[:, ::-1])
    widths = heart.sum(axis=1)[heart.any(axis=1)]
    assert widths[-1] <= 3 and widths[:5].max() > 15


def test_no_sprite_is_cut_by_the_edge(data):
    places = [(x, y) for x in (0, 31) for y in (0, 31)]
    factors = [(shape, 5, turn, *place) for shape in range(3) for turn in range(40) for place in places]
    images = data.observations(data.indices(factors))
    assert not images[:, [0, -1]].any() and not images[:, :, [0, -1]].any()


def test_a_sprite_does_not_depend_on_its_neighbours_in_the_batch(data):
    indices = np.random.RandomState(0).randint(data.size, size=300)
    together = data.observations(indices)
    np.testing.assert_array_equal(together[[7, 150, 299]], data.observations(indices[[7, 150, 299]]))


@pytest.mark.parametrize("image_size", [8, 16, 32, 64, 128])
def test_other_sizes_show_the_same_scene(image_size):
    fine = DSpritesDrawn(256, 2, 9, 3).to_memory() > 0
    coarse = DSpritesDrawn(image_size, 2, 9, 3).to_memory()[..., 0] > 0
    block = 256 // image_size
    covered = fine.reshape(len(fine), image_size, block, image_size, block).mean(axis=(2, 4))
    sure = np.abs(covered - 0.5) > 0.4  # pixels that lie almost wholly inside or outside
    np.testing.assert_array_equal(coarse[sure], covered[sure] > 0.5)


@pytest.mark.parametrize("image_size", [9, 28, 33])
def test_sprites_stay_in_the_picture_at_odd_sizes(image_size):
    images = DSpritesDrawn(image_size, 2, 9, 3).to_memory() > 0
    columns = images.sum(axis=(1, 3))
    centres = columns @ (np.arange(image_size) + 0.5) / columns.sum(axis=1) / image_size
    expected = np.tile(np.repeat([0.25, 0.5, 0.75], 3), len(images) // 9)
    np.testing.assert_allclose(centres, expected, atol=0.5 / image_size + 0.03)


def test_a_factor_of_one_value_is_large_upright_and_in_the_middle():
    data = DSpritesDrawn(64, 1, 1, 1, shapes="square")
    square = draw(data, 0, 0, 0, 0, 0)
    expected = np.zeros((64, 64), bool)
    expected[22:42, 22:42] = True
    np.testing.assert_array_equal(square, expected)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shapes": ("square", "star")}, "star"),
        ({"shapes": ()}, "shapes"),
        ({"image_size": 4}, "image_size must be a whole number from 8"),
        ({"num_scales": 0}, "num_scales must be a whole number from 1"),
        ({"num_orientations": 2}, "last is the first"),
        ({"num_positions": 2.5}, "2.5"),
    ],
)
def test_a_wrong_grid_is_one_sentence(arguments, words):
    with pytest.raises(UserError, match=words):
        DSpritesDrawn(**arguments)


def test_drawn_sprites_match_frames_of_the_original(data):
    path = Path(os.environ.get("DISENTANGLEMENT_LIB_DATA", ".")) / "dsprites" / "dsprites.gif"
    if not path.is_file():
        pytest.skip(f"the animation published with dSprites is not at {path}; set DISENTANGLEMENT_LIB_DATA")
    from PIL import Image, ImageSequence

    with Image.open(path) as animation:
        frames = [np.asarray(frame.convert("L")) > 127 for frame in ImageSequence.Iterator(animation)]
    factors = np.array(frame_factors())
    drawn = data.observations(data.indices(factors))[..., 0] > 0
    overlap = (drawn & frames).sum(axis=(1, 2)) / (drawn | frames).sum(axis=(1, 2))
    assert len(frames) == 320
    assert overlap.mean() >= 0.995
    assert overlap.min() >= 0.95


def frame_factors():
    """The factors of the animation's 320 frames, which change one factor at a time."""
    up = list(range(6))
    down = up[::-1]
    frames = []
    for shape in (HEART, ELLIPSE, SQUARE):
        frames += [(shape, scale, 0, 0, 0) for scale in up + down + up]
        frames += [(shape, 5, turn, 0, 0) for turn in range(40)]
        if shape == HEART:
            frames += [(shape, 5, 0, 0, y) for y in range(32)] + [(shape, 5, 0, x, 31) for x in range(32)]
            frames += [(shape, 5, 0, 31, y) for y in reversed(range(32))]
            frames += [(shape, 5, 0, x, 0) for x in reversed(range(32))]
        frames += [(shape, scale, 0, 0, 0) for scale in down]
    return frames
