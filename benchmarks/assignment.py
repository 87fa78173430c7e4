"""The two solvers of the closest signed permutation: how often they agree, and the ratio of their times.

    python benchmarks/assignment.py --count 500

Random orthogonal matrices (Haar), D = 2..10 in turn; "same cost": sums of absolute differences within 1e-9.
"""

import argparse
import time

import numpy as np

from tfdisent.metrics import closest_signed_permutation


def haar(dim, random_state):
    """A random orthogonal matrix [D, D]: QR of a Gaussian matrix, the signs of R's diagonal moved to Q."""
    Q, R = np.linalg.qr(random_state.standard_normal((dim, dim)))
    return Q * np.sign(np.diag(R))


def timed(V, solver):
    start = time.perf_counter()
    P = closest_signed_permutation(V, solver)
    return P, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=500, help="number of matrices over all sizes")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.count < 1:
        parser.error(f"--count must be at least 1. Received: {args.count}")
    random_state = np.random.RandomState(args.seed)
    for solver in ("assignment", "milp"):  # the first call imports the solver
        closest_signed_permutation(np.eye(2), solver)

    dims, results = 2 + np.arange(args.count) % 9, []
    for dim in dims:
        V = haar(dim, random_state)
        fast, fast_time = timed(V, "assignment")
        slow, slow_time = timed(V, "milp")
        same_cost = abs(np.abs(V - fast).sum() - np.abs(V - slow).sum()) < 1e-9
        same_matrix = np.array_equal(fast, slow)
        results.append((same_cost, same_matrix, fast_time, slow_time, np.linalg.norm(V - fast)))
    results = np.array(results, dtype=float)  # [count, 5]

    print("   D  matrices  same cost  same matrix  assignment ms  milp ms  ratio  mean distance")
    for dim in [*np.unique(dims), "all"]:
        cost, matrix, fast, slow, distance = results[(dims == dim) | (dim == "all")].T
        print(
            f"{dim:>4}  {len(cost):8d}  {cost.sum():9.0f}  {matrix.sum():11.0f}  {1e3 * fast.mean():13.3f}"
            f"  {1e3 * slow.mean():7.1f}  {slow.sum() / fast.sum():5.0f}  {distance.mean():13.3f}"
        )


if __name__ == "__main__":
    main()
