"""MNIST and Fashion-MNIST, from idx files or TensorFlow Datasets, and scikit-learn's small digits."""

import numpy as np

from tfdisent.data.arrays import ArrayData
from tfdisent.data.files import data_root, not_found, read_idx
from tfdisent.data.resized import Resized
from tfdisent.data.tfds import load_tfds
from tfdisent.errors import UserError

__all__ = ["digits", "fashion_mnist", "mnist", "mnist_128"]

_PARTS = ("train", "t10k")
_FILES = "{train-images-idx3,train-labels-idx1,t10k-images-idx3,t10k-labels-idx1}-ubyte.gz"
_URLS = {
    "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "fashion_mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
}


def mnist(data_dir=None, download=False):
    """MNIST's handwritten digits, 28x28x1 uint8, with the digit as one categorical factor.

    The training and test files are taken together, or the one that is there; `source` says which. They lie in
    the folder `mnist` as `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-...`, gzipped or not.

    Args:
        data_dir: root of the files; default $DISENTANGLEMENT_LIB_DATA.
        download: if the files are not there, let TensorFlow Datasets fetch them; else it is only asked for
            what it has prepared before.

    Raises:
        UserError: if nothing is found, or a file is damaged.

    References: LeCun et al. 1998, "Gradient-based learning applied to document recognition".
    """
    return _load("mnist", "digit", data_dir, download)


def mnist_128(data_dir=None, download=False):
    """`mnist` enlarged to 128x128x1 by bilinear interpolation, as the atomic autoencoder takes it.

    References: Newson & Traonmilin, supplement, Sec. III, which does not say how the images are resized.
    """
    return Resized(mnist(data_dir, download), 128)


def fashion_mnist(data_dir=None, download=False):
    """Fashion-MNIST's clothes, 28x28x1 uint8, with the article as one categorical factor.

    The files lie in the folder `fashion_mnist`; names and arguments are those of `mnist`.

    References: Xiao et al. 2017, https://github.com/zalandoresearch/fashion-mnist
    """
    return _load("fashion_mnist", "article", data_dir, download)


def digits():
    """The 1,797 handwritten digits of 8x8 pixels that come with scikit-learn; no file is needed."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    return ArrayData(
        images, bunch.target, ["digit"], name="digits", source=f"{len(images):,} images from scikit-learn"
    )


def _load(name, factor, data_dir, download):
    folder = data_root(data_dir) / name
    found = [files for part in _PARTS if (files := _find(folder, part))]
    if found:
        images, labels = (np.concatenate(parts) for parts in zip(*map(_read, found), strict=True))
        names = " and ".join(files[0].name for files in found)
        source = f"{len(images):,} images from {names} in {folder}"
    else:
        arrays = load_tfds(name, ("train", "test"), download)
        if arrays is None:
            raise not_found(name, folder / "train-images-idx3-ubyte.gz", _URLS[name] + _FILES)
        images, labels, source = arrays["image"], arrays["label"], arrays["source"]
    return ArrayData(images, labels, [factor], name=name, source=source)


def _find(folder, part):
    """Paths of the images and the labels of one part, or None if its images are not there."""
    paths = []
    for stem in (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"):
        there = [path for path in (folder / stem, folder / f"{stem}.gz") if path.is_file()]
        if not there and paths:
            raise UserError(f"{paths[0]} needs its labels beside it. Received: no {stem} or {stem}.gz")
        if not there:
            return None
        paths.append(there[0])
    return paths


def _read(files):
    """Images [N, 28, 28] and labels [N] of one part."""
    images, labels = read_idx(files[0], 3), read_idx(files[1], 1)
    if images.shape[1:] != (28, 28) or not len(images):
        raise UserError(
            f"{files[0]} must hold images of 28x28 pixels; fetch the original. Received: shape {images.shape}"
        )
    if len(images) != len(labels):
        raise UserError(
            f"{files[0]} and {files[1].name} must belong together; fetch both again. "
            f"Received: {len(images):,} images and {len(labels):,} labels"
        )
    if labels.max() > 9:
        raise UserError(f"{files[1]} must hold labels 0..9; fetch the original. Received: {labels.max()}")
    return images, labels
