"""What is computed from a trained model: Jacobians of the decoder, latent traversals, alignment with PCA.

And what the noise of its posterior costs.
"""

from tfdisent.analysis.aggregated_posterior import aggregated_posterior_divergences
from tfdisent.analysis.jacobian import decoder_jacobians
from tfdisent.analysis.pca import linear_decoder_matrix, pca_alignment, principal_directions
from tfdisent.analysis.precision_budget import (
    best_variances,
    cheapest_rotations,
    least_stochastic_loss,
    stochastic_bound,
)
from tfdisent.analysis.traversals import latent_traversals, traversal_values

__all__ = [
    "aggregated_posterior_divergences",
    "best_variances",
    "cheapest_rotations",
    "decoder_jacobians",
    "latent_traversals",
    "least_stochastic_loss",
    "linear_decoder_matrix",
    "pca_alignment",
    "principal_directions",
    "stochastic_bound",
    "traversal_values",
]
