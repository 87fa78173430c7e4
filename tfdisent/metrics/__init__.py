"""Scores of a representation: numpy arrays in, a dict out. Nothing here imports TensorFlow.

`<name>(codes, factors, random_state=0, **settings)` scores arrays, and `score_all(codes, factors)` gives every score
that applies to them. `compute_<name>(ground_truth_data, representation_function, random_state, artifact_dir=None,
**settings)` draws its own points, as in disentanglement_lib. The distance to orthogonality and the IMA contrast take
decoder Jacobians, `active_units` and `polarized_regime` posterior means and log-variances, `udr` the codes of several
models.

As there each score stands in a module of its name, and `from tfdisent.metrics.dci import compute_dci` works;
`tfdisent.metrics.dci` is the function.
"""

from tfdisent.metrics import predictors, utils
from tfdisent.metrics.active_units import active_units
from tfdisent.metrics.beta_vae import beta_vae, compute_beta_vae_sklearn
from tfdisent.metrics.consistency import compute_consistency
from tfdisent.metrics.dci import compute_dci, compute_dci_on_fixed_data, dci
from tfdisent.metrics.disentanglement_score import compute_disentanglement_score, disentanglement_score
from tfdisent.metrics.distance_to_orthogonality import closest_signed_permutation, compute_dto
from tfdisent.metrics.downstream_task import compute_downstream_task, downstream_task
from tfdisent.metrics.factor_vae import compute_factor_vae, factor_vae
from tfdisent.metrics.fairness import compute_fairness, fairness
from tfdisent.metrics.ima_contrast import ima_contrast
from tfdisent.metrics.infomec import compute_infomec, infomec
from tfdisent.metrics.irs import compute_irs, irs
from tfdisent.metrics.mcc import compute_mcc, mcc
from tfdisent.metrics.mig import compute_mig, compute_mig_on_fixed_data, mig, mutual_information_gaps
from tfdisent.metrics.modularity_explicitness import compute_modularity_explicitness, modularity_explicitness
from tfdisent.metrics.polarized_regime import polarized_regime
from tfdisent.metrics.reduced_downstream_task import compute_reduced_downstream_task, reduced_downstream_task
from tfdisent.metrics.sap_score import compute_sap, compute_sap_on_fixed_data, sap_score
from tfdisent.metrics.score_all import score_all
from tfdisent.metrics.strong_downstream_task import compute_strong_downstream_task, strong_downstream_task
from tfdisent.metrics.udr import compute_udr_sklearn, udr
from tfdisent.metrics.unified_scores import (
    compute_unified_score_on_fixed_data,
    compute_unified_scores,
    unified_scores,
)
from tfdisent.metrics.unsupervised_metrics import unsupervised_metrics, unsupervised_scores
from tfdisent.metrics.utils import generate_batch_factor_code

__all__ = [
    "active_units",
    "beta_vae",
    "closest_signed_permutation",
    "compute_beta_vae_sklearn",
    "compute_consistency",
    "compute_dci",
    "compute_dci_on_fixed_data",
    "compute_disentanglement_score",
    "compute_downstream_task",
    "compute_dto",
    "compute_factor_vae",
    "compute_fairness",
    "compute_infomec",
    "compute_irs",
    "compute_mcc",
    "compute_mig",
    "compute_mig_on_fixed_data",
    "compute_modularity_explicitness",
    "compute_reduced_downstream_task",
    "compute_sap",
    "compute_sap_on_fixed_data",
    "compute_strong_downstream_task",
    "compute_udr_sklearn",
    "compute_unified_score_on_fixed_data",
    "compute_unified_scores",
    "dci",
    "disentanglement_score",
    "downstream_task",
    "factor_vae",
    "fairness",
    "generate_batch_factor_code",
    "ima_contrast",
    "infomec",
    "irs",
    "mcc",
    "mig",
    "modularity_explicitness",
    "mutual_information_gaps",
    "polarized_regime",
    "predictors",
    "reduced_downstream_task",
    "sap_score",
    "score_all",
    "strong_downstream_task",
    "udr",
    "unified_scores",
    "unsupervised_metrics",
    "unsupervised_scores",
    "utils",
]
