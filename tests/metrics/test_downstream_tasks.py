"""Downstream tasks: sizes, interventions and removed codes, with trees small enough to be quick."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from tfdisent.errors import UserError
from tfdisent.metrics import (
    compute_downstream_task,
    compute_reduced_downstream_task,
    compute_strong_downstream_task,
    downstream_task,
    reduced_downstream_task,
    strong_downstream_task,
)
from tfdisent.metrics.reduced_downstream_task import compute_reduced_representation
from tfdisent.metrics.strong_downstream_task import intervene


def tree():
    return DecisionTreeClassifier(random_state=0)


class Data:
    """Factors of 2, 3 and 2 values that are the observations."""

    num_factors = 3
    factors_num_values = (2, 3, 2)

    def __init__(self):
        self.drawn = []

    def sample_factors(self, num, random_state):
        return np.stack([random_state.randint(n, size=num) for n in self.factors_num_values], axis=1)

    def sample_observations_from_factors(self, factors, random_state):
        self.drawn.append(factors.copy())
        return factors.astype(float)

    def sample(self, num, random_state):
        factors = self.sample_factors(num, random_state)
        return factors, self.sample_observations_from_factors(factors, random_state)


def points(num=120):
    factors = Data().sample_factors(num, np.random.RandomState(0))
    return factors.astype(float), factors


def test_every_size_gets_its_own_points():
    data = Data()
    scores = compute_downstream_task(
        data, lambda x: x, np.random.RandomState(0), None, [5, 40], 20, 16, predictor_fn=tree
    )
    assert [len(d) for d in data.drawn] == [5, 16, 4, 16, 16, 8, 16, 4]
    per_size = ["mean_train_accuracy", "mean_test_accuracy", "min_train_accuracy", "min_test_accuracy"]
    per_size += [f"{part}_accuracy_factor_{i}" for part in ("train", "test") for i in range(3)]
    assert sorted(scores) == sorted(f"{n}:{key}" for n in (5, 40) for key in per_size)
    assert (
        scores["40:mean_test_accuracy"]
        == 1
        >= scores["5:mean_test_accuracy"]
        >= scores["5:min_test_accuracy"]
    )


def test_accuracies_are_those_of_the_predictor():
    factors = points()[1]
    codes = np.random.RandomState(1).standard_normal((120, 2)) + factors[:, :2]
    scores = downstream_task(codes, factors, np.random.RandomState(3), train_share=0.5, predictor_fn=tree)
    order = np.random.RandomState(3).permutation(120)
    train, test = order[:60], order[60:]
    expected = [tree().fit(codes[train], y[train]).score(codes[test], y[test]) for y in factors.T]
    assert [scores[f"60:test_accuracy_factor_{i}"] for i in range(3)] == expected
    assert scores["60:mean_test_accuracy"] == pytest.approx(np.mean(expected))
    assert scores["60:min_test_accuracy"] == min(expected)


def test_smaller_sizes_take_the_first_of_the_training_part():
    scores = downstream_task(*points(), np.random.RandomState(0), num_train=[5, 80], predictor_fn=tree)
    assert {key.split(":")[0] for key in scores} == {"5", "80"}
    with pytest.raises(UserError, match="exceeds the 80 points of the training part. Received: num_train=81"):
        downstream_task(*points(), np.random.RandomState(0), num_train=81)
    for bad, message in (
        ([], "at least one"),
        ([5, 0], "num_train must be .* Received: 0"),
        ("ten", "num_train must be .* Received: 't'"),
    ):
        with pytest.raises(UserError, match=message):
            downstream_task(*points(), np.random.RandomState(0), num_train=bad)


@pytest.mark.parametrize("era", ["paper", "current"])
def test_logistic_regression_reads_linear_codes(era):
    scores = downstream_task(
        *points(), np.random.RandomState(0), predictor_fn="logistic_regression_cv", sklearn_era=era
    )
    assert scores["80:test_accuracy_factor_0"] == scores["80:test_accuracy_factor_2"] == 1
    if era == "current":  # one class against the rest cannot isolate the middle one of three
        assert scores["80:mean_test_accuracy"] == 1


def test_an_intervention_holds_another_factor_in_training_and_avoids_its_value_in_the_test():
    random_state = np.random.RandomState(0)
    train, test = (Data().sample_factors(50, random_state) for _ in range(2))
    seen = set()
    for target in np.repeat([0, 1, 2], 8):
        changed_train, changed_test, factor, value = intervene(
            train.copy(), test.copy(), target, 3, Data(), random_state
        )
        assert factor != target
        assert np.all(changed_train[:, factor] == value) and np.all(changed_test[:, factor] != value)
        others = np.arange(3) != factor
        np.testing.assert_array_equal(changed_train[:, others], train[:, others])
        seen.add((target, factor))
    assert len(seen) == 6


def test_codes_with_one_latent_a_factor_generalise_and_mixed_ones_do_not():
    def gap(function):
        return compute_strong_downstream_task(
            Data(), function, np.random.RandomState(0), None, [60], 60, 2, predictor_fn=tree
        )["60:strong_generalization_gap"]

    assert gap(lambda x: x) == 0
    assert gap(lambda x: x @ [[1.0, 3, 0], [5, 1, 2], [2, 7, 4]]) > 0.1


def test_given_points_are_chosen_instead_of_intervened_on():
    scores = strong_downstream_task(*points(), np.random.RandomState(0), n_experiment=2, predictor_fn=tree)
    assert scores["80:mean_strong_test_accuracy"] == scores["80:mean_test_accuracy"] == 1
    with pytest.raises(UserError, match="second factor with at least two values"):
        strong_downstream_task(points()[0], points()[1][:, :1], np.random.RandomState(0), predictor_fn=tree)


def test_a_factor_falls_to_chance_when_its_only_code_is_removed():
    scores = compute_reduced_downstream_task(
        Data(), lambda x: x, np.random.RandomState(0), None, 1, [200], 200, predictor_fn=tree
    )
    for i, chance in enumerate([1 / 2, 1 / 3, 1 / 2]):
        prefix = f"200:reduced_factor_{i}:mean_test_accuracy"
        assert scores[f"{prefix}_reduced_factor"] == scores[f"{prefix}_factor_{i}"]
        assert scores[f"{prefix}_reduced_factor"] == pytest.approx(chance, abs=0.15)
        assert scores[f"{prefix}_non_reduced_factor"] == 1
    assert scores["200:mean_test_accuracy_other_factors"] == 1
    assert scores["200:mean_test_accuracy_reduced_factor"] == pytest.approx(4 / 9, abs=0.1)


def test_a_second_copy_of_a_code_has_to_be_removed_as_well():
    codes, factors = points()
    copies = np.concatenate([codes, codes], axis=1)
    results = [
        reduced_downstream_task(copies, factors, np.random.RandomState(0), number, predictor_fn=tree)
        for number in (1, 2)
    ]
    key = "80:mean_test_accuracy_reduced_factor"
    assert results[0][key] == 1 and results[1][key] < 0.7


def test_the_reduced_representation_lacks_the_most_important_code():
    codes, factors = points()
    for i in range(3):
        train, test = compute_reduced_representation(codes.T, factors.T, codes.T[:, :9], factors.T[:, :9], i)
        np.testing.assert_array_equal(train, np.delete(codes.T, i, axis=0))
        assert test.shape == (2, 9)


def test_removing_all_codes_is_refused():
    with pytest.raises(UserError, match="must leave a code. Received: num_factors_to_remove=3 of 3 codes"):
        reduced_downstream_task(*points(), np.random.RandomState(0), 3)
