"""3D chairs: rendered chairs seen from all sides, from the original files or TensorFlow Datasets."""

import os
import tarfile
import zipfile

import numpy as np

from tfdisent.data.arrays import ArrayData
from tfdisent.data.files import data_root, not_found, reading
from tfdisent.data.grid import GridData, grid_or_table
from tfdisent.data.originals import CHAIRS_SIZES, CHAIRS_URL, chair_factors
from tfdisent.data.pictures import prepared
from tfdisent.data.tfds import load_tfds
from tfdisent.errors import UserError

__all__ = ["chairs3d"]

_FACTORS = ("chair", "elevation", "azimuth")
_KINDS = ("categorical", "continuous", "cyclic")
_BLOCK = 256  # images read at once


def chairs3d(data_dir=None, download=False):
    """The 86,366 images of 3D chairs, 64x64x3: 1,393 chairs, 2 elevations and 31 azimuths.

    The folder `chairs3d` holds the original rendered_chairs.tar, or the folder rendered_chairs unpacked from
    it; the whole pictures of 600x600 pixels are reduced with Lanczos' filter, once, and kept beside them (1.1
    GB). It may instead hold rendered_chairs.npz with the images reduced, as bytes or in [0, 1], under `data`
    or `images`; their order is unknown, so that they have no factors.

    Args:
        data_dir: root of the files; default $DISENTANGLEMENT_LIB_DATA.
        download: if the files are not there, let TensorFlow Datasets fetch the set, with a builder of ours; else
            it is only asked for what it has prepared before.

    Raises:
        UserError: if nothing is found, or a file is damaged or foreign.

    References: Aubry et al. 2014, "Seeing 3D chairs"; Gaujac et al. 2020, Sec. 4.2.
    """
    folder = data_root(data_dir) / "chairs3d"
    unpacked, packed, reduced = (folder / f"rendered_chairs{ending}" for ending in ("", ".tar", ".npz"))
    if unpacked.is_dir():
        names = [str(path.relative_to(folder)) for path in unpacked.glob("*/renders/*.png")]
        return _from_pictures(unpacked, names, lambda name: (folder / name).read_bytes())
    if packed.is_file():
        with reading(packed, "the archive of 3D chairs", CHAIRS_URL), tarfile.open(packed) as archive:
            names = archive.getnames()
            if archive.fileobj.seek(0, os.SEEK_END) < archive.offset + tarfile.BLOCKSIZE:
                raise EOFError("no block that ends the archive")
            return _from_pictures(packed, names, lambda name: archive.extractfile(name).read())
    if reduced.is_file():
        images = _read_npz(reduced)
        return ArrayData(images, name="chairs3d", source=f"{len(images):,} images from {reduced}")
    arrays = load_tfds("chairs3d", ("train",), download)
    if arrays is None:
        raise not_found("chairs3d", packed, CHAIRS_URL)
    factors = np.stack([arrays[f"label_{name}"] for name in _FACTORS], axis=1)
    return grid_or_table(
        "chairs3d", arrays["source"], _FACTORS, _KINDS, CHAIRS_SIZES, arrays["image"], factors
    )


def _from_pictures(path, names, read):
    names, factors = chair_factors(names)
    if not names:
        raise UserError(
            f"{path} must hold pictures like CHAIR/renders/image_001_p020_t011_r096.png; fetch it from "
            f"{CHAIRS_URL}. Received: none"
        )
    sizes = factors.max(axis=0) + 1
    if len(names) != sizes.prod():
        raise UserError(
            f"{path} must hold a picture of every chair from every side, {sizes[0]:,} x {sizes[1]} x {sizes[2]}; "
            f"unpack or fetch it again from {CHAIRS_URL}. Received: {len(names):,} pictures"
        )
    images = prepared(path.parent / "chairs3d_64x64.npy", names, read)
    source = f"{len(images):,} images from {path}"
    return GridData("chairs3d", source, _FACTORS, _KINDS, sizes, images, factors)


def _read_npz(path):
    """Images uint8 [N, 64, 64, C], read block by block: as real numbers they would fill eight times the memory."""
    with reading(path, "an archive of 3D chairs", CHAIRS_URL), zipfile.ZipFile(path) as archive:
        entries = {"data.npy", "images.npy"} & set(archive.namelist())
        if not entries:
            raise UserError(
                f"{path} must hold images under 'data' or 'images'; fetch the original from {CHAIRS_URL}. "
                f"Received: entries {archive.namelist()}"
            )
        with archive.open(entries.pop()) as file:
            version = np.lib.format.read_magic(file)
            read_header = getattr(np.lib.format, f"read_array_header_{version[0]}_0")
            shape, columns_first, dtype = read_header(file)
            if len(shape) != 4 or columns_first or (dtype.kind != "f" and dtype != np.uint8):
                raise UserError(
                    f"{path} must hold images [N, H, W, C], as bytes or in [0, 1]; fetch the original from "
                    f"{CHAIRS_URL}. Received: {dtype} of shape {shape}"
                )
            images = np.empty(shape, np.uint8)
            for start in range(0, len(images), _BLOCK):
                block = images[start : start + _BLOCK]
                content = file.read(block.size * dtype.itemsize)
                values = np.frombuffer(content, dtype).reshape(block.shape)
                block[...] = values if dtype == np.uint8 else np.rint(values * 255)
            return images
