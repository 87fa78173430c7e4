"""Chapter 5 in numbers: each statement that is proved there, tried on random matrices."""

import numpy as np

from tfdisent.papers.item import item
from tfdisent.papers.tables import write_item

__all__ = ["statements"]

_TRIALS = 200
_STARTS = 5  # of the constrained problem, which is solved numerically
_ROWS, _COLUMNS = 7, 3
_BUDGET = 1.5  # nats


@item("chapter_5", "the propositions in numbers")
def chapter_5(request):
    """What chapter 5 proves, on random matrices: what a statement asks for beside what was found."""
    rows = statements()
    told = {
        "scale": f"{_TRIALS} random {_ROWS} x {_COLUMNS} matrices a statement, {_STARTS} starts of the constrained "
        "problem; nothing was trained",
    }
    notes = [
        "Eq. (5.30) is printed with a plus before the divergence; the ELBO is the likelihood minus it.",
        "Lemma 7 prints c = sqrt(sum x_i^2); the minimum lies at c^2 = n / sum x_i^2, where c x has mean square 1.",
        "The end of Sec. 5.2 says Theorem 1 where Theorem 2 is meant.",
    ]
    table = (
        list(rows[0]),
        [[*list(row.values())[:-2], *(f"{row[key]:.6g}" for key in ("expected", "found"))] for row in rows],
    )
    return write_item(
        request.output, "Chapter 5: the statements in numbers", told, rows, table=table, notes=notes
    )


def statements(seed=0):
    """List of {"statement", "quantity", "expected", "found"}, over random matrices of a seed."""
    generator = np.random.default_rng(seed)
    matrices = generator.normal(size=(_TRIALS, _ROWS, _COLUMNS))
    return [
        *_rotations(matrices, generator),
        *_inequalities(matrices, generator),
        *_noise(matrices, generator),
        *_constrained_problem(generator),
        *_linear_decoders(generator),
    ]


def _row(statement, quantity, expected, found):
    return {"statement": statement, "quantity": quantity, "expected": float(expected), "found": float(found)}


def _orthogonal(generator, size):
    return np.linalg.qr(generator.normal(size=(size, size)))[0]


def _with_orthogonal_columns(matrices):
    """The matrices [T, P, D] turned so that their columns are orthogonal."""
    return matrices @ np.swapaxes(np.linalg.svd(matrices, full_matrices=False)[2], 1, 2)


def _rotations(matrices, generator):
    """Propositions 1 to 3, Lemmas 3 and 6."""
    from scipy.stats import multivariate_normal

    left, values, right = np.linalg.svd(_with_orthogonal_columns(matrices), full_matrices=False)
    yield _row(
        "Prop. 1", "largest entry of |V^T| per row, orthogonal columns", 1, np.abs(right).max(axis=2).min()
    )
    turned = np.stack([matrix @ _orthogonal(generator, _COLUMNS) for matrix in left * values[:, np.newaxis]])
    right = np.linalg.svd(turned, full_matrices=False)[2]
    products = np.swapaxes(turned, 1, 2) @ turned
    products -= products * np.eye(_COLUMNS)
    yield _row(
        "Prop. 1",
        "share of random rotations with columns off orthogonal by 1e-6",
        1,
        (np.abs(products).max(axis=(1, 2)) > 1e-6).mean(),
    )
    yield _row(
        "Prop. 1",
        "share of the same with |V^T| off a permutation by 1e-6",
        1,
        (np.abs(right).max(axis=2).min(axis=1) < 1 - 1e-6).mean(),
    )
    left, values, right = np.linalg.svd(matrices, full_matrices=False)
    without = values[:, :, np.newaxis] * right
    difference = np.swapaxes(matrices, 1, 2) @ matrices - np.swapaxes(without, 1, 2) @ without
    yield _row("Lemma 3", "largest difference of M^T M and of that of Sigma V^T", 0, np.abs(difference).max())

    matrix, rotation, noise = matrices[0], _orthogonal(generator, _COLUMNS), 0.3
    point, other = generator.normal(size=(2, _ROWS))
    likelihoods = [
        multivariate_normal(np.zeros(_ROWS), each @ each.T + noise**2 * np.eye(_ROWS)).logpdf(point)
        for each in (matrix, matrix @ rotation)
    ]
    yield _row(
        "Prop. 2, Lemma 6",
        "difference of log p(x) and log p_U(x), linear decoder, nats",
        0,
        likelihoods[0] - likelihoods[1],
    )
    mean, covariance = generator.normal(size=_COLUMNS), np.diag(generator.uniform(0.1, 1, _COLUMNS))
    bounds = [
        _elbo(point, matrix @ each.T, each @ mean, each @ covariance @ each.T, noise)
        for each in (np.eye(_COLUMNS), rotation)
    ]
    yield _row("Prop. 3", "difference of the ELBOs, nats", 0, bounds[0] - bounds[1])
    precision = matrix.T @ matrix / noise**2 + np.eye(_COLUMNS)
    true = np.linalg.inv(precision)
    divergence = _divergence(mean, covariance, true @ matrix.T @ point / noise**2, true)
    yield _row(
        "Eq. (5.30)", "ELBO - log p(x) + KL(q | p(z | x)), nats", 0, bounds[0] - likelihoods[0] + divergence
    )
    decoded = (mean + np.sqrt(np.diag(covariance)) * _cube()) @ matrix.T + other
    centre = matrix @ mean + other
    whole = np.sum((decoded - point) ** 2, axis=1).mean()
    parts = np.sum((decoded - centre) ** 2, axis=1).mean() + np.sum((centre - point) ** 2)
    yield _row("Prop. 4", "reconstruction cost over its deterministic and stochastic parts", 1, whole / parts)


def _cube():
    """Points [2^D, D] of mean 0 and covariance I: the corners of a cube."""
    return np.stack([each.ravel() for each in np.meshgrid(*[(-1.0, 1.0)] * _COLUMNS)], axis=1)


def _elbo(point, matrix, mean, covariance, noise):
    """ELBO of a linear Gaussian decoder and a Gaussian posterior, nats."""
    residual = np.sum((point - matrix @ mean) ** 2) + np.trace(matrix @ covariance @ matrix.T)
    likelihood = -0.5 * residual / noise**2 - len(point) / 2 * np.log(2 * np.pi * noise**2)
    return likelihood - _divergence(mean, covariance, np.zeros(len(mean)), np.eye(len(mean)))


def _divergence(mean, covariance, other_mean, other_covariance):
    """KL divergence of two Gaussians, nats."""
    inverse, difference = np.linalg.inv(other_covariance), other_mean - mean
    volumes = [np.linalg.slogdet(each)[1] for each in (other_covariance, covariance)]
    trace = np.trace(inverse @ covariance) + difference @ inverse @ difference
    return 0.5 * (trace - len(mean) + volumes[0] - volumes[1])


def _inequalities(matrices, generator):
    """Lemmas 1, 2, 4, 5, 7 and 8, Propositions 6 and 7."""
    values = generator.uniform(0, 1, (_TRIALS, 6))
    geometric = np.exp(np.log(values).mean(axis=1))
    yield _row(
        "Lemma 1",
        "least ratio of arithmetic and geometric mean, at most 1 where all are equal",
        1,
        min(1, (values.mean(axis=1) / geometric).min()),
    )
    squares = matrices[:, :_COLUMNS]
    ratio = np.prod(np.linalg.norm(squares, axis=1), axis=1) / np.abs(np.linalg.det(squares))
    yield _row(
        "Lemma 2", "share of products of column lengths of at least |det|", 1, (ratio >= 1 - 1e-12).mean()
    )
    for text, each in (
        ("share of products of column lengths of at least det+", matrices),
        ("largest ratio of both where columns are orthogonal", _with_orthogonal_columns(matrices)),
    ):
        lengths = np.prod(np.linalg.norm(each, axis=1), axis=1)
        ratio = lengths / np.prod(np.linalg.svd(each, compute_uv=False), axis=1)
        yield _row("Prop. 6", text, 1, ratio.max() if "largest" in text else (ratio >= 1 - 1e-12).mean())
    order = np.sort(values, axis=1)
    moved = order.copy()
    step = 1 + 0.5 * (np.sqrt(order[:, -1] / order[:, 0]) - 1)
    moved[:, -1] /= step
    moved[:, 0] *= step
    yield _row(
        "Lemma 4",
        "share of unequal values with a neighbour of smaller sum and the same product",
        1,
        (
            (moved.sum(axis=1) < order.sum(axis=1))
            & np.isclose(np.prod(moved, axis=1), np.prod(order, axis=1))
        ).mean(),
    )
    yield _row(
        "Lemma 5",
        "share of matrices whose columns a rotation by .001 shortens",
        1,
        np.mean([_is_shortened(matrix) for matrix in squares]),
    )
    means, deviations = generator.normal(size=(2, 50))
    scales = np.geomspace(0.01, 100, 200_001)
    cost = scales**2 * np.sum(means**2) - 50 * np.log(scales**2) - np.log(deviations**2).sum()
    best = scales[cost.argmin()]
    yield _row("Lemma 7", "mean square of the means at the best scale", 1, np.mean((best * means) ** 2))
    positive = squares @ np.swapaxes(squares, 1, 2)
    bound = _COLUMNS * np.linalg.det(positive) ** (1 / _COLUMNS)
    yield _row(
        "Prop. 7",
        "share of positive matrices with a trace of at least D det^(1/D)",
        1,
        (np.trace(positive, axis1=1, axis2=2) >= bound).mean(),
    )
    empty = squares - squares * np.eye(_COLUMNS)
    product = empty @ np.diag(generator.normal(size=_COLUMNS))
    yield _row(
        "Lemma 8",
        "largest entry on the diagonal of M D, diag(M) = 0",
        0,
        np.abs(np.diagonal(product, axis1=1, axis2=2)).max(),
    )


def _is_shortened(matrix):
    """Whether turning two columns by a thousandth of a radian makes the product of lengths smaller."""
    products = matrix.T @ matrix
    first, second = divmod(int(np.abs(np.triu(products, 1)).argmax()), len(products))
    lengths = []
    for angle in (-1e-3, 0.0, 1e-3):
        turn = np.eye(len(products))
        turn[np.ix_([first, second], [first, second])] = [
            [np.cos(angle), -np.sin(angle)],
            [np.sin(angle), np.cos(angle)],
        ]
        lengths.append(np.prod(np.linalg.norm(matrix @ turn, axis=0)))
    return min(lengths[0], lengths[2]) < lengths[1]


def _noise(matrices, generator):
    """Proposition 5: what noise costs."""
    from tfdisent.analysis import best_variances, least_stochastic_loss

    variances = np.exp(generator.normal(size=(_TRIALS, _COLUMNS)))
    variances *= np.exp(-(np.log(variances).sum(axis=1, keepdims=True) + _BUDGET) / _COLUMNS)
    costs = np.einsum("tpd,td->t", matrices**2, variances)
    least = np.array([least_stochastic_loss(matrix, _BUDGET) for matrix in matrices])
    yield _row(
        "Prop. 5",
        "share of variances of one budget whose noise costs at least the bound",
        1,
        (costs >= least * (1 - 1e-12)).mean(),
    )
    best = np.stack([best_variances(matrix, _BUDGET) for matrix in matrices])
    parts = np.sum(matrices**2, axis=1) * best
    yield _row(
        "Prop. 5",
        "largest ratio of two latents' costs at the bound",
        1,
        (parts.max(axis=1) / parts.min(axis=1)).max(),
    )
    yield _row(
        "Prop. 5", "largest ratio of the cost there to the bound", 1, (parts.sum(axis=1) / least).max()
    )


def _constrained_problem(generator):
    """Theorem 1 and eq. (5.11)."""
    from tfdisent.analysis import cheapest_rotations, stochastic_bound

    gaps, products = [], []
    for start in range(_STARTS):
        jacobians = generator.normal(size=(3, _ROWS, 2))
        found = cheapest_rotations(jacobians, _BUDGET, np.random.RandomState(start))
        gaps.append(found["objective"] - stochastic_bound(jacobians, _BUDGET))
        columns = found["jacobians"] / np.linalg.norm(found["jacobians"], axis=1, keepdims=True)
        products.append(np.abs(np.einsum("np,np->n", columns[..., 0], columns[..., 1])).max())
    yield _row(
        "Theorem 1, eq. (5.11)",
        "largest distance of the minimum from the bound, from any start, nats",
        0,
        max(gaps),
    )
    yield _row("Theorem 1", "largest |cosine| of two columns at the minimum", 0, max(products))


def _linear_decoders(generator):
    """Theorem 2: among linear decoders of one reconstruction the principal directions are cheapest."""
    data = generator.normal(size=(500, 2)) @ np.array([[2.0, 0.4], [0.1, 0.7]])
    data -= data.mean(axis=0)
    _, values, right = np.linalg.svd(data / np.sqrt(len(data)), full_matrices=False)
    principal = right.T * values  # its codes have unit variance
    costs, bound = [], 2 * np.exp(-_BUDGET / 2) * values.prod()
    for angle in np.linspace(0, np.pi, 721):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = principal @ turn
        codes = data @ np.linalg.inv(matrix).T
        matrix = matrix * codes.std(axis=0)  # Lemma 7
        lengths = np.linalg.norm(matrix, axis=0)
        costs.append(2 * np.exp(-_BUDGET / 2) * lengths.prod())
    best = np.degrees(np.linspace(0, np.pi, 721)[int(np.argmin(costs))]) % 90
    yield _row(
        "Theorem 2",
        "angle between the cheapest decoder and the principal directions, degrees",
        0,
        min(best, 90 - best),
    )
    yield _row("Theorem 2", "its cost over the bound (5.43)", 1, min(costs) / bound)
