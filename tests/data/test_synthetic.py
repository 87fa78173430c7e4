import numpy as np
import pytest

from tfdisent.data import SyntheticLinear, SyntheticNonlinear
from tfdisent.data.synthetic import rotation_matrix
from tfdisent.errors import UserError


@pytest.mark.parametrize(("axis", "angle"), [((1, -1, 1), np.pi / 4), ((0, 0, 2), 1.0), ((3, 1, -2), -2.5)])
def test_rotation_is_orthogonal_keeps_its_axis_and_has_its_angle(axis, angle):
    rotation = rotation_matrix(axis, angle)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)
    np.testing.assert_allclose(rotation @ axis, axis, atol=1e-12)
    assert np.trace(rotation) == pytest.approx(1 + 2 * np.cos(angle))


def test_rotation_is_right_handed():
    np.testing.assert_allclose(rotation_matrix((0, 0, 1), np.pi / 2) @ [1, 0, 0], [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize("stretch", [1.0, 1.2, 2.0])
def test_variances_along_the_principal_directions_differ_by_the_square_of_the_stretch(stretch):
    data = SyntheticLinear(stretch)
    observations = data.to_memory().astype(np.float64)
    variances, directions = np.linalg.eigh(np.cov(observations.T, ddof=0))
    assert variances[0] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(variances[1:], [1 / 12, stretch**2 / 12], rtol=0.02)
    if stretch == 2.0:
        columns = data.matrix / np.linalg.norm(data.matrix, axis=0)
        np.testing.assert_allclose(np.abs(directions[:, :0:-1].T @ columns), np.eye(2), atol=0.02)


def test_columns_are_the_rotated_axes():
    data = SyntheticLinear(stretch=3.0, num_points=10)
    np.testing.assert_allclose(data.matrix.T @ data.matrix, np.diag([9.0, 1.0]), atol=1e-12)
    np.testing.assert_allclose(data.matrix, rotation_matrix((1, -1, 1), np.pi / 4)[:, :2] * [3, 1])


@pytest.mark.parametrize("make", [SyntheticLinear, SyntheticNonlinear])
def test_points_are_uniform_in_the_unit_square_and_fixed_by_the_seed(make):
    data = make()
    assert data.size == 50_000
    counts, _, _ = np.histogram2d(*data.points.T, bins=5, range=[[0, 1], [0, 1]])
    np.testing.assert_allclose(counts / data.size, 1 / 25, rtol=0.08)
    np.testing.assert_array_equal(make().points, data.points)
    assert (make(seed=1).points != data.points).all()


def test_the_nonlinear_map_is_the_network_of_its_weights():
    data = SyntheticNonlinear(num_points=20, seed=4)
    kernel, bias, output_kernel, output_bias = data.weights
    expected = [
        output_bias + sum(np.tanh(bias[j] + w @ kernel[:, j]) * output_kernel[j] for j in range(10))
        for w in data.points
    ]
    np.testing.assert_allclose(data.observations(np.arange(20)), expected, rtol=1e-5, atol=1e-5)
    assert data.observation_shape == (6,)


@pytest.mark.parametrize("make", [SyntheticLinear, SyntheticNonlinear])
def test_any_point_of_the_square_can_be_embedded(make):
    data = make(num_points=100)
    factors, observations = data.sample(30, np.random.RandomState(0))
    assert factors.dtype == np.float64
    assert {tuple(w) for w in factors} <= {tuple(w) for w in data.points}
    np.testing.assert_array_equal(
        data.sample_observations_from_factors(factors, np.random.RandomState(1)), observations
    )
    middle = np.array([[0.5, 0.5]])
    np.testing.assert_allclose(
        data.sample_observations_from_factors(middle, np.random.RandomState(0)), data.embed(middle), rtol=1e-6
    )


def test_a_part_of_the_set_holds_its_own_points():
    data = SyntheticLinear(num_points=200)
    test = data.split()[2]
    factors, observations = test.sample(50, np.random.RandomState(0))
    np.testing.assert_allclose(observations, factors @ data.matrix.T, rtol=1e-5, atol=1e-6)
    assert {tuple(w) for w in factors} <= {tuple(w) for w in data.points[test.base_indices]}


@pytest.mark.parametrize("arguments", [{"stretch": 0.0}, {"stretch": "two"}, {"num_points": 0}])
def test_a_wrong_setting_is_one_sentence(arguments):
    with pytest.raises(UserError, match=next(iter(arguments))):
        SyntheticLinear(**arguments)
