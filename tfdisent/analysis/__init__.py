"""What is computed from a trained model: Jacobians, latent traversals, alignment with PCA, redatuming."""

from tfdisent.analysis.aggregated_posterior import aggregated_posterior_divergences
from tfdisent.analysis.jacobian import decoder_jacobians
from tfdisent.analysis.pca import linear_decoder_matrix, pca_alignment, principal_directions
from tfdisent.analysis.redatuming import (
    amplitude_spectra,
    decode_curve,
    periodic_spline,
    principal_codes,
    redatuming_grid,
    shift_aligned_mse,
    wasserstein_1d,
)
from tfdisent.analysis.traversals import latent_traversals, traversal_values

__all__ = [
    "aggregated_posterior_divergences",
    "amplitude_spectra",
    "decode_curve",
    "decoder_jacobians",
    "latent_traversals",
    "linear_decoder_matrix",
    "pca_alignment",
    "periodic_spline",
    "principal_codes",
    "principal_directions",
    "redatuming_grid",
    "shift_aligned_mse",
    "traversal_values",
    "wasserstein_1d",
]
