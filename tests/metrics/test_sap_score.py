"""SAP score: squared correlations, and support vector machines on single codes."""

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from tfdisent.errors import UserError
from tfdisent.metrics import compute_sap_on_fixed_data, sap_score
from tfdisent.metrics.sap_score import compute_avg_diff_top_two, compute_score_matrix


def score(codes, factors, **settings):
    return sap_score(codes, factors, np.random.RandomState(0), **settings)


def test_continuous_score_is_the_gap_of_squared_correlations():
    random_state = np.random.RandomState(0)
    factors = random_state.standard_normal((300, 2))
    codes = factors @ [[1, 0.5, 0.1], [0, 1, 0.3]]
    squares = np.corrcoef(codes.T, factors.T)[:3, 3:] ** 2
    ordered = np.sort(squares, axis=0)
    expected = np.mean(ordered[-1] - ordered[-2])
    assert score(codes, factors, continuous_factors=True)["SAP_score"] == pytest.approx(expected, abs=1e-12)


def test_entries_are_test_accuracies_of_scikit_learn_s_machine_on_one_code():
    random_state = np.random.RandomState(1)
    factors = random_state.randint(3, size=(2, 90))
    codes = factors[[0, 1, 0]] + random_state.standard_normal((3, 90))
    parts = codes[:, :60], factors[:, :60], codes[:, 60:], factors[:, 60:]
    for era, dual in (("paper", True), ("current", "auto")):
        matrix = compute_score_matrix(*parts, False, era, 5)
        for i in range(3):
            for j in range(2):
                machine = LinearSVC(C=0.01, class_weight="balanced", dual=dual, random_state=5)
                machine.fit(codes[i, :60, None], factors[j, :60])
                assert matrix[i, j] == np.mean(machine.predict(codes[i, 60:, None]) == factors[j, 60:])


def test_copies_of_binary_factors_score_what_a_coin_leaves():
    factors = np.random.RandomState(0).randint(2, size=(3000, 2))
    assert score(factors * 2.0 - 1, factors)["SAP_score"] == pytest.approx(0.5, abs=0.03)


def test_one_class_against_the_rest_cannot_separate_many_values_on_a_line():
    factors = np.random.RandomState(0).randint(10, size=(600, 2))
    assert score(factors.astype(float), factors)["SAP_score"] < 0.5


def test_a_factor_that_never_changes_is_left_out_of_the_mean_and_named():
    factors = np.random.RandomState(0).randint(2, size=(90, 2))
    factors[:, 1] = 3
    codes = factors[:, [0]] + np.random.RandomState(1).standard_normal((90, 2)) * [0.01, 9]
    discrete, continuous = score(codes, factors), score(codes, factors, continuous_factors=True)
    assert discrete["SAP_score"] == score(codes, factors[:, :1])["SAP_score"]
    assert 0.9 < continuous["SAP_score"] <= 1
    assert discrete["constant_factors"] == continuous["constant_factors"] == [1]


def test_fixed_data_is_split_in_its_order():
    factors = np.random.RandomState(0).randint(2, size=(60, 2))
    codes = factors + np.random.RandomState(1).standard_normal((60, 2))
    parts = codes[:45].T, factors[:45].T, codes[45:].T, factors[45:].T
    expected = compute_avg_diff_top_two(compute_score_matrix(*parts, False))
    assert compute_sap_on_fixed_data(codes, factors.T, lambda x: x, 0.75)["SAP_score"] == expected
    with pytest.raises(UserError, match="Received: 60 and 59 rows"):
        compute_sap_on_fixed_data(codes, factors[1:].T, lambda x: x, 0.75)


def test_one_code_is_refused():
    with pytest.raises(UserError, match="The SAP score compares two latents"):
        score(np.ones((9, 1)), np.ones((9, 1), int))
