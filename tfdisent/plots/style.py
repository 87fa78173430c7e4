"""One look for all figures: colours, fonts, and axes without clutter."""

from matplotlib import font_manager
from matplotlib.figure import Figure

from tfdisent.plots.files import encode

__all__ = [
    "ACCENT",
    "COLOURS",
    "FAINT",
    "FONT_PATH",
    "INK",
    "MUTED",
    "PAPER",
    "NotebookFigure",
    "add_legend",
    "label_settings",
    "new_axes",
]

PAPER = "#ffffff"
INK = "#1f2328"
MUTED = "#656d76"
FAINT = "#d8dee4"
ACCENT = "#0b62c4"
# Told apart with any common colour blindness: Okabe and Ito's palette, without yellow and black.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_LONG = 6  # letters of a label that stands upright
FONT_PATH = font_manager.findfont("DejaVu Sans")


class NotebookFigure(Figure):
    """A matplotlib figure that a notebook shows although pyplot does not know it."""

    def _repr_png_(self):
        return encode(self, "png")


def new_axes(rows, columns, width, height, **settings):
    """A figure of `width` x `height` inches and its axes [rows, columns], in the project's look."""
    figure = NotebookFigure(figsize=(width, height), layout="constrained", facecolor=PAPER)
    axes = figure.subplots(rows, columns, squeeze=False, **settings)
    for panel in axes.flat:
        panel.spines[["top", "right"]].set_visible(False)
        panel.spines[["left", "bottom"]].set_color(FAINT)
        panel.tick_params(which="both", color=FAINT, labelcolor=MUTED, labelsize=8, length=3)
        panel.set_axisbelow(True)
    return figure, axes


def label_settings(panel, labels):
    """Writes the values of a setting, texts, below their places 0, 1, ...; long ones slanted."""
    if max(map(len, labels), default=0) > _LONG:
        panel.set_xticks(range(len(labels)), labels, rotation=30, ha="right", rotation_mode="anchor")
    else:
        panel.set_xticks(range(len(labels)), labels)


def add_legend(figure, lines):
    """One legend above all panels, from a dict of names to lines, in as many columns as the figure is wide for."""
    column = 0.6 + 0.08 * max(map(len, lines))  # inches: the sample with its gaps, and the text
    fitting = max(1, int(figure.get_figwidth() / column))
    legend = figure.legend(
        lines.values(),
        lines,
        loc="outside upper left",
        ncols=min(len(lines), fitting),
        frameon=False,
        fontsize=9,
    )
    for text in legend.get_texts():
        text.set(color=INK, parse_math=False)
