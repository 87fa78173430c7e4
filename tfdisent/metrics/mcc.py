"""Mean correlation coefficient (MCC): codes matched to factors one to one, then correlated."""

import numpy as np

from tfdisent.checks import choice
from tfdisent.errors import UserError
from tfdisent.metrics import utils
from tfdisent.metrics.arguments import (
    ArrayLike,
    Scores,
    Seed,
    as_random_state,
    check_codes_and_factors,
    check_protocol,
    column_names,
)
from tfdisent.metrics.labels import label_factors, label_factors_of

__all__ = ["compute_mcc", "correlation_matrix", "mcc"]

_NAME = "The mean correlation coefficient"
_METHODS = ("pearson", "spearman")


def compute_mcc(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_train=10000,
    batch_size=16,
):
    """Mean correlation coefficients on freshly sampled points.

    Args:
        ground_truth_data: object with `sample(num, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        num_train: N, number of sampled points.
        batch_size: points drawn at once (it decides which points are drawn).

    Returns:
        The dict of `mcc`.

    Raises:
        UserError: as `mcc`; also for a data set without factors and numbers below 1.

    References: Hyvarinen & Morioka 2016; Khemakhem et al. 2020.
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    codes, factors = utils.generate_batch_factor_code(
        ground_truth_data, representation_function, num_train, random_state, batch_size
    )
    codes, factors = check_codes_and_factors(codes.T, factors.T, _NAME)
    return _score(codes, factors, label_factors_of(ground_truth_data, factors, _NAME, "keep").note)


def mcc(codes: ArrayLike, factors: ArrayLike, random_state: Seed = 0) -> Scores:
    """Mean correlation coefficients of codes [N, D] and factors [N, F].

    |Correlations| are summed over the one-to-one assignment of codes to factors that makes the sum largest.
    A factor without a code (D < F) counts 0, and a factor that never changes is left out. A code that never
    changes correlates with nothing.

    Args:
        codes: [N, D], real numbers.
        factors: [N, F], real or whole numbers, whose order must mean something.
        random_state: unused, nothing is drawn; every score has it.

    Returns:
        dict: "mcc_pearson" and "mcc_spearman" in [0, 1];
        "mcc_pearson_per_factor" and "mcc_spearman_per_factor", F numbers, NaN for factors that never change;
        "assignment_pearson" and "assignment_spearman", the latent of each factor or -1, F numbers;
        "constant_factors", names or numbers of those left out, where there are any.

    Raises:
        UserError: for arrays that do not fit or are not finite, or factors of which none varies.

    References: Hyvarinen & Morioka 2016; Khemakhem et al. 2020.
    """
    as_random_state(random_state)
    names = column_names(factors)
    codes, factors = check_codes_and_factors(codes, factors, _NAME)
    return _score(codes, factors, label_factors(factors, _NAME, names, if_real="keep").note)


def _score(codes, factors, note):
    from scipy.optimize import linear_sum_assignment

    varying = np.ptp(factors, axis=0) > 0
    scores = {}
    for method in _METHODS:
        correlations = np.abs(correlation_matrix(codes, factors, method))  # [D, F]
        latents, matched = linear_sum_assignment(correlations, maximize=True)
        per_factor = np.where(varying, 0.0, np.nan)
        per_factor[matched] = np.where(varying[matched], correlations[latents, matched], np.nan)
        assignment = np.full(factors.shape[1], -1)
        assignment[matched] = np.where(correlations[latents, matched] > 0, latents, -1)
        scores[f"mcc_{method}"] = float(np.mean(per_factor[varying]))
        scores[f"mcc_{method}_per_factor"] = per_factor.tolist()
        scores[f"assignment_{method}"] = assignment.tolist()
    return scores | note


def correlation_matrix(codes, factors, method="pearson"):
    """Correlation of every column of codes [N, D] with every column of factors [N, F]: [D, F].

    Args:
        method: "pearson", or "spearman": Pearson's of the ranks, tied values sharing their mean rank.

    Returns:
        entries in [-1, 1]; 0 where a column is constant.

    Raises:
        UserError: for another method, or fewer than two points.
    """
    choice("method", method, _METHODS)
    if len(codes) < 2:
        raise UserError(f"A correlation needs at least 2 points. Received: {len(codes)}")
    if method == "spearman":
        from scipy.stats import rankdata

        codes, factors = rankdata(codes, axis=0), rankdata(factors, axis=0)
    codes, factors = _standardise(codes), _standardise(factors)
    return np.clip(codes.T @ factors, -1.0, 1.0)


def _standardise(values):
    """Columns of [N, .] with mean 0 and norm 1; zeros for a constant column."""
    values = np.asarray(values, dtype=np.float64)
    largest = np.max(np.abs(values), axis=0)
    values = values / np.where(largest > 0, largest, 1.0)
    constant = np.ptp(values, axis=0) == 0
    values = values - values.mean(axis=0)
    norms = np.linalg.norm(values, axis=0)
    return np.where(constant, 0.0, values / np.where(constant | (norms == 0), 1.0, norms))
