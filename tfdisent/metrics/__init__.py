"""Scores of a representation: numpy arrays in, a dict out. Nothing here imports TensorFlow.

`compute_<name>(ground_truth_data, representation_function, random_state, artifact_dir=None, **settings)`
draws its own points. As in disentanglement_lib each score is a module, and here the module can be called like
its function of the same name, which takes arrays: `dci.compute_dci(...)` draws, `dci(codes, factors, ...)` scores
what it is given. The distance to orthogonality and the IMA contrast take decoder Jacobians.
"""

import sys
import types

from tfdisent.metrics import (
    active_units,
    beta_vae,
    dci,
    disentanglement_score,
    downstream_task,
    factor_vae,
    fairness,
    ima_contrast,
    infomec,
    irs,
    mcc,
    mig,
    modularity_explicitness,
    polarized_regime,
    predictors,
    reduced_downstream_task,
    sap_score,
    strong_downstream_task,
    udr,
    unified_scores,
    unsupervised_metrics,
    utils,
)
from tfdisent.metrics.beta_vae import compute_beta_vae_sklearn
from tfdisent.metrics.dci import compute_dci, compute_dci_on_fixed_data
from tfdisent.metrics.disentanglement_score import compute_disentanglement_score
from tfdisent.metrics.distance_to_orthogonality import closest_signed_permutation, compute_dto
from tfdisent.metrics.downstream_task import compute_downstream_task
from tfdisent.metrics.factor_vae import compute_factor_vae
from tfdisent.metrics.fairness import compute_fairness
from tfdisent.metrics.infomec import compute_infomec
from tfdisent.metrics.irs import compute_irs
from tfdisent.metrics.mcc import compute_mcc
from tfdisent.metrics.mig import compute_mig, compute_mig_on_fixed_data, mutual_information_gaps
from tfdisent.metrics.modularity_explicitness import compute_modularity_explicitness
from tfdisent.metrics.reduced_downstream_task import compute_reduced_downstream_task
from tfdisent.metrics.sap_score import compute_sap, compute_sap_on_fixed_data
from tfdisent.metrics.strong_downstream_task import compute_strong_downstream_task
from tfdisent.metrics.udr import compute_udr_sklearn
from tfdisent.metrics.unified_scores import compute_unified_score_on_fixed_data, compute_unified_scores
from tfdisent.metrics.unsupervised_metrics import unsupervised_scores
from tfdisent.metrics.utils import generate_batch_factor_code

__all__ = [
    "active_units",
    "beta_vae",
    "closest_signed_permutation",
    "compute_beta_vae_sklearn",
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
    "strong_downstream_task",
    "udr",
    "unified_scores",
    "unsupervised_metrics",
    "unsupervised_scores",
    "utils",
]


class _Score(types.ModuleType):
    """A score's module that can be called as its function of the same name."""

    def __call__(self, *args, **kwargs):
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **kwargs)


for _name in __all__:
    _module = sys.modules.get(f"{__name__}.{_name}")
    if _module is not None and hasattr(_module, _name):
        _module.__class__ = _Score
