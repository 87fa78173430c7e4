"""InfoMEC: copies, mixtures, noise, and what does not vary."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from tfdisent.errors import UserError
from tfdisent.metrics import compute_infomec, infomec


def grid(*sizes, repeats=10):
    axes = np.meshgrid(*[np.arange(n) for n in sizes], indexing="ij")
    return np.tile(np.stack([a.ravel() for a in axes], axis=1), (repeats, 1))


def score(codes, factors, **settings):
    return infomec(codes, factors, np.random.RandomState(0), **settings)


@pytest.mark.parametrize("discrete", [True, False])
def test_copies_of_factors_are_modular_explicit_and_compact(discrete):
    factors = grid(2, 3, repeats=60)
    codes = factors + (0 if discrete else 0.05) * np.random.RandomState(0).standard_normal(factors.shape)
    assert all(0.9 < value <= 1.001 for value in score(codes, factors, discrete_latents=discrete).values())


def test_two_codes_a_factor_are_modular_but_not_compact():
    factors = grid(2, 2)
    scores = score(np.repeat(factors, 2, axis=1), factors, discrete_latents=True)
    assert scores["infom"] == pytest.approx(1)
    assert scores["infoc"] == pytest.approx((1 / 2 - 1 / 4) / (3 / 4))


def test_one_code_about_two_factors_is_compact_but_not_modular():
    factors = grid(2, 2)
    codes = np.stack([factors @ [1, 2], np.tile([0, 1], 20)[np.argsort(factors @ [1, 2])]], axis=1)
    scores = score(codes[:, :1], factors, discrete_latents=True)
    assert scores["infoc"] == 1 and scores["infom"] == pytest.approx(0, abs=1e-12)
    assert scores["infoe"] == pytest.approx(1, abs=0.01)


def test_explicitness_is_the_fall_of_scikit_learn_s_log_loss():
    factors = grid(3, repeats=40)
    codes = factors + np.random.RandomState(0).standard_normal((120, 2))
    standard = (codes - codes.mean(axis=0)) / codes.std(axis=0)
    y = factors[:, 0]
    with_codes, without = (
        log_loss(y, LogisticRegression(C=np.inf, class_weight="balanced").fit(x, y).predict_proba(x))
        for x in (standard, np.zeros_like(codes))
    )
    assert score(codes, factors)["infoe"] == pytest.approx(1 - with_codes / without, abs=1e-9)


def test_codes_of_a_small_range_and_constant_factors_are_left_out():
    factors = grid(2, 2, repeats=50)
    codes = factors + 0.05 * np.random.RandomState(0).standard_normal((200, 2))
    small, ones = 0.04 * np.random.RandomState(1).random_sample((200, 1)), np.ones((200, 1))
    expected = score(codes, factors)
    more = score(np.concatenate([codes, small], axis=1), np.concatenate([factors, ones], axis=1))
    for key in ("infom", "infoc"):
        assert more[key] == pytest.approx(expected[key])
    assert more["constant_factors"] == [2]
    assert score(ones, factors) == {"infom": 0, "infoe": 0, "infoc": 0}
    with pytest.raises(UserError, match="needs a factor that varies"):
        score(codes, ones)
    assert score(codes[:, :1], factors)["infoc"] == score(codes, factors[:, :1])["infom"] == 1


def test_compute_infomec_scores_the_points_that_the_protocol_draws():
    class Data:
        num_factors = 2

        def sample(self, num, random_state):
            factors = random_state.randint(2, size=(num, 2))
            return factors, factors + random_state.standard_normal((num, 2))

    random_state = np.random.RandomState(0)
    scores = compute_infomec(Data(), lambda x: x, random_state, num_train=100, batch_size=100)
    expected = np.random.RandomState(0)
    factors, codes = Data().sample(100, expected)
    assert scores == infomec(codes, factors, expected)
    assert random_state.randint(2**31) == expected.randint(2**31)
