"""Modularity: is each latent about one factor. Explicitness: does a linear classifier read the factors."""

import numpy as np

from tfdisent.metrics import predictors, utils
from tfdisent.metrics.arguments import ArrayLike, Scores, Seed, as_random_state, check_protocol

__all__ = [
    "compute_modularity_explicitness",
    "explicitness_per_factor",
    "modularity",
    "modularity_explicitness",
    "modularity_per_code",
]

_NAME = "The modularity and explicitness score"


def compute_modularity_explicitness(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_train=10000,
    num_test=5000,
    batch_size=16,
    num_bins=20,
    sklearn_era="paper",
    n_jobs=None,
):
    """Modularity and explicitness on freshly sampled points, by disentanglement_lib's protocol.

    Args:
        ground_truth_data: object with `sample(num, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        num_train, num_test: numbers of sampled points to fit and to test.
        batch_size: points drawn at once (it decides which points are drawn).
        num_bins, sklearn_era, n_jobs: as in `modularity_explicitness`.

    Returns:
        The dict of `modularity_explicitness`.

    Raises:
        UserError: as `modularity_explicitness`; also for a data set without factors and numbers below 1.

    References: Ridgeway & Mozer 2018, Sec. 3; Locatello et al. 2019, disentanglement_lib,
    `modularity_explicitness`.
    """
    del artifact_dir
    predictors.check_era(sklearn_era)
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    points = utils.draw_points(
        ground_truth_data, representation_function, [num_train, num_test], random_state, batch_size, _NAME
    )
    return _score(points, num_bins, sklearn_era, utils.estimator_seed(random_state), n_jobs)


def modularity_explicitness(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    train_share: float = 2 / 3,
    num_bins: int = 20,
    sklearn_era: str = "paper",
    n_jobs: int | None = None,
) -> Scores:
    """Modularity and explicitness of codes [N, D] and factors [N, F], split at random.

    Args:
        codes: [N, D], cut into `num_bins` equal-width bins for the modularity.
        factors: [N, F], taken as labels; real-valued ones are cut into 20 equal-width bins first.
        random_state: seed or `np.random.RandomState` that splits the points.
        train_share: share of the points that are fitted; the others test.
        num_bins: equal-width bins per latent.
        sklearn_era: "paper" or "current" defaults of scikit-learn's logistic regression; the explicitness
            depends on it in the second digit.
        n_jobs: processes over the factors, as in joblib.

    Returns:
        dict of floats: "modularity_score", see `modularity`; "explicitness_score_train" and
        "explicitness_score_test", the mean over the factors of `explicitness_per_factor`. Factors with a single
        value are left out of all three. Where there are any, "constant_factors", names or numbers of those left
        out, and "binned_factors" with "num_factor_bins".

    Raises:
        UserError: for arrays that do not fit or are not finite, or factors of which none varies.

    References: Ridgeway & Mozer 2018, Sec. 3.
    """
    predictors.check_era(sklearn_era)
    random_state = as_random_state(random_state)
    points = utils.split_points(codes, factors, train_share, random_state, _NAME)
    return _score(points, num_bins, sklearn_era, utils.estimator_seed(random_state), n_jobs)


def _score(points, num_bins, sklearn_era, seed, n_jobs):
    mus_train, ys_train, mus_test, ys_test = points.parts
    bins = utils.histogram_discretize(mus_train, num_bins)
    information = utils.discrete_mutual_info(bins, ys_train)  # [D, F]
    mus_train, mean, stddev = utils.normalize_data(mus_train)
    mus_test, _, _ = utils.normalize_data(mus_test, mean, stddev)

    def classifier():
        return predictors.logistic_regression(sklearn_era, seed)

    fitted = predictors.fit_each(classifier, mus_train, ys_train, n_jobs)
    areas = np.array(
        [
            [_mean_area(f, mus_train.T, y_train), _mean_area(f, mus_test.T, y_test)]
            for f, y_train, y_test in zip(fitted, ys_train, ys_test, strict=True)
        ]
    )  # [F, 2]
    train, test = (float(np.mean(a[~np.isnan(a)])) if (~np.isnan(a)).any() else np.nan for a in areas.T)
    return {
        "modularity_score": modularity(information),
        "explicitness_score_train": train,
        "explicitness_score_test": test,
        **points.note,
    }


def explicitness_per_factor(mus_train, y_train, mus_test, y_test, sklearn_era="paper", random_state=0):
    """Area under the ROC curve of logistic regression, mean over the values, for one factor.

    A value that is missing among the points at hand has no area and is left out; without any the result is
    NaN. (disentanglement_lib fails there.)

    Args:
        mus_train, mus_test: standardised codes [D, N]; y_train, y_test: values of the factor [N].

    Returns:
        the area on the training and on the test points.
    """
    classifier = predictors.logistic_regression(sklearn_era, random_state)
    fitted = predictors.fit(classifier, mus_train.T, y_train)
    return _mean_area(fitted, mus_train.T, y_train), _mean_area(fitted, mus_test.T, y_test)


def _mean_area(fitted, codes, values):
    from scipy.stats import rankdata

    positive = values[:, None] == fitted.classes  # [N, K]
    ranks = rankdata(fitted.predict_proba(codes), axis=0)
    num = positive.sum(axis=0)
    known = (num > 0) & (num < len(values))
    num, wins = num[known], (ranks * positive).sum(axis=0)[known] - num[known] * (num[known] + 1) / 2
    return float(np.mean(wins / (num * (len(values) - num)))) if known.any() else np.nan


def modularity_per_code(mutual_information):
    """1 - the share of squared mutual information a code spends on other factors than its own: [D].

    A code that knows nothing has 0. With one factor the share is 0/0, NaN.

    Args:
        mutual_information: [D, F], any unit.

    References: Ridgeway & Mozer 2018, Sec. 3.
    """
    squared = np.square(mutual_information)
    largest = squared.max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = 1.0 - (squared.sum(axis=1) - largest) / (largest * (squared.shape[1] - 1.0))
    return np.where(largest == 0, 0.0, scores)


def modularity(mutual_information):
    """Mean over all codes of `modularity_per_code`; codes that know nothing count, and pull it down."""
    return float(np.mean(modularity_per_code(mutual_information)))
