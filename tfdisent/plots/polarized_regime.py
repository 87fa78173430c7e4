"""How a model enters the polarized regime: the error of the simplified KL term, and the active latents."""

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator, StrMethodFormatter

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.plots.arguments import dictionary, numbers
from tfdisent.plots.style import COLOURS, INK, MUTED, add_legend, new_axes

__all__ = ["polarized_regime"]

_LEAST = 1e-4  # an error of exactly 0 has no place on a logarithmic axis


def polarized_regime(histories, threshold=0.03):
    """The relative error of the polarized KL term, and the number of active latents, over the training steps.

    Args:
      histories: dict from a model's name to rows {"step", "delta_kl", "num_active"}, as `PolarizedRegime` records them.
      threshold: of the error, drawn as a dotted line.

    Returns:
      Matplotlib figure of two panels.

    Raises:
      UserError: where nothing was recorded.

    References: Zietlow 2022, Sec. 3.3.2.
    """
    threshold = checks.number("threshold", threshold, above=0)
    for name, rows in dictionary("histories", histories, empty=True).items():
        if not isinstance(rows, (list, tuple)):
            raise UserError(f"histories[{name!r}] must be a list of rows. Received: {checks.shown(rows)}.")
        for row in rows:
            dictionary(f"A row of {name!r}", row, ("step", "delta_kl", "num_active"))
    if not histories or not all(histories.values()):
        raise UserError(f"Every history needs at least one row. Received: {checks.shown(histories)}.")
    figure, axes = new_axes(1, 2, 7.6, 2.9)
    error, active = axes[0]
    lines = {}
    for (name, rows), colour in zip(histories.items(), np.resize(COLOURS, len(histories)), strict=True):
        steps = [row["step"] for row in rows]
        values = np.maximum(numbers("delta_kl", [row["delta_kl"] for row in rows], "n"), _LEAST)
        (lines[name],) = error.plot(steps, values, color=colour, linewidth=1.4)
        active.step(steps, [row["num_active"] for row in rows], color=colour, linewidth=1.4, where="post")
    error.axhline(threshold, color=MUTED, linewidth=1, linestyle=":")
    error.set_yscale("log")
    error.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    active.yaxis.set_major_locator(MaxNLocator(integer=True))
    active.set_ylim(bottom=0)
    titles = (f"error of the KL term, {threshold:.0%} dotted", "active latents")
    for panel, title in zip(axes[0], titles, strict=True):
        panel.set_title(title, fontsize=10, color=INK, loc="left", parse_math=False)
        panel.set_xlabel("step", fontsize=8, color=MUTED)
        panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        panel.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        panel.grid(axis="y", color="#eef1f4", linewidth=0.8)
        panel.margins(x=0.01)
    add_legend(figure, lines)
    return figure
