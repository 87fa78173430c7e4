"""Distance to orthogonality: known values, invariances, and agreement of the two solvers."""

import itertools

import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.metrics import closest_signed_permutation, compute_dto


def haar(dim, random_state):
    Q, R = np.linalg.qr(random_state.standard_normal((dim, dim)))
    return Q * np.sign(np.diag(R))


def rotation(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def jacobian(V, lengths, pixels, random_state):
    """U S V^T with random orthonormal U [pixels, D]."""
    U = np.linalg.qr(random_state.standard_normal((pixels, len(lengths))))[0]
    return U @ np.diag(lengths) @ V.T


def signed_permutations(dim):
    for order in itertools.permutations(range(dim)):
        for signs in itertools.product([-1, 1], repeat=dim):
            yield np.eye(dim)[list(order)] * np.array(signs)[:, None]


def test_orthogonal_columns_of_distinct_length_have_distance_zero_in_any_order_and_sign():
    random_state = np.random.RandomState(0)
    P = np.eye(4)[[2, 0, 3, 1]] * [1, -1, -1, 1]
    jacobians = np.stack([jacobian(P, [5, 3, 2, 1], 30, random_state) for _ in range(8)])
    result = compute_dto(jacobians)
    assert result["dto"] < 1e-12 and result["degenerate_share"] == 0 and result["num_points"] == 8


@pytest.mark.parametrize("degrees", [0.01, 10, 30, 45])
def test_rotation_of_the_plane_by_an_angle_has_distance_two_root_two_sine_of_half_of_it(degrees):
    """||V - I||_F^2 = 2 (cos - 1)^2 + 2 sin^2 = 4 (1 - cos) = 8 sin^2(angle / 2)."""
    angle = np.deg2rad(degrees)
    jacobians = jacobian(rotation(angle), [2, 1], 3, np.random.RandomState(0))[None]
    assert compute_dto(jacobians)["dto"] == pytest.approx(2 * np.sqrt(2) * np.sin(angle / 2), abs=1e-12)


def test_in_the_plane_45_degrees_is_the_furthest():
    limit = 2 * np.sqrt(2) * np.sin(np.pi / 8)
    assert limit == pytest.approx(1.082, abs=5e-4)
    random_state = np.random.RandomState(0)
    for angle in np.linspace(0, 2 * np.pi, 33):
        assert compute_dto(jacobian(rotation(angle), [2, 1], 3, random_state)[None])["dto"] <= limit + 1e-12


def test_distance_is_invariant_to_order_and_sign_of_latents_and_to_scale_and_rotation_of_pixels():
    random_state = np.random.RandomState(1)
    jacobians = random_state.standard_normal((6, 20, 4))
    expected = compute_dto(jacobians)["dto"]
    assert expected > 0.5
    assert compute_dto(jacobians[:, :, [3, 1, 0, 2]] * [1, -1, 1, -1])["dto"] == pytest.approx(
        expected, abs=1e-10
    )
    assert compute_dto(7 * haar(20, random_state) @ jacobians)["dto"] == pytest.approx(expected, abs=1e-10)
    assert compute_dto(jacobians.astype(np.float32))["dto"] == pytest.approx(expected, abs=1e-4)


def test_random_rotations_of_the_plane_have_mean_distance_055():
    """The angle to the nearest axis is uniform on [0, pi/4]: mean 16 sqrt(2) / pi (1 - cos(pi / 8))."""
    random_state = np.random.RandomState(0)
    jacobians = np.stack([jacobian(haar(2, random_state), [2, 1], 2, random_state) for _ in range(2000)])
    result = compute_dto(jacobians)
    mean = 16 * np.sqrt(2) / np.pi * (1 - np.cos(np.pi / 8))
    assert mean == pytest.approx(0.548, abs=1e-3)
    assert abs(result["dto"] - mean) < 3 * result["dto_standard_error"] < 0.03


def test_vectors_equal_those_of_the_full_decomposition():
    jacobians = np.random.RandomState(2).standard_normal((150, 12, 5))  # more than one chunk
    distances = []
    for J in jacobians:
        V = np.linalg.svd(J)[2].T
        distances.append(np.linalg.norm(V - closest_signed_permutation(V)))
    result = compute_dto(jacobians)
    assert result["dto"] == pytest.approx(np.mean(distances), abs=1e-12)
    assert result["dto_standard_error"] == pytest.approx(np.std(distances, ddof=1) / np.sqrt(150), rel=1e-9)


@pytest.mark.parametrize("scale", [1, 3], ids=["orthogonal", "large_entries"])
@pytest.mark.parametrize("dim", [1, 2, 3, 4])
def test_assignment_finds_the_minimum_over_all_signed_permutations(dim, scale):
    random_state = np.random.RandomState(dim)
    for _ in range(5):
        V = haar(dim, random_state) if scale == 1 else scale * random_state.standard_normal((dim, dim))
        P = closest_signed_permutation(V)
        assert any(np.array_equal(P, Q) for Q in signed_permutations(dim))
        best = min(np.abs(V - Q).sum() for Q in signed_permutations(dim))
        assert np.abs(V - P).sum() == pytest.approx(best, abs=1e-12)
        if scale == 1:
            nearest = min(np.linalg.norm(V - Q) for Q in signed_permutations(dim))
            assert np.linalg.norm(V - P) == pytest.approx(nearest, abs=1e-12)


def check_solvers(count, seed):
    random_state = np.random.RandomState(seed)
    for i in range(count):
        V = haar(2 + i % 9, random_state)
        fast, slow = closest_signed_permutation(V), closest_signed_permutation(V, "milp")
        assert np.abs(V - fast).sum() == pytest.approx(np.abs(V - slow).sum(), abs=1e-9)


def test_assignment_and_mixed_integer_program_agree():
    check_solvers(9, seed=0)


@pytest.mark.slow
def test_assignment_and_mixed_integer_program_agree_on_500_matrices():
    check_solvers(500, seed=1)


def test_both_solvers_give_the_same_distance_and_agree_on_matrices_that_are_not_orthogonal():
    random_state = np.random.RandomState(4)
    jacobians = random_state.standard_normal((3, 10, 4))
    assert compute_dto(jacobians, "milp")["dto"] == pytest.approx(compute_dto(jacobians)["dto"], abs=1e-9)
    V = 3 * random_state.standard_normal((4, 4))
    fast, slow = closest_signed_permutation(V), closest_signed_permutation(V, "milp")
    assert np.abs(V - fast).sum() == pytest.approx(np.abs(V - slow).sum(), abs=1e-9)


def test_points_with_nearly_equal_singular_values_are_counted():
    random_state = np.random.RandomState(0)
    lengths = [[3, 2, 1], [3, 2, 1.99], [3, 2, 0], [3, 0, 0], [3, 1e-9, 1e-10]]
    jacobians = np.stack([jacobian(np.eye(3), s, 9, random_state) for s in lengths])
    shares = [compute_dto(J[None])["degenerate_share"] for J in jacobians]
    assert shares == [0, 1, 0, 1, 1]
    assert compute_dto(jacobians)["degenerate_share"] == pytest.approx(0.6)
    assert compute_dto(jacobians, gap_tolerance=1e-3)["degenerate_share"] == pytest.approx(0.4)


def test_passive_latents_can_be_left_out():
    random_state = np.random.RandomState(0)
    jacobians = np.stack([jacobian(rotation(0.3), [2, 1], 9, random_state) for _ in range(4)])
    padded = np.concatenate([jacobians, np.zeros((4, 9, 3))], axis=2)
    active = np.array([True, True, False, False, False])
    assert compute_dto(padded, active=active) == compute_dto(jacobians)
    assert compute_dto(padded)["degenerate_share"] == 1


def test_one_latent_has_distance_zero():
    result = compute_dto(np.random.RandomState(0).standard_normal((3, 7, 1)))
    assert result["dto"] == 0 and result["degenerate_share"] == 0


def test_more_latents_than_pixels_are_completed_with_zero_singular_values():
    random_state = np.random.RandomState(0)
    one_missing = jacobian(np.eye(3), [3, 2, 1], 3, random_state)[None, :2] * 1.0
    result = compute_dto(one_missing)
    V = np.linalg.svd(one_missing[0], full_matrices=True)[2].T
    assert result["dto"] == pytest.approx(np.linalg.norm(V - closest_signed_permutation(V)), abs=1e-12)
    assert result["degenerate_share"] == 0
    assert compute_dto(random_state.standard_normal((2, 2, 4)))["degenerate_share"] == 1


def test_a_jacobian_that_vanishes_has_no_distance():
    jacobians = np.stack([np.zeros((9, 2)), jacobian(rotation(0.3), [2, 1], 9, np.random.RandomState(0))])
    result = compute_dto(jacobians)
    assert result["dto"] == pytest.approx(2 * np.sqrt(2) * np.sin(0.15), abs=1e-12)
    assert result["degenerate_share"] == 0.5
    assert np.isnan(compute_dto(jacobians[:1])["dto"])


@pytest.mark.parametrize(
    ("jacobians", "settings", "message"),
    [
        (
            np.zeros((4, 5)),
            {},
            r"shape \[N, pixels, D\]; flatten the image axes into one. Received: shape \(4, 5\)",
        ),
        (np.zeros((2, 4, 4, 1, 3)), {}, "flatten the image axes"),
        (np.zeros((0, 4, 3)), {}, "must be a non-empty array"),
        (np.full((2, 4, 3), np.nan), {}, "NaN or infinity at 2 of 2 points"),
        (np.ones((2, 4, 3), complex), {}, "must hold real numbers"),
        (np.ones((2, 4, 3)), {"active": [True, False]}, r"shape \(3,\), and keep at least one"),
        (np.ones((2, 4, 3)), {"active": [False] * 3}, "keep at least one"),
        (
            np.ones((2, 4, 3)),
            {"solver": "greedy"},
            "must be 'assignment' or 'milp'. Received: 'greedy'",
        ),
    ],
)
def test_bad_jacobians_are_refused_in_one_sentence(jacobians, settings, message):
    with pytest.raises(UserError, match=message):
        compute_dto(jacobians, **settings)


@pytest.mark.parametrize("V", [np.ones((2, 3)), np.ones(4), np.full((2, 2), np.nan), np.ones((0, 0))])
def test_bad_matrices_are_refused(V):
    with pytest.raises(UserError, match="V must be"):
        closest_signed_permutation(V)


def test_points_where_dto_is_not_defined_and_a_single_latent_are_said(caplog):
    random_state = np.random.RandomState(0)
    distinct = np.stack([jacobian(np.eye(2), [2, 1], 9, random_state) for _ in range(25)])
    equal = jacobian(rotation(0.3), [1, 1], 9, random_state)[None]
    compute_dto(np.concatenate([distinct, equal]))
    assert caplog.text == ""
    compute_dto(np.concatenate([distinct[:3], equal]))
    assert (
        "At 25 % of the points singular values" in caplog.text and "not defined up to rotation" in caplog.text
    )
    caplog.clear()
    compute_dto(distinct[:, :, :1])
    assert "compares latents, and there is one" in caplog.text and len(caplog.records) == 1
