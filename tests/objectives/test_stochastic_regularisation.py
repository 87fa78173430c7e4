import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.objectives import stochastic_regularisation

NOISE = np.random.RandomState(0).normal(size=200_000)
CODE = 3.0


@pytest.mark.parametrize(
    ("kind", "rate", "mean", "variance"),
    [
        ("gaussian_noise", 0.5, CODE, 0.25),
        ("gaussian_dropout", 0.5, CODE, CODE**2),
        ("gaussian_dropout", 0.2, CODE, CODE**2 / 4),
        ("dropout", 0.5, CODE, CODE**2),
        ("dropout", 0.2, CODE, CODE**2 / 4),
        ("unscaled_dropout", 0.2, 0.8 * CODE, CODE**2 * 0.16),
    ],
)
def test_mean_and_variance_are_those_of_section_2_2(kind, rate, mean, variance):
    found = np.array(stochastic_regularisation(np.full_like(NOISE, CODE), NOISE, kind, rate))
    assert found.mean() == pytest.approx(mean, abs=0.03)
    assert found.var() == pytest.approx(variance, rel=0.02)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_keeps_each_unit_with_probability_1_minus_r_and_rescales_it(rate):
    found = np.array(stochastic_regularisation(np.full_like(NOISE, CODE), NOISE, "dropout", rate))
    np.testing.assert_allclose(np.unique(found), [0, CODE / (1 - rate)])
    assert (found > 0).mean() == pytest.approx(1 - rate, abs=0.005)


@pytest.mark.parametrize(
    "kind", ["dropout", "unscaled_dropout", "gaussian_dropout", "gaussian_noise", "none"]
)
def test_at_rate_0_every_kind_is_the_identity(kind):
    codes = NOISE[:10]
    np.testing.assert_array_equal(stochastic_regularisation(codes, NOISE[10:20], kind, 0.0), codes)


@pytest.mark.parametrize(
    ("kind", "rate", "sentence"),
    [
        ("dropout", 1.0, "rate of dropout must be a number, 0 or larger, below 1"),
        ("gaussian_dropout", -0.1, "Received: -0.1"),
        ("gaussian_noise", float("nan"), "a standard deviation"),
        ("dropout", True, "Received: True"),
        ("noise", 0.5, "regulariser must be 'dropout', 'unscaled_dropout'"),
    ],
)
def test_kinds_and_rates_that_are_none_end_in_a_sentence(kind, rate, sentence):
    with pytest.raises(UserError, match=sentence):
        stochastic_regularisation(NOISE, NOISE, kind, rate)
