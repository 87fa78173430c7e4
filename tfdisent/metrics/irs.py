"""Interventional robustness: how little a latent moves while one factor is fixed and the others change."""

import numpy as np

from tfdisent.checks import number
from tfdisent.metrics import utils
from tfdisent.metrics.arguments import (
    ArrayLike,
    Scores,
    Seed,
    as_random_state,
    check_codes_and_factors,
    check_protocol,
)
from tfdisent.metrics.labels import label_factors

__all__ = ["compute_irs", "irs", "scalable_disentanglement_score"]

_NAME = "The interventional robustness score"


def compute_irs(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    diff_quantile=0.99,
    num_train=10000,
    batch_size=16,
    num_bins=20,
):
    """Interventional robustness score on freshly sampled points, with disentanglement_lib's value.

    Args:
        ground_truth_data: object with `sample(num, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        diff_quantile, num_bins: as in `irs`.
        num_train: N, number of sampled points.
        batch_size: points drawn at once (it decides which points are drawn).

    Returns:
        The dict of `irs`.

    Raises:
        UserError: as `irs`; also for a data set without factors and numbers below 1.

    References: Suter et al. 2019; Locatello et al. 2019, disentanglement_lib, `irs`.
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    codes, factors = utils.generate_batch_factor_code(
        ground_truth_data, representation_function, num_train, random_state, batch_size
    )
    return irs(codes.T, factors.T, 0, diff_quantile, num_bins)


def irs(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    diff_quantile: float = 0.99,
    num_bins: int = 20,
) -> Scores:
    """Interventional robustness score of codes [N, D] and factors [N, F].

    Args:
        codes: [N, D].
        factors: [N, F]; their values are cut into bins, too, so real-valued ones are welcome. One
            with a single value counts, as in disentanglement_lib.
        random_state: unused, nothing is drawn; every score has it.
        diff_quantile: which quantile of the deviations in a group counts; 1 is the paper's maximum.
        num_bins: equal-width bins per factor.

    Returns:
        dict: "IRS", 0 if all codes are constant; "num_active_dims", which (as in disentanglement_lib) is the
        sum of the values of all codes that vary; "num_active_codes", their number.

    Raises:
        UserError: for arrays that do not fit or are not finite, a quantile outside [0, 1], or factors of
            which none varies.

    References: Suter et al. 2019.
    """
    as_random_state(random_state)
    diff_quantile = number("diff_quantile", diff_quantile, 0, 1)
    codes, factors = check_codes_and_factors(codes, factors, _NAME)
    label_factors(factors, _NAME, if_real="keep")
    bins = utils.histogram_discretize(factors.T, num_bins)
    active = _drop_constant_dims(codes.T)  # [D active, N]
    score = 0.0
    if active.any():
        score = scalable_disentanglement_score(bins.T, active.T, diff_quantile)["avg_score"]
    return {"IRS": float(score), "num_active_dims": float(np.sum(active)), "num_active_codes": len(active)}


def _drop_constant_dims(ys):
    return ys[ys.var(axis=1) > 0.0]


def scalable_disentanglement_score(gen_factors, latents, diff_quantile=0.99):
    """Interventional robustness of latents [N, D] that vary, for factors [N, F] with finitely many values.

    Entry [d, f] of the matrix is 1 - the quantile of |z_d - its mean at a value of factor f|, averaged over
    the values, relative to the largest |z_d - its mean|.

    Returns:
        dict: "IRS_matrix" [D, F]; "max_deviations" [D]; "disentanglement_scores", its row maxima [D];
        "parents", their factors [D]; "avg_score", their mean weighted by the largest deviations.

    References: Suter et al. 2019.
    """
    max_deviations = np.max(np.abs(latents - latents.mean(axis=0)), axis=0)  # [D]
    deviations = np.zeros((latents.shape[1], gen_factors.shape[1]))
    for i, factor in enumerate(gen_factors.T):
        values = np.unique(factor)
        for value in values:
            group = latents[factor == value]
            differences = np.abs(group - np.mean(group, axis=0))
            deviations[:, i] += np.percentile(differences, q=diff_quantile * 100, axis=0)
        deviations[:, i] /= len(values)
    matrix = 1.0 - deviations / max_deviations[:, np.newaxis]
    scores = matrix.max(axis=1)
    weights = max_deviations if np.sum(max_deviations) > 0.0 else None
    return {
        "disentanglement_scores": scores,
        "avg_score": np.average(scores, weights=weights),
        "parents": matrix.argmax(axis=1),
        "IRS_matrix": matrix,
        "max_deviations": max_deviations,
    }
