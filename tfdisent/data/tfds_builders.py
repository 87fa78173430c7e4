"""Builders of TensorFlow Datasets for sets that it lacks: `cars3d`, `chairs3d` and `mpi3d`.

To import this module is to register them; `load_tfds` does so.
"""

import tarfile
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

from tfdisent.data.originals import (
    CARS_SIZES,
    CARS_URL,
    CHAIRS_SIZES,
    CHAIRS_URL,
    MPI3D_FACTORS,
    MPI3D_TAIL,
    MPI3D_URLS,
    chair_factors,
    read_car,
    read_mpi3d,
)
from tfdisent.data.pictures import decode

__all__ = ["Cars3d", "Chairs3d", "Mpi3d"]


class _Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Images 64x64x3 with whole numbers as labels."""

    VERSION = tfds.core.Version("1.0.0")
    HOMEPAGE = ""
    SIZES = {}

    def _info(self):
        labels = {f"label_{name}": tfds.features.ClassLabel(num_classes=n) for name, n in self.SIZES.items()}
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.__doc__,
            homepage=self.HOMEPAGE,
            features=tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(64, 64, 3)), **labels}),
        )

    def _example(self, image, factors):
        labels = zip(self.SIZES, factors, strict=True)
        return {"image": image, **{f"label_{name}": int(value) for name, value in labels}}


class Cars3d(_Builder):
    """Rendered cars of Reed et al. 2015, reduced to 64x64."""

    HOMEPAGE = "https://papers.nips.cc/paper/5845-deep-visual-analogy-making"
    SIZES = dict(zip(("elevation", "azimuth", "object_type"), CARS_SIZES, strict=True))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(Path(dl_manager.download_and_extract(CARS_URL)))}

    def _generate_examples(self, folder):
        for car, path in enumerate(sorted((folder / "data" / "cars").glob("*.mat"))):
            for elevation, images in enumerate(read_car(path)):
                for azimuth, image in enumerate(images):
                    yield f"{car}_{elevation}_{azimuth}", self._example(image, (elevation, azimuth, car))


class Chairs3d(_Builder):
    """Rendered chairs of Aubry et al. 2014, reduced to 64x64."""

    HOMEPAGE = "https://www.di.ens.fr/willow/research/seeing3Dchairs"
    SIZES = dict(zip(("chair", "elevation", "azimuth"), CHAIRS_SIZES, strict=True))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(Path(dl_manager.download(CHAIRS_URL)))}

    def _generate_examples(self, path):
        with tarfile.open(path) as archive:
            for name, factors in zip(*chair_factors(archive.getnames()), strict=True):
                yield name, self._example(decode(archive.extractfile(name).read(), name), factors)


class Mpi3d(_Builder):
    """A robot arm with an object, of Gondal et al. 2019."""

    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=name.removeprefix("mpi3d_"), description=name) for name in MPI3D_URLS
    ]
    HOMEPAGE = "https://github.com/rr-learning/disentanglement_dataset"
    SIZES = dict(zip(MPI3D_FACTORS, (6, 6, *MPI3D_TAIL), strict=True))

    def _split_generators(self, dl_manager):
        path = dl_manager.download(MPI3D_URLS[f"mpi3d_{self.builder_config.name}"])
        return {"train": self._generate_examples(Path(path))}

    def _generate_examples(self, path):
        images, sizes = read_mpi3d(path, f"mpi3d_{self.builder_config.name}")
        factors = np.stack(np.unravel_index(np.arange(len(images)), sizes), axis=1)
        for index, (image, row) in enumerate(zip(images, factors, strict=True)):
            yield index, self._example(image, row)
