"""Mutual information gap: how much more the best latent knows about a factor than the second best."""

import numpy as np

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
from tfdisent.metrics.labels import label_factors

__all__ = ["compute_mig", "compute_mig_on_fixed_data", "mig", "mutual_information_gaps"]

_NAME = "The mutual information gap"


def compute_mig(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_train=10000,
    batch_size=16,
    num_bins=20,
):
    """Mutual information gap on freshly sampled points, by disentanglement_lib's protocol and with its value.

    Args:
        ground_truth_data: object with `sample(num, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        num_train: N, number of sampled points.
        batch_size: points drawn at once (it decides which points are drawn).
        num_bins: equal-width bins per latent.

    Returns:
        The dict of `mig`.

    Raises:
        UserError: as `mutual_information_gaps`; also for a data set without factors and numbers below 1.

    References: Chen et al. 2018, Sec. 4.1; Locatello et al. 2019, disentanglement_lib, `mig`.
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    points = utils.draw_points(
        ground_truth_data, representation_function, [num_train], random_state, batch_size, _NAME, at_least=2
    )
    return _score(points, num_bins)


def compute_mig_on_fixed_data(observations, labels, representation_function, batch_size=100, num_bins=20):
    """Mutual information gap of given observations [N, ...] and labels [F, N]: the dict of `mig`.

    References: Locatello et al. 2020, disentanglement_lib, `mig_validation`.
    """
    points = utils.fixed_points(observations, labels, representation_function, batch_size, _NAME, at_least=2)
    return _score(points, num_bins)


def mig(codes: ArrayLike, factors: ArrayLike, random_state: Seed = 0, num_bins: int = 20) -> Scores:
    """Mutual information gap of codes [N, D] and factors [N, F].

    With fewer bins than a factor has values even perfect codes stay below 1 (about 0.9 on dSprites).

    Args:
        codes: [N, D >= 2], real numbers; each latent is cut into `num_bins` equal-width bins.
        factors: [N, F], taken as labels; real-valued ones are cut into 20 equal-width bins first.
        random_state: unused, nothing is drawn; every score has it.
        num_bins: equal-width bins per latent.

    Returns:
        "discrete_mig", the mean over the factors that vary; "constant_factors", the names or numbers of the
        others, and "binned_factors" with "num_factor_bins", where there are any. (disentanglement_lib prints NaN
        under "discrete_mig" as soon as one factor has a single value.)

    Raises:
        UserError: for fewer than two latents, values that are not finite, different N, factors of which none
            varies, or whole numbers that are hardly ever the same twice.

    References: Chen et al. 2018, Sec. 4.1; Zietlow 2022, eq. (2.8).
    """
    as_random_state(random_state)
    labelled, gaps = _labelled_gaps(codes, factors, num_bins)
    return {"discrete_mig": float(np.mean(gaps)), **labelled.note}


def mutual_information_gaps(codes: ArrayLike, factors: ArrayLike, num_bins: int = 20) -> np.ndarray:
    """Per factor, (largest - second largest mutual information with a latent) / entropy of the factor: [F].

    The unit cancels. A factor that never changes has entropy 0 and gap NaN.

    Args:
        codes, factors, num_bins: as in `mig`.

    Raises:
        UserError: as `mig`.

    References: Chen et al. 2018, Sec. 4.1; Zietlow 2022, eq. (2.8).
    """
    labelled, gaps = _labelled_gaps(codes, factors, num_bins)
    every = np.full(np.shape(factors)[1], np.nan)
    every[labelled.kept] = gaps
    return every


def _labelled_gaps(codes, factors, num_bins):
    names = column_names(factors)
    codes, factors = check_codes_and_factors(codes, factors, _NAME, at_least=2)
    labelled = label_factors(factors, _NAME, names, None, len(factors))
    return labelled, _gaps(codes.T, labelled.values.T, num_bins)


def _score(points, num_bins):
    return {"discrete_mig": float(np.mean(_gaps(*points.parts, num_bins))), **points.note}


def _gaps(mus, ys, num_bins):
    """Gaps [F] of codes [D, N] and factors [F, N] that vary."""
    bins = utils.histogram_discretize(mus, num_bins)
    information = np.sort(utils.discrete_mutual_info(bins, ys), axis=0)  # [D, F]
    return (information[-1] - information[-2]) / utils.discrete_entropy(ys)
