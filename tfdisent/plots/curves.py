"""Loss curves: one panel a term, one line a model."""

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from tfdisent.errors import UserError
from tfdisent.plots.arguments import dictionary, numbers
from tfdisent.plots.style import COLOURS, INK, MUTED, add_legend, new_axes

__all__ = ["loss_curves"]

_SQUASHED = 0.1


def loss_curves(histories):
    """Each term of the loss over the training steps, models together.

    Args:
      histories: dict from a model's name to {"step": [n], "loss": [n], other terms: [n]}; steps count from 1
        unless given. Terms are shown in the order in which they first appear; a model without a term is left
        out there.

    Returns:
      Matplotlib figure; a panel has a logarithmic axis where all values are positive and half of them would
      lie in the lowest tenth of a linear one.

    Raises:
      UserError: if there is no term to draw, or a term is not as long as the steps.
    """
    for name, history in dictionary("histories", histories).items():
        dictionary(f"histories[{name!r}]", history, empty=True)
    terms = list(dict.fromkeys(term for history in histories.values() for term in history if term != "step"))
    if not terms:
        raise UserError(
            f"A history needs at least one term, such as 'loss'. Received: {sorted(map(str, histories))}."
        )
    columns = min(3, len(terms))
    rows = -(-len(terms) // columns)
    figure, axes = new_axes(rows, columns, 3.4 * columns, 2.5 * rows + 0.4)
    colours = dict(zip(histories, np.resize(COLOURS, len(histories)), strict=True))
    lines = {}
    for panel, term in zip(axes.flat, terms, strict=False):
        drawn = []
        for name, history in histories.items():
            if term in history:
                values = numbers(f"{term!r} of {name!r}", history[term], "n")
                steps = history.get("step", np.arange(1, len(values) + 1))
                steps = numbers(f"'step' of {name!r}", steps, "n") if len(values) else values
                if values.shape != steps.shape:
                    raise UserError(
                        f"Every term of a history must be as long as its steps, {steps.shape}. "
                        f"Received: {term!r} of {name!r} with shape {values.shape}."
                    )
                (lines[name],) = panel.plot(steps, values, color=colours[name], linewidth=1.5)
                drawn.append(values[np.isfinite(values)])
        values = np.concatenate(drawn)
        if (
            values.size
            and 0.0 < values.min()
            and np.median(values) < values.min() + _SQUASHED * np.ptp(values)
        ):
            _make_logarithmic(panel, decades=np.log10(values.max() / values.min()))
        panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        panel.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        panel.set_title(term, fontsize=10, color=INK, loc="left", parse_math=False)
        panel.grid(axis="y", color="#eef1f4", linewidth=0.8)
        panel.set_xlabel("step", fontsize=8, color=MUTED)
        panel.margins(x=0.01)
    for panel in axes.flat[len(terms) :]:
        panel.set_axis_off()
    add_legend(figure, lines)
    return figure


def _make_logarithmic(panel, decades):
    panel.set_yscale("log")
    panel.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 2.5 else (1.0,)))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.yaxis.set_minor_locator(NullLocator())
