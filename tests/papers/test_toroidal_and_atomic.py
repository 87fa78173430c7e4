import csv
import json
import os

import numpy as np
import pytest

from tfdisent import papers
from tfdisent.data import get_named_ground_truth_data
from tfdisent.errors import UserError
from tfdisent.papers.item import find_item
from tfdisent.papers.toroidal_autoencoder import items as toroidal
from tfdisent.studies.executors import ThisProcess

TOROIDAL = [
    f"toroidal_autoencoder/{item}" for item in ("figure_2", "figure_3", "figure_4", "figure_5", "uniformity")
]
ATOMIC = [
    f"atomic_autoencoder/{item}"
    for item in ("table_1", "propositions", "figure_1", "figure_2", "figure_3", "blocks", "spikes")
]


def needs_digits():
    try:
        get_named_ground_truth_data("mnist")
    except UserError as error:
        where = os.environ.get("DISENTANGLEMENT_LIB_DATA", "unset")
        pytest.skip(f"needs MNIST's files; DISENTANGLEMENT_LIB_DATA is {where}: {error}")


def reproduce(item, folder):
    return papers.reproduce(item, folder, scale="quick", executor=ThisProcess())


def read(folder, name):
    with open(folder / f"{name}.csv") as file:
        return list(csv.DictReader(file))


def test_no_item_of_the_two_papers_is_left_unbuilt():
    items = papers.list_items()
    built = {
        item: text
        for item, text in items.items()
        if item.split("/")[0] in ("toroidal_autoencoder", "atomic_autoencoder")
    }
    assert set(built) == {*TOROIDAL, *ATOMIC}


@pytest.mark.parametrize("item", TOROIDAL + ATOMIC)
def test_each_item_refuses_what_it_cannot_honour(item):
    found = find_item(item)
    restarts = item in ("toroidal_autoencoder/uniformity", "atomic_autoencoder/spikes")
    trains_nothing = item in ("toroidal_autoencoder/figure_2", *ATOMIC[:2])
    assert found.restarts == restarts and bool(found.scales) != trains_nothing
    if not restarts:
        reason = "trains nothing" if trains_nothing else "has no restarts"
        with pytest.raises(UserError, match=f"{item} {reason}; leave out --seeds. Received: 2."):
            papers.check_request(item, 2, "quick")
    if item in TOROIDAL and not trains_nothing:
        with pytest.raises(
            UserError, match=f"{item} is made at the scales paper, quick. Received: 'reduced'"
        ):
            papers.check_request(item, None, "reduced")


def test_the_springs_are_least_stretched_at_equal_spacing(tmp_path):
    paths = papers.reproduce("toroidal_autoencoder/figure_2", tmp_path)
    assert {path.suffix for path in paths} == {".csv", ".json", ".png", ".html"}
    drawn, equal, least, mean = (float(row["spring loss"]) for row in read(tmp_path, "figure_2"))
    assert equal == pytest.approx(least) and drawn > equal and mean > least


def test_table_1_has_the_printed_numbers(tmp_path):
    papers.reproduce("atomic_autoencoder/table_1", tmp_path)
    rows = read(tmp_path, "table_1")
    assert all(row["ours"] == row["printed"] for row in rows)
    assert [row["weights"] for row in rows if row["layer"] == "all"] == ["318592", "9129"]
    assert [row["output"] for row in rows][-2] == "64 x 64 x 1"


def test_the_propositions_hold(tmp_path):
    papers.reproduce("atomic_autoencoder/propositions", tmp_path)
    for row in read(tmp_path, "propositions"):
        if row["expected"]:
            assert float(row["found"]) == pytest.approx(float(row["expected"]), abs=0.02)


def test_the_uniformity_of_digits_from_training_to_pictures(tmp_path, monkeypatch):
    needs_digits()
    sliced = toroidal.VARIANTS["with the sliced penalty"]  # one training is enough here
    monkeypatch.setattr(toroidal, "VARIANTS", {toroidal.AS_PRINTED: sliced})
    paths = reproduce("toroidal_autoencoder/uniformity", tmp_path / "uniformity")
    assert {path.name for path in paths} >= {
        "uniformity.csv",
        "uniformity.png",
        "uniformity_as_in_the_paper.png",
    }
    rows = {(row["model"], row["quantity"]): row for row in read(tmp_path / "uniformity", "uniformity")}
    floor = float(rows["as in the paper", "spring loss at equal spacing, the floor"]["ours mean"])
    assert floor == pytest.approx(3 * 4 * np.pi**2 / 32)
    assert float(rows["as in the paper", "spring loss of a batch"]["ours mean"]) > floor
    label = json.loads((tmp_path / "uniformity" / "uniformity.json").read_text())["label"]
    assert "QUICK" in label and "20 steps of 32" in label and "images from" in label

    def train(*arguments, **settings):
        raise AssertionError("nothing is left to train")

    monkeypatch.setattr("tfdisent.models.ToroidalAutoencoder.fit", train)
    reproduce("toroidal_autoencoder/figure_4", tmp_path / "figure_4")
    paths_of_pairs = read(tmp_path / "figure_4", "figure_4")
    assert len(paths_of_pairs) == 9 * 8
    for pair in range(9):
        mine = [row for row in paths_of_pairs if row["pair"] == str(pair)]
        (shortest,) = (row for row in mine if row["shortest"] == "True")
        assert float(shortest["length in radians"]) == min(float(row["length in radians"]) for row in mine)
        assert len(mine[0]["digits passed, by the classifier"].split()) == 12


def test_spikes_from_training_to_pictures(tmp_path):
    for item in ("spikes", "figure_3"):
        reproduce(f"atomic_autoencoder/{item}", tmp_path / item)
    numbers = {
        row["quantity"]: float(row["value"])
        for row in read(tmp_path / "spikes", "spikes")
        if not row["block"]
    }
    assert 0 <= numbers["share of the spikes found within 3 pixels"] <= 1
    navigation = read(tmp_path / "figure_3", "figure_3")
    assert len(navigation) == 3 * 6 and {"amplitude", "x", "y"} <= set(navigation[0])


@pytest.mark.slow
@pytest.mark.parametrize("item", TOROIDAL + ATOMIC)
def test_every_item_is_made_at_quick_scale(tmp_path_factory, item):
    needs_digits()
    folder = tmp_path_factory.getbasetemp() / "quick" / item
    paths = reproduce(item, folder)
    assert {path.suffix for path in paths} == {".png", ".csv", ".json", ".html"}
    assert all(path.stat().st_size for path in paths)
