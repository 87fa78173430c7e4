import csv
import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from tfdisent import papers
from tfdisent.errors import UserError
from tfdisent.papers.item import Request
from tfdisent.papers.runs import MadeRun, planned_runs
from tfdisent.papers.tcwae import plans
from tfdisent.papers.tcwae.items import best_rank
from tfdisent.papers.tcwae.measures import losses
from tfdisent.papers.tcwae.plans import SCALES, planned_run
from tfdisent.papers.tcwae.printed import BEST, GAMMAS, PAIRS, SCORES, printed_scores
from tfdisent.papers.tcwae.results import Results, make_results, rows_of, score_table
from tfdisent.papers.tcwae.settings import METHODS, TCWAES, Setting
from tfdisent.studies.executors import ThisProcess

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

    def configuration(setting, scale):
        model, names, _ = METHODS[setting.method]
        networks = ("models.{}.encoder=@networks.dense_encoder", "models.{}.decoder=@networks.dense_decoder")
        return str(tmp_path / "tiny.gin"), (
            f"training.train.model=@models.{model}",
            *(line.format(model) for line in networks),
            *(f"models.{model}.{name}={float(w)}" for name, w in zip(names, setting.weights, strict=True)),
            f"models.{model}.reconstruction='{setting.cost}'",
            f"models.{model}.num_latents=3",
        )

    monkeypatch.setattr(plans, "configuration", configuration)
    return tmp_path


def quick(output, seeds=None):
    return Request(output, SCALES["quick"], seeds, ThisProcess())


def made(data="dsprites_drawn", **measures):
    """A run that is done, with these measures."""
    asked = {"steps": 7, "batch_size": 64, "dtype": "float32"}
    return MadeRun(None, None, {"measures": measures, "asked": asked, "data": data, "source": "drawn"})


def settings_of(*methods):
    return [setting for setting in BEST if setting.data == "dsprites" and setting.method in methods]


def test_the_printed_numbers_are_the_tables_of_the_paper():
    mws = Setting("dsprites", "TCWAE-MWS", (50, 100))
    assert printed_scores(mws) == {
        "Rec": (4.16, 0.31), "MIG": (0.36, 0.04), "FactorVAE": (0.75, 0.02), "SAP": (0.091, 0.004)
    }  # fmt: skip
    assert printed_scores(Setting("dsprites", "TCWAE-MWS", (50, 50))) == {}
    assert sorted(GAMMAS.values()) == [1, 1, 1, 4, 5, 8, 25, 100]
    assert [len(plans.best(data, SCALES["paper"])) for data in ("dsprites", "smallnorb")] == [5, 9]


@pytest.mark.parametrize("scale", SCALES.values(), ids=lambda scale: scale.name)
def test_a_grid_is_the_printed_one_or_a_corner_and_holds_the_best_of_table_1(scale):
    for (data, cost), values in PAIRS.items():
        grid = plans.grid(data, cost, scale)
        best = {setting for setting in plans.best(data, scale) if setting.cost == cost}
        assert best & set(grid) == {setting for setting in best if setting.method in TCWAES}
        assert len(grid) == 2 * len(values) ** 2 if scale.name == "paper" else len(grid) <= 8
    assert len(plans.grid("dsprites", "bernoulli", SCALES["reduced"])) == 8  # two corners of 2 x 2


def test_a_setting_taken_in_place_of_a_printed_one_stands_beside_its_numbers():
    scale = SCALES["reduced"]
    paper, taken = next(iter(scale.instead.items()))
    assert paper in BEST and taken.weights != paper.weights
    assert taken in plans.best("dsprites", scale) and paper not in plans.best("dsprites", scale)
    (row,) = Results({taken: [made(MIG=0.2)]}, scale, 1).rows(taken, {"MIG": [0.2]})
    assert (row["weights"], row["printed weights"]) == ("β = 10, γ = 5", "β = 50, γ = 100")
    assert row["printed mean"] == 0.36 and row["ours mean"] == 0.2


def test_the_penalty_of_the_code_stands_beside_the_printed_objective():
    reduced, paper = SCALES["reduced"], SCALES["paper"]
    rows = plans.rows_of_table_1("dsprites", reduced)
    assert [s.method for s in rows if s.sigma_l1 == 1.0] == ["WAE-MMD", "TCWAE-MWS", "TCWAE-GAN"]
    assert [s for s in rows if not s.sigma_l1] == plans.best("dsprites", reduced)
    assert plans.rows_of_table_1("dsprites", paper) == plans.best("dsprites", paper)
    penalised = rows[-1]
    plain = dataclasses.replace(penalised, sigma_l1=0.0)
    assert "models.TCWAEGAN.sigma_l1=1.0" in planned_run(penalised, reduced).bindings
    assert not any("sigma" in line for line in planned_run(plain, reduced).bindings)
    assert planned_run(plain, reduced).name != planned_run(penalised, reduced).name
    results = Results({s: [made(MIG=0.2)] for s in (plain, penalised)}, reduced, 1)
    first, second = (results.rows(s, {"MIG": [0.2]})[0] for s in (plain, penalised))
    assert first["weights"] == "β = 100, γ = 5" and second["weights"] == "β = 100, γ = 5, σ penalty = 1"
    assert first["printed mean"] == second["printed mean"] == 0.34


def test_items_share_their_runs_and_scales_and_settings_do_not():
    table, grid = (set(planned_runs(f"tcwae/{name}", "reduced")) for name in ("table_1a", "figure_1"))
    shared = {run.title.partition(" (")[0] for run in table & grid}
    assert shared == set(TCWAES)  # the models of Table 1 are on the grid too
    setting, other = settings_of("TCWAE-MWS", "TCWAE-GAN")
    reduced, quick = SCALES["reduced"], SCALES["quick"]
    ablation = Setting("dsprites", "TCWAE-MWS", setting.weights, ablation=True)
    runs = [
        planned_run(setting, SCALES["paper"]), planned_run(ablation, SCALES["paper"]), planned_run(setting, reduced),
        planned_run(setting, reduced, seed=1), planned_run(other, reduced), planned_run(setting, quick),
    ]  # fmt: skip
    assert len({run.name for run in runs}) == len(runs)


def test_every_run_of_an_item_is_planned_before_the_first_is_made():
    runs = planned_runs("tcwae/figure_6", "quick", seeds=3)
    assert len(runs) == 3 * 3 * 2  # seeds, methods, weights
    assert len({run.name for run in runs}) == len(runs) and {run.seed for run in runs} == {0, 1, 2}
    assert planned_runs("tcwae/table_4", "quick") == []  # it trains nothing


@pytest.mark.parametrize(
    ("terms", "regulariser"),
    [
        ({"mmd": 0.25}, 0.25),
        ({"total_correlation": 2.0, "dimension_wise_kl": 1.5, "mutual_information": 9.0}, 3.5),
        ({"total_correlation": 2.0, "kl": 5.0}, 7.0),
    ],
)
def test_the_regulariser_is_what_the_model_estimates_in_training(terms, regulariser):
    trained = SimpleNamespace(results={"reconstruction": np.e**3, **terms})
    assert losses(trained) == {"Rec": pytest.approx(3.0), "regulariser": regulariser}


def test_a_comparison_of_settings_is_the_same_at_every_scale(tmp_path, caplog):
    caplog.set_level("INFO")
    papers.reproduce("tcwae/table_2", tmp_path / "table_2")
    first = {path.name: path.read_bytes() for path in (tmp_path / "table_2").iterdir()}
    assert "trains nothing" not in caplog.text
    for scale in ("reduced", "quick"):
        papers.reproduce("tcwae/table_2", tmp_path / "table_2", scale=scale)
        assert {path.name: path.read_bytes() for path in (tmp_path / "table_2").iterdir()} == first
    assert "tcwae/table_2 trains nothing: it is the same at every scale" in caplog.text
    with pytest.raises(UserError, match="trains nothing; leave out --seeds. Received: 1"):
        papers.check_request("tcwae/table_2", 1, "paper")


def test_the_best_model_has_the_best_mean_rank_of_the_four_scores():
    means = {
        "good": {"Rec": 3.0, "MIG": 0.5, "FactorVAE": 0.8, "SAP": 0.1},
        "blurred": {"Rec": 5.0, "MIG": 0.5, "FactorVAE": 0.9, "SAP": 0.1},
        "entangled": {"Rec": 2.0, "MIG": 0.1, "FactorVAE": 0.5, "SAP": 0.0},
    }
    # mean ranks from best, 0, to worst, 2: good (1 + .5 + 1 + .5) / 4, blurred (2 + .5 + 0 + .5) / 4, ...
    assert best_rank(means) in ("good", "blurred")
    means["blurred"]["MIG"] = 0.4
    assert best_rank(means) == "good"
    assert best_rank({}) is None


def test_ours_and_the_printed_numbers_stand_side_by_side_and_every_output_says_the_scale():
    setting = Setting("dsprites", "TCWAE-MWS", (50, 100))
    other = Setting("dsprites", "TCWAE-MWS", (1, 1))
    scores = {"Rec": 4.0, "MIG": 0.3, "FactorVAE": 0.7, "SAP": 0.1}
    runs = {setting: [made(**scores), made(**{**scores, "MIG": 0.5})], other: []}
    results = Results(runs, SCALES["reduced"], 2)
    rows = rows_of(results, SCORES)
    mig = next(row for row in rows if row["score"] == "MIG" and row["weights"] == "β = 50, γ = 100")
    assert (mig["ours mean"], mig["printed mean"], mig["restarts"], mig["steps"]) == (0.4, 0.36, 2, 7)
    assert mig["ours std"] == pytest.approx(0.1) and mig["source"] == "drawn" and mig["stand-in"]
    assert next(row for row in rows if row["weights"] == "β = 1, γ = 1")["ours mean"] is None
    headers, table = score_table(results)
    cells = dict(zip(headers, table[0], strict=True))
    printed = {header: str(cell).replace("\N{NO-BREAK SPACE}", " ") for header, cell in cells.items()}
    assert printed["MIG, ours"] == "0.400 ± 0.100" and printed["MIG, printed"] == "0.360 ± 0.040"
    assert printed["Rec, printed"] == "4.16 ± 0.31"
    assert "REDUCED" in results.label() and "STAND-IN: drawn" in results.label()
    assert all("REDUCED" in row["scale"] for row in rows)


def test_a_run_is_trained_once_and_measured_once(tiny, monkeypatch):
    (setting,) = settings_of("WAE-MMD")
    first = make_results(quick(tiny / "table_1a", 2), [setting])
    runs = first.runs[setting]
    assert [run.planned.seed for run in runs] == [0, 1]
    for run in runs:
        assert run.measures["Rec"] == pytest.approx(np.log(run.results["terms"]["reconstruction"]))
        assert run.measures["regulariser"] == run.results["terms"]["mmd"]
        latents = sum(run.measures["latent_kl"])
        assert run.measures["dimension-wise KL"] == pytest.approx(latents)
        assert run.measures["marginal KL"] == pytest.approx(latents + run.measures["total correlation"])
    assert runs[0].measures["Rec"] != runs[1].measures["Rec"]

    def train(*arguments, **settings):
        raise AssertionError("nothing is left to train")

    monkeypatch.setattr("tfdisent.config.train_configured", train)
    assert make_results(quick(tiny / "figure_3", 2), [setting]) == first


def test_a_model_that_cannot_be_trained_is_left_out_and_all_of_them_are_an_error(tiny, caplog):
    good, bad = Setting("dsprites", "WAE-MMD", (200,)), Setting("dsprites", "WAE-MMD", (-1,))
    results = make_results(quick(tiny / "table_1a"), [good, bad])
    assert len(results.runs[good]) == 1 and results.runs[bad] == []
    assert "λ = -1" in caplog.text and "weight must be a number" in caplog.text
    with pytest.raises(UserError, match="weight must be a number"):
        make_results(quick(tiny / "table_1a"), [bad])


def test_table_1a_from_training_to_pictures(tiny, monkeypatch):
    monkeypatch.setattr(plans, "best", lambda data, scale: settings_of("WAE-MMD", "TCWAE-MWS"))
    paths = papers.reproduce("tcwae/table_1a", tiny / "table_1a", scale="quick", executor=ThisProcess())
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
    assert "QUICK" in page and "STAND-IN" in page and "4.16\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0.31" in page


@pytest.mark.slow
@pytest.mark.parametrize("item", [item for item in papers.list_items() if item.startswith("tcwae/")])
def test_every_item_is_made_at_quick_scale(tmp_path_factory, item):
    folder = tmp_path_factory.getbasetemp() / "tcwae_quick" / item.split("/")[1]
    paths = papers.reproduce(item, folder, scale="quick")
    endings = {path.suffix for path in paths}
    assert endings == {".png", ".csv", ".json", ".html"} and all(path.stat().st_size for path in paths)
