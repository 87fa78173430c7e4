import gzip
import struct

import numpy as np
import pytest
from PIL import Image

from tfdisent.data import get_named_ground_truth_data, smallnorb
from tfdisent.data.smallnorb import read_binary_matrix
from tfdisent.errors import UserError

SIZES = (2, 4, 3, 2, 2)  # category, instance, elevation, azimuth, lighting
MAGIC = {"uint8": 0x1E3D4C55, "int32": 0x1E3D4C54, "float32": 0x1E3D4C51}


def matrix(array):
    """An array in the binary matrix format: fewer than three dimensions are filled up with ones."""
    shape = (*array.shape, 1, 1, 1)[: max(3, array.ndim)]
    return struct.pack(f"<ii{len(shape)}i", MAGIC[array.dtype.name], array.ndim, *shape) + array.tobytes()


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Both chunks of a small set on disk: root, pairs of images [N, 2, 96, 96] and factors [N, 5]."""
    monkeypatch.setattr(smallnorb, "_SIZES", SIZES)
    monkeypatch.setattr(smallnorb, "load_tfds", lambda *_: None)
    generator = np.random.RandomState(0)
    grid = np.indices(SIZES).reshape(5, -1).T
    factors = generator.permutation(grid)
    factors = np.r_[factors[factors[:, 1] % 2 == 1], factors[factors[:, 1] % 2 == 0]]
    pairs = generator.randint(256, size=(len(grid), 2, 96, 96)).astype(np.uint8)
    half = len(grid) // 2
    (tmp_path / "small_norb").mkdir()
    for chunk, rows in zip(smallnorb._CHUNKS, (slice(half), slice(half, None)), strict=True):
        info = factors[rows, 1:] * (1, 1, 2, 1)  # azimuths are even numbers
        parts = {"dat": pairs[rows], "cat": factors[rows, 0].astype("i4"), "info": info.astype("i4")}
        for part, array in parts.items():
            (tmp_path / "small_norb" / f"smallnorb-{chunk}-{part}.mat").write_bytes(matrix(array))
    return tmp_path, pairs, factors


def test_images_are_the_first_cameras_reduced_and_found_by_their_factors(files):
    root, pairs, factors = files
    data = get_named_ground_truth_data("smallnorb", data_dir=root)
    assert data.factor_names == ["category", "elevation", "azimuth", "lighting"]
    assert (data.factors_num_values, data.observation_shape) == ([2, 3, 2, 2], (64, 64, 1))
    images = data.grid.observations(data.grid.indices(factors))
    for image, pair in zip(images[::17], pairs[::17], strict=True):
        reduced = Image.fromarray(pair[0]).resize((64, 64), Image.Resampling.LANCZOS)
        np.testing.assert_array_equal(image[..., 0], reduced)
    assert data.source.startswith("96 images from the training and test files in ")


def test_the_instance_is_drawn_as_disentanglement_lib_draws_it(files):
    """Its state space fills the factors that are not asked for, in order, after the four that are."""
    root, _, factors = files
    data = smallnorb.smallnorb(root)
    random_state = np.random.RandomState(7)
    drawn = np.stack([random_state.randint(size, size=20) for size in (2, 3, 2, 2)], axis=1)
    everything = np.insert(drawn, 1, random_state.randint(4, size=20), axis=1)
    seen, observations = data.sample(20, np.random.RandomState(7))
    np.testing.assert_array_equal(seen, drawn)
    expected = data.grid.observations(data.grid.indices(everything))
    np.testing.assert_array_equal(observations, expected.astype(np.float32) / np.float32(255))


def test_gzipped_files_are_read_too(files):
    root, _, _ = files
    before = smallnorb.smallnorb(root).to_memory()
    for path in (root / "small_norb").iterdir():
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
        path.unlink()
    np.testing.assert_array_equal(smallnorb.smallnorb(root).to_memory(), before)


def test_one_missing_file_of_the_six_is_named(files):
    root, _, _ = files
    path = root / "small_norb" / f"smallnorb-{smallnorb._CHUNKS[1]}-info.mat"
    path.unlink()
    with pytest.raises(UserError) as caught:
        smallnorb.smallnorb(root)
    assert all(
        word in str(caught.value) for word in (str(path), "DISENTANGLEMENT_LIB_DATA", "curl", "nyu.edu")
    )


@pytest.mark.parametrize("array", [np.arange(6, dtype="i4"), np.arange(24, dtype="u1").reshape(1, 2, 3, 4)])
def test_a_binary_matrix_comes_back_as_it_was_written(tmp_path, array):
    path = tmp_path / "a.mat"
    path.write_bytes(matrix(array))
    np.testing.assert_array_equal(read_binary_matrix(path), array)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a binary matrix"),
        (b"<html>moved</html>", "not a binary matrix"),
        (matrix(np.zeros(3, "f4")), "not a binary matrix"),
        (matrix(np.zeros((2, 2, 96, 96), "u1"))[:-1], "says that it holds"),
        (matrix(np.zeros((2, 2, 96, 96), "u1"))[:10], "says that it holds"),
        (matrix(np.zeros((2, 2, 96, 96), "u1")) + b"x", "says that it holds"),
    ],
)
def test_a_damaged_matrix_is_one_sentence(tmp_path, content, words):
    path = tmp_path / "a.mat"
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"{words}.*Received"):
        read_binary_matrix(path)
    zipped = tmp_path / "b.mat.gz"
    zipped.write_bytes(gzip.compress(content)[:-6])
    with pytest.raises(UserError, match="cut short"):
        read_binary_matrix(zipped)


def test_files_that_do_not_belong_together_are_one_sentence(files):
    root, _, _ = files
    path = root / "small_norb" / f"smallnorb-{smallnorb._CHUNKS[0]}-cat.mat"
    path.write_bytes(matrix(np.zeros(5, "i4")))
    with pytest.raises(UserError, match=r"pairs of 96x96.*\(5,\)"):
        smallnorb.smallnorb(root)
