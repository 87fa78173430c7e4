"""Each check takes what it names and refuses the rest in one sentence that names the value."""

import fractions
import pathlib

import numpy as np
import pytest

from tfdisent import checks
from tfdisent.errors import UserError

NO_NUMBERS = [
    None,
    "1",
    True,
    np.True_,
    [1],
    (),
    {},
    1j,
    np.zeros(3),
    object(),
    float("nan"),
    float("inf"),
    b"1",
]


@pytest.mark.parametrize("value", [1, np.int64(1), np.uint8(1)])
def test_whole_numbers_come_back_as_int(value):
    assert type(checks.whole_number("n", value, least=1)) is int


@pytest.mark.parametrize("value", [*NO_NUMBERS, 1.0, np.float32(2), 0, -3, 12])
def test_what_is_no_whole_number_from_1_to_11_is_refused_by_name(value):
    with pytest.raises(UserError, match=r"^steps must be a whole number from 1 to 11\. Received: .*\.$"):
        checks.whole_number("steps", value, least=1, most=11)


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), fractions.Fraction(1, 2)])
def test_numbers_come_back_as_float(value):
    found = checks.number("weight", value, above=0.0, below=1.0)
    assert type(found) is float and found == 0.5


@pytest.mark.parametrize("value", [*NO_NUMBERS, 0.0, 1, -1e-9])
def test_what_does_not_lie_between_0_and_1_is_refused_by_name(value):
    with pytest.raises(UserError, match=r"^rate must be a number, above 0, below 1\. Received: .*\.$"):
        checks.number("rate", value, above=0, below=1)


@pytest.mark.parametrize("value", [1, 0, "True", None])
def test_truth_takes_no_stand_in(value):
    with pytest.raises(UserError, match="jit must be True or False"):
        checks.truth("jit", value)


def test_a_choice_names_the_nearest():
    assert checks.choice("form", "mean", ("mean", "sampled")) == "mean"
    with pytest.raises(
        UserError, match=r"must be 'mean' or 'sampled'. Received: 'sampeld'; did you mean sampled\?"
    ):
        checks.choice("form", "sampeld", ("mean", "sampled"))
    for wrong in (None, 1, ["mean"], np.zeros(2)):
        with pytest.raises(UserError, match="form must be"):
            checks.choice("form", wrong, ("mean", "sampled"))


def test_paths():
    assert checks.path_like("output", pathlib.Path("a") / "b") == str(pathlib.Path("a") / "b")
    for wrong in (None, "", 3, ["a"], "a\0b"):
        with pytest.raises(UserError, match="output must be a path"):
            checks.path_like("output", wrong)


def test_what_is_shown_is_short_whatever_it_is():
    class Hostile:
        def __repr__(self):
            raise RuntimeError

    assert checks.shown(np.zeros((2, 3))) == "ndarray of shape (2, 3) and dtype float64"
    assert checks.shown(Hostile()) == "an object of Hostile"
    assert len(checks.shown("x" * 1000)) == 100
