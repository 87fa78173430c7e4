"""The classifiers of both eras of scikit-learn, and single classes."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from tfdisent.errors import UserError
from tfdisent.metrics import predictors, utils
from tfdisent.metrics.boosted_trees import BoostedTrees


def blobs(num=60, num_classes=3):
    random_state = np.random.RandomState(0)
    labels = random_state.randint(num_classes, size=num)
    return labels[:, None] + random_state.standard_normal((num, 2)), labels


def test_logistic_regression_of_the_paper_s_time_fits_each_class_against_the_rest():
    codes, labels = blobs()
    ours = predictors.fit(predictors.logistic_regression("paper"), codes, labels).predict_proba(codes)
    single = [
        LogisticRegression(solver="liblinear").fit(codes, labels == c).predict_proba(codes)[:, 1]
        for c in range(3)
    ]
    np.testing.assert_allclose(ours, np.stack(single, axis=1) / np.sum(single, axis=0)[:, None], atol=1e-12)


def test_logistic_regression_of_today_is_multinomial():
    codes, labels = blobs()
    ours = predictors.fit(predictors.logistic_regression("current"), codes, labels).predict_proba(codes)
    np.testing.assert_array_equal(ours, LogisticRegression().fit(codes, labels).predict_proba(codes))


def test_the_support_vector_machine_solves_the_dual_problem_in_the_paper_s_time():
    assert predictors.linear_svc("paper").dual is True and predictors.linear_svc("current").dual == "auto"


def test_a_single_class_is_always_predicted():
    fitted = predictors.fit(predictors.linear_svc(), np.zeros((4, 2)), np.full(4, 7))
    assert fitted.predict(np.ones((3, 2))).tolist() == [7, 7, 7]
    assert fitted.importances.tolist() == [0, 0] and fitted.predict_proba(np.ones((3, 2))).shape == (3, 1)


def test_values_of_a_factor_need_not_be_counted_from_zero():
    codes, labels = blobs(30)
    values = np.array([-2.0, 0.5, 9.0])[labels]
    fitted = predictors.fit(DecisionTreeClassifier(random_state=0), codes, values)
    np.testing.assert_array_equal(fitted.predict(codes), values)
    assert predictors.accuracies([fitted], codes.T, values[None]) == [1.0]


@pytest.mark.parametrize("era", ["paper", "current"])
def test_cross_validation_copes_with_classes_that_a_fold_lacks(era):
    codes, labels = blobs(10)
    labels[:5], labels[5:] = 0, [1, 1, 2, 1, 1]
    fitted = predictors.fit(predictors.logistic_regression_cv(era), codes, labels)
    assert set(fitted.predict(codes)) <= {0, 1, 2}
    with pytest.raises(UserError, match="5-fold cross validation needs at least 5.*Received: 4"):
        predictors.fit(predictors.logistic_regression_cv(era), codes[:4], [0, 1, 0, 1])


def test_predictors_are_named_or_made():
    assert predictors.make_predictor_fn("logistic_regression_cv", "current")().cv.n_splits == 5
    for known in ("gradient_boosting_classifier", utils.gradient_boosting_classifier):
        made = predictors.make_predictor_fn(known, random_state=3)()
        assert isinstance(made, BoostedTrees) and made.random_state == 3
    assert isinstance(predictors.make_predictor_fn(DecisionTreeClassifier)(), DecisionTreeClassifier)


@pytest.mark.parametrize("era", ["old", None, "Paper"])
def test_unknown_eras_and_predictors_are_refused(era):
    with pytest.raises(UserError, match=f"'paper' or 'current'. Received: {era!r}"):
        predictors.logistic_regression(era)
    with pytest.raises(UserError, match="predictor_fn must be one of"):
        predictors.make_predictor_fn("nearest_neighbours")


def test_the_seed_of_estimators_follows_from_the_random_state_and_leaves_it():
    random_state = np.random.RandomState(0)
    seed = utils.estimator_seed(random_state)
    assert seed == utils.estimator_seed(random_state) == np.random.RandomState(0).randint(2**31 - 1)
    random_state.random_sample()
    assert seed != utils.estimator_seed(random_state)
