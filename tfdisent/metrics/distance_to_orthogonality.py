"""Distance to orthogonality (DtO): how far a decoder is from mapping its latents to orthogonal directions.

Write the Jacobian of the decoder as J = U S V^T. If the columns of J are orthogonal and their lengths
distinct, V is a signed permutation matrix. The distance of V from the nearest one, averaged over points, is
the score: 0 is best, and at D = 2 no V is further away than 2 sqrt(2) sin(pi / 8) = 1.082.
"""

import logging

import numpy as np

from tfdisent.checks import choice, number
from tfdisent.errors import UserError
from tfdisent.metrics.arguments import ArrayLike, Scores, as_array

__all__ = ["closest_signed_permutation", "compute_dto"]

_LOG = logging.getLogger(__name__)
_CHUNK = 64  # Jacobians that are converted to float64 at once
_MANY = 0.05  # share of degenerate points from which on a warning is due
_ZERO = 1e-6  # of the largest singular value: what rounding in float32 leaves of a zero


def compute_dto(
    jacobians: ArrayLike,
    solver: str = "assignment",
    active: ArrayLike | None = None,
    gap_tolerance: float = 0.01,
) -> Scores:
    """Distance to orthogonality of decoder Jacobians.

    V is defined up to signs and order only where the singular values are distinct. Where two of them (nearly)
    coincide (as they do at zero for two or more passive latents) V is arbitrary within their span, and so is
    that point's distance; "degenerate_share" says how often this happens, and `active` leaves passive latents
    out.

    The distance of a random decoder depends on D: the mean over random rotations is about 0.55 (D = 2), 1.64
    (5) and 1.92 (6). Compare with a random decoder of the same shape rather than with the size of the number
    alone.

    A warning says when this happens at 5 % of the points or more, and when there is but one latent.

    Args:
        jacobians: [N, pixels, D], d output / d latent of the decoder at N codes; `pixels` is the flattened
            output and may be smaller than D.
        solver: "assignment" or "milp", see `closest_signed_permutation`.
        active: bool [D], the latents to keep; None keeps all.
        gap_tolerance: neighbouring singular values s > t count as nearly equal if s - t <= gap_tolerance * s.
            Values below 1e-6 of the largest count as zero.

    Returns:
        dict: "dto", the mean of ||V - P(V)||_F over the points; "dto_standard_error", of that mean (NaN for
        one point); "degenerate_share", the share of points where singular values nearly coincide;
        "num_points". A Jacobian that is zero throughout has no V: it counts as degenerate and is left out of
        the mean, which is NaN if nothing is left. With D = 1 the distance is 0.

    Raises:
        UserError: for another number of dimensions, an empty array, NaN or infinity, a mask that does not fit
            or that keeps nothing, or an unknown solver.

    References: Zietlow 2022, eq. (3.25).
    """
    choice("solver", solver, tuple(_SOLVERS))
    gap_tolerance = number("gap_tolerance", gap_tolerance, 0, 1)
    jacobians = _check_jacobians(jacobians, active)
    distances, degenerate = [], []
    for start in range(0, len(jacobians), _CHUNK):
        values, vectors = _right_singular_vectors(jacobians[start : start + _CHUNK].astype(np.float64))
        degenerate.append(_nearly_equal(values, gap_tolerance))
        distances += [_distance(V, solver) for V, s in zip(vectors, values, strict=True) if s[0] > 0]
    num = len(distances)
    share = float(np.mean(np.concatenate(degenerate)))
    if jacobians.shape[2] == 1:
        _LOG.warning(
            "DtO compares latents, and there is one: it is 0 for every decoder; take 2 latents or more."
        )
    elif share >= _MANY:
        _LOG.warning(
            "At %.0f %% of the points singular values of the Jacobian nearly coincide, where DtO is not defined up to "
            "rotation; leave passive latents out with `active`, or read it together with degenerate_share.",
            100 * share,
        )
    return {
        "dto": float(np.mean(distances)) if num else float("nan"),
        "dto_standard_error": float(np.std(distances, ddof=1) / np.sqrt(num)) if num > 1 else float("nan"),
        "degenerate_share": share,
        "num_points": len(jacobians),
    }


def closest_signed_permutation(V: ArrayLike, solver: str = "assignment") -> np.ndarray:
    """The signed permutation matrix P that minimises sum_ij |V_ij - P_ij|.

    "assignment" is exact. P has one entry s = +1 or -1 per row i, in column p(i). Against P = 0, whose
    distance is sum_ij |V_ij|, this entry changes the distance by |V_ip(i) - s| - |V_ip(i)|, which is smaller
    for s = sign(V_ip(i)), and is then | |V_ip(i)| - 1 | - |V_ip(i)| = 1 - 2 min(|V_ip(i)|, 1). The changes
    add up over the rows, so p maximises sum_i min(|V_ip(i)|, 1): a linear assignment problem. For an
    orthogonal V all |V_ij| <= 1 and the minimum drops out: assignment on -|V|. Moreover
    ||V - P||_F^2 = 2 D - 2 sum_i |V_ip(i)| then, so that P is nearest in the Frobenius norm as well, and of
    several nearest P each has the same distance. For other V the solution stays nearest in the sum of
    absolute values, not in general in the Frobenius norm.

    "milp" solves the paper's mixed-integer program (3.26)-(3.29) with HiGHS, with P = P+ - P- of binary P+
    and P-. It is there to check the other one, and some hundred times slower.

    Args:
        V: [D, D], real.
        solver: "assignment" or "milp".

    Returns:
        P, float64 [D, D] with entries -1, 0, 1. An entry of V that is exactly 0 gets sign +1 where it is
        chosen.

    Raises:
        UserError: if V is not square or not finite, or the solver unknown.

    References: Zietlow 2022, eqs. (3.26)-(3.29).
    """
    choice("solver", solver, tuple(_SOLVERS))
    V = as_array("V", V).astype(np.float64)
    if V.ndim != 2 or V.shape[0] != V.shape[1] or V.size == 0:
        raise UserError(f"V must be a square matrix of shape [D, D]. Received: shape {V.shape}")
    if not np.isfinite(V).all():
        raise UserError("V must be finite; look for a diverged model. Received: NaN or infinity in V")
    return _SOLVERS[solver](V)


def _by_assignment(V):
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(np.minimum(np.abs(V), 1.0), maximize=True)
    P = np.zeros_like(V)
    P[rows, columns] = np.where(V[rows, columns] < 0, -1.0, 1.0)
    return P


def _by_milp(V):
    import cvxpy as cp

    positive = cp.Variable(V.shape, boolean=True)
    negative = cp.Variable(V.shape, boolean=True)
    distance = cp.Variable(V.shape)
    P = positive - negative
    used = positive + negative
    constraints = [P - V <= distance, V - P <= distance, cp.sum(used, axis=0) == 1, cp.sum(used, axis=1) == 1]
    problem = cp.Problem(cp.Minimize(cp.sum(distance)), constraints)
    problem.solve(solver=cp.HIGHS, mip_rel_gap=0.0, mip_abs_gap=0.0)
    return np.round(positive.value) - np.round(negative.value)


_SOLVERS = {"assignment": _by_assignment, "milp": _by_milp}


def _check_jacobians(jacobians, active):
    jacobians = as_array("jacobians", jacobians)
    if jacobians.ndim != 3 or jacobians.size == 0:
        raise UserError(
            f"jacobians must be a non-empty array of shape [N, pixels, D]; flatten the image axes into one. "
            f"Received: shape {jacobians.shape}"
        )
    if not np.isfinite(jacobians).all():
        points = int((~np.isfinite(jacobians)).any(axis=(1, 2)).sum())
        raise UserError(
            f"jacobians must be finite; look for a diverged model. "
            f"Received: NaN or infinity at {points} of {len(jacobians)} points"
        )
    if active is None:
        return jacobians
    active = as_array("active", active)
    if active.dtype != bool or active.shape != jacobians.shape[2:] or not active.any():
        raise UserError(
            f"active must be one boolean per latent, shape {jacobians.shape[2:]}, and keep at least one. "
            f"Received: {active.tolist()}"
        )
    return jacobians[:, :, active]


def _right_singular_vectors(jacobians):
    """Singular values [N, D], descending, and V [N, D, D] of jacobians [N, pixels, D].

    J = QR has the singular values and the V of its small factor R. With fewer pixels than latents the missing
    singular values are zero and V is completed to an orthogonal matrix.
    """
    R = np.linalg.qr(jacobians, mode="r")  # [N, min(pixels, D), D]
    _, values, Vt = np.linalg.svd(R, full_matrices=True)
    missing = jacobians.shape[2] - values.shape[1]
    return np.pad(values, ((0, 0), (0, missing))), np.swapaxes(Vt, 1, 2)


def _nearly_equal(values, tolerance):
    """Whether neighbours among the descending singular values [N, D] nearly coincide or all vanish: [N]."""
    largest = values[:, :1]
    values = np.where(values < _ZERO * largest, 0.0, values)
    close = values[:, :-1] - values[:, 1:] <= tolerance * values[:, :-1]  # [N, D - 1]
    return close.any(axis=1) | (largest[:, 0] == 0)


def _distance(V, solver):
    return np.linalg.norm(V - _SOLVERS[solver](V))
