"""Principal directions and the alignment of linear decoders, on data built to have known directions."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisent.analysis.pca import linear_decoder_matrix, pca_alignment, principal_directions
from tfdisent.errors import UserError
from tfdisent.networks import dense_decoder


def cloud(size=4, num=50, seed=0):
    """Points whose principal directions are exactly the columns of an orthogonal matrix: [N, P], [P, P]."""
    random_state = np.random.RandomState(seed)
    directions = np.linalg.qr(random_state.normal(size=(size, size)))[0]
    points = random_state.normal(size=(num, size))
    points = np.linalg.qr(points - points.mean(axis=0))[0]  # uncorrelated, unit length
    scales = np.arange(size, 0, -1.0)
    return (points * scales) @ directions.T + random_state.normal(size=size), directions


def test_principal_directions_are_those_the_data_were_built_from():
    points, directions = cloud()
    found = principal_directions(points, 3)
    np.testing.assert_allclose(np.abs(found.T @ directions[:, :3]), np.eye(3), atol=1e-10)


def test_observations_may_be_images_of_any_dtype_and_far_from_the_origin():
    points, directions = cloud()
    images = (points + 1e4).reshape(-1, 2, 2, 1)
    found = principal_directions(images, 2)
    np.testing.assert_allclose(np.abs(found.T @ directions[:, :2]), np.eye(2), atol=1e-6)
    pixels = np.random.RandomState(0).randint(0, 256, size=(40, 3, 3), dtype=np.uint8)
    eigenvectors = np.linalg.eigh(np.cov(pixels.reshape(40, 9).T.astype(float)))[1]
    np.testing.assert_allclose(np.abs(np.sum(principal_directions(pixels, 1)[:, 0] * eigenvectors[:, -1])), 1)


def test_sign_order_and_length_of_the_columns_do_not_matter():
    points, directions = cloud()
    order, scales = [2, 0, 3, 1], np.array([3.0, -0.5, -1e-3, 20.0])
    result = pca_alignment(directions[:, order] * scales, points)
    np.testing.assert_allclose(result["angles"], 0, atol=1e-5)
    assert result["directions"] == order
    found = principal_directions(points, 4)
    for latent, (direction, sign) in enumerate(zip(result["directions"], result["signs"], strict=True)):
        column = (directions[:, order] * scales)[:, latent]
        assert sign * (column @ found[:, direction]) > 0


@pytest.mark.parametrize("degrees", [0.5, 2.0, 30.0, 44.0])
def test_a_decoder_turned_by_a_known_angle_has_that_angle(degrees):
    points, directions = cloud()
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    result = pca_alignment(directions[:, :2] @ turn, points)
    np.testing.assert_allclose(result["angles"], degrees, rtol=1e-6)
    np.testing.assert_allclose([result["largest_angle"], result["mean_angle"]], degrees, rtol=1e-6)
    assert result["directions"] == [0, 1]


def test_a_column_tilted_out_of_the_principal_plane_shows_only_in_its_own_angle():
    points, directions = cloud()
    angle = np.radians(10)
    matrix = directions[:, :2].copy()
    matrix[:, 1] = np.cos(angle) * directions[:, 1] + np.sin(angle) * directions[:, 3]
    np.testing.assert_allclose(pca_alignment(matrix, points)["angles"], [0, 10], atol=1e-5)


def test_two_columns_cannot_share_one_direction():
    points, directions = cloud()
    matrix = np.stack([directions[:, 0], directions[:, 0] + 0.1 * directions[:, 1]], axis=1)
    result = pca_alignment(matrix, points)
    assert result["directions"] == [0, 1]
    np.testing.assert_allclose(result["angles"], [0, np.degrees(np.arctan(10))], atol=1e-5)


def test_a_pruned_latent_counts_as_ninety_degrees():
    points, directions = cloud()
    matrix = np.stack([np.zeros(4), directions[:, 0]], axis=1)
    result = pca_alignment(matrix, points)
    np.testing.assert_allclose(result["angles"], [90, 0], atol=1e-5)


def test_the_matrix_of_a_linear_network_is_its_kernel():
    decoder = dense_decoder(3, (2, 2, 1), hidden_units=())
    decoder.get_layer("output").bias.assign([1.0, -2.0, 3.0, 100.0])
    kernel = decoder.get_layer("output").get_weights()[0]
    np.testing.assert_allclose(linear_decoder_matrix(decoder, 3), kernel.T, atol=2e-5)


@pytest.mark.parametrize("activation", [tf.sigmoid, tf.nn.relu, tf.square])
def test_a_curved_decoder_has_no_matrix(activation):
    with pytest.raises(UserError, match="not affine.*decoder_jacobians.*Received: "):
        linear_decoder_matrix(lambda codes: activation(codes), 2)


def test_settings_that_do_not_fit_are_refused():
    points, directions = cloud()
    for num in (0, 5):
        with pytest.raises(
            UserError, match=f"num, of the principal directions of .* from 1 to 4. Received: {num}"
        ):
            principal_directions(points, num)
    with pytest.raises(UserError, match=r"P = 4.*Received: shape \(3, 2\)"):
        pca_alignment(directions[:3, :2], points)
