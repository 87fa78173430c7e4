"""CelebA: photographs of faces, from its original files or TensorFlow Datasets."""

import zipfile
from pathlib import Path

import numpy as np

from tfdisent.data.arrays import ArrayData
from tfdisent.data.files import data_root, not_found, reading
from tfdisent.data.pictures import prepared, resize
from tfdisent.data.tfds import load_tfds
from tfdisent.errors import UserError

__all__ = ["celeba"]

_FOLDER, _ARCHIVE, _ATTRIBUTES = "img_align_celeba", "img_align_celeba.zip", "list_attr_celeba.txt"
_BOX = (19, 39, 159, 179)  # the middle 140x140 of 178x218 pixels
_URL = (
    "https://drive.usercontent.google.com/download?id=0B7EVK8r0v71pZjFTYXZWM3FlRnM&export=download&confirm=t"
)
_PAGE = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"


def celeba(data_dir=None, download=False):
    """The 202,599 aligned faces of CelebA: the middle 140x140 pixels, reduced to 64x64x3.

    The folder `celeba` holds the pictures in the folder img_align_celeba or in img_align_celeba.zip; the small
    images are made once and kept beside them (2.5 GB). If list_attr_celeba.txt lies there too, its 40
    attributes are factors of two values; else there are none. The crop is that of Wasserstein autoencoders
    and TCWAE. Lanczos' filter, which averages over what a pixel covers, is the former's; TCWAE's code samples
    without averaging, and turns the face round left to right.

    Args:
        data_dir: root of the files; default $DISENTANGLEMENT_LIB_DATA.
        download: if the files are not there, let TensorFlow Datasets fetch the set; else it is only asked for
            what it has prepared before.

    Raises:
        UserError: if nothing is found, or a file is damaged.

    References: Liu et al. 2015, "Deep learning face attributes in the wild"; Gaujac et al. 2020, Sec. 4.2.
    """
    folder = data_root(data_dir) / "celeba"
    if (folder / _FOLDER).is_dir() or (folder / _ARCHIVE).is_file():
        return _from_files(folder)
    arrays = load_tfds("celeb_a", ("train", "validation", "test"), download, _read_tfds)
    if arrays is None:
        path = folder / _ARCHIVE
        command = f"curl -L --create-dirs -o '{path}' '{_URL}'"
        raise not_found(f"celeba ({_PAGE})", path, _URL, command)
    images, source = arrays.pop("image"), arrays.pop("source")
    return ArrayData(images, arrays, name="celeba", source=source)


def _from_files(folder):
    if (folder / _FOLDER).is_dir():
        found = {path.name: path for path in (folder / _FOLDER).rglob("*.jpg")}
        images = _prepare(folder, folder / _FOLDER, sorted(found), lambda name: found[name].read_bytes())
        source = folder / _FOLDER
    else:
        source = folder / _ARCHIVE
        with reading(source, "the zip archive of CelebA", _PAGE), zipfile.ZipFile(source) as archive:
            found = {Path(name).name: name for name in archive.namelist() if name.endswith(".jpg")}
            images = _prepare(folder, source, sorted(found), lambda name: archive.read(found[name]))
    factors = _read_attributes(folder / _ATTRIBUTES, sorted(found))
    return ArrayData(images, factors, name="celeba", source=f"{len(images):,} images from {source}")


def _prepare(folder, source, names, read):
    if not names:
        raise UserError(
            f"{source} must hold pictures like 000001.jpg; fetch it again. Received: no .jpg file"
        )
    return prepared(folder / "celeba_64x64.npy", names, read, _BOX)


def _read_attributes(path, names):
    """{attribute: whether each picture has it}, or None without the file."""
    if not path.is_file():
        return None
    with reading(path, "CelebA's list of attributes", _PAGE):
        lines = path.read_text().splitlines()
        attributes = lines[1].split()
        rows = {row[0]: np.array(row[1:], int) > 0 for row in map(str.split, lines[2:]) if row}
        table = np.stack([rows[name] for name in names])  # [N, attributes]
        return dict(zip(attributes, table.T, strict=True))


def _read_tfds(batch):
    images = np.stack([resize(image, _BOX) for image in batch["image"]])
    return {"image": images, **batch["attributes"]}
