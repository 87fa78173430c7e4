"""SAP score: how much better the best latent alone predicts a factor than the second best."""

import numpy as np

from tfdisent.checks import truth
from tfdisent.metrics import predictors, utils
from tfdisent.metrics.arguments import (
    ArrayLike,
    Scores,
    Seed,
    as_random_state,
    check_codes_and_factors,
    check_protocol,
    column_names,
)
from tfdisent.metrics.labels import label_factors

__all__ = [
    "compute_avg_diff_top_two",
    "compute_sap",
    "compute_sap_on_fixed_data",
    "compute_score_matrix",
    "sap_score",
]

_NAME = "The SAP score"
_IF_REAL = "set continuous_factors=True, which takes squared correlations"


def compute_sap(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_train=10000,
    num_test=5000,
    batch_size=16,
    continuous_factors=False,
    sklearn_era="paper",
    n_jobs=None,
):
    """SAP score on freshly sampled points, by disentanglement_lib's protocol.

    Args:
        ground_truth_data: object with `sample(num, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        num_train, num_test: numbers of sampled points to fit and to test.
        batch_size: points drawn at once (it decides which points are drawn).
        continuous_factors, sklearn_era, n_jobs: as in `sap_score`.

    Returns:
        The dict of `sap_score`.

    Raises:
        UserError: as `sap_score`; also for a data set without factors and numbers below 1.

    References: Kumar et al. 2018, Sec. 3; Locatello et al. 2019, disentanglement_lib, `sap_score`.
    """
    del artifact_dir
    predictors.check_era(sklearn_era)
    if_real = "keep" if truth("continuous_factors", continuous_factors) else _IF_REAL
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    points = utils.draw_points(
        ground_truth_data,
        representation_function,
        [num_train, num_test],
        random_state,
        batch_size,
        _NAME,
        2,
        if_real,
    )
    return _score(points, continuous_factors, sklearn_era, utils.estimator_seed(random_state), n_jobs)


def compute_sap_on_fixed_data(
    observations,
    labels,
    representation_function,
    train_percentage,
    continuous_factors=False,
    batch_size=100,
    sklearn_era="paper",
    random_state=0,
    n_jobs=None,
):
    """SAP score of given observations [N, ...] and labels [F, N], the first `train_percentage` to fit.

    References: Locatello et al. 2020, disentanglement_lib, `sap_score_validation`.
    """
    if_real = "keep" if truth("continuous_factors", continuous_factors) else _IF_REAL
    points = utils.fixed_points(
        observations, labels, representation_function, batch_size, _NAME, train_percentage, 2, if_real
    )
    return _score(points, continuous_factors, sklearn_era, random_state, n_jobs)


def sap_score(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    train_share: float = 2 / 3,
    continuous_factors: bool = False,
    sklearn_era: str = "paper",
    n_jobs: int | None = None,
) -> Scores:
    """SAP score of codes [N, D] and factors [N, F], split at random.

    For discrete factors the prediction is the test accuracy of a linear support vector machine on one code;
    one class against the rest, it cannot separate more than three values on a line, so that even perfect
    codes stay far below 1. For continuous ones it is the squared correlation on the training points.

    Args:
        codes: [N, D >= 2]; factors: [N, F].
        random_state: seed or `np.random.RandomState` that splits the points and seeds the machines.
        train_share: share of the points that are fitted; the others test.
        continuous_factors: whether the factors are real numbers instead of labels.
        sklearn_era: "paper" or "current" defaults of scikit-learn; they differ in the fourth digit.
        n_jobs: processes over the codes, as in joblib.

    Returns:
        "SAP_score", the mean gap over the factors that vary, and "constant_factors", the names or numbers of the
        others, where there are any. (disentanglement_lib fails on a factor with a single value, or prints NaN if
        factors are continuous.)

    Raises:
        UserError: for fewer than two latents, arrays that do not fit or are not finite, factors of which none
            varies, or real-valued factors that are to be labels.

    References: Kumar et al. 2018, Sec. 3.
    """
    random_state = as_random_state(random_state)
    if truth("continuous_factors", continuous_factors):
        names = column_names(factors)
        codes, factors = check_codes_and_factors(codes, factors, _NAME, at_least=2)
        values, kept, note = label_factors(factors, _NAME, names, if_real="keep")
        points = utils.Points((codes.T, values.T, codes.T, values.T), kept, note)
    else:
        points = utils.split_points(codes, factors, train_share, random_state, _NAME, 2, _IF_REAL)
    return _score(points, continuous_factors, sklearn_era, utils.estimator_seed(random_state), n_jobs)


def _score(points, continuous_factors, sklearn_era, seed, n_jobs):
    matrix = compute_score_matrix(*points.parts, continuous_factors, sklearn_era, seed, n_jobs)
    return {"SAP_score": compute_avg_diff_top_two(matrix), **points.note}


def compute_score_matrix(
    mus, ys, mus_test, ys_test, continuous_factors, sklearn_era="paper", random_state=0, n_jobs=None
):
    """How well each code alone predicts each factor: accuracies, or squared correlations, [D, F].

    Args:
        mus, mus_test: codes [D, N]; ys, ys_test: factors [F, N].
        continuous_factors, sklearn_era, n_jobs: as in `sap_score`.
        random_state: seed of the support vector machines.
    """
    if continuous_factors:
        return np.array([[_squared_correlation(mu, y) for y in ys] for mu in mus])

    from joblib import delayed

    predictors.check_jobs(n_jobs)
    codes = zip(mus, mus_test, strict=True)
    rows = (delayed(_accuracies)(mu, ys, test, ys_test, sklearn_era, random_state) for mu, test in codes)
    return np.array(predictors.parallel(n_jobs)(rows))


def _accuracies(mu, ys, mu_test, ys_test, sklearn_era, seed):
    fitted = predictors.fit_each(lambda: predictors.linear_svc(sklearn_era, seed), mu[None], ys)
    return predictors.accuracies(fitted, mu_test[None], ys_test)


def compute_avg_diff_top_two(matrix):
    """Mean over the factors of the largest minus the second largest entry of each column of [D, F]."""
    ordered = np.sort(matrix, axis=0)
    return float(np.mean(ordered[-1] - ordered[-2]))


def _squared_correlation(mu, y):
    covariance = np.cov(mu, y, ddof=1)
    if covariance[0, 0] <= 1e-12 or covariance[1, 1] == 0:
        return 0.0
    return covariance[0, 1] ** 2 / (covariance[0, 0] * covariance[1, 1])
