"""How far the codes are from independent, without any factor: Gaussian correlations, mutual information."""

import numpy as np

from tfdisent.errors import UserError
from tfdisent.metrics import utils
from tfdisent.metrics.arguments import ArrayLike, Scores, Seed, as_random_state, check_codes, check_protocol

__all__ = [
    "gaussian_total_correlation",
    "gaussian_wasserstein_correlation",
    "kl_gaussians_numerically_unstable",
    "unsupervised_metrics",
    "unsupervised_scores",
]

_NAME = "The unsupervised score"


def unsupervised_metrics(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_train=10000,
    batch_size=16,
    num_bins=20,
):
    """Unsupervised scores on freshly sampled points, with disentanglement_lib's values.

    Args:
        ground_truth_data: object with `sample(num, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        num_train: N, number of sampled points.
        batch_size: points drawn at once (it decides which points are drawn).
        num_bins: equal-width bins per latent.

    Returns:
        The dict of `unsupervised_scores`.

    Raises:
        UserError: as `unsupervised_scores`; also for numbers below 1.

    References: Locatello et al. 2019, disentanglement_lib, `unsupervised_metrics`.
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME, False)
    codes, _ = utils.generate_batch_factor_code(
        ground_truth_data, representation_function, num_train, random_state, batch_size
    )
    return unsupervised_scores(codes.T, num_bins=num_bins)


def unsupervised_scores(
    codes: ArrayLike, factors: ArrayLike | None = None, random_state: Seed = 0, num_bins: int = 20
) -> Scores:
    """Unsupervised scores of codes [N, D]; all are 0 for independent codes.

    Args:
        codes: [N, D].
        factors, random_state: unused; every score of arrays has them.
        num_bins: equal-width bins per latent.

    Returns:
        dict of floats: "gaussian_total_correlation" (nats); "gaussian_wasserstein_correlation" (squared unit
        of the codes) and "gaussian_wasserstein_correlation_norm", relative to the total variance;
        "mutual_info_score" (nats), mean over the pairs of codes, 0 for a single code.
        A constant code is left out of the total correlation (disentanglement_lib prints NaN), and
        "constant_codes" holds its number. Codes that depend linearly on each
        other have an infinite total correlation.

    Raises:
        UserError: for an array that does not fit or is not finite, or a single point.

    References: Locatello et al. 2019, Sec. 4.
    """
    as_random_state(random_state)
    codes = check_codes(codes, _NAME).T
    if codes.shape[1] < 2:
        raise UserError(f"A covariance needs at least 2 points. Received: {codes.shape[1]}")
    covariance = np.atleast_2d(np.cov(codes))
    wasserstein, variance = gaussian_wasserstein_correlation(covariance), np.trace(covariance)
    information = utils.discrete_mutual_info(*[utils.histogram_discretize(codes, num_bins)] * 2)  # [D, D]
    np.fill_diagonal(information, 0)
    varying = np.diag(covariance) > 0
    scores = {
        "gaussian_total_correlation": gaussian_total_correlation(covariance[np.ix_(varying, varying)]),
        "gaussian_wasserstein_correlation": wasserstein,
        "gaussian_wasserstein_correlation_norm": wasserstein / variance if variance > 0 else np.nan,
        "mutual_info_score": float(information.sum() / max(len(codes) ** 2 - len(codes), 1)),
    }
    if not varying.all():
        scores["constant_codes"] = np.flatnonzero(~varying).tolist()
    return scores


def gaussian_total_correlation(cov):
    """KL divergence (nats) of a Gaussian with covariance [D, D] from the product of its marginals."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(0.5 * (np.sum(np.log(np.diag(cov))) - np.linalg.slogdet(cov)[1]))


def kl_gaussians_numerically_unstable(mean_0, cov_0, mean_1, cov_1, k):
    """KL divergence (nats) between Gaussians in `k` dimensions by inverse and determinants; for comparison."""
    inverse, difference = np.linalg.inv(cov_1), mean_1 - mean_0
    ratio = np.linalg.det(cov_1) / np.linalg.det(cov_0)
    return 0.5 * (np.trace(inverse @ cov_0) + difference @ inverse @ difference - k + np.log(ratio))


def gaussian_wasserstein_correlation(cov):
    """Squared Wasserstein-2 distance of a Gaussian with covariance C [D, D] from its marginals' product.

    2 tr C - 2 tr sqrt(S C S) with S^2 = diag C; S C S is symmetric, so that its root is real even where C has
    no inverse.
    """
    deviations = np.sqrt(np.diag(cov))
    values = np.linalg.eigvalsh(deviations[:, None] * cov * deviations)
    return float(2 * np.trace(cov) - 2 * np.sum(np.sqrt(np.maximum(values, 0))))
