"""Fairness: total variation in closed form, aggregates, and interventions."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from tfdisent.errors import UserError
from tfdisent.metrics import compute_fairness, fairness
from tfdisent.metrics.fairness import compute_scores_dict, inter_group_fairness


def tree():
    return DecisionTreeClassifier(random_state=0)


def test_total_variation_of_two_groups():
    """Overall 1/3 and 2/3; the groups have (0, 1) and (1/2, 1/2): distances 1/3 and 1/6, weights 1/3 and 2/3."""
    mean, largest = inter_group_fairness([[0, 100], [100, 100]])
    assert mean == pytest.approx(2 / 9) and largest == pytest.approx(1 / 3)


def test_predictions_that_ignore_the_group_are_fair():
    mean, largest = inter_group_fairness(np.outer([3, 7], [10, 20, 30]))
    assert mean == pytest.approx(0, abs=1e-7) and largest == pytest.approx(0, abs=1e-7)


def test_aggregates_of_a_matrix():
    matrix = np.array([[0.0, 2, 4], [4, 0, 8], [2, 10, 0]])
    scores = compute_scores_dict(matrix, "x")
    rows, columns = np.array([[2, 4], [4, 8], [2, 10]]), np.array([[4, 2], [2, 10], [4, 8]])
    for i in range(3):
        assert scores[f"x:pred{i}:mean_sens"] == rows[i].mean()
        assert scores[f"x:pred{i}:max_sens"] == rows[i].max()
        assert scores[f"x:sens{i}:mean_pred"] == columns[i].mean()
        assert scores[f"x:sens{i}:max_pred"] == columns[i].max()
    for name, fn in (("mean", np.mean), ("max", np.max)):
        for inner, inner_fn in (("mean", np.mean), ("max", np.max)):
            assert scores[f"x:{name}_pred:{inner}_sens"] == fn(inner_fn(rows, axis=1))
            assert scores[f"x:{name}_sens:{inner}_pred"] == fn(inner_fn(columns, axis=1))
    assert scores["x:pred2:sens1"] == 10 and len(scores) == 6 + 12 + 8


class Data:
    num_factors = 2
    factors_num_values = (2, 3)
    first = 0

    def sample_factors(self, num, random_state):
        return np.stack([random_state.randint(n, size=num) for n in (2, 3)], axis=1) + self.first

    def sample_observations_from_factors(self, factors, random_state):
        return factors.astype(float)

    def sample(self, num, random_state):
        factors = self.sample_factors(num, random_state)
        return factors, self.sample_observations_from_factors(factors, random_state)


def test_perfect_codes_are_fair_and_a_factor_read_from_the_other_is_not():
    fair = compute_fairness(Data(), lambda x: x, np.random.RandomState(0), None, 50, 20, predictor_fn=tree)
    assert all(value == pytest.approx(0, abs=1e-7) for value in fair.values())

    class Dependent(Data):
        def sample_factors(self, num, random_state):
            factors = super().sample_factors(num, random_state)
            factors[:, 0] = factors[:, 1] > 0
            return factors

    unfair = compute_fairness(
        Dependent(), lambda x: x[:, 1:], np.random.RandomState(0), None, 50, 20, predictor_fn=tree
    )
    assert unfair["mean_fairness:pred1:sens0"] == pytest.approx(0, abs=1e-7)
    # predicted from the second factor: group 0 has all of one class, which makes a third of all predictions
    assert unfair["max_fairness:pred0:sens1"] == pytest.approx(2 / 3)
    assert unfair["mean_fairness:pred0:sens1"] == pytest.approx(4 / 9)


def test_given_points_are_grouped_by_the_sensitive_factor():
    factors = Data().sample_factors(300, np.random.RandomState(0))
    factors[:, 0] = factors[:, 1] > 0  # the first factor follows from the second
    scores = fairness(factors.astype(float), factors, np.random.RandomState(0), predictor_fn=tree)
    share = np.mean(factors[np.random.RandomState(0).permutation(300)[200:], 0])
    expected = max(share, 1 - share)
    assert scores["max_fairness:pred0:sens1"] == pytest.approx(expected, abs=1e-6)


def test_factors_that_cannot_be_counted_are_refused():
    shifted = Data()
    shifted.first = 1
    with pytest.raises(
        UserError, match=r"counted from 0 up to the sizes \[2, 3\]. Received: values from 1 to 3"
    ):
        compute_fairness(shifted, lambda x: x, np.random.RandomState(0), None, 50, 20)
    with pytest.raises(UserError, match="Received: 1 factor"):
        fairness(np.ones((9, 2)), np.arange(9)[:, None] % 2, np.random.RandomState(0))
