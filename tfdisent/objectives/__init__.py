"""Reconstruction costs, divergences, penalties and reparameterisations: pure functions of tensors, one equation each.

All take any float dtype and compute in at least float32. B batch, D latents; information is measured in nats.
"""

import tfdisent.quiet  # noqa: F401
from tfdisent.objectives.covariance import covariance_penalty, posterior_covariance
from tfdisent.objectives.cross_entropy import gaussian_entropy, laplace_cross_entropy
from tfdisent.objectives.density_ratio import density_ratio_kl, density_ratio_loss, permute_codes
from tfdisent.objectives.divergences import diagonal_kl, full_kl, polarized_kl
from tfdisent.objectives.energy import energy_dependence, energy_distance
from tfdisent.objectives.mmd import imq_mmd
from tfdisent.objectives.reconstruction import (
    OUTSIDE_UNIT_INTERVAL,
    bernoulli,
    l1,
    mean_squared_error,
    squared_l2,
)
from tfdisent.objectives.reparameterisation import (
    reparameterise,
    reparameterise_cholesky,
    scale_tril_from_vector,
)
from tfdisent.objectives.sparsity import group_sparsity
from tfdisent.objectives.stochastic_regularisation import (
    STOCHASTIC_REGULARISERS,
    check_rate,
    stochastic_regularisation,
)
from tfdisent.objectives.torus import (
    circular_correlation,
    polar,
    quantile_loss,
    sliced_torus_distance,
    spring_loss,
)
from tfdisent.objectives.total_correlation import (
    dimension_wise_kl,
    minibatch_stratified,
    minibatch_total_correlation,
    minibatch_weighted,
    total_correlation,
)

__all__ = [
    "OUTSIDE_UNIT_INTERVAL",
    "STOCHASTIC_REGULARISERS",
    "bernoulli",
    "check_rate",
    "circular_correlation",
    "covariance_penalty",
    "density_ratio_kl",
    "density_ratio_loss",
    "diagonal_kl",
    "dimension_wise_kl",
    "energy_dependence",
    "energy_distance",
    "full_kl",
    "gaussian_entropy",
    "group_sparsity",
    "imq_mmd",
    "l1",
    "laplace_cross_entropy",
    "mean_squared_error",
    "minibatch_stratified",
    "minibatch_total_correlation",
    "minibatch_weighted",
    "permute_codes",
    "polar",
    "polarized_kl",
    "posterior_covariance",
    "quantile_loss",
    "reparameterise",
    "reparameterise_cholesky",
    "scale_tril_from_vector",
    "sliced_torus_distance",
    "spring_loss",
    "squared_l2",
    "stochastic_regularisation",
    "total_correlation",
]
