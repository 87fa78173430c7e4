"""Pictures of signals on a circle and of their codes: grids of curves, planes of codes, contours."""

import numpy as np
from matplotlib import colormaps

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.plots.arguments import dictionary, numbers, text, texts
from tfdisent.plots.style import COLOURS, FAINT, INK, MUTED, add_legend, new_axes

__all__ = ["code_planes", "contour_maps", "coloured_curves", "signal_grid"]

SIGNAL_COLOURS = {
    "truth": "#2ca02c",
    "reconstruction": "#e0c000",
    "redatuming": "#1f4fd6",
}  # green, yellow, blue


def signal_grid(lines, row_labels, column_labels, title=""):
    """One panel a row and column, with a line of each name.

    Args:
      lines: {name: float [R, C, k]}; "truth" is green, "reconstruction" yellow, "redatuming" blue.
      row_labels: R texts.
      column_labels: C texts.
      title: above all panels.

    Returns:
      Matplotlib figure.

    Raises:
      UserError: for arrays of different shapes.
    """
    row_labels, column_labels = texts("row_labels", row_labels), texts("column_labels", column_labels)
    text("title", title)
    rows, columns = len(row_labels), len(column_labels)
    sizes = {"R": rows, "C": columns}
    arrays = {
        name: numbers(f"lines[{name!r}]", array, "R C k", sizes)
        for name, array in dictionary("lines", lines).items()
    }
    figure, axes = new_axes(rows, columns, 1.25 * columns + 0.6, 0.95 * rows + 0.6, sharex=True, sharey="row")
    others = iter(COLOURS)
    colours = {name: SIGNAL_COLOURS.get(name) or next(others) for name in arrays}
    drawn = {}
    for (row, column), panel in np.ndenumerate(axes):
        for name, array in arrays.items():
            (drawn[name],) = panel.plot(array[row, column], color=colours[name], linewidth=1.1)
        panel.set_xticks([])
        panel.tick_params(labelsize=6)
        if row == 0:
            panel.set_title(column_labels[column], fontsize=8, color=MUTED)
        if column == 0:
            panel.set_ylabel(row_labels[row], fontsize=8, color=INK)
    add_legend(figure, drawn)
    if title:
        figure.suptitle(title, fontsize=10, color=INK, parse_math=False)
    return figure


def code_planes(planes, labels, texts=None, curves=False):
    """Codes in a plane, one panel a set of codes, coloured by their state.

    Args:
      planes: {title: (points [N, 2], states [N])}.
      labels: {state: name}.
      texts: {title: [N] texts}, written beside every point that has one; None for none.
      curves: join the points of a state in their order and close the curve.

    Returns:
      Matplotlib figure, two panels in a row.

    Raises:
      UserError: for points and states that do not belong together.
    """
    dictionary("planes", planes)
    for state, name in dictionary("labels", labels).items():
        text(f"labels[{state!r}]", name)
    for title, notes in dictionary("texts", {} if texts is None else texts, empty=True).items():
        if not isinstance(notes, (list, tuple)):
            raise UserError(f"texts[{title!r}] must be a list of texts. Received: {checks.shown(notes)}.")
    curves = checks.truth("curves", curves)
    columns = min(2, len(planes))
    rows = -(-len(planes) // columns)
    figure, axes = new_axes(rows, columns, 4.6 * columns, 4.2 * rows + 0.4)
    colours = dict(zip(labels, colormaps["tab10"](np.arange(len(labels)) % 10), strict=True))
    drawn = {}
    for panel, (title, plane) in zip(axes.flat, planes.items(), strict=False):
        if not isinstance(plane, (list, tuple)) or len(plane) != 2:
            raise UserError(f"planes[{title!r}] must be (points, states). Received: {checks.shown(plane)}.")
        sizes = {}
        states = checks.array(f"The states of {title!r}", plane[1], "N", sizes)
        points = numbers(f"The points of {title!r}", plane[0], "N 2", sizes)
        for state, name in labels.items():
            own = points[states == state]
            (drawn[name],) = panel.plot(
                *own.T, "o", color=colours[state], markersize=3, alpha=0.7, linewidth=0
            )
            if curves and len(own):
                closed = np.concatenate([own, own[:1]])
                panel.plot(*closed.T, color=colours[state], linewidth=0.7, alpha=0.6)
        for point, note in zip(points, (texts or {}).get(title, ()), strict=False):
            if note:
                panel.annotate(
                    note, point, fontsize=5, color=MUTED, textcoords="offset points", xytext=(2, 2)
                )
        panel.set_title(title, fontsize=10, color=INK, loc="left", parse_math=False)
        panel.set_aspect("equal", adjustable="datalim")
    for panel in axes.flat[len(planes) :]:
        panel.set_axis_off()
    add_legend(figure, drawn)
    return figure


def coloured_curves(curves, values, title, label):
    """Curves in one panel, their colour running from blue to red with a value.

    Args:
      curves: float [N, k].
      values: [N], in the order of the colours.
      title: of the panel.
      label: of the colours.

    Returns:
      Matplotlib figure.

    Raises:
      UserError: for curves and values that do not belong together.
    """
    sizes = {}
    curves = numbers("curves", curves, "N k", sizes)
    values = checks.array("values", values, "N", sizes, dtype=np.float64)
    text("title", title)
    text("label", label)
    figure, axes = new_axes(1, 1, 6.4, 3.8)
    panel = axes[0, 0]
    colours = colormaps["coolwarm"]
    low, high = values.min(), max(values.max(), values.min() + 1e-12)
    for curve, value in zip(curves, values, strict=True):
        panel.plot(curve, color=colours((value - low) / (high - low)), linewidth=0.9)
    scale = figure.colorbar(_mappable(colours, low, high), ax=panel)
    scale.set_label(label, fontsize=8, color=MUTED)
    scale.outline.set_visible(False)
    panel.set_title(title, fontsize=10, color=INK, loc="left", parse_math=False)
    return figure


def contour_maps(maps, x, y, labels, limit=None):
    """Filled contours of values over two settings, with one scale that is symmetric about 0 for each map.

    Args:
      maps: {title: float [len(y), len(x)]}.
      x, y: values of the settings.
      labels: texts of the two axes.
      limit: value at which the colours end; the largest unless given.

    Returns:
      Matplotlib figure.

    Raises:
      UserError: for a map of another shape.
    """
    x, y = checks.array("x", x, "X", dtype=np.float64), checks.array("y", y, "Y", dtype=np.float64)
    if min(len(x), len(y)) < 2:
        raise UserError(f"Contours need two values or more of x and y. Received: {len(x)} and {len(y)}.")
    labels = texts("labels", labels, 2)
    if limit is not None:
        limit = checks.number("limit", limit, above=0)
    dictionary("maps", maps)
    figure, axes = new_axes(1, len(maps), 4.8 * len(maps), 3.9)
    for panel, (title, values) in zip(axes.flat, maps.items(), strict=True):
        values = numbers(f"The map {title!r}", values, "Y X", {"Y": len(y), "X": len(x)})
        values = np.ma.masked_invalid(values)
        end = limit or max(float(np.abs(values).max() or 0), 1e-6)
        levels = np.linspace(-end, end, 17)
        filled = panel.contourf(x, y, values, levels=levels, cmap="PiYG", extend="both")
        panel.contour(x, y, values, levels=[0.0], colors=[INK], linewidths=0.7)
        bar = figure.colorbar(filled, ax=panel)
        bar.outline.set_edgecolor(FAINT)
        panel.set_title(title, fontsize=10, color=INK, loc="left", parse_math=False)
        panel.set_xlabel(labels[0], fontsize=9, color=MUTED)
        panel.set_ylabel(labels[1], fontsize=9, color=MUTED)
    return figure


def _mappable(colours, low, high):
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    return ScalarMappable(Normalize(low, high), colours)
