"""A report as one HTML file that needs nothing else: no script, font or picture comes from outside."""

import base64
import io
from dataclasses import dataclass
from html import escape
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

import tfdisent
from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.files import write_whole
from tfdisent.plots.arguments import dictionary, text
from tfdisent.plots.files import DOTS_PER_INCH, encode
from tfdisent.plots.report_style import CSS, SCRIPT, SCRIPT_HASH
from tfdisent.plots.report_table import Cell, Table, caption_html

__all__ = ["Cell", "Facts", "Heading", "Paragraph", "Picture", "Preformatted", "Table", "write_report"]

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_PIXELS_PER_INCH = 96  # of a page, as CSS has it
_WIDE = 700  # pixels; a wider picture is scrolled on a phone rather than made illegible


@dataclass(frozen=True)
class Heading:
    """A heading; level 2 opens a part, level 3 a piece of it (the title is level 1)."""

    text: str
    level: int = 2

    def __post_init__(self):
        text("text of a heading", self.text)
        checks.choice("level", self.level, (2, 3))

    def html(self):
        return f"<h{self.level}>{escape(self.text)}</h{self.level}>"


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str

    def __post_init__(self):
        text("text of a paragraph", self.text)

    def html(self):
        return f"<p>{escape(self.text)}</p>"


@dataclass(frozen=True)
class Facts:
    """Names and values of a few facts, such as data source, steps and seed: a dict from text to anything."""

    facts: dict

    def __post_init__(self):
        dictionary("facts", self.facts, empty=True)

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

    def __post_init__(self):
        text("summary", self.summary)
        text("text", self.text)

    def html(self):
        return f"<details><summary>{escape(self.summary)}</summary><pre>{escape(self.text)}</pre></details>"


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

    def __post_init__(self):
        if not isinstance(self.image, (Figure, Image.Image)):
            checks.path_like("image, a matplotlib figure, a Pillow image or a file,", self.image)
        text("caption", self.caption)
        text("alt", self.alt)

    def html(self):
        kind, width, height, data = _picture_data(self.image)
        wide = f' class="wide" style="--natural: {width}px"' if width > _WIDE else ""
        return (
            f'<figure><div class="picture"><img{wide} width="{width}" height="{height}" '
            f'alt="{escape(self.alt or self.caption)}" src="data:image/{kind};base64,'
            f'{base64.b64encode(data).decode("ascii")}"></div>{caption_html(self.caption)}</figure>'
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
    checks.path_like("path", path)
    text("title", title)
    if not isinstance(blocks, (list, tuple)):
        raise UserError(
            f"blocks must be a list, such as [plots.Heading('Scores')]. Received: {checks.shown(blocks)}."
        )
    for block in blocks:
        if isinstance(block, type) or not hasattr(block, "html"):
            raise UserError(
                "A block of a report is a plots.Heading, Paragraph, Facts, Table, Picture or Preformatted. "
                f"Received: {checks.shown(block)}."
            )
    body = "\n".join(block.html() for block in blocks)
    sorts = any(isinstance(block, Table) and block.sortable for block in blocks)
    policy = f"{_POLICY}; script-src '{SCRIPT_HASH}'" if sorts else _POLICY
    script = f"<script>{SCRIPT}</script>\n" if sorts else ""
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
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
{script}</body>
</html>
"""
    return write_whole(path, page)


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
