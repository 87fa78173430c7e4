import pytest

from tfdisent.data import named_data
from tfdisent.data.download import download_named_data
from tfdisent.errors import UserError

tfds = pytest.importorskip("tensorflow_datasets")


@pytest.fixture(autouse=True)
def nothing_here(tmp_path, monkeypatch):
    monkeypatch.setenv("DISENTANGLEMENT_LIB_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))


def test_what_is_drawn_needs_nothing():
    for name in named_data():
        if name.endswith("_drawn") or name in ("digits", "spikes", "synth_linear", "identity"):
            assert "nothing to get" in download_named_data(name)


@pytest.mark.parametrize("name", ["mnist", "celeba"])
def test_a_set_that_can_be_got_is_then_here(name):
    with tfds.testing.mock_data(num_examples=7):
        assert f"{name} is here: " in download_named_data(name)


@pytest.mark.parametrize("name", ["mnist", "cars3d", "color_dsprites", "celeba"])
def test_without_a_network_one_sentence_says_how_to_get_it_by_hand(name, monkeypatch):
    def refuse(*_, **__):
        raise ConnectionError("no network here")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", refuse)
    with pytest.raises(UserError, match="by hand with `.*curl.*DISENTANGLEMENT_LIB_DATA.*no network here"):
        download_named_data(name)


def test_a_painting_that_is_missing_is_named():
    with pytest.raises(UserError, match="scream.jpg"):
        download_named_data("scream_dsprites")
