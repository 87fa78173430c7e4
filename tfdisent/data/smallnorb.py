"""smallNORB: photographs of toys, from its binary matrix files or TensorFlow Datasets."""

import gzip
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tfdisent.data.arrays import ArrayData
from tfdisent.data.files import data_root, not_found, reading
from tfdisent.data.grid import GridData, HiddenFactorData
from tfdisent.data.pictures import resize
from tfdisent.data.tfds import load_tfds
from tfdisent.errors import UserError

__all__ = ["read_binary_matrix", "smallnorb"]

_FACTORS = ("category", "instance", "elevation", "azimuth", "lighting")
_KINDS = ("categorical", "categorical", "continuous", "cyclic", "categorical")
_SIZES = (5, 10, 9, 18, 6)
_CHUNKS = ("5x46789x9x18x6x2x96x96-training", "5x01235x9x18x6x2x96x96-testing")
_URL = "https://cs.nyu.edu/~ylclab/data/norb-v1.0-small/"
_FILES = f"{_URL}smallnorb-{{{','.join(_CHUNKS)}}}-{{dat,cat,info}}.mat.gz"
_TYPES = {0x1E3D4C55: "u1", 0x1E3D4C54: "<i4"}


def smallnorb(data_dir=None, download=False):
    """The 48,600 images of smallNORB's first camera, 64x64x1, with category, elevation, azimuth and lighting.

    Which of a category's ten toys is seen is left to chance, as in disentanglement_lib; `.grid` has it as the
    factor `instance`. The six files `smallnorb-5x46789x9x18x6x2x96x96-training-{dat,cat,info}.mat` and
    `...-testing-...` lie in the folder `small_norb`, gzipped or not. Images are reduced from 96 to 64 pixels
    with Lanczos' filter and stay bytes; disentanglement_lib lets the filter overshoot to -0.012..1.012.

    Args:
        data_dir: root of the files; default $DISENTANGLEMENT_LIB_DATA.
        download: if the files are not there, let TensorFlow Datasets fetch the set; else it is only asked for
            what it has prepared before.

    Raises:
        UserError: if nothing is found, or a file is damaged or foreign.

    References: LeCun et al. 2004, "Learning methods for generic object recognition with invariance to pose
    and lighting".
    """
    folder = data_root(data_dir) / "small_norb"
    paths = [[_find(folder, chunk, part) for part in ("dat", "cat", "info")] for chunk in _CHUNKS]
    missing = [path for chunk in paths for path in chunk if not path.is_file()]
    if not missing:
        images, factors = (np.concatenate(parts) for parts in zip(*map(_read_chunk, paths), strict=True))
        source = f"{len(images):,} images from the training and test files in {folder}"
    else:
        arrays = load_tfds("smallnorb", ("train", "test"), download, _read_tfds)
        if arrays is None:
            raise not_found("smallnorb", missing[0], _FILES)
        images, factors, source = arrays["image"], arrays["factors"], arrays["source"]
        if len(images) != math.prod(_SIZES):
            shown = [place for place, factor in enumerate(_FACTORS) if factor != "instance"]
            names, kinds = ([column[place] for place in shown] for column in (_FACTORS, _KINDS))
            return ArrayData(images, factors[:, shown], names, kinds, "smallnorb", source)
    grid = GridData("smallnorb", source, _FACTORS, _KINDS, _SIZES, images, factors)
    return HiddenFactorData("smallnorb", grid, ["instance"])


def _find(folder, chunk, part):
    plain = folder / f"smallnorb-{chunk}-{part}.mat"
    zipped = Path(f"{plain}.gz")
    return zipped if zipped.is_file() and not plain.is_file() else plain


def _read_chunk(paths):
    """Images [N, 64, 64] and factors [N, 5] of one chunk."""
    pairs, category, info = map(read_binary_matrix, paths)
    num = len(pairs)
    if pairs.shape[1:] != (2, 96, 96) or category.shape != (num,) or info.shape != (num, 4):
        raise UserError(
            f"{paths[0]} must hold pairs of 96x96 images, with a category and four numbers each beside it; "
            f"fetch the files again from {_URL}. Received: shapes {pairs.shape}, {category.shape}, {info.shape}"
        )
    return _reduce(pairs[:, 0]), np.column_stack([category, info[:, :2], info[:, 2] // 2, info[:, 3]])


def _reduce(images):
    """Images [N, 64, 64] of `images` [N, 96, 96]."""
    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(resize, images)))


def _read_tfds(batch):
    labels = ("label_category", "instance", "label_elevation", "label_azimuth", "label_lighting")
    factors = np.stack([batch[label] for label in labels], axis=1)
    return {"image": _reduce(batch["image"][..., 0]), "factors": factors}


def read_binary_matrix(path):
    """The array in a binary matrix file of bytes or 32-bit integers, plain or gzipped.

    Raises:
        UserError: if the file is cut short, damaged, or of another format.

    References: https://cs.nyu.edu/~ylclab/data/norb-v1.0-small, "File Format".
    """
    with reading(path, "a binary matrix file", _URL):
        if path.suffix == ".gz":
            content = gzip.decompress(path.read_bytes())
        else:
            content = np.memmap(path, np.uint8, "r") if path.stat().st_size else b""
    head = np.frombuffer(bytes(content[:8]).ljust(8, b"\0"), "<i4").tolist()
    if head[0] not in _TYPES or not 1 <= head[1] <= 8:
        raise UserError(
            f"{path} is not a binary matrix file of bytes or integers; fetch it again from {_URL}. "
            f"Received: first bytes {bytes(content[:8])!r}"
        )
    start = 8 + 4 * max(3, head[1])
    shape = tuple(np.frombuffer(bytes(content[8:start]).ljust(start - 8, b"\0"), "<i4")[: head[1]].tolist())
    dtype = np.dtype(_TYPES[head[0]])
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise UserError(
            f"{path} says that it holds an array of shape {shape}, {expected:,} bytes; fetch it again from "
            f"{_URL}. Received: {len(content):,} bytes"
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape)
