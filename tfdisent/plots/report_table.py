"""Tables of the HTML report: scrolled or stacked where the page is narrow; a click sorts where that is asked for."""

import itertools
import math
import re
from dataclasses import dataclass, field
from html import escape
from numbers import Integral, Real

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.plots.arguments import dictionary, text, texts

__all__ = ["Cell", "Table", "caption_html"]

_ARROWS = {"higher": "\N{UPWARDS ARROW}", "lower": "\N{DOWNWARDS ARROW}"}


@dataclass(frozen=True)
class Cell:
    """A number with a remark in small letters below it, such as its spread.

    Args:
      value: the number, or None; a table is sorted by it.
      note: the remark.
      best: whether the number is emphasised; `Table.best` decides for plain numbers only.
    """

    value: float | None
    note: str = ""
    best: bool = False

    def __post_init__(self):
        if self.value is not None and not _is_number(self.value):
            raise UserError(
                f"value of a cell must be a number or None. Received: {checks.shown(self.value)}."
            )
        text("note", self.note)
        checks.truth("best", bool(self.best) if type(self.best).__name__ in ("bool", "bool_") else self.best)


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row names it.

    Args:
      headers: texts, one a column.
      rows: lists of cells, each a text, a number, a `Cell`, or None for a value that does not exist.
      caption: text below the table.
      best: dict from a column's header to "higher" or "lower": the best number of that column is emphasised.
      decimals: places after the point of numbers that are not whole.
      stacked: whether the cells of a row stand below each other where the page is narrow, instead of being scrolled.
      sortable: whether a click on a header sorts the rows; they are stacked as well.
      together: rows of a sortable table that follow each other and share that many first cells stay together; 0 if
        each row moves by itself.
    """

    headers: list
    rows: list
    caption: str = ""
    best: dict = field(default_factory=dict)
    decimals: int = 3
    stacked: bool = False
    sortable: bool = False
    together: int = 0

    def __post_init__(self):
        if not texts("headers", self.headers) or not isinstance(self.rows, (list, tuple)):
            raise UserError(
                f"A table needs a header and a list of rows. Received: {checks.shown(self.rows)}."
            )
        text("caption", self.caption)
        dictionary("best", self.best, empty=True)
        checks.whole_number("decimals", self.decimals, 0, 20)
        checks.truth("stacked", self.stacked)
        checks.truth("sortable", self.sortable)
        checks.whole_number("together", self.together, 0, len(self.headers))
        for row in self.rows:
            if not isinstance(row, (list, tuple)) or len(row) != len(self.headers):
                raise UserError(
                    f"A row of the table must have {len(self.headers)} cells. Received: {checks.shown(row)}."
                )
        for header, direction in self.best.items():
            if header not in self.headers or direction not in _ARROWS:
                raise UserError(
                    f"`best` maps a header, one of {list(self.headers)}, to 'higher' or 'lower'. "
                    f"Received: {header!r}: {direction!r}."
                )

    def html(self):
        columns = [[row[number] for row in self.rows] for number in range(len(self.headers))]
        numeric = [all(_is_numeric(cell) for cell in cells) for cells in columns]
        best = [
            _best(cells, self.best.get(header)) for header, cells in zip(self.headers, columns, strict=True)
        ]
        heads = [
            self._head(header, is_numeric) for header, is_numeric in zip(self.headers, numeric, strict=True)
        ]
        bodies = [
            "".join(self._row(row, numeric, best, number > 0) for number, row in enumerate(rows))
            for rows in self._bodies()
        ]
        around = "scroll broad" if self.sortable else "scroll"
        within = "stacked sortable" if self.sortable else "stacked" if self.stacked else ""
        return (
            f"<figure><div{_class(around)}><table{_class(within)}>"
            f"<thead><tr>{''.join(heads)}</tr></thead>"
            f"{''.join(f'<tbody>{body}</tbody>' for body in bodies)}</table></div>{caption_html(self.caption)}</figure>"
        )

    def _bodies(self):
        """Lists of the rows that stay together."""
        if not self.sortable:
            return [self.rows]
        if not self.together:
            return [[row] for row in self.rows]
        return [
            list(rows) for _, rows in itertools.groupby(self.rows, key=lambda row: list(row[: self.together]))
        ]

    def _head(self, header, is_numeric):
        text = _breakable(header)
        if header in self.best:
            direction = self.best[header]
            text += f'&nbsp;<span class="direction" title="{direction} is better">{_ARROWS[direction]}</span>'
        if self.sortable:
            first = "descending" if self.best.get(header) == "higher" else "ascending"
            text = f'<button type="button" data-first="{first}">{text}</button>'
        return f'<th scope="col"{_class("number" if is_numeric else "")}>{text}</th>'

    def _row(self, row, numeric, best, follows):
        cells = []
        for column, given in enumerate(row):
            value, note = (given.value, given.note) if isinstance(given, Cell) else (given, "")
            emphasised = (
                given.best if isinstance(given, Cell) else _is_number(value) and value == best[column]
            )
            names = (
                ["number"] * numeric[column]
                + ["best"] * bool(emphasised)
                + ["again"] * (follows and column < self.together)
            )
            names += ["none"] * (given is None)
            attributes = _class(" ".join(names))
            if self.sortable or self.stacked:
                attributes += f' data-label="{escape(str(self.headers[column]))}"'
            if self.sortable and _is_number(value) and math.isfinite(value):
                attributes += f' data-value="{float(value)!r}"'
            tag, scope = ("td", "") if column else ("th", ' scope="row"')
            text = _breakable(_cell(value, self.decimals))
            text += f"<small>{escape(note)}</small>" if note else ""
            cells.append(f"<{tag}{scope}{attributes}>{text}</{tag}>")
        return f"<tr>{''.join(cells)}</tr>"


def caption_html(text):
    return f"<figcaption>{escape(text)}</figcaption>" if text else ""


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_numeric(cell):
    return cell is None or isinstance(cell, Cell) or _is_number(cell)


def _best(cells, direction):
    """The best number of a column; None where there is no direction or nothing to compare."""
    finite = [cell for cell in cells if _is_number(cell) and math.isfinite(cell)]
    if direction is None or len(finite) < 2:
        return None
    return max(finite) if direction == "higher" else min(finite)


def _breakable(name):
    """A name that may go on in the next line after "_" and "="."""
    return re.sub("([_=])", r"\1<wbr>", escape(str(name)))


def _class(names):
    return f' class="{names}"' if names else ""


def _cell(value, decimals):
    if value is None:
        return "\N{EN DASH}"
    if not _is_number(value):
        return str(value)
    if isinstance(value, Integral):
        text = f"{value:,}"
    elif not math.isfinite(value):
        text = str(float(value))
    elif value and abs(value) < 0.5 * 10.0**-decimals:
        text = f"{value:.1e}"
    else:
        text = f"{value:,.{decimals}f}"
    return text.replace("-", "\N{MINUS SIGN}")
