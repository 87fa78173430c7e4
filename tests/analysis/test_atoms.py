import numpy as np
import pytest

from tfdisent.analysis import coordinate_correlations, match_spikes, propositions, spikes_of_atoms
from tfdisent.data import Spikes
from tfdisent.errors import UserError

DATA = Spikes(image_size=64, max_spikes=4, sigma=2.0, num_images=50)


def atoms_of(spikes):
    """One image a spike, [N, K, H, W]."""
    drawn = [DATA.draw(spikes[:, [j]]) for j in range(spikes.shape[1])]
    return np.stack(drawn, axis=1)[..., 0]


def test_a_spike_drawn_is_found_where_it_was_put():
    found, there = spikes_of_atoms(atoms_of(DATA.spikes)), DATA.spikes[:, :, 0] > 0
    np.testing.assert_allclose(found[there, 1:], DATA.spikes[there, 1:], atol=0.05)
    np.testing.assert_allclose(found[there, 0], DATA.spikes[there, 0], rtol=0.08)  # between pixels
    np.testing.assert_array_equal(found[~there, 0], 0)


def test_all_spikes_are_matched_whatever_the_order_of_the_atoms():
    order = np.random.RandomState(0).permutation(4)
    found = spikes_of_atoms(atoms_of(DATA.spikes))[:, order]
    matched = match_spikes(found, DATA.spikes)
    assert matched["share_found"] == 1 and matched["share_spurious"] == 0 and matched["mean_distance"] < 0.05
    there = DATA.spikes[:, order, 0] > 0
    np.testing.assert_array_equal(matched["partner"], np.where(there, order, -1))


def test_a_spike_that_is_far_off_is_not_found():
    true = np.array([[[1.0, 10, 10], [1.0, 40, 40], [0.0, 32, 32]]])
    found = np.array([[[0.9, 12, 10], [0.9, 40, 47], [0.05, 40, 40]]])
    matched = match_spikes(found, true)
    assert matched["share_found"] == 0.5 and matched["share_spurious"] == 0.5
    assert matched["mean_distance"] == 2.0
    np.testing.assert_array_equal(matched["partner"], [[0, -1, -1]])


def test_a_far_spike_does_not_pull_near_pairs_apart():
    true = np.array([[[1.0, 10, 10], [1.0, 12.5, 10], [1.0, 60, 60]]])
    found = np.array([[[1.0, 12, 10], [1.0, 14, 10], [1.0, 2, 2]]])
    assert match_spikes(found, true)["share_found"] == pytest.approx(2 / 3)


def test_coordinates_that_are_the_spike_correlate_with_it_alone():
    true = np.random.RandomState(0).normal(size=(400, 2, 3))
    partner = np.tile([1, 0], (400, 1))
    partner[:, 1] = -1  # the second block never draws a spike
    blocks = np.stack([true[:, 1][:, [2, 0, 1]] * [1, -2, 3], true[:, 0]], axis=1)
    found = coordinate_correlations(blocks, true, partner)
    expected = np.zeros((3, 3))
    expected[[0, 1, 2], [2, 0, 1]] = [1, -1, 1]
    np.testing.assert_allclose(found[0], expected, atol=0.15)
    assert np.isnan(found[1]).all()


def test_lemma_and_propositions_hold_in_numbers():
    rows = propositions(num_points=300)
    for row in rows:
        if row["expected"] is not None:
            tolerance = 0.02 if row["expected"] == 0.5 else 1e-8
            assert row["found"] == pytest.approx(row["expected"], abs=tolerance), row
    slope, spikes = (row["found"] for row in rows if row["expected"] is None)
    assert slope > 0.29 and spikes > 1


def test_arrays_that_do_not_belong_together_end_in_a_sentence():
    with pytest.raises(
        UserError, match=r"true must be an array \[N, K, 3\] with N = 2\. Received: shape \(3, 3, 3\)"
    ):
        match_spikes(np.zeros((2, 3, 3)), np.zeros((3, 3, 3)))
    with pytest.raises(UserError, match=r"atoms must be an array \[\.\.\., H, W\]"):
        spikes_of_atoms(np.zeros(4))
