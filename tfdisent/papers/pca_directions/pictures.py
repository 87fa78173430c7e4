"""Pictures of chapters 2 and 3, from arrays."""

import numpy as np

__all__ = [
    "kl_landscape",
    "posteriors",
    "scatter_of_scores",
    "scores_over_beta",
    "singular_values",
    "squares_of_codes",
    "surfaces_in_space",
    "volumes",
]


def scatter_of_scores(panels, notes):
    """DS over DtO, one panel a data set.

    Args:
        panels: {title: {group: (DtO of each run, DS of each run)}}.
        notes: a sentence for each panel, below its title.
    """
    from tfdisent.plots.style import COLOURS, INK, MUTED, new_axes

    figure, axes = new_axes(1, len(panels), 4.6 * len(panels), 3.6)
    for panel, (title, groups), note in zip(axes[0], panels.items(), notes, strict=True):
        for (name, (dto, ds)), colour in zip(groups.items(), COLOURS, strict=False):
            panel.plot(dto, ds, "o", color=colour, markersize=5, alpha=0.8, label=name)
        panel.set_title(f"{title}\n{note}", fontsize=10, color=INK, loc="left", parse_math=False)
        panel.set_xlabel("DtO", fontsize=8, color=MUTED)
        panel.set_ylabel("DS", fontsize=8, color=MUTED)
        panel.legend(frameon=False, fontsize=8)
        panel.grid(color="#eef1f4", linewidth=0.8)
    return figure


def squares_of_codes(factors, codes):
    """The unit square of the factors, and below it a row of codes a group, each point in its place's colour.

    Args:
        factors: [N, 2] in the unit square.
        codes: {group: list of [N, 2], one a restart}.
    """
    from tfdisent.plots.style import INK, new_axes

    columns, rows = max(1, *map(len, codes.values())), 1 + len(codes)
    figure, axes = new_axes(rows, columns, 2.2 * columns, 2.3 * rows)
    colours = np.clip(np.column_stack([factors[:, 0], 0.4 + 0 * factors[:, 0], factors[:, 1]]), 0, 1)
    drawn = {(0, 0): ("factors w", factors)}
    drawn |= {
        (row, column): (f"{group}, restart {column}", points)
        for row, (group, restarts) in enumerate(codes.items(), 1)
        for column, points in enumerate(restarts)
    }
    for place, panel in np.ndenumerate(axes):
        if place not in drawn:
            panel.set_axis_off()
            continue
        title, points = drawn[place]
        panel.scatter(*points.T[:2], c=colours, s=2, linewidths=0)
        panel.set_title(title, fontsize=9, color=INK, loc="left", parse_math=False)
        panel.set_aspect("equal", "datalim")
    return figure


def scores_over_beta(rows, betas, printed_beta, title):
    """DS, DtO and active latents of a data set over beta; the thesis' beta is dashed.

    Args:
        rows: of `printed.score_row`, with a column "beta".
        betas: those on the axis.
        printed_beta: of the thesis.
        title: of the data set.
    """
    from matplotlib.ticker import LogLocator

    from tfdisent import plots
    from tfdisent.plots.style import MUTED

    panels = {}
    for score in ("DS", "DtO", "active"):
        own = [each for each in rows if each["score"] == score]
        x, y, spread = ([each[key] for each in own] for key in ("beta", "ours mean", "ours std"))
        panels[f"{score}, {title}"] = {"beta-VAE": plots.Curve(x, y, spread)}
    labels = dict(zip(panels, ("DS", "DtO", "active latents"), strict=True))
    figure = plots.comparison_curves(panels, dict.fromkeys(panels, "beta"), labels, log_x=tuple(panels))
    wide = max(betas) > 1_000 * min(betas)
    for panel in figure.axes:
        panel.axvline(printed_beta, color=MUTED, linewidth=1, linestyle="--")
        panel.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0), numticks=5))
    return figure


def surfaces_in_space(cloud, surfaces):
    """Points, surface and axes in space, one panel a model.

    Args:
        cloud: points [N, 3].
        surfaces: {title: (grid [S, S, 3], list of two axes [S, 3])}.
    """
    from tfdisent.plots.style import COLOURS, INK, PAPER, NotebookFigure

    figure = NotebookFigure(figsize=(4.2 * len(surfaces), 4.2), layout="constrained", facecolor=PAPER)
    for place, (name, (grid, axes)) in enumerate(surfaces.items(), 1):
        panel = figure.add_subplot(1, len(surfaces), place, projection="3d")
        panel.plot_surface(*np.moveaxis(grid, -1, 0), color=COLOURS[4], alpha=0.35, linewidth=0)
        panel.scatter(*cloud[:400].T, s=2, color=COLOURS[2], alpha=0.5, linewidths=0)
        for axis, colour in zip(axes, (COLOURS[0], COLOURS[1]), strict=True):
            panel.plot(*axis.T, color=colour, linewidth=2.5)
        panel.set_title(name, fontsize=10, color=INK)
        low, high = np.percentile(cloud, (0.5, 99.5), axis=0)
        panel.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
        panel.set_box_aspect(high - low)
        panel.view_init(elev=32, azim=-62)
        panel.set(xticks=[], yticks=[], zticks=[])
    return figure


def singular_values(left, values, right):
    """The unit circle and its axes as given, turned, stretched, and turned again by U S V^T.

    Args:
        left, values, right: U [2, 2], S [2], V^T [2, 2].
    """
    from tfdisent.plots.style import COLOURS, INK, MUTED, new_axes

    stretched = np.diag(values) @ right
    steps = {
        "z": np.eye(2),
        "V^T z: turned": right,
        "S V^T z: stretched": stretched,
        "U S V^T z: turned again": left @ stretched,
    }
    angles = np.linspace(0, 2 * np.pi, 200)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    figure, axes = new_axes(1, len(steps), 10.4, 2.3, sharex=True, sharey=True)
    for panel, (name, step) in zip(axes[0], steps.items(), strict=True):
        panel.plot(*(step @ circle), color=MUTED, linewidth=1.2)
        for column, colour in zip(step.T, COLOURS, strict=False):
            _arrow(panel, column, colour)
        panel.set_aspect("equal")
        panel.set_title(name, fontsize=10, color=INK, loc="left", parse_math=False)
    return figure


def posteriors():
    """A round prior, with posteriors of diagonal covariance at some codes."""
    from matplotlib.patches import Ellipse

    from tfdisent.plots.style import COLOURS, FAINT, INK, new_axes

    random_state = np.random.RandomState(3)
    means, sizes = random_state.uniform(-1.9, 1.9, (14, 2)), random_state.uniform(0.2, 0.8, (14, 2))
    figure, axes = new_axes(1, 2, 7.6, 4.4, sharex=True, sharey=True)
    turns = {"diagonal posteriors, as implemented": 0.0, "the same after a rotation: not allowed": 40.0}
    for panel, (title, degrees) in zip(axes[0], turns.items(), strict=True):
        for radius in (0.75, 1.5, 2.25):
            panel.add_patch(
                Ellipse((0, 0), 2 * radius, 2 * radius, fill=False, edgecolor=FAINT, linewidth=1.5)
            )
        for mean, (width, height) in zip(means @ _rotation(degrees).T, sizes, strict=True):
            for part in (1.0, 0.6):
                look = {"angle": degrees, "color": COLOURS[0], "alpha": 0.35}
                panel.add_patch(Ellipse(mean, part * width, part * height, **look))
        panel.set(xlim=(-2.9, 2.9), ylim=(-2.9, 2.9))
        panel.set_aspect("equal")
        panel.set_title(title, fontsize=10, color=INK, loc="left")
    return figure


def volumes():
    """Two pairs of columns that span the same area; the orthogonal pair has the smaller product of lengths."""
    from tfdisent.plots.style import COLOURS, INK, new_axes

    stretched = np.diag([2.0, 0.8])
    figure, axes = new_axes(1, 2, 7.6, 2.5, sharex=True, sharey=True)
    for panel, degrees in zip(axes[0], (35.0, 0.0), strict=True):
        columns = stretched @ _rotation(degrees)
        corners = np.array([[0, 0], columns[:, 0], columns.sum(axis=1), columns[:, 1]])
        panel.fill(*corners.T, color=COLOURS[4], alpha=0.3)
        for column, colour, name in zip(columns.T, COLOURS, ("w1", "w2"), strict=False):
            _arrow(panel, column, colour)
            panel.text(*(1.04 * column), name, fontsize=9, color=colour)
        product = np.prod(np.linalg.norm(columns, axis=0))
        area = abs(np.linalg.det(columns))
        title = f"product of lengths {product:.2f}, area {area:.2f}"
        panel.set_title(title, fontsize=10, color=INK, loc="left")
        panel.set_aspect("equal")
        panel.margins(0.1)
    return figure


def kl_landscape():
    """The KL term of one latent over its mean and standard deviation."""
    from tfdisent.plots.style import COLOURS, INK, MUTED, new_axes

    mean, sigma = np.meshgrid(np.linspace(-3, 3, 200), np.linspace(0.05, 2, 200))
    kl = 0.5 * (mean**2 + sigma**2 - 2 * np.log(sigma) - 1)
    figure, axes = new_axes(1, 1, 4.6, 3.6)
    panel = axes[0, 0]
    drawn = panel.contourf(mean, sigma, kl, levels=[0, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 6, 8], cmap="viridis")
    panel.plot(0, 1, "o", color=COLOURS[1], markersize=7)
    figure.colorbar(drawn, ax=panel, label="KL (nats)")
    panel.set_title("least, 0, at mean 0 and sigma 1", fontsize=10, color=INK, loc="left")
    panel.set_xlabel("mean", fontsize=9, color=MUTED)
    panel.set_ylabel("sigma", fontsize=9, color=MUTED)
    return figure


def _rotation(degrees):
    turn = np.radians(degrees)
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


def _arrow(panel, tip, colour):
    panel.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 2})
