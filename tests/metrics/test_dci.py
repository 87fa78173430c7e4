"""DCI: closed forms of the importance matrix, and the trees behind it."""

import sys

import joblib
import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from tfdisent.errors import UserError
from tfdisent.metrics import compute_dci, compute_dci_on_fixed_data, dci, sap_score
from tfdisent.metrics.dci import (
    completeness,
    compute_importance_gbt,
    disentanglement,
    disentanglement_per_code,
)

HALF = 1 - np.log(2) / np.log(10)


@pytest.mark.parametrize(
    ("importance", "by_code", "by_factor"),
    [
        (5 * np.eye(5), 1, 1),
        (np.array([[1.0, 0], [0, 1], [0, 0]]), 1, 1),  # an empty code
        (np.zeros((10, 10)), 0, 0),
        (np.tile(np.eye(5), (2, 1)), 1, HALF),  # two codes a factor
        (np.tile(np.eye(5), (1, 2)), HALF, 1),  # two factors a code
        (np.eye(5)[:2], 1, 1),  # three factors missed
    ],
)
def test_closed_forms_of_the_importance_matrix(importance, by_code, by_factor):
    assert disentanglement(importance) == pytest.approx(by_code, abs=1e-7)
    assert completeness(importance) == pytest.approx(by_factor, abs=1e-7)


def test_codes_count_by_their_share_of_the_importance():
    importance = np.array([[3.0, 0], [0.5, 0.5]])
    assert disentanglement(importance) == pytest.approx(3 / 4)
    np.testing.assert_allclose(disentanglement_per_code(importance), [1, 0], atol=1e-9)
    entropy = -(6 / 7) * np.log2(6 / 7) - (1 / 7) * np.log2(1 / 7)
    assert completeness(importance) == pytest.approx((1 - entropy) * 3.5 / 4 + 0.5 / 4, abs=1e-9)


def test_with_one_factor_or_one_code_the_entropy_has_no_base():
    assert np.isnan(disentanglement(np.ones((3, 1)))) and np.isnan(completeness(np.ones((1, 3))))


def case(num=90):
    random_state = np.random.RandomState(0)
    factors = np.stack([random_state.randint(n, size=num) for n in (2, 3)])
    return np.round(factors.T @ [[1, 0.4, 0], [0, 1, 1]], 1).T, factors  # tied codes


def test_importance_and_accuracy_are_those_of_scikit_learn_up_to_ties():
    _, factors = case(180)
    codes = factors + 0.2 * np.random.RandomState(1).standard_normal(factors.shape)
    parts = codes[:, :120], factors[:, :120], codes[:, 120:], factors[:, 120:]
    importance, train, test = compute_importance_gbt(*parts, 7)
    accuracies = []
    for j, y in enumerate(factors):
        model = GradientBoostingClassifier(random_state=7).fit(parts[0].T, y[:120])
        np.testing.assert_allclose(importance[:, j], model.feature_importances_, atol=0.01)
        accuracies.append([model.score(parts[0].T, y[:120]), model.score(parts[2].T, y[120:])])
    np.testing.assert_allclose([train, test], np.mean(accuracies, axis=0), atol=0.01)


def test_values_do_not_depend_on_the_number_of_jobs():
    codes, factors = case(45)
    with joblib.parallel_config(backend="threading"):
        results = [compute_importance_gbt(codes, factors, codes, factors, 1, jobs)[0] for jobs in (1, 2)]
    np.testing.assert_array_equal(*results)


@pytest.mark.slow
def test_values_do_not_depend_on_the_number_of_processes():
    codes, factors = case(45)
    one, two = (
        dci(codes.T, factors.T, np.random.RandomState(0), n_jobs=jobs) | sap(codes, factors, jobs)
        for jobs in (1, 2)
    )
    assert one == two


def sap(codes, factors, n_jobs):
    return sap_score(codes.T, factors.T, np.random.RandomState(0), n_jobs=n_jobs)


def test_a_factor_with_one_value_is_always_predicted_and_weighs_nothing():
    codes, factors = case(45)
    factors[1] = 4
    importance, train, _ = compute_importance_gbt(codes, factors, codes, factors)
    assert train == 1 and importance[:, 1].tolist() == [0, 0, 0]


def test_points_are_drawn_as_the_protocol_says_and_the_trees_leave_the_random_state_alone():
    class Data:
        num_factors = 2

        def sample(self, num, random_state):
            factors = random_state.randint(2, size=(num, 2))
            return factors, factors.astype(float)

    random_state, expected = np.random.RandomState(5), np.random.RandomState(5)
    scores = compute_dci(Data(), lambda x: x, random_state, num_train=20, num_test=10)
    for num in (16, 4, 10):
        expected.randint(2, size=(num, 2))
    assert random_state.randint(2**31) == expected.randint(2**31)
    assert scores["disentanglement"] == pytest.approx(1) and scores["informativeness_test"] == 1


def test_fixed_data_is_split_in_its_order():
    codes, factors = case(45)
    scores = compute_dci_on_fixed_data(codes.T, factors, lambda x: x, 0.6)
    parts = codes[:, :27], factors[:, :27], codes[:, 27:], factors[:, 27:]
    assert scores["informativeness_train"] == compute_importance_gbt(*parts)[1]
    with pytest.raises(UserError, match=r"needs points to test on.*Received: 45 points, train_percentage=1"):
        compute_dci_on_fixed_data(codes.T, factors, lambda x: x, 1.0)
    with pytest.raises(UserError, match="train_percentage must be .* Received: 0"):
        compute_dci_on_fixed_data(codes.T, factors, lambda x: x, 0)


@pytest.mark.parametrize("share", [0, 1, 0.001])
def test_a_split_without_points_on_one_side_is_refused(share):
    codes, factors = case(45)
    with pytest.raises(UserError, match="train_share"):
        dci(codes.T, factors.T, np.random.RandomState(0), train_share=share)


def test_lightgbm_goes_under_keys_of_its_own():
    pytest.importorskip("lightgbm")
    factors = np.random.RandomState(0).randint(3, size=(150, 2))
    scores = dci(factors.astype(float), factors, np.random.RandomState(0), booster="lightgbm_classifier")
    assert scores["disentanglement_lightgbm"] > 0.9 and scores["informativeness_test_lightgbm"] == 1
    assert all(key.endswith("_lightgbm") for key in scores)


def test_an_unknown_booster_is_refused_and_one_that_is_missing_named(monkeypatch):
    codes, factors = case(45)
    with pytest.raises(UserError, match="Received: 'xgboost'"):
        dci(codes.T, factors.T, np.random.RandomState(0), booster="xgboost")
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(UserError, match="LightGBM is not installed; install it with"):
        dci(codes.T, factors.T, np.random.RandomState(0), booster="lightgbm_classifier")
