"""Draws at once against the single draws they stand for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdisent.data import DSpritesDrawn
from tfdisent.metrics import compute_beta_vae_sklearn, compute_factor_vae, generate_batch_factor_code
from tfdisent.metrics import draws as module
from tfdisent.metrics.draws import is_plain_grid, repeated_randints

GRID = DSpritesDrawn(image_size=8, num_scales=3, num_orientations=1, num_positions=5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 70), st.integers(1, 9)), min_size=1, max_size=5),
    st.integers(0, 40),
    st.integers(0, 2**31),
)
def test_numbers_and_the_state_left_behind_are_those_of_single_draws(pattern, repeats, seed):
    ours, theirs = np.random.RandomState(seed), np.random.RandomState(seed)
    drawn = repeated_randints(pattern, repeats, ours)
    expected = [[theirs.randint(n, size=m) for n, m in pattern] for _ in range(repeats)]
    for entry, (_, m) in enumerate(pattern):
        np.testing.assert_array_equal(
            drawn[entry], np.reshape([row[entry] for row in expected], (repeats, m))
        )
    assert ours.randint(2**31) == theirs.randint(2**31)


def test_draws_in_many_blocks_that_come_out_too_short_are_the_same(monkeypatch):
    pattern, states = [(3, 2), (2049, 5)], [np.random.RandomState(1) for _ in range(2)]
    whole = repeated_randints(pattern, 300, states[0])
    monkeypatch.setattr(module, "_BLOCK", 64)
    monkeypatch.setattr(module, "_SPARE", -16)
    for ours, theirs in zip(repeated_randints(pattern, 300, states[1]), whole, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert states[0].randint(2**31) == states[1].randint(2**31)


def observed_one_by_one(data):
    """The same data as an object of another kind, which is drawn from call by call."""

    class Plain:
        num_factors, factors_num_values = data.num_factors, data.factors_num_values
        sample, sample_factors = data.sample, data.sample_factors
        sample_observations = data.sample_observations
        sample_observations_from_factors = data.sample_observations_from_factors

    return Plain()


def encode(observations):
    return observations.reshape(len(observations), -1)[:, ::7] @ np.linspace(-1, 1, 30).reshape(10, 3)


@pytest.mark.parametrize("num_points", [7, 48, 305])
def test_points_of_a_grid_are_those_drawn_chunk_by_chunk(num_points):
    states = [np.random.RandomState(4) for _ in range(2)]
    ours, theirs = (
        generate_batch_factor_code(data, encode, num_points, state, 16)
        for data, state in zip((GRID, observed_one_by_one(GRID)), states, strict=True)
    )
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_array_equal(ours[1], theirs[1])
    assert states[0].randint(2**31) == states[1].randint(2**31)


@pytest.mark.parametrize("score", [compute_beta_vae_sklearn, compute_factor_vae])
def test_votes_on_a_grid_are_those_drawn_one_by_one(score):
    states = [np.random.RandomState(4) for _ in range(2)]
    ours, theirs = (
        score(data, encode, state, batch_size=32, num_train=150, num_eval=140)
        for data, state in zip((GRID, observed_one_by_one(GRID)), states, strict=True)
    )
    assert ours == theirs
    assert states[0].randint(2**31) == states[1].randint(2**31)


def test_only_sets_that_draw_as_a_grid_does_count_as_one():
    class Noisy(DSpritesDrawn):
        def sample_observations_from_factors(self, factors, random_state):
            return (
                super().sample_observations_from_factors(factors, random_state) + random_state.random_sample()
            )

    assert is_plain_grid(GRID)
    assert not is_plain_grid(Noisy(image_size=8)) and not is_plain_grid(GRID.split()[0])
    assert not is_plain_grid(observed_one_by_one(GRID))
