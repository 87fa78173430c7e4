import csv
import dataclasses
import functools
import json

import numpy as np
import pytest

from tfdisent import papers
from tfdisent.errors import UserError
from tfdisent.papers.item import Request
from tfdisent.papers.runs import open_run
from tfdisent.papers.symae import toy_figures
from tfdisent.papers.symae.claims import judge
from tfdisent.papers.symae.examples import DECODERS, SCALES, Example, keep_snapshots, open_at
from tfdisent.papers.symae.measures import diagnosis
from tfdisent.studies.executors import ThisProcess
from tfdisent.studies.planned import PlannedRun
from tfdisent.studies.run_state import RunState

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

SMALL = """
from __gin__ import dynamic_registration
import keras
from tfdisent import models
from tfdisent import networks
from tfdisent import training
training.train.model = @models.VAE
training.train.data = "digits"
training.train.optimizer = @keras.optimizers.Adam
training.train.steps = 3000
training.train.batch_size = 16
training.train.log_every = 2
training.train.checkpoint_every = 2
models.VAE.num_latents = 2
models.VAE.beta = 0.5
models.VAE.encoder = @networks.dense_encoder
models.VAE.decoder = @networks.dense_decoder
networks.dense_encoder.hidden_units = (8,)
networks.dense_decoder.hidden_units = (8,)
"""


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("symae")


@pytest.fixture
def tiny(shared_folder, monkeypatch):
    """Every example with tiny networks on short signals; returns the folder of the results, which the tests share."""
    plan, folder = Example.plan, shared_folder

    def plan_tiny(self, scale, measures=()):
        planned = plan(self, scale, measures)
        path = folder / f"example{self.number}{self.ending()}.gin"
        path.write_text(TINY.format(*planned.configs))
        return dataclasses.replace(planned, configs=(str(path),))

    monkeypatch.setattr(Example, "plan", plan_tiny)
    return folder


def reproduce(item, folder):
    return papers.reproduce(f"symae/{item}", folder, scale="quick", executor=ThisProcess())


def request(folder, scale="quick"):
    return Request(folder, SCALES[scale], executor=ThisProcess())


def make(example, folder):
    return open_run(request(folder), example.plan(SCALES["quick"]))


def rows_of(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def test_every_item_is_listed_and_needs_no_data_to_be_asked_for():
    items = [item for item in papers.list_items() if item.startswith("symae/")]
    assert items == ["symae/claims", *(f"symae/figure_{number}" for number in range(1, 16))]
    for item in items:
        papers.check_request(item, None, "quick")
    with pytest.raises(UserError, match="at the scales paper, long, quick"):
        papers.check_request("symae/figure_2", 1, "reduced")


@pytest.mark.parametrize("number", [3, 8, 9, 13, 15])
def test_an_item_in_which_the_long_scale_changes_nothing_refuses_it(number):
    with pytest.raises(UserError, match="is made at the scales paper, quick. Received: 'long'"):
        papers.check_request(f"symae/figure_{number}", None, "long")


def test_only_items_with_restarts_take_several_seeds():
    for item in ("claims", *(f"figure_{number}" for number in range(1, 16))):
        if item in ("claims", "figure_2", "figure_6", "figure_10", "figure_12", "figure_14"):
            papers.check_request(f"symae/{item}", 3, "long")
        else:
            with pytest.raises(
                UserError, match="(has no restarts|trains nothing); leave out --seeds. Received: 3"
            ):
                papers.check_request(f"symae/{item}", 3, "paper")


def test_the_shipped_configurations_are_the_printed_settings():
    from tfdisent import config, models

    printed = {1: (18, 30, 0), 2: (6, 97, 60), 4: (18, 30, 0)}
    for number, decoder in ((n, d) for n in printed for d in DECODERS.get(n, [""])):
        datapoints, instances, weight = printed[number]
        planned = Example(number, decoder).plan(SCALES["paper"])
        config.parse(planned.configs, planned.all_bindings())
        assert config.configured_value("training.train.steps") == (4000 if number == 4 else 3000)
        data, split = config.configured_data()
        assert data.observation_shape == (instances, 100) and data.size == datapoints and split is None
        model = config.configured(models.SymAE)(data.observation_shape)
        assert (model.coherent_dim, model.nuisance_dim, model.energy_weight) == (5, 10, weight)
        assert model.split_inputs == bool(decoder)
        assert (model.decoder.get_layer("dense_1").units == 2000) == (decoder == "code")


def test_items_share_their_runs(tiny, monkeypatch):
    first = make(Example(1), tiny / "figure_2")
    opened = open_at(first.folder)
    assert opened.step == 4
    monkeypatch.setattr("tfdisent.config.train_configured", None)  # nothing is left to train
    again = make(Example(1), tiny / "figure_4")
    assert again.folder == first.folder
    for weight, same in zip(opened.model.weights, open_at(again.folder).model.weights, strict=True):
        np.testing.assert_array_equal(weight, same)
    label = Example(1).label(opened, SCALES["quick"])
    assert "QUICK" in label and "4 steps of the whole set" in label
    with pytest.raises(UserError, match="no weights of step 3"):
        open_at(first.folder, step=3)


def test_the_long_run_continues_the_papers_and_no_other():
    def folder(scale, *example):
        return RunState("runs", Example(*example).plan(SCALES[scale])).run

    assert folder("paper", 1) == folder("long", 1)
    assert len({folder("paper", 1), folder("quick", 1), folder("paper", 1, "split"), folder("paper", 2)}) == 4
    assert folder("paper", 6) == folder("long", 6) != folder("quick", 6)


def size_of_weights(trained, step):
    """{"size": of the weights at a step}."""
    weights = open_at(trained.run.path, step).model.trainable_weights
    return {"size": float(sum(np.abs(weight.numpy()).sum() for weight in weights))}


def size_of_pixels(trained):
    return {"size of pixels": int(np.prod(trained.model.observation_shape))}


def test_a_run_that_went_on_is_measured_at_its_earlier_end_too(tmp_path, monkeypatch):
    monkeypatch.setattr("tfdisent.papers.symae.examples.SNAPSHOTS", (2,))
    (tmp_path / "small.gin").write_text(SMALL)

    def made(steps, *measures):
        lines = (f"training.train.steps={steps}",)
        config, callbacks = (str(tmp_path / "small.gin"),), (keep_snapshots,)
        planned = PlannedRun(config, lines, measures=measures, callbacks=callbacks, grows=True)
        return open_run(request(tmp_path / "item"), planned)

    first = made(2, functools.partial(size_of_weights, step=2))
    grown = made(6, functools.partial(size_of_weights, step=6))
    again = made(2, functools.partial(size_of_weights, step=2), size_of_pixels)  # not measured before
    assert first.folder == grown.folder == again.folder and open_at(again.folder).step == 6
    assert again.measures == {**first.measures, "size of pixels": 64}
    assert grown.measures["size"] != first.measures["size"]


def test_the_diagnosis_leaves_the_model_as_it_was_and_parts_at_the_noise(tiny):
    opened = open_at(make(Example(2), tiny / "claims").folder)
    before = [weight.numpy() for weight in opened.model.weights]
    errors = diagnosis(opened)
    for weight, value in zip(opened.model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)
    # Without noise in training the two agree, and calibration is the batch's statistics.
    assert errors["training"] == pytest.approx(errors["no noise"], rel=1e-6)
    assert errors["inference, calibrated"] == pytest.approx(errors["no noise"], rel=1e-3)


@pytest.mark.parametrize("item", ["figure_1", "figure_4", "figure_5", "figure_8", "figure_13"])
def test_items_write_pictures_and_numbers(tiny, item):
    paths = reproduce(item, tiny / item)
    assert {path.suffix for path in paths} == {".png", ".csv", ".json", ".html"}
    assert all(path.stat().st_size for path in paths)
    content = json.loads((tiny / item / f"{item}.json").read_text())
    assert item == "figure_1" or "QUICK" in content["label"]


def test_redatuming_is_drawn_for_every_decoder_and_inference(tiny):
    paths = reproduce("figure_2", tiny / "figure_2")
    names = {path.name for path in paths if path.suffix == ".png"}
    assert names == {
        f"figure_2{decoder}{mode}.png"
        for decoder in ("", "_split", "_code")
        for mode in ("", "_calibrated", "_mean_over_noise")
    }
    rows = rows_of(tiny / "figure_2" / "figure_2.csv")
    assert len(rows) == 6 * 3 * 3 and {row["decoder"] for row in rows} == {"standard", "split", "code"}


def test_the_toy_model_continues_where_it_stopped(tmp_path, monkeypatch):
    whole = toy_figures.train_grid("gaussian", request(tmp_path / "a" / "figure_9"))
    monkeypatch.setattr(toy_figures, "_INTERVAL", 7)
    scale = dataclasses.replace(SCALES["quick"], toy_steps=7)
    monkeypatch.setitem(SCALES, "shorter", scale)
    toy_figures.train_grid("gaussian", request(tmp_path / "b" / "figure_9", "shorter"))
    parts = toy_figures.train_grid("gaussian", request(tmp_path / "b" / "figure_9"))
    np.testing.assert_array_equal(whole["alpha"], parts["alpha"])
    assert [step for step, _ in parts["history"]] == [7, 14, 20]
    monkeypatch.setattr("tfdisent.papers.symae.concatenation_toy.train_toy", None)  # nothing is left to train
    again = toy_figures.train_grid("gaussian", request(tmp_path / "b" / "figure_8"))
    np.testing.assert_array_equal(again["beta"], parts["beta"])
    np.testing.assert_array_equal(again["loss"], parts["loss"])
    # alpha_0 runs along the second axis, beta_0 along the first
    assert np.corrcoef(whole["alpha"].ravel(), np.tile(whole["values"], 5))[0, 1] > 0.5


@pytest.mark.parametrize("damage", [b"\xff" * 100, b"half", b""], ids=["binary", "half", "empty"])
def test_a_damaged_toy_model_is_trained_again(tmp_path, damage):
    output = request(tmp_path / "figure_9")
    whole = toy_figures.train_grid("gaussian", output)
    (path,) = (tmp_path / "trained" / "toy").iterdir()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage == b"half" else damage)
    again = toy_figures.train_grid("gaussian", output)
    np.testing.assert_array_equal(again["alpha"], whole["alpha"])
    assert path.read_bytes() == content


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
    verdicts = list(judge(rows, {"range": 20.0, "shape": 0.95}))
    assert len(verdicts) == 8 and all(holds for *_, holds in verdicts)
    rows[4] = row([2])
    assert [claim for _, claim, _, holds in judge(rows, {}) if not holds] == [
        "Example 4 fails in every state"
    ]


@pytest.mark.slow
def test_the_claims_are_one_table(tiny):
    reproduce("claims", tiny / "claims")
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
    paths = reproduce(f"figure_{number}", folder)
    assert {path.suffix for path in paths} == {".png", ".csv", ".json", ".html"}
