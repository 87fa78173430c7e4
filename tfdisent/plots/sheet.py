"""A sheet of equal tiles with labels, drawn pixel by pixel: the ground of every picture made of images."""

import functools

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.plots.style import FAINT, FONT_PATH, INK, MUTED, PAPER

__all__ = ["Sheet", "to_pixels"]

_LARGEST_SCALE = 200
_TILE_SIDE = 96  # pixels; small images are enlarged by a whole number to about this side


def to_pixels(images):
    """Images as colours of a screen.

    Args:
      images: [..., H, W, C] with C = 1 (grey) or 3; floats mean 0 to 1 and are clipped, integers 0 to 255.

    Returns:
      uint8 [..., H, W, 3].

    Raises:
      UserError: for another number of channels, fewer than three axes, or values that are not finite.
    """
    images = checks.array("images", images, "...", finite=False)
    if images.ndim < 3 or images.shape[-1] not in (1, 3):
        raise UserError(
            f"Images must be arrays [..., H, W, C] with C = 1 or 3. Received: shape {images.shape}."
        )
    if np.issubdtype(images.dtype, np.floating):
        if not np.isfinite(images).all():
            raise UserError(
                "Images must be finite to be drawn; look where the model diverged. Received: NaN or inf."
            )
        images = np.rint(255.0 * np.clip(images, 0.0, 1.0))
    elif images.dtype == bool:
        images = 255 * images.astype(np.uint8)
    pixels = np.clip(images, 0, 255).astype(np.uint8)
    return np.broadcast_to(pixels, (*pixels.shape[:-1], 3))


class Sheet:
    """Where the tiles and labels of a sheet lie, and how it is drawn.

    Args:
      lengths: R numbers of tiles, one a row.
      size: (H, W) of an image in pixels.
      row_labels: R texts left of the rows, where a newline starts a second, fainter line; none unless given.
      tile_labels: for each row None or the texts above its tiles; none unless given. Where a text is wider
        than its tile all are broken at double spaces, and what is still too wide is shortened.
      scale: whole number by which an image is enlarged; chosen from its size unless given.
      footer: pixels left free at the bottom.
    """

    def __init__(self, lengths, size, row_labels=None, tile_labels=None, scale=None, footer=0):
        self.scale = max(1, round(_TILE_SIDE / max(size))) if scale is None else scale
        self.scale = checks.whole_number("scale", self.scale, 1, _LARGEST_SCALE)
        self.lengths = list(lengths)
        self.row_labels = [str(label) for label in row_labels or [""] * len(self.lengths)]
        self.tile_height, self.tile_width = self.scale * size[0], self.scale * size[1]
        self.gap = max(2, self.tile_width // 24)
        self.font_size = int(np.clip(self.tile_width / 5.5, 11, 24))
        self.tile_labels = self._fitting(tile_labels or [None] * len(self.lengths))
        lines = [line for label in self.row_labels for line in label.split("\n")]
        text_width = max(_font(self.font_size).getlength(line) for line in lines)
        margin = 2 * self.gap
        self.left = margin + (int(np.ceil(text_width)) + self.font_size if text_width else 0)
        self.tops = []
        bottom = margin - self.gap
        for labels in self.tile_labels:
            bottom += self.gap + (self._label_height(labels) if labels is not None else 0)
            self.tops.append(bottom)
            bottom += self.tile_height
        self.width = self.corner(0, max(self.lengths))[0] - self.gap + margin
        self.height = bottom + footer + margin
        self.background = self._background()

    def corner(self, row, column):
        """(x, y) of a tile's upper left pixel."""
        return self.left + column * (self.tile_width + self.gap), self.tops[row]

    def draw(self, rows):
        """A Pillow image of the sheet with R rows of images [S, H, W, C] in its tiles."""
        picture = self.background.copy()
        for row, images in enumerate(rows):
            enlarged = to_pixels(images).repeat(self.scale, axis=1).repeat(self.scale, axis=2)
            for column, image in enumerate(enlarged):
                picture.paste(Image.fromarray(image), self.corner(row, column))
        return picture

    def _fitting(self, tile_labels):
        font = _font(self.font_size)
        texts = [text for labels in tile_labels for text in labels or ()]
        if any(font.getlength(line) > 0.9 * self.tile_width for text in texts for line in text.split("\n")):
            tile_labels = [labels and [text.replace("  ", "\n") for text in labels] for labels in tile_labels]
        return [
            labels and [_shortened(text, font, self.tile_width) for text in labels] for labels in tile_labels
        ]

    def _label_height(self, labels):
        lines = max(label.count("\n") + 1 for label in labels)
        return int(1.3 * lines * self.font_size + 0.3 * self.font_size)

    def _background(self):
        picture = Image.new("RGB", (self.width, self.height), PAPER)
        pen = ImageDraw.Draw(picture)
        for row, label in enumerate(self.row_labels):
            middle = self.tops[row] + self.tile_height / 2
            self._write(pen, label, self.left - 0.6 * self.font_size, middle, "r", "middle")
        for row, labels in enumerate(self.tile_labels):
            for column, label in enumerate(labels or ()):
                x, y = self.corner(row, column)
                self._write(pen, label, x + self.tile_width / 2, y - 0.2 * self.font_size, "m", "bottom")
        for row, length in enumerate(self.lengths):
            for column in range(length):
                x, y = self.corner(row, column)
                # A hairline around the tile, so that a white image has an edge.
                pen.rectangle((x - 1, y - 1, x + self.tile_width, y + self.tile_height), outline=FAINT)
        return picture

    def _write(self, pen, label, x, y, horizontal, vertical):
        lines = label.split("\n")
        step = 1.3 * self.font_size
        first = y - step * (len(lines) - 1) / 2 if vertical == "middle" else y - step * (len(lines) - 0.5)
        for number, line in enumerate(lines):
            colour = INK if number == 0 else MUTED
            place = (x, first + number * step)
            pen.text(place, line, fill=colour, font=_font(self.font_size), anchor=f"{horizontal}m")


def _shortened(text, font, width):
    lines = text.split("\n")
    for number, line in enumerate(lines):
        while line and font.getlength(lines[number]) > width:
            line = line[:-1]
            lines[number] = line + "\N{HORIZONTAL ELLIPSIS}"
    return "\n".join(lines)


@functools.cache
def _font(size):
    return ImageFont.truetype(FONT_PATH, size)
