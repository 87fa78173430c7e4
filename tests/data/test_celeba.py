import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from tfdisent.data import celeba, get_named_ground_truth_data
from tfdisent.errors import UserError


@pytest.fixture
def faces(tmp_path, monkeypatch):
    """Six smooth pictures of 178x218 pixels in the original's folder, and their root."""
    monkeypatch.setattr(celeba, "load_tfds", lambda *_: None)
    folder = tmp_path / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    generator = np.random.RandomState(0)
    for number in range(1, 7):
        small = Image.fromarray(generator.randint(256, size=(9, 7, 3)).astype(np.uint8))
        small.resize((178, 218)).save(folder / f"{number:06d}.jpg", quality=95)
    return tmp_path


def pack(root, inner=""):
    folder = root / "celeba" / "img_align_celeba"
    with zipfile.ZipFile(f"{folder}.zip", "w") as archive:
        for path in sorted(folder.iterdir(), reverse=True):
            archive.write(path, f"img_align_celeba/{inner}{path.name}")
            path.unlink()
    folder.rmdir()


def crop(path):
    """The middle 140x140 pixels, reduced."""
    with Image.open(path) as picture:
        return np.asarray(picture.crop((19, 39, 159, 179)).resize((64, 64), Image.Resampling.LANCZOS)).astype(
            int
        )


def test_faces_are_the_middle_of_the_pictures_in_order(faces):
    data = get_named_ground_truth_data("celeba", data_dir=faces)
    folder = faces / "celeba" / "img_align_celeba"
    expected = np.stack([crop(path) for path in sorted(folder.iterdir())])
    np.testing.assert_array_equal(data.to_memory(), expected)
    assert (data.observation_shape, data.num_factors) == ((64, 64, 3), 0)
    assert data.source == f"6 images from {folder}"


@pytest.mark.parametrize("inner", ["", "img_align_celeba/"])
def test_the_zip_archive_holds_the_same_faces(faces, inner):
    before = celeba.celeba(faces).to_memory()
    pack(faces, inner)
    (faces / "celeba" / "celeba_64x64.npy").unlink()
    data = celeba.celeba(faces)
    np.testing.assert_array_equal(data.to_memory(), before)
    assert data.source.endswith("img_align_celeba.zip")


def test_small_images_are_made_anew_when_pictures_are_added(faces):
    assert celeba.celeba(faces).size == 6
    folder = faces / "celeba" / "img_align_celeba"
    (folder / "000007.jpg").write_bytes((folder / "000001.jpg").read_bytes())
    data = celeba.celeba(faces)
    assert data.size == 7
    np.testing.assert_array_equal(*data.observations([0, 6]))


def test_a_folder_that_cannot_be_written_keeps_them_in_memory(faces, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert celeba.celeba(faces).size == 6
    assert not (faces / "celeba" / "celeba_64x64.npy").exists()


def test_attributes_are_factors_where_their_list_is_there(faces):
    rows = np.random.RandomState(0).choice((-1, 1), size=(6, 3))
    lines = [f"{n + 1:06d}.jpg  {' '.join(map(str, row))}" for n, row in enumerate(rows)]
    text = "\n".join(["6", "Bald Eyeglasses Smiling ", *lines[::-1], ""])
    (faces / "celeba" / "list_attr_celeba.txt").write_text(text)
    data = celeba.celeba(faces)
    assert data.factor_names == ["Bald", "Eyeglasses", "Smiling"]
    np.testing.assert_array_equal(data.factors(np.arange(6)), rows > 0)


@pytest.mark.parametrize("text", ["", "6\nBald\n000001.jpg 1\n", "6\nBald\n000001.jpg yes\n"])
def test_a_damaged_list_of_attributes_is_one_sentence(faces, text):
    (faces / "celeba" / "list_attr_celeba.txt").write_text(text)
    with pytest.raises(UserError, match="list_attr_celeba.txt is .*Received"):
        celeba.celeba(faces)


def test_damaged_files_are_one_sentence(faces):
    folder = faces / "celeba" / "img_align_celeba"
    content = (folder / "000002.jpg").read_bytes()
    (folder / "000002.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match="000002.jpg is no picture, or is cut short"):
        celeba.celeba(faces)
    Image.new("RGB", (64, 64)).save(folder / "000002.jpg")
    with pytest.raises(UserError, match="at least 159x179.*64x64"):
        celeba.celeba(faces)
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(UserError, match="must hold pictures like 000001.jpg"):
        celeba.celeba(faces)
    folder.rmdir()
    (faces / "celeba" / "img_align_celeba.zip").write_bytes(b"<html>Quota exceeded</html>")
    with pytest.raises(UserError, match="cut short or damaged; fetch it again from https://mmlab"):
        celeba.celeba(faces)
