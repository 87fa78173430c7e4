"""Unsupervised disentanglement ranking (UDR): models that find each other's latents again are disentangled."""

from typing import Any

import numpy as np

from tfdisent.checks import choice, number, shown, truth, whole_number
from tfdisent.errors import UserError
from tfdisent.metrics import utils
from tfdisent.metrics.arguments import MOST_POINTS, Scores, as_array, check_matrix, check_protocol
from tfdisent.metrics.mcc import correlation_matrix as _correlations

__all__ = [
    "compute_udr_sklearn",
    "lasso_correlation_matrix",
    "relative_strength_disentanglement",
    "spearman_correlation_conv",
    "udr",
]

_NAME = "UDR"
_THEIR_THRESHOLD = 0.01  # at which disentanglement_lib zeroes codes, whatever kl_filter_threshold says


def compute_udr_sklearn(
    ground_truth_data,
    representation_functions,
    random_state,
    batch_size=10,
    num_data_points=1000,
    correlation_matrix="lasso",
    filter_low_kl=True,
    include_raw_correlations=True,
    kl_filter_threshold=0.01,
):
    """UDR of several models on freshly sampled points, by disentanglement_lib's protocol.

    Args:
        ground_truth_data: object with `sample_observations(num, random_state)`; factors are not used.
        representation_functions: M functions, observations [B, ...] -> (codes [B, D], KL divergence of each
            latent from the prior, mean over the batch [D]).
        random_state: `np.random.RandomState`.
        batch_size: points drawn and encoded at once.
        num_data_points: N, a multiple of `batch_size`.
        correlation_matrix, filter_low_kl, include_raw_correlations, kl_filter_threshold: as in `udr`.

    Returns:
        The dict of `udr`.

    Raises:
        UserError: as `udr`; also if N is not a multiple of the batch size.

    References: Duan et al. 2020, Sec. 4; disentanglement_lib, `udr_sklearn`.
    """
    if not isinstance(representation_functions, (list, tuple)):
        raise UserError(
            "representation_functions must be a list of functions, one for each model. "
            f"Received: {shown(representation_functions)}."
        )
    random_state = check_protocol(
        ground_truth_data, representation_functions, random_state, _NAME, needs_factors=False
    )
    batch_size = whole_number("batch_size", batch_size, 1, MOST_POINTS)
    num_data_points = whole_number("num_data_points", num_data_points, 1, MOST_POINTS)
    if num_data_points % batch_size:
        raise UserError(
            f"num_data_points must be a multiple of batch_size. "
            f"Received: num_data_points={num_data_points}, batch_size={batch_size}"
        )
    codes, divergences = [[] for _ in representation_functions], [[] for _ in representation_functions]
    for _ in range(num_data_points // batch_size):
        observations = ground_truth_data.sample_observations(batch_size, random_state)
        for i, function in enumerate(representation_functions):
            batch, divergence = function(observations)
            codes[i].append(as_array("codes", batch))
            divergences[i].append(divergence)
    return udr(
        [np.concatenate(batches) for batches in codes],
        [np.mean(d, axis=0) for d in divergences],
        correlation_matrix,
        filter_low_kl,
        include_raw_correlations,
        kl_filter_threshold,
    )


def udr(
    codes: Any,
    divergences: Any = None,
    correlation_matrix: str = "lasso",
    filter_low_kl: bool = True,
    include_raw_correlations: bool = True,
    kl_filter_threshold: float = 0.01,
) -> Scores:
    """UDR of M >= 2 models from their codes of the same points.

    Args:
        codes: M arrays [N, D].
        divergences: M arrays [D], mean KL divergence (nats) of each latent from the prior; None takes all
            latents as informative.
        correlation_matrix: "lasso", coefficients that predict one model's codes from the other's, or
            "spearman".
        filter_low_kl: whether uninformative latents are left out of the comparison.
        include_raw_correlations: whether the matrices are returned.
        kl_filter_threshold: divergence above which a latent is informative. Apart from that codes are set to
            zero at 0.01, as in disentanglement_lib, which should be this number too; where it is another,
            "model_scores_own_threshold" is the value with codes set to zero at `kl_filter_threshold`.

    Returns:
        dict: "model_scores", M numbers, the median over the other models; "pairwise_disentanglement_scores"
        [M, M, 1]; "raw_correlations" [M, M, D, D], NaN for Spearman's where a code is constant; as nested
        lists. A pair without informative latents scores 0 (disentanglement_lib fails there).

    Raises:
        UserError: for fewer than two models, different numbers of points or latents, arrays that are not
            finite, or an unknown matrix.

    References: Duan et al. 2020, Sec. 4; no division by the number of latents, as in disentanglement_lib.
    """
    choice("correlation_matrix", correlation_matrix, ("lasso", "spearman"))
    truth("filter_low_kl", filter_low_kl)
    truth("include_raw_correlations", include_raw_correlations)
    kl_filter_threshold = number("kl_filter_threshold", kl_filter_threshold)
    codes, divergences = _check(codes, divergences)
    settings = (correlation_matrix, filter_low_kl, kl_filter_threshold)
    raw, pairs = _compare(codes, divergences, _THEIR_THRESHOLD, *settings)
    scores = {"raw_correlations": raw.tolist()} if include_raw_correlations else {}
    scores["pairwise_disentanglement_scores"] = pairs[..., None].tolist()
    scores["model_scores"] = _medians(pairs)
    if kl_filter_threshold != _THEIR_THRESHOLD:
        own = _compare(codes, divergences, kl_filter_threshold, *settings)[1]
        scores["model_scores_own_threshold"] = _medians(own)
    return scores


def _compare(codes, divergences, zero_threshold, kind, filter_low_kl, threshold):
    """Raw correlations [M, M, D, D] and pairwise scores [M, M]."""
    num_models, num_codes = len(codes), codes[0].shape[1]
    standard = [
        utils.normalize_data(z.T)[0].T * (d > zero_threshold) for z, d in zip(codes, divergences, strict=True)
    ]
    raw, pairs = np.zeros((num_models, num_models, num_codes, num_codes)), np.zeros((num_models, num_models))
    correlate = lasso_correlation_matrix if kind == "lasso" else spearman_correlation_conv
    for i in range(num_models):
        for j in range(num_models):
            if i == j:
                continue
            raw[i, j] = matrix = correlate(standard[i], standard[j])
            if filter_low_kl:
                matrix = matrix[divergences[i] > threshold][:, divergences[j] > threshold]
            pairs[i, j] = relative_strength_disentanglement(matrix)
    return raw, pairs


def _medians(pairs):
    return [float(np.median(np.delete(column, i))) for i, column in enumerate(pairs.T)]


def relative_strength_disentanglement(corr_matrix):
    """Mean over columns and over rows of [D, D'] of largest^2 / sum, 0 where the sum is; 0 if it is empty."""
    if corr_matrix.size == 0:
        return 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [
            np.mean(np.nan_to_num(np.max(corr_matrix, axis=axis) ** 2 / np.sum(corr_matrix, axis=axis)))
            for axis in (0, 1)
        ]
    return sum(means) / 2


def spearman_correlation_conv(vec1, vec2):
    """|Rank correlation| of the columns of [N, D] and [N, D']: [D, D'], NaN for constant columns."""
    correlations = np.abs(_correlations(vec1, vec2, "spearman"))
    correlations[np.ptp(vec1, axis=0) == 0] = np.nan
    correlations[:, np.ptp(vec2, axis=0) == 0] = np.nan
    return correlations


def lasso_correlation_matrix(vec1, vec2, random_state=None):
    """|Coefficients| of predicting columns of [N, D'] from [N, D] under an L1 penalty of 0.1: [D, D']."""
    from sklearn.linear_model import Lasso

    coefficients = Lasso(alpha=0.1, random_state=random_state).fit(vec1, vec2).coef_
    return np.abs(np.reshape(coefficients, (vec2.shape[1], vec1.shape[1]))).T


def _check(codes, divergences):
    if not isinstance(codes, (list, tuple)) and np.ndim(codes) != 3:
        raise UserError(
            f"UDR compares the codes of at least two models, a list of arrays [N, D]. Received: {shown(codes)}."
        )
    codes = [check_matrix(f"codes of model {i}", z).astype(np.float64) for i, z in enumerate(codes)]
    shapes = {z.shape for z in codes}
    if len(codes) < 2 or len(shapes) > 1:
        raise UserError(
            f"UDR compares at least two models by codes of the same shape [N, D]. "
            f"Received: {len(codes)} models of shapes {sorted(shapes)}"
        )
    num_codes = codes[0].shape[1]
    if divergences is None:
        divergences = [np.full(num_codes, np.inf)] * len(codes)
    divergences = [as_array("divergences", d).astype(np.float64) for d in divergences]
    if len(divergences) != len(codes) or any(
        d.shape != (num_codes,) or np.isnan(d).any() for d in divergences
    ):
        raise UserError(
            f"divergences must hold {len(codes)} arrays of {num_codes} numbers, one per latent. "
            f"Received: shapes {[d.shape for d in divergences]}"
        )
    return codes, divergences
