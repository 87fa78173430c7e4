"""BetaVAE and FactorVAE scores: draws, closed cases, and what is pruned."""

import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.metrics import beta_vae, compute_beta_vae_sklearn, compute_factor_vae, factor_vae
from tfdisent.metrics.interventions import SamePoints

SIZES = (4, 6)


class Data:
    """Two independent factors that are the observations; `drawn` keeps what was drawn."""

    num_factors = 2

    def __init__(self):
        self.drawn = []

    def sample_factors(self, num, random_state):
        return np.stack([random_state.randint(n, size=num) for n in SIZES], axis=1)

    def sample_observations_from_factors(self, factors, random_state):
        self.drawn.append(factors.copy())
        return factors.astype(float)

    def sample_observations(self, num, random_state):
        return self.sample_observations_from_factors(self.sample_factors(num, random_state), random_state)


def test_points_that_share_a_factor_are_drawn_evenly_among_all_that_do():
    factors = np.array([[0, 5], [1, 5], [0, 6], [0, 5], [1, 6]])
    points, random_state = SamePoints(factors), np.random.RandomState(0)
    for factor in (0, 1):
        drawn = np.array([points.draw(factor, np.arange(5), random_state) for _ in range(3000)])
        for i in range(5):
            same = np.flatnonzero(factors[:, factor] == factors[i, factor])
            counts = np.bincount(drawn[:, i], minlength=5)[same]
            assert counts.sum() == 3000 and np.all(np.abs(counts / 3000 - 1 / len(same)) < 0.05)


@pytest.mark.parametrize(("era", "extra"), [("paper", 1), ("current", 0)])
def test_beta_vae_draws_pairs_as_the_protocol_says(era, extra):
    data, random_state = Data(), np.random.RandomState(2)
    compute_beta_vae_sklearn(data, lambda x: x, random_state, None, 5, 8, 3, era)
    expected = np.random.RandomState(2)
    pairs = iter(zip(data.drawn[::2], data.drawn[1::2], strict=True))
    for number in (8, 3):
        for _ in range(number):
            index = expected.randint(2)
            first, second = Data().sample_factors(5, expected), Data().sample_factors(5, expected)
            second[:, index] = first[:, index]
            for ours, theirs in zip(next(pairs), (first, second), strict=True):
                np.testing.assert_array_equal(ours, theirs)
        if number == 8 and extra:
            expected.randint(np.iinfo("i").max)  # what liblinear took from the random state
    assert random_state.randint(2**31) == expected.randint(2**31)


def test_factor_vae_draws_the_variance_then_batches_with_one_factor_fixed():
    data, random_state = Data(), np.random.RandomState(2)
    compute_factor_vae(data, lambda x: x, random_state, None, 5, 8, 3, 50)
    expected = np.random.RandomState(2)
    np.testing.assert_array_equal(data.drawn[0], Data().sample_factors(50, expected))
    for batch in data.drawn[1:]:
        index = expected.randint(2)
        factors = Data().sample_factors(5, expected)
        factors[:, index] = factors[0, index]
        np.testing.assert_array_equal(batch, factors)
    assert len(data.drawn) == 12


def test_perfect_codes_are_told_apart_by_both():
    beta = compute_beta_vae_sklearn(Data(), lambda x: x, np.random.RandomState(0), None, 16, 200, 100)
    factor = compute_factor_vae(Data(), lambda x: x, np.random.RandomState(0), None, 16, 100, 50, 200)
    assert beta == {"train_accuracy": 1, "eval_accuracy": 1}
    assert factor == {"train_accuracy": 1, "eval_accuracy": 1, "num_active_dims": 2, "num_active_codes": 2}


def test_codes_below_the_threshold_have_no_vote():
    codes = np.random.RandomState(0).randint(5, size=(200, 2)) * [1.0, 0.01]
    factors = np.round(codes * [1, 100]).astype(int)
    scores = factor_vae(codes, factors, np.random.RandomState(0), 16, 200, 100)
    assert scores["num_active_dims"] == 2 and scores["num_active_codes"] == 1
    assert scores["eval_accuracy"] == pytest.approx(0.5, abs=0.15)  # one code cannot tell two factors apart
    kept = factor_vae(codes, factors, np.random.RandomState(0), 16, 200, 100, prune_dims_threshold=0.0)
    assert kept["eval_accuracy"] == 1


def test_without_active_codes_the_score_is_zero():
    scores = compute_factor_vae(Data(), lambda x: 0 * x, np.random.RandomState(0), None, 5, 8, 3, 50)
    assert scores == {"train_accuracy": 0, "eval_accuracy": 0, "num_active_dims": 0, "num_active_codes": 0}


def test_with_one_factor_there_is_nothing_to_tell():
    factors = np.arange(40)[:, None] % 4
    assert beta_vae(factors * 1.0, factors, np.random.RandomState(0), 4, 20, 10)["eval_accuracy"] == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 1}, "batch_size must be a whole number from 2 to 10,000,000"),
        ({"num_train": 0}, "num_train must be .* Received: 0"),
        ({"num_eval": 2.5}, "num_eval must be .* Received: 2.5"),
    ],
)
def test_numbers_that_are_too_small_are_refused(settings, message):
    factors = np.arange(40)[:, None] % 4
    with pytest.raises(UserError, match=message):
        factor_vae(factors * 1.0, factors, np.random.RandomState(0), **settings)
