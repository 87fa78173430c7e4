"""What is computed from a trained model, or from its codes."""

import tfdisent.quiet  # noqa: F401
from tfdisent.analysis.aggregated_posterior import aggregated_posterior_divergences
from tfdisent.analysis.atoms import coordinate_correlations, match_spikes, spikes_of_atoms
from tfdisent.analysis.block_mixing import propositions
from tfdisent.analysis.circles import angle_dependence, kuiper_statistic
from tfdisent.analysis.jacobian import decoder_jacobians
from tfdisent.analysis.local_axes import local_axes
from tfdisent.analysis.morphing import morphings, shortest_path, torus_paths
from tfdisent.analysis.pca import linear_decoder_matrix, pca_alignment, principal_directions
from tfdisent.analysis.polar import polar_statistics
from tfdisent.analysis.precision_budget import (
    best_variances,
    cheapest_rotations,
    least_stochastic_loss,
    stochastic_bound,
)
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
    "angle_dependence",
    "best_variances",
    "cheapest_rotations",
    "coordinate_correlations",
    "decode_curve",
    "decoder_jacobians",
    "kuiper_statistic",
    "latent_traversals",
    "least_stochastic_loss",
    "linear_decoder_matrix",
    "local_axes",
    "match_spikes",
    "morphings",
    "pca_alignment",
    "periodic_spline",
    "polar_statistics",
    "principal_codes",
    "principal_directions",
    "propositions",
    "redatuming_grid",
    "shift_aligned_mse",
    "shortest_path",
    "spikes_of_atoms",
    "stochastic_bound",
    "torus_paths",
    "traversal_values",
    "wasserstein_1d",
]
