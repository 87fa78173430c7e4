"""What all scores share: ranges, invariances, the identity, growing rotations, and bad input."""

import json
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from tfdisent import metrics
from tfdisent.errors import UserError

VOTES = {"batch_size": 16, "num_train": 60, "num_eval": 30}
FAST = {
    "beta_vae": VOTES,
    "factor_vae": VOTES,
    "infomec": {},
    "irs": {},
    "mcc": {},
    "mig": {},
    "modularity_explicitness": {},
    "sap_score": {},
}
QUICK = {"predictor_fn": DecisionTreeClassifier}
TREES = {
    "dci": {},
    "downstream_task": QUICK,
    "fairness": QUICK,
    "reduced_downstream_task": QUICK,
    "strong_downstream_task": {**QUICK, "n_experiment": 1},
    "unified_scores": {"matrix_fns": ["mutual_information_matrix", "accuracy_svm_matrix"]},
}
ALL = FAST | TREES


def score(name, codes, factors, seed=0, **changes):
    """The score `name` of arrays; every warning is an error."""
    function = getattr(metrics, name)
    settings = ALL[name] | changes
    settings = {"random_state": np.random.RandomState(seed), **settings}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return function(codes, factors, **settings)


def grid(sizes, repeats=1):
    """Every combination of factor values, `repeats` times."""
    axes = np.meshgrid(*[np.arange(n) for n in sizes], indexing="ij")
    return np.tile(np.stack([a.ravel() for a in axes], axis=1), (repeats, 1))


def random_case(seed, num=60, num_codes=3):
    random_state = np.random.RandomState(seed)
    factors = np.stack([random_state.randint(n, size=num) for n in (2, 3)], axis=1)
    codes = factors @ random_state.standard_normal((2, num_codes))
    return codes + random_state.random_sample() * random_state.standard_normal((num, num_codes)), factors


BOUNDED = {
    "beta_vae": ["train_accuracy", "eval_accuracy"],
    "factor_vae": ["train_accuracy", "eval_accuracy"],
    "infomec": ["infom", "infoc", "infoe"],
    "irs": ["IRS"],
    "mcc": ["mcc_pearson", "mcc_spearman"],
    "mig": ["discrete_mig"],
    "modularity_explicitness": ["modularity_score", "explicitness_score_train", "explicitness_score_test"],
    "sap_score": ["SAP_score"],
}


@pytest.mark.parametrize("name", FAST)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=6, deadline=None, derandomize=True)
def test_scores_lie_between_zero_and_one(name, seed):
    scores = score(name, *random_case(seed), seed)
    assert all(0 <= scores[key] <= 1 for key in BOUNDED[name])


@pytest.mark.parametrize("name", TREES)
def test_scores_of_trees_lie_between_zero_and_one(name):
    scores = score(name, *random_case(0))
    low = -np.inf if name == "strong_downstream_task" else 0  # the gap is negative where it is easier
    unbounded = ("area_precision", "max_precision")
    assert all(low <= v <= 1 + 1e-9 for key, v in scores.items() if not key.endswith(unbounded))


@pytest.mark.parametrize("name", ["factor_vae", "irs", "mcc", "mig", "modularity_explicitness", "sap_score"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=5, deadline=None, derandomize=True)
def test_order_and_sign_of_the_codes_do_not_matter(name, seed):
    codes, factors = random_case(seed)
    changed = codes[:, [2, 0, 1]] * [-1, 1, -1]
    ours, other = score(name, codes, factors), score(name, changed, factors)
    for key in BOUNDED[name]:
        # of 20 test points one may change sides where an optimiser stops early
        tolerance = 0.06 if name == "sap_score" else 1e-3 if key.startswith("expl") else 1e-9
        assert ours[key] == pytest.approx(other[key], abs=tolerance)


def test_copies_of_the_factors_score_one_where_the_definition_allows_it():
    factors = grid((2, 2, 2), repeats=20)
    codes = factors.astype(float)
    expected = {
        "beta_vae": "eval_accuracy",
        "dci": "disentanglement",
        "downstream_task": "107:mean_test_accuracy",
        "factor_vae": "eval_accuracy",
        "irs": "IRS",
        "mcc": "mcc_pearson",
        "mig": "discrete_mig",
        "modularity_explicitness": "explicitness_score_test",
    }
    for name, key in expected.items():
        assert score(name, codes, factors)[key] == pytest.approx(1, abs=1e-6), name
    assert score("dci", codes, factors)["completeness"] == pytest.approx(1, abs=1e-6)
    assert score("sap_score", codes, factors, continuous_factors=True)["SAP_score"] == pytest.approx(1)
    assert score("modularity_explicitness", codes, factors)["modularity_score"] > 0.95  # split at random


@pytest.mark.parametrize(
    ("name", "key", "changes"),
    [
        ("dci", "disentanglement", {}),
        ("factor_vae", "eval_accuracy", {"num_train": 300, "num_eval": 300}),
        ("irs", "IRS", {}),
        ("mcc", "mcc_pearson", {}),
        ("mcc", "mcc_spearman", {}),
        ("mig", "discrete_mig", {}),
        ("modularity_explicitness", "modularity_score", {}),
        ("sap_score", "SAP_score", {"continuous_factors": True}),
    ],
)
def test_scores_fall_as_a_rotation_grows_from_0_to_45_degrees(name, key, changes):
    num = 5 if name == "dci" else 21
    factors = grid((num, num))
    values = []
    for angle in np.deg2rad([0, 15, 30, 45]):
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        values.append(score(name, (factors - (num - 1) / 2) @ rotation, factors, **changes)[key])
    tolerance = 1e-3 if name == "dci" else 1e-9  # trees break ties by chance
    assert np.all(np.diff(values) <= tolerance) and values[-1] < values[0] - 0.05


def mistakes():
    codes, factors = random_case(1)
    spoilt = codes.copy()
    spoilt[3, 1] = np.nan
    yield "a number that is not one", spoilt, factors, "codes must be finite.*columns \\[1\\]"
    yield "a wrong length", codes[1:], factors, "Received: 59 and 60 rows"
    yield "no array of two dimensions", codes[:, 0], factors, "shape \\[N, D\\]"
    yield "words", np.full((60, 2), "a"), factors, "codes must hold real numbers"


@pytest.mark.parametrize("name", ALL)
def test_codes_that_are_none_are_refused_in_one_sentence(name):
    for _, codes, factors, message in mistakes():
        with pytest.raises(UserError, match=message):
            score(name, codes, factors)


@pytest.mark.parametrize(
    "name", ["beta_vae", "factor_vae", "fairness", "sap_score", "strong_downstream_task"]
)
def test_real_valued_factors_are_refused_where_one_is_held_at_a_value(name):
    codes, _ = random_case(1)
    with pytest.raises(
        UserError, match=r"finitely many values.*Received: factor 0 with 60 values in 60 points"
    ):
        score(name, codes, np.random.RandomState(0).standard_normal((60, 2)))


def unusual():
    codes, factors = random_case(2)
    constant_code = np.concatenate([codes, np.ones((60, 1))], axis=1)
    constant_factor = np.concatenate([factors, np.ones((60, 1), int)], axis=1)
    rare = factors.copy()
    rare[0, 1] = 7  # a value that one of training and test lacks
    yield "a constant code", constant_code, factors
    yield "constant codes", np.zeros_like(codes), factors
    yield "one code", codes[:, :1], factors
    yield "one factor", codes, factors[:, :1]
    yield "a constant factor", codes, constant_factor
    yield "a rare value", codes, rare
    yield "float32", codes.astype(np.float32), factors
    yield "factors as floats", codes, factors / 2


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("case", [case for case, _, _ in unusual()])
def test_unusual_input_has_a_value_or_is_refused_in_one_sentence(name, case):
    codes, factors = next((codes, factors) for c, codes, factors in unusual() if c == case)
    try:
        scores = score(name, codes, factors)
    except UserError as error:
        assert "Received: " in str(error) and "\n" not in str(error)
        assert case in ("one code", "one factor")
        return
    json.dumps(scores)  # plain numbers
    if case not in ("one code", "one factor", "a constant factor"):
        values = [v for value in scores.values() for v in (value if isinstance(value, list) else [value])]
        assert all(math.isfinite(v) for v in values)


class Toy:
    """Two factors whose observations are they and a column of noise."""

    num_factors = 2
    factors_num_values = (2, 3)

    def sample_factors(self, num, random_state):
        return np.stack([random_state.randint(n, size=num) for n in self.factors_num_values], axis=1)

    def sample_observations_from_factors(self, factors, random_state):
        return np.concatenate([factors, random_state.standard_normal((len(factors), 1))], axis=1)

    def sample(self, num, random_state):
        factors = self.sample_factors(num, random_state)
        return factors, self.sample_observations_from_factors(factors, random_state)

    def sample_observations(self, num, random_state):
        return self.sample(num, random_state)[1]


COMPUTE = {
    "compute_beta_vae_sklearn": VOTES,
    "compute_consistency": {"num_pairs": 40},
    "compute_dci": {"num_train": 60, "num_test": 30},
    "compute_downstream_task": {"num_train": [5, 40], "num_test": 30},
    "compute_factor_vae": {**VOTES, "num_variance_estimate": 50},
    "compute_fairness": {"num_train": 60, "num_test_points_per_class": 10},
    "compute_infomec": {"num_train": 60},
    "compute_irs": {"num_train": 60},
    "compute_mcc": {"num_train": 60},
    "compute_modularity_explicitness": {"num_train": 60, "num_test": 30},
    "compute_reduced_downstream_task": {"num_train": [40], "num_test": 30},
    "compute_sap": {"num_train": 60, "num_test": 30},
    "compute_strong_downstream_task": {"num_train": [40], "num_test": 30, "n_experiment": 1},
    "compute_unified_scores": {"num_train": 60, "num_test": 30},
}


@pytest.mark.parametrize("name", COMPUTE)
def test_the_protocol_depends_on_its_random_state_alone(name):
    function = getattr(metrics, name)

    def scores(global_seed):
        np.random.seed(global_seed)  # noqa: NPY002
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        result = function(
            Toy(), lambda x: x @ np.full((3, 3), 0.2) + x, np.random.RandomState(3), **COMPUTE[name]
        )
        assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
        return result

    assert scores(0) == scores(1)


@pytest.mark.parametrize("name", COMPUTE)
def test_a_representation_with_nan_or_a_data_set_without_factors_is_refused(name):
    function = getattr(metrics, name)
    with pytest.raises(UserError, match="finite"):
        function(Toy(), lambda x: x * np.nan, np.random.RandomState(0), **COMPUTE[name])
    bare = Toy()
    bare.num_factors, bare.factors_num_values = 0, ()
    with pytest.raises(UserError, match="Received: "):
        function(bare, lambda x: x, np.random.RandomState(0), **COMPUTE[name])
