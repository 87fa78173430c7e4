"""BetaVAE score: can a linear classifier tell which factor was held fixed between pairs of points."""

import numpy as np

from tfdisent.checks import whole_number
from tfdisent.metrics import predictors
from tfdisent.metrics.arguments import (
    MOST_POINTS,
    ArrayLike,
    Scores,
    Seed,
    as_random_state,
    check_codes_and_factors,
    check_matrix,
    check_protocol,
    column_names,
)
from tfdisent.metrics.interventions import SamePoints, check_can_be_held, draw_batches, represent_batches
from tfdisent.metrics.labels import HELD_FIXED, label_factors

__all__ = ["beta_vae", "compute_beta_vae_sklearn"]

_NAME = "The BetaVAE score"


def compute_beta_vae_sklearn(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    batch_size=64,
    num_train=10000,
    num_eval=5000,
    sklearn_era="paper",
):
    """BetaVAE score by disentanglement_lib's protocol.

    Args:
        ground_truth_data: object with `num_factors`, `sample_factors(num, random_state)` and
            `sample_observations_from_factors(factors, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`. Logistic regression of the paper's time took one number from
            it as well, between training and evaluation; so it does here.
        artifact_dir: unused; part of the signature every score has.
        batch_size: pairs per sample of the classifier.
        num_train, num_eval: samples to fit and to evaluate.
        sklearn_era: "paper" or "current" defaults of scikit-learn's logistic regression.

    Returns:
        The dict of `beta_vae`.

    Raises:
        UserError: for codes that are not finite, a data set without factors, or numbers below 1.

    References: Higgins et al. 2017, Sec. 3; Locatello et al. 2019, disentanglement_lib, `beta_vae_sklearn`.
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    check_can_be_held(ground_truth_data, _NAME)

    def draw(num_pairs, batch_size):
        for fixed, pair in draw_batches(ground_truth_data, num_pairs, batch_size, 2, random_state):
            places = np.arange(len(fixed))
            pair[1][places, :, fixed] = pair[0][places, :, fixed]
            yield (
                fixed,
                *(
                    represent_batches(ground_truth_data, representation_function, factors, random_state)
                    for factors in pair
                ),
            )

    return _score(draw, batch_size, num_train, num_eval, random_state, sklearn_era)


def beta_vae(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    batch_size: int = 64,
    num_train: int = 10000,
    num_eval: int = 5000,
    sklearn_era: str = "paper",
) -> Scores:
    """BetaVAE score of codes [N, D] and factors [N, F]: the pairs are drawn among these points.

    A feature is the mean |difference| of the codes of `batch_size` pairs that share the value of one factor;
    logistic regression tells which one. With one factor there is nothing to tell, and the accuracy is 1.

    Args:
        codes: [N, D]; factors: [N, F], each with finitely many values. One with a single value counts, as in
            disentanglement_lib.
        random_state: seed or `np.random.RandomState`.
        batch_size, num_train, num_eval, sklearn_era: as in `compute_beta_vae_sklearn`.

    Returns:
        dict of floats: "train_accuracy", "eval_accuracy".

    Raises:
        UserError: as `compute_beta_vae_sklearn`; also for arrays that do not fit, factors of which none varies, or
            real-valued ones.

    References: Higgins et al. 2017, Sec. 3.
    """
    random_state = as_random_state(random_state)
    names = column_names(factors)
    codes, factors = check_codes_and_factors(codes, factors, _NAME)
    label_factors(factors, _NAME, names, None, len(factors), HELD_FIXED)
    points = SamePoints(factors)

    def draw(num_pairs, batch_size):
        for _ in range(num_pairs):
            fixed = random_state.randint(factors.shape[1], size=1)
            first = random_state.randint(len(codes), size=batch_size)
            yield (
                fixed,
                codes[first][np.newaxis],
                codes[points.draw(fixed[0], first, random_state)][np.newaxis],
            )

    return _score(draw, batch_size, num_train, num_eval, random_state, sklearn_era)


def _score(draw, batch_size, num_train, num_eval, random_state, sklearn_era):
    """The dict of `beta_vae`; `draw(num_pairs, batch_size)` yields fixed factors [V], codes [V, B, D] and codes."""
    predictors.check_era(sklearn_era)
    batch_size = whole_number("batch_size", batch_size, 1, MOST_POINTS)

    def samples(name, number):
        labels, features = [], []
        for fixed, first, second in draw(whole_number(name, number, 1, MOST_POINTS), batch_size):
            labels.append(fixed)
            features.append(np.mean(np.abs(first - second), axis=1))
        features = np.concatenate(features).astype(np.float64)
        return check_matrix("codes", features), np.concatenate(labels)

    train_features, train_labels = samples("num_train", num_train)
    seed = random_state.randint(np.iinfo("i").max) if sklearn_era == "paper" else random_state
    classifier = predictors.logistic_regression(sklearn_era, seed)
    fitted = predictors.fit(classifier, train_features, train_labels)
    features, labels = samples("num_eval", num_eval)
    return {
        "train_accuracy": float(np.mean(fitted.predict(train_features) == train_labels)),
        "eval_accuracy": float(np.mean(fitted.predict(features) == labels)),
    }
