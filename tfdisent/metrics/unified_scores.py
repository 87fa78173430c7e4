"""Unified scores: each matrix that relates codes to factors, aggregated in the manner of each score."""

import inspect
from typing import Any

import numpy as np

from tfdisent.errors import UserError
from tfdisent.metrics import utils
from tfdisent.metrics.arguments import ArrayLike, Scores, Seed, as_random_state, check_protocol
from tfdisent.metrics.dci import (
    completeness,
    completeness_per_factor,
    compute_importance_gbt,
    disentanglement,
    disentanglement_per_code,
)
from tfdisent.metrics.modularity_explicitness import modularity, modularity_per_code
from tfdisent.metrics.sap_score import compute_score_matrix

__all__ = [
    "accuracy_svm_matrix",
    "aggregate",
    "compute_unified_score_on_fixed_data",
    "compute_unified_scores",
    "importance_gbt_matrix",
    "merges",
    "mutual_information_matrix",
    "pr_curves_values",
    "unified_scores",
]

_NAME = "The unified score"


def importance_gbt_matrix(mus_train, ys_train, mus_test, ys_test, random_state=0, n_jobs=None):
    """DCI's importance [D, F] of codes [D, N] for factors [F, N]."""
    return compute_importance_gbt(mus_train, ys_train, mus_test, ys_test, random_state, n_jobs)[0]


def mutual_information_matrix(mus_train, ys_train, mus_test, ys_test, num_bins=20):
    """Mutual information [D, F] (nats) of codes [D, N], cut into bins, and factors [F, N]; no test points."""
    del mus_test, ys_test
    return utils.discrete_mutual_info(utils.histogram_discretize(mus_train, num_bins), ys_train)


def accuracy_svm_matrix(
    mus_train, ys_train, mus_test, ys_test, sklearn_era="paper", random_state=0, n_jobs=None
):
    """SAP's accuracies [D, F] of predicting factors [F, N] from single codes of [D, N]."""
    parts = mus_train, ys_train, mus_test, ys_test
    return compute_score_matrix(*parts, False, sklearn_era, random_state, n_jobs)


_MATRICES = {f.__name__: f for f in (importance_gbt_matrix, mutual_information_matrix, accuracy_svm_matrix)}


def compute_unified_scores(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_train=10000,
    num_test=5000,
    matrix_fns=tuple(_MATRICES),
    batch_size=16,
    num_bins=20,
    sklearn_era="paper",
    n_jobs=None,
):
    """Unified scores on freshly sampled points, by disentanglement_lib's protocol.

    Args:
        ground_truth_data: object with `sample(num, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: if given, the result holds `merges` as well. (No pictures are drawn.)
        num_train, num_test: numbers of sampled points to fit and to test.
        matrix_fns: names or functions as in `unified_scores`.
        batch_size: points drawn at once (it decides which points are drawn).
        num_bins, sklearn_era, n_jobs: as in the scores that are unified.

    Returns:
        The dict of `unified_scores`.

    Raises:
        UserError: as `unified_scores`; also for a data set without factors and numbers below 1.

    References: Locatello et al. 2020, "A Sober Look at the Unsupervised Learning of Disentangled
    Representations", Sec. 6; disentanglement_lib, `unified_scores`.
    """
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    sizes = [num_train, num_test]
    points = utils.draw_points(
        ground_truth_data, representation_function, sizes, random_state, batch_size, _NAME, at_least=2
    )
    settings = _settings(utils.estimator_seed(random_state), num_bins, sklearn_era, n_jobs)
    return _score(points, matrix_fns, settings, artifact_dir is not None)


def compute_unified_score_on_fixed_data(
    observations,
    labels,
    representation_function,
    train_percentage,
    matrix_fns=tuple(_MATRICES),
    batch_size=100,
    num_bins=20,
    sklearn_era="paper",
    random_state=0,
    n_jobs=None,
):
    """Unified scores of given observations [N, ...] and labels [F, N], the first `train_percentage` to fit.

    References: Locatello et al. 2020, disentanglement_lib, `unified_score_validation`.
    """
    points = utils.fixed_points(
        observations, labels, representation_function, batch_size, _NAME, train_percentage, at_least=2
    )
    return _score(points, matrix_fns, _settings(random_state, num_bins, sklearn_era, n_jobs))


def unified_scores(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    train_share: float = 2 / 3,
    matrix_fns: Any = tuple(_MATRICES),
    num_bins: int = 20,
    sklearn_era: str = "paper",
    n_jobs: int | None = None,
) -> Scores:
    """Unified scores of codes [N, D] and factors [N, F], split at random.

    Args:
        codes: [N, D >= 2]; factors: [N, F], taken as labels; constant ones are left out, and real-valued ones are cut
            into 20 equal-width bins first.
        random_state: seed or `np.random.RandomState` that splits the points and seeds the classifiers.
        train_share: share of the points that are fitted; the others test.
        matrix_fns: of "importance_gbt_matrix", "mutual_information_matrix", "accuracy_svm_matrix", or
            functions (mus_train [D, N], ys_train [F, N], mus_test, ys_test) -> matrix [D, F].
        num_bins, sklearn_era, n_jobs: as in the scores that are unified.

    Returns:
        dict of floats: for each matrix, after its function's name and a dot, the entries of `aggregate` and
        `pr_curves_values`. Where there are any, "constant_factors", names or numbers of those left out, and
        "binned_factors" with "num_factor_bins".

    Raises:
        UserError: for fewer than two latents, arrays that do not fit or are not finite, factors of which none
            varies, or an unknown matrix.

    References: Locatello et al. 2020, "A Sober Look at the Unsupervised Learning of Disentangled
    Representations", Sec. 6.
    """
    random_state = as_random_state(random_state)
    points = utils.split_points(codes, factors, train_share, random_state, _NAME, at_least=2)
    settings = _settings(utils.estimator_seed(random_state), num_bins, sklearn_era, n_jobs)
    return _score(points, matrix_fns, settings)


def _settings(seed, num_bins, sklearn_era, n_jobs):
    return {"random_state": seed, "num_bins": num_bins, "sklearn_era": sklearn_era, "n_jobs": n_jobs}


def _score(points, matrix_fns, settings, with_merges=False):
    mus_train, ys_train, mus_test, ys_test = points.parts
    scores = {}
    for matrix_fn in [matrix_fns] if isinstance(matrix_fns, str) or callable(matrix_fns) else matrix_fns:
        function = _MATRICES.get(matrix_fn, matrix_fn) if isinstance(matrix_fn, str) else matrix_fn
        if not callable(function):
            raise UserError(
                f"matrix_fns must hold functions or names out of {sorted(_MATRICES)}. Received: {matrix_fn!r}"
            )
        known = inspect.signature(function).parameters if function in _MATRICES.values() else ()
        chosen = {key: value for key, value in settings.items() if key in known}
        matrix = np.asarray(function(mus_train, ys_train, mus_test, ys_test, **chosen))
        entries = merges(matrix, points.kept) if with_merges else {}
        entries |= pr_curves_values(matrix) | aggregate(matrix, ys_train, points.kept)
        scores |= {f"{function.__name__}.{key}": float(value) for key, value in entries.items()}
    return scores | points.note


def aggregate(matrix, ys, numbers=None):
    """A matrix [D, F] that relates codes to factors [F, N], aggregated in the manner of four scores.

    Args:
        matrix: [D, F]; ys: [F, N].
        numbers: F numbers of the factors for the keys; None for 0..F-1.

    Returns:
        dict of numbers: "dci_disentanglement" (and, as in disentanglement_lib, "dci", the same),
        "dci_disentanglement.code_d", "dci_completeness", "dci_completeness.code_f" (in fact per factor),
        "mig", "mig.factor_f", "sap", "sap.factor_f", "modularity", "modularity.code_d".
    """
    ordered = np.sort(matrix, axis=0)
    gaps = ordered[-1] - ordered[-2]  # [F]
    entropies = utils.discrete_entropy(ys)  # 0 where a factor varies among the test points only
    relative = np.divide(gaps, entropies, out=np.zeros_like(gaps, np.float64), where=entropies > 0)
    whole = disentanglement(matrix)
    scores = {
        "dci_disentanglement": whole,
        "dci_completeness": completeness(matrix),
        "dci": whole,
        "mig": np.mean(relative),
        "sap": np.mean(gaps),
        "modularity": modularity(matrix),
    }
    codes, factors = range(len(matrix)), range(matrix.shape[1]) if numbers is None else numbers
    for name, places, values in (
        ("dci_disentanglement.code", codes, disentanglement_per_code(matrix)),
        ("dci_completeness.code", factors, completeness_per_factor(matrix)),
        ("mig.factor", factors, relative),
        ("sap.factor", factors, gaps),
        ("modularity.code", codes, modularity_per_code(matrix)),
    ):
        scores |= {f"{name}_{i}": value for i, value in zip(places, values, strict=True)}
    return scores


def pr_curves_values(matrix):
    """How many separate groups of codes and factors the entries of [D, F] above a threshold form.

    Returns:
        dict: "area_precision", the area under that number over the threshold, and "max_precision", its
        maximum.
    """
    thresholds = np.sort(matrix, axis=None)[::-1]
    groups = np.array([_num_groups(matrix, threshold) for threshold in thresholds])
    area = 0.5 * np.sum((groups[:-1] + groups[1:]) * (thresholds[:-1] - thresholds[1:]))
    return {"area_precision": area, "max_precision": groups.max()}


def _num_groups(matrix, threshold):
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, columns = np.nonzero((matrix >= threshold) & (matrix != 0))
    size = sum(matrix.shape)
    edges = coo_array((np.ones(len(rows)), (rows, columns + len(matrix))), shape=(size, size))
    _, component = connected_components(edges, directed=False)
    return len(np.unique(component[rows]))


def merges(matrix, numbers=None):
    """At which place among the sorted entries of [D, F], largest first, two factors come into one group.

    Returns:
        dict: "merge_a_b" for every pair of factors, in the order in which the groups meet.
    """
    num_codes, num_factors = matrix.shape
    numbers = range(num_factors) if numbers is None else numbers
    root = list(range(num_factors + num_codes))
    members = {factor: [factor] for factor in range(num_factors)}

    def find(node):
        while root[node] != node:
            node = root[node]
        return node

    scores = {}
    for place, entry in enumerate(np.argsort(matrix, axis=None)[::-1]):
        code, factor = divmod(int(entry), num_factors)
        first, second = find(factor), find(num_factors + code)
        if first == second:
            continue
        root[max(first, second)] = min(first, second)
        if second < num_factors:
            scores |= {
                f"merge_{numbers[a]}_{numbers[b]}": float(place)
                for a in members[first]
                for b in members[second]
            }
            members[min(first, second)] = members[first] + members[second]
    return scores
