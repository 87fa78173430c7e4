"""Checks of what figures are made of: dicts by name, texts, and numbers of which some may not exist."""

import numbers as _numbers

import numpy as np

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["dictionary", "numbers", "setting_labels", "text", "texts"]


def dictionary(name, value, needed=(), empty=False):
    """`value`, which is a dict with the needed keys, and with one entry or more unless it may be empty.

    Raises:
        UserError: for anything else.
    """
    if not isinstance(value, dict) or not (value or empty):
        raise UserError(
            f"{name} must be a dict{' with an entry' * (not empty)}. Received: {checks.shown(value)}."
        )
    missing = [key for key in needed if key not in value]
    if missing:
        raise UserError(f"{name} must have an entry {missing[0]!r}. Received: {checks.shown(list(value))}.")
    return value


def text(name, value):
    """`value`, which is a text.

    Raises:
        UserError: for anything else.
    """
    if not isinstance(value, str):
        raise UserError(f"{name} must be a text. Received: {checks.shown(value)}.")
    return value


def texts(name, value, number=None):
    """A list, tuple or array of texts or numbers as a list of texts, as many as `number` says.

    Raises:
        UserError: for anything else, a single text too.
    """
    if not isinstance(value, (list, tuple, np.ndarray)) or not all(
        isinstance(each, (str, _numbers.Real)) for each in value
    ):
        raise UserError(f"{name} must be a list of texts. Received: {checks.shown(value)}.")
    if number is not None and len(value) != number:
        raise UserError(f"{name} must be {number} texts. Received: {len(value)} labels.")
    return [str(each) for each in value]


def setting_labels(name, values):
    """The values of a setting, numbers or texts, as texts beside an axis.

    Raises:
        UserError: for anything else.
    """
    if len(values) and all(isinstance(value, str) for value in values):
        return list(values)
    return [f"{value:g}" for value in checks.array(name, values, "n")]


def numbers(name, value, letters, sizes=None):
    """`value` as a float64 array as `checks.array` has it, but with NaN where a number is None or not finite.

    An empty list is an empty array where the shape is that of a list.

    Raises:
        UserError: for anything else.
    """
    if isinstance(value, (list, tuple)):
        if not value and len(letters.split()) == 1 and letters not in (sizes or {}):
            return np.zeros(0)
        value = [_without_none(each) for each in value]
    return checks.array(name, value, letters, sizes, finite=False, dtype=np.float64)


def _without_none(value):
    if isinstance(value, (list, tuple)):
        return [_without_none(each) for each in value]
    return float("nan") if value is None else value
