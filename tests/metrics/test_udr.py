"""UDR: closed forms of the relative strength, models that agree up to order and sign, and passive latents."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from tfdisent.errors import UserError
from tfdisent.metrics import compute_udr_sklearn, udr
from tfdisent.metrics.udr import relative_strength_disentanglement, spearman_correlation_conv


def codes(num=400, num_codes=4, seed=0):
    return np.random.RandomState(seed).standard_normal((num, num_codes))


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (np.eye(3), 1),
        (np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]]), 2 / 3),
        (np.ones((3, 3)), 1 / 3),
        (np.zeros((3, 3)), 0),
        (np.zeros((0, 3)), 0),
        (np.array([[0.5, 0], [0, 0]]), 0.25),
    ],
)
def test_relative_strength_in_closed_form(matrix, expected):
    assert relative_strength_disentanglement(matrix) == pytest.approx(expected)


@pytest.mark.parametrize(("kind", "low"), [("spearman", 0.75), ("lasso", 0.89)])
def test_models_that_agree_up_to_order_sign_and_scale_find_each_other(kind, low):
    z = codes()
    other = 3 * z[:, [2, 0, 3, 1]] * [1, -1, 1, -1]
    mixed = z @ np.linalg.qr(codes(4))[0]
    agree = udr([z, other], correlation_matrix=kind)["model_scores"]
    differ = udr([z, mixed], correlation_matrix=kind)["model_scores"]
    assert min(agree) > low and max(agree) <= 1 and max(differ) < min(agree) - 0.2


def test_a_model_s_score_is_the_median_over_the_others():
    models = [codes(), codes() @ np.linalg.qr(codes(4, seed=1))[0], codes()[:, ::-1], codes(seed=5)]
    scores = udr(models)
    pairs = np.array(scores["pairwise_disentanglement_scores"])[..., 0]
    assert pairs.shape == (4, 4) and np.all(np.diag(pairs) == 0)
    for j in range(4):
        assert scores["model_scores"][j] == np.median(np.delete(pairs[:, j], j))
    assert np.shape(scores["raw_correlations"]) == (4, 4, 4, 4)
    assert "raw_correlations" not in udr(models, include_raw_correlations=False)


def test_passive_latents_are_left_out():
    first, second = codes(seed=0), codes(seed=1)
    second[:, 0] = first[:, 0]
    divergences = [np.array([1.0, 0, 0, 0])] * 2
    assert min(udr([first, second], divergences)["model_scores"]) > 0.85
    assert max(udr([first, second], divergences, filter_low_kl=False)["model_scores"]) < 0.3
    passive = udr([first, second], [np.zeros(4)] * 2)
    assert passive["model_scores"] == [0, 0]


def test_another_threshold_has_a_value_of_its_own():
    """At KL 0.5 and threshold 0.9 the first two latents help the lasso unless they are set to zero as well."""
    z = codes(num_codes=3)
    other = z.copy()
    z[:, 2] += 2 * z[:, 0]
    divergences = [np.array([0.5, 1.0, 1.0])] * 2
    scores = udr([z, other], divergences, kl_filter_threshold=0.9)
    assert scores["model_scores"] != scores["model_scores_own_threshold"]
    assert "model_scores_own_threshold" not in udr([z, other], divergences)


def test_rank_correlations_are_those_of_scipy_and_undefined_for_constant_codes():
    first, second = np.round(codes(), 1), codes(seed=1) + codes()
    second[:, 3] = 0
    ours = spearman_correlation_conv(first, second)
    for i in range(4):
        for j in range(3):
            assert ours[i, j] == pytest.approx(abs(spearmanr(first[:, i], second[:, j])[0]), abs=1e-12)
    assert np.isnan(ours[:, 3]).all()


class Data:
    def sample_observations(self, num, random_state):
        return random_state.standard_normal((num, 3))


def test_observations_are_drawn_batch_by_batch_and_divergences_averaged():
    def model(x):
        return x, np.abs(x).mean(axis=0)

    def mirrored(x):
        return -x[:, ::-1], np.ones(3)

    scores = compute_udr_sklearn(Data(), [model, mirrored], np.random.RandomState(0), 10, 100)
    x = np.random.RandomState(0).standard_normal((100, 3))
    assert scores == udr([x, -x[:, ::-1]], [np.abs(x).mean(axis=0), np.ones(3)])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: udr([codes()]), "at least two models"),
        (lambda: udr([codes(), codes(num_codes=3)]), r"shapes \[\(400, 3\), \(400, 4\)\]"),
        (lambda: udr([codes(), codes() * np.nan]), "codes of model 1 must be finite"),
        (lambda: udr([codes()] * 2, [np.ones(4)]), "must hold 2 arrays of 4 numbers"),
        (lambda: udr([codes()] * 2, correlation_matrix="pearson"), "Received: 'pearson'"),
        (
            lambda: compute_udr_sklearn(Data(), [], np.random.RandomState(0), 10, 105),
            "multiple of batch_size. Received: num_data_points=105, batch_size=10",
        ),
    ],
)
def test_models_that_cannot_be_compared_are_refused(call, message):
    with pytest.raises(UserError, match=message):
        call()
