import subprocess
import sys

import pytest

from tfdisent.data import GroundTruthData, get_named_ground_truth_data, named_data
from tfdisent.errors import UserError

NEED_FILES = {
    *("dsprites_full", "dsprites_noshape", "color_dsprites", "noisy_dsprites", "scream_dsprites"),
    *("mnist", "mnist_128", "fashion_mnist", "shapes3d", "smallnorb", "cars3d", "chairs3d", "celeba"),
    *("mpi3d_toy", "mpi3d_realistic", "mpi3d_real"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(named_data()) - NEED_FILES))
def test_sets_without_files_can_be_had_by_name(name):
    data = get_named_ground_truth_data(name)
    assert isinstance(data, GroundTruthData)
    assert data.name == name


@pytest.mark.parametrize("name", sorted(NEED_FILES))
def test_a_set_whose_files_are_missing_says_where_it_looked_and_how_to_get_them(name, tmp_path, monkeypatch):
    monkeypatch.setenv("DISENTANGLEMENT_LIB_DATA", str(tmp_path))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    with pytest.raises(UserError) as caught:
        get_named_ground_truth_data(name)
    message = str(caught.value)
    assert f"{tmp_path}/" in message and f"DISENTANGLEMENT_LIB_DATA={str(tmp_path)!r}" in message
    assert "curl -L" in message and "http" in message and "\n" not in message


def test_options_reach_the_set():
    assert get_named_ground_truth_data("synth_linear", stretch=1.2, num_points=10).stretch == 1.2
    assert get_named_ground_truth_data("dsprites_drawn", image_size=32).observation_shape == (32, 32, 1)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("dsprite", "'dsprites_"),
        ("mnits", "'mnist'"),
        ("synth_lin", "'synth_linear'"),
        ("fashion-mnist", "'fashion_mnist'"),
    ],
)
def test_an_unknown_name_gets_the_nearest_ones(name, nearest):
    with pytest.raises(UserError, match="did you mean") as caught:
        get_named_ground_truth_data(name)
    assert nearest in str(caught.value)
    assert str(caught.value).endswith(f"Received: {name!r}")


def test_a_name_near_to_nothing_gets_the_list():
    with pytest.raises(UserError, match="name; known are dsprites_full"):
        get_named_ground_truth_data("zzz")


def test_an_unknown_option_gets_the_known_ones():
    with pytest.raises(UserError, match="stretch.*Received: \\['strech'\\]"):
        get_named_ground_truth_data("synth_linear", strech=2.0)


def test_the_room_stands_on_numpy_alone():
    code = (
        "import sys, numpy as np, tfdisent.data as d; d.DSpritesDrawn().sample(2, np.random.RandomState(0)); "
        "d.get_named_ground_truth_data('synth_linear'); d.Shapes3DDrawn(16).observations([0]); "
        "heavy = {'tensorflow', 'keras', 'sklearn', 'scipy', 'matplotlib', 'PIL', 'h5py', 'tensorflow_datasets'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
