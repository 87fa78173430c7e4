"""Reconstruction costs, divergences and reparameterisations: pure functions of tensors, one equation each.

All take any float dtype and compute in at least float32. B batch, D latents; information is measured in nats.
"""

from tfdisent.objectives.divergences import diagonal_kl, full_kl, polarized_kl
from tfdisent.objectives.reconstruction import bernoulli, l1, mean_squared_error, squared_l2
from tfdisent.objectives.reparameterisation import (
    reparameterise,
    reparameterise_cholesky,
    scale_tril_from_vector,
)

__all__ = [
    "bernoulli",
    "diagonal_kl",
    "full_kl",
    "l1",
    "mean_squared_error",
    "polarized_kl",
    "reparameterise",
    "reparameterise_cholesky",
    "scale_tril_from_vector",
    "squared_l2",
]
