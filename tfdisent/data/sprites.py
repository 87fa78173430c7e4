"""Sprites drawn on the factor grid of dSprites, without the original's files."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tfdisent.checks import choice, whole_number
from tfdisent.data.arguments import listed
from tfdisent.data.ground_truth import GroundTruthData
from tfdisent.errors import UserError

__all__ = ["SPRITE_FACTORS", "SPRITE_KINDS", "DSpritesDrawn"]

SPRITE_FACTORS = ("shape", "scale", "orientation", "position_x", "position_y")
SPRITE_KINDS = ("categorical", "continuous", "cyclic", "continuous", "continuous")

# Measured on the animation published with dSprites. The unit is the square's half side; y points down.
_HALF_SIDE = 0.15  # of the image, at scale 1
_ELLIPSE = (4 / 3, 3 / 4)  # half axes
_HEART = np.array([  # the right half of the outline, from the tip over the side to the notch: (x, y)
    (0.000, 1.000), (0.060, 0.856), (0.122, 0.770), (0.230, 0.633), (0.436, 0.436), (0.725, 0.154),
    (0.827, 0.029), (0.930, -0.131), (0.990, -0.303), (1.003, -0.489), (0.950, -0.665), (0.849, -0.820),
    (0.700, -0.929), (0.521, -0.979), (0.326, -0.948), (0.181, -0.853), (0.077, -0.732), (0.000, -0.542),
])  # fmt: skip
_REACH = _HALF_SIDE * np.sqrt(2)  # of the image, to the farthest point of any shape: the square's corner

_ROWS = 2048  # of the table of outlines, from y = -_LIMIT to _LIMIT
_LIMIT = 1.001
_MOST = 10_000  # pixels of a side, or values of a factor
_CHUNK = 128  # sprites drawn at once: their patches stay in the processor's cache


def _square(y):
    """Least and largest |x| inside the square at height y; a largest of -1 means that nothing is."""
    return np.zeros_like(y), np.where(np.abs(y) <= 1, 1.0, -1.0)


def _ellipse(y):
    """Least and largest |x| inside the ellipse at height y."""
    rest = 1 - (y / _ELLIPSE[1]) ** 2
    return np.zeros_like(y), np.where(rest >= 0, _ELLIPSE[0] * np.sqrt(np.maximum(rest, 0)), -1.0)


def _heart(y):
    """Least and largest |x| inside the heart at height y: beside the notch the lobes leave a gap."""
    x, height = _HEART.T
    top = height.argmin()
    outer = np.interp(y, height[top::-1], x[top::-1], left=-1, right=-1)
    inner = np.interp(y, height[top:], x[top:], right=0)
    return inner, outer


_SHAPES = {"square": _square, "ellipse": _ellipse, "heart": _heart}


class DSpritesDrawn(GroundTruthData):
    """White sprites on black: shape, scale, orientation and position vary, drawn on demand.

    The default is dSprites' own grid, 3 x 6 x 40 x 32 x 32 images of 64 x 64, and its geometry: scales from
    0.5 to 1, orientations from 0 to 2 pi counter-clockwise (as in the original the last is the first again),
    centres from 1/4 to 3/4 of the image, x to the right and y downwards. A pixel is white where its centre
    lies in the shape. A factor of one value has scale 1, orientation 0, or the middle of the image. The
    pictures resemble the original's to a few pixels at the outline; they are not the original.

    Args:
        image_size: H and W, pixels.
        num_scales, num_orientations, num_positions: sizes of the grid; positions are the same along x and y.
        shapes: names out of "square", "ellipse", "heart", in the order of the factor's values.

    Raises:
        UserError: for an unknown shape or a size too small.

    References: Matthey et al. 2017, dSprites, https://github.com/google-deepmind/dsprites-dataset
    """

    def __init__(
        self,
        image_size=64,
        num_scales=6,
        num_orientations=40,
        num_positions=32,
        shapes=("square", "ellipse", "heart"),
    ):
        image_size = whole_number("image_size", image_size, 8, _MOST)
        num_scales = whole_number("num_scales", num_scales, 1, _MOST)
        num_orientations = whole_number("num_orientations", num_orientations, 1, _MOST)
        num_positions = whole_number("num_positions", num_positions, 1, _MOST)
        if num_orientations == 2:
            raise UserError(
                "num_orientations must be 1 or at least 3, since the last is the first again. Received: 2"
            )
        shapes = (shapes,) if isinstance(shapes, str) else tuple(listed("shapes", shapes, "names"))
        for shape in shapes:
            choice("Each of shapes", shape, _SHAPES)
        if not shapes or len(set(shapes)) < len(shapes):
            raise UserError(f"shapes must be different names out of {list(_SHAPES)}. Received: {shapes}.")
        sizes = (len(shapes), num_scales, num_orientations, num_positions, num_positions)
        super().__init__(
            "dsprites_drawn",
            f"{np.prod(sizes):,} images drawn by tfdisent after dSprites, not the original",
            SPRITE_FACTORS,
            SPRITE_KINDS,
            sizes,
            (image_size, image_size, 1),
        )
        self.shapes = shapes
        self.scales = np.linspace(0.5, 1, num_scales) if num_scales > 1 else np.ones(1)
        turns = max(num_orientations - 1, 1)
        self.orientations = 2 * np.pi * (np.arange(num_orientations) % turns) / turns  # radians
        self.positions = np.linspace(0, 1, num_positions) if num_positions > 1 else np.full(1, 0.5)
        rows = (np.arange(_ROWS) + 0.5) * (2 * _LIMIT / _ROWS) - _LIMIT
        inner, outer = np.concatenate([_SHAPES[shape](rows) for shape in shapes], axis=1)
        self._middle, self._half_width = (np.float32(x) for x in ((outer + inner) / 2, (outer - inner) / 2))

    def observations(self, indices):
        """Images uint8 [N, H, W, 1], 0 or 255."""
        factors = self.factors(indices)
        height, width, _ = self.observation_shape
        images = np.zeros((len(factors), height, width), np.uint8)
        for start in range(0, len(factors), _CHUNK):
            self._draw(factors[start : start + _CHUNK], images[start : start + _CHUNK])
        return images[..., np.newaxis]

    def _draw(self, factors, images):
        """Paint sprites with these `factors` [N, 5] into black `images` [N, H, W]."""
        shape, scale, orientation, x, y = factors.T
        size = images.shape[1]
        centre_x, centre_y = (size * (0.25 + 0.5 * self.positions[place]) for place in (x, y))
        patch = int(np.ceil(2 * _REACH * size)) + 1
        left, top = (
            np.clip((centre - _REACH * size).astype(int), 0, size - patch) for centre in (centre_x, centre_y)
        )
        unit = (_HALF_SIDE * size * self.scales[scale])[:, np.newaxis]
        pixels = np.arange(patch) + 0.5
        u = (left[:, np.newaxis] + pixels - centre_x[:, np.newaxis]) / unit  # [N, patch], columns
        v = (top[:, np.newaxis] + pixels - centre_y[:, np.newaxis]) / unit  # [N, patch], rows
        cos, sin = (wave(self.orientations[orientation])[:, np.newaxis] for wave in (np.cos, np.sin))
        # The pixel's place in the upright shape, [N, patch, patch].
        across = np.float32(cos * u)[:, np.newaxis, :] - np.float32(sin * v)[:, :, np.newaxis]
        along = np.float32(sin * u)[:, np.newaxis, :] + np.float32(cos * v)[:, :, np.newaxis]
        np.clip(along, -_LIMIT, _LIMIT, out=along)
        along += np.float32(_LIMIT)
        along *= np.float32(_ROWS / (2 * _LIMIT))
        row = along.astype(np.int32)
        np.minimum(row, _ROWS - 1, out=row)
        row += (shape * _ROWS).astype(np.int32)[:, np.newaxis, np.newaxis]
        np.abs(across, out=across)
        across -= self._middle.take(row)
        np.abs(across, out=across)
        inside = across <= self._half_width.take(row)
        windows = sliding_window_view(images, (patch, patch), axis=(1, 2), writeable=True)
        windows[np.arange(len(images)), top, left] = inside * np.uint8(255)
