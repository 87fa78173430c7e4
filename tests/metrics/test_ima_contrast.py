"""IMA contrast: Hadamard's inequality, its equality, and invariances."""

import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.metrics import ima_contrast


def jacobians(num=5, pixels=12, num_codes=3, seed=0):
    return np.random.RandomState(seed).standard_normal((num, pixels, num_codes))


def test_orthogonal_columns_of_any_length_have_no_contrast():
    directions = np.linalg.qr(jacobians())[0]
    assert ima_contrast(directions * [5, 0.1, 2])["ima_contrast"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("degrees", [10, 45, 80])
def test_two_columns_at_an_angle_have_minus_the_logarithm_of_its_sine(degrees):
    angle = np.deg2rad(degrees)
    J = np.array([[[1, 3 * np.cos(angle)], [0, 3 * np.sin(angle)], [0, 0]]])
    assert ima_contrast(J)["ima_contrast"] == pytest.approx(-np.log(np.sin(angle)))


def test_contrast_is_the_printed_formula_and_positive():
    J = jacobians()
    lengths = np.log(np.linalg.norm(J, axis=1)).sum(axis=1)
    volumes = 0.5 * np.linalg.slogdet(np.swapaxes(J, 1, 2) @ J)[1]
    scores = ima_contrast(J)
    assert scores["ima_contrast"] == pytest.approx(np.mean(lengths - volumes)) and np.all(lengths > volumes)
    error = np.std(lengths - volumes, ddof=1) / np.sqrt(5)
    assert scores["ima_contrast_standard_error"] == pytest.approx(error)


def test_scale_order_and_sign_of_columns_and_rotation_of_pixels_do_not_matter():
    J = jacobians()
    Q = np.linalg.qr(np.random.RandomState(1).standard_normal((12, 12)))[0]
    expected = ima_contrast(J)["ima_contrast"]
    for other in (J[:, :, [2, 0, 1]], J * [-1, 7, 1e-3], Q @ J):
        assert ima_contrast(other)["ima_contrast"] == pytest.approx(expected)


def test_dependent_columns_have_infinite_contrast_and_zero_columns_none():
    J = jacobians()
    assert ima_contrast(J[:, :, [0, 1, 1]])["ima_contrast"] == np.inf
    assert ima_contrast(J[:, :2])["ima_contrast"] == np.inf  # fewer pixels than latents
    passive = J * [1, 1, 0]
    scores = ima_contrast(passive)
    assert np.isnan(scores["ima_contrast"]) and scores["degenerate_share"] == 1
    active = ima_contrast(passive, active=np.array([True, True, False]))
    assert active["ima_contrast"] == pytest.approx(ima_contrast(J[:, :, :2])["ima_contrast"])
    half = np.concatenate([J, passive])
    assert ima_contrast(half)["degenerate_share"] == 0.5
    assert ima_contrast(half)["ima_contrast"] == pytest.approx(ima_contrast(J)["ima_contrast"])


def test_arrays_that_are_no_jacobians_are_refused():
    for bad in (np.ones((3, 4)), np.full((2, 4, 3), np.nan)):
        with pytest.raises(UserError, match="jacobians must be"):
            ima_contrast(bad)
