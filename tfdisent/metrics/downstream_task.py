"""Downstream task: how well classifiers predict the factors from the codes, by number of training points."""

import numpy as np

from tfdisent.errors import UserError
from tfdisent.metrics import predictors, utils

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
        predicted to have it.

    Raises:
        UserError: for codes that are not finite, real-valued factors, a data set without factors, an unknown
            predictor, or too few points.

    References: Locatello et al. 2019, disentanglement_lib, `downstream_task`.
    """
    del artifact_dir
    scores = {}
    for size in check_sizes(num_train):
        train, test = (
            utils.draw_codes_and_labels(
                ground_truth_data, representation_function, number, random_state, batch_size, _NAME
            )
            for number in (size, num_test)
        )
        seed = utils.estimator_seed(random_state)
        scores |= _score(size, *train, *test, predictor_fn, sklearn_era, seed, n_jobs)
    return scores


def downstream_task(
    codes,
    factors,
    random_state,
    num_train=None,
    train_share=2 / 3,
    predictor_fn="gradient_boosting_classifier",
    sklearn_era="paper",
    n_jobs=None,
):
    """Downstream accuracies of codes [N, D] and factors [N, F], split at random.

    Args:
        codes: [N, D]; factors: [N, F], each with finitely many values, taken as labels.
        random_state: `np.random.RandomState` that splits the points and seeds the classifiers.
        num_train: numbers of training points to fit with, the first of the training part; None takes all.
        train_share: share of the points in the training part; the others test.
        predictor_fn, sklearn_era, n_jobs: as in `compute_downstream_task`.

    Returns:
        As `compute_downstream_task`.

    Raises:
        UserError: as `compute_downstream_task`; also for arrays that do not fit.
    """
    train_codes, train_factors, *test = utils.split_codes_and_labels(
        codes, factors, train_share, random_state, _NAME
    )
    available = train_codes.shape[1]
    seed = utils.estimator_seed(random_state)
    scores = {}
    for size in check_sizes(available if num_train is None else num_train, available):
        train = train_codes[:, :size], train_factors[:, :size]
        scores |= _score(size, *train, *test, predictor_fn, sklearn_era, seed, n_jobs)
    return scores


def check_sizes(num_train, available=None):
    """The numbers of training points, or a single one, as a list of integers from 1 to `available`."""
    sizes = list(num_train) if np.iterable(num_train) else [num_train]
    sizes = [utils.check_positive("num_train", size) for size in sizes]
    if not sizes:
        raise UserError(
            f"num_train must hold at least one number of points. Received: num_train={num_train!r}"
        )
    if available is not None and max(sizes) > available:
        raise UserError(
            f"num_train exceeds the {available} points of the training part. Received: num_train={num_train!r}"
        )
    return sizes


def _score(size, mus_train, ys_train, mus_test, ys_test, predictor_fn, sklearn_era, seed, n_jobs):
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
    for i in range(len(train)):
        scores[f"{size}:train_accuracy_factor_{i}"] = train[i]
        scores[f"{size}:test_accuracy_factor_{i}"] = test[i]
    return scores
