"""Is this a whole number, a choice, an array [N, D]: one sentence each, and the value in the type that is used.

Every public function checks with these what a person gave it. NumPy numbers are taken, truth values are no numbers.
"""

import math
import numbers
import os
import re

from tfdisent.errors import UserError

__all__ = [
    "array",
    "choice",
    "function",
    "nearest",
    "number",
    "path_like",
    "random_state",
    "shape",
    "shown",
    "truth",
    "whole_number",
]


def whole_number(name, value, least=None, most=None):
    """`value` as an int within the bounds.

    Args:
        name: what the sentence calls it.
        value: what was given.
        least, most: bounds, included; None for none.

    Raises:
        UserError: for anything else, truth values and 2.0 too.
    """
    wrong = isinstance(value, bool) or not isinstance(value, numbers.Integral)
    if wrong or (least is not None and value < least) or (most is not None and value > most):
        raise UserError(f"{name} must be a whole number{_within(least, most)}. Received: {shown(value)}.")
    return int(value)


def number(name, value, least=None, most=None, *, above=None, below=None):
    """`value` as a finite float within the bounds.

    Args:
        name: what the sentence calls it.
        value: what was given.
        least, most: bounds, included; None for none.
        above, below: bounds, left out; None for none.

    Raises:
        UserError: for anything else, truth values, NaN and infinity too.
    """
    wrong = isinstance(value, bool) or not isinstance(value, numbers.Real) or not _is_finite(value)
    wrong = wrong or (least is not None and value < least) or (most is not None and value > most)
    if wrong or (above is not None and value <= above) or (below is not None and value >= below):
        raise UserError(
            f"{name} must be a number{_within(least, most, above, below)}. Received: {shown(value)}."
        )
    return float(value)


def truth(name, value):
    """`value`, which is True or False.

    Raises:
        UserError: for anything else, 0 and 1 too.
    """
    if not isinstance(value, bool):
        raise UserError(f"{name} must be True or False. Received: {shown(value)}.")
    return value


def choice(name, value, choices):
    """`value`, which is one of `choices`.

    Raises:
        UserError: for anything else; names the choices and, for a text, the nearest of them.
    """
    if not any(type(value) is type(each) and value == each for each in choices):
        names = [repr(each) for each in choices]
        known = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
        hint = nearest(value, [each for each in choices if isinstance(each, str)])
        raise UserError(f"{name} must be {known}. Received: {shown(value)}{hint}")
    return value


def path_like(name, value):
    """`value` as text; it is a path of a file or folder.

    Raises:
        UserError: for anything but a text or `os.PathLike`, and for an empty text or one with a null character.
    """
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value) or "\0" in str(os.fspath(value)):
        raise UserError(f"{name} must be a path. Received: {shown(value)}.")
    return os.fspath(value)


def function(name, value):
    """`value`, which can be called.

    Raises:
        UserError: for anything else.
    """
    if not callable(value):
        raise UserError(f"{name} must be a function. Received: {shown(value)}.")
    return value


def random_state(name, value):
    """`value`, which is a `np.random.RandomState`.

    Raises:
        UserError: for anything else, seeds and `np.random.Generator` too.
    """
    import numpy as np

    if not isinstance(value, np.random.RandomState):
        raise UserError(
            f"{name} must be a np.random.RandomState, such as np.random.RandomState(0). Received: {shown(value)}."
        )
    return value


def array(name, value, letters, sizes=None, *, whole=False, finite=True, dtype=None):
    """`value` as a NumPy array of real numbers, its shape the one that letters stand for.

    Args:
        name: what the sentence calls it.
        value: what was given: an array, nested lists, a tensor.
        letters, sizes: see `shape`.
        whole: take integers only.
        finite: refuse NaN and infinity.
        dtype: of the result; that of the value unless given.

    Raises:
        UserError: for anything else, masked arrays and arrays without any number too.
    """
    import numpy as np

    try:
        converted = np.asarray(value)
    except Exception as error:  # a person's object may raise anything
        raise UserError(
            f"{name} must be an array {_in_brackets(letters)}. Received: {shown(value)}."
        ) from error
    if converted.dtype.name == "bfloat16":
        converted = converted.astype(np.float32)
    if np.ma.is_masked(value):
        raise UserError(f"{name} must be an array in which no number is masked. Received: a masked array.")
    # Nothing is empty, so that [] is told its shape and not that it holds floats.
    if converted.size and converted.dtype.kind not in ("iu" if whole else "biuf"):
        received = shown(value) if converted.ndim == 0 else f"dtype {converted.dtype}"
        kind = "whole" if whole else "real"
        raise UserError(
            f"{name} must be an array {_in_brackets(letters)} of {kind} numbers. Received: {received}."
        )
    shape(name, converted.shape, letters, sizes, value)
    if finite and converted.dtype.kind == "f" and not np.isfinite(converted).all():
        raise UserError(f"{name} must be finite; look where the model diverged. Received: NaN or infinity.")
    return converted if dtype is None else converted.astype(dtype, copy=False)


def shape(name, found, letters, sizes=None, value=None, what="an array"):
    """Checks that a shape is the one that letters stand for, and learns the sizes of the letters.

    Args:
        name: what the sentence calls the array.
        found: the shape; None for a size that is not known, which fits every letter.
        letters: such as "B D", "P 2d" or "B ... 3". Equal letters are equal sizes of 1 or more; "..." is any number of
            axes; a size with "!" must be known.
        sizes: {letter: size} of the arrays that belong together, which is added to; "..." is in it as well, so that it
            stands for the same axes in all of them.
        value: what is shown of a scalar.
        what: "an array", or a word for it.

    Raises:
        UserError: for another shape.
    """
    known = dict(sizes or {})
    sizes = {} if sizes is None else sizes
    if not _fits(tuple(found), letters.split(), sizes):
        named = dict.fromkeys(re.findall(r"[A-Za-z]\w*|\.\.\.", letters))
        ends = [f"{each} = {known[each]}" for each in named if each in known]
        if "!" in letters and None in found:
            ends.append(f"{' and '.join(re.findall('([A-Za-z0-9_]+)!', letters))} known before it runs")
        received = shown(value) if not found and value is not None else f"shape {tuple(found)}"
        raise UserError(
            f"{name} must be {what} {_in_brackets(letters)}{' with ' * bool(ends)}{', '.join(ends)}. "
            f"Received: {received}."
        )


def nearest(value, known):
    """The end of a sentence: "; did you mean ...?" with the nearest of the known names, or a full stop."""
    import difflib

    near = difflib.get_close_matches(value, list(known), n=2, cutoff=0.6) if isinstance(value, str) else []
    return f"; did you mean {' or '.join(near)}?" if near else "."


def shown(value, most=100):
    """What was received, short enough for a sentence: arrays by shape and dtype, the rest as Python writes it."""
    if hasattr(value, "shape") and hasattr(value, "dtype") and getattr(value, "shape", ()) != ():
        return f"{type(value).__name__} of shape {tuple(value.shape)} and dtype {value.dtype}"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a person's object may not be printable
        text = f"an object of {type(value).__name__}"
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _is_finite(value):
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the floats
        return False


def _within(least=None, most=None, above=None, below=None):
    """The bounds in words, such as ", 1 or larger"."""
    low = f"{least:,} or larger" if least is not None else f"above {above:,}" if above is not None else ""
    high = f"at most {most:,}" if most is not None else f"below {below:,}" if below is not None else ""
    if least is not None and most is not None:
        return f" from {least:,} to {most:,}"
    return "".join(f", {bound}" for bound in (low, high) if bound)


def _in_brackets(letters):
    """ "[B, D]" of "B D"."""
    return f"[{', '.join(letters.replace('!', '').split())}]"


def _fits(found, tokens, sizes):
    """Whether a shape has the sizes of the tokens; adds those that it tells to `sizes`."""
    if 0 in found:
        return False
    if "..." in tokens:
        before = tokens.index("...")
        after = len(found) - (len(tokens) - before - 1)
        if after < before:
            return False
        rest = found[before:after]
        known = sizes.get("...", rest)
        if len(known) != len(rest):
            return False
        pairs = list(zip(known, rest, strict=True))
        if any(None not in pair and pair[0] != pair[1] for pair in pairs):
            return False
        sizes["..."] = tuple(new if old is None else old for old, new in pairs)
        found, tokens = found[:before] + found[after:], tokens[:before] + tokens[before + 1 :]
    if len(found) != len(tokens):
        return False
    for size, token in zip(found, tokens, strict=True):
        factor, letter, must_be_known = re.fullmatch(r"(\d*)([A-Za-z]\w*)?(!?)", token).groups()
        if size is None and must_be_known:
            return False
        if size is None:
            continue
        each, left = divmod(size, int(factor or 1))
        if left or each != (sizes.setdefault(letter, each) if letter else 1):
            return False
    return True
