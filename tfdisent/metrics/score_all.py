"""Every score that applies to codes and factors, in one call."""

import logging
import numbers
from collections.abc import Sequence

from tfdisent.checks import truth
from tfdisent.errors import UserError
from tfdisent.metrics.arguments import (
    ArrayLike,
    Scores,
    Seed,
    as_random_state,
    check_codes_and_factors,
    column_names,
)
from tfdisent.metrics.beta_vae import beta_vae
from tfdisent.metrics.dci import dci
from tfdisent.metrics.disentanglement_score import check_kinds, disentanglement_score
from tfdisent.metrics.downstream_task import downstream_task
from tfdisent.metrics.factor_vae import factor_vae
from tfdisent.metrics.fairness import fairness
from tfdisent.metrics.infomec import infomec
from tfdisent.metrics.irs import irs
from tfdisent.metrics.labels import label_factors
from tfdisent.metrics.mcc import mcc
from tfdisent.metrics.mig import mig
from tfdisent.metrics.modularity_explicitness import modularity_explicitness
from tfdisent.metrics.reduced_downstream_task import reduced_downstream_task
from tfdisent.metrics.sap_score import sap_score
from tfdisent.metrics.strong_downstream_task import strong_downstream_task
from tfdisent.metrics.unified_scores import unified_scores
from tfdisent.metrics.unsupervised_metrics import unsupervised_scores
from tfdisent.metrics.utils import estimator_seed

__all__ = ["score_all"]

_LOG = logging.getLogger(__name__)
_QUICK = {
    "mig": mig,
    "sap_score": sap_score,
    "modularity_explicitness": modularity_explicitness,
    "beta_vae": beta_vae,
    "factor_vae": factor_vae,
    "irs": irs,
    "mcc": mcc,
    "infomec": infomec,
    "disentanglement_score": disentanglement_score,
    "unsupervised_scores": unsupervised_scores,
}
_SLOW = {  # boosted trees for every factor, or several times so
    "dci": dci,
    "downstream_task": downstream_task,
    "fairness": fairness,
    "unified_scores": unified_scores,
    "reduced_downstream_task": reduced_downstream_task,
    "strong_downstream_task": strong_downstream_task,
}
_WHY_NOT = "It fits boosted trees, which takes long; ask for it with slow=True."


def score_all(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    factor_kinds: Sequence[str] | str | None = None,
    slow: bool = False,
) -> Scores:
    """Every score of codes [N, D] and factors [N, F], each with its default settings.

    Each score draws from a random state of its own that starts from the same seed, so that its value is that of
    `<score>(codes, factors, seed)`, whatever else is computed. The SAP score takes squared correlations where a
    factor is real-valued.

    Args:
        codes: [N, D].
        factors: [N, F]; `labels.label_factors` says which are taken as real-valued.
        random_state: seed; of a `np.random.RandomState` a seed is taken, and its state is left as it was.
        factor_kinds: for the disentanglement score, as there.
        slow: whether to compute also what fits boosted trees (DCI, unified scores, fairness, downstream tasks).
            1,000 points take seconds without and minutes with them.

    Returns:
        {score: its dict}, and under "does_not_apply" {score: why} for those that are missing.

    Raises:
        UserError: for arrays that do not fit or are not finite, or factors of which none varies.
    """
    truth("slow", slow)
    names = column_names(factors)
    _, values = check_codes_and_factors(codes, factors, "score_all")
    label_factors(values, "score_all", names, if_real="keep")
    if factor_kinds is not None:
        factor_kinds = check_kinds(factor_kinds, values.shape[1])
    drawn = as_random_state(random_state)
    seed = int(random_state) if isinstance(random_state, numbers.Integral) else estimator_seed(drawn)
    settings = {"disentanglement_score": {"factor_kinds": factor_kinds}}
    try:
        is_real = "binned_factors" in label_factors(values, "score_all", size=len(values)).note
    except UserError:
        is_real = False
    settings["sap_score"] = {"continuous_factors": is_real}
    results, missing = {}, {}
    for name, score in {**_QUICK, **(_SLOW if slow else {})}.items():
        try:
            results[name] = score(codes, factors, seed, **settings.get(name, {}))
        except UserError as error:
            missing[name] = str(error)
            _LOG.info("%s does not apply: %s", name, error)
    missing |= {} if slow else dict.fromkeys(_SLOW, _WHY_NOT)
    return {**results, "does_not_apply": missing}
