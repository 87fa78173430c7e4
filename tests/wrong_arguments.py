"""Calls functions with one wrong argument at a time, and says how each call ended.

    rows = try_wrong_arguments({"mra": (data.mra, {"num_datapoints": 2, ...})}, accepted={("mra", "seed", "0")})
    assert not complaints(rows), table(rows)

A call ends "clear" (a `UserError` of one short line), "unclear" (a `UserError` that is longer), with a "traceback" (any
other exception), "accepted" without an error, or "valid": without an error, as the test says that it should.
"""

import collections
import dataclasses
import inspect
import re
import warnings

from tfdisent.errors import UserError

__all__ = ["MORE_WRONG", "WRONG", "Outcome", "complaints", "table", "try_wrong_arguments"]

_LONGEST = 300  # characters of a sentence, not counting commands to copy, which stand in backticks
WRONG = {
    "None": None,
    "'a'": "a",
    "-1": -1,
    "0": 0,
    "1.5": 1.5,
    "nan": float("nan"),
    "True": True,
    "[]": [],
    "{}": {},
    "object()": object(),
}
MORE_WRONG = {
    "''": "",
    "b'a'": b"a",
    "2**70": 2**70,
    "-inf": float("-inf"),
    "1j": 1j,
    "[None]": [None],
    "['a', 'b']": ["a", "b"],
    "[[1], [2, 3]]": [[1], [2, 3]],
    "(1, 'a')": (1, "a"),
    "{'a': 1}": {"a": 1},
    "{1, 2}": {1, 2},
    "range(0)": range(0),
    "int": int,
    "len": len,
    "iter([])": iter([]),
    "slice(3)": slice(3),
}


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How one call ended: which argument had which value, in which way, and what was said."""

    function: str
    argument: str
    value: str
    kind: str
    said: str


def try_wrong_arguments(cases, accepted=(), values=None):
    """A list of `Outcome`, one for each function, argument and wrong value.

    Args:
        cases: {name: (callable, keyword arguments)}; the arguments are a valid call, with a value for every parameter
            of the callable's signature.
        accepted: (name, argument, value as in `values`) of calls that are valid; "*" stands for every value or name.
        values: {text: wrong value}; `WRONG` unless given.
    """
    rows = []
    for name, (function, valid) in cases.items():
        missing = _parameters(function) - set(valid)
        assert not missing, f"{name} needs a valid value for {sorted(missing)}"
        function(**valid)
        for argument in valid:
            for text, value in (WRONG if values is None else values).items():
                kind, said = _call(function, {**valid, argument: value})
                if kind == "accepted" and _is_listed(name, argument, text, accepted):
                    kind = "valid"
                rows.append(Outcome(name, argument, text, kind, said))
    return rows


def complaints(rows):
    """The outcomes that are neither clear nor valid, one text each."""
    return [
        f"{row.kind}: {row.function}({row.argument}={row.value}) {row.said}"
        for row in rows
        if row.kind not in ("clear", "valid")
    ]


def table(rows):
    """A text: each function with the number of calls of each kind, then the complaints."""
    kinds = ("clear", "valid", "unclear", "traceback", "accepted")
    counts = collections.defaultdict(collections.Counter)
    for row in rows:
        counts[row.function][row.kind] += 1
    lines = [f"{'function':40} {' '.join(f'{kind:>9}' for kind in kinds)}"]
    for name, count in [*counts.items(), ("all", sum(counts.values(), collections.Counter()))]:
        lines.append(f"{name:40} {' '.join(f'{count[kind]:9}' for kind in kinds)}")
    return "\n".join([*lines, *complaints(rows)])


def _call(function, arguments):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function(**arguments)
    except UserError as error:
        said = str(error)
        is_short = "\n" not in said and len(re.sub("`.*?`", "", said)) <= _LONGEST
        return "clear" if is_short else "unclear", said
    except Exception as error:  # whatever is raised is what is tested
        return "traceback", f"{type(error).__name__}: {error}"[:200]
    return "accepted", ""


def _is_listed(name, argument, text, accepted):
    return any(
        each_name in (name, "*") and each_argument == argument and each_text in (text, "*")
        for each_name, each_argument, each_text in accepted
    )


def _parameters(function):
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {name for name, each in inspect.signature(function).parameters.items() if each.kind in named}
