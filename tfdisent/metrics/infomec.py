"""InfoMEC: modularity, explicitness and compactness, all from information relative to that of the factor."""

import numpy as np

from tfdisent.checks import truth
from tfdisent.errors import UserError
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

__all__ = ["compute_infomec", "infomec", "normalised_mutual_information"]

_NAME = "The InfoMEC score"
_NEIGHBOURS = 10
_ACTIVE = 1 / 20  # of the largest range: latents with a smaller one are left out


def compute_infomec(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_train=10000,
    batch_size=16,
    discrete_latents=False,
    n_jobs=None,
):
    """InfoMEC on freshly sampled points.

    Args:
        ground_truth_data: object with `sample(num, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        num_train: N, number of sampled points.
        batch_size: points drawn at once (it decides which points are drawn).
        discrete_latents, n_jobs: as in `infomec`.

    Returns:
        The dict of `infomec`.

    Raises:
        UserError: as `infomec`; also for a data set without factors and numbers below 1.

    References: Hsu et al. 2023.
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    points = utils.draw_points(
        ground_truth_data, representation_function, [num_train], random_state, batch_size, _NAME
    )
    return _score(points, random_state, discrete_latents, n_jobs)


def infomec(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    discrete_latents: bool = False,
    n_jobs: int | None = None,
) -> Scores:
    """InfoMEC of codes [N, D] and factors [N, F], with the estimators of the authors' code.

    Information about continuous codes is estimated from 10 nearest neighbours, and explicitness by
    unpenalised logistic regression with balanced classes on the points themselves.

    Args:
        codes: [N, D]. Those whose range is at most 1/20 of the largest (0, if discrete) are left out of infom
            and infoc.
        factors: [N, F], taken as labels; constant ones are left out, and real-valued ones are cut into 20
            equal-width bins first.
        random_state: seed or `np.random.RandomState` that seeds the estimator's jitter, and is left as it was.
        discrete_latents: whether the codes have finitely many values, taken as labels.
        n_jobs: processes over the factors, as in joblib.

    Returns:
        dict of floats: "infom", mean over codes of the share of their information that is about one factor,
        and "infoc", mean over factors of the share that is in one code, both rescaled so that an even share
        gives 0; "infoe", mean over factors of 1 - cross entropy / cross entropy without codes.
        With one factor infom is 1, with one code infoc; without codes that vary all are 0.
        Where there are any, "constant_factors", names or numbers of those left out, and "binned_factors" with
        "num_factor_bins".

    Raises:
        UserError: for arrays that do not fit or are not finite, or factors of which none varies.

    References: Hsu et al. 2023.
    """
    random_state = as_random_state(random_state)
    names = column_names(factors)
    codes, factors = check_codes_and_factors(codes, factors, _NAME)
    values, kept, note = label_factors(factors, _NAME, names, None, len(factors))
    return _score(utils.Points((codes.T, values.T), kept, note), random_state, discrete_latents, n_jobs)


def _score(points, random_state, discrete_latents, n_jobs):
    codes, factors = (part.T for part in points.parts)
    ranges = np.ptp(codes, axis=0)
    active = ranges > (0 if truth("discrete_latents", discrete_latents) else ranges.max() * _ACTIVE)
    if not active.any():
        return {"infom": 0.0, "infoe": 0.0, "infoc": 0.0, **points.note}
    seed = utils.estimator_seed(random_state)
    information = normalised_mutual_information(codes[:, active], factors, discrete_latents, seed)
    return {
        "infom": _concentration(information),
        "infoe": float(np.mean(_explained(codes, factors, discrete_latents, n_jobs))),
        "infoc": _concentration(information.T),
        **points.note,
    }


def normalised_mutual_information(codes, factors, discrete_latents=False, random_state=0):
    """Mutual information of codes [N, D] and factors [N, F] over the entropy of the factor: [D, F].

    References: Ross 2014 for continuous codes, as in scikit-learn.
    """
    from sklearn.feature_selection import mutual_info_classif

    if discrete_latents:
        return utils.discrete_mutual_info(codes.T, factors.T) / utils.discrete_entropy(factors.T)
    for factor in factors.T:
        if np.unique(factor, return_counts=True)[1].max() < 2:
            raise UserError(
                f"{_NAME} looks for neighbours among points of the same value, so a value must occur twice; use more "
                f"points. Received: {len(factors)} points."
            )
    neighbours = min(_NEIGHBOURS, len(codes) - 1)
    codes = utils.normalize_data(codes.T)[0].T
    information = [
        mutual_info_classif(codes, labels, n_neighbors=neighbours, random_state=random_state)
        for labels in (np.unique(factor, return_inverse=True)[1] for factor in factors.T)
    ]
    return np.stack(information, axis=1) / utils.discrete_entropy(factors.T)


def _concentration(information):
    """Mean over rows of largest / sum, rescaled so that an even row of [., n] gives 0 and a lone entry 1."""
    num = information.shape[1]
    if num == 1:
        return 1.0
    total = information.sum(axis=1)
    shares = np.where(total > 0, information.max(axis=1) / np.where(total > 0, total, 1.0), 1 / num)
    return float((np.mean(shares) - 1 / num) / (1 - 1 / num))


def _explained(codes, factors, discrete_latents, n_jobs):
    """1 - cross entropy / log K of every factor; classes are balanced, so nothing known is log K: list of F."""
    from sklearn.linear_model import LogisticRegression

    if discrete_latents:
        codes = np.concatenate([z[:, None] == np.unique(z) for z in codes.T], axis=1).astype(np.float64)
    else:
        codes = utils.normalize_data(codes.T)[0].T
    fitted = predictors.fit_each(
        lambda: LogisticRegression(C=np.inf, class_weight="balanced"), codes.T, factors.T, n_jobs
    )
    explained = []
    for classifier, values in zip(fitted, factors.T, strict=True):
        places = np.searchsorted(classifier.classes, values)
        probabilities = classifier.predict_proba(codes)[np.arange(len(values)), places]
        cross_entropy = -np.mean(np.log(np.maximum(probabilities, np.finfo(probabilities.dtype).eps)))
        explained.append(1.0 - cross_entropy / np.log(len(classifier.classes)))
    return explained
