import csv
import json

import numpy as np
import pytest

from tfdisent import papers
from tfdisent.errors import UserError
from tfdisent.papers import symae_claims, symae_runs
from tfdisent.papers.symae_runs import Example

TINY = """
from __gin__ import dynamic_registration
from tfdisent import data
from tfdisent import models
from tfdisent import networks
from tfdisent import training
include "{}"
training.train.batch_size = 4
training.train.log_every = 2
training.train.checkpoint_every = 2
training.train.steps_per_execution = 2
data.mra.num_datapoints = 18
data.mra.num_instances = 6
data.mra.length = 20
models.SymAE.networks = @networks.symae_signal_networks
networks.symae_signal_networks.filters = 2
networks.symae_signal_networks.mixer_filters = 2
networks.symae_signal_networks.dense_units = (4,)
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Every example with tiny networks on short signals; returns the folder of the results, which the tests share."""
    configure, folder = Example.configure, tmp_path_factory.mktemp("symae")

    def configure_tiny(self, scale):
        name, bindings = configure(self, scale)
        path = folder / f"example{self.number}{self.ending()}.gin"
        path.write_text(TINY.format(name))
        return str(path), bindings

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Example, "configure", configure_tiny)
        yield folder


def rows_of(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def test_every_item_is_listed_and_needs_no_data_to_be_asked_for():
    items = papers.list_items()
    names = [f"symae/figure_{number}" for number in range(1, 16)]
    assert set(names) | {"symae/claims"} == {item for item in items if item.startswith("symae/")}
    for name in names:
        papers.check_request(name, 1, "long")
    with pytest.raises(UserError, match="at the scales paper, long, quick"):
        papers.check_request("symae/figure_2", 1, "reduced")


def test_the_shipped_configurations_are_the_printed_settings():
    from tfdisent import config, models

    printed = {1: (18, 30, 0), 2: (6, 97, 60), 4: (18, 30, 0)}
    for number, decoder in ((n, d) for n in printed for d in symae_runs.DECODERS.get(n, [""])):
        datapoints, instances, weight = printed[number]
        name, bindings = Example(number, decoder).configure("paper")
        config.parse([name], (*bindings, "training.train.steps=1"))
        data, split = config.configured_data()
        assert data.observation_shape == (instances, 100) and data.size == datapoints and split is None
        model = config.configured(models.SymAE)(data.observation_shape)
        assert (model.coherent_dim, model.nuisance_dim, model.energy_weight) == (5, 10, weight)
        assert model.split_inputs == bool(decoder)
        assert (model.decoder.get_layer("dense_1").units == 2000) == (decoder == "code")


def test_items_share_their_runs_and_a_longer_run_continues_a_shorter_one(tiny, monkeypatch):
    first = symae_runs.open_example(Example(1), tiny / "figure_2", "quick")
    assert first.step == 4 and (first.folder / "snapshots" / "step_4").is_dir()
    monkeypatch.setattr("tfdisent.config.train_configured", None)  # nothing is left to train
    again = symae_runs.open_example(Example(1), tiny / "figure_4", "quick")
    for weight, same in zip(first.model.weights, again.model.weights, strict=True):
        np.testing.assert_array_equal(weight, same)
    assert "QUICK" in again.label() and "4 steps of the whole set" in again.label()
    with pytest.raises(UserError, match="no weights of step 3"):
        symae_runs.open_example(Example(1), tiny / "figure_4", "quick", step=3)
    assert Example(1).folder(tiny / "a", "paper") == Example(1).folder(tiny / "b", "long")
    assert Example(1).folder(tiny / "a", "paper") != Example(1, "split").folder(tiny / "a", "paper")


def test_the_diagnosis_leaves_the_model_as_it_was_and_parts_at_the_noise(tiny):
    opened = symae_runs.open_example(Example(2), tiny / "claims", "quick")
    before = [weight.numpy() for weight in opened.model.weights]
    found = symae_runs.diagnosis(opened)
    for weight, value in zip(opened.model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)
    # Without noise in training the two agree, and calibration is the batch's statistics.
    assert found["training"] == pytest.approx(found["no noise"], rel=1e-6)
    assert found["inference, calibrated"] == pytest.approx(found["no noise"], rel=1e-3)


@pytest.mark.parametrize("item", ["figure_1", "figure_4", "figure_5", "figure_8", "figure_13"])
def test_items_write_pictures_and_numbers(tiny, item):
    paths = papers.reproduce(f"symae/{item}", tiny / item, scale="quick")
    assert {path.suffix for path in paths} == {".png", ".csv", ".json", ".html"}
    assert all(path.stat().st_size for path in paths)
    content = json.loads((tiny / item / f"{item}.json").read_text())
    assert item == "figure_1" or "QUICK" in content["label"]


def test_redatuming_is_drawn_for_every_decoder_and_inference(tiny):
    paths = papers.reproduce("symae/figure_2", tiny / "figure_2", scale="quick")
    names = {path.name for path in paths if path.suffix == ".png"}
    assert names == {
        f"figure_2{decoder}{mode}.png"
        for decoder in ("", "_split", "_code")
        for mode in ("", "_calibrated", "_mean_over_noise")
    }
    rows = rows_of(tiny / "figure_2" / "figure_2.csv")
    assert len(rows) == 6 * 3 * 3 and {row["decoder"] for row in rows} == {"standard", "split", "code"}


def test_the_toy_model_continues_where_it_stopped(tmp_path, monkeypatch):
    whole = symae_runs.toy("gaussian", tmp_path / "a" / "figure_9", "quick")
    monkeypatch.setattr(symae_runs, "_TOY_INTERVAL", 7)
    parts = symae_runs.toy("gaussian", tmp_path / "b" / "figure_9", "quick")
    np.testing.assert_array_equal(whole["alpha"], parts["alpha"])
    assert [step for step, _ in parts["history"]] == [7, 14, 20]
    again = symae_runs.toy("gaussian", tmp_path / "b" / "figure_8", "quick")
    np.testing.assert_array_equal(again["beta"], parts["beta"])
    # alpha_0 runs along the second axis, beta_0 along the first
    assert np.corrcoef(whole["alpha"].ravel(), np.tile(whole["values"], 5))[0, 1] > 0.5


def test_verdicts_follow_from_the_rows():
    def row(good, **others):
        states = {f"state {i}": 0.05 if i in good else 0.5 for i in range(1, 7)}
        numbers = {"redatuming, own shifts": 0.02, "J / distance": 1.0, "high power": 0.05, "low power": 0.7}
        return [{**states, **numbers, **others}]

    everything = range(1, 7)
    rows = {
        1: row(everything),
        2: row(everything, **{"J / distance": 0.001}),
        3: row([1, 2, 3, 6]),
        4: row([]),
        5: row([]),
    }
    rows[2][0]["state 1"] = 0.01
    verdicts = list(symae_claims.judge(rows, {"range": 20.0, "shape": 0.95}))
    assert len(verdicts) == 8 and all(holds for *_, holds in verdicts)
    rows[4] = row([2])
    assert [claim for _, claim, _, holds in symae_claims.judge(rows, {}) if not holds] == [
        "Example 4 fails in every state"
    ]


@pytest.mark.slow
def test_the_claims_are_one_table(tiny):
    papers.reproduce("symae/claims", tiny / "claims", scale="quick")
    rows = rows_of(tiny / "claims" / "claims.csv")
    assert {row["example"] for row in rows if row["example"]} == {"1", "2", "3", "4", "5"}
    # by decoder: 3 of Example 1's claim and of Example 2's two, 1 of those of 3 and 4, 2 of Example 5's
    assert sum(bool(row["claim"]) for row in rows) == 3 * (3 + 2 * 3 + 1 + 1 + 2)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(2, 16))
def test_every_item_is_made_at_quick_scale(tmp_path_factory, number):
    import os

    if number in (3, 15) and not os.path.isdir(
        os.path.join(os.environ.get("DISENTANGLEMENT_LIB_DATA", ""), "mnist")
    ):
        pytest.skip("the MNIST files are not under $DISENTANGLEMENT_LIB_DATA")
    folder = tmp_path_factory.getbasetemp() / "symae_quick" / f"figure_{number}"
    paths = papers.reproduce(f"symae/figure_{number}", folder, scale="quick")
    assert {path.suffix for path in paths} == {".png", ".csv", ".json", ".html"}
