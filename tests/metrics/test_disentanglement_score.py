"""Disentanglement score: closed forms, rotations, and equality with scikit-learn's neighbours."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from tfdisent.errors import UserError
from tfdisent.metrics import compute_disentanglement_score, disentanglement_score
from tfdisent.metrics.disentanglement_score import predict_from_neighbours

CONTINUOUS = ["continuous", "continuous"]


def square(num=5000, seed=0):
    """Points of the unit square: two independent continuous factors."""
    return np.random.RandomState(seed).random_sample((num, 2))


def score(codes, factors, kinds=CONTINUOUS, seed=0, **settings):
    return disentanglement_score(codes, factors, np.random.RandomState(seed), kinds, **settings)


def test_copies_of_continuous_factors_score_one_bounded_and_root_of_six_fifths_as_printed():
    """The mean of k ignorant neighbours has error variance (1 + 1/k) var: A = std (1 - sqrt(1 + 1/5))."""
    factors = square()
    scores = score(factors, factors)
    assert scores["disentanglement_score_bounded"] == pytest.approx(1, abs=2e-3)
    assert scores["disentanglement_score_paper"] == pytest.approx(np.sqrt(1.2), abs=0.02)
    assert scores["disentanglement_score"] == scores["disentanglement_score_paper"]


def test_copies_of_categorical_factors_score_one_bounded_and_two_as_printed():
    """Three equally frequent classes: accuracies 1 and about 1/3, constant classifier 1/3."""
    random_state = np.random.RandomState(0)
    factors = random_state.randint(3, size=(5000, 2))
    codes = factors + 0.01 * random_state.standard_normal((5000, 2))
    scores = score(codes, factors, ["categorical"] * 2, normalisation="bounded")
    assert scores["disentanglement_score"] == scores["disentanglement_score_bounded"]
    assert scores["disentanglement_score_bounded"] == pytest.approx(1, abs=0.03)
    assert scores["disentanglement_score_paper"] == pytest.approx(2, abs=0.1)


def test_rotation_by_45_degrees_makes_both_latents_alike_and_the_score_almost_zero():
    factors = square()
    rotation = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    scores = score(factors @ rotation, factors)
    assert 0 <= scores["disentanglement_score_paper"] < 0.05
    assert 0 <= scores["disentanglement_score_bounded"] < 0.05


def test_score_falls_with_the_angle_of_rotation():
    factors = square(2000)
    scores = []
    for angle in np.deg2rad([0, 10, 25, 45]):
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        scores.append(score(factors @ rotation, factors)["disentanglement_score"])
    assert np.all(np.diff(scores) < 0)


def test_noise_scores_almost_zero():
    codes = np.random.RandomState(1).standard_normal((5000, 4))
    scores = score(codes, square())
    assert 0 <= scores["disentanglement_score_paper"] < 0.03
    assert scores["disentanglement_score_bounded"] < 0.01


def test_score_is_invariant_to_monotone_scaling_of_codes_and_affine_change_of_factors():
    factors = square(1000)
    codes = factors @ np.array([[1, 0.3], [0, 1]])
    expected = score(codes, factors)["disentanglement_score"]
    assert score(-4 * codes[:, ::-1], factors)["disentanglement_score"] == pytest.approx(expected, abs=1e-9)
    assert score(codes, 8 - 2 * factors)["disentanglement_score"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("tied", [False, True])
def test_predictions_equal_those_of_scikit_learn_estimators(tied):
    random_state = np.random.RandomState(0)
    factors = np.stack([random_state.random_sample(600), random_state.randint(4, size=600)], axis=1)
    codes = random_state.standard_normal((600, 3)) + factors[:, :1]
    if tied:
        codes = np.round(codes)  # dozens of points at every distance, and majorities that tie
    train, test = np.arange(480), np.arange(480, 600)
    ours = predict_from_neighbours(codes, factors, ["continuous", "categorical"], train, test)
    for j in range(3):
        z = codes[:, j : j + 1]
        regressor = KNeighborsRegressor().fit(z[train], factors[train, 0])
        classifier = KNeighborsClassifier().fit(z[train], factors[train, 1].astype(int))
        np.testing.assert_allclose(ours[j, :, 0], regressor.predict(z[test]), rtol=1e-14)
        np.testing.assert_array_equal(ours[j, :, 1], classifier.predict(z[test]))


def test_score_equals_the_printed_formula_with_scikit_learn_estimators():
    random_state = np.random.RandomState(3)
    shape, x = random_state.randint(3, size=1500), random_state.random_sample(1500)
    noise = random_state.standard_normal((1500, 3))
    codes = np.stack([shape + x, x - 0.2 * shape, 0.3 * x], axis=1) + [0.3, 0.1, 0.2] * noise
    scores = score(codes, np.stack([shape, x], axis=1), ["categorical", "cyclic"], seed=7)

    order = np.random.RandomState(7).permutation(1500)
    train, test = order[:1200], order[1200:]
    accuracy, fall = [], []
    for z in codes.T[:, :, None]:
        accuracy.append(KNeighborsClassifier().fit(z[train], shape[train]).score(z[test], shape[test]))
        error = KNeighborsRegressor().fit(z[train], x[train]).predict(z[test]) - x[test]
        fall.append(x[test].std() - np.sqrt(np.mean(error**2)))
    most = max(np.mean(shape[test] == c) for c in range(3))
    _, a2, a1 = sorted(accuracy)
    _, r2, r1 = sorted(fall)
    assert scores["disentanglement_score_paper"] == pytest.approx(
        ((a1 - a2) / most + (r1 - r2) / x[test].std()) / 2, abs=1e-12
    )
    bounded = ((a1 - max(a2, most)) / (1 - most) + (r1 - max(r2, 0)) / x[test].std()) / 2
    assert scores["disentanglement_score_bounded"] == pytest.approx(bounded, abs=1e-12)


def test_bounded_scores_lie_between_zero_and_one_whatever_the_codes():
    for seed in range(20):
        random_state = np.random.RandomState(seed)
        factors = np.stack([random_state.randint(2, size=60), random_state.standard_normal(60)], axis=1)
        codes = factors @ random_state.standard_normal((2, 3)) + random_state.standard_normal((60, 3))
        scores = score(codes, factors, ["categorical", "continuous"], seed)
        assert 0 <= scores["disentanglement_score_bounded"] <= 1


def test_a_constant_factor_is_left_out_of_the_mean():
    factors = square(500)
    with_constant = np.concatenate([factors, np.ones((500, 1))], axis=1)
    for kind in ("continuous", "categorical"):
        expected = {**score(factors, factors), "constant_factors": [2]}
        assert score(factors, with_constant, [*CONTINUOUS, kind]) == expected


class Enumerable:
    """The points of a square by index; `sample` must not be needed."""

    factor_kinds = CONTINUOUS
    num_factors = 2
    enumerable = True

    def __init__(self, num):
        self.points = square(num)
        self.size = num
        self.asked = []

    def observations(self, indices):
        self.asked += list(indices)
        return self.points[indices].astype(np.float32)

    def factors(self, indices):
        return self.points[indices]


@pytest.mark.parametrize(("num_points", "expected"), [(None, 400), (100, 100), (10000, 400)])
def test_each_point_of_an_enumerable_set_is_used_at_most_once(num_points, expected):
    data = Enumerable(400)
    scores = compute_disentanglement_score(
        data, lambda x: x, np.random.RandomState(0), num_points=num_points, batch_size=64
    )
    assert len(data.asked) == len(set(data.asked)) == scores["num_points"] == expected
    assert scores["disentanglement_score_bounded"] == pytest.approx(1, abs=0.1)


class Sampled:
    """The protocol alone: `sample`."""

    def sample(self, num, random_state):
        factors = random_state.randint(10, size=(num, 2))
        return factors, factors.astype(np.float32)


def test_an_object_that_only_samples_is_scored_as_continuous_unless_told_otherwise(caplog):
    scores = {}
    for kinds in (None, CONTINUOUS, ["categorical"] * 2):
        scores[str(kinds)] = compute_disentanglement_score(
            Sampled(), lambda x: x, np.random.RandomState(0), num_points=1000, factor_kinds=kinds
        )
    default, continuous, categorical = scores.values()
    assert default == continuous and default != categorical
    assert caplog.text.count("all are scored as continuous") == 1


def test_without_a_number_of_points_a_set_that_cannot_be_enumerated_is_refused():
    with pytest.raises(UserError, match="Received: num_points=None"):
        compute_disentanglement_score(Sampled(), lambda x: x, np.random.RandomState(0), num_points=None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"codes": np.zeros((50, 1))}, "at least two columns"),
        ({"codes": np.full((50, 2), np.inf)}, r"codes must be finite.*columns \[0, 1\]"),
        ({"factors": np.zeros((49, 2))}, "Received: 50 and 49 rows"),
        ({"factors": np.zeros((50, 2))}, "Every factor is constant"),
        ({"factor_kinds": ["continuous"]}, r"for each of the 2 factors. Received: \['continuous'\]"),
        ({"factor_kinds": ["continuous", "real"]}, r"Received: \['continuous', 'real'\]"),
        ({"normalisation": "best"}, "normalisation must be 'paper' or 'bounded'. Received: 'best'"),
        ({"num_neighbours": 41}, "at least 41 points"),
        ({"num_neighbours": 0}, "num_neighbours must be a whole number, 1 or larger"),
        ({"train_share": 1.0}, "train_share must be a number, above 0, below 1. Received: 1.0"),
        ({"train_share": 0.999}, "one to predict"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(change, message):
    arguments = {
        "codes": square(50),
        "factors": square(50),
        "factor_kinds": CONTINUOUS,
        "random_state": np.random.RandomState(0),
    }
    with pytest.raises(UserError, match=message):
        disentanglement_score(**{**arguments, **change})


def test_a_factor_without_different_values_and_too_few_latents_are_said(caplog):
    random_state = np.random.RandomState(0)
    factors = np.column_stack([square(400), np.full(400, 3.0), random_state.random_sample(400)])
    kinds = ["continuous"] * 4
    score(random_state.standard_normal((400, 3)), factors, kinds)
    assert "left out of the score: factor 2." in caplog.text and len(caplog.records) == 1
    caplog.clear()
    score(factors[:, :2], factors, kinds)
    assert "2 latents cannot hold 3 factors one by one" in caplog.text
