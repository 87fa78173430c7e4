import itertools

import numpy as np
import pytest

from tfdisent.analysis import morphings, shortest_path, torus_paths
from tfdisent.errors import UserError


def code(radii, angles, *rest):
    radii, angles = np.asarray(radii), np.asarray(angles)
    return np.concatenate([radii * np.cos(angles), radii * np.sin(angles), rest])


def polar(paths, d):
    x, y = paths[..., :d], paths[..., d : 2 * d]
    return np.hypot(x, y), np.arctan2(y, x)


FIRST = code([1.0, 0.8, 1.2], [-2.5, 0.3, 2.9])
SECOND = code([0.9, 1.1, 1.0], [2.0, 1.0, -0.2])


def test_every_path_joins_the_two_codes_with_linear_radii():
    paths, turns = torus_paths(FIRST, SECOND, 12)
    assert paths.shape == (8, 12, 6) and turns.shape == (8, 3)
    np.testing.assert_allclose(paths[:, 0], np.tile(FIRST, (8, 1)), atol=1e-12)
    np.testing.assert_allclose(paths[:, -1], np.tile(SECOND, (8, 1)), atol=1e-12)
    radii, _ = polar(paths, 3)
    np.testing.assert_allclose(np.diff(radii, 2, axis=1), 0, atol=1e-12)


def test_angles_move_evenly_directly_or_around_the_other_side():
    paths, turns = torus_paths(FIRST, SECOND, 40)
    _, angles = polar(paths, 3)
    angles = np.unwrap(angles, axis=1)
    np.testing.assert_allclose(np.diff(angles, 2, axis=1), 0, atol=1e-9)
    ways = angles[:, -1] - angles[:, 0]
    np.testing.assert_allclose(ways[0], [4.5, 0.7, -3.1])  # as if the cut were a wall
    np.testing.assert_allclose(ways[-1], [4.5 - 2 * np.pi, 0.7 - 2 * np.pi, -3.1 + 2 * np.pi])
    np.testing.assert_array_equal(turns[0], 0)
    assert len({tuple(turn) for turn in turns}) == 8
    np.testing.assert_array_equal(turns[1], [0, 0, 1])


def test_the_shortest_path_is_the_shortest_over_all_whole_numbers_of_turns():
    rng = np.random.RandomState(0)
    for _ in range(50):
        angles = rng.uniform(-np.pi, np.pi, (2, 3))
        place, length = shortest_path(code([1] * 3, angles[0]), code([1] * 3, angles[1]))
        every = [
            np.linalg.norm(angles[1] - angles[0] + 2 * np.pi * np.array(k))
            for k in itertools.product((-2, -1, 0, 1, 2), repeat=3)
        ]
        assert length == pytest.approx(min(every))
        _, turns = torus_paths(code([1] * 3, angles[0]), code([1] * 3, angles[1]))
        assert np.linalg.norm(angles[1] - angles[0] + 2 * np.pi * turns[place]) == pytest.approx(length)


def test_further_coordinates_go_straight():
    paths, _ = torus_paths(code([1.0], [0.0], 5.0, 1.0), code([1.0], [1.0], 6.0, 3.0), 3, num_angles=1)
    np.testing.assert_allclose(paths[:, :, 2:], np.tile([[5, 1], [5.5, 2], [6, 3]], (2, 1, 1)))


def test_decoded_observations_belong_to_their_codes():
    images = morphings(lambda codes: codes.reshape(-1, 2, 3, 1), FIRST, SECOND, 5)
    paths, _ = torus_paths(FIRST, SECOND, 5)
    np.testing.assert_allclose(images.reshape(8, 5, 6), paths, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((FIRST[:5], SECOND[:5]), "two coordinates an angle, so an even number"),
        ((FIRST, SECOND[:4]), "second must be an array .* with C = 6\\."),
        ((FIRST, SECOND, 1), "num_steps must be a whole number from 2 to 10,000"),
        ((FIRST, SECOND, 12, 4), "num_angles must be a whole number from 1 to 3"),
    ],
)
def test_wrong_codes_end_in_a_sentence(arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        torus_paths(*arguments)
