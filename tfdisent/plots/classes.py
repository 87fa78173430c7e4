"""Points coloured by their class, and the springs between angles on a circle."""

import numpy as np
from matplotlib import colormaps
from matplotlib.lines import Line2D

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.plots.arguments import dictionary, numbers
from tfdisent.plots.style import ACCENT, FAINT, INK, MUTED, add_legend, new_axes

__all__ = ["class_scatter", "springs"]

_MOST_CLASSES = 20
_SIDE = 2.6  # inches a panel


def class_scatter(panels, classes, limits=None):
    """Points of a plane coloured by their class, one panel a pair of coordinates.

    Args:
      panels: dict from a title to (x, y), numbers [N] each.
      classes: whole numbers [N], the class of each point; at most 20 different ones.
      limits: (least, largest) of both axes of all panels; as the points need unless given.

    Returns:
      Matplotlib figure.

    Raises:
      UserError: for arrays that do not belong to the same N points, or too many classes.
    """
    dictionary("panels", panels)
    classes = checks.array("classes", classes, "N")
    if limits is not None:
        limits = tuple(checks.array("limits", limits, "2"))
    names = np.unique(classes)
    if len(names) > _MOST_CLASSES:
        raise UserError(
            f"Points need one class each, {_MOST_CLASSES} different ones at most. "
            f"Received: {len(names)} different ones."
        )
    columns = min(len(panels), 3)
    rows = -(-len(panels) // columns)
    figure, axes = new_axes(rows, columns, _SIDE * columns, _SIDE * rows + 0.5)
    colours = colormaps["tab10" if len(names) <= 10 else "tab20"].colors
    lines = {}
    for panel, (title, points) in zip(axes.flat, panels.items(), strict=False):
        x, y = _pair(title, points)
        x, y = (numbers(f"The panel {title!r}", each, "N", {"N": len(classes)}) for each in (x, y))
        for name, colour in zip(names, colours, strict=False):
            mine = classes == name
            panel.scatter(x[mine], y[mine], s=3, color=colour, alpha=0.6, linewidths=0, rasterized=True)
            lines[str(name)] = Line2D([], [], color=colour, marker="o", markersize=5, linestyle="")
        panel.set_aspect("equal")
        panel.set_title(title, fontsize=9, color=INK, parse_math=False)
        if limits is not None:
            panel.set(xlim=limits, ylim=limits)
    for panel in list(axes.flat)[len(panels) :]:
        panel.set_visible(False)
    add_legend(figure, lines)
    return figure


def springs(panels):
    """Angles as balls on a circle with a spring between neighbours, coloured by its length.

    Args:
      panels: dict from a title to angles [S], radians.

    Returns:
      Matplotlib figure.

    Raises:
      UserError: for fewer than two angles.
    """
    dictionary("panels", panels)
    figure, axes = new_axes(1, len(panels), _SIDE * len(panels), _SIDE + 0.3)
    around = np.linspace(0, 2 * np.pi, 200)
    for panel, (title, angles) in zip(axes.flat, panels.items(), strict=True):
        angles = checks.array(f"The angles of {title!r}", angles, "S", dtype=np.float64)
        ordered = np.sort(np.mod(angles, 2 * np.pi))
        if len(ordered) < 2:
            raise UserError(f"Springs need two angles or more. Received: shape {ordered.shape}.")
        panel.plot(np.cos(around), np.sin(around), color=FAINT, linewidth=1, zorder=0)
        gaps = np.diff(ordered, append=ordered[0] + 2 * np.pi)
        for start, gap in zip(ordered, gaps, strict=True):
            t = np.linspace(0, 1, 120)
            waves = 1 + 0.05 * np.sin(2 * np.pi * 7 * t) * (t * (1 - t) > 0.02)
            colour = colormaps["plasma"](0.85 * min(gap / (2 * gaps.mean()), 1.0))
            panel.plot(
                waves * np.cos(start + t * gap), waves * np.sin(start + t * gap), color=colour, linewidth=1
            )
        panel.scatter(np.cos(ordered), np.sin(ordered), s=28, color=ACCENT, edgecolors=MUTED, zorder=3)
        panel.set_aspect("equal")
        panel.set_axis_off()
        panel.set_title(title, fontsize=9, color=INK, parse_math=False)
    return figure


def _pair(title, points):
    if not isinstance(points, (list, tuple, np.ndarray)) or len(points) != 2:
        raise UserError(f"The panel {title!r} must be a pair (x, y). Received: {checks.shown(points)}.")
    return points
