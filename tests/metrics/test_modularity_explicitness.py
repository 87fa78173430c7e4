"""Modularity in closed form; explicitness against scikit-learn, and where values are missing."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from tfdisent.errors import UserError
from tfdisent.metrics import modularity_explicitness
from tfdisent.metrics.modularity_explicitness import explicitness_per_factor, modularity


@pytest.mark.parametrize(
    ("information", "expected"),
    [
        (5 * np.eye(5), 1),
        (np.array([[1.0, 0], [0, 1], [0, 0]]), 2 / 3),  # the empty code counts
        (np.zeros((10, 10)), 0),
        (np.tile(np.eye(5), (2, 1)), 1),
        (np.eye(5)[:2], 1),
        (np.tile(np.eye(5), (1, 2)), 1 - 1 / 9),  # two of ten factors in each code
        (np.array([[1.0, 0.5, 0.5]]), 1 - 0.5 / 2),
    ],
)
def test_closed_forms_of_the_modularity(information, expected):
    assert modularity(information) == pytest.approx(expected, abs=1e-12)


def test_with_one_factor_the_modularity_is_not_defined():
    assert np.isnan(modularity(np.ones((2, 1))))


def case(num_classes, num=80):
    random_state = np.random.RandomState(0)
    labels = random_state.randint(num_classes, size=num)
    return labels + random_state.standard_normal((3, num)), labels


@pytest.mark.parametrize("num_classes", [2, 3])
def test_explicitness_is_the_mean_area_of_scikit_learn(num_classes):
    codes, labels = case(num_classes)
    train, test = explicitness_per_factor(codes[:, :50], labels[:50], codes[:, 50:], labels[50:], "current")
    model = LogisticRegression().fit(codes[:, :50].T, labels[:50])
    for ours, x, y in ((train, codes[:, :50], labels[:50]), (test, codes[:, 50:], labels[50:])):
        areas = [roc_auc_score(y == c, p) for c, p in enumerate(model.predict_proba(x.T).T)]
        assert ours == pytest.approx(np.mean(areas), abs=1e-12)


def test_tied_probabilities_share_their_rank():
    codes, labels = np.array([[0.0, 0, 0, 1, 1, 1]]), np.array([0, 0, 1, 0, 1, 1])
    train, _ = explicitness_per_factor(codes, labels, codes, labels)
    assert train == pytest.approx(2 / 3)  # of 9 pairs 4 are right, 4 tied


def test_a_value_that_one_part_lacks_is_left_out_of_its_mean():
    codes, labels = case(3)
    few = labels[50:] < 2
    with_all = explicitness_per_factor(codes[:, :50], labels[:50], codes, labels)
    for y_test in (labels[50:][few], np.where(labels[50:][few] == 1, 9, 0)):
        train, test = explicitness_per_factor(codes[:, :50], labels[:50], codes[:, 50:][:, few], y_test)
        assert train == with_all[0] and 0.5 < test <= 1
    alone = explicitness_per_factor(codes[:, :50], labels[:50], codes[:, :3], np.ones(3))
    assert np.isnan(alone[1])


def test_factors_with_one_value_are_left_out_of_the_explicitness():
    codes, labels = case(2)
    factors = np.stack([labels, np.zeros_like(labels)], axis=1)
    both, one = (
        modularity_explicitness(codes.T, f, np.random.RandomState(0)) for f in (factors, factors[:, :1])
    )
    assert both["explicitness_score_test"] == one["explicitness_score_test"]
    assert both["constant_factors"] == [1]
    with pytest.raises(UserError, match="needs a factor that varies"):
        modularity_explicitness(codes.T, factors[:, 1:], np.random.RandomState(0))
