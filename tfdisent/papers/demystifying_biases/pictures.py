"""Pictures of chapter 4, from arrays."""

import numpy as np

__all__ = ["histograms", "plane_of_codes", "sheets", "scores_of_factors"]

_BINS = 20  # on [0, 1]


def sheets(panels):
    """Surfaces in space with two families of curves on each, and arrows where points move.

    Args:
        panels: {title: {"grid": [S, T, 3], "first", "second": lists of curves [n, 3], "points": [N, 3] or None,
            "arrows": ([N, 3], [N, 3]) from and to, or None}}.
    """
    from tfdisent.plots.style import COLOURS, INK, NotebookFigure

    figure = NotebookFigure(figsize=(4 * len(panels), 4), layout="constrained")
    for number, (title, panel) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(1, len(panels), number, projection="3d")
        axes.plot_surface(*np.moveaxis(panel["grid"], -1, 0), color=COLOURS[4], alpha=0.25, linewidth=0)
        for family, colour in (("first", COLOURS[1]), ("second", COLOURS[0])):
            for curve in panel[family]:
                axes.plot(*curve.T, color=colour, linewidth=1.1)
        if panel.get("points") is not None:
            axes.scatter(*panel["points"].T, s=2, color=INK, alpha=0.35)
        if panel.get("arrows") is not None:
            start, end = panel["arrows"]
            axes.quiver(*start.T, *(end - start).T, color=INK, linewidth=0.9, arrow_length_ratio=0.4)
        axes.set_title(title, fontsize=10, color=INK)
        axes.set_xticklabels([])
        axes.set_yticklabels([])
        axes.set_zticklabels([])
        axes.set_box_aspect((1, 1, 0.5))
        axes.view_init(32, -62)
    return figure


def histograms(panels, label):
    """One histogram a panel, 20 bins from 0 to 1.

    Args:
        panels: {title: {group: list of numbers}}.
        label: of the horizontal axis.
    """
    from tfdisent.plots.style import COLOURS, INK, MUTED, new_axes

    figure, axes = new_axes(1, len(panels), 2.7 * len(panels), 2.6, sharey=True)
    for panel, (title, groups) in zip(axes[0], panels.items(), strict=True):
        for (name, values), colour in zip(groups.items(), COLOURS, strict=False):
            panel.hist(values, np.linspace(0, 1, _BINS + 1), color=colour, alpha=0.55, label=name)
        panel.set_title(title, fontsize=10, color=INK, loc="left", parse_math=False)
        panel.set_xlabel(label, fontsize=8, color=MUTED)
        panel.yaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].set_ylabel("runs", fontsize=8, color=MUTED)
    axes[0, -1].legend(frameon=False, fontsize=8)
    return figure


def scores_of_factors(groups, label):
    """Bars of means with their standard deviations, one cluster a factor.

    Args:
        groups: {group: {factor: list of numbers}}, all with the same factors.
        label: of the vertical axis.
    """
    from tfdisent.plots.style import COLOURS, MUTED, label_settings, new_axes

    factors = list(next(iter(groups.values())))
    figure, axes = new_axes(1, 1, 1.2 + 1.1 * len(factors), 2.8)
    panel, width = axes[0, 0], 0.8 / len(groups)
    for number, (name, values) in enumerate(groups.items()):
        places = np.arange(len(factors)) + (number - (len(groups) - 1) / 2) * width
        means = [np.mean(values[factor]) if len(values[factor]) else 0 for factor in factors]
        spread = [np.std(values[factor]) if len(values[factor]) else 0 for factor in factors]
        panel.bar(places, means, width, yerr=spread, color=COLOURS[number], alpha=0.8, capsize=2, label=name)
    label_settings(panel, factors)
    panel.set_ylabel(label, fontsize=8, color=MUTED)
    panel.legend(frameon=False, fontsize=8)
    return figure


def plane_of_codes(decode, base, latents, limit=2.0, num=7):
    """Images over a grid of two latents, the others as in `base`: an image [num * H, num * W, C].

    Args:
        decode: function of codes [B, D].
        base: code [D].
        latents: two of the latents; the first grows to the right and the second upwards.
        limit: they run from -limit to limit.
        num: values along each.
    """
    values = np.linspace(-limit, limit, num, dtype=np.float32)
    codes = np.tile(np.asarray(base, np.float32), (num * num, 1))
    up, right = np.meshgrid(values[::-1], values, indexing="ij")
    codes[:, latents[0]], codes[:, latents[1]] = right.ravel(), up.ravel()
    images = np.asarray(decode(codes))
    height, width, channels = images.shape[1:]
    rows = images.reshape(num, num, height, width, channels)
    return np.clip(rows.transpose(0, 2, 1, 3, 4).reshape(num * height, num * width, channels), 0, 1)
