"""IMA contrast: how far the columns of a decoder's Jacobian are from orthogonal, by the volume they span."""

import numpy as np

from tfdisent.metrics.arguments import ArrayLike, Scores
from tfdisent.metrics.distance_to_orthogonality import _check_jacobians

__all__ = ["ima_contrast"]


def ima_contrast(jacobians: ArrayLike, active: ArrayLike | None = None) -> Scores:
    """Contrast of independent mechanism analysis of decoder Jacobians.

    At a point, sum_j log ||column j of J|| - 1/2 log det(J^T J): by Hadamard's inequality at least 0, and 0
    exactly where the columns are orthogonal. It does not change when single columns are scaled.

    Args:
        jacobians: [N, pixels, D], d output / d latent of the decoder at N codes.
        active: bool [D], the latents to keep; None keeps all.

    Returns:
        dict: "ima_contrast" (nats), the mean over the points, infinite where columns depend linearly on each
        other; "ima_contrast_standard_error" of that mean (NaN for one point); "degenerate_share", the share
        of points where a column is zero, which are left out (NaN if nothing is left); "num_points".

    Raises:
        UserError: for another number of dimensions, an empty array, NaN or infinity, or a mask that does not
            fit or that keeps nothing.

    References: Gresele et al. 2021, Sec. 4; Ghosh et al. 2023 for more pixels than latents.
    """
    jacobians = _check_jacobians(jacobians, active).astype(np.float64)
    lengths = np.linalg.norm(jacobians, axis=1)  # [N, D]
    regular = (lengths > 0).all(axis=1)
    directions = jacobians[regular] / lengths[regular][:, None, :]
    num, pixels, num_codes = directions.shape
    if pixels < num_codes:
        contrasts = np.full(num, np.inf)
    else:
        diagonal = np.abs(np.diagonal(np.linalg.qr(directions, mode="r"), axis1=1, axis2=2))  # [N, D]
        dependent = (diagonal < pixels * np.finfo(np.float64).eps).any(axis=1)
        with np.errstate(divide="ignore"):
            contrasts = np.where(dependent, np.inf, np.maximum(-np.log(diagonal).sum(axis=1), 0.0))
    finite = num > 1 and np.isfinite(contrasts).all()
    return {
        "ima_contrast": float(np.mean(contrasts)) if num else float("nan"),
        "ima_contrast_standard_error": float(np.std(contrasts, ddof=1) / np.sqrt(num))
        if finite
        else float("nan"),
        "degenerate_share": float(np.mean(~regular)),
        "num_points": len(jacobians),
    }
