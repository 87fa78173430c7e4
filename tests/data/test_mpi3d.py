import numpy as np
import pytest

from tfdisent.data import get_named_ground_truth_data, mpi3d, originals
from tfdisent.errors import UserError


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(originals, "MPI3D_TAIL", (1, 1, 1, 2, 1))
    monkeypatch.setattr(mpi3d, "load_tfds", lambda *_: None)


def write(root, name, **entries):
    path = root / name / f"{name}.npz"
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, **entries)
    return path


@pytest.mark.parametrize("name", ["mpi3d_toy", "mpi3d_realistic", "mpi3d_real"])
@pytest.mark.parametrize("looks", [4, 6])
def test_the_number_of_images_tells_the_number_of_colours_and_shapes(tmp_path, name, looks):
    num = looks * looks * 2
    images = np.random.RandomState(0).randint(256, size=(num, 64, 64, 3)).astype(np.uint8)
    path = write(tmp_path, name, images=images)
    data = get_named_ground_truth_data(name, data_dir=tmp_path)
    assert data.factors_num_values == [looks, looks, 1, 1, 1, 2, 1]
    assert (data.name, data.source) == (name, f"{num} images from {path}")
    np.testing.assert_array_equal(data.to_memory(), images)
    factors = [[3, 1, 0, 0, 0, 1, 0]]
    place = (3 * looks + 1) * 2 + 1
    np.testing.assert_array_equal(data.observations(data.indices(factors))[0], images[place])


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"labels": np.zeros(3)}, "lacks \\['images'\\]"),
        ({"images": np.zeros((31, 64, 64, 3), np.uint8)}, r"\(31, 64, 64, 3\)"),
        ({"images": np.zeros((50, 64, 64, 3), np.uint8)}, r"\(50, 64, 64, 3\)"),
        ({"images": np.zeros((32, 64, 64, 3))}, "float64"),
        ({"images": np.array([None])}, "pickle"),
    ],
)
def test_a_foreign_archive_is_one_sentence(tmp_path, entries, words):
    path = write(tmp_path, "mpi3d_real", **entries)
    with pytest.raises(UserError, match=words) as caught:
        mpi3d.mpi3d_real(tmp_path)
    assert str(path) in str(caught.value) and "real.npz" in str(caught.value)
