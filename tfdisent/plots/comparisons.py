"""Methods compared over a setting: curves with their spread, and violins of the restarts."""

from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.plots.arguments import dictionary, numbers, setting_labels, text, texts
from tfdisent.plots.style import COLOURS, INK, MUTED, add_legend, label_settings, new_axes

__all__ = ["Curve", "comparison_curves", "violins"]

_GRID = "#eef1f4"
_LINES = ("-", "--", ":")  # where there are more methods than colours


@dataclass(frozen=True)
class Curve:
    """One method in one panel.

    Args:
      x, y: numbers [n].
      spread: standard deviation of y, [n], drawn as a band; none unless given.
      labels: n texts beside the points; none unless given.

    Raises:
      UserError: for lists that differ in length.
    """

    x: list
    y: list
    spread: list | None = None
    labels: list | None = None

    def __post_init__(self):
        sizes = {"n": len(numbers("x of a curve", self.x, "n"))}
        numbers("y of a curve", self.y, "n", sizes)
        if self.spread is not None:
            numbers("spread of a curve", self.spread, "n", sizes)
        if self.labels is not None:
            texts("labels of a curve", self.labels, sizes["n"])


def comparison_curves(panels, x_labels, y_labels, log_x=()):
    """One panel a comparison, one curve a method.

    Args:
      panels: {title: {method: `Curve`}}; a method has one colour and kind of line in all panels.
      x_labels, y_labels: {title: text of the axis}.
      log_x: titles of the panels with a logarithmic x axis.

    Returns:
      Matplotlib figure, at most four panels in a row.

    Raises:
      UserError: for what is no such dict.
    """
    for title, curves in dictionary("panels", panels).items():
        for method, curve in dictionary(f"panels[{title!r}]", curves).items():
            if not isinstance(curve, Curve):
                raise UserError(
                    f"{method!r} in {title!r} must be a plots.Curve. Received: {checks.shown(curve)}."
                )
    for name, labels in (("x_labels", x_labels), ("y_labels", y_labels)):
        for title, label in dictionary(name, labels, panels).items():
            text(f"{name}[{title!r}]", label)
    log_x = texts("log_x", log_x)
    methods = list(dict.fromkeys(method for curves in panels.values() for method in curves))
    looks = {
        method: (COLOURS[number % len(COLOURS)], _LINES[number // len(COLOURS) % len(_LINES)])
        for number, method in enumerate(methods)
    }
    figure, axes = _panels(len(panels))
    lines = {}
    for panel, (title, curves) in zip(axes, panels.items(), strict=True):
        for method, curve in curves.items():
            x, y = numbers("x", curve.x, "n"), numbers("y", curve.y, "n")
            colour, line = looks[method]
            (lines[method],) = panel.plot(x, y, f".{line}", color=colour, linewidth=1.4, markersize=6)
            if curve.spread is not None:
                band = numbers("spread", curve.spread, "n")
                panel.fill_between(x, y - band, y + band, color=colour, alpha=0.15, linewidth=0)
            for point, label in zip(zip(x, y, strict=True), curve.labels or (), strict=False):
                if np.isfinite(point).all():
                    panel.annotate(label, point, (3, 3), textcoords="offset points", fontsize=7, color=colour)
        if title in log_x:
            _make_logarithmic(panel)
        panel.set_title(title, fontsize=10, color=INK, loc="left", parse_math=False)
        panel.set_xlabel(x_labels[title], fontsize=8, color=MUTED, parse_math=False)
        panel.set_ylabel(y_labels[title], fontsize=8, color=MUTED, parse_math=False)
        panel.grid(color=_GRID, linewidth=0.8)
        panel.margins(0.08)
    add_legend(figure, lines)
    return figure


def violins(samples, label=""):
    """One row a method, one column a score: the distribution over restarts at each value of a setting.

    Args:
      samples: {method: {score: {value of the setting, a number or text: list of numbers, one a restart}}}, every method
        with the same scores.
      label: of the setting: one text, or {method: text}.

    Returns:
      Matplotlib figure; each restart is a dot, and a violin is drawn where there are at least three.
    """
    for method, of_scores in dictionary("samples", samples).items():
        scores = dictionary(f"samples[{method!r}]", of_scores, next(iter(samples.values())))
        for score, groups in scores.items():
            setting_labels(
                f"The settings of {method!r}", list(dictionary(f"samples[{method!r}][{score!r}]", groups))
            )
    if isinstance(label, dict):
        dictionary("label", label, samples)
    else:
        text("label", label)
    methods, scores = list(samples), list(next(iter(samples.values())))
    figure, axes = new_axes(
        len(methods), len(scores), 2.5 * len(scores) + 0.3, 1.7 * len(methods) + 0.3, sharey="col"
    )
    for row, method in enumerate(methods):
        colour = COLOURS[row % len(COLOURS)]
        for column, score in enumerate(scores):
            panel = axes[row, column]
            groups = samples[method][score]
            for place, restarts in enumerate(groups.values()):
                drawn = numbers(f"The restarts of {method!r}", restarts, "n")
                drawn = drawn[np.isfinite(drawn)]
                if len(drawn) >= 3 and np.ptp(drawn) > 0:
                    parts = panel.violinplot([drawn], [place], widths=0.8, showextrema=False)
                    parts["bodies"][0].set(facecolor=colour, alpha=0.3, edgecolor=colour)
                panel.plot(np.full(len(drawn), place), drawn, ".", color=colour, markersize=5)
            label_settings(panel, setting_labels("settings", list(groups)))
            panel.set_xlim(-0.6, len(groups) - 0.4)
            panel.grid(axis="y", color=_GRID, linewidth=0.8)
            panel.set_xlabel(label if isinstance(label, str) else label[method], fontsize=8, color=MUTED)
            if row == 0:
                panel.set_title(score, fontsize=10, color=INK, loc="left", parse_math=False)
            if column == 0:
                panel.set_ylabel(method, fontsize=9, color=INK, parse_math=False)
    return figure


def _panels(number):
    columns = min(number, 4)
    rows = -(-number // columns)
    figure, axes = new_axes(rows, columns, 3.2 * columns, 2.7 * rows + 0.4)
    for panel in axes.flat[number:]:
        panel.set_axis_off()
    return figure, axes.flat[:number]


def _make_logarithmic(panel):
    panel.set_xscale("log")
    low, high = panel.get_xlim()
    panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 30 * low else (1.0,), numticks=8))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.xaxis.set_minor_locator(NullLocator())
