"""Polarized regime: how far the KL term is from the one of active, almost deterministic latents alone."""

import numpy as np

from tfdisent.errors import UserError
from tfdisent.metrics.active_units import active_units, check_posterior
from tfdisent.metrics.arguments import ArrayLike, Scores, as_array

__all__ = ["polarized_regime"]


def polarized_regime(
    means: ArrayLike, log_vars: ArrayLike, active: ArrayLike | None = None, rule: str = "std"
) -> Scores:
    """Relative error of the polarized approximation of the KL divergence to the standard normal prior.

    The exact term is 1/2 sum_j (mu_j^2 + sigma_j^2 - log sigma_j^2 - 1) over all latents; the approximate one
    drops sigma_j^2 and the passive latents: 1/2 sum_{j active} (mu_j^2 - log sigma_j^2 - 1). Both are
    averaged over the given points before they are compared; active latents are selected on the same points.

    Args:
        means: posterior means [N, D].
        log_vars: log of the posterior variances [N, D].
        active: bool [D], the active latents; None selects them with `active_units` by `rule`.
        rule: "std" or "variance", see `active_units`.

    Returns:
        dict: "delta_kl" = |kl - kl_polarized| / kl (no unit), "kl" and "kl_polarized" (nats per point),
        "active" bool [D], "num_active". Where kl is 0, "delta_kl" is 0 if the approximation is 0 as well and
        infinite if not.

    Raises:
        UserError: for wrong shapes or values that are not finite.

    References: Zietlow 2022, eqs. (3.5), (3.38).
    """
    means, log_vars = check_posterior(means, log_vars)
    if active is None:
        active = active_units(means, log_vars, rule)["mask"]
    active = as_array("active", active)
    if active.dtype != bool or active.shape != means.shape[1:]:
        raise UserError(
            f"active must be one boolean per latent, shape {means.shape[1:]}. "
            f"Received: shape {active.shape}, dtype {active.dtype}"
        )
    approximate = 0.5 * (means**2 - log_vars - 1.0)  # [N, D]
    exact = 0.5 * (means**2 + np.expm1(log_vars) - log_vars)
    kl = float(exact.sum(axis=1).mean())
    kl_polarized = float(approximate[:, active].sum(axis=1).mean())
    error = abs(kl - kl_polarized)
    return {
        "delta_kl": error / kl if kl > 0 else (0.0 if error == 0 else float("inf")),
        "kl": kl,
        "kl_polarized": kl_polarized,
        "active": active,
        "num_active": int(active.sum()),
    }
