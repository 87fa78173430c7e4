"""Downstream task: how well classifiers predict the factors from the codes, by number of training points."""

from typing import Any

import numpy as np

from tfdisent.checks import whole_number
from tfdisent.errors import UserError
from tfdisent.metrics import predictors, utils
from tfdisent.metrics.arguments import (
    MOST_POINTS,
    ArrayLike,
    Scores,
    Seed,
    as_random_state,
    check_protocol,
)

__all__ = ["check_sizes", "compute_downstream_task", "downstream_task"]

_NAME = "The downstream task"


def compute_downstream_task(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_train=(10, 100, 1000, 10000),
    num_test=5000,
    batch_size=16,
    predictor_fn="gradient_boosting_classifier",
    sklearn_era="paper",
    n_jobs=None,
):
    """Downstream accuracies by disentanglement_lib's protocol: new training and test points for every size.

    Args:
        ground_truth_data: object with `sample(num, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        num_train: numbers of training points.
        num_test: number of test points.
        batch_size: points drawn at once (it decides which points are drawn).
        predictor_fn: "gradient_boosting_classifier", "logistic_regression_cv", or a function that gives a
            classifier (theirs `predictor.predictor_fn`).
        sklearn_era: "paper" or "current" defaults of scikit-learn; matters for logistic regression only.
        n_jobs: processes over the factors, as in joblib.

    Returns:
        dict of floats, for every size n: "n:mean_train_accuracy", "n:mean_test_accuracy",
        "n:min_train_accuracy", "n:min_test_accuracy", and "n:train_accuracy_factor_i",
        "n:test_accuracy_factor_i" for every factor i. A factor with one value among the training points is
        predicted to have it; one with a single value in all is left out. Where there are any, "constant_factors",
        names or numbers of those left out, and "binned_factors" with "num_factor_bins".

    Raises:
        UserError: for codes that are not finite, a data set without factors or in which none varies, an unknown
            predictor, or too few points.

    References: Locatello et al. 2019, disentanglement_lib, `downstream_task`.
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    scores = {}
    for size in check_sizes(num_train):
        points = utils.draw_points(
            ground_truth_data, representation_function, [size, num_test], random_state, batch_size, _NAME
        )
        seed = utils.estimator_seed(random_state)
        scores |= _score(size, points, predictor_fn, sklearn_era, seed, n_jobs)
    return scores


def downstream_task(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    num_train: Any = None,
    train_share: float = 2 / 3,
    predictor_fn: Any = "gradient_boosting_classifier",
    sklearn_era: str = "paper",
    n_jobs: int | None = None,
) -> Scores:
    """Downstream accuracies of codes [N, D] and factors [N, F], split at random.

    Args:
        codes: [N, D]; factors: [N, F], taken as labels; real-valued ones are cut into 20 equal-width bins first.
        random_state: seed or `np.random.RandomState` that splits the points and seeds the classifiers.
        num_train: numbers of training points to fit with, the first of the training part; None takes all.
        train_share: share of the points in the training part; the others test.
        predictor_fn, sklearn_era, n_jobs: as in `compute_downstream_task`.

    Returns:
        As `compute_downstream_task`.

    Raises:
        UserError: as `compute_downstream_task`; also for arrays that do not fit.
    """
    random_state = as_random_state(random_state)
    points = utils.split_points(codes, factors, train_share, random_state, _NAME)
    train_codes, train_factors, *test = points.parts
    available = train_codes.shape[1]
    seed = utils.estimator_seed(random_state)
    scores = {}
    for size in check_sizes(available if num_train is None else num_train, available):
        first = points._replace(parts=(train_codes[:, :size], train_factors[:, :size], *test))
        scores |= _score(size, first, predictor_fn, sklearn_era, seed, n_jobs)
    return scores


def check_sizes(num_train, available=None):
    """The numbers of training points, or a single one, as a list of integers from 1 to `available`."""
    sizes = list(num_train) if np.iterable(num_train) else [num_train]
    sizes = [whole_number("num_train", size, 1, MOST_POINTS) for size in sizes]
    if not sizes:
        raise UserError(
            f"num_train must hold at least one number of points. Received: num_train={num_train!r}"
        )
    if available is not None and max(sizes) > available:
        raise UserError(
            f"num_train exceeds the {available} points of the training part. Received: num_train={num_train!r}"
        )
    return sizes


def _score(size, points, predictor_fn, sklearn_era, seed, n_jobs):
    mus_train, ys_train, mus_test, ys_test = points.parts
    make = predictors.make_predictor_fn(predictor_fn, sklearn_era, seed)
    fitted = predictors.fit_each(make, mus_train, ys_train, n_jobs)
    train = predictors.accuracies(fitted, mus_train, ys_train)
    test = predictors.accuracies(fitted, mus_test, ys_test)
    scores = {
        f"{size}:mean_train_accuracy": float(np.mean(train)),
        f"{size}:mean_test_accuracy": float(np.mean(test)),
        f"{size}:min_train_accuracy": min(train),
        f"{size}:min_test_accuracy": min(test),
    }
    for place, i in enumerate(points.kept):
        scores[f"{size}:train_accuracy_factor_{i}"] = train[place]
        scores[f"{size}:test_accuracy_factor_{i}"] = test[place]
    return scores | points.note
