"""Is this a whole number, a weight, a share, a choice: one sentence each, and the value in the type that is used.

Every public function checks with these what a person gave it. NumPy numbers are taken, truth values are no numbers.
"""

import math
import numbers
import os

from tfdisent.errors import UserError

__all__ = ["choice", "nearest", "number", "path_like", "shown", "truth", "whole_number"]


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
    wrong = isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value)
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


def _within(least=None, most=None, above=None, below=None):
    """The bounds in words, such as ", 1 or larger"."""
    low = f"{least:,} or larger" if least is not None else f"above {above:,}" if above is not None else ""
    high = f"at most {most:,}" if most is not None else f"below {below:,}" if below is not None else ""
    if least is not None and most is not None:
        return f" from {least:,} to {most:,}"
    return "".join(f", {bound}" for bound in (low, high) if bound)
