"""Fairness: how much the prediction of one factor changes when another, sensitive one is intervened on."""

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
    check_codes,
    check_protocol,
)
from tfdisent.metrics.interventions import check_can_be_held
from tfdisent.metrics.labels import HELD_FIXED

__all__ = ["compute_fairness", "compute_scores_dict", "fairness", "inter_group_fairness"]

_NAME = "The fairness score"


def compute_fairness(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_train=10000,
    num_test_points_per_class=100,
    batch_size=16,
    predictor_fn="gradient_boosting_classifier",
    sklearn_era="paper",
    n_jobs=None,
):
    """Unfairness of predicting every factor, for every other factor as the sensitive one; lower is fairer.

    Args:
        ground_truth_data: object with `factors_num_values`, `sample(num, random_state)`,
            `sample_factors(num, random_state)` and `sample_observations_from_factors(factors, random_state)`;
            its factors are counted from 0.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        num_train: number of training points.
        num_test_points_per_class: points on which the sensitive factor takes each of its values in turn.
        batch_size: points drawn at once (it decides which points are drawn).
        predictor_fn, sklearn_era, n_jobs: as in `downstream_task.compute_downstream_task`.

    Returns:
        The dict of `compute_scores_dict` with the prefixes "mean_fairness" and "max_fairness": the mean and
        the maximum over the values of `inter_group_fairness`. The paper's score is
        "mean_fairness:mean_pred:mean_sens". "constant_factors", names or numbers of factors left out, where there
        are any.

    Raises:
        UserError: for codes that are not finite, fewer than two factors, values that are not counted from 0,
            an unknown predictor, or numbers below 1.

    References: Locatello et al. 2019, "On the Fairness of Disentangled Representations", Sec. 4.
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    check_can_be_held(ground_truth_data, _NAME)
    num_points = whole_number("num_test_points_per_class", num_test_points_per_class, 1, MOST_POINTS)
    points = utils.draw_points(
        ground_truth_data,
        representation_function,
        [num_train],
        random_state,
        batch_size,
        _NAME,
        if_real=HELD_FIXED,
    )
    codes, factors = points.parts
    num_values = [int(ground_truth_data.factors_num_values[j]) for j in points.kept]
    _check_two_factors(len(num_values))
    if (factors < 0).any() or (factors.max(axis=1) >= num_values).any():
        raise UserError(
            f"{_NAME} counts predictions by value, so the factors must be counted from 0 up to the sizes "
            f"{num_values}. Received: values from {factors.min()} to {factors.max()}"
        )
    make = predictors.make_predictor_fn(predictor_fn, sklearn_era, utils.estimator_seed(random_state))
    fitted = predictors.fit_each(make, codes, factors, n_jobs)

    def counts(i, j):
        originals = ground_truth_data.sample_factors(num_points, random_state)
        encoded = []
        for value in range(num_values[j]):
            changed = np.copy(originals)
            changed[:, points.kept[j]] = value
            observations = ground_truth_data.sample_observations_from_factors(changed, random_state)
            encoded.append(utils.obtain_representation(observations, representation_function, batch_size).T)
        predicted = fitted[i].predict(check_codes(np.concatenate(encoded), _NAME)).astype(np.int64)
        groups = predicted.reshape(num_values[j], num_points)
        return np.stack([np.bincount(group, minlength=num_values[i]) for group in groups], axis=1)

    return _score(points, counts)


def fairness(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    train_share: float = 2 / 3,
    predictor_fn: Any = "gradient_boosting_classifier",
    sklearn_era: str = "paper",
    n_jobs: int | None = None,
) -> Scores:
    """Unfairness on codes [N, D] and factors [N, F], split at random.

    Nothing can be intervened on here: the test points are grouped by the value of the sensitive factor
    instead, which is the same in the mean where the factors are independent.

    Args:
        codes: [N, D]; factors: [N, F >= 2], each with finitely many values, taken as labels; constant ones are left
            out.
        random_state: seed or `np.random.RandomState` that splits the points and seeds the classifiers.
        train_share: share of the points that are fitted; the others test.
        predictor_fn, sklearn_era, n_jobs: as in `compute_fairness`.

    Returns:
        As `compute_fairness`.

    Raises:
        UserError: for arrays that do not fit or are not finite, fewer than two factors, or real-valued ones.
    """
    random_state = as_random_state(random_state)
    points = utils.split_points(codes, factors, train_share, random_state, _NAME, if_real=HELD_FIXED)
    mus_train, ys_train, mus_test, ys_test = points.parts
    _check_two_factors(len(ys_train))
    make = predictors.make_predictor_fn(predictor_fn, sklearn_era, utils.estimator_seed(random_state))
    fitted = predictors.fit_each(make, mus_train, ys_train, n_jobs)
    predictions = [np.unique(f.predict(mus_test.T), return_inverse=True)[1] for f in fitted]
    groups = [np.unique(y, return_inverse=True)[1] for y in ys_test]

    def counts(i, j):
        table = np.zeros((predictions[i].max() + 1, groups[j].max() + 1), dtype=np.int64)
        np.add.at(table, (predictions[i], groups[j]), 1)
        return table

    return _score(points, counts)


def _check_two_factors(num_factors):
    if num_factors < 2:
        raise UserError(
            f"{_NAME} predicts one factor and intervenes on another, so two must vary. "
            f"Received: {num_factors} factor that varies."
        )


def _score(points, counts):
    num_factors = len(points.kept)
    mean, largest = np.zeros((num_factors, num_factors)), np.zeros((num_factors, num_factors))
    for i in range(num_factors):
        for j in range(num_factors):
            if i != j:
                mean[i, j], largest[i, j] = inter_group_fairness(counts(i, j))
    scores = [
        compute_scores_dict(matrix, prefix, points.kept)
        for matrix, prefix in ((mean, "mean_fairness"), (largest, "max_fairness"))
    ]
    return scores[0] | scores[1] | points.note


def inter_group_fairness(counts):
    """Total variation between the predictions in each group and those overall, in float32 as theirs.

    Args:
        counts: predictions [values of the target, values of the sensitive factor], no column all zero.

    Returns:
        mean over the groups, weighted by their size, and maximum.
    """
    counts = np.asarray(counts)
    overall = np.sum(counts, axis=1, dtype=np.float32)
    overall /= overall.sum()
    sizes = np.sum(counts, axis=0)
    shares = np.array(counts, dtype=np.float32) / sizes.astype(np.float32)
    variation = np.sum(np.abs(shares - overall[:, None]), 0) / 2.0  # [values of the sensitive factor]
    return np.sum(variation * sizes / sizes.sum()), np.amax(variation)


def compute_scores_dict(metric, prefix, factors=None):
    """Every aggregate of a matrix [F predicted, F sensitive] whose diagonal is left out, as floats.

    Keys: "prefix:pred{i}:sens{j}"; "prefix:pred{i}:mean_sens" and "max_sens", "prefix:sens{j}:mean_pred" and
    "max_pred"; "prefix:{mean,max}_sens:{mean,max}_pred" and "prefix:{mean,max}_pred:{mean,max}_sens", where
    the first word aggregates last.

    Args:
        metric: [F, F].
        prefix: of the keys.
        factors: F numbers of the factors for the keys; None for 0..F-1.
    """
    metric = np.asarray(metric)
    num = len(metric)
    factors = range(num) if factors is None else factors
    off_diagonal = ~np.eye(num, dtype=bool)
    result = {
        f"{prefix}:pred{factors[i]}:sens{factors[j]}": float(metric[i, j])
        for i in range(num)
        for j in range(num)
        if i != j
    }
    for matrix, outer, inner in ((metric, "pred", "sens"), (metric.T, "sens", "pred")):
        rows = [row[keep] for row, keep in zip(matrix, off_diagonal, strict=True)]
        for inner_name, inner_fn in (("mean", np.mean), ("max", np.amax)):
            values = [inner_fn(row) for row in rows]
            for i, value in zip(factors, values, strict=True):
                result[f"{prefix}:{outer}{i}:{inner_name}_{inner}"] = float(value)
            for outer_name, outer_fn in (("mean", np.mean), ("max", np.amax)):
                result[f"{prefix}:{outer_name}_{outer}:{inner_name}_{inner}"] = float(outer_fn(values))
    return result
