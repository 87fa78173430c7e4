"""DCI: disentanglement, completeness and informativeness, by what boosted trees use to predict factors."""

from typing import Any

import numpy as np

from tfdisent.errors import UserError
from tfdisent.metrics import predictors, utils
from tfdisent.metrics.arguments import ArrayLike, Scores, Seed, as_random_state, check_protocol

__all__ = [
    "completeness",
    "completeness_per_factor",
    "compute_dci",
    "compute_dci_on_fixed_data",
    "compute_importance_gbt",
    "dci",
    "disentanglement",
    "disentanglement_per_code",
]

_NAME = "The DCI score"
_LIGHTGBM = ("lightgbm_classifier", predictors.lightgbm_classifier)


def compute_dci(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_train=10000,
    num_test=5000,
    batch_size=16,
    n_jobs=None,
    booster="gradient_boosting_classifier",
):
    """DCI on freshly sampled points, by disentanglement_lib's protocol.

    The trees break ties by chance, with a seed that follows from the state of `random_state` after the draws.

    Args:
        ground_truth_data: object with `sample(num, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        num_train, num_test: numbers of sampled points to fit and to test.
        batch_size: points drawn at once (it decides which points are drawn).
        n_jobs: processes over which the factors are spread, as in joblib; the values do not depend on it.
        booster: as in `dci`.

    Returns:
        The dict of `dci`.

    Raises:
        UserError: for codes that are not finite, a data set without factors, or numbers
            below 1.

    References: Eastwood & Williams 2018, Sec. 2; Locatello et al. 2019, disentanglement_lib, `dci`.
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    points = utils.draw_points(
        ground_truth_data, representation_function, [num_train, num_test], random_state, batch_size, _NAME
    )
    return _compute_dci(points, utils.estimator_seed(random_state), n_jobs, booster)


def compute_dci_on_fixed_data(
    observations,
    labels,
    representation_function,
    train_percentage,
    batch_size=100,
    random_state=0,
    n_jobs=None,
    booster="gradient_boosting_classifier",
):
    """DCI of given observations [N, ...] and labels [F, N], the first `train_percentage` of them to fit.

    References: Locatello et al. 2020, disentanglement_lib, `dci_validation`.
    """
    points = utils.fixed_points(
        observations, labels, representation_function, batch_size, _NAME, train_percentage
    )
    return _compute_dci(points, random_state, n_jobs, booster)


def dci(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    train_share: float = 2 / 3,
    n_jobs: int | None = None,
    booster: Any = "gradient_boosting_classifier",
) -> Scores:
    """DCI of codes [N, D] and factors [N, F], split at random.

    A factor with a single value is left out (disentanglement_lib fails on it). With one factor every code is about
    it, and the disentanglement is NaN (as in disentanglement_lib), so is the completeness with one code.

    Args:
        codes: [N, D].
        factors: [N, F], taken as labels; real-valued ones are cut into 20 equal-width bins first.
        random_state: seed or `np.random.RandomState` that splits the points and seeds the trees.
        train_share: share of the points that are fitted; the others test.
        n_jobs: processes, as in joblib.
        booster: "gradient_boosting_classifier"; or "lightgbm_classifier", which is faster still but not equal, its
            values under the same keys followed by "_lightgbm"; or a function without arguments that gives a
            classifier with `feature_importances_`.

    Returns:
        dict of floats: "informativeness_train" and "informativeness_test", the mean accuracy (not the error
        of the paper), "disentanglement", "completeness". Where there are any, "constant_factors", names or numbers
        of those left out, and "binned_factors" with "num_factor_bins".

    Raises:
        UserError: for arrays that do not fit or are not finite, or factors of which none varies.

    References: Eastwood & Williams 2018, Sec. 2.
    """
    random_state = as_random_state(random_state)
    points = utils.split_points(codes, factors, train_share, random_state, _NAME)
    return _compute_dci(points, utils.estimator_seed(random_state), n_jobs, booster)


def _compute_dci(points, seed, n_jobs, booster):
    if booster not in ("gradient_boosting_classifier", "lightgbm_classifier") and not callable(booster):
        raise UserError(
            "booster must be 'gradient_boosting_classifier', 'lightgbm_classifier', or a function that gives a "
            f"classifier with feature_importances_. Received: {booster!r}"
        )
    importance, train, test = compute_importance_gbt(*points.parts, seed, n_jobs, booster)
    scores = {
        "informativeness_train": train,
        "informativeness_test": test,
        "disentanglement": disentanglement(importance),
        "completeness": completeness(importance),
    }
    suffix = "_lightgbm" if booster in _LIGHTGBM else ""
    return {f"{key}{suffix}": value for key, value in scores.items()} | points.note


def compute_importance_gbt(
    x_train,
    y_train,
    x_test,
    y_test,
    random_state=0,
    n_jobs=None,
    booster="gradient_boosting_classifier",
):
    """What boosted trees use of each code to predict each factor.

    Args:
        x_train, x_test: codes [D, N]; y_train, y_test: factors [F, N].
        random_state: seed of the trees.
        n_jobs: processes, as in joblib.
        booster: as in `dci`.

    Returns:
        importance [D, F], whose columns sum to 1 (or 0 for a factor with one value); the mean accuracy on the
        training and on the test points.
    """
    make = predictors.make_predictor_fn(booster, random_state=random_state)
    fitted = predictors.fit_each(make, x_train, y_train, n_jobs)
    importance = np.stack([f.importances for f in fitted], axis=1)  # [D, F]
    if booster in _LIGHTGBM:
        importance = importance / np.maximum(importance.sum(axis=0), np.finfo(np.float64).tiny)
    train, test = (predictors.accuracies(fitted, x, y) for x, y in ((x_train, y_train), (x_test, y_test)))
    return importance, float(np.mean(train)), float(np.mean(test))


def disentanglement_per_code(importance_matrix):
    """1 - the entropy (base F) of each row of [D, F], taken as a distribution over the factors: [D]."""
    return _one_minus_entropy(importance_matrix.T)


def disentanglement(importance_matrix):
    """Mean of the codes' disentanglement, weighted by their share in the importance [D, F]."""
    return _weighted(disentanglement_per_code(importance_matrix), importance_matrix, axis=1)


def completeness_per_factor(importance_matrix):
    """1 - the entropy (base D) of each column of [D, F], taken as a distribution over the codes: [F]."""
    return _one_minus_entropy(importance_matrix)


def completeness(importance_matrix):
    """Mean of the factors' completeness, weighted by their share in the importance [D, F]."""
    return _weighted(completeness_per_factor(importance_matrix), importance_matrix, axis=0)


def _one_minus_entropy(columns):
    from scipy.special import entr

    columns = columns + 1e-11
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1.0 - entr(columns / columns.sum(axis=0)).sum(axis=0) / np.log(len(columns))


def _weighted(scores, importance_matrix, axis):
    if importance_matrix.sum() == 0.0:
        importance_matrix = np.ones_like(importance_matrix)
    return float(np.sum(scores * importance_matrix.sum(axis=axis) / importance_matrix.sum()))
