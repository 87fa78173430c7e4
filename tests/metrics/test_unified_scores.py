"""Unified scores: aggregates agree with the scores they come from; groups and merges in small cases."""

import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.metrics import compute_unified_score_on_fixed_data, compute_unified_scores, unified_scores
from tfdisent.metrics.mig import mutual_information_gaps
from tfdisent.metrics.unified_scores import merges, pr_curves_values


def points(num=90):
    random_state = np.random.RandomState(0)
    factors = np.stack([random_state.randint(n, size=num) for n in (2, 3)], axis=1)
    return factors @ [[1, 0.4, 0], [0, 1, 1]] + 0.3 * random_state.standard_normal((num, 3)), factors


def test_the_gap_of_the_mutual_information_matrix_is_mig():
    codes, factors = points()
    scores = unified_scores(
        codes, factors, np.random.RandomState(3), matrix_fns=["mutual_information_matrix"]
    )
    train = np.random.RandomState(3).permutation(90)[:60]
    expected = mutual_information_gaps(codes[train], factors[train])
    for i in range(2):
        assert scores[f"mutual_information_matrix.mig.factor_{i}"] == pytest.approx(expected[i], abs=1e-12)
    assert scores["mutual_information_matrix.mig"] == pytest.approx(expected.mean(), abs=1e-12)


def test_keys_name_the_matrix_the_score_and_what_it_is_of():
    scores = unified_scores(*points(), np.random.RandomState(0), matrix_fns=["accuracy_svm_matrix"])
    keys = ["dci_disentanglement", "dci_completeness", "dci", "mig", "sap", "modularity"]
    keys += [f"{name}.code_{i}" for name in ("dci_disentanglement", "modularity") for i in range(3)]
    keys += [
        f"{name}_{i}" for name in ("dci_completeness.code", "mig.factor", "sap.factor") for i in range(2)
    ]
    keys += ["area_precision", "max_precision"]
    assert sorted(scores) == sorted(f"accuracy_svm_matrix.{key}" for key in keys)
    assert scores["accuracy_svm_matrix.dci"] == scores["accuracy_svm_matrix.dci_disentanglement"]


def test_one_code_a_factor_forms_as_many_groups_as_there_are():
    values = pr_curves_values(np.diag([0.9, 0.6, 0.3]))
    assert values["max_precision"] == 3
    # one group from 0.9 to 0.6, two to 0.3, three to 0, by trapezoids
    assert values["area_precision"] == pytest.approx(0.3 * 1.5 + 0.3 * 2.5 + 0.3 * 3)


def test_codes_that_share_factors_form_one_group():
    values = pr_curves_values(np.ones((3, 2)))
    assert values == {"area_precision": 0, "max_precision": 1}


def test_factors_merge_where_a_code_knows_both():
    matrix = np.array([[0.9, 0.5, 0.0], [0.0, 0.8, 0.1], [0.0, 0.0, 0.7]])
    # sorted: 0.9, 0.8, 0.7, then 0.5 joins factors 0 and 1, then 0.1 joins 1 and 2 and with it 0
    assert merges(matrix) == {"merge_0_1": 3, "merge_0_2": 4, "merge_1_2": 4} or (
        merges(matrix) == {"merge_1_0": 3, "merge_2_0": 4, "merge_2_1": 4}
    )


class Data:
    num_factors = 2

    def sample(self, num, random_state):
        factors = random_state.randint(3, size=(num, 2))
        return factors, factors.astype(float)


def test_merges_are_given_with_an_artifact_directory_only():
    def keys(artifact_dir):
        settings = {"num_train": 40, "num_test": 20, "matrix_fns": ["mutual_information_matrix"]}
        return compute_unified_scores(
            Data(), lambda x: x, np.random.RandomState(0), artifact_dir, **settings
        ).keys()

    assert len(keys("somewhere") - keys(None)) == 1


def test_a_matrix_of_one_s_own_goes_by_its_name():
    def corners(mus_train, ys_train, mus_test, ys_test):
        return np.eye(len(mus_train), len(ys_train))

    codes, factors = points()
    scores = compute_unified_score_on_fixed_data(codes, factors.T, lambda x: x, 0.5, matrix_fns=[corners])
    assert scores["corners.dci"] == pytest.approx(1) and scores["corners.sap"] == 1
    with pytest.raises(UserError, match="Received: 'entropy_matrix'"):
        unified_scores(codes, factors, np.random.RandomState(0), matrix_fns=["entropy_matrix"])
