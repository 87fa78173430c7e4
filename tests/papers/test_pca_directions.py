import csv
import json

import numpy as np
import pytest

from tfdisent import papers
from tfdisent.errors import UserError
from tfdisent.papers import (
    pca_directions,
    pca_directions_figures,
    pca_directions_printed,
    pca_directions_runs,
)
from tfdisent.papers.pca_directions_runs import (
    Setting,
    principal_components_ds,
    random_decoder_dto,
    run_folder,
    scale_label,
)
from tfdisent.papers.pca_directions_writing import score_row, score_table
from tfdisent.papers.tables import write_item


def test_every_item_has_a_description_and_a_function():
    items = {item.split("/")[1] for item in papers.list_items() if item.startswith("pca_directions/")}
    tables = {"table_3_1", "table_3_2", "table_3_4"}
    tables |= {f"table_3_3_{row}" for row in pca_directions_printed.TABLE_3_3}
    figures = {"figure_1_1", "figures_2_1_to_2_3", "figure_2_4", "figures_3_1_to_3_3"}
    figures |= {f"figure_3_{number}" for number in (4, 5, 6)}
    figures |= {f"figure_3_7_{row}" for row in ("synth_linear", "synth_nonlinear", "dsprites")}
    assert items == tables | figures | {"section_3_2_4"}
    assert not any(
        "not built" in text
        for item, text in papers.list_items().items()
        if item.startswith("pca_directions/")
    )


@pytest.mark.parametrize("seeds", [0, -1, 2.5])
def test_seeds_that_are_none_are_refused(tmp_path, seeds):
    with pytest.raises(UserError, match="seeds must be a whole number"):
        papers.reproduce("pca_directions/table_3_3_synth_linear", tmp_path, seeds=seeds)


def test_what_is_quick_to_train_has_no_reduced_scale_and_dsprites_has():
    papers.check_request("pca_directions/table_3_3_dsprites", None, "reduced")
    with pytest.raises(UserError, match="at the scales paper, quick"):
        papers.check_request("pca_directions/table_3_4", None, "reduced")
    assert "REDUCED: 5,000 steps for 50 epochs" in scale_label("dsprites", "reduced")
    assert scale_label("mnist", "reduced") == "the thesis' 400 epochs"
    assert "QUICK" in scale_label("mnist", "quick")


@pytest.mark.parametrize("scale", ["paper", "reduced"])
@pytest.mark.parametrize("row", ["synth_linear", "synth_nonlinear", "mnist", "fashion_mnist", "dsprites"])
def test_the_thesis_scale_is_that_of_the_configurations(row, scale):
    from tfdisent import config

    bindings = pca_directions_runs._bindings(row, scale)
    config.parse([Setting(row).config], bindings)
    epochs = config.configured_value("training.train.epochs")
    if row == "dsprites" and scale == "reduced":
        assert epochs is None and config.configured_value("training.train.steps") == 5_000
    else:
        assert epochs == pca_directions_printed.SETTINGS[row][5]


def test_items_share_their_runs_and_scales_do_not(tmp_path):
    first, second = (run_folder(tmp_path / item, Setting("synth_linear"), "paper") for item in ("a", "b"))
    assert first == second == run_folder(tmp_path / "c", Setting("synth_linear"), "reduced")
    assert first != run_folder(tmp_path / "a", Setting("synth_linear"), "quick")
    sprites = Setting("dsprites", "vae")
    assert run_folder(tmp_path / "a", sprites, "paper") != run_folder(tmp_path / "a", sprites, "reduced")
    assert sprites.config == "pca_directions/dsprites_vae.gin"


def test_principal_components_find_the_factors_of_some_random_networks_and_mix_those_of_others():
    aligned, mixed = principal_components_ds(19, 2_000), principal_components_ds(17, 2_000)
    assert aligned > 0.9 and mixed < 0.2


def test_the_settings_built_are_those_printed_in_table_3_1(tmp_path):
    paths = papers.reproduce("pca_directions/table_3_1", tmp_path)
    rows = json.loads(paths[1].read_text())["rows"]
    assert len(rows) == 6 * 7
    for row in rows:
        printed = row["printed"]
        if row["setting"] == "optimizer":
            assert row["ours"].lower() == printed.lower()
        elif isinstance(printed, float):
            assert row["ours"] == pytest.approx(printed, rel=1e-6)
        elif row["data"] == "CelebA" and row["setting"] == "decoder":
            assert row["ours"].endswith("[64, 4, 2] - [32, 4, 2] - [32, 4, 2] - [3, 4, 2] (relu)")
        else:
            assert row["ours"] == printed


def test_random_decoders_have_the_mean_distance_of_their_law():
    # A Glorot-uniform 3 x 2 decoder, drawn here by itself.
    limit = np.sqrt(6 / 5)
    drawn = np.random.RandomState(0).uniform(-limit, limit, (20_000, 3, 2))
    V = np.linalg.svd(drawn, full_matrices=False)[2]
    near = np.maximum(np.abs(V[:, 0, 0]) + np.abs(V[:, 1, 1]), np.abs(V[:, 0, 1]) + np.abs(V[:, 1, 0]))
    expected = np.sqrt(4 - 2 * near)  # ||V - P||^2 = 2 + 2 - 2 <V, P>
    ours = [random_decoder_dto("synth_linear", (3,), seed, num_codes=1) for seed in range(60)]
    assert np.mean(ours) == pytest.approx(expected.mean(), abs=4 * expected.std() / np.sqrt(60))


def test_a_table_has_ours_and_the_printed_numbers_each_in_its_column(tmp_path):
    printed = pca_directions_printed.TABLE_3_3["synth_linear"]
    rows = [
        score_row("Synth. Lin.", name, "DtO", [0.02, 0.04], values["DtO"]) for name, values in printed.items()
    ]
    rows.append(score_row("Synth. Lin.", "autoencoder", "DS bounded", [0.9, 0.7]))
    facts = {"data": "points", "scale": "the thesis'"}
    paths = write_item(tmp_path, "Table 3.3: numbers", facts, rows, {}, score_table(rows), ["A note."])
    assert [path.name for path in paths] == ["table_3.3.csv", "table_3.3.json", "report.html"]
    with open(paths[0]) as file:
        found = {(row["model"], row["score"]): row for row in csv.DictReader(file)}
    dto = found["beta-VAE", "DtO"]
    assert float(dto["ours mean"]) == pytest.approx(0.03) and float(dto["ours std"]) == pytest.approx(0.01)
    assert float(dto["printed mean"]) == 0.0 and float(dto["ours worst"]) == 0.04
    assert float(found["random decoder", "DtO"]["printed mean"]) == 0.79
    bounded = found["autoencoder", "DS bounded"]
    assert bounded["printed mean"] == "" and float(bounded["ours worst"]) == 0.7
    assert json.loads(paths[1].read_text())["facts"] == facts
    page = paths[2].read_text()
    assert "0.030\u00a0±\u00a00.010" in page and "0.79\u00a0±\u00a00.21" in page and "A note." in page


def test_the_correlation_has_the_sign_and_the_interval_of_fishers_z():
    x = np.arange(20.0)
    y = -x + 5 * np.random.RandomState(0).standard_normal(20)
    found = pca_directions_figures.correlation(x, y)
    z = np.arctanh(np.corrcoef(x, y)[0, 1]) + np.array([-1.959964, 1.959964]) / np.sqrt(17)
    assert [found["low"], found["high"]] == pytest.approx(np.tanh(z), abs=1e-5)
    assert "negative, 20 runs" in pca_directions_figures._told(found)
    few = pca_directions_figures.correlation([1, 2, 3], [1, 2, 3])
    assert np.isnan(few["r"]) and "too few runs (3)" in pca_directions_figures._told(few)
    flat = pca_directions_figures._told(pca_directions_figures.correlation(x, np.tile([0, 1], 10)))
    assert "of no certain sign" in flat


def test_a_data_set_that_is_missing_is_named_and_the_others_are_measured(tmp_path, monkeypatch):
    def source(row, scale):
        if row != "synth_linear":
            raise UserError(f"{row} was not found.")
        return "points"

    regime = [{"step": 500 * i, "delta_kl": 0.5 / i**2, "num_active": 2} for i in range(1, 11)]

    def measure(settings, output, seeds, scale):
        assert {setting.row for setting in settings} == {"synth_linear"}
        number = {"regime": 60.0, "since": 2000, "active": 2, "steps": 5000, "batch_size": 16}
        return {setting: [{**number, "source": "points", "run": tmp_path}] * 2 for setting in settings}

    monkeypatch.setattr(pca_directions, "data_source", source)
    monkeypatch.setattr(pca_directions, "measure", measure)
    monkeypatch.setattr(pca_directions, "_regime_history", lambda folder: regime)
    paths = papers.reproduce("pca_directions/table_3_2", tmp_path)
    rows = json.loads(paths[1].read_text())["rows"]
    assert [row["ours mean"] for row in rows] == [60.0, 60.0]
    assert [row["printed mean"] for row in rows] == [99.8, 96.7]
    assert "Not measured: dSprites. dsprites was not found." in paths[-1].read_text()
    assert paths[2].suffix == ".png"


def test_the_order_of_the_models_is_said_and_compared_with_the_printed_one():
    def rows(**means):
        return [score_row("MNIST", name.replace("_", " "), "DtO", [mean]) for name, mean in means.items()]

    assert pca_directions._order(rows(VAE=1.5, autoencoder=1.8, random_decoder=1.9)).endswith(
        "VAE, autoencoder, random decoder (the printed order)."
    )
    other = pca_directions._order(rows(VAE=1.9, autoencoder=1.8))
    assert other == "By DtO, best first: autoencoder, VAE (printed: VAE, autoencoder)."


def test_the_parts_of_training_of_figure_3_4_are_those_of_its_epochs():
    steps = [pca_directions_figures._epochs(epochs, "reduced") for epochs in (10, 30, 50)]
    assert [s.change for s in steps] == [("training.train.steps=1000",), ("training.train.steps=3000",), ()]
    assert pca_directions_figures._epochs(30, "paper").change == ("training.train.epochs=30",)
    lengths = [pca_directions_figures._length(30, scale) for scale in ("paper", "reduced")]
    assert lengths == ["30 epochs", "3,000 steps"]


def test_figure_3_7_has_a_panel_a_score_with_the_printed_beta_dashed():
    betas = pca_directions_figures._BETAS["dsprites"]
    rows = [
        score_row("dSprites", f"beta {beta:g}", name, [beta, 2 * beta], beta=beta)
        for beta in betas
        for name in ("DS", "DtO", "active")
    ]
    figure = pca_directions_figures._over_beta(rows, "dsprites")
    assert len(figure.axes) == 3
    for panel in figure.axes:
        curve, dashed = panel.lines
        np.testing.assert_allclose(curve.get_xydata(), [[beta, 1.5 * beta] for beta in betas])
        assert dashed.get_xdata()[0] == 4.0


def test_the_hands_on_example_stands_beside_the_printed_numbers(tmp_path):
    paths = papers.reproduce("pca_directions/section_3_2_4", tmp_path)
    first, second = json.loads(paths[1].read_text())["rows"]
    assert first["least cost, times exp(C/2)"] == pytest.approx(first["printed, times exp(C)"], abs=0.01)
    assert second["least cost, times exp(C/2)"] == pytest.approx(second["printed, times exp(C)"], abs=0.01)
    assert "23.15 exp(-C/2)" in paths[-1].read_text()


@pytest.mark.parametrize("item", ["figure_2_4", "figures_3_1_to_3_3"])
def test_illustrations_are_written(tmp_path, item):
    paths = papers.reproduce(f"pca_directions/{item}", tmp_path)
    assert all(path.exists() for path in paths) and any(path.suffix == ".png" for path in paths)


@pytest.mark.slow
@pytest.mark.parametrize(
    "item",
    [
        "table_3_3_synth_linear",
        "table_3_3_dsprites",
        "table_3_4",
        "figures_2_1_to_2_3",
        "figure_3_5",
        "figure_3_6",
        "figure_1_1",
    ],
)
def test_quick_scale_runs_and_says_so(tmp_path, item):
    pca_directions_runs.data_source.cache_clear()
    paths = papers.reproduce(f"pca_directions/{item}", tmp_path / item, seeds=1, scale="quick")
    assert "QUICK" in paths[-1].read_text()
    again = papers.reproduce(f"pca_directions/{item}", tmp_path / item, seeds=1, scale="quick")
    assert again == paths
