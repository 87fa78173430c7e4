"""Each check takes what it names and refuses the rest in one sentence that names the value."""

import fractions
import pathlib
import re

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
    fractions.Fraction(10**400),
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


def test_functions_and_random_states_are_what_they_are_called():
    state = np.random.RandomState(0)
    assert checks.function("decode", len) is len and checks.random_state("random_state", state) is state
    for wrong in (None, 0, "len", np.random.default_rng(0), np.random):
        with pytest.raises(UserError, match=r"random_state must be a np\.random\.RandomState, such as"):
            checks.random_state("random_state", wrong)
    with pytest.raises(UserError, match=r"decode must be a function\. Received: 3\."):
        checks.function("decode", 3)


def test_arrays_that_belong_together_share_the_sizes_of_equal_letters():
    sizes = {}
    codes = checks.array("codes", [[1, 2], [3, 4], [5, 6]], "N D", sizes, dtype=np.float32)
    assert codes.dtype == np.float32 and sizes == {"N": 3, "D": 2}
    checks.array("directions", np.zeros((7, 4)), "P 2D", sizes)
    checks.array("labels", np.zeros(3, np.uint8), "N", sizes, whole=True)
    for wrong, letters, ends in (
        (np.zeros((4, 2)), "N D", "with N = 3, D = 2"),
        (np.zeros((7, 5)), "M 2D", "with D = 2"),
        (np.zeros((3, 2, 1)), "N D", "with N = 3, D = 2"),
    ):
        received = re.escape(f"{ends}. Received: shape {wrong.shape}.")
        with pytest.raises(UserError, match=rf"^it must be an array \[.*\] {received}$"):
            checks.array("it", wrong, letters, dict(sizes))


def test_dots_are_any_axes_and_the_same_ones_in_arrays_that_belong_together():
    sizes = {}
    assert checks.array("images", np.zeros((5, 8, 6, 3)), "N ... 3", sizes).shape == (5, 8, 6, 3)
    checks.array("masks", np.zeros((8, 6)), "...", sizes)
    with pytest.raises(UserError, match=r"masks must be an array \[\.\.\.\] with \.\.\. = \(8, 6\)"):
        checks.array("masks", np.zeros((6, 8)), "...", sizes)
    with pytest.raises(UserError, match=r"images must be an array \[N, \.\.\., 3\]"):
        checks.array("images", np.zeros(3), "N ... 3")
    assert checks.array("number", 1.5, "...") == 1.5


@pytest.mark.parametrize(
    "value",
    [
        None,
        "a",
        [],
        {},
        object(),
        1.0,
        [[1], [2, 3]],
        [["a"]],
        [[None]],
        [[1j]],
        np.zeros((0, 2)),
        np.zeros(3),
        np.ma.masked_equal([[1, 2]], 1),
        np.array([[2**70]], object),
        np.array([["2020-01-01"]], "M8[D]"),
    ],
    ids=str,
)
def test_what_is_no_array_of_real_numbers_of_the_shape_is_refused(value):
    with pytest.raises(UserError, match=r"^codes must be an array .*Received: .*\.$"):
        checks.array("codes", value, "N D")


def test_arrays_hold_finite_numbers_or_whole_ones_where_that_is_asked_for():
    for wrong in (np.nan, np.inf):
        with pytest.raises(UserError, match="codes must be finite; look where the model diverged"):
            checks.array("codes", [wrong], "N")
    assert np.isnan(checks.array("codes", [np.nan], "N", finite=False)).all()
    with pytest.raises(UserError, match="of whole numbers. Received: dtype float64"):
        checks.array("order", [1.0], "N", whole=True)


def test_what_is_shown_is_short_whatever_it_is():
    class Hostile:
        def __repr__(self):
            raise RuntimeError

    assert checks.shown(np.zeros((2, 3))) == "ndarray of shape (2, 3) and dtype float64"
    assert checks.shown(Hostile()) == "an object of Hostile"
    assert len(checks.shown("x" * 1000)) == 100
