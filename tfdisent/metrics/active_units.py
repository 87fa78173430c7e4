"""Active latents: which ones a variational autoencoder uses, by the two rules of Zietlow's thesis."""

import numpy as np

from tfdisent.checks import choice, number
from tfdisent.errors import UserError
from tfdisent.metrics.arguments import ArrayLike, Scores, check_matrix

__all__ = ["active_units", "check_posterior"]

_LARGEST_LOG_VAR = 300  # of which the variance is a float64 still


def check_posterior(means, log_vars):
    """Return means and log-variances as float64 arrays of one shape [N, D]; `UserError` if they are not."""
    means = check_matrix("means", means).astype(np.float64)
    log_vars = check_matrix("log_vars", log_vars).astype(np.float64)
    if log_vars.max() > _LARGEST_LOG_VAR:
        raise UserError(
            f"log_vars must be logarithms of variances, at most {_LARGEST_LOG_VAR}; look for a diverged model. "
            f"Received: {log_vars.max():g}."
        )
    if means.shape != log_vars.shape:
        raise UserError(
            f"means and log_vars must have the same shape [N, D]. "
            f"Received: {means.shape} and {log_vars.shape}"
        )
    return means, log_vars


def active_units(
    means: ArrayLike,
    log_vars: ArrayLike | None = None,
    rule: str = "std",
    std_threshold: float = 0.5,
    variance_threshold: float = 0.8,
) -> Scores:
    """Which latents are active, and how many.

    Rule "std": the posterior mean varies over the data, std(mu_j) > 0.5 (population std over the N points).
    Rule "variance": the posterior is narrower than the prior, mean(sigma_j^2) < 0.8; it needs `log_vars`.
    Codes of a plain autoencoder have no fixed scale, so for them the first rule only says what moves at all.

    Args:
        means: posterior means [N, D], or codes.
        log_vars: log of the posterior variances [N, D], or None.
        rule: the rule behind "mask" and "count".

    Returns:
        dict: "mask" bool [D] and "count" int by `rule`; "mask_std", "count_std" and, where `log_vars` is
        given, "mask_variance", "count_variance" by each rule.

    Raises:
        UserError: for an unknown rule, wrong shapes, values that are not finite, or a rule without its
            `log_vars`.

    References: Zietlow 2022, Sec. 3.3.2 (std) and Sec. 4.3.4 (variance).
    """
    choice("rule", rule, ("std", "variance"))
    std_threshold = number("std_threshold", std_threshold)
    variance_threshold = number("variance_threshold", variance_threshold)
    if rule == "variance" and log_vars is None:
        raise UserError(
            "Rule 'variance' reads the posterior variances; pass log_vars [N, D]. Received: log_vars=None"
        )
    if log_vars is None:
        means = check_matrix("means", means).astype(np.float64)
    else:
        means, log_vars = check_posterior(means, log_vars)
    masks = {"std": np.std(means, axis=0) > std_threshold}
    if log_vars is not None:
        masks["variance"] = np.mean(np.exp(log_vars), axis=0) < variance_threshold
    result = {"mask": masks[rule], "count": int(masks[rule].sum())}
    for name, mask in masks.items():
        result[f"mask_{name}"] = mask
        result[f"count_{name}"] = int(mask.sum())
    return result
