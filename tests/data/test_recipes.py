import json

import numpy as np
import pytest

from tfdisent import data
from tfdisent.data import recipes
from tfdisent.errors import UserError

SPRITES = data.DSpritesDrawn(image_size=8, shapes=("heart",), num_orientations=1, num_positions=4)
IMAGES = np.arange(6 * 64).reshape(6, 8, 8).astype(np.uint8)
TEXTS = np.array(["cat", "dog", "cat", "ant", "dog", "ant"], object)
SETS = {
    "drawn": SPRITES,
    "by name": data.get_named_ground_truth_data("synth_linear", num_points=30, stretch=1.5),
    "arrays": data.ArrayData(IMAGES, {"animal": TEXTS, "angle": np.arange(6) / 3}, name="mine"),
    "truth values": data.ArrayData(IMAGES > 9),
    "float16": data.ArrayData((IMAGES / 500).astype(np.float16)),
    "a part": SPRITES.split((0.5, 0.5), seed=3)[1],
    "resized": data.Resized(data.ArrayData(IMAGES), 11),
    "painted": data.ColorDSprites(SPRITES, "in colour"),
    "hidden": data.HiddenFactorData("no scale", SPRITES, ["scale"]),
    "grid": data.GridData("grid", "a test", ["a"], ["cyclic"], [6], IMAGES, np.arange(6)[::-1, None]),
    "bags": data.BagData(np.random.RandomState(0).rand(4, 3, 5), [0, 1, 0, 1]),
    "mra": data.mra(num_datapoints=6, num_instances=4, length=20, seed=2),
    "spikes": data.Spikes(16, 2, 0.5, num_images=5),
}


@pytest.mark.parametrize("name", SETS)
def test_a_stored_set_is_made_again_with_its_images_factors_and_draws(name, tmp_path):
    data.store_data(SETS[name], tmp_path)
    again = data.load_data(tmp_path)
    assert type(again) is type(SETS[name]) and again is not SETS[name]
    assert data.describe(again) == data.describe(SETS[name])
    for one, other in zip(
        *(each.sample(9, np.random.RandomState(1)) for each in (SETS[name], again)), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert data.checksum_of_16_observations(again) == data.checksum_of_16_observations(SETS[name])


class Own(data.DSpritesDrawn):
    """A set that a person wrote, of which a stranger's package knows nothing."""


def test_a_set_of_an_own_class_or_too_large_is_not_stored_and_the_sentence_says_what_to_write(
    tmp_path, monkeypatch
):
    data.store_data(Own(image_size=8), tmp_path / "own")
    with pytest.raises(
        UserError, match=r"because Own is no class of tfdisent.data; .*load_run\(path, data=...\)"
    ):
        data.load_data(tmp_path / "own")
    monkeypatch.setattr(recipes, "_MOST_BYTES", 100)
    data.store_data(SETS["arrays"], tmp_path / "large")
    with pytest.raises(UserError, match="are the most"):
        data.load_data(tmp_path / "large")
    assert not (tmp_path / "large" / "data.npz").exists()


def test_a_folder_without_a_recipe_has_no_data(tmp_path):
    assert data.load_data(tmp_path) is None


@pytest.mark.parametrize(
    "stored",
    [
        {"make": "os.system", "arguments": {"command": "touch owned"}},
        {"make": "as_float", "arguments": {"observations": [1]}},
        {"make": "load_data", "arguments": {"folder": "."}},
        {"make": "ArrayData", "arguments": {"observations": {"array": "nothing"}}},
        {"make": "ArrayData", "arguments": {"observations": {"import": "os"}}},
        {"make": "ArrayData", "arguments": {"observations": {"a": 1, "b": 2}}},
        {"make": "DSpritesDrawn", "arguments": {"bogus": 1}},
        {"make": "DSpritesDrawn", "arguments": [8]},
        {"make": ["DSpritesDrawn"], "arguments": {}},
        {"make": "Subset", "arguments": {"data": {"data": {"make": "eval"}}, "indices": [0]}},
        {"make": "get_named_ground_truth_data", "arguments": {"name": "../../etc/passwd"}},
        {"make": "get_named_ground_truth_data", "arguments": {"name": "dsprites_drawn", "image_size": 10**9}},
        ["DSpritesDrawn"],
        3,
        None,
    ],
)
def test_a_stranger_s_recipe_runs_nothing_and_ends_in_one_sentence(stored, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.json").write_text(json.dumps(stored))
    with pytest.raises(UserError) as error:
        data.load_data(tmp_path)
    assert "\n" not in str(error.value) and len(str(error.value)) < 300
    assert not (tmp_path / "owned").exists()


def test_damaged_arrays_and_pickles_are_refused(tmp_path):
    data.store_data(SETS["arrays"], tmp_path)
    whole = (tmp_path / "data.npz").read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"PK"):
        (tmp_path / "data.npz").write_bytes(content)
        with pytest.raises(UserError, match="data.npz is damaged"):
            data.load_data(tmp_path)
    np.savez(tmp_path / "data.npz", array_0=np.array([print], object))
    with pytest.raises(UserError, match="data.npz is damaged"):
        data.load_data(tmp_path)
    (tmp_path / "data.json").write_text("[" * 100_000)
    with pytest.raises(UserError, match="does not describe a data set|cannot be read"):
        data.load_data(tmp_path)


def test_a_download_is_neither_stored_nor_asked_for(monkeypatch):
    asked = []

    def get_named_ground_truth_data(**options):
        asked.append(options)
        return SPRITES

    monkeypatch.setattr(recipes, "get_named_ground_truth_data", get_named_ground_truth_data)
    data.from_recipe(
        {"make": "get_named_ground_truth_data", "arguments": {"name": "mnist", "download": True}}
    )
    assert asked == [{"name": "mnist"}]
