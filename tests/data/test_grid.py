import numpy as np
import pytest

from tfdisent.data import ArrayData, GridData, HiddenFactorData, as_float
from tfdisent.data.grid import grid_or_table
from tfdisent.errors import UserError

NAMES, KINDS, SIZES = ("shape", "toy", "pose"), ("categorical",) * 3, (2, 3, 4)
GRID = np.indices(SIZES).reshape(3, -1).T


def numbered(num):
    """Images whose pixels are their number."""
    return np.broadcast_to(np.arange(num, dtype=np.uint8)[:, None, None, None], (num, 5, 4, 1))


def make(images=None, factors=None):
    return GridData(
        "toys", "made for a test", NAMES, KINDS, SIZES, numbered(24) if images is None else images, factors
    )


def test_images_in_any_order_are_found_by_their_factors():
    order = np.random.RandomState(0).permutation(24)
    data = make(factors=GRID[order])
    np.testing.assert_array_equal(data.observations(data.indices(GRID[order]))[:, 0, 0, 0], np.arange(24))
    np.testing.assert_array_equal(data.factors(np.arange(24)), GRID)
    np.testing.assert_array_equal(make(factors=GRID).to_memory(), make().to_memory())


def test_grey_images_without_a_channel_get_one():
    data = make(numbered(24)[..., 0])
    assert data.observation_shape == (5, 4, 1) and data.observations([3]).shape == (1, 5, 4, 1)


@pytest.mark.parametrize(
    ("images", "factors", "words"),
    [
        (numbered(23), None, "24 images"),
        (numbered(24) / 255, None, "float64"),
        (None, np.r_[GRID[:-1], GRID[:1]], "some twice"),
        (None, GRID + 1, "outside"),
        (None, GRID[:, :2], "shape"),
    ],
)
def test_an_incomplete_grid_is_one_sentence(images, factors, words):
    with pytest.raises(UserError, match=words):
        make(images, factors)


def test_a_part_of_the_set_is_a_table():
    part = grid_or_table("toys", "made for a test", NAMES, KINDS, SIZES, numbered(5), GRID[:5])
    assert isinstance(part, ArrayData) and part.size == 5
    whole = grid_or_table("toys", "made for a test", NAMES, KINDS, SIZES, numbered(24), GRID)
    assert isinstance(whole, GridData)


def test_hidden_factors_are_drawn_after_the_shown_ones_and_in_order():
    data = HiddenFactorData("toys", make(), ["toy", "shape"])
    assert (data.factor_names, data.factors_num_values, data.size) == (["pose"], [4], 24)
    random_state = np.random.RandomState(3)
    pose = random_state.randint(4, size=50)
    shape = random_state.randint(2, size=50)
    toy = random_state.randint(3, size=50)
    factors, observations = data.sample(50, np.random.RandomState(3))
    np.testing.assert_array_equal(factors[:, 0], pose)
    expected = as_float((12 * shape + 4 * toy + pose).astype(np.uint8))
    np.testing.assert_array_equal(observations[:, 0, 0, 0], expected)


def test_every_image_of_a_grid_with_a_hidden_factor_can_be_numbered():
    data = HiddenFactorData("toys", make(), ["toy"])
    np.testing.assert_array_equal(data.to_memory(), numbered(24))
    np.testing.assert_array_equal(data.factors(np.arange(24)), GRID[:, [0, 2]])
    for part in data.split((0.5, 0.5)):
        factors, observations = part.sample(30, np.random.RandomState(0))
        number = np.rint(observations[:, 0, 0, 0] * 255).astype(int)
        np.testing.assert_array_equal(GRID[number][:, [0, 2]], factors)
        assert set(number) <= set(part.base_indices)
    with pytest.raises(UserError, match="sample_observations_from_factors"):
        data.indices([[0, 1]])
