"""A traversal moves one latent over the interval asked for and leaves the others alone."""

import numpy as np
import pytest

from tfdisent.analysis.traversals import latent_traversals, traversal_values
from tfdisent.errors import UserError


@pytest.fixture
def codes():
    return np.random.RandomState(0).normal(size=(200, 3)) * [1.0, 5.0, 0.1] + [0.0, 2.0, -1.0]


def test_a_traversal_changes_only_the_traversed_coordinate(codes):
    base = codes[:2].astype(np.float32)
    observations = latent_traversals(lambda z: z, base, num_steps=5)  # [2, 3, 5, 3]
    for latent in range(3):
        others = np.delete(np.arange(3), latent)
        kept = np.broadcast_to(base[:, None, others], (2, 5, 2))
        np.testing.assert_array_equal(observations[:, latent][..., others], kept)
        moved = np.tile(np.float32([-2, -1, 0, 1, 2]), (2, 1))
        np.testing.assert_array_equal(observations[:, latent, :, latent], moved)


def test_the_order_chooses_and_sorts_the_rows(codes):
    importance = np.array([0.3, 0.1, 0.7])
    settings = {"num_steps": 4, "interval": "minmax", "reference": codes}
    everything = latent_traversals(lambda z: z, codes[:1], **settings)
    chosen = latent_traversals(lambda z: z, codes[:1], order=np.argsort(-importance)[:2], **settings)
    np.testing.assert_array_equal(chosen, everything[:, [2, 0]])


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_images_come_out_the_same_however_they_are_batched(codes, batch_size):
    sizes = []

    def decode(z):
        sizes.append(len(z))
        return (z @ np.arange(24.0).reshape(3, 8)).reshape(-1, 2, 4, 1)

    images = latent_traversals(decode, codes[:2], num_steps=3, batch_size=batch_size)
    assert images.shape == (2, 3, 3, 2, 4, 1)
    assert images.dtype == np.float32
    assert max(sizes) == min(batch_size, 18)
    np.testing.assert_array_equal(images, latent_traversals(decode, codes[:2], num_steps=3))


def test_a_single_code_counts_as_one_base_code():
    assert latent_traversals(lambda z: z, np.zeros(4), num_steps=2).shape == (1, 4, 2, 4)


def test_intervals_end_where_they_say(codes):
    mean, std = codes.mean(axis=0), codes.std(axis=0)
    ends = {
        "fixed": (np.full(3, -1.5), np.full(3, 1.5)),
        "minmax": (codes.min(axis=0), codes.max(axis=0)),
        "std": (mean - 1.5 * std, mean + 1.5 * std),
        "quantile": tuple(np.quantile(codes, [0.02, 0.98], axis=0)),
    }
    for interval, (low, high) in ends.items():
        values = traversal_values(codes, 7, interval, limit=1.5)
        assert values.shape == (3, 7)
        np.testing.assert_allclose(values[:, 0], low, rtol=1e-12)
        np.testing.assert_allclose(values[:, -1], high, rtol=1e-12)
        assert (np.diff(values) > 0).all()


def test_as_many_codes_lie_between_one_quantile_step_and_the_next():
    codes = np.random.RandomState(1).exponential(size=(10_001, 1))
    counts, _ = np.histogram(codes, bins=traversal_values(codes, 9, "quantile")[0])
    np.testing.assert_allclose(counts, 1200, atol=2)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"interval": "wide"}, "'wide'"),
        ({"num_steps": 1}, "1"),
        ({"num_steps": 2.5}, "2.5"),
        ({"order": [0, 3]}, r"\[0, 3\]"),
        ({"order": [0.5]}, "dtype float64"),
        ({"reference": np.zeros((5, 2))}, r"\(5, 2\)"),
    ],
)
def test_a_wrong_setting_is_named(codes, settings, named):
    with pytest.raises(UserError, match=f"Received: .*{named}"):
        latent_traversals(lambda z: z, codes, **settings)


def test_a_decoder_that_loses_observations_is_refused(codes):
    with pytest.raises(UserError, match="one observation a code"):
        latent_traversals(lambda z: z[1:], codes[:1])
