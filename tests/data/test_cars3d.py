import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from tfdisent.data import cars3d, get_named_ground_truth_data
from tfdisent.errors import UserError


@pytest.fixture
def cars(tmp_path, monkeypatch):
    """Three cars in the original's format: their root and images [car, H, W, 3, azimuth, elevation]."""
    monkeypatch.setattr(cars3d, "CARS_SIZES", (4, 24, 3))
    monkeypatch.setattr(cars3d, "load_tfds", lambda *_: None)
    images = np.random.RandomState(0).randint(256, size=(3, 128, 128, 3, 24, 4)).astype(np.uint8)
    (tmp_path / "cars").mkdir()
    for car, image in enumerate(images):
        mask = np.zeros((128, 128, 24, 4), np.uint8)
        savemat(tmp_path / "cars" / f"car_{car:03d}_mesh.mat", {"im": image, "mask": mask})
    (tmp_path / "cars" / "list.txt").write_text("car_000_mesh\n")
    return tmp_path, images


def test_the_image_at_a_factor_is_the_image_written(cars):
    root, images = cars
    data = get_named_ground_truth_data("cars3d", data_dir=root)
    assert data.factor_names == ["elevation", "azimuth", "object_type"]
    assert data.size == 4 * 24 * 3 and data.observation_shape == (64, 64, 3)
    for elevation, azimuth, car in ((0, 0, 0), (3, 1, 2), (1, 23, 1)):
        original = Image.fromarray(np.ascontiguousarray(images[car, :, :, :, azimuth, elevation]))
        original.thumbnail((64, 64), Image.Resampling.LANCZOS)  # as disentanglement_lib reduces it
        image = data.observations(data.indices([(elevation, azimuth, car)]))[0]
        np.testing.assert_array_equal(image, original)


def test_a_missing_car_is_one_sentence(cars):
    root, _ = cars
    (root / "cars" / "car_001_mesh.mat").unlink()
    with pytest.raises(UserError, match="must hold the 3 mat files.*Received: 2"):
        cars3d.cars3d(root)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:4000]), "cut short|not a car"),
        (lambda path: path.write_bytes(b"<html>moved</html>"), "not a car|cut short"),
        (lambda path: path.write_bytes(b""), "not a car|cut short"),
        (lambda path: savemat(path, {"mask": np.zeros(3)}), "not a car"),
        (
            lambda path: savemat(path, {"im": np.zeros((8, 8, 3, 24, 4))}),
            r"float64 of shape \(8, 8, 3, 24, 4\)",
        ),
        (lambda path: savemat(path, {"im": np.zeros((8, 8, 3), np.uint8)}), r"\(8, 8, 3\)"),
    ],
)
def test_a_foreign_file_is_one_sentence(cars, write, words):
    root, _ = cars
    path = root / "cars" / "car_001_mesh.mat"
    write(path)
    with pytest.raises(UserError, match=words) as caught:
        cars3d.cars3d(root)
    assert str(path) in str(caught.value) and "Received: " in str(caught.value)
