import csv
import dataclasses
import json

import numpy as np
import pytest

from tfdisent import papers
from tfdisent.errors import UserError
from tfdisent.papers import tcwae, tcwae_runs
from tfdisent.papers.tcwae_printed import BEST, GAMMAS, METHODS, PAIRS, Setting, printed_scores
from tfdisent.papers.tcwae_writing import Results, score_rows, score_table

TINY = """
from __gin__ import dynamic_registration
import keras
from tfdisent import data
from tfdisent import models
from tfdisent import networks
from tfdisent import training
training.train.data = @data.DSpritesDrawn()
training.train.optimizer = @keras.optimizers.Adam
training.train.steps = 4
training.train.batch_size = 8
training.train.log_every = 2
training.train.split = (0.8, 0.1, 0.1)
data.DSpritesDrawn.image_size = 8
data.DSpritesDrawn.num_orientations = 3
data.DSpritesDrawn.num_positions = 4
networks.dense_encoder.hidden_units = (8,)
networks.dense_decoder.hidden_units = (8,)
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Every model of the paper with tiny networks on tiny sprites; returns the folder of the results."""
    (tmp_path / "tiny.gin").write_text(TINY)

    def configure(setting, seed, scale):
        model, names, _ = METHODS[setting.method]
        networks = ("models.{}.encoder=@networks.dense_encoder", "models.{}.decoder=@networks.dense_decoder")
        return str(tmp_path / "tiny.gin"), (
            f"training.train.model=@models.{model}",
            *(line.format(model) for line in networks),
            *(f"models.{model}.{name}={float(w)}" for name, w in zip(names, setting.weights, strict=True)),
            f"models.{model}.reconstruction='{setting.cost}'",
            f"models.{model}.num_latents=3",
            f"training.train.seed={seed}",
        )

    monkeypatch.setattr(tcwae_runs, "configure", configure)
    return tmp_path


def settings_of(*methods):
    return [setting for setting in BEST if setting.data == "dsprites" and setting.method in methods]


def test_the_printed_numbers_are_the_tables_of_the_paper():
    mws = Setting("dsprites", "TCWAE-MWS", (50, 100))
    assert printed_scores(mws) == {
        "Rec": (4.16, 0.31), "MIG": (0.36, 0.04), "FactorVAE": (0.75, 0.02), "SAP": (0.091, 0.004)
    }  # fmt: skip
    assert printed_scores(Setting("dsprites", "TCWAE-MWS", (50, 50))) == {}
    assert sorted(GAMMAS.values()) == [1, 1, 1, 4, 5, 8, 25, 100]
    assert [len(tcwae._best(data, "paper")) for data in ("dsprites", "smallnorb")] == [5, 9]


@pytest.mark.parametrize("scale", ["paper", "reduced", "quick"])
def test_a_grid_is_the_printed_one_or_a_corner_and_holds_the_best_of_table_1(scale):
    for (data, cost), values in PAIRS.items():
        grid = tcwae._grid(data, cost, scale)
        best = {setting for setting in tcwae._best(data, scale) if setting.cost == cost}
        assert best & set(grid) == {s for s in best if s.method in ("TCWAE-MWS", "TCWAE-GAN")}
        assert len(grid) == 2 * len(values) ** 2 if scale == "paper" else len(grid) <= 8
    assert len(tcwae._grid("dsprites", "bernoulli", "reduced")) == 8  # two corners of 2 x 2


def test_a_setting_taken_in_place_of_a_printed_one_stands_beside_its_numbers():
    paper, taken = next(iter(tcwae_runs.SCALES["reduced"].instead.items()))
    assert paper in BEST and taken.weights != paper.weights
    assert taken in tcwae._best("dsprites", "reduced") and paper not in tcwae._best("dsprites", "reduced")
    (row,) = Results({taken: [{"MIG": 0.2}]}, 1, "reduced").rows(taken, {"MIG": [0.2]})
    assert (row["weights"], row["printed weights"]) == ("β = 10, γ = 5", "β = 50, γ = 100")
    assert row["printed mean"] == 0.36 and row["ours mean"] == 0.2


def test_the_penalty_of_the_code_stands_beside_the_printed_objective():
    rows = tcwae._rows_of_table_1("dsprites", "reduced")
    assert [s.method for s in rows if s.sigma_l1 == 1.0] == ["WAE-MMD", "TCWAE-MWS", "TCWAE-GAN"]
    assert [s for s in rows if not s.sigma_l1] == tcwae._best("dsprites", "reduced")
    assert tcwae._rows_of_table_1("dsprites", "paper") == tcwae._best("dsprites", "paper")
    penalised = rows[-1]
    plain = dataclasses.replace(penalised, sigma_l1=0.0)
    assert "models.TCWAEGAN.sigma_l1=1.0" in tcwae_runs.configure(penalised, 0, "reduced")[1]
    assert not any("sigma" in line for line in tcwae_runs.configure(plain, 0, "reduced")[1])
    folders = {tcwae_runs.run_folder("table_1a", s, 0, "reduced") for s in (plain, penalised)}
    assert len(folders) == 2
    results = Results({s: [{"MIG": 0.2}] for s in (plain, penalised)}, 1, "reduced")
    first, second = (results.rows(s, {"MIG": [0.2]})[0] for s in (plain, penalised))
    assert first["weights"] == "β = 100, γ = 5" and second["weights"] == "β = 100, γ = 5, σ penalty = 1"
    assert first["printed mean"] == second["printed mean"] == 0.34


def test_items_share_their_runs_and_scales_and_settings_do_not(tmp_path):
    setting, other = settings_of("TCWAE-MWS", "TCWAE-GAN")
    first = tcwae_runs.run_folder(tmp_path / "table_1a", setting, 0, "reduced")
    assert first == tcwae_runs.run_folder(tmp_path / "figure_1", setting, 0, "reduced")
    ablation = Setting("dsprites", "TCWAE-MWS", setting.weights, ablation=True)
    different = [
        tcwae_runs.run_folder(tmp_path / "table_1a", *arguments)
        for arguments in (
            (setting, 1, "reduced"), (setting, 0, "quick"), (other, 0, "reduced"), (ablation, 0, "reduced")
        )
    ]  # fmt: skip
    assert len({first, *different}) == 5


def test_the_best_model_has_the_best_mean_rank_of_the_four_scores():
    means = {
        "good": {"Rec": 3.0, "MIG": 0.5, "FactorVAE": 0.8, "SAP": 0.1},
        "blurred": {"Rec": 5.0, "MIG": 0.5, "FactorVAE": 0.9, "SAP": 0.1},
        "entangled": {"Rec": 2.0, "MIG": 0.1, "FactorVAE": 0.5, "SAP": 0.0},
    }
    # mean ranks from best, 0, to worst, 2: good (1 + .5 + 1 + .5) / 4, blurred (2 + .5 + 0 + .5) / 4, ...
    assert tcwae._best_rank(means) in ("good", "blurred")
    means["blurred"]["MIG"] = 0.4
    assert tcwae._best_rank(means) == "good"
    assert tcwae._best_rank({}) is None


def test_ours_and_the_printed_numbers_stand_side_by_side_and_every_output_says_the_scale(tmp_path):
    setting = Setting("dsprites", "TCWAE-MWS", (50, 100))
    other = Setting("dsprites", "TCWAE-MWS", (1, 1))
    found = {"steps": 7, "batch_size": 64, "dtype": "float32", "source": "drawn", "stand_in": True}
    scores = {"Rec": 4.0, "MIG": 0.3, "FactorVAE": 0.7, "SAP": 0.1}
    measured = {setting: [{**found, **scores}, {**found, **scores, "MIG": 0.5}], other: []}
    results = Results(measured, 2, "reduced")
    rows = score_rows(results)
    mig = next(row for row in rows if row["score"] == "MIG" and row["weights"] == "β = 50, γ = 100")
    assert (mig["ours mean"], mig["printed mean"], mig["restarts"], mig["steps"]) == (0.4, 0.36, 2, 7)
    assert mig["ours std"] == pytest.approx(0.1) and mig["source"] == "drawn" and mig["stand-in"]
    assert next(row for row in rows if row["weights"] == "β = 1, γ = 1")["ours mean"] is None
    headers, table = score_table(results)
    cells = dict(zip(headers, table[0], strict=True))
    assert cells["MIG, ours"] == "0.400 ± 0.100" and cells["MIG, printed"] == "0.360 ± 0.040"
    assert "REDUCED" in results.label() and "STAND-IN: drawn" in results.label()
    assert all("REDUCED" in row["scale"] for row in rows)


def test_a_run_is_trained_once_and_measured_once(tiny, monkeypatch):
    settings = settings_of("WAE-MMD")
    first = tcwae_runs.measure(settings, tiny / "table_1a", 2, "quick")
    wae = first[settings[0]]
    assert [found["seed"] for found in wae] == [0, 1] and wae[0]["Rec"] != wae[1]["Rec"]
    assert wae[0]["Rec"] == pytest.approx(np.log(wae[0]["terms"]["reconstruction"]))
    assert wae[0]["regulariser"] == wae[0]["terms"]["mmd"]
    assert wae[0]["marginal KL"] == pytest.approx(sum(wae[0]["latent_kl"]) + wae[0]["total correlation"])

    def train(*arguments, **settings):
        raise AssertionError("nothing is left to train")

    monkeypatch.setattr("tfdisent.config.train_configured", train)
    again = tcwae_runs.measure(settings, tiny / "figure_3", 2, "quick")
    assert again == first


def test_a_model_that_cannot_be_trained_is_left_out_and_all_of_them_are_an_error(tiny, caplog):
    good, bad = Setting("dsprites", "WAE-MMD", (200,)), Setting("dsprites", "WAE-MMD", (-1,))
    measured = tcwae_runs.measure([good, bad], tiny / "table_1a", 1, "quick")
    assert len(measured[good]) == 1 and measured[bad] == []
    assert "λ = -1" in caplog.text and "weight must be a number" in caplog.text
    with pytest.raises(UserError, match="weight must be a number"):
        tcwae_runs.measure([bad], tiny / "table_1a", 1, "quick")


def test_table_1a_from_training_to_pictures(tiny, monkeypatch):
    monkeypatch.setattr(tcwae, "_best", lambda data, scale: settings_of("WAE-MMD", "TCWAE-MWS"))
    paths = papers.reproduce("tcwae/table_1a", tiny / "table_1a", scale="quick")
    names = {path.name for path in paths}
    assert names == {
        "table_1a.csv", "table_1a.json", "table_1a.png", "table_1a_reconstructions.png", "table_1a_samples.png",
        "table_1a_traversals_wae_mmd.png", "table_1a_traversals_tcwae_mws.png", "report.html",
    }  # fmt: skip
    with open(tiny / "table_1a" / "table_1a.csv") as file:
        rows = {(row["method"], row["score"]): row for row in csv.DictReader(file)}
    assert len(rows) == 8 and float(rows["WAE-MMD", "Rec"]["printed mean"]) == 3.01
    assert rows["WAE-MMD", "MIG"]["steps"] == "4" and "drawn by tfdisent" in rows["WAE-MMD", "MIG"]["source"]
    assert len(json.loads((tiny / "table_1a" / "table_1a.json").read_text())["rows"][0]["ours"]) == 1
    page = (tiny / "table_1a" / "report.html").read_text()
    assert "QUICK" in page and "STAND-IN" in page and "4.16 ± 0.31" in page


@pytest.mark.slow
@pytest.mark.parametrize("item", [item for item in papers.list_items() if item.startswith("tcwae/")])
def test_every_item_is_made_at_quick_scale(tmp_path_factory, item):
    folder = tmp_path_factory.getbasetemp() / "tcwae_quick" / item.split("/")[1]
    paths = papers.reproduce(item, folder, scale="quick")
    endings = {path.suffix for path in paths}
    assert endings == {".png", ".csv", ".json", ".html"} and all(path.stat().st_size for path in paths)
