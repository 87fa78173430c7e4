"""Reduced downstream task: what can still be predicted of a factor once its most important codes are removed."""

from typing import Any

import numpy as np

from tfdisent.checks import whole_number
from tfdisent.errors import UserError
from tfdisent.metrics import predictors, utils
from tfdisent.metrics.arguments import ArrayLike, Scores, Seed, as_random_state, check_protocol
from tfdisent.metrics.dci import compute_importance_gbt
from tfdisent.metrics.downstream_task import check_sizes

__all__ = [
    "compute_factorwise_dci",
    "compute_reduced_downstream_task",
    "compute_reduced_representation",
    "reduced_downstream_task",
]

_NAME = "The reduced downstream task"


def compute_reduced_downstream_task(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_factors_to_remove=1,
    num_train=(10, 100, 1000, 10000),
    num_test=5000,
    batch_size=16,
    predictor_fn="gradient_boosting_classifier",
    sklearn_era="paper",
    n_jobs=None,
):
    """Accuracies after the most important codes are removed, by disentanglement_lib's protocol.

    Importance is that of DCI (theirs `reduced_representation.correlation_measure = @factorwise_dci`).

    Args:
        ground_truth_data: object with `sample(num, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        num_factors_to_remove: codes to remove per factor, one after the other; fewer than D.
        num_train: numbers of training points; num_test: number of test points.
        batch_size: points drawn at once (it decides which points are drawn).
        predictor_fn, sklearn_era, n_jobs: as in `downstream_task.compute_downstream_task`.

    Returns:
        dict of floats, for every size n, for train and for test: "n:mean_train_accuracy_reduced_factor",
        the mean over the factors whose codes were removed, "n:mean_train_accuracy_other_factors", and with
        "n:reduced_factor_i:" in front "mean_train_accuracy_reduced_factor",
        "mean_train_accuracy_non_reduced_factor" (NaN if there is no other), "mean_train_accuracy_factor_j".
        Where there are any, "constant_factors", names or numbers of those left out, and "binned_factors" with
        "num_factor_bins".

    Raises:
        UserError: for codes that are not finite, a data set without factors or in which none varies, an unknown
            predictor, too few points, or if no code would be left.

    References: Locatello et al. 2019, disentanglement_lib, `reduced_downstream_task`.
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    scores = {}
    for size in check_sizes(num_train):
        points = utils.draw_points(
            ground_truth_data, representation_function, [size, num_test], random_state, batch_size, _NAME
        )
        seed = utils.estimator_seed(random_state)
        scores |= _score(size, points, num_factors_to_remove, predictor_fn, sklearn_era, seed, n_jobs)
    return scores


def reduced_downstream_task(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    num_factors_to_remove: int = 1,
    train_share: float = 2 / 3,
    predictor_fn: Any = "gradient_boosting_classifier",
    sklearn_era: str = "paper",
    n_jobs: int | None = None,
) -> Scores:
    """Reduced downstream task of codes [N, D] and factors [N, F], split at random.

    Args:
        codes: [N, D]; factors: [N, F], taken as labels; real-valued ones are cut into 20 equal-width bins first.
        random_state: seed or `np.random.RandomState` that splits the points and seeds the classifiers.
        train_share: share of the points that are fitted; the others test.
        num_factors_to_remove, predictor_fn, sklearn_era, n_jobs: as in `compute_reduced_downstream_task`.

    Returns:
        As `compute_reduced_downstream_task`.
    """
    random_state = as_random_state(random_state)
    points = utils.split_points(codes, factors, train_share, random_state, _NAME)
    seed = utils.estimator_seed(random_state)
    size = points.parts[0].shape[1]
    return _score(size, points, num_factors_to_remove, predictor_fn, sklearn_era, seed, n_jobs)


def compute_factorwise_dci(mus_train, ys_train, mus_test, ys_test, random_state=0, n_jobs=None):
    """What boosted trees use of codes [D, N] to predict factors [F, N]: importance [D, F]."""
    return compute_importance_gbt(mus_train, ys_train, mus_test, ys_test, random_state, n_jobs)[0]


def compute_reduced_representation(
    mus_train, ys_train, mus_test, ys_test, factor_of_interest, correlation_measure=compute_factorwise_dci
):
    """Codes [D, N] without the one that matters most to a factor: training and test codes [D - 1, N]."""
    importance = correlation_measure(mus_train, ys_train, mus_test, ys_test)
    return _without(mus_train, mus_test, importance[:, factor_of_interest])


def _without(mus_train, mus_test, importance):
    remove = np.argmax(importance)
    return np.delete(mus_train, remove, axis=0), np.delete(mus_test, remove, axis=0)


def _score(size, points, number, predictor_fn, sklearn_era, seed, n_jobs):
    mus_train, ys_train, mus_test, ys_test = points.parts
    number = whole_number("num_factors_to_remove", number, 1)
    if number >= len(mus_train):
        raise UserError(
            f"num_factors_to_remove must leave a code. "
            f"Received: num_factors_to_remove={number} of {len(mus_train)} codes"
        )
    make = predictors.make_predictor_fn(predictor_fn, sklearn_era, seed)
    whole = compute_factorwise_dci(mus_train, ys_train, mus_test, ys_test, seed, n_jobs)
    scores, reduced, others = {}, [], []
    for i in range(len(ys_train)):
        codes, held_out = _without(mus_train, mus_test, whole[:, i])
        for _ in range(number - 1):  # only the column of this factor is needed
            y, y_test = ys_train[i : i + 1], ys_test[i : i + 1]
            importance = compute_factorwise_dci(codes, y, held_out, y_test, seed)
            codes, held_out = _without(codes, held_out, importance[:, 0])
        fitted = predictors.fit_each(make, codes, ys_train, n_jobs)
        accuracy = np.array(
            [predictors.accuracies(fitted, *part) for part in ((codes, ys_train), (held_out, ys_test))]
        )  # [2, F]
        rest = np.delete(accuracy, i, axis=1)
        reduced.append(accuracy[:, i])
        others.append(rest.mean(axis=1) if rest.size else np.full(2, np.nan))
        for part, name in enumerate(("train", "test")):
            prefix = f"{size}:reduced_factor_{points.kept[i]}:mean_{name}_accuracy"
            scores[f"{prefix}_reduced_factor"] = float(accuracy[part, i])
            for j, value in zip(points.kept, accuracy[part], strict=True):
                scores[f"{prefix}_factor_{j}"] = float(value)
            scores[f"{prefix}_non_reduced_factor"] = float(others[-1][part])
    for part, name in enumerate(("train", "test")):
        scores[f"{size}:mean_{name}_accuracy_reduced_factor"] = float(np.mean(reduced, axis=0)[part])
        scores[f"{size}:mean_{name}_accuracy_other_factors"] = float(np.mean(others, axis=0)[part])
    return scores | points.note
