"""Strong downstream task: prediction of a factor where another one takes values never seen in training."""

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
from tfdisent.metrics.downstream_task import check_sizes
from tfdisent.metrics.interventions import check_can_be_held
from tfdisent.metrics.labels import HELD_FIXED, label_factors_of

__all__ = ["compute_strong_downstream_task", "intervene", "strong_downstream_task"]

_NAME = "The strong downstream task"
_BATCH = 64  # observations encoded at once


def compute_strong_downstream_task(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_train=(10000,),
    num_test=5000,
    n_experiment=10,
    predictor_fn="gradient_boosting_classifier",
    sklearn_era="paper",
    n_jobs=None,
):
    """Accuracies with and without an intervention, by disentanglement_lib's protocol.

    For every factor, `n_experiment` times: another factor, drawn at random, is held at one value in training
    and takes every other value in the test. The interventions are drawn from a random state of their own,
    seeded by `random_state`; disentanglement_lib takes numpy's global one.

    Args:
        ground_truth_data: object with `factors_num_values`, `sample_factors(num, random_state)` and
            `sample_observations_from_factors(factors, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        num_train: numbers of training points; num_test: number of test points.
        n_experiment: interventions per factor.
        predictor_fn, sklearn_era, n_jobs: as in `downstream_task.compute_downstream_task`.

    Returns:
        dict of floats, for every size n: "n:mean_train_accuracy", "n:mean_test_accuracy" without
        intervention; "n:mean_strong_train_accuracy", "n:mean_strong_test_accuracy" with;
        "n:strong_generalization_gap", 1 - strong / normal test accuracy.
        "constant_factors", names or numbers of factors left out, where there are any.

    Raises:
        UserError: for codes that are not finite, a data set without two factors that vary, an unknown
            predictor, or too few points.

    References: Locatello et al. 2020, disentanglement_lib, `strong_downstream_task`.
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    check_can_be_held(ground_truth_data, _NAME)
    n_experiment = whole_number("n_experiment", n_experiment, 1, MOST_POINTS)
    num_test = whole_number("num_test", num_test, 1, MOST_POINTS)
    interventions = np.random.RandomState(utils.estimator_seed(random_state))

    def encode(factors):
        observations = ground_truth_data.sample_observations_from_factors(factors, random_state)
        codes = utils.obtain_representation(observations, representation_function, _BATCH)
        return check_codes(codes.T, _NAME).T

    scores = {}
    for size in check_sizes(num_train):
        train_factors = ground_truth_data.sample_factors(size, random_state)
        test_factors = ground_truth_data.sample_factors(num_test, random_state)
        train_codes, test_codes = encode(train_factors), encode(test_factors)
        make = predictors.make_predictor_fn(predictor_fn, sklearn_era, utils.estimator_seed(random_state))
        both = np.concatenate([train_factors, test_factors])
        _, kept, note = label_factors_of(ground_truth_data, both, _NAME, HELD_FIXED)
        fitted = predictors.fit_each(make, train_codes, train_factors.T[kept], n_jobs)
        train = predictors.accuracies(fitted, train_codes, train_factors.T[kept])
        test = predictors.accuracies(fitted, test_codes, test_factors.T[kept])
        strong_train, strong_test = [], []
        num_factors = train_factors.shape[1]
        for target in np.repeat(kept, n_experiment):
            changed_train, changed_test, _, _ = intervene(
                train_factors.copy(),
                test_factors.copy(),
                target,
                num_factors,
                ground_truth_data,
                interventions,
            )
            codes, held_out = encode(changed_train), encode(changed_test)
            classifier = predictors.fit(make(), codes.T, changed_train[:, target])
            strong_train.append(np.mean(classifier.predict(codes.T) == changed_train[:, target]))
            strong_test.append(np.mean(classifier.predict(held_out.T) == changed_test[:, target]))
        scores |= _scores(size, train, test, strong_train, strong_test) | note
    return scores


def strong_downstream_task(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    n_experiment: int = 10,
    train_share: float = 2 / 3,
    predictor_fn: Any = "gradient_boosting_classifier",
    sklearn_era: str = "paper",
    n_jobs: int | None = None,
) -> Scores:
    """Strong downstream task of codes [N, D] and factors [N, F], split at random.

    The points of the training part where the other factor has the chosen value are fitted, and those of the
    test part where it has not are tested; so fewer points are fitted than without intervention.

    Args:
        codes: [N, D]; factors: [N, F], each with finitely many values, taken as labels; constant ones are left out.
        random_state: seed or `np.random.RandomState` that splits the points, intervenes and seeds the classifiers.
        n_experiment, predictor_fn, sklearn_era, n_jobs: as in `compute_strong_downstream_task`.
        train_share: share of the points in the training part; the others test.

    Returns:
        As `compute_strong_downstream_task`.

    Raises:
        UserError: as `compute_strong_downstream_task`; also for arrays that do not fit.
    """
    n_experiment = whole_number("n_experiment", n_experiment, 1, MOST_POINTS)
    random_state = as_random_state(random_state)
    points = utils.split_points(codes, factors, train_share, random_state, _NAME, if_real=HELD_FIXED)
    train_codes, train_factors, test_codes, test_factors = points.parts
    make = predictors.make_predictor_fn(predictor_fn, sklearn_era, utils.estimator_seed(random_state))
    fitted = predictors.fit_each(make, train_codes, train_factors, n_jobs)
    train = predictors.accuracies(fitted, train_codes, train_factors)
    test = predictors.accuracies(fitted, test_codes, test_factors)
    strong_train, strong_test = [], []
    for target in np.repeat(np.arange(len(train_factors)), n_experiment):
        other = random_state.choice(_others(target, [len(np.unique(y)) for y in test_factors]))
        values = np.intersect1d(train_factors[other], test_factors[other])
        if len(values) == 0:
            raise UserError(
                f"{_NAME} found no value of factor {points.kept[other]} in both parts; use more points. "
                f"Received: {train_factors.shape[1] + test_factors.shape[1]} points."
            )
        value = random_state.choice(values)
        seen, unseen = train_factors[other] == value, test_factors[other] != value
        classifier = predictors.fit(make(), train_codes[:, seen].T, train_factors[target, seen])
        if not unseen.any():
            raise UserError(
                f"{_NAME} found no test point where factor {points.kept[other]} has another value than in training; "
                f"use more points. Received: {len(seen) + len(unseen)} points."
            )
        for part, x, y in (
            (strong_train, train_codes[:, seen], train_factors[target, seen]),
            (strong_test, test_codes[:, unseen], test_factors[target, unseen]),
        ):
            part.append(np.mean(classifier.predict(x.T) == y))
    return _scores(train_codes.shape[1], train, test, strong_train, strong_test) | points.note


def intervene(y_train, y_test, target_y, num_factors, ground_truth_data, random_state=None):
    """Hold a random factor other than `target_y` at one value in training, and away from it in the test.

    Args:
        y_train, y_test: factors [N, F], changed in place.
        target_y: the factor that is predicted.
        num_factors: F.
        ground_truth_data: object with `factors_num_values`.
        random_state: `np.random.RandomState`; None takes one with seed 0.

    Returns:
        y_train, y_test, the factor that was changed and its value in training.

    Raises:
        UserError: if no other factor has two values.
    """
    random_state = np.random.RandomState(0) if random_state is None else random_state
    sizes = [int(ground_truth_data.factors_num_values[j]) for j in range(num_factors)]
    factor = random_state.choice(_others(target_y, sizes))
    value = random_state.choice(sizes[factor])
    y_train[:, factor] = value
    y_test[:, factor] = random_state.choice(np.delete(np.arange(sizes[factor]), value), size=len(y_test))
    return y_train, y_test, factor, value


def _others(target, sizes):
    others = [j for j, size in enumerate(sizes) if j != target and size > 1]
    if not others:
        raise UserError(
            f"{_NAME} changes one factor while it predicts another, so it needs a second factor with at least "
            f"two values. Received: {list(sizes)} values"
        )
    return others


def _scores(size, train, test, strong_train, strong_test):
    normal, strong = float(np.mean(test)), float(np.mean(strong_test))
    return {
        f"{size}:mean_train_accuracy": float(np.mean(train)),
        f"{size}:mean_test_accuracy": normal,
        f"{size}:mean_strong_train_accuracy": float(np.mean(strong_train)),
        f"{size}:mean_strong_test_accuracy": strong,
        f"{size}:strong_generalization_gap": 1.0 - strong / normal if normal > 0 else float("nan"),
    }
