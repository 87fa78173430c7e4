import colorsys

import numpy as np
import pytest

from tfdisent.data import Shapes3DDrawn
from tfdisent.data.rooms import ROOM_SIZES
from tfdisent.data.solids import HIDDEN, SOLIDS, hit_solid
from tfdisent.errors import UserError

FLOOR, WALL, OBJECT, SKY = range(4)
MIDDLE = 7  # the orientation of 0 degrees


@pytest.fixture(scope="module")
def data():
    return Shapes3DDrawn()


def draw(data, *factors):
    """One picture as whole numbers [H, W, 3]."""
    return data.observations(data.indices([factors]))[0].astype(int)


def changed(data, factors, column):
    """Where the picture changes when one factor moves to its next value, truth values [H, W]."""
    other = list(factors)
    other[column] += 1
    return (draw(data, *factors) != draw(data, *other)).any(axis=-1)


def test_the_grid_is_the_original_one(data):
    assert data.factors_num_values == [10, 10, 10, 8, 4, 15]
    assert data.factor_names == ["floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation"]
    assert data.size == 480_000
    assert data.observation_shape == (64, 64, 3)
    assert data.observations([0, 479_999]).dtype == np.uint8
    assert data.indices([[1, 0, 0, 0, 0, 0]]) == 48_000 and data.indices([[0, 0, 0, 0, 0, 1]]) == 1


@pytest.mark.parametrize("shape", range(4))
def test_each_hue_changes_the_pixels_of_its_own_surface_and_no_others(data, shape):
    factors = (1, 4, 7, 5, shape, 3)
    view = data.view(*factors[3:]).reshape(64, 64, 4)
    for surface in (FLOOR, WALL, OBJECT):
        seen = changed(data, factors, surface)
        assert not seen[view[..., surface] == 0].any()
        assert seen[view[..., surface] > 0.05].all()
    sky_only = (view[..., :SKY] == 0).all(axis=-1)
    assert sky_only[:8].all() and not sky_only[32:].any()


def test_every_pixel_belongs_to_something(data):
    view = data.view(4, 1, 9).reshape(64, 64, 4)
    assert ((view > 0).any(axis=-1)).all() and (view >= 0).all()
    assert (view.sum(axis=-1) <= 1 + 1e-6).all() and (view.sum(axis=-1) > 0.5).all()


def test_colours_are_hues_at_full_saturation_darkened_by_the_light(data):
    for hue in range(10):
        picture = draw(data, hue, (hue + 3) % 10, (hue + 6) % 10, 4, 0, MIDDLE)
        floor = picture[-1, 0] / picture[-1, 0].max()
        np.testing.assert_allclose(floor, colorsys.hsv_to_rgb(hue / 10, 1, 1), atol=0.01)
        wall = picture[20, 10] / picture[20, 10].max()
        np.testing.assert_allclose(wall, colorsys.hsv_to_rgb((hue + 3) % 10 / 10, 1, 1), atol=0.01)


@pytest.mark.parametrize("shape", range(4))
def test_the_object_grows_with_its_scale(data, shape):
    areas = [np.count_nonzero(data.view(scale, shape, 4)[:, OBJECT]) for scale in range(8)]
    assert (np.diff(areas) > 0).all()
    growth = areas[-1] / areas[0] / (1.25 / 0.75) ** 2
    assert (
        0.95 < growth < 1.3
    )  # pixels of the rim weigh more in the small one, but the large one comes nearer


@pytest.mark.parametrize("shape", range(4))
def test_opposite_orientations_are_mirror_images(data, shape):
    for orientation in range(8):
        left, right = (
            data.view(5, shape, place).reshape(64, 64, 4) for place in (orientation, 14 - orientation)
        )
        np.testing.assert_allclose(left[:, ::-1], right, atol=1e-5)


def test_orientation_turns_the_room_and_the_cube_but_not_what_is_round(data):
    for shape, name in enumerate(SOLIDS):
        outlines = [data.view(7, shape, place)[:, OBJECT] > 0 for place in (0, MIDDLE)]
        assert (np.count_nonzero(outlines[0] != outlines[1]) > 40) == (name == "cube")
    walls = [data.view(7, 2, place)[:, WALL] > 0 for place in (0, MIDDLE)]
    assert np.count_nonzero(walls[0] != walls[1]) > 40


@pytest.mark.parametrize("orientation", [0, 5, 14])
def test_a_sphere_is_seen_where_its_cone_of_rays_is(data, orientation):
    """The outline of a ball: rays that make an angle with its direction whose sine is below radius / distance."""
    scale, radius = data.scales[3], 0.6 * data.scales[3]
    angle = data.orientations[orientation]
    eye = np.array((3.4 * np.sin(angle), -3.4 * np.cos(angle), 1.8))
    forwards = np.array((0, 0, 0.9)) - eye
    forwards /= np.linalg.norm(forwards)
    right = np.cross(forwards, (0, 0, 1))
    right /= np.linalg.norm(right)
    across = np.tan(np.deg2rad(27)) * (2 * (np.arange(64) + 0.5) / 64 - 1)
    rays = forwards + across[None, :, None] * right - across[:, None, None] * np.cross(right, forwards)
    to_centre = np.array((0, 0, radius)) - eye
    cosine = rays @ to_centre / np.linalg.norm(rays, axis=-1) / np.linalg.norm(to_centre)
    inside = np.sqrt(1 - cosine**2) < radius / np.linalg.norm(to_centre)
    covered = data.view(3, 2, orientation).reshape(64, 64, 4)[..., OBJECT] > 0
    assert not (inside & ~covered).any()
    assert np.count_nonzero(covered & ~inside) < 0.5 * np.sqrt(4 * np.pi * inside.sum())  # pixels of the rim
    assert scale == pytest.approx(0.75 + 3 * 0.5 / 7)


@pytest.mark.parametrize("shape", range(4))
def test_rays_meet_solids_on_their_surface_at_the_first_point(shape):
    generator = np.random.RandomState(shape)
    origins = generator.normal(size=(3, 400)) * 0.2 + [[0], [0], [4.0]]
    rays = generator.normal(size=(3, 400)) * 0.4 - origins + [[0], [0], [0.6]]
    distance, normal = hit_solid(shape, 1.1, origins, rays)
    met = distance < HIDDEN
    assert 100 < met.sum() < 400
    points = origins + distance * rays
    np.testing.assert_allclose(signed_distance(shape, 1.1, points[:, met]), 0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(normal[:, met], axis=0), 1, atol=1e-9)
    assert ((normal * rays).sum(axis=0)[met] < 0).all()
    steps = np.linspace(0, 1, 300)[:, np.newaxis, np.newaxis]
    reach = np.where(met, distance, 3.0) * (1 - 1e-6)
    along = origins + steps * reach * rays  # [steps, 3, N]
    outside = signed_distance(shape, 1.1, np.moveaxis(along, 0, 1).reshape(3, -1))
    assert (outside > -1e-9).all()
    gradient = np.stack([
        signed_distance(shape, 1.1, points + step) - signed_distance(shape, 1.1, points - step)
        for step in 1e-6 * np.eye(3)[:, :, np.newaxis]
    ])  # fmt: skip
    agree = (gradient / 2e-6 * normal).sum(axis=0)[met]
    assert np.mean(np.abs(agree - 1) < 1e-3) > 0.95  # all but points next to an edge


def signed_distance(shape, scale, points):
    """How far points [3, N] are from the solid's surface, negative inside; written apart from the ray caster."""
    x, y, z = points / scale
    side = np.hypot(x, y)
    if SOLIDS[shape] == "sphere":
        return scale * (np.sqrt(side**2 + (z - 0.6) ** 2) - 0.6)
    if SOLIDS[shape] == "capsule":
        return scale * (np.hypot(side, z - np.clip(z, 0.4, 1.0)) - 0.4)
    beyond = [side - 0.5] if SOLIDS[shape] == "cylinder" else [np.abs(x) - 0.5, np.abs(y) - 0.5]
    beyond = np.stack([*beyond, np.abs(z - 0.5) - 0.5])
    return scale * (np.linalg.norm(np.maximum(beyond, 0), axis=0) + np.minimum(beyond.max(axis=0), 0))


def test_the_shadow_touches_the_object_and_lies_on_the_floor(data):
    light = data.view(5, 2, 14).reshape(64, 64, 4)[..., FLOOR]
    empty = data.view(0, 2, 14).reshape(64, 64, 4)[..., FLOOR]
    dark = (light > 0) & (light < 0.85 * empty)
    assert 10 < dark.sum() < 300


def test_an_image_does_not_depend_on_its_neighbours_in_the_batch(data):
    indices = np.random.RandomState(0).choice(np.arange(5, data.size, 15 * 8), size=40)
    together = data.observations(indices)
    np.testing.assert_array_equal(together[[7, 39]], Shapes3DDrawn().observations(indices[[7, 39]]))


def test_other_sizes_show_the_same_scene(data):
    small = Shapes3DDrawn(16)
    factors = [(1, 3, 7, 6, shape, 2) for shape in range(4)]
    fine = data.observations(data.indices(factors)).astype(float)
    coarse = small.observations(small.indices(factors)).astype(float)
    blocks = fine.reshape(4, 16, 4, 16, 4, 3).mean(axis=(2, 4))
    assert np.abs(blocks - coarse).mean() < 2


def test_brightness_and_contrast_are_near_those_published_of_the_original():
    data = Shapes3DDrawn()
    generator = np.random.RandomState(0)
    factors = generator.randint(ROOM_SIZES, size=(600, 6))
    factors[:, 3:] = [(3, shape, turn) for shape in range(4) for turn in (2, 7, 12)] * 50
    images = data.observations(data.indices(factors)) / 255
    np.testing.assert_allclose(images.mean(axis=(0, 1, 2)), (0.503, 0.579, 0.603), atol=0.03)
    np.testing.assert_allclose(images.std(axis=(1, 2)).mean(axis=0), (0.294, 0.344, 0.366), atol=0.03)


def test_a_smaller_grid_is_part_of_the_whole_one(data):
    part = Shapes3DDrawn(64, 5, 1, 2, 8, ("sphere", "cube"), 3)
    assert list(part.factors_num_values) == [5, 1, 2, 8, 2, 3]
    indices = np.random.RandomState(0).choice(part.size, 40, replace=False)
    same = part.factors(indices) * (2, 0, 5, 1, 0, 7) + (0, 6, 0, 0, 0, 0)
    same[:, 4] = np.array([2, 0])[part.factors(indices)[:, 4]]
    np.testing.assert_array_equal(part.observations(indices), data.observations(data.indices(same)))
    with pytest.raises(UserError, match="Each of shapes"):
        Shapes3DDrawn(16, shapes=("cone",))


@pytest.mark.parametrize("size", [4, 64.0, True, "64"])
def test_a_wrong_size_is_one_sentence(size):
    with pytest.raises(UserError, match="image_size.*Received"):
        Shapes3DDrawn(size)
