"""Pictures made of images: reconstructions, traversals, and samples of a data set.

Observations that are vectors, [N, features] instead of [N, H, W, C], are drawn as lines over the feature
number.
"""

import numpy as np
from matplotlib import colormaps
from matplotlib.ticker import MaxNLocator

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.plots.arguments import dictionary, numbers, texts
from tfdisent.plots.sheet import Sheet
from tfdisent.plots.style import COLOURS, INK, MUTED, add_legend, new_axes

__all__ = ["image_grid", "in_rows", "reconstructions", "row_labels", "traversal_grid"]

_LINE = {"markersize": 5, "linewidth": 1.2}
_MOST_MARKERS = 30


def reconstructions(originals, reconstructions, scale=None):
    """Originals in the first row, below them what each model makes of them.

    Args:
      originals: [N, H, W, C], floats in 0 to 1 or uint8; or vectors [N, features].
      reconstructions: dict from a model's name to an array of the same shape.
      scale: whole number by which images are enlarged; chosen from their size unless given.

    Returns:
      `PIL.Image.Image` of images, matplotlib figure of vectors.

    Raises:
      UserError: if a shape differs from that of the originals.
    """
    dictionary("reconstructions", reconstructions, empty=True)
    sizes, rows = {}, {}
    for name, row in {"original": originals, **reconstructions}.items():
        what = "originals" if name == "original" else f"The reconstructions of {name!r}"
        rows[name] = checks.array(what, row, "N ...", sizes, finite=False)
    if rows["original"].ndim == 2:
        return _lines_per_point(rows)
    _check_images(rows["original"], 4, "[N, H, W, C]")
    num_images, *size, _ = rows["original"].shape
    return Sheet([num_images] * len(rows), size, list(rows), scale=scale).draw(rows.values())


def traversal_grid(images, labels=None, values=None, scale=None):
    """One row a latent, its value growing from left to right.

    Also shows the factors of a data set: one row a factor, all others held still.

    Args:
      images: [D, S, H, W, C], floats in 0 to 1 or uint8; or vectors [D, S, features].
      labels: D texts for the rows, such as "z3  KL 1.24"; "z0", "z1", ... unless given.
      values: [S] or [D, S], the latents' values: written above the columns when they are the same for all
        rows, as the two ends under each label otherwise.
      scale: whole number by which images are enlarged; chosen from their size unless given.

    Returns:
      `PIL.Image.Image` of images, matplotlib figure of vectors.

    Raises:
      UserError: for images, labels or values of another shape.
    """
    images = checks.array("images", images, "D S ...", finite=False)
    if images.ndim != 3:
        _check_images(images, 5, "[D, S, H, W, C]")
    num_rows, num_steps = images.shape[:2]
    labels = row_labels(labels, num_rows)
    header = None
    if values is not None:
        values = numbers("values", values, "...")
        if values.shape not in ((num_steps,), (num_rows, num_steps)):
            raise UserError(
                f"values must have shape ({num_steps},) or ({num_rows}, {num_steps}). "
                f"Received: {values.shape}."
            )
        values = np.broadcast_to(values, (num_rows, num_steps))
        if (values == values[0]).all():
            header = [_number(value) for value in values[0]]
        else:
            ends = [f"{_number(row[0])} to {_number(row[-1])}" for row in values]
            labels = [f"{label}\n{end}" for label, end in zip(labels, ends, strict=True)]
    if images.ndim == 3:
        return _lines_per_latent(images, labels)
    tile_labels = [header, *[None] * (num_rows - 1)]
    return Sheet([num_steps] * num_rows, images.shape[2:4], labels, tile_labels, scale).draw(images)


def image_grid(images, columns=None, labels=None, scale=None):
    """Images side by side, row after row.

    Args:
      images: [N, H, W, C], floats in 0 to 1 or uint8.
      columns: number of images in a row; about as many as there are rows unless given.
      labels: N texts above the images; none unless given.
      scale: whole number by which images are enlarged; chosen from their size unless given.

    Returns:
      `PIL.Image.Image`

    Raises:
      UserError: for images of another shape.
    """
    images = checks.array("images", images, "...", finite=False)
    _check_images(images, 4, "[N, H, W, C]")
    if columns is not None:
        columns = checks.whole_number("columns", columns, least=1)
    rows = in_rows(images, columns or int(np.ceil(np.sqrt(len(images)))))
    tile_labels = None if labels is None else in_rows(row_labels(labels, len(images)), len(rows[0]))
    lengths = [len(row) for row in rows]
    return Sheet(lengths, images.shape[1:3], tile_labels=tile_labels, scale=scale).draw(rows)


def in_rows(items, columns):
    """A sequence cut into rows of `columns` items, the last of which may be shorter."""
    return [items[first : first + columns] for first in range(0, len(items), columns)]


def row_labels(labels, number, name="labels"):
    """`labels` as a list of `number` texts; "z0", "z1", ... for None."""
    return [f"z{index}" for index in range(number)] if labels is None else texts(name, labels, number)


def _check_images(images, num_axes, shape):
    if images.ndim != num_axes or not images.size:
        raise UserError(
            f"Images must be an array {shape} with every axis at least 1. Received: shape {images.shape}."
        )


def _number(value):
    return (f"{value:.2g}" if abs(value) < 10 else f"{value:.0f}").replace("-", "\N{MINUS SIGN}")


def _panels(number):
    """A figure with `number` panels, at most five in a row, and the panels in use."""
    columns = min(number, 5)
    rows = -(-number // columns)
    figure, axes = new_axes(rows, columns, 2.2 * columns + 0.6, 1.9 * rows + 0.6, sharex=True, sharey=True)
    for panel in axes.flat[number:]:
        panel.set_axis_off()
    axes[0, 0].xaxis.set_major_locator(MaxNLocator(4, integer=True))
    figure.supxlabel("feature", fontsize=9, color=MUTED)
    return figure, axes.flat[:number]


def _lines_per_point(rows):
    """Vectors [N, features] of several names: a panel a point, a line a name."""
    figure, panels = _panels(len(rows["original"]))
    features = np.arange(1, rows["original"].shape[1] + 1)
    colours = [INK, *np.resize(COLOURS, len(rows) - 1)]
    lines = {}
    for point, panel in enumerate(panels):
        for (name, vectors), colour in zip(rows.items(), colours, strict=True):
            (lines[name],) = panel.plot(features, vectors[point], _marker(features), color=colour, **_LINE)
    add_legend(figure, lines)
    return figure


def _lines_per_latent(vectors, labels):
    """Vectors [D, S, features]: a panel a latent, a line a value, from dark (smallest) to bright."""
    figure, panels = _panels(len(vectors))
    features = np.arange(1, vectors.shape[2] + 1)
    colours = colormaps["viridis"](np.linspace(0.0, 0.92, vectors.shape[1]))
    for panel, lines, label in zip(panels, vectors, labels, strict=True):
        for line, colour in zip(lines, colours, strict=True):
            panel.plot(features, line, _marker(features), color=colour, **_LINE)
        panel.set_title(label, fontsize=9, color=INK, loc="left", parse_math=False)
    return figure


def _marker(features):
    return ".-" if len(features) <= _MOST_MARKERS else "-"
