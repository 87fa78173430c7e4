import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from tfdisent.data import get_named_ground_truth_data, mnist
from tfdisent.data.files import read_idx
from tfdisent.errors import UserError


def idx(array):
    """An array of bytes in the idx format."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_part(folder, part, num, zipped=True, labels=None):
    """Write images and labels of one part; images are random, labels count."""
    folder.mkdir(parents=True, exist_ok=True)
    images = np.random.RandomState(num).randint(256, size=(num, 28, 28)).astype(np.uint8)
    labels = np.arange(num, dtype=np.uint8) % 10 if labels is None else labels
    for stem, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
        content = idx(array)
        path = folder / (f"{stem}.gz" if zipped else stem)
        path.write_bytes(gzip.compress(content) if zipped else content)
    return images, labels


@pytest.fixture(autouse=True)
def no_prepared_sets(monkeypatch):
    monkeypatch.setattr("tfdisent.data.mnist.load_tfds", lambda name, splits, download: None)


def test_an_idx_file_comes_back_as_it_was_written(tmp_path):
    array = np.random.RandomState(0).randint(256, size=(3, 5, 2)).astype(np.uint8)
    (tmp_path / "plain").write_bytes(idx(array))
    (tmp_path / "zipped").write_bytes(gzip.compress(idx(array)))
    np.testing.assert_array_equal(read_idx(tmp_path / "plain", 3), array)
    np.testing.assert_array_equal(read_idx(tmp_path / "zipped", 3), array)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_training_and_test_files_are_taken_together(tmp_path, name):
    train = write_part(tmp_path / name, "train", 30, zipped=False)
    test = write_part(tmp_path / name, "t10k", 20)
    data = get_named_ground_truth_data(name, data_dir=tmp_path)
    np.testing.assert_array_equal(data.to_memory()[..., 0], np.concatenate([train[0], test[0]]))
    np.testing.assert_array_equal(data.factors(np.arange(50))[:, 0], np.concatenate([train[1], test[1]]))
    assert data.source.startswith("50 images from train-images-idx3-ubyte and t10k-images-idx3-ubyte.gz")
    assert data.observation_shape == (28, 28, 1)


def test_the_test_files_alone_are_named(tmp_path, monkeypatch):
    write_part(tmp_path / "mnist", "t10k", 20)
    monkeypatch.setenv("DISENTANGLEMENT_LIB_DATA", str(tmp_path))
    data = get_named_ground_truth_data("mnist")
    assert data.source.startswith("20 images from t10k-images-idx3-ubyte.gz in ")
    assert (data.factor_names, data.factor_kinds, data.factors_num_values) == (
        ["digit"],
        ["categorical"],
        [10],
    )


def test_missing_files_name_the_path_the_variable_and_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("DISENTANGLEMENT_LIB_DATA", str(tmp_path))
    with pytest.raises(UserError) as caught:
        mnist.mnist()
    words = (
        str(tmp_path / "mnist" / "train-images-idx3-ubyte.gz"),
        "DISENTANGLEMENT_LIB_DATA",
        "curl",
        "https://",
    )
    assert all(word in str(caught.value) for word in words)


def test_the_variable_is_read_at_the_call(tmp_path, monkeypatch):
    for folder, num in (("a", 11), ("b", 12)):
        write_part(tmp_path / folder / "mnist", "t10k", num)
        monkeypatch.setenv("DISENTANGLEMENT_LIB_DATA", str(tmp_path / folder))
        assert mnist.mnist().size == num


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: gzip.compress(content)[:-30], "cut short"),
        (lambda content: gzip.compress(content[:-30]), "says that it holds"),
        (lambda content: gzip.compress(content + b"x"), "says that it holds"),
        (lambda content: gzip.compress(content[:9]), "says that it holds"),
        (lambda content: gzip.compress(b"\0\0\x0d\3" + content[4:]), "not an idx file"),
        (lambda content: gzip.compress(b""), "not an idx file"),
        (lambda content: b"<html>Not found</html>", "is not gzip"),
        (lambda content: content, "is not gzip"),
        (lambda content: gzip.compress(idx(np.zeros((20, 32, 32), np.uint8))), "28x28"),
        (lambda content: gzip.compress(idx(np.zeros((19, 28, 28), np.uint8))), "19 images and 20 labels"),
    ],
)
def test_a_damaged_image_file_is_one_sentence(tmp_path, damage, words):
    images, _ = write_part(tmp_path / "mnist", "t10k", 20)
    path = tmp_path / "mnist" / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(damage(idx(images)))
    with pytest.raises(UserError, match=words) as caught:
        mnist.mnist(tmp_path)
    assert str(path) in str(caught.value) and "Received: " in str(caught.value)


def test_labels_that_are_missing_or_wrong_are_one_sentence(tmp_path):
    write_part(tmp_path / "mnist", "t10k", 20, labels=np.full(20, 10, np.uint8))
    with pytest.raises(UserError, match="labels 0..9"):
        mnist.mnist(tmp_path)
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(UserError, match="t10k-labels-idx1-ubyte"):
        mnist.mnist(tmp_path)


def test_the_small_digits_are_sixteen_grey_levels_scaled_to_bytes():
    data = get_named_ground_truth_data("digits")
    assert (data.size, data.observation_shape) == (1797, (8, 8, 1))
    images = data.to_memory()
    assert (images.min(), images.max(), len(np.unique(images))) == (0, 255, 17)


def test_the_real_test_digits_have_their_known_counts():
    root = Path(os.environ.get("DISENTANGLEMENT_LIB_DATA", "."))
    if not (root / "mnist" / "t10k-images-idx3-ubyte.gz").is_file() or list((root / "mnist").glob("train-*")):
        pytest.skip(f"the MNIST test files alone are not in {root / 'mnist'}; set DISENTANGLEMENT_LIB_DATA")
    data = mnist.mnist()
    assert data.size == 10_000
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    np.testing.assert_array_equal(np.bincount(data.factors(np.arange(10_000))[:, 0]), counts)
    assert data.to_memory().mean() / 255 == pytest.approx(0.1325, abs=1e-4)
