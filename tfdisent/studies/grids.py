"""Grids of bindings: products, axes of several bindings that change together, unions of grids."""

import itertools
import math
import re

from tfdisent.bindings import spelled
from tfdisent.checks import shown
from tfdisent.config.statements import Macro, Reference, as_text, parse_value
from tfdisent.errors import UserError

__all__ = ["as_plain", "as_shown", "count", "from_plain", "line", "read_grids", "settings", "to_try"]

_BINDING = re.compile(r"(\w+/)*\w+(\.\w+)*")  # scope/models.VAE.beta, or a macro
_PLAIN = (bool, int, float, str, type(None), Reference, Macro)


def read_grids(grid):
    """A grid as a person writes it, as a tuple of {axis: rows}.

    Args:
        grid: {binding: list of values}; {tuple of bindings, or "one, other": list of tuples}; a list of such dicts; or
            None for no axis.

    Returns:
        Tuple of dicts from an axis, a tuple of bindings, to its rows, tuples of as many values. Texts that begin with @
        or % have become `Reference` and `Macro`.

    Raises:
        UserError: for an empty grid or axis, for what is no binding or value, and for a value that is given twice.
    """
    if grid is None:
        return ({},)
    grids = grid if isinstance(grid, (list, tuple)) else [grid]
    if not all(isinstance(each, dict) for each in grids):
        raise UserError(
            f"grid must be a dict such as {{'models.VAE.beta': [1.0, 4.0]}}, or a list of such. "
            f"Received: {shown(grid)}."
        )
    if not grids or not all(grids):
        raise UserError(f"The grid is empty; leave it out for one configuration. Received: {shown(grid)}.")
    return tuple(dict(_axis(key, values) for key, values in each.items()) for each in grids)


def settings(grids):
    """[{binding: value}] of all configurations, in the order of the grids, the last axis fastest."""
    return [
        {
            name: value
            for axis, row in zip(axes, rows, strict=True)
            for name, value in zip(axis, row, strict=True)
        }
        for axes in grids
        for rows in itertools.product(*axes.values())
    ]


def count(grids):
    """Number of `settings`."""
    return sum(math.prod(map(len, axes.values())) for axes in grids)


def to_try(grids):
    """Some of `settings`, among which each value of each axis is: of each grid the first, and what is new in it."""
    seen, chosen = set(), []
    for axes in grids:
        first = {axis: rows[0] for axis, rows in axes.items()}
        others = [first | {axis: row} for axis, rows in axes.items() for row in rows[1:]]
        for number, rows in enumerate([first, *others]):
            here = {(axis, repr(row)) for axis, row in rows.items()}
            if not number or here - seen:
                seen |= here
                chosen += settings([{axis: [row] for axis, row in rows.items()}])
    return chosen


def line(name, value):
    """The line of a gin file that binds a value."""
    return f"{name} = {as_text(value)}"


def as_plain(grids):
    """Grids as JSON has them: a list of {"one binding": gin texts, "one, other": rows of gin texts}."""
    return [
        {
            ", ".join(axis): [list(map(as_text, row)) if len(axis) > 1 else as_text(row[0]) for row in rows]
            for axis, rows in axes.items()
        }
        for axes in grids
    ]


def from_plain(plain):
    """The grids of which `as_plain` was made, as `read_grids` takes them."""
    read = [
        {
            axis: [parse_value(row) if isinstance(row, str) else tuple(map(parse_value, row)) for row in rows]
            for axis, rows in axes.items()
        }
        for axes in plain
    ]
    return None if read == [{}] else read


def as_shown(value):
    """A value as a table has it: numbers and texts as they are, anything else as gin text."""
    return value if isinstance(value, (int, float, str)) else as_text(value)


def _axis(key, values):
    names = key.split(",") if isinstance(key, str) else key
    axis = tuple(str(name).strip() for name in names) if isinstance(names, (list, tuple)) else ()
    if not axis or not all(map(_BINDING.fullmatch, axis)):
        raise UserError(
            f"An axis of the grid is a binding, such as 'models.VAE.beta', or a tuple of them. Received: {shown(key)}."
        )
    title = ", ".join(axis)
    values = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(values, (list, tuple, range)):
        raise UserError(f"The values of {title} must be a list. Received: {shown(values)}.")
    if not values:
        raise UserError(f"{title} has no values; give it at least one. Received: {shown(values)}.")
    rows = [_row(axis, title, value) for value in values]
    texts = [tuple(spelled(as_text(value)) for value in row) for row in rows]
    for number, text in enumerate(texts):
        if text in texts[:number]:
            raise UserError(f"{title} has a value twice. Received: {', '.join(text)}.")
    return axis, rows


def _row(axis, title, value):
    if len(axis) == 1:
        value = (value,)
    if not isinstance(value, (list, tuple)) or len(value) != len(axis):
        raise UserError(
            f"Each value of {title} must be a tuple of {len(axis)} values. Received: {shown(value)}."
        )
    return tuple(_referred(name, each) for name, each in zip(axis, value, strict=True))


def _referred(name, value):
    """A value with texts that begin with @ or % as what they refer to."""
    value = value.item() if hasattr(value, "item") and getattr(value, "shape", None) == () else value
    if isinstance(value, str) and value[:1] in ("@", "%"):
        return parse_value(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_referred(name, each) for each in value)
    if isinstance(value, dict):
        return {_referred(name, key): _referred(name, each) for key, each in value.items()}
    if not isinstance(value, _PLAIN) or (isinstance(value, float) and math.isnan(value)):
        hint = f"; write a class or function as text, such as '@models.{getattr(value, '__name__', 'VAE')}'"
        raise UserError(
            f"A value of {name} must be a number, a text, True, False, None, or a list or dict of them"
            f"{hint if callable(value) else ''}. Received: {shown(value)}."
        )
    return value
