"""The moving picture: every latent of one or more models going through its values, there and back."""

import io

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.files import write_whole
from tfdisent.plots.arguments import dictionary
from tfdisent.plots.pictures import in_rows, row_labels
from tfdisent.plots.sheet import Sheet, to_pixels
from tfdisent.plots.style import ACCENT, FAINT, PAPER

__all__ = ["traversal_gif"]

_MOST_COLUMNS = 10
_PALETTE_SIZES = (64, 32, 16)
_ENOUGH_BYTES = 400_000
_FOOTER = 16  # pixels
_DOT = 5  # pixels, the radius


def traversal_gif(images, path, labels=None, fps=10, scale=2):
    """Writes an endless GIF with one tile a latent, all cycling through their values there and back.

    Args:
      images: [D, S, H, W, C], floats in 0 to 1 or uint8; or a dict from a model's name to such an array, one
        row a model, all with the same S, H, W and C.
      path: the file to write; 64 shades or colours are used, 32 or 16 where the file would exceed 400 kB.
      labels: D texts above the tiles, or a dict from a model's name to them; "z0", "z1", ... unless given.
      fps: frames a second, at most 100.
      scale: whole number by which the images are enlarged.

    Returns:
      `pathlib.Path` of the file, which has 2 S - 2 frames: values 0 to S - 1, then S - 2 down to 1. A dot on
      the line below the tiles shows where between smallest and largest value the frame is.

    Raises:
      UserError: for arrays of another or of different shapes, or a file that cannot be written.
    """
    checks.path_like("path", path)
    fps = checks.number("fps", fps, above=0, most=100)
    models = images if isinstance(images, dict) else {"": images}
    models = {
        each: checks.array(f"images of {each!r}" if each else "images", array, "D S H W C", finite=False)
        for each, array in dictionary("images", models).items()
    }
    labels = labels if isinstance(labels, dict) else dict.fromkeys(models, labels)
    shapes = [array.shape for array in models.values()]
    if len({shape[1:] for shape in shapes}) != 1:
        raise UserError(
            "A moving traversal needs images [D, S, H, W, C], with the same S, H, W and C for every model. "
            f"Received: {', '.join(map(str, shapes))}."
        )
    _, num_steps, height, width, channels = shapes[0]
    if num_steps < 2:
        raise UserError(f"A moving traversal needs at least 2 steps. Received: S={num_steps}.")

    names, tile_labels, rows = [], [], []
    for name, array in models.items():
        parts = in_rows(to_pixels(array), _MOST_COLUMNS)
        rows += parts
        tile_labels += in_rows(row_labels(labels.get(name), len(array)), _MOST_COLUMNS)
        names += [name, *[""] * (len(parts) - 1)]
    sheet = Sheet([len(row) for row in rows], (height, width), names, tile_labels, scale, _FOOTER)
    frames = [_frame(sheet, rows, step, num_steps) for step in range(num_steps)]
    for size in _PALETTE_SIZES:
        data = _encoded(frames, _greys(size) if channels == 1 else _palette(rows, size), fps)
        if len(data) <= _ENOUGH_BYTES:
            break
    return write_whole(path, data)


def _frame(sheet, rows, step, num_steps):
    """The sheet at one step of the traversals [S, T, H, W, 3] in its rows, and a dot that shows the step."""
    picture = sheet.draw([row[:, step] for row in rows])
    pen = ImageDraw.Draw(picture)
    left, right = sheet.left + _DOT, sheet.width - 2 * sheet.gap - 1 - _DOT
    y = sheet.height - 2 * sheet.gap - _FOOTER // 2
    pen.rounded_rectangle((left - _DOT, y - 1, right + _DOT, y + 1), 1, fill=FAINT)
    x = left + step / (num_steps - 1) * (right - left)
    pen.ellipse((x - _DOT, y - _DOT, x + _DOT, y + _DOT), fill=ACCENT)
    return picture


def _encoded(frames, colours, fps):
    """The bytes of a GIF of the frames, there and back, in one palette `colours` [K, 3] against flicker."""
    exact = np.array([ImageColor.getrgb(colour) for colour in (PAPER, FAINT, ACCENT)], np.uint8)
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.concatenate([exact, colours]).tobytes())
    there = [_indexed(frame, palette, exact) for frame in frames]
    first, *others = there + there[-2:0:-1]
    buffer = io.BytesIO()
    first.save(buffer, format="gif", save_all=True, append_images=others, duration=1000 / fps, loop=0)
    return buffer.getvalue()


def _indexed(frame, palette, exact):
    """A frame in the palette's colours; the first, `exact`, are kept where Pillow would take a near one."""
    indices = np.array(frame.quantize(palette=palette, dither=Image.Dither.NONE))  # [H, W]
    pixels = np.asarray(frame)
    for index, colour in enumerate(exact):
        indices[(pixels == colour).all(axis=-1)] = index
    indexed = Image.fromarray(indices)
    indexed.putpalette(palette.getpalette())
    return indexed


def _greys(number):
    return np.rint(np.linspace(0, 255, number)).astype(np.uint8)[:, None].repeat(3, axis=1)  # [K, 3]


def _palette(rows, number):
    """Colours [K, 3] that stand for those of the pictures [..., 3] in all rows, and greys for the text."""
    pixels = np.concatenate([row.reshape(-1, 3) for row in rows])[None]
    fitted = Image.fromarray(pixels).quantize(number, method=Image.Quantize.MEDIANCUT).getpalette()
    return np.concatenate([_greys(6), np.reshape(fitted[: 3 * number], (-1, 3)).astype(np.uint8)])
