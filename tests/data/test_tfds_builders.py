"""Our builders for TensorFlow Datasets prepare tiny genuine archives, and the sets are read back from them."""

import io
import tarfile

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from tfdisent.data import get_named_ground_truth_data, mpi3d, originals
from tfdisent.data.originals import read_car
from tfdisent.errors import UserError


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """A function that lets the next download give this path; returns the folder of the prepared sets."""
    tfds = pytest.importorskip("tensorflow_datasets")
    monkeypatch.setenv("DISENTANGLEMENT_LIB_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))

    def give(path):
        for download in ("download", "download_and_extract"):
            monkeypatch.setattr(tfds.download.DownloadManager, download, lambda self, url: str(path))
        return tmp_path / "tfds"

    return give


def read_back(name):
    """The set called `name`, prepared and then read again without a download; its images by their labels."""
    data = get_named_ground_truth_data(name, download=True)
    again = get_named_ground_truth_data(name)
    np.testing.assert_array_equal(again.to_memory(), data.to_memory())
    assert f"TensorFlow Datasets, {name.partition('_')[0]}" in again.source
    return again


def rows(data):
    """{row of factors as the builder saw them: image}."""
    values = [data.factor_values[column] for column in range(data.num_factors)]
    table = data.factors(np.arange(data.size))
    labels = [tuple(int(v[rank]) for v, rank in zip(values, row, strict=True)) for row in table]
    return dict(zip(labels, data.to_memory(), strict=True))


def test_cars(tmp_path, fetched):
    path = tmp_path / "archive" / "data" / "cars" / "car_001_mesh.mat"
    path.parent.mkdir(parents=True)
    savemat(path, {"im": np.random.RandomState(0).randint(256, size=(128, 128, 3, 24, 4)).astype(np.uint8)})
    fetched(tmp_path / "archive")
    found = rows(read_back("cars3d"))
    views = read_car(path)
    assert len(found) == 96
    for elevation, azimuth in ((0, 0), (3, 7), (1, 23)):
        np.testing.assert_array_equal(found[elevation, azimuth, 0], views[elevation, azimuth])


def test_chairs(tmp_path, fetched):
    with tarfile.open(tmp_path / "chairs.tar", "w") as archive:
        for chair in ("b", "a"):
            for view, azimuth in enumerate((11, 23, 360)):
                content = io.BytesIO()
                Image.new("RGB", (20, 20), (ord(chair), azimuth % 360, 0)).save(content, "png")
                name = f"rendered_chairs/{chair}/renders/image_{view + 1:03d}_p020_t{azimuth:03d}_r096.png"
                entry = tarfile.TarInfo(name)
                entry.size = content.tell()
                content.seek(0)
                archive.addfile(entry, content)
    fetched(tmp_path / "chairs.tar")
    found = rows(read_back("chairs3d"))
    colours = {key: tuple(image[5, 5].tolist()) for key, image in found.items()}
    assert colours == {
        (chair, 0, place): (ord("ab"[chair]), azimuth, 0)
        for chair in (0, 1)
        for place, azimuth in enumerate((0, 11, 23))
    }


def test_mpi3d(tmp_path, fetched, monkeypatch):
    for module in (mpi3d, originals):
        monkeypatch.setattr(module, "MPI3D_TAIL", (2, 1, 1, 1, 1))
    images = np.random.RandomState(0).randint(256, size=(72, 64, 64, 3)).astype(np.uint8)
    np.savez(tmp_path / "toy.npz", images=images)
    fetched(tmp_path / "toy.npz")
    data = read_back("mpi3d_toy")
    np.testing.assert_array_equal(data.observations(data.indices([[5, 2, 1, 0, 0, 0, 0]]))[0], images[65])
    assert data.factors_num_values == [6, 6, 2, 1, 1, 1, 1]


def test_a_failed_preparation_is_one_sentence_and_leaves_nothing(tmp_path, fetched):
    (tmp_path / "chairs.tar").write_bytes(b"<html>moved</html>")
    folder = fetched(tmp_path / "chairs.tar")
    with pytest.raises(UserError, match="could not fetch chairs3d.*Received"):
        get_named_ground_truth_data("chairs3d", download=True)
    with pytest.raises(UserError, match="chairs3d is not at"):
        get_named_ground_truth_data("chairs3d")
    assert not list(folder.glob("chairs3d/*/dataset_info.json"))
