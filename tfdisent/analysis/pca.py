"""Principal directions, and how far the columns of a linear decoder are turned away from them."""

import numpy as np
import tensorflow as tf
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import PCA

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["linear_decoder_matrix", "pca_alignment", "principal_directions"]

_MOST_LATENTS = 4096


def principal_directions(observations, num):
    """The directions in which the observations vary most, as orthonormal columns of falling variance.

    Args:
        observations: [N, ...], any real dtype; each observation is flattened to P numbers, the mean removed.
        num: number of directions, at most min(N, P).

    Returns:
        float64 [P, num]. Signs are arbitrary, as are directions of equal variance.

    Raises:
        UserError: if `num` is out of its range.

    References: Zietlow's thesis, Sec. 2.1 and eq. (4.3).
    """
    observations = _flat(observations)
    name = (
        f"num, of the principal directions of {len(observations)} points of {observations.shape[1]} numbers,"
    )
    num = checks.whole_number(name, num, 1, min(observations.shape))
    return PCA(num, random_state=0).fit(observations).components_.T


def linear_decoder_matrix(decode, num_latents):
    """The matrix M of an affine decoder z -> M z + b: one column per latent.

    Args:
        decode: function from float32 [B, D] to outputs [B, ...].
        num_latents: D.

    Returns:
        float64 [P, D].

    Raises:
        UserError: if the decoder is not affine.

    References: Zietlow's thesis, Sec. 4.2.1.
    """
    checks.function("decode", decode)
    num_latents = checks.whole_number("num_latents", num_latents, 1, _MOST_LATENTS)
    basis = np.eye(num_latents)
    others = np.random.RandomState(0).normal(size=(8, num_latents))
    codes = np.concatenate([np.zeros((1, num_latents)), basis, others])
    name = "What decode returns, one output a code,"
    outputs = checks.array(
        name, decode(tf.constant(codes, tf.float32)), "B ...", {"B": len(codes)}, dtype=np.float64
    ).reshape(len(codes), -1)
    differences = outputs[1:] - outputs[0]
    matrix = differences[:num_latents].T  # [P, D]
    errors = np.abs(differences[num_latents:] - others @ matrix.T)
    if errors.max() > 1e-4 * np.abs(outputs).max():
        raise UserError(
            "The decoder is not affine, so it has no matrix; use decoder_jacobians for its linearisation at "
            f"a code. Received: outputs off by up to {errors.max():.3g}"
        )
    return matrix


def pca_alignment(decoder_matrix, observations):
    """The angle between each column of a linear decoder and the principal direction it belongs to.

    Columns and the first D principal directions are matched one to one, so that the sum of the absolute
    cosines is greatest; sign and order do not matter. A column of zeros, a latent without effect, counts as
    90 degrees.

    Args:
        decoder_matrix: [P, D], one column per latent.
        observations: [N, ...] of P numbers each.

    Returns:
        A dict, each list with one entry per latent: "angles", degrees from 0 to 90; "directions", the index
        of the matched principal direction (0 has the largest variance); "signs", 1 or -1; and "largest_angle"
        and "mean_angle", degrees.

    Raises:
        UserError: if the matrix does not fit the observations.

    References: Zietlow's thesis, Theorem 2.
    """
    observations = _flat(observations)
    sizes = {"P": observations.shape[1]}
    matrix = checks.array("decoder_matrix", decoder_matrix, "P D", sizes, dtype=np.float64)
    checks.whole_number("D, the columns of decoder_matrix,", sizes["D"], 1, min(observations.shape))
    directions = principal_directions(observations, matrix.shape[1])  # [P, D]
    lengths = np.linalg.norm(matrix, axis=0)
    cosines = (matrix / np.where(lengths > 0, lengths, 1.0)).T @ directions  # [latent, direction]
    latents, matched = linear_sum_assignment(-np.abs(cosines))
    chosen = cosines[latents, matched]
    angles = np.degrees(np.arccos(np.minimum(np.abs(chosen), 1.0)))
    return {
        "angles": angles.tolist(),
        "directions": matched.tolist(),
        "signs": np.where(chosen < 0, -1, 1).tolist(),
        "largest_angle": float(angles.max()),
        "mean_angle": float(angles.mean()),
    }


def _flat(observations):
    """Observations [N, ...] as float64 [N, P]."""
    observations = checks.array("observations", observations, "N ...")
    return observations.reshape(len(observations), -1).astype(np.float64)
