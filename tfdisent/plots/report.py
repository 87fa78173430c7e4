"""A report as one HTML file that needs nothing else: no script, no font, no picture from outside."""

import base64
import io
import math
from dataclasses import dataclass, field
from html import escape
from numbers import Integral, Real
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

import tfdisent
from tfdisent.errors import UserError
from tfdisent.files import write_whole
from tfdisent.plots.files import DOTS_PER_INCH, encode
from tfdisent.plots.report_style import CSS

__all__ = ["Facts", "Heading", "Paragraph", "Picture", "Preformatted", "Table", "write_report"]

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_PIXELS_PER_INCH = 96  # of a page, as CSS has it
_WIDE = 700  # pixels; a wider picture is scrolled on a phone rather than made illegible
_ARROWS = {"higher": "\N{UPWARDS ARROW}", "lower": "\N{DOWNWARDS ARROW}"}


@dataclass(frozen=True)
class Heading:
    """A heading; level 2 opens a part, level 3 a piece of it (the title is level 1)."""

    text: str
    level: int = 2

    def html(self):
        return f"<h{self.level}>{escape(self.text)}</h{self.level}>"


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str

    def html(self):
        return f"<p>{escape(self.text)}</p>"


@dataclass(frozen=True)
class Facts:
    """Names and values of a few facts, such as data source, steps and seed: a dict from text to anything."""

    facts: dict

    def html(self):
        pairs = (
            f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>" for name, value in self.facts.items()
        )
        return f"<dl>{''.join(pairs)}</dl>"


@dataclass(frozen=True)
class Preformatted:
    """A long text kept as it is, such as a configuration, folded away under a summary."""

    summary: str
    text: str

    def html(self):
        return f"<details><summary>{escape(self.summary)}</summary><pre>{escape(self.text)}</pre></details>"


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row names it.

    Args:
      headers: texts, one a column.
      rows: lists of cells, each a text, a number, or None for a value that does not exist.
      caption: text below the table.
      best: dict from a column's header to "higher" or "lower": the best number of that column is emphasised.
      decimals: places after the point of numbers that are not whole.
    """

    headers: list
    rows: list
    caption: str = ""
    best: dict = field(default_factory=dict)
    decimals: int = 3

    def __post_init__(self):
        for row in self.rows:
            if len(row) != len(self.headers):
                raise UserError(
                    f"A row of the table must have {len(self.headers)} cells. Received: {list(row)!r}."
                )
        for header, direction in self.best.items():
            if header not in self.headers or direction not in _ARROWS:
                raise UserError(
                    f"`best` maps a header, one of {list(self.headers)}, to 'higher' or 'lower'. "
                    f"Received: {header!r}: {direction!r}."
                )

    def html(self):
        columns = [[row[number] for row in self.rows] for number in range(len(self.headers))]
        numeric = [all(cell is None or _is_number(cell) for cell in cells) for cells in columns]
        best = [
            _best(cells, self.best.get(header)) for header, cells in zip(self.headers, columns, strict=True)
        ]
        heads = []
        for header, is_numeric in zip(self.headers, numeric, strict=True):
            arrow = ""
            if header in self.best:
                direction = self.best[header]
                arrow = (
                    f'&nbsp;<span class="direction" title="{direction} is better">{_ARROWS[direction]}</span>'
                )
            heads.append(
                f'<th scope="col"{_class("number" if is_numeric else "")}>{escape(str(header))}{arrow}</th>'
            )
        lines = []
        for row in self.rows:
            cells = []
            for column, value in enumerate(row):
                is_best = best[column] is not None and _is_number(value) and value == best[column]
                classes = _class(" ".join(["number"] * numeric[column] + ["best"] * is_best))
                tag, scope = ("td", "") if column else ("th", ' scope="row"')
                cells.append(f"<{tag}{scope}{classes}>{escape(_cell(value, self.decimals))}</{tag}>")
            lines.append(f"<tr>{''.join(cells)}</tr>")
        return (
            f'<figure><div class="scroll"><table><thead><tr>{"".join(heads)}</tr></thead>'
            f"<tbody>{''.join(lines)}</tbody></table></div>{_caption(self.caption)}</figure>"
        )


@dataclass(frozen=True)
class Picture:
    """A figure with its caption.

    Args:
      image: matplotlib figure, Pillow image, or path of a PNG, GIF or JPEG file.
      caption: text below it.
      alt: what the picture shows, for those who cannot see it; the caption unless given.
    """

    image: Figure | Image.Image | str | Path
    caption: str = ""
    alt: str = ""

    def html(self):
        kind, width, height, data = _picture_data(self.image)
        wide = f' class="wide" style="--natural: {width}px"' if width > _WIDE else ""
        return (
            f'<figure><div class="picture"><img{wide} width="{width}" height="{height}" '
            f'alt="{escape(self.alt or self.caption)}" src="data:image/{kind};base64,'
            f'{base64.b64encode(data).decode("ascii")}"></div>{_caption(self.caption)}</figure>'
        )


def write_report(path, title, blocks):
    """Writes a self-contained HTML page.

    Args:
      path: where to, such as "report.html"; an older file stays as it was if anything fails.
      title: text of the title.
      blocks: list of `Heading`, `Paragraph`, `Facts`, `Table`, `Picture` and `Preformatted`, top to bottom.

    Returns:
      `pathlib.Path` of the file.

    Raises:
      UserError: if a picture cannot be read or the file cannot be written.
    """
    body = "\n".join(block.html() for block in blocks)
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{CSS}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{body}
<footer>Written by tfdisent {escape(tfdisent.__version__)}</footer>
</main>
</body>
</html>
"""
    return write_whole(path, page)


def _caption(text):
    return f"<figcaption>{escape(text)}</figcaption>" if text else ""


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool)


def _best(cells, direction):
    """The best number of a column; None where there is no direction or nothing to compare."""
    finite = [cell for cell in cells if _is_number(cell) and math.isfinite(cell)]
    if direction is None or len(finite) < 2:
        return None
    return max(finite) if direction == "higher" else min(finite)


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


def _picture_data(image):
    """(kind, width and height on the page in pixels, bytes) of a picture."""
    if isinstance(image, Figure):
        data = encode(image, "png")
        ratio = _PIXELS_PER_INCH / DOTS_PER_INCH
    elif isinstance(image, Image.Image):
        data = encode(image, "png")
        ratio = 1.0
    else:
        try:
            data = Path(image).read_bytes()
        except (OSError, TypeError) as error:
            raise UserError(
                "A picture of a report is a matplotlib figure, a Pillow image or the path of a PNG, GIF or "
                f"JPEG file that can be read ({error}). Received: {str(image)!r}."
            ) from error
        ratio = 1.0
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "GIF", "JPEG"]) as picture:
            kind, (width, height) = picture.format.lower(), picture.size
    except OSError:
        raise UserError(
            f"A picture of a report must be a PNG, GIF or JPEG file. Received: {str(image)!r}."
        ) from None
    return kind, round(ratio * width), round(ratio * height), data
