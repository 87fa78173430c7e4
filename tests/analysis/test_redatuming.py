import numpy as np
import pytest
from scipy import stats

from tfdisent import analysis, data
from tfdisent.data import MRA_PARTNERS, mra_states, shifted
from tfdisent.errors import UserError


class Perfect:
    """Redatums exactly, but for a shift of each state that nobody told it."""

    observation_shape = (4, 20)

    def redatum(self, coherent_from, nuisance_from, draws=0):
        signals = mra_states(20)

        def read(bags):  # state and shift of each instance
            table = np.stack([[shifted(signal, shift) for shift in range(20)] for signal in signals])
            errors = ((bags[:, :, None, None] - table) ** 2).sum(-1).reshape(*bags.shape[:2], -1)
            return np.divmod(errors.argmin(-1), 20)

        states = read(coherent_from)[0][:, 0]
        own, shifts = read(nuisance_from)
        return shifted(signals[states][:, None], shifts + 3 * (own != states[:, None]))


def test_the_grid_redatums_each_state_at_each_shift_with_its_partner():
    grid = analysis.redatuming_grid(Perfect())
    signals = mra_states(20)
    for state in range(6):
        for column in range(10):
            expected = shifted(signals[state], 2 * (column + 1))
            np.testing.assert_allclose(grid["truth"][state, column], expected, atol=1e-6)
    np.testing.assert_allclose(grid["reconstruction"], grid["truth"], atol=1e-6)
    found = analysis.shift_aligned_mse(grid["redatuming"], grid["truth"])
    np.testing.assert_allclose(found["mse"], 0, atol=1e-12)
    assert (found["shift"] == 17).all()  # 3 more make 20
    assert sorted(MRA_PARTNERS) == list(range(6)) and all(MRA_PARTNERS[i] != i for i in range(6))


def test_one_shift_must_serve_all_instances_of_a_state():
    truth = np.stack([shifted(mra_states(20)[0], shift) for shift in range(20)])[None]
    moved = np.roll(truth, 7, axis=-1)
    assert analysis.shift_aligned_mse(moved, truth)["mse"] == pytest.approx(0)
    moved[0, 10:] = np.roll(moved[0, 10:], 5, axis=-1)
    found = analysis.shift_aligned_mse(moved, truth)
    assert found["relative"] > 0.3 and found["instance relative"] == pytest.approx(0)
    mean = np.broadcast_to(truth.mean(-1, keepdims=True), truth.shape)
    found = analysis.shift_aligned_mse(mean, truth)
    assert found["relative"] == found["instance relative"] == pytest.approx(1.0)
    with pytest.raises(UserError, match="truth must be an array .* with S = 1, M = 20, k = 20"):
        analysis.shift_aligned_mse(truth, truth[:, :3])


def test_the_spline_passes_through_the_codes_and_closes_smoothly():
    angle = 2 * np.pi * np.array([5, 50, 95, 20, 70]) / 100
    codes = np.stack([np.cos(angle), np.sin(angle), np.zeros(5)], axis=-1)
    curve, at = analysis.periodic_spline(codes, [5, 50, 95, 20, 70], 100, num=200)
    np.testing.assert_allclose(curve[np.searchsorted(at, [5, 50, 95, 20, 70])], codes, atol=1e-12)
    jumps = np.linalg.norm(np.diff(np.concatenate([curve, curve[:1]]), axis=0), axis=1)
    assert jumps.max() < 2 * jumps.mean()
    assert np.abs(np.linalg.norm(curve, axis=1) - 1).max() < 0.08
    with pytest.raises(UserError, match="a shift of its own"):
        analysis.periodic_spline(codes, [5, 5, 95, 20, 70], 100)


def test_principal_codes_keep_distances_of_codes_in_a_plane():
    random_state = np.random.RandomState(0)
    plane = random_state.normal(size=(3, 8, 2))
    turned = np.linalg.qr(random_state.normal(size=(5, 5)))[0][:, :2]
    found = analysis.principal_codes(plane @ turned.T)
    assert found["explained"].sum() == pytest.approx(1.0)
    points, plane = found["points"].reshape(-1, 2), plane.reshape(-1, 2)
    for array in (points, plane):
        array -= array.mean(0)
    np.testing.assert_allclose(points @ points.T, plane @ plane.T, atol=1e-10)


def test_a_smoothed_signal_has_lost_its_high_frequencies_only():
    truth = np.stack([shifted(mra_states(100)[0], shift) for shift in range(100)])
    spectrum = np.fft.rfft(truth)
    spectrum[:, 6:] = 0
    found = analysis.amplitude_spectra(truth, np.fft.irfft(spectrum, 100))
    odd = np.arange(1, 50, 2)  # a square wave has no others
    np.testing.assert_allclose(found["error"][odd[:3]], 0, atol=1e-12)
    np.testing.assert_allclose(found["error"][odd[3:]], 1, atol=1e-12)


@pytest.mark.parametrize("p", [1, 2])
def test_wasserstein_on_the_line_is_the_best_assignment(p):
    from scipy.optimize import linear_sum_assignment

    x, y = np.random.RandomState(0).normal(size=(2, 12))
    costs = np.abs(x[:, None] - y) ** p
    expected = costs[linear_sum_assignment(costs)].mean() ** (1 / p)
    assert analysis.wasserstein_1d(x, y, p) == pytest.approx(expected)
    if p == 1:
        assert analysis.wasserstein_1d(x, y) == pytest.approx(stats.wasserstein_distance(x, y))
    with pytest.raises(UserError, match="y must be an array .* with N = 12"):
        analysis.wasserstein_1d(x, y[1:])


def test_decoding_a_datapoints_own_codes_reconstructs_it():
    import functools

    from tfdisent import networks
    from tfdisent.models import SymAE

    small = functools.partial(networks.symae_signal_networks, filters=4)
    bags = data.mra(3, 4, 20).bags
    symae = SymAE((4, 20), networks=small)
    coherent, nuisance = symae.codes(bags)
    decoded = analysis.decode_curve(symae, coherent[0], nuisance[0])
    np.testing.assert_allclose(decoded, np.asarray(symae(bags))[0], atol=1e-5)
