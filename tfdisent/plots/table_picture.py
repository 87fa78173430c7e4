"""A small table as a picture, for places where text cannot stand."""

from matplotlib.figure import Figure

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.plots.arguments import text, texts
from tfdisent.plots.style import FAINT, INK, MUTED, PAPER, NotebookFigure

__all__ = ["table_picture"]

_ROW = 0.27  # inches
_CHARACTER = 0.078  # inches, of 9 points


def table_picture(headers, rows, title="") -> Figure:
    """A table of texts and numbers.

    Args:
      headers: texts, one a column.
      rows: lists of cells; None is drawn as a dash, floats with three decimals.
      title: above the table.

    Returns:
      Matplotlib figure as large as its text.

    Raises:
      UserError: for a row that is not as long as the headers.
    """
    text("title", title)
    headers = texts("headers", headers)
    if not headers or not isinstance(rows, (list, tuple)):
        raise UserError(f"A table needs a header and a list of rows. Received: {checks.shown(rows)}.")
    table = [headers]
    for row in rows:
        if not isinstance(row, (list, tuple)) or len(row) != len(headers):
            raise UserError(
                f"A row of the table must have {len(headers)} cells. Received: {checks.shown(row)}."
            )
        table.append([_text(cell) for cell in row])
    widths = [(max(len(cell) for cell in column) + 3) * _CHARACTER for column in zip(*table, strict=True)]
    above = 1.6 if title else 0.3
    width = max(sum(widths), len(title) * 1.25 * _CHARACTER) + 0.3
    height = _ROW * (len(table) + above + 0.4)
    figure = NotebookFigure(figsize=(width, height), facecolor=PAPER)
    panel = figure.add_axes((0, 0, 1, 1))
    panel.set_axis_off()
    panel.set(xlim=(0, width), ylim=(height, 0))
    place = {"va": "center", "parse_math": False}
    if title:
        panel.text(0.15, 0.8 * _ROW, title, fontsize=11, color=INK, fontweight="bold", **place)
    for number, cells in enumerate(table):
        y = _ROW * (above + number + 0.5)
        x = 0.15
        for cell, cell_width in zip(cells, widths, strict=True):
            panel.text(x, y, cell, fontsize=9, color=INK if number else MUTED, **place)
            x += cell_width
        panel.plot(
            [0.15, width - 0.15], [y + _ROW / 2] * 2, color=FAINT, linewidth=1.2 if number == 0 else 0.6
        )
    return figure


def _text(cell):
    if cell is None:
        return "\N{EN DASH}"
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        return str(cell)
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:.3f}"
