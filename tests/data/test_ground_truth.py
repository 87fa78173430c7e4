import numpy as np
import pytest

from tfdisent.data import DSpritesDrawn, DummyData, GroundTruthData, as_float, describe
from tfdisent.errors import UserError

SIZES = [3, 1, 4, 2]


class Grid(GroundTruthData):
    """A set whose observation is its own index."""

    def __init__(self, sizes):
        names = [f"f{i}" for i in range(len(sizes))]
        super().__init__("grid", "made for a test", names, ["categorical"] * len(sizes), sizes, (1,))

    def observations(self, indices):
        return self.check_indices(indices)[:, np.newaxis].astype(np.float32)


def test_factors_and_indices_are_inverse_of_each_other():
    data = Grid(SIZES)
    everything = np.arange(data.size)
    assert data.size == 24
    np.testing.assert_array_equal(data.indices(data.factors(everything)), everything)


def test_first_factor_is_the_slowest():
    data = Grid(SIZES)
    strides = np.cumprod([1, *SIZES[:0:-1]])[::-1]  # written independently: index = factors . strides
    factors = data.factors(np.arange(data.size))
    np.testing.assert_array_equal(factors @ strides, np.arange(data.size))


def test_factors_are_drawn_one_column_at_a_time_and_a_factor_of_one_value_draws_nothing():
    random_state = np.random.RandomState(5)
    expected = [random_state.randint(size, size=7) for size in (3, 4, 2)]
    drawn = Grid(SIZES).sample_factors(7, np.random.RandomState(5))
    assert drawn.dtype == np.int64
    np.testing.assert_array_equal(drawn[:, 1], 0)
    np.testing.assert_array_equal(drawn[:, [0, 2, 3]].T, expected)


def test_sample_pairs_factors_with_their_own_observations():
    data = Grid(SIZES)
    factors, observations = data.sample(50, np.random.RandomState(0))
    np.testing.assert_array_equal(data.factors(observations[:, 0].astype(int)), factors)
    np.testing.assert_array_equal(data.sample_observations(50, np.random.RandomState(0)), observations)


def test_sampled_factors_are_uniform():
    factors = Grid(SIZES).sample_factors(20_000, np.random.RandomState(1))
    for column, size in enumerate(SIZES):
        share = np.bincount(factors[:, column], minlength=size) / len(factors)
        np.testing.assert_allclose(share, 1 / size, atol=0.015)


def test_split_is_a_partition_that_the_seed_fixes():
    data = Grid([7, 11])
    parts = data.split((0.8, 0.1, 0.1), seed=3)
    assert [part.size for part in parts] == [62, 7, 8]
    seen = np.concatenate([part.observations(np.arange(part.size))[:, 0] for part in parts])
    np.testing.assert_array_equal(np.sort(seen), np.arange(data.size))
    assert (seen != np.arange(data.size)).any()
    again = data.split((0.8, 0.1, 0.1), seed=3)
    np.testing.assert_array_equal(parts[0].base_indices, again[0].base_indices)
    other = data.split((0.8, 0.1, 0.1), seed=4)
    assert (parts[0].base_indices != other[0].base_indices).any()


def test_to_memory_equals_the_observations_across_chunks():
    data = Grid([70, 70])
    np.testing.assert_array_equal(data.to_memory()[:, 0], np.arange(4900))
    np.testing.assert_array_equal(data.to_memory(np.array([9, 4, 4]))[:, 0], [9, 4, 4])


def test_bytes_255_mean_one():
    np.testing.assert_array_equal(as_float(np.array([0, 51, 255], np.uint8)), np.float32([0, 0.2, 1]))


def test_a_description_lists_every_factor():
    lines = describe(DSpritesDrawn(num_scales=2))
    assert lines["size"] == 3 * 2 * 40 * 32 * 32
    assert lines["factors"][2] == {"name": "orientation", "kind": "cyclic", "num_values": 40}
    assert "drawn by tfdisent" in lines["source"]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda data: data.split((0.8, 0.1)), "add up to 1"),
        (lambda data: data.split((1.2, -0.2)), "positive"),
        (lambda data: data.split((0.999, 0.001)), "too few"),
        (lambda data: data.observations([24]), "from 0 to 23"),
        (lambda data: data.factors([-1]), "Received: -1"),
        (lambda data: data.factors([0.5]), "whole numbers"),
        (lambda data: data.indices([[3, 0, 0, 0]]), r"Received: \[3, 0, 0, 0\]"),
        (lambda data: data.indices([[0, 0, 0]]), r"shape \[N, 4\]"),
        (lambda data: DummyData().split(), "dummy_data"),
        (lambda data: DummyData().observations([0]), "cannot be numbered"),
        (lambda data: GroundTruthData("x", "", ["a"], ["fuzzy"], [2], (1,)), "fuzzy"),
        (lambda data: GroundTruthData("x", "", ["a", "b"], ["cyclic"], [2], (1,)), "1 factors"),
    ],
)
def test_a_mistake_is_one_sentence(act, words):
    with pytest.raises(UserError, match=words):
        act(Grid(SIZES))
