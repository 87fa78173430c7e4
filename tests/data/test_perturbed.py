"""Sets whose images are altered by a little: the bound, the table, the controls, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdisent import data
from tfdisent.data.perturbed import reflect
from tfdisent.errors import UserError

EPSILON = 0.1
SPRITES = data.DSpritesDrawn(
    image_size=16, num_scales=1, num_orientations=1, num_positions=5, shapes="ellipse"
)


def a_manipulation(grid=SPRITES, num_maps=4, epsilon=EPSILON, seed=0):
    """Random maps, of which some pixels lie at the bound, and random places."""
    generator = np.random.default_rng(seed)
    maps = generator.uniform(-2 * epsilon, 2 * epsilon, (num_maps, *grid.observation_shape))
    return {
        "maps": np.clip(maps, -np.float32(epsilon), np.float32(epsilon)).astype(np.float32),
        "places": generator.uniform(0, num_maps - 1, grid.size).astype(np.float32),
        "epsilon": np.float64(epsilon),
        "factors_num_values": np.array(grid.factors_num_values),
    }


def everything(grid):
    return grid.observations(np.arange(grid.size))


def grey_images():
    """Images of all grey values, as floats and as bytes, on a grid of two factors."""
    generator = np.random.default_rng(3)
    images = generator.integers(0, 256, (12, 8, 8, 1)).astype(np.uint8)
    return data.GridData("grey", "drawn", ("a", "b"), ("continuous", "cyclic"), (3, 4), images)


@given(st.lists(st.floats(-1, 2, width=32), min_size=2, max_size=2))
@settings(max_examples=200, deadline=None)
def test_reflection_brings_no_two_values_further_apart_and_leaves_the_unit_interval(pair):
    first, second = reflect(np.array(pair, np.float64))
    assert 0 <= first <= 1 and 0 <= second <= 1
    assert abs(first - second) <= abs(pair[0] - pair[1]) + 1e-12
    if 0 <= pair[0] <= 1:
        assert first == pair[0]


@pytest.mark.parametrize("epsilon", [0.1, 0.175, 1 / 3, 1.0])
@pytest.mark.parametrize("original", [SPRITES, grey_images()], ids=["black and white", "grey"])
def test_no_pixel_changes_by_more_than_epsilon(original, epsilon):
    before = data.as_float(everything(original)).astype(np.float64)
    altered = [
        data.PerturbedData(original, a_manipulation(original, epsilon=epsilon)),
        data.PerturbedData(original, a_manipulation(original, epsilon=epsilon), "shuffled"),
        data.NoisyData(original, epsilon),
    ]
    for each in altered:
        after = everything(each)
        assert after.dtype == np.float32 and after.min() >= 0 and after.max() <= 1
        change = np.abs(after.astype(np.float64) - before)
        assert change.max() <= epsilon and change.max() > 0.9 * epsilon, each.name


def test_the_table_is_interpolated_linearly_between_its_maps():
    manipulation = a_manipulation()
    manipulation["places"] = np.linspace(0, 3, SPRITES.size).astype(np.float32)
    perturbed = data.PerturbedData(SPRITES, manipulation)
    found = perturbed.changes(np.arange(SPRITES.size))
    maps = manipulation["maps"].astype(np.float64)
    for place, change in zip(manipulation["places"], found, strict=True):
        low = min(int(place), 2)
        np.testing.assert_allclose(change, maps[low] + (place - low) * (maps[low + 1] - maps[low]), atol=1e-7)
    expected = reflect(everything(SPRITES) / 255.0 + found)
    np.testing.assert_allclose(everything(perturbed), expected, atol=1e-6)


def test_factors_and_their_kinds_stay_and_scores_draw_the_same_images():
    perturbed = data.PerturbedData(SPRITES, a_manipulation())
    indices = np.arange(SPRITES.size)
    np.testing.assert_array_equal(perturbed.factors(indices), SPRITES.factors(indices))
    assert perturbed.factor_kinds == SPRITES.factor_kinds and perturbed.size == SPRITES.size
    factors, images = perturbed.sample(20, np.random.RandomState(0))
    np.testing.assert_array_equal(factors, SPRITES.sample(20, np.random.RandomState(0))[0])
    np.testing.assert_array_equal(images, perturbed.observations(SPRITES.indices(factors)))


def test_shuffled_gives_every_map_to_one_image():
    manipulation = a_manipulation()
    indices = np.arange(SPRITES.size)
    plain = data.PerturbedData(SPRITES, manipulation).changes(indices)
    shuffled = data.PerturbedData(SPRITES, manipulation, "shuffled", seed=1).changes(indices)
    other = data.PerturbedData(SPRITES, manipulation, "shuffled", seed=2).changes(indices)

    def in_order(changes):
        return np.sort(changes.reshape(len(changes), -1), axis=0)

    assert not np.array_equal(plain, shuffled) and not np.array_equal(shuffled, other)
    np.testing.assert_array_equal(in_order(plain), in_order(shuffled))


def test_mean_is_the_mean_of_all_changes():
    manipulation = a_manipulation()
    indices = np.arange(SPRITES.size)
    plain = data.PerturbedData(SPRITES, manipulation).changes(indices)
    mean = data.PerturbedData(SPRITES, manipulation, "mean").changes(indices)
    np.testing.assert_allclose(
        mean, np.broadcast_to(plain.mean(axis=0, dtype=np.float64), mean.shape), atol=1e-6
    )


def test_aligned_depends_on_one_factor_and_runs_through_the_whole_table():
    manipulation = a_manipulation()
    aligned = data.PerturbedData(SPRITES, manipulation, "aligned", factor="position_y")
    changes = aligned.changes(np.arange(SPRITES.size)).reshape(*SPRITES.factors_num_values, -1)[0, 0, 0]
    np.testing.assert_array_equal(changes, np.broadcast_to(changes[:1], changes.shape))
    np.testing.assert_allclose(changes[0, 0], manipulation["maps"][0].ravel(), atol=1e-7)
    np.testing.assert_allclose(changes[0, -1], manipulation["maps"][-1].ravel(), atol=1e-7)


@pytest.mark.parametrize("control, factor", [(None, None), ("shuffled", None), ("aligned", "position_x")])
def test_a_stored_set_is_equal_to_the_one_it_was_stored_from(tmp_path, control, factor):
    np.savez(tmp_path / "m.npz", **a_manipulation())
    perturbed = data.PerturbedData(SPRITES, tmp_path / "m.npz", control, factor)
    data.store_data(perturbed, tmp_path)
    (tmp_path / "m.npz").unlink()  # the run holds what it needs
    again = data.load_data(tmp_path)
    np.testing.assert_array_equal(everything(again), everything(perturbed))
    assert again.name == perturbed.name and again.source == perturbed.source


def test_noise_belongs_to_the_image_and_the_seed():
    noisy = data.NoisyData(SPRITES, EPSILON)
    backwards = np.arange(SPRITES.size)[::-1]
    np.testing.assert_array_equal(noisy.observations(backwards)[::-1], everything(noisy))
    assert not np.array_equal(everything(data.NoisyData(SPRITES, EPSILON, seed=1)), everything(noisy))
    changes = noisy.changes(np.arange(SPRITES.size))
    flat = changes.reshape(len(changes), -1)
    assert len(np.unique(flat[:, 0])) == len(flat)  # no two images have the same noise
    # a uniform law: variance epsilon^2 / 3, mean 0 within 5 standard errors
    error = EPSILON / np.sqrt(3 * changes.size)
    assert abs(changes.mean()) < 5 * error
    np.testing.assert_allclose(changes.var(), EPSILON**2 / 3, rtol=0.05)


def test_a_set_is_found_by_its_name():
    noisy = data.NoisyData("digits", EPSILON)
    assert noisy.size == 1797 and noisy.name == "digits_noise"


def test_noise_is_added_to_a_table_of_images_as_well():
    images = np.random.default_rng(0).random((9, 8, 8, 1)).astype(np.float32)
    table = data.ArrayData(images, {"kind": np.arange(9) % 2})
    noisy = data.NoisyData(table, EPSILON)
    factors, found = noisy.sample(5, np.random.RandomState(0))
    assert np.abs(found[:, np.newaxis] - images).max(axis=(2, 3, 4)).min(axis=1).max() <= EPSILON + 1e-7
    np.testing.assert_array_equal(noisy.factors(np.arange(9)), table.factors(np.arange(9)))
    assert factors.shape == (5, 1)


def wrong_manipulation(**changes):
    return {**a_manipulation(), **changes}


@pytest.mark.parametrize(
    "make, sentence",
    [
        (lambda: data.NoisyData(SPRITES, 0), "epsilon must be"),
        (lambda: data.NoisyData(SPRITES, 1.5), "epsilon must be"),
        (lambda: data.NoisyData(SPRITES, np.nan), "epsilon must be"),
        (lambda: data.NoisyData(SPRITES, 0.1, seed=-1), "seed must be"),
        (lambda: data.NoisyData(data.SyntheticLinear(10), 0.1), "Only numbered images"),
        (lambda: data.NoisyData(data.IdentityObservationsData(), 0.1), "Only numbered images"),
        (lambda: data.NoisyData(3, 0.1), "must be a data set"),
        (lambda: data.NoisyData("digit", 0.1), "digits"),
        (lambda: data.PerturbedData(grey_images(), a_manipulation()), "was learnt on the grid"),
        (
            lambda: data.PerturbedData(SPRITES, wrong_manipulation(maps=np.zeros((4, 8, 8, 1)))),
            "images of shape",
        ),
        (lambda: data.PerturbedData(SPRITES, wrong_manipulation(epsilon=0)), "epsilon of a manipulation"),
        (lambda: data.PerturbedData(SPRITES, wrong_manipulation(epsilon=0.01)), "must lie within"),
        (
            lambda: data.PerturbedData(SPRITES, wrong_manipulation(places=np.full(25, 9.0))),
            "must lie within",
        ),
        (lambda: data.PerturbedData(SPRITES, wrong_manipulation(places=np.zeros(3))), "3 places"),
        (lambda: data.PerturbedData(SPRITES, {"maps": 1}), "without places"),
        (lambda: data.PerturbedData(SPRITES, a_manipulation(), "mirrored"), "control must be"),
        (lambda: data.PerturbedData(SPRITES, a_manipulation(), "aligned"), "factor is the name"),
        (lambda: data.PerturbedData(SPRITES, a_manipulation(), None, "scale"), "factor is the name"),
        (lambda: data.PerturbedData(SPRITES, a_manipulation(), "aligned", "hue"), "factor must be"),
        (lambda: data.PerturbedData(SPRITES, a_manipulation(), "aligned", "scale"), "two values or more"),
        (lambda: data.PerturbedData(SPRITES, "nowhere.npz"), "nowhere.npz"),
        (lambda: data.PerturbedData(SPRITES, 3), "manipulation must be"),
    ],
)
def test_what_alters_no_set_is_refused_in_one_sentence(make, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_images_outside_the_unit_interval_are_refused_where_they_are_read():
    class Wide(data.GroundTruthData):
        def __init__(self):
            super().__init__("wide", "made", ("a",), ("continuous",), (40,), (4, 4, 1))

        def observations(self, indices):
            return np.full((len(indices), 4, 4, 1), 0.5, np.float32) + (
                self.check_indices(indices) == 3
            ).reshape(-1, 1, 1, 1).astype(np.float32)

    noisy = data.NoisyData(Wide(), 0.1)
    with pytest.raises(UserError, match="Only images in \\[0, 1\\] can be altered"):
        everything(noisy)
