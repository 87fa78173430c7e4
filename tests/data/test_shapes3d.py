import h5py
import numpy as np
import pytest

from tfdisent.data import get_named_ground_truth_data, shapes3d
from tfdisent.errors import UserError

SMALL = (2, 1, 2, 3, 2, 2)
GRID = np.indices(SMALL).reshape(6, -1).T
LABELS = GRID * (0.1, 0.1, 0.1, 0.5 / 7, 1, 30) + (0, 0, 0, 0.75, 0, -30)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(shapes3d, "ROOM_SIZES", SMALL)
    monkeypatch.setattr(shapes3d, "load_tfds", lambda *_: None)


def write(root, name=shapes3d._FILE, **changes):
    """Writes a genuine file of the small grid, with changed entries; returns its path and images."""
    images = np.random.RandomState(0).randint(256, size=(len(GRID), 64, 64, 3)).astype(np.uint8)
    entries = {"images": images, "labels": LABELS} | changes
    path = root / "3dshapes" / name
    path.parent.mkdir(exist_ok=True)
    if name.endswith(".h5"):
        with h5py.File(path, "w") as file:
            for key, value in entries.items():
                if value is not None:
                    file.create_dataset(key, data=value, compression="gzip")
    else:
        np.savez(path, **{key: value for key, value in entries.items() if value is not None})
    return path, images


def test_the_public_file_is_read_in_order_as_bytes(tmp_path):
    path, images = write(tmp_path)
    data = get_named_ground_truth_data("shapes3d", data_dir=tmp_path)
    np.testing.assert_array_equal(data.to_memory(), images)
    assert data.to_memory().dtype == np.uint8
    np.testing.assert_array_equal(data.factors(np.arange(data.size)), GRID)
    assert data.source == f"48 images from {path}"


def test_labels_in_another_order_move_the_images(tmp_path):
    order = np.random.RandomState(1).permutation(len(GRID))
    _, images = write(tmp_path, labels=LABELS[order])
    data = shapes3d.shapes3d(tmp_path)
    np.testing.assert_array_equal(data.observations(data.indices(GRID[order])), images)


def test_disentanglement_libs_file_is_read_too(tmp_path):
    _, images = write(tmp_path, shapes3d._OLD_FILE)
    path, _ = write(
        tmp_path,
        shapes3d._OLD_FILE,
        images=images.reshape(*SMALL, 64, 64, 3),
        labels=LABELS.reshape(*SMALL, 6),
    )
    data = shapes3d.shapes3d(tmp_path)
    np.testing.assert_array_equal(data.to_memory(), images)
    assert str(path) in data.source


@pytest.mark.parametrize("name", [shapes3d._FILE, shapes3d._OLD_FILE])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"images": None}, "lacks \\['images'\\]"),
        ({"labels": LABELS[:-1]}, r"labels float64 \(47, 6\)"),
        ({"labels": LABELS * 0}, "some twice"),
        ({"images": np.zeros((48, 64, 64, 3))}, "images float64"),
        ({"images": np.zeros((48, 32, 32, 3), np.uint8)}, r"\(48, 32, 32, 3\)"),
    ],
)
def test_a_foreign_file_is_one_sentence(tmp_path, name, changes, words):
    path, _ = write(tmp_path, name, **changes)
    with pytest.raises(UserError, match=words) as caught:
        shapes3d.shapes3d(tmp_path)
    assert str(path) in str(caught.value) and "Received: " in str(caught.value)


@pytest.mark.parametrize("name", [shapes3d._FILE, shapes3d._OLD_FILE])
@pytest.mark.parametrize("share", [0.0, 0.4, 0.98])
def test_a_file_cut_short_is_one_sentence(tmp_path, name, share):
    path, _ = write(tmp_path, name)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match="cut short or damaged|not the 3D Shapes"):
        shapes3d.shapes3d(tmp_path)


def test_a_page_in_place_of_the_file_is_one_sentence(tmp_path):
    path, _ = write(tmp_path)
    path.write_bytes(b"<html>moved</html>")
    with pytest.raises(UserError, match="fetch it again from https://"):
        shapes3d.shapes3d(tmp_path)
