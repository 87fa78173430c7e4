"""Every argument of every score of arrays, given wrong values: one sentence, or a call that is listed as valid."""

import inspect

import numpy as np
import pytest
from wrong_arguments import MORE_WRONG, WRONG, complaints, table, try_wrong_arguments

from tfdisent import metrics

RANDOM = np.random.RandomState(0)
FACTORS = RANDOM.randint(3, size=(120, 2))
CODES = FACTORS + 0.1 * RANDOM.randn(120, 2)
JACOBIANS = RANDOM.randn(6, 5, 2)
SMALL = {"num_train": 40, "num_eval": 20, "batch_size": 8}  # of scores that draw groups of points
OF_ARRAYS = (
    "beta_vae", "dci", "disentanglement_score", "factor_vae", "infomec", "irs", "mcc", "mig", "modularity_explicitness",
    "sap_score", "unsupervised_scores", "score_all",
)  # fmt: skip
OTHERS = {
    "active_units": {
        "means": CODES,
        "log_vars": CODES,
        "rule": "std",
        "std_threshold": 0.5,
        "variance_threshold": 0.8,
    },
    "polarized_regime": {"means": CODES, "log_vars": CODES, "active": None, "rule": "std"},
    "compute_dto": {"jacobians": JACOBIANS, "solver": "assignment", "active": None, "gap_tolerance": 0.01},
    "ima_contrast": {"jacobians": JACOBIANS, "active": None},
    "closest_signed_permutation": {"V": np.eye(2), "solver": "assignment"},
    "mutual_information_gaps": {"codes": CODES, "factors": FACTORS, "num_bins": 20},
}
ACCEPTED = {
    ("*", "random_state", "0"),
    ("*", "factor_kinds", "None"),
    ("*", "n_jobs", "None"),
    ("*", "n_jobs", "-1"),
    ("score_all", "factor_kinds", "None"),
    ("*", "log_vars", "None"),
    ("*", "active", "None"),
    ("*", "diff_quantile", "0"),
    ("*", "prune_dims_threshold", "*"),
    ("*", "std_threshold", "*"),
    ("*", "variance_threshold", "*"),
    ("*", "gap_tolerance", "*"),
    *(("*", name, "True") for name in ("discrete_latents", "continuous_factors", "slow")),
    ("unsupervised_scores", "factors", "*"),  # not used; every score of arrays has them
}


def valid(name):
    """Keyword arguments of a call that takes a moment."""
    if name in OTHERS:
        return OTHERS[name]
    settings = {
        each.name: each.default
        for each in inspect.signature(getattr(metrics, name)).parameters.values()
        if each.default is not each.empty
    }
    settings |= {key: value for key, value in SMALL.items() if key in settings}
    return {**settings, "codes": CODES, "factors": FACTORS, "random_state": 0}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*OF_ARRAYS, *OTHERS])
def test_a_wrong_argument_of_a_score_ends_in_one_sentence(name):
    values = {**WRONG, **MORE_WRONG}
    del values["len"]  # a function that makes a classifier may be given, and what it raises is passed on
    rows = try_wrong_arguments({name: (getattr(metrics, name), valid(name))}, ACCEPTED, values)
    assert not complaints(rows), table(rows)
