import numpy as np
import pytest

from tfdisent.data import ArrayData, as_ground_truth_data
from tfdisent.errors import UserError


def numbered(num, shape=(5, 4, 2)):
    """Images whose first pixel is their number."""
    images = np.zeros((num, *shape), np.uint8)
    images[:, 0, 0, 0] = np.arange(num)
    return images


def number(observations):
    return np.rint(observations[:, 0, 0, 0] * 255).astype(int)


def test_a_set_without_factors_gives_any_of_its_images():
    data = ArrayData(numbered(9))
    factors, observations = data.sample(500, np.random.RandomState(0))
    assert factors.shape == (500, 0)
    assert data.observation_shape == (5, 4, 2)
    assert set(number(observations)) == set(range(9))


def test_a_complete_grid_in_any_order_is_sampled_as_a_grid():
    grid = np.stack(np.unravel_index(np.random.RandomState(0).permutation(12), (3, 4)), axis=1)
    data = ArrayData(numbered(12), grid)
    random_state = np.random.RandomState(2)
    expected = np.stack([random_state.randint(3, size=40), random_state.randint(4, size=40)], axis=1)
    factors, observations = data.sample(40, np.random.RandomState(2))
    assert data.is_complete
    np.testing.assert_array_equal(factors, expected)
    np.testing.assert_array_equal(grid[number(observations)], factors)


def test_an_incomplete_grid_draws_its_rows_and_refuses_what_it_has_not():
    rows = np.array([[0, 0], [0, 1], [1, 0]])
    data = ArrayData(numbered(3), rows)
    factors, observations = data.sample(60, np.random.RandomState(0))
    np.testing.assert_array_equal(rows[number(observations)], factors)
    assert data.factors_num_values == [2, 2]
    assert {tuple(row) for row in data.sample_factors(60, np.random.RandomState(0))} == {
        (0, 0),
        (0, 1),
        (1, 0),
    }
    with pytest.raises(UserError, match="'factor_0': 1, 'factor_1': 1"):
        data.sample_observations_from_factors([[0, 0], [1, 1]], np.random.RandomState(0))


def test_images_that_share_their_factors_are_all_drawn():
    labels = np.array([0, 1, 0, 1, 0])
    data = ArrayData(numbered(5), labels, ["digit"])
    drawn = number(data.sample_observations_from_factors(np.zeros((300, 1)), np.random.RandomState(0)))
    np.testing.assert_allclose(np.bincount(drawn, minlength=5) / 300, [1 / 3, 0, 1 / 3, 0, 1 / 3], atol=0.1)


def test_strings_and_gaps_become_ranks_that_can_be_translated_back():
    data = ArrayData(numbered(4), {"animal": ["cat", "dog", "cat", "ant"], "year": [1990, 2001, 1990, 2001]})
    assert data.factors_num_values == [3, 2]
    np.testing.assert_array_equal(data.factors([0, 1, 2, 3]), [[1, 0], [2, 1], [1, 0], [0, 1]])
    assert data.factor_values[0][data.factors([1])[0, 0]] == "dog"
    assert data.factor_names == ["animal", "year"]


def test_real_factors_stay_real_beside_categories():
    angle = np.array([0.25, -3.5, 0.25, 7.0])
    data = ArrayData(numbered(4), {"angle": angle, "kind": [5, 5, 6, 6]})
    assert data.factor_kinds == ["continuous", "categorical"]
    np.testing.assert_array_equal(data.factors([0, 1, 2, 3]), np.c_[angle, [0, 0, 1, 1]])
    factors, observations = data.sample(30, np.random.RandomState(0))
    assert factors.dtype == np.float64
    np.testing.assert_array_equal(data.factors(number(observations)), factors)
    again = data.sample_observations_from_factors(factors, np.random.RandomState(1))
    np.testing.assert_array_equal(again, observations)


def test_real_numbers_called_categories_become_ranks():
    data = ArrayData(numbered(3), np.array([0.5, 2.5, 0.5]), factor_kinds=["categorical"])
    np.testing.assert_array_equal(data.factors([0, 1, 2]), [[0], [1], [0]])


def test_bytes_are_kept_and_truth_values_and_floats_mean_the_same_picture():
    picture = np.random.RandomState(0).rand(6, 7, 3) > 0.5
    for images, dtype in (
        (picture, np.uint8),
        (picture * np.uint8(255), np.uint8),
        (1.0 * picture, np.float32),
    ):
        data = ArrayData(images, np.arange(6))
        assert data.observations([0, 1]).dtype == dtype
        np.testing.assert_array_equal(
            data.sample_observations_from_factors(np.arange(6)[:, np.newaxis], np.random.RandomState(0)),
            picture[..., np.newaxis].astype(np.float32),
        )


def test_a_part_has_only_its_own_images():
    data = ArrayData(numbered(60), np.arange(60) % 3)
    train, test = data.split((0.75, 0.25), seed=1)
    drawn = number(test.sample_observations(200, np.random.RandomState(0)))
    assert set(drawn) == set(test.base_indices)
    assert not set(drawn) & set(train.base_indices)
    inner = train.split((0.5, 0.5))[0]
    np.testing.assert_array_equal(
        inner.observations([4])[0, 0, 0, 0], train.base_indices[inner.base_indices[4]]
    )
    assert "45 of 60 observations" in train.source


def test_a_dict_an_array_and_a_set_become_a_set():
    by_dict = as_ground_truth_data({"observations": numbered(4), "factors": [0, 1, 0, 1], "name": "mine"})
    assert (by_dict.name, by_dict.factors_num_values) == ("mine", [2])
    assert as_ground_truth_data(by_dict) is by_dict
    assert as_ground_truth_data(numbered(4)).num_factors == 0


def test_a_foreign_object_with_the_usual_members_is_given_the_rest():
    class Foreign:
        num_factors, factors_num_values, observation_shape = 2, [3, 4], [8, 8, 1]

        def sample_factors(self, num, random_state):
            return random_state.randint(3, size=(num, 2))

        def sample_observations_from_factors(self, factors, random_state):
            return random_state.random_sample((len(factors), 8, 8, 1))

    data = as_ground_truth_data(Foreign())
    random_state = np.random.RandomState(0)
    expected_factors = random_state.randint(3, size=(5, 2))
    expected = random_state.random_sample((5, 8, 8, 1)).astype(np.float32)
    factors, observations = data.sample(5, np.random.RandomState(0))
    np.testing.assert_array_equal(factors, expected_factors)
    np.testing.assert_array_equal(observations, expected)
    assert data.factor_names == ["factor_0", "factor_1"]
    assert data.observation_shape == (8, 8, 1)
    assert not data.enumerable


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"observations": np.zeros((3, 8, 8, 1), np.int32)}, "int32"),
        ({"observations": np.full((3, 8, 8), 1.5)}, r"\[0, 1\].*1.5"),
        ({"observations": np.full((3, 8, 8), -0.1)}, "-0.1"),
        ({"observations": np.full((3, 8, 8), np.nan)}, "finite"),
        ({"observations": np.full((3, 8), np.inf)}, "finite"),
        ({"observations": np.zeros((0, 8, 8))}, "at least one"),
        ({"observations": np.zeros(8)}, r"shape \(8,\)"),
        ({"observations": np.array([["a", "b"]])}, "dtype <U1"),
        ({"observations": np.zeros((3, 8, 8)), "factors": [0, 1]}, "3 observations"),
        ({"observations": np.zeros((3, 8, 8)), "factors": np.zeros((3, 1, 1))}, r"\(3, 1, 1\)"),
        ({"observations": np.zeros((3, 8, 8)), "factors": [0.0, np.nan, 1.0]}, "NaN"),
        ({"observations": np.zeros((2, 8, 8)), "factors": np.array([0, "a"], object)}, "dict"),
        ({"observations": np.zeros((3, 8, 8)), "factors": [0, 1, 2], "factor_kinds": ["odd"]}, "odd"),
        (
            {"observations": np.zeros((3, 8, 8)), "factors": [0, 1, 2], "factor_names": ["a", "b"]},
            "1 factors",
        ),
        ({"images": np.zeros((3, 8, 8))}, "'observations'"),
    ],
)
def test_arrays_that_cannot_be_used_are_refused_in_one_sentence(arguments, words):
    with pytest.raises(UserError, match=words) as caught:
        as_ground_truth_data(arguments)
    assert "Received: " in str(caught.value)


def test_an_object_that_is_no_data_set_is_refused():
    with pytest.raises(UserError, match="Received: int"):
        as_ground_truth_data(3)
