"""The stochastic part of a VAE's loss under a budget of precision: why the columns of its decoder become orthogonal.

With posterior variances s_j the noise costs E ||J eps||^2 = sum_j ||c_j||^2 s_j, c_j the columns of the decoder's
Jacobian J. In the polarized regime the KL term fixes the sum of -log s_j, the precision that can be spent. The
product of the column lengths then decides what the noise costs, and it is least where the columns are orthogonal.
"""

import numpy as np
from scipy.linalg import expm
from scipy.optimize import minimize

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["best_variances", "cheapest_rotations", "least_stochastic_loss", "stochastic_bound"]


def best_variances(matrix, budget):
    """The posterior variances that make the noise cheapest for a given decoder.

    They are inversely proportional to the squared column lengths, so that every latent costs the same.

    Args:
        matrix: [P, D], a linear decoder or a Jacobian, no column zero.
        budget: C, the sum of -log(variance) over the latents, in nats.

    Returns:
        float64 [D].

    References: Zietlow 2022, eqs. (3.18), (3.19), Proposition 5.
    """
    squares = _squares(matrix)
    budget = _checked_budget(budget, squares.size)
    return np.exp((np.log(squares).sum() - budget) / len(squares)) / squares


def least_stochastic_loss(matrix, budget):
    """The least E ||J eps||^2 over the variances, for a given decoder: D (prod_j ||c_j||^2)^(1/D) exp(-C / D).

    For D = 2 this is 2 ||c_1|| ||c_2|| exp(-C / 2); the thesis prints exp(-C).

    Args:
        matrix: [P, D].
        budget: C, nats.

    References: Zietlow 2022, eq. (3.21), Proposition 5.
    """
    squares = _squares(matrix)
    budget = _checked_budget(budget, squares.size)
    return float(len(squares) * np.exp((np.log(squares).sum() - budget) / len(squares)))


def stochastic_bound(jacobians, budget):
    """The least sum over points of log E ||J_i eps_i||^2 over all variances and all rotations of the latent space.

    Args:
        jacobians: [N, P, D], of full column rank.
        budget: C, the sum of -log(variance) over latents and points, nats.

    References: Zietlow 2022, eq. (5.11).
    """
    jacobians = _checked(jacobians)
    num_points, _, num_latents = jacobians.shape
    budget = _checked_budget(budget, num_points * num_latents)
    volumes = np.log(np.linalg.svd(jacobians, compute_uv=False)).sum()
    return float(num_points * np.log(num_latents) - budget / num_latents + 2 * volumes / num_latents)


def cheapest_rotations(jacobians, budget, random_state):
    """Solves the constrained problem of Theorem 1 numerically, from a random start.

    Minimises the sum over points of log E ||J_i V_i eps_i||^2 over rotations V_i of the latent space at each point and
    over all variances, whose sum of -log is fixed. The V_i move on the orthogonal group, each as a start times the
    exponential of a skew-symmetric matrix; the variances as logarithms with their mean held.

    Args:
        jacobians: [N, P, D], of full column rank; a few points of a few latents.
        budget: C, the sum of -log(variance) over latents and points, nats.
        random_state: `np.random.RandomState` of the start.

    Returns:
        dict: "objective", the sum reached; "jacobians" [N, P, D], J_i V_i; "variances" [N, D]; "start", the sum at the
        start.

    References: Zietlow 2022, eqs. (3.14), (3.15), Theorem 1.
    """
    jacobians = _checked(jacobians)
    checks.random_state("random_state", random_state)
    num_points, _, num_latents = jacobians.shape
    budget = _checked_budget(budget, num_points * num_latents)
    rows, columns = np.triu_indices(num_latents, 1)
    starts = np.linalg.qr(random_state.standard_normal((num_points, num_latents, num_latents)))[0]
    num_angles = num_points * len(rows)

    def unpack(values):
        skew = np.zeros((num_points, num_latents, num_latents))
        skew[:, rows, columns] = values[:num_angles].reshape(num_points, -1)
        rotated = jacobians @ starts @ expm(skew - np.swapaxes(skew, 1, 2))
        logs = values[num_angles:].reshape(num_points, num_latents)
        return rotated, logs - logs.mean() - budget / logs.size

    def objective(values):
        rotated, logs = unpack(values)
        return np.log((np.sum(rotated**2, axis=1) * np.exp(logs)).sum(axis=1)).sum()

    first = np.concatenate([np.zeros(num_angles), random_state.standard_normal(num_points * num_latents)])
    found = minimize(objective, first, method="BFGS", options={"gtol": 1e-7, "maxiter": 2_000})
    rotated, logs = unpack(found.x)
    return {
        "objective": float(found.fun),
        "jacobians": rotated,
        "variances": np.exp(logs),
        "start": float(objective(first)),
    }


def _squares(matrix):
    """Squared lengths of the columns of [P, D]."""
    matrix = checks.array("matrix", matrix, "P D", dtype=np.float64)
    squares = np.sum(matrix**2, axis=0)
    if not (squares > 0).all():
        raise UserError(
            "A decoder's matrix [P, D] must have no column of zeros; leave passive latents out. "
            f"Received: shape {matrix.shape} with squared lengths {squares.tolist()}."
        )
    return squares


def _checked(jacobians):
    jacobians = checks.array("jacobians", jacobians, "N P D", dtype=np.float64)
    if np.linalg.matrix_rank(jacobians).min() < jacobians.shape[2]:
        raise UserError(
            "jacobians must be an array [N, P, D] of full column rank; leave passive latents out. "
            f"Received: shape {jacobians.shape}."
        )
    return jacobians


def _checked_budget(budget, num_variances):
    """The budget as a float; at most 500 nats a variance, whose exponential is a float as well."""
    return checks.number("budget", budget, -500 * num_variances, 500 * num_variances)
