import numpy as np
import pytest

from tfdisent.analysis import angle_dependence, kuiper_statistic
from tfdisent.errors import UserError

TURN = 2 * np.pi


def test_kuiper_is_least_at_equal_spacing_and_one_at_a_point():
    equal = TURN * np.arange(50)[:, None] / 50
    assert kuiper_statistic(equal + 0.3)[0] == pytest.approx(1 / 50)
    assert kuiper_statistic(np.full((50, 1), 2.0))[0] == pytest.approx(1.0)


def test_kuiper_does_not_depend_on_the_cut():
    angles = np.random.RandomState(0).normal(size=(200, 2))
    value = kuiper_statistic(angles)
    for turn in (1.0, -2.0, 3.0):
        np.testing.assert_allclose(kuiper_statistic(angles + turn), value)


def test_kuiper_of_uniform_angles_exceeds_its_quantile_as_often_as_printed():
    angles = np.random.RandomState(0).uniform(0, TURN, (400, 2000))
    scaled = kuiper_statistic(angles) * (np.sqrt(400) + 0.155 + 0.24 / np.sqrt(400))  # Stephens 1970
    assert (scaled > 1.747).mean() == pytest.approx(0.05, abs=0.015)


def test_kuiper_is_the_sum_of_the_two_kolmogorov_distances():
    import scipy.stats

    angles = np.random.RandomState(1).beta(2, 3, (100, 1)) * TURN
    up = scipy.stats.kstest(angles[:, 0] / TURN, "uniform", alternative="greater").statistic
    down = scipy.stats.kstest(angles[:, 0] / TURN, "uniform", alternative="less").statistic
    assert kuiper_statistic(angles)[0] == pytest.approx(up + down)


def test_independent_angles_tell_nothing_of_each_other_and_equal_ones_everything():
    angles = np.random.RandomState(0).uniform(-np.pi, np.pi, (5000, 2))
    angles = np.hstack([angles, angles[:, :1] + 1.0])
    found = angle_dependence(angles, bins=12)
    assert set(found) == {(0, 1), (0, 2), (1, 2)}
    assert abs(found[0, 1]["mutual_information"]) < 0.01
    assert found[0, 1]["circular_covariance"] < 0.03 and found[0, 1]["empty_share"] == 0
    assert found[0, 2]["mutual_information"] > 1.7
    assert found[0, 2]["circular_covariance"] == pytest.approx(np.sqrt(0.5), abs=0.02)
    assert found[0, 2]["empty_share"] > 0.8


def test_other_shapes_end_in_a_sentence():
    with pytest.raises(UserError, match=r"angles must be an array \[N, d\]"):
        kuiper_statistic(np.zeros(5))
