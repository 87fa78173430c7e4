"""Reparameterised samples as linear maps of their noise, and the layout of the covariance factor."""

import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.objectives import reparameterise, reparameterise_cholesky, scale_tril_from_vector


def test_noise_of_one_standard_deviation_moves_a_sample_by_one_standard_deviation():
    mean, log_var = np.array([[1.0, -2.0]]), np.log([[4.0, 0.25]])
    np.testing.assert_allclose(reparameterise(mean, log_var, np.zeros((1, 2))), mean)
    np.testing.assert_allclose(reparameterise(mean, log_var, [[1.0, -1.0]]), [[3.0, -2.5]], rtol=1e-6)


def test_the_covariance_of_cholesky_samples_is_l_times_l_transposed():
    """A linear map A of standard normal noise has covariance A A^T; the basis vectors as noise read off A."""
    random_state = np.random.RandomState(0)
    vector, mean = random_state.normal(size=(1, 15)), random_state.normal(size=(1, 5))
    scale_tril = np.repeat(scale_tril_from_vector(vector), 5, axis=0)
    columns = reparameterise_cholesky(np.repeat(mean, 5, axis=0), scale_tril, np.eye(5)) - mean  # [5, D]
    covariance = columns.numpy().T @ columns.numpy()
    np.testing.assert_allclose(covariance, scale_tril[0] @ scale_tril[0].T, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(np.linalg.cholesky(covariance), scale_tril[0], rtol=1e-9, atol=1e-12)
    noise = random_state.normal(size=(5, 5))
    np.testing.assert_allclose(
        reparameterise_cholesky(np.repeat(mean, 5, axis=0), scale_tril, noise), mean + noise @ columns.numpy()
    )


def test_with_nothing_below_the_diagonal_both_reparameterisations_agree():
    mean, log_var, noise = np.random.RandomState(0).normal(size=(3, 4, 3))
    vector = np.concatenate([log_var, np.zeros((4, 3))], axis=1)
    full = reparameterise_cholesky(mean, scale_tril_from_vector(vector), noise)
    np.testing.assert_allclose(full, reparameterise(mean, log_var, noise), rtol=1e-12)


def test_the_vector_is_laid_out_as_documented():
    vector = np.array([[np.log(4), np.log(9), np.log(25), 10.0, 20.0, 21.0]])
    expected = [[[2, 0, 0], [10, 3, 0], [20, 21, 5]]]
    np.testing.assert_allclose(scale_tril_from_vector(vector), expected)
    np.testing.assert_array_equal(scale_tril_from_vector(np.zeros((2, 6))), np.stack([np.eye(3)] * 2))


@pytest.mark.parametrize("latents", [1, 2, 6])
def test_every_positive_definite_matrix_is_reached_once(latents):
    """From the Cholesky factor back to the vector and again to the factor."""
    root = np.random.RandomState(0).normal(size=(latents, latents))
    factor = np.linalg.cholesky(root @ root.T)
    vector = np.concatenate([2 * np.log(np.diag(factor)), factor[np.tril_indices(latents, -1)]])
    np.testing.assert_allclose(scale_tril_from_vector(vector[None])[0], factor, rtol=1e-12)


@pytest.mark.parametrize("length", [2, 4, 5, 11])
def test_a_vector_of_impossible_length_is_refused(length):
    with pytest.raises(UserError, match=rf"needs D \(D \+ 1\) / 2 numbers.*Received: {length} numbers"):
        scale_tril_from_vector(np.zeros((1, length)))
