"""The original 3D Shapes: its h5 file, disentanglement_lib's npz file, or TensorFlow Datasets."""

import math

import numpy as np

from tfdisent.data.files import data_root, not_found, read_npz, reading
from tfdisent.data.grid import GridData, grid_or_table
from tfdisent.data.rooms import ROOM_FACTORS, ROOM_KINDS, ROOM_SIZES
from tfdisent.data.tfds import load_tfds
from tfdisent.errors import UserError

__all__ = ["shapes3d"]

_FILE = "3dshapes.h5"
_OLD_FILE = "look-at-object-room_floor-hueXwall-hueXobj-hueXobj-sizeXobj-shapeXview-azi.npz"
_URL = f"https://storage.googleapis.com/3d-shapes/{_FILE}"


def shapes3d(data_dir=None, download=False):
    """The 480,000 images of 3D Shapes, 64x64x3, kept in memory as bytes (5.9 GB).

    The folder `3dshapes` may hold the public 3dshapes.h5 or the npz file that disentanglement_lib reads;
    else the set comes from TensorFlow Datasets.

    Args:
        data_dir: root of the files; default $DISENTANGLEMENT_LIB_DATA.
        download: if the files are not there, let TensorFlow Datasets fetch the set; else it is only asked for
            what it has prepared before.

    Raises:
        UserError: if nothing is found, or the file is damaged or foreign.

    References: Burgess and Kim 2018, 3D Shapes, https://github.com/google-deepmind/3d-shapes
    """
    folder = data_root(data_dir) / "3dshapes"
    if (folder / _FILE).is_file():
        return _from_file(folder / _FILE, *_read_h5(folder / _FILE))
    if (folder / _OLD_FILE).is_file():
        path = folder / _OLD_FILE
        return _from_file(path, *read_npz(path, ("images", "labels"), "the 3D Shapes archive", _URL))
    arrays = load_tfds("shapes3d", ("train",), download)
    if arrays is None:
        raise not_found("shapes3d (shapes3d_drawn needs no file)", folder / _FILE, _URL)
    labels = np.stack([arrays[f"label_{name}"] for name in ROOM_FACTORS], axis=1)
    return grid_or_table(
        "shapes3d", arrays["source"], ROOM_FACTORS, ROOM_KINDS, ROOM_SIZES, arrays["image"], labels
    )


def _read_h5(path):
    import h5py

    with reading(path, "the 3D Shapes file", _URL), h5py.File(path, "r") as file:
        if missing := {"images", "labels"} - set(file):
            raise UserError(
                f"{path} is not the 3D Shapes file, it lacks {sorted(missing)}; fetch it from {_URL}. "
                f"Received: entries {sorted(file)}"
            )
        return file["images"][...], file["labels"][...]


def _from_file(path, images, labels):
    """The set, from images in [..., H, W, C] and labels in [..., 6], after a look at the labels' order."""
    size = math.prod(ROOM_SIZES)
    if images.size != size * 64 * 64 * 3 or labels.size != size * 6 or images.dtype != np.uint8:
        raise UserError(
            f"{path} must hold {size:,} images of 64x64x3 bytes with 6 labels each; fetch it from {_URL}. "
            f"Received: images {images.dtype} {images.shape}, labels {labels.dtype} {labels.shape}"
        )
    ranks = [np.unique(column, return_inverse=True)[1] for column in labels.reshape(size, 6).T]
    images = images.reshape(size, 64, 64, 3)
    source = f"{size:,} images from {path}"
    return GridData("shapes3d", source, ROOM_FACTORS, ROOM_KINDS, ROOM_SIZES, images, np.stack(ranks, axis=1))
