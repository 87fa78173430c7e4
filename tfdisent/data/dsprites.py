"""The original dSprites: its npz file, read without pickle, or TensorFlow Datasets."""

import numpy as np

from tfdisent.data.arrays import ArrayData
from tfdisent.data.files import data_root, not_found, read_npz
from tfdisent.data.given import as_array
from tfdisent.data.ground_truth import GroundTruthData
from tfdisent.data.sprites import SPRITE_FACTORS, SPRITE_KINDS
from tfdisent.data.tfds import load_tfds
from tfdisent.errors import UserError

__all__ = ["DSprites", "dsprites_full"]

_SIZES = (3, 6, 40, 32, 32)
_FILE = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"
_URL = f"https://github.com/google-deepmind/dsprites-dataset/raw/master/{_FILE}"


class DSprites(GroundTruthData):
    """The 737,280 images of dSprites, 64x64x1; the factor colour, which has one value, is left out.

    Args:
        images: uint8 [737280, 64, 64] in the original's order, zero for black; kept as they are (3 GB).
        source: one sentence that says where they came from.

    References: Matthey et al. 2017, dSprites, https://github.com/google-deepmind/dsprites-dataset
    """

    def __init__(self, images, source):
        super().__init__("dsprites_full", source, SPRITE_FACTORS, SPRITE_KINDS, _SIZES, (64, 64, 1))
        images = as_array("images", images)
        if images.shape != (self.size, 64, 64) or images.dtype != np.uint8:
            raise UserError(
                f"dSprites has uint8 images of shape {(self.size, 64, 64)}; fetch the original {_FILE}. "
                f"Received: {images.dtype} of shape {images.shape}"
            )
        self._images = images

    def observations(self, indices):
        """Images uint8 [N, 64, 64, 1], 0 or 255."""
        white = self._images[self.check_indices(indices)] > 0
        return (white * np.uint8(255))[..., np.newaxis]


def dsprites_full(data_dir=None, download=False):
    """The original dSprites, from its npz file in the folder `dsprites`, else from TensorFlow Datasets.

    Args:
        data_dir: root of the files; default $DISENTANGLEMENT_LIB_DATA.
        download: if the file is not there, let TensorFlow Datasets fetch the set; else it is only asked for
            what it has prepared before.

    Raises:
        UserError: if nothing is found, or the file is damaged or foreign.
    """
    path = data_root(data_dir) / "dsprites" / _FILE
    if path.is_file():
        images = _read_npz(path)
        return DSprites(images, f"{len(images):,} images from {path}")
    arrays = load_tfds("dsprites", ("train",), download)
    if arrays is None:
        raise not_found("dsprites_full (dsprites_drawn needs no file)", path, _URL)
    names = ("shape", "scale", "orientation", "x_position", "y_position")
    labels = np.stack([arrays[f"label_{name}"] for name in names], axis=1)
    images = arrays["image"][..., 0]
    if len(images) == np.prod(_SIZES):
        order = np.argsort(np.ravel_multi_index(tuple(labels.T), _SIZES))
        return DSprites(images[order], arrays["source"])
    return ArrayData(images > 0, labels, SPRITE_FACTORS, SPRITE_KINDS, "dsprites_full", arrays["source"])


def _read_npz(path):
    """The images of the original archive, after a look at the order its `latents_classes` give."""
    classes, images = read_npz(path, ("latents_classes", "imgs"), "the dSprites archive", _URL)
    grid = np.stack(np.unravel_index(np.arange(np.prod(_SIZES)), _SIZES), axis=1)
    if classes.shape != (len(grid), 6) or not np.array_equal(classes[:, 1:], grid):
        raise UserError(
            f"{path} does not list the {len(grid):,} combinations of dSprites' factors in order; "
            f"fetch it from {_URL}. Received: latents_classes of shape {classes.shape}"
        )
    return images
