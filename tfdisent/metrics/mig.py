"""Mutual information gap: how much more the best latent knows about a factor than the second best."""

import numpy as np

from tfdisent.metrics import utils

__all__ = ["compute_mig", "compute_mig_on_fixed_data", "mig", "mutual_information_gaps"]


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
    utils.check_has_factors(ground_truth_data, "The mutual information gap")
    codes, factors = utils.generate_batch_factor_code(
        ground_truth_data, representation_function, num_train, random_state, batch_size
    )
    return mig(codes.T, factors.T, num_bins)


def compute_mig_on_fixed_data(observations, labels, representation_function, batch_size=100, num_bins=20):
    """Mutual information gap of given observations [N, ...] and labels [F, N]: the dict of `mig`.

    References: Locatello et al. 2020, disentanglement_lib, `mig_validation`.
    """
    codes, labels = utils.fixed_codes_and_labels(
        observations, labels, representation_function, batch_size, "The mutual information gap", at_least=2
    )
    return mig(codes.T, labels.T, num_bins)


def mig(codes, factors, num_bins=20):
    """Mutual information gap of codes [N, D] and factors [N, F].

    With fewer bins than a factor has values even perfect codes stay below 1 (about 0.9 on dSprites).

    Returns:
        `"discrete_mig"`: mean over the factors, NaN (as in disentanglement_lib) if one of them never changes;
        then `"discrete_mig_varying_factors"`, the mean over the others, stands beside it.

    Raises:
        UserError: see `mutual_information_gaps`.

    References: Chen et al. 2018, Sec. 4.1; Zietlow 2022, eq. (2.8).
    """
    gaps = mutual_information_gaps(codes, factors, num_bins)
    scores = {"discrete_mig": float(np.mean(gaps))}
    constant = np.isnan(gaps)
    if constant.any() and not constant.all():
        scores["discrete_mig_varying_factors"] = float(np.mean(gaps[~constant]))
    return scores


def mutual_information_gaps(codes, factors, num_bins=20):
    """Per factor, (largest - second largest mutual information with a latent) / entropy of the factor: [F].

    The unit cancels. A factor that never changes has entropy 0 and gap NaN.

    Args:
        codes: [N, D], real numbers; each latent is cut into `num_bins` equal-width bins.
        factors: [N, F], each with finitely many values, taken as labels.

    Raises:
        UserError: for fewer than two latents, values that are not finite, different N, or real-valued
            factors.

    References: Chen et al. 2018, Sec. 4.1; Zietlow 2022, eq. (2.8).
    """
    codes, factors = utils.check_codes_and_factors(codes, factors, "The mutual information gap")
    utils.check_labels(factors, "The mutual information gap")
    bins = utils.histogram_discretize(codes.T, num_bins)
    information = np.sort(utils.discrete_mutual_info(bins, factors.T), axis=0)  # [D, F]
    with np.errstate(invalid="ignore"):
        return (information[-1] - information[-2]) / utils.discrete_entropy(factors.T)
