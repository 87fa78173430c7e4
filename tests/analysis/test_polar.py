"""Polar and Cartesian embeddings of a cyclic and another factor, of which each statistic is known."""

import numpy as np
import pytest
from scipy import stats

from tfdisent.analysis import polar_statistics
from tfdisent.errors import UserError

HUES, HEIGHTS = (
    each.ravel() for each in np.meshgrid(2 * np.pi * np.arange(10) / 10, np.arange(15), indexing="ij")
)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_polar_embedding_has_the_factor_as_its_angle_and_the_other_as_its_radius(sign):
    angle, radius = sign * HUES + 0.3, 1 + HEIGHTS / 5
    codes = np.stack([3 + radius * np.cos(angle), radius * np.sin(angle) - 1], axis=1)
    found = polar_statistics(codes, HUES, HEIGHTS)
    np.testing.assert_allclose([found["angle"], found["radius"]], 1, atol=1e-12)
    # the best a latent can do is the cosine cut at its turning point, which counts half the circle backwards
    assert found["cut"] < 0.8 and found["rest"] < 0.1


@pytest.mark.parametrize("latent", [0, 1])
def test_a_cartesian_embedding_is_found_wherever_the_circle_is_cut(latent):
    rolled = np.mod(HUES - 2 * np.pi * 0.35, 2 * np.pi)
    codes = np.stack([np.tanh(rolled - 3), -np.exp(HEIGHTS / 9)], axis=1)
    found = polar_statistics(codes[:, ::-1] if latent else codes, HUES, HEIGHTS)
    assert found["cut_latent"] == latent
    np.testing.assert_allclose([found["cut"], found["rest"]], 1, atol=1e-12)
    assert found["angle"] < 0.9 and found["radius"] < 0.9


def test_rank_correlations_are_scipys_and_noise_has_none():
    generator = np.random.default_rng(0)
    codes, other = generator.normal(size=(4_000, 2)), generator.integers(0, 5, 4_000)
    found = polar_statistics(codes, generator.uniform(0, 7, 4_000), other)
    assert max(found[key] for key in ("angle", "radius", "rest")) < 0.05 and found["cut"] < 0.08
    radius = np.hypot(*(codes - codes.mean(axis=0)).T)
    np.testing.assert_allclose(found["radius"], abs(stats.spearmanr(radius, other)[0]), rtol=1e-9)


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"codes": np.zeros((150, 3))}, r"codes must be \[N, 2\]"),
        ({"codes": np.zeros((150, 2))}, "codes must change"),
        ({"cyclic": np.ones(150)}, "cyclic must change"),
        ({"other": HEIGHTS[:9]}, "other must be"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(change, sentence):
    valid = {"codes": np.stack([HUES, HEIGHTS], axis=1), "cyclic": HUES, "other": HEIGHTS}
    with pytest.raises(UserError, match=sentence):
        polar_statistics(**{**valid, **change})
