"""TensorFlow Datasets is tried with its own mock: right shapes and types, random content, no network."""

import numpy as np
import pytest

from tfdisent.data import get_named_ground_truth_data
from tfdisent.data.tfds import load_tfds
from tfdisent.errors import UserError


@pytest.fixture
def mocked(tmp_path, monkeypatch):
    tfds = pytest.importorskip("tensorflow_datasets")
    monkeypatch.setenv("DISENTANGLEMENT_LIB_DATA", str(tmp_path))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    with tfds.testing.mock_data(num_examples=7):
        yield tfds


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_both_splits_are_joined(mocked, name):
    data = get_named_ground_truth_data(name, download=True)
    assert (data.size, data.observation_shape) == (14, (28, 28, 1))
    assert data.source.startswith(f"14 images from TensorFlow Datasets, {name}/")
    arrays = load_tfds(name, ("train", "test"), download=True)
    np.testing.assert_array_equal(data.to_memory(), arrays["image"])
    np.testing.assert_array_equal(data.factor_values[0][data.factors(np.arange(14))[:, 0]], arrays["label"])


def test_dsprites_has_its_five_factors_in_order(mocked):
    data = get_named_ground_truth_data("dsprites_full", download=True)
    assert data.factor_names == ["shape", "scale", "orientation", "position_x", "position_y"]
    assert data.factor_kinds == ["categorical", "continuous", "cyclic", "continuous", "continuous"]
    arrays = load_tfds("dsprites", ("train",), download=True)
    np.testing.assert_array_equal(data.to_memory() > 0, arrays["image"] > 0)
    positions = data.factor_values[3][data.factors(np.arange(7))[:, 3]]
    np.testing.assert_array_equal(positions, arrays["label_x_position"])


def test_a_whole_dsprites_in_any_order_is_put_on_the_grid(mocked, monkeypatch):
    sizes = (3, 2, 1, 2, 2)
    order = np.random.RandomState(0).permutation(24)
    labels = np.stack(np.unravel_index(order, sizes), axis=1)
    names = ("shape", "scale", "orientation", "x_position", "y_position")
    arrays = {f"label_{name}": column for name, column in zip(names, labels.T, strict=True)}
    arrays["image"] = np.zeros((24, 64, 64, 1), np.uint8)
    arrays["image"][np.arange(24), 0, order, 0] = 1
    monkeypatch.setattr("tfdisent.data.dsprites._SIZES", sizes)
    monkeypatch.setattr("tfdisent.data.dsprites.load_tfds", lambda *_: arrays | {"source": "a test"})
    images = get_named_ground_truth_data("dsprites_full").to_memory()
    np.testing.assert_array_equal(images[:, 0, :24, 0], 255 * np.eye(24))


def test_nothing_is_fetched_unasked(tmp_path, monkeypatch):
    tfds = pytest.importorskip("tensorflow_datasets")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))

    def refuse(*_, **__):
        raise ConnectionError("no network here")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", refuse)
    assert load_tfds("mnist", ("train",)) is None
    (tmp_path / "mnist").mkdir()
    assert load_tfds("mnist", ("train",)) is None
    with pytest.raises(UserError, match="ConnectionError: no network here"):
        load_tfds("mnist", ("train",), download=True)


@pytest.mark.parametrize(
    ("name", "shape", "factors", "num"),
    [
        (
            "shapes3d",
            (64, 64, 3),
            ["floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation"],
            7,
        ),
        ("smallnorb", (64, 64, 1), ["category", "elevation", "azimuth", "lighting"], 14),
        ("celeba", (64, 64, 3), 40, 21),
    ],
)
def test_parts_of_other_sets_are_tables_of_their_own_factors(mocked, name, shape, factors, num):
    data = get_named_ground_truth_data(name, download=True)
    assert (data.size, data.observation_shape) == (num, shape)
    assert data.factor_names == factors or data.num_factors == factors
    assert data.to_memory().dtype == np.uint8
    assert data.source.startswith(f"{num} images from TensorFlow Datasets, ")


def test_what_is_read_of_a_batch_is_kept_without_the_rest(mocked):
    arrays = load_tfds("mnist", ("train", "test"), True, lambda batch: {"image": batch["image"][:, :2]})
    assert set(arrays) == {"image", "source"} and arrays["image"].shape == (14, 2, 28, 1)
