"""MPI3D: a robot arm with an object, rendered simply, realistically, or photographed."""

import numpy as np

from tfdisent.data.files import data_root, not_found
from tfdisent.data.grid import GridData, grid_or_table
from tfdisent.data.originals import MPI3D_FACTORS, MPI3D_TAIL, MPI3D_URLS, read_mpi3d
from tfdisent.data.tfds import load_tfds

__all__ = ["mpi3d", "mpi3d_real", "mpi3d_realistic", "mpi3d_toy"]

_KINDS = (*("categorical",) * 3, "continuous", "categorical", "continuous", "continuous")


def mpi3d(name, data_dir=None, download=False):
    """MPI3D in 64x64x3, kept in memory as bytes: 1,036,800 images, 12.7 GB.

    The file is `NAME/NAME.npz`. The public ones have 6 colours and 6 shapes; the first release of mpi3d_toy,
    which disentanglement_lib reads, had 4 and 4 (460,800 images). The number of images tells them apart.

    Args:
        name: "mpi3d_toy", "mpi3d_realistic" or "mpi3d_real".
        data_dir: root of the files; default $DISENTANGLEMENT_LIB_DATA.
        download: if the file is not there, let TensorFlow Datasets fetch the set, with a builder of ours; else
            it is only asked for what it has prepared before.

    Raises:
        UserError: if nothing is found, or the file is damaged or foreign.

    References: Gondal et al. 2019, MPI3D, https://github.com/rr-learning/disentanglement_dataset
    """
    path = data_root(data_dir) / name / f"{name}.npz"
    if path.is_file():
        images, sizes = read_mpi3d(path, name)
        return GridData(name, f"{len(images):,} images from {path}", MPI3D_FACTORS, _KINDS, sizes, images)
    arrays = load_tfds(f"mpi3d/{name.removeprefix('mpi3d_')}", ("train",), download)
    if arrays is None:
        url = MPI3D_URLS[name]
        raise not_found(name, path, url, f"curl -L --create-dirs -o '{path}' '{url}'")
    labels = np.stack([arrays[f"label_{factor}"] for factor in MPI3D_FACTORS], axis=1)
    sizes = (6, 6, *MPI3D_TAIL)
    return grid_or_table(name, arrays["source"], MPI3D_FACTORS, _KINDS, sizes, arrays["image"], labels)


def mpi3d_toy(data_dir=None, download=False):
    """MPI3D rendered simply; see `mpi3d`."""
    return mpi3d("mpi3d_toy", data_dir, download)


def mpi3d_realistic(data_dir=None, download=False):
    """MPI3D rendered realistically; see `mpi3d`."""
    return mpi3d("mpi3d_realistic", data_dir, download)


def mpi3d_real(data_dir=None, download=False):
    """MPI3D photographed; see `mpi3d`."""
    return mpi3d("mpi3d_real", data_dir, download)
