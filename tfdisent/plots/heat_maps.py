"""Scores over a grid of two settings, one map a score and a method."""

import numpy as np

from tfdisent.plots.arguments import dictionary, numbers, setting_labels, texts
from tfdisent.plots.style import FAINT, INK, MUTED, label_settings, new_axes

__all__ = ["heat_maps"]


def heat_maps(maps, vertical, horizontal, labels=("y", "x"), lower_is_better=()):
    """One row a method, one column a score; the colours of a column are the same in all its rows.

    Args:
      maps: {method: {score: [Y, X]}}, every method with the same scores; NaN for a value that does not exist.
      vertical, horizontal: {method: Y values} and {method: X values} of the two settings, numbers or texts; the first
        value is drawn at the bottom, or on the left.
      labels: names of the vertical and the horizontal setting.
      lower_is_better: scores whose colours are turned round, so that bright is always good.

    Returns:
      Matplotlib figure with the value written in each cell.

    Raises:
      UserError: for a map that does not fit its values.
    """
    for method, each in dictionary("maps", maps).items():
        dictionary(f"maps[{method!r}]", each, next(iter(maps.values())))
    vertical, horizontal = (
        {method: setting_labels(f"{name}[{method!r}]", each[method]) for method in maps}
        for name, each in (
            ("vertical", dictionary("vertical", vertical, maps)),
            ("horizontal", dictionary("horizontal", horizontal, maps)),
        )
    )
    labels, lower_is_better = texts("labels", labels, 2), texts("lower_is_better", lower_is_better)
    methods, scores = list(maps), list(next(iter(maps.values())))
    most = max(max(len(vertical[m]), len(horizontal[m])) for m in methods)
    side = 0.9 + 0.42 * most
    figure, axes = new_axes(
        len(methods), len(scores), (side + 0.7) * len(scores) + 0.3, side * len(methods) + 0.4
    )
    for column, score in enumerate(scores):
        values = {
            method: numbers(
                f"The map of {score!r} of {method!r}",
                maps[method][score],
                "Y X",
                {"Y": len(vertical[method]), "X": len(horizontal[method])},
            )
            for method in methods
        }
        finite = np.concatenate([v[np.isfinite(v)] for v in values.values()])
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
        for row, method in enumerate(methods):
            shape = (len(vertical[method]), len(horizontal[method]))
            panel = axes[row, column]
            colours = "viridis_r" if score in lower_is_better else "viridis"
            drawn = panel.imshow(
                values[method], colours, origin="lower", vmin=low, vmax=high if high > low else low + 1
            )
            _write_values(panel, values[method], drawn)
            label_settings(panel, horizontal[method])
            panel.set_yticks(range(shape[0]), vertical[method])
            panel.set_xlabel(labels[1], fontsize=9, color=MUTED)
            name = f"{method}\n{labels[0]}" if column == 0 else labels[0]
            panel.set_ylabel(name, fontsize=9, color=INK if column == 0 else MUTED, parse_math=False)
            if row == 0:
                panel.set_title(score, fontsize=10, color=INK, parse_math=False)
            panel.spines[:].set_visible(False)
            panel.set_facecolor(FAINT)
        bar = figure.colorbar(drawn, ax=list(axes[:, column]), shrink=0.8, aspect=30)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=7, color=FAINT, labelcolor=MUTED)
    return figure


def _write_values(panel, values, drawn):
    for (y, x), value in np.ndenumerate(values):
        if not np.isfinite(value):
            panel.text(x, y, "\N{EN DASH}", ha="center", va="center", fontsize=7, color=MUTED)
            continue
        dark = sum(drawn.cmap(drawn.norm(value))[:3]) < 1.4
        text = f"{value:.2f}" if abs(value) >= 0.995 else f"{value:.3f}".replace("0.", ".", 1)
        panel.text(x, y, text, ha="center", va="center", fontsize=7, color="white" if dark else INK)
