"""Scores of a representation: numpy arrays in, a dict out. Nothing here imports TensorFlow.

`compute_<name>(ground_truth_data, representation_function, random_state, artifact_dir=None, **settings)`
draws its own points; the function without `compute_` takes arrays. The distance to orthogonality takes
decoder Jacobians.
"""

from tfdisent.metrics.active_units import active_units
from tfdisent.metrics.disentanglement_score import compute_disentanglement_score, disentanglement_score
from tfdisent.metrics.distance_to_orthogonality import closest_signed_permutation, compute_dto
from tfdisent.metrics.mig import compute_mig, mig, mutual_information_gaps
from tfdisent.metrics.polarized_regime import polarized_regime
from tfdisent.metrics.utils import generate_batch_factor_code

__all__ = [
    "active_units",
    "closest_signed_permutation",
    "compute_disentanglement_score",
    "compute_dto",
    "compute_mig",
    "disentanglement_score",
    "generate_batch_factor_code",
    "mig",
    "mutual_information_gaps",
    "polarized_regime",
]
