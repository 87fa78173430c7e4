"""Boosted trees against scikit-learn's: the same tree where no split ties, the same values up to chance elsewhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.tree import DecisionTreeRegressor

from tfdisent.metrics.boosted_trees import BoostedTrees, _Grower, _leaves


def grown(codes, targets):
    columns = np.ascontiguousarray(codes.T.astype(np.float32))
    splits, leaves, gains = _Grower(columns, np.random.RandomState(0)).grow(targets)
    return columns, splits, leaves, gains


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 80), st.integers(1, 5), st.sampled_from([None, 1, 0]), st.integers(0, 2**31))
def test_a_tree_is_that_of_scikit_learn(num, num_codes, decimals, seed):
    """With real targets, splits that are equally good part the points alike, if by other codes. Rounded codes tie."""
    random_state = np.random.RandomState(seed)
    codes, targets = random_state.standard_normal((num, num_codes)), random_state.standard_normal(num)
    codes = codes if decimals is None else np.round(codes, decimals)
    columns, splits, leaves, gains = grown(codes, targets)
    tree = DecisionTreeRegressor(max_depth=3, random_state=0).fit(codes, targets)
    means = np.bincount(leaves, targets, 8) / np.maximum(np.bincount(leaves, minlength=8), 1)
    np.testing.assert_allclose(means[leaves], tree.predict(codes), atol=1e-12)
    np.testing.assert_array_equal(leaves, _leaves(columns, *splits))
    expected = tree.tree_.compute_feature_importances(normalize=False)
    assert gains.sum() == pytest.approx(expected.sum(), abs=1e-12)
    if num_codes == 1:
        points = random_state.standard_normal((50, 1)).astype(np.float32)
        np.testing.assert_allclose(means[_leaves(points.T, *splits)], tree.predict(points), atol=1e-12)


def test_gains_of_many_points_belong_to_the_codes_that_scikit_learn_names():
    random_state = np.random.RandomState(0)
    codes = random_state.standard_normal((500, 4))
    targets = codes @ [3, 2, 1, 0] + random_state.standard_normal(500)
    *_, gains = grown(codes, targets)
    tree = DecisionTreeRegressor(max_depth=3).fit(codes, targets).tree_
    np.testing.assert_allclose(gains, tree.compute_feature_importances(normalize=False), atol=1e-12)


@pytest.mark.parametrize("num_classes", [2, 3])
def test_a_single_code_leaves_little_to_chance_and_gives_scikit_learn_s_predictions(num_classes):
    random_state = np.random.RandomState(0)
    codes = random_state.standard_normal((120, 1))
    labels = np.digitize(codes[:, 0] + 0.3 * random_state.standard_normal(120), [0.0, 0.8][: num_classes - 1])
    ours, theirs = BoostedTrees().fit(codes, labels), GradientBoostingClassifier().fit(codes, labels)
    points = random_state.standard_normal((300, 1))
    assert np.mean(ours.predict(points) == theirs.predict(points)) > 0.98
    assert ours.feature_importances_.tolist() == theirs.feature_importances_.tolist() == [1]


def test_values_differ_from_scikit_learn_s_no_more_than_those_from_seed_to_seed():
    random_state = np.random.RandomState(1)
    labels = random_state.randint(4, size=150)
    codes = labels[:, None] * [1, 0.5, 0, 0] + random_state.standard_normal((150, 4))
    theirs = [GradientBoostingClassifier(random_state=seed).fit(codes, labels) for seed in range(4)]
    theirs = np.array([model.feature_importances_ for model in theirs])
    ours = BoostedTrees().fit(codes, labels).feature_importances_
    assert np.abs(ours - theirs.mean(axis=0)).max() < 3 * np.ptp(theirs, axis=0).max() < 0.05


def test_two_copies_of_a_code_share_its_importance_by_chance():
    """Every split on one is as good as the same split on the other."""
    random_state = np.random.RandomState(0)
    code = random_state.standard_normal(60)
    labels = (code + 0.5 * random_state.standard_normal(60) > 0).astype(int)
    codes = np.stack([code, code], axis=1)
    shares = np.array([BoostedTrees(seed).fit(codes, labels).feature_importances_ for seed in range(12)])
    assert np.abs(shares.mean(axis=0) - 0.5).max() < 0.1 and np.ptp(shares[:, 0]) > 0.01
    np.testing.assert_array_equal(shares[3], BoostedTrees(3).fit(codes, labels).feature_importances_)


def test_constant_codes_leave_the_shares_of_the_classes():
    labels = np.array([0, 1, 1, 2, 1, 0])
    model = BoostedTrees().fit(np.ones((6, 2)), labels)
    assert model.predict(np.zeros((3, 2))).tolist() == [1, 1, 1]
    assert model.feature_importances_.tolist() == [0, 0]


def test_codes_closer_than_the_smallest_difference_are_one_value_as_in_scikit_learn():
    codes = np.array([[0.0], [5e-8], [1.0], [1.0 + 1.2e-7]], np.float32)
    labels = np.array([0, 1, 0, 1])
    ours = BoostedTrees().fit(codes, labels).predict(codes)
    np.testing.assert_array_equal(ours, GradientBoostingClassifier().fit(codes, labels).predict(codes))
