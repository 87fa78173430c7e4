"""What is computed from a trained model: Jacobians of the decoder, latent traversals, alignment with PCA."""

from tfdisent.analysis.aggregated_posterior import aggregated_posterior_divergences
from tfdisent.analysis.jacobian import decoder_jacobians
from tfdisent.analysis.pca import linear_decoder_matrix, pca_alignment, principal_directions
from tfdisent.analysis.traversals import latent_traversals, traversal_values

__all__ = [
    "aggregated_posterior_divergences",
    "decoder_jacobians",
    "latent_traversals",
    "linear_decoder_matrix",
    "pca_alignment",
    "principal_directions",
    "traversal_values",
]
