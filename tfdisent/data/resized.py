"""A data set with its images enlarged."""

import numpy as np

from tfdisent.checks import whole_number
from tfdisent.data.ground_truth import TableData, check_data
from tfdisent.errors import UserError

__all__ = ["Resized"]


class Resized(TableData):
    """Another set's images, made larger by bilinear interpolation as they are asked for.

    Args:
        data: a `GroundTruthData` of images that can be enumerated.
        image_size: side of the new images in pixels, not smaller than theirs.

    Raises:
        UserError: for other data or sizes.
    """

    def __init__(self, data, image_size):
        shape = check_data("data", data).observation_shape
        if len(shape) != 3 or not data.enumerable:
            raise UserError(f"Only numbered images [H, W, C] can be resized. Received: {data!r}")
        image_size = whole_number(
            f"image_size (the side of {data.name} or larger)", image_size, max(shape[:2]), 10_000
        )
        self.data = data
        self._rows, self._columns = (_bilinear(side, int(image_size)) for side in shape[:2])
        super().__init__(
            f"{data.name}_{image_size}",
            f"{data.source}, resized to {image_size} x {image_size} pixels (bilinear)",
            data.factor_names,
            data.factor_kinds,
            data.factors_num_values,
            (image_size, image_size, shape[2]),
        )

    @property
    def size(self):
        return self.data.size

    def factors(self, indices):
        return self.data.factors(indices)

    def observations(self, indices):
        images = self.data.observations(indices)
        resized = np.matmul(self._rows, np.moveaxis(images, 3, 1).astype(np.float32))  # [N, C, size, W]
        resized = np.moveaxis(np.matmul(resized, self._columns.T), 1, 3)
        return np.rint(resized).astype(np.uint8) if images.dtype == np.uint8 else resized


def _bilinear(old, new):
    """The matrix float32 [new, old] of linear interpolation between pixel centres, constant beyond the outermost."""
    place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    left = np.minimum(place.astype(int), old - 2) if old > 1 else np.zeros(new, int)
    matrix = np.zeros((new, old), np.float32)
    matrix[np.arange(new), left] = 1 - (place - left)
    matrix[np.arange(new), np.minimum(left + 1, old - 1)] += place - left
    return matrix
