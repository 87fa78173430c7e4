import numpy as np
import pytest
from wrong_arguments import MORE_WRONG, complaints, table, try_wrong_arguments

from tfdisent import data

BYTES = np.arange(6 * 8 * 8).reshape(6, 8, 8, 1).astype(np.uint8)
SPRITES = data.DSpritesDrawn(8, 1, 1, 2, ("heart",))
ARRAYS = data.ArrayData(BYTES, {"a": [0, 0, 0, 1, 1, 1], "b": [0, 1, 2, 0, 1, 2]})
POINTS = data.SyntheticLinear(num_points=20)
SETS = {
    "grid": SPRITES,
    "table": ARRAYS,
    "rows": data.ArrayData(BYTES, [0, 0, 1, 1, 2, 5]),
    "reals": POINTS,
    "subset": ARRAYS.split((0.5, 0.5))[0],
    "hidden": data.HiddenFactorData("hidden", SPRITES, ["position_x"]),
    "coloured": data.ColorDSprites(SPRITES, "coloured"),
    "noise": data.DummyData(),
    "identity": data.IdentityObservationsData(),
    "bags": data.BagData(np.zeros((4, 2, 3)), [0, 1, 0, 1]),
    "spikes": data.Spikes(16, 2, 0.5, 3.0, 5, 0),
    "resized": data.Resized(ARRAYS, 9),
}
RANDOM = np.random.RandomState(0)
ABOUT = {"name": "mine", "source": "a test", "factor_names": ["a"], "factor_kinds": ["categorical"]}
MANIPULATION = {
    "maps": np.full((3, 8, 8, 1), 0.1, np.float32),
    "places": np.linspace(0, 2, SPRITES.size, dtype=np.float32),
    "epsilon": 0.1,
    "factors_num_values": SPRITES.factors_num_values,
}
WITH_SHAPE = {**ABOUT, "factors_num_values": [6], "observation_shape": (8, 8, 1)}


def constructions(folder):
    """{name: (callable, valid arguments)} of every public class and function of the room."""
    recipe, arrays = data.recipe(ARRAYS)
    return {
        "ArrayData": (
            data.ArrayData,
            {"observations": BYTES, "factors": np.arange(6), **ABOUT},
        ),
        "BagData": (
            data.BagData,
            {
                "bags": np.zeros((2, 2, 3)),
                "states": [0, 1],
                "nuisances": np.zeros((2, 2)),
                "state_name": "state",
                "name": "bags",
                "source": "a test",
            },
        ),
        "ColorDSprites": (data.ColorDSprites, {"sprites": SPRITES, "name": "mine"}),
        "NoisyDSprites": (data.NoisyDSprites, {"sprites": SPRITES, "name": "mine"}),
        "ScreamDSprites": (
            data.ScreamDSprites,
            {"sprites": SPRITES, "name": "mine", "painting": np.zeros((20, 20, 3))},
        ),
        "DSprites": (data.DSprites, {"images": DSPRITES, "source": "a test"}),
        "DSpritesDrawn": (
            data.DSpritesDrawn,
            {
                "image_size": 8,
                "num_scales": 2,
                "num_orientations": 3,
                "num_positions": 2,
                "shapes": ["heart"],
            },
        ),
        "ChangedFactor": (data.ChangedFactor, {}),
        "ChangedFactors": (data.ChangedFactors, {"k": 1}),
        "DummyData": (data.DummyData, {}),
        "curved_sheet": (data.curved_sheet, {"num_points": 20, "seed": 1}),
        "GivenPairs": (data.GivenPairs, {"indices": [[0, 1], [2, 3]], "labels": [0, 1]}),
        "GridData": (
            data.GridData,
            {**ABOUT, "factors_num_values": [6], "images": BYTES, "factors": np.arange(6)[:, None]},
        ),
        "GroundTruthData": (data.GroundTruthData, WITH_SHAPE),
        "HiddenFactorData": (
            data.HiddenFactorData,
            {"name": "mine", "grid": SPRITES, "hidden": ["scale"]},
        ),
        "IdentityObservationsData": (data.IdentityObservationsData, {}),
        "LaplaceTransitions": (data.LaplaceTransitions, {"rate": 1.0}),
        "NoisyData": (data.NoisyData, {"data": SPRITES, "epsilon": 0.1, "seed": 0}),
        "PairLaw": (data.PairLaw, {}),
        "PerturbedData": (
            data.PerturbedData,
            {"data": SPRITES, "manipulation": MANIPULATION, "control": "shuffled", "factor": None, "seed": 0},
        ),
        "RankedFactors": (data.RankedFactors, {}),
        "SharedFactor": (data.SharedFactor, {}),
        "Resized": (data.Resized, {"data": ARRAYS, "image_size": 12}),
        "Shapes3DDrawn": (
            data.Shapes3DDrawn,
            {
                "image_size": 8,
                "num_floor_hues": 2,
                "num_wall_hues": 2,
                "num_object_hues": 2,
                "num_scales": 2,
                "shapes": ["cube"],
                "num_orientations": 2,
            },
        ),
        "Spikes": (
            data.Spikes,
            {
                "image_size": 16,
                "max_spikes": 2,
                "sigma": 0.5,
                "min_distance": 3.0,
                "num_images": 5,
                "seed": 0,
            },
        ),
        "Subset": (data.Subset, {"data": ARRAYS, "indices": [0, 1]}),
        "SyntheticLinear": (data.SyntheticLinear, {"stretch": 2.0, "num_points": 5, "seed": 0}),
        "SyntheticNonlinear": (data.SyntheticNonlinear, {"num_points": 5, "seed": 0}),
        "TableData": (data.TableData, WITH_SHAPE),
        "as_float": (data.as_float, {"observations": BYTES}),
        "as_ground_truth_data": (data.as_ground_truth_data, {"data": BYTES}),
        "a dict": (
            lambda **given: data.as_ground_truth_data(given),
            {"observations": BYTES, "factors": np.arange(6), **ABOUT},
        ),
        "checksum_of_16_observations": (data.checksum_of_16_observations, {"data": ARRAYS}),
        "describe": (data.describe, {"data": ARRAYS}),
        "from_recipe": (data.from_recipe, {"stored": recipe, "arrays": arrays}),
        "get_named_ground_truth_data": (
            data.get_named_ground_truth_data,
            {"name": "synth_linear", "stretch": 2.0, "num_points": 5, "seed": 0},
        ),
        "a drawn set by name": (
            lambda **given: data.get_named_ground_truth_data("dsprites_drawn", **given),
            {
                "image_size": 8,
                "num_scales": 2,
                "num_orientations": 3,
                "num_positions": 2,
                "shapes": ["heart"],
            },
        ),
        "mnist_bags": (
            data.mnist_bags,
            {"num_instances": 2, "num_images": 20, "data_dir": folder, "seed": None},
        ),
        "a set with files by name": (
            lambda **given: data.get_named_ground_truth_data("mnist", **given),
            {"data_dir": folder, "download": False},
        ),
        "mra": (
            data.mra,
            {"num_datapoints": 2, "num_instances": 3, "length": 5, "seed": 0, "sampling": "pool"},
        ),
        "mra_states": (data.mra_states, {"length": 5}),
        "named_data": (data.named_data, {}),
        "observations_and_factors": (
            data.observations_and_factors,
            {"data": ARRAYS, "num": 3, "random_state": RANDOM},
        ),
        "recipe": (data.recipe, {"data": ARRAYS}),
        "shifted": (data.shifted, {"signals": np.zeros((2, 5)), "shifts": [1, 2]}),
        "sixteen_observations": (data.sixteen_observations, {"data": ARRAYS}),
        "store_data": (data.store_data, {"data": ARRAYS, "folder": folder / "stored"}),
        "load_data": (data.load_data, {"folder": folder / "stored"}),
        "given_pairs": (
            data.given_pairs,
            {"observations": BYTES.reshape(3, 2, 8, 8, 1), "labels": [0, 1, 1]},
        ),
    }


def methods():
    """{name: (callable, valid arguments)} of what every data set, of each kind, and every law of pairs can do."""
    cases = {}
    for law in LAWS:
        name = type(law).__name__
        cases[f"{name}.check"] = (law.check, {"data": SPRITES})
        cases[f"{name}.draw"] = (law.draw, {"data": SPRITES, "first": np.arange(2), "random_state": RANDOM})
    for name, each in SETS.items():
        factors = each.sample_factors(3, RANDOM)
        calls = {
            "sample_factors": {"num": 3, "random_state": RANDOM},
            "sample": {"num": 3, "random_state": RANDOM},
            "sample_observations": {"num": 3, "random_state": RANDOM},
            "sample_observations_from_factors": {"factors": factors, "random_state": RANDOM},
        }
        if each.enumerable:
            calls |= {
                "observations": {"indices": [0, 1]},
                "factors": {"indices": [0, 1]},
                "to_memory": {"indices": [0, 1]},
                "split": {"fractions": (0.5, 0.5), "seed": 0},
            }
        cases |= {f"{name}.{call}": (getattr(each, call), valid) for call, valid in calls.items()}
    return cases


LAWS = (
    data.ChangedFactor(),
    data.ChangedFactors(),
    data.GivenPairs([[0, 1], [2, 3]]),
    data.LaplaceTransitions(),
    data.RankedFactors(),
    data.SharedFactor(),
)
# 3 GB of images that take one byte
DSPRITES = np.lib.stride_tricks.as_strided(
    np.zeros(1, np.uint8), (3 * 6 * 40 * 32 * 32, 64, 64), (0, 0, 0), writeable=False
)
# Sets of which an observation is a function of its factors.
DRAW_NOTHING = ("grid", "table", "reals", "subset", "identity", "spikes", "resized")
OPTIONAL = ("source", "factors", "factor_names", "factor_kinds", "nuisances", "min_distance", "data_dir")
# (function, argument, value) of calls that are valid, "*" for any function or value
VALID = {
    ("*", "name", "'a'"),
    *(("*", "source", text) for text in ("'a'", "''")),
    ("*", "state_name", "'a'"),
    ("*", "seed", "0"),
    *((name, argument, "None") for name in ("ArrayData", "a dict", "BagData") for argument in OPTIONAL),
    ("GridData", "factors", "None"),
    ("Spikes", "min_distance", "None"),
    ("Spikes", "min_distance", "0"),
    ("Spikes", "min_distance", "1.5"),
    ("Spikes", "sigma", "1.5"),
    *((name, "labels", "None") for name in ("GivenPairs", "given_pairs")),
    ("ChangedFactors", "k", "-1"),
    ("ChangedFactors", "k", "2**70"),  # refused when a set is known
    *(("LaplaceTransitions", "rate", value) for value in ("1.5", "2**70")),
    *(("PerturbedData", argument, "None") for argument in ("control", "factor")),
    ("*", "stretch", "1.5"),
    ("*", "stretch", "2**70"),
    ("as_float", "observations", "[]"),
    ("as_float", "observations", "range(0)"),
    ("mnist_bags", "seed", "None"),
    ("shifted", "shifts", "0"),
    ("shifted", "shifts", "-1"),
    ("a set with files by name", "data_dir", "None"),
    ("a set with files by name", "download", "True"),
    ("store_data", "folder", "'a'"),
    ("load_data", "folder", "*"),
    ("*", "num", "0"),
    *((f"{name}.sample_observations_from_factors", "random_state", "None") for name in DRAW_NOTHING),
    *(("*", name, text) for name in ("indices", "first") for text in ("[]", "range(0)")),
    *((f"{name}.to_memory", "indices", "None") for name in SETS),
}


@pytest.fixture
def digits_folder(tmp_path, monkeypatch):
    """A folder with 30 images in MNIST's files."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mnist"
    folder.mkdir()
    head = bytes((0, 0, 8, 3)) + np.array([30, 28, 28], ">u4").tobytes()
    (folder / "train-images-idx3-ubyte").write_bytes(head + bytes(30 * 28 * 28))
    labels = bytes((0, 0, 8, 1)) + np.array([30], ">u4").tobytes() + bytes(list(range(10)) * 3)
    (folder / "train-labels-idx1-ubyte").write_bytes(labels)
    return tmp_path


def test_every_public_class_and_function_is_tried(digits_folder):
    public = {name for name in data.__all__ if callable(getattr(data, name))}
    assert public <= set(constructions(digits_folder))


def test_a_wrong_argument_of_a_class_or_function_ends_in_one_sentence(digits_folder):
    rows = try_wrong_arguments(constructions(digits_folder), VALID)
    assert not complaints(rows), table(rows)


def test_a_wrong_argument_of_a_method_ends_in_one_sentence():
    rows = try_wrong_arguments(methods(), VALID)
    assert not complaints(rows), table(rows)


@pytest.mark.slow
def test_no_other_wrong_value_ends_in_more_than_a_sentence(digits_folder):
    cases = {**constructions(digits_folder), **methods()}
    rows = try_wrong_arguments(cases, VALID, MORE_WRONG)
    assert not complaints(rows), table(rows)
