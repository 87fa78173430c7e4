"""Cars3D: rendered cars, from the original mat files or TensorFlow Datasets."""

import numpy as np

from tfdisent.data.files import data_root, not_found
from tfdisent.data.grid import GridData, grid_or_table
from tfdisent.data.originals import CARS_SIZES, CARS_URL, read_car
from tfdisent.data.tfds import load_tfds
from tfdisent.errors import UserError

__all__ = ["cars3d"]

_FACTORS = ("elevation", "azimuth", "object_type")
_KINDS = ("continuous", "cyclic", "categorical")


def cars3d(data_dir=None, download=False):
    """The 17,568 images of Cars3D, 64x64x3: elevation, azimuth and car.

    The folder `cars` holds the original's 183 files, such as car_001_mesh.mat. Cars are numbered by the names of
    their files; disentanglement_lib takes the order in which the file system lists them. Images are reduced
    from 128 to 64 pixels with Lanczos' filter, as there.

    Args:
        data_dir: root of the files; default $DISENTANGLEMENT_LIB_DATA.
        download: if the files are not there, let TensorFlow Datasets fetch the set, with a builder of ours; else
            it is only asked for what it has prepared before.

    Raises:
        UserError: if nothing is found, a file is missing, or one is damaged or foreign.

    References: Reed et al. 2015, "Deep visual analogy-making".
    """
    folder = data_root(data_dir) / "cars"
    paths = sorted(folder.glob("*.mat"))
    if paths:
        if len(paths) != CARS_SIZES[2]:
            raise UserError(
                f"{folder} must hold the {CARS_SIZES[2]} mat files of Cars3D; fetch them again from {CARS_URL}. "
                f"Received: {len(paths)} files"
            )
        images = np.empty((*CARS_SIZES, 64, 64, 3), np.uint8)
        for car, path in enumerate(paths):
            images[:, :, car] = read_car(path)
        images = images.reshape(-1, 64, 64, 3)
        return GridData(
            "cars3d", f"{len(images):,} images from {folder}", _FACTORS, _KINDS, CARS_SIZES, images
        )
    arrays = load_tfds("cars3d", ("train",), download)
    if arrays is None:
        unpack = f"tar xz --strip-components=1 -C '{folder.parent}' data/cars"
        command = f"mkdir -p '{folder.parent}' && curl -L '{CARS_URL}' | {unpack}"
        raise not_found("cars3d", folder / "car_001_mesh.mat", CARS_URL, command)
    labels = np.stack([arrays[f"label_{name}"] for name in _FACTORS], axis=1)
    return grid_or_table("cars3d", arrays["source"], _FACTORS, _KINDS, CARS_SIZES, arrays["image"], labels)
