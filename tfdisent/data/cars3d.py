"""Cars3D: rendered cars, from the original mat files or TensorFlow Datasets."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tfdisent.data.files import data_root, not_found, reading
from tfdisent.data.grid import GridData, grid_or_table
from tfdisent.data.pictures import resize
from tfdisent.data.tfds import load_tfds
from tfdisent.errors import UserError

__all__ = ["CARS_URL", "cars3d", "read_car"]

CARS_URL = "http://www.scottreed.info/files/nips2015-analogy-data.tar.gz"
_FACTORS = ("elevation", "azimuth", "object_type")
_KINDS = ("continuous", "cyclic", "categorical")
_SIZES = (4, 24, 183)


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
        if len(paths) != _SIZES[2]:
            raise UserError(
                f"{folder} must hold the {_SIZES[2]} mat files of Cars3D; fetch them again from {CARS_URL}. "
                f"Received: {len(paths)} files"
            )
        images = np.empty((*_SIZES, 64, 64, 3), np.uint8)
        for car, path in enumerate(paths):
            images[:, :, car] = read_car(path)
        images = images.reshape(-1, 64, 64, 3)
        return GridData("cars3d", f"{len(images):,} images from {folder}", _FACTORS, _KINDS, _SIZES, images)
    arrays = load_tfds("cars3d", ("train",), download)
    if arrays is None:
        unpack = f"tar xz --strip-components=1 -C '{folder.parent}' data/cars"
        command = f"mkdir -p '{folder.parent}' && curl -L '{CARS_URL}' | {unpack}"
        raise not_found("cars3d", folder / "car_001_mesh.mat", CARS_URL, command)
    labels = np.stack([arrays[f"label_{name}"] for name in _FACTORS], axis=1)
    return grid_or_table("cars3d", arrays["source"], _FACTORS, _KINDS, _SIZES, arrays["image"], labels)


def read_car(path):
    """The images uint8 [4, 24, 64, 64, 3] of one car, by elevation and azimuth, in its mat file.

    Raises:
        UserError: if the file is damaged or foreign.
    """
    from scipy.io import loadmat

    with reading(path, "a car of Cars3D", CARS_URL):
        images = loadmat(path, variable_names=["im"])["im"]
    if images.dtype != np.uint8 or images.ndim != 5 or images.shape[2:] != (3, _SIZES[1], _SIZES[0]):
        raise UserError(
            f"{path} must hold uint8 images 'im' of shape [H, W, 3, 24, 4]; fetch it again from {CARS_URL}. "
            f"Received: {images.dtype} of shape {images.shape}"
        )
    views = np.moveaxis(images, (4, 3), (0, 1)).reshape(-1, *images.shape[:3])  # [4 * 24, H, W, 3]
    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(resize, views))).reshape(_SIZES[0], _SIZES[1], 64, 64, 3)
