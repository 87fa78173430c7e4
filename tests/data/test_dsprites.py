import numpy as np
import pytest

from tfdisent.data import DSprites, dsprites, get_named_ground_truth_data
from tfdisent.errors import UserError

SMALL = (3, 2, 4, 2, 2)  # a grid on which the archive's reader is tried


class Grenade:
    """Unpickling this fails the test."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was run",)


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A function that writes an archive on a small grid, with changed entries, and returns its root."""
    monkeypatch.setattr(dsprites, "_SIZES", SMALL)
    monkeypatch.setattr(dsprites, "load_tfds", lambda name, splits, download: None)
    grid = np.indices(SMALL).reshape(len(SMALL), -1).T
    entries = {
        "imgs": (np.random.RandomState(0).rand(len(grid), 64, 64) > 0.5).astype(np.uint8),
        "latents_classes": np.c_[np.zeros(len(grid), int), grid],
        "metadata": np.array([Grenade()], object),
    }

    def write(**changes):
        path = tmp_path / "dsprites" / dsprites._FILE
        path.parent.mkdir(exist_ok=True)
        kept = {key: value for key, value in (entries | changes).items() if value is not None}
        np.savez_compressed(path, **kept)
        return path, entries

    return write


def test_images_are_read_in_order_as_white_and_black_and_the_pickle_is_left_alone(archive, tmp_path):
    path, entries = archive()
    data = get_named_ground_truth_data("dsprites_full", data_dir=tmp_path)
    assert data.factors_num_values == list(SMALL)
    images = data.to_memory()
    np.testing.assert_array_equal(images[..., 0], entries["imgs"] * 255)
    np.testing.assert_array_equal(data.factors(np.arange(data.size)), entries["latents_classes"][:, 1:])
    assert data.source == f"96 images from {path}"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"imgs": None}, "lacks \\['imgs'\\]"),
        ({"latents_classes": None}, "latents_classes"),
        ({"imgs": np.zeros((96, 32, 32), np.uint8)}, r"\(96, 32, 32\)"),
        ({"imgs": np.zeros((96, 64, 64))}, "float64"),
        ({"imgs": np.array([Grenade()], object)}, "pickle"),
        ({"latents_classes": np.array([Grenade()], object)}, "pickle"),
        ({"latents_classes": np.zeros((96, 6), int)}, "combinations"),
        ({"latents_classes": np.zeros(7)}, r"\(7,\)"),
    ],
)
def test_a_foreign_archive_is_one_sentence(archive, tmp_path, changes, words):
    archive(**changes)
    with pytest.raises(UserError, match=words) as caught:
        dsprites.dsprites_full(tmp_path)
    assert "Received: " in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_an_archive_cut_short_is_one_sentence(archive, tmp_path, share):
    path, _ = archive()
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match="cut short"):
        dsprites.dsprites_full(tmp_path)


def test_a_damaged_byte_is_one_sentence(archive, tmp_path):
    path, _ = archive()
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(UserError, match="fetch it again"):
        dsprites.dsprites_full(tmp_path)


@pytest.mark.parametrize("content", [b"<html>moved</html>", b"\x80\x04N."])
def test_a_file_that_is_no_archive_is_one_sentence(archive, tmp_path, content):
    path, _ = archive()
    path.write_bytes(content)
    with pytest.raises(UserError, match="not the dSprites archive"):
        dsprites.dsprites_full(tmp_path)


def test_a_single_array_under_the_archives_name_is_one_sentence(archive, tmp_path):
    path, _ = archive()
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(UserError, match="not the dSprites archive"):
        dsprites.dsprites_full(tmp_path)


def test_a_missing_file_names_the_path_the_variable_the_command_and_the_drawn_set(archive, tmp_path):
    with pytest.raises(UserError) as caught:
        dsprites.dsprites_full(tmp_path)
    words = (
        str(tmp_path / "dsprites" / dsprites._FILE),
        "DISENTANGLEMENT_LIB_DATA",
        "curl",
        "dsprites_drawn",
    )
    assert all(word in str(caught.value) for word in words)


def test_the_real_grid_has_the_published_size():
    images = np.broadcast_to(np.eye(64, dtype=np.uint8), (737_280, 64, 64))
    data = DSprites(images, "made for a test")
    np.testing.assert_array_equal(data.observations([0, 737_279])[1, :, :, 0], 255 * np.eye(64))
    assert data.indices([[2, 5, 39, 31, 31]]) == 737_279
