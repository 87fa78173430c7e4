"""Addresses and readers of original files that both the sets and our builders of TensorFlow Datasets read."""

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tfdisent.data.files import read_npz, reading
from tfdisent.data.pictures import resize
from tfdisent.errors import UserError

__all__ = ["CARS_SIZES", "CARS_URL", "CHAIRS_SIZES", "CHAIRS_URL", "MPI3D_FACTORS", "MPI3D_TAIL", "MPI3D_URLS",
           "chair_factors", "read_car", "read_mpi3d"]  # fmt: skip

CARS_URL = "http://www.scottreed.info/files/nips2015-analogy-data.tar.gz"
CARS_SIZES = (4, 24, 183)  # elevation, azimuth, car
CHAIRS_URL = "https://www.di.ens.fr/willow/research/seeing3Dchairs/data/rendered_chairs.tar"
CHAIRS_SIZES = (1393, 2, 31)  # chair, elevation, azimuth
_CHAIR = re.compile(r"([^/]+)/renders/image_\d+_p(\d+)_t(\d+)_r\d+\.png$")
MPI3D_FACTORS = (
    "object_color",
    "object_shape",
    "object_size",
    "camera_height",
    "background_color",
    "first_dof",
    "second_dof",
)
MPI3D_TAIL = (2, 3, 3, 40, 40)  # sizes of all factors but the first two, which are 4 or 6
_URL = "https://storage.googleapis.com/mpi3d_disentanglement_dataset/data/"
MPI3D_URLS = {
    "mpi3d_toy": f"{_URL}mpi3d_toy.npz",
    "mpi3d_realistic": f"{_URL}mpi3d_realistic.npz",
    "mpi3d_real": f"{_URL}real.npz",
}


def read_car(path):
    """The images uint8 [4, 24, 64, 64, 3] of one car, by elevation and azimuth, in its mat file.

    Raises:
        UserError: if the file is damaged or foreign.
    """
    from scipy.io import loadmat

    with reading(path, "a car of Cars3D", CARS_URL):
        images = loadmat(path, variable_names=["im"])["im"]
    if images.dtype != np.uint8 or images.ndim != 5 or images.shape[2:] != (3, CARS_SIZES[1], CARS_SIZES[0]):
        raise UserError(
            f"{path} must hold uint8 images 'im' of shape [H, W, 3, 24, 4]; fetch it again from {CARS_URL}. "
            f"Received: {images.dtype} of shape {images.shape}"
        )
    views = np.moveaxis(images, (4, 3), (0, 1)).reshape(-1, *images.shape[:3])  # [4 * 24, H, W, 3]
    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(resize, views))).reshape(CARS_SIZES[0], CARS_SIZES[1], 64, 64, 3)


def chair_factors(names):
    """The pictures among the paths `names`, sorted, and their factors: chair, elevation and azimuth.

    A picture is called CHAIR/renders/image_003_p020_t034_r096.png: p is the elevation and t the azimuth in
    degrees, of which 360 is 0. Factors are ranks: of the chair among the chairs, of the elevation among the
    elevations, and of the azimuth among those of the same elevation.

    Returns:
        A list of N names and int64 [N, 3].
    """
    matches = sorted(
        (match[1], int(match[2]), int(match[3]) % 360, name)
        for name in names
        if (match := _CHAIR.search(name))
    )
    chairs, elevations, azimuths, names = zip(*matches, strict=True) if matches else ((), (), (), ())
    azimuths, elevations = np.array(azimuths, int), np.array(elevations, int)
    factors = np.zeros((len(names), 3), np.int64)
    factors[:, 0] = np.unique(np.array(chairs, str), return_inverse=True)[1]
    factors[:, 1] = np.unique(elevations, return_inverse=True)[1]
    for elevation in np.unique(elevations):
        same = elevations == elevation
        factors[same, 2] = np.unique(azimuths[same], return_inverse=True)[1]
    return list(names), factors


def read_mpi3d(path, name):
    """The images uint8 [N, 64, 64, 3] in an npz file, and the sizes of their factors.

    Raises:
        UserError: if the file is damaged or holds something else.
    """
    (images,) = read_npz(path, ("images",), "an MPI3D archive", MPI3D_URLS[name])
    num, rest = divmod(images.size, 64 * 64 * 3)
    per_look, ends = divmod(num, np.prod(MPI3D_TAIL))
    look = {16: 4, 36: 6}.get(int(per_look))
    if rest or ends or look is None or images.dtype != np.uint8:
        raise UserError(
            f"{path} must hold 1,036,800 or 460,800 images of 64x64x3 bytes; fetch it from {MPI3D_URLS[name]}. "
            f"Received: {images.dtype} of shape {images.shape}"
        )
    return images.reshape(-1, 64, 64, 3), (look, look, *MPI3D_TAIL)
