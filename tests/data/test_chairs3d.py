import io
import shutil
import tarfile

import numpy as np
import pytest
from PIL import Image

from tfdisent.data import chairs3d, get_named_ground_truth_data, originals
from tfdisent.errors import UserError

CHAIRS = ("f3", "0a", "77")
VIEWS = [(20, t) for t in (120, 240, 360)] + [(30, t) for t in (0, 120, 240)]  # the same three azimuths


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Three chairs in the original's folders: one colour each for chair and view, 30x30 pixels."""
    monkeypatch.setattr(chairs3d, "load_tfds", lambda *_: None)
    for number, chair in enumerate(CHAIRS):
        folder = tmp_path / "chairs3d" / "rendered_chairs" / chair / "renders"
        folder.mkdir(parents=True)
        for view, (elevation, azimuth) in enumerate(VIEWS):
            picture = Image.new("RGB", (30, 30), (number, elevation, azimuth % 360 // 2))
            picture.save(folder / f"image_{view + 1:03d}_p{elevation:03d}_t{azimuth:03d}_r096.png")
    (tmp_path / "chairs3d" / "rendered_chairs" / "all_chair_names.mat").write_bytes(b"")
    return tmp_path


def pack(root, mode="w"):
    """Puts the folder into a tar archive, its last chair first, and deletes it."""
    folder = root / "chairs3d" / "rendered_chairs"
    with tarfile.open(f"{folder}.tar", mode) as archive:
        for path in sorted(folder.rglob("*"), reverse=True):
            archive.add(path, path.relative_to(folder.parent), recursive=False)
    shutil.rmtree(folder)


def check(data):
    assert data.factor_names == ["chair", "elevation", "azimuth"]
    assert (data.factors_num_values, data.observation_shape) == ([3, 2, 3], (64, 64, 3))
    for chair, elevation, azimuth in np.ndindex(3, 2, 3):
        image = data.observations(data.indices([(chair, elevation, azimuth)]))[0]
        colour = (CHAIRS.index(sorted(CHAIRS)[chair]), (20, 30)[elevation], 60 * azimuth)
        assert (image == colour).all()


def test_chairs_in_a_folder_are_found_by_their_factors(root):
    data = get_named_ground_truth_data("chairs3d", data_dir=root)
    check(data)
    assert data.source == f"18 images from {root / 'chairs3d' / 'rendered_chairs'}"


def test_chairs_in_the_archive_are_the_same(root):
    pack(root)
    check(chairs3d.chairs3d(root))


def test_small_images_are_made_once_and_mapped(root, monkeypatch):
    chairs3d.chairs3d(root)
    kept = root / "chairs3d" / "chairs3d_64x64.npy"
    assert np.load(kept, mmap_mode="r").shape == (18, 64, 64, 3)
    monkeypatch.setattr("tfdisent.data.pictures.decode", lambda *_: pytest.fail("decoded again"))
    check(chairs3d.chairs3d(root))


def test_a_missing_view_is_one_sentence(root):
    next((root / "chairs3d").rglob("image_002*.png")).unlink()
    with pytest.raises(UserError, match="3 x 2 x 3; .*Received: 17 pictures"):
        chairs3d.chairs3d(root)


def test_images_in_an_npz_archive_stay_bytes_and_have_no_factors(root):
    shutil.rmtree(root / "chairs3d" / "rendered_chairs")
    images = np.random.RandomState(0).randint(256, size=(1500, 4, 4, 3)).astype(np.uint8)
    for entries in ({"data": images / 255}, {"images": images}, {"data": np.float32(images / 255)}):
        np.savez_compressed(root / "chairs3d" / "rendered_chairs.npz", **entries)
        data = chairs3d.chairs3d(root)
        np.testing.assert_array_equal(data.to_memory(), images)
        assert data.to_memory().dtype == np.uint8 and data.num_factors == 0


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"x": np.zeros(3)}, "'data' or 'images'"),
        ({"data": np.zeros((2, 64, 64), np.uint8)}, r"\(2, 64, 64\)"),
        ({"data": np.zeros((2, 4, 4, 3), int)}, "int64"),
        ({"data": np.array([None])}, "object"),
    ],
)
def test_a_foreign_npz_archive_is_one_sentence(root, entries, words):
    shutil.rmtree(root / "chairs3d" / "rendered_chairs")
    np.savez(root / "chairs3d" / "rendered_chairs.npz", **entries)
    with pytest.raises(UserError, match=f"{words}"):
        chairs3d.chairs3d(root)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_cut_short_is_one_sentence(root, share, mode):
    pack(root, mode)
    path = root / "chairs3d" / "rendered_chairs.tar"
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match="cut short|must hold"):
        chairs3d.chairs3d(root)
    assert not list((root / "chairs3d").glob("*.npy")) and not list((root / "chairs3d").glob(".*"))


def test_an_archive_of_other_things_is_one_sentence(root):
    shutil.rmtree(root / "chairs3d" / "rendered_chairs")
    with tarfile.open(root / "chairs3d" / "rendered_chairs.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("readme.txt"), io.BytesIO())
    with pytest.raises(UserError, match="must hold pictures like CHAIR/renders"):
        chairs3d.chairs3d(root)


def test_a_picture_cut_short_is_named(root):
    path = next((root / "chairs3d").rglob("image_002*.png"))
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(UserError, match=f"{path.name} is no picture, or is cut short"):
        chairs3d.chairs3d(root)


def test_the_real_names_give_the_published_grid():
    """Elevation 20 goes from 11 to 360 degrees, elevation 30 from 0 to 348, in 31 steps."""
    turns = [("020", int(360 / 31 * k)) for k in range(1, 32)] + [
        ("030", int(360 / 31 * k)) for k in range(31)
    ]
    names = [
        f"rendered_chairs/{chair:032x}/renders/image_{view + 1:03d}_p{p}_t{t:03d}_r096.png"
        for chair in range(1393)
        for view, (p, t) in enumerate(turns)
    ]
    found, factors = originals.chair_factors(names)
    assert len(found) == 86_366
    np.testing.assert_array_equal(factors, np.indices((1393, 2, 31)).reshape(3, -1).T)
