import csv
import json

import numpy as np
import pytest
import tensorflow as tf

from tfdisent import papers
from tfdisent.errors import UserError
from tfdisent.evaluation.scoring import TrainedModel
from tfdisent.papers.pca_directions import figures, items, pictures, plans, printed
from tfdisent.papers.pca_directions.measures import (
    correlation,
    principal_components_ds,
    random_decoder_dto,
    sheet_axes,
)
from tfdisent.papers.pca_directions.plans import Setting, plan, scale_label
from tfdisent.papers.pca_directions.printed import score_row, score_table
from tfdisent.papers.runs import MadeRun
from tfdisent.papers.tables import write_item
from tfdisent.studies.executors import ThisProcess
from tfdisent.training import RunDirectory


@pytest.fixture
def all_data(monkeypatch):
    """As where the files of every data set are there."""
    monkeypatch.setattr(plans, "data_name", lambda original, drawn, required: original)
    plans._bindings.cache_clear()
    yield
    plans._bindings.cache_clear()


def test_every_item_has_a_description_and_a_function():
    found = {item.split("/")[1] for item in papers.list_items() if item.startswith("pca_directions/")}
    tables = {"table_3_1", "table_3_2", "table_3_4"}
    tables |= {f"table_3_3_{row}" for row in printed.TABLE_3_3}
    drawn = {"figure_1_1", "figures_2_1_to_2_3", "figure_2_4", "figures_3_1_to_3_3"}
    drawn |= {f"figure_3_{number}" for number in (4, 5, 6)}
    drawn |= {f"figure_3_7_{row}" for row in ("synth_linear", "synth_nonlinear", "dsprites")}
    assert found == tables | drawn | {"section_3_2_4"}


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
def test_the_thesis_scale_is_that_of_the_configurations(row, scale, all_data):
    from tfdisent import config

    (planned,) = plan(Setting(row), scale, 1)
    config.parse(planned.configs, planned.bindings)
    epochs = config.configured_value("training.train.epochs")
    if row == "dsprites" and scale == "reduced":
        assert epochs is None and config.configured_value("training.train.steps") == 5_000
    else:
        assert epochs == printed.SETTINGS[row][5]


def names(setting, scale):
    return [planned.name for planned in plan(setting, scale, 2)]


def test_items_share_their_runs_and_scales_do_not(all_data):
    linear, sprites = Setting("synth_linear"), Setting("dsprites")
    assert len(set(names(linear, "paper"))) == 2
    assert names(linear, "paper") == names(linear, "reduced") != names(linear, "quick")
    assert names(Setting("dsprites", "vae"), "paper") != names(Setting("dsprites", "vae"), "reduced")
    for scale in ("paper", "reduced"):
        assert names(figures._part_of_training(50, scale), scale) == names(sprites, scale)
        assert names(figures._part_of_training(30, scale), scale) != names(sprites, scale)
    for row, beta in (("dsprites", 4.0), ("synth_linear", 1e-4)):
        assert names(Setting(row, change=(f"beta={beta}",)), "paper") == names(Setting(row), "paper")


def test_only_the_tiny_models_of_the_synthetic_sets_are_trained_in_one_program(all_data):
    for row in printed.SETTINGS:
        (planned,) = plan(Setting(row), "quick", 1)
        assert planned.together == row.startswith("synth_")


@pytest.mark.parametrize("row", ["mnist", "celeba"])
def test_data_that_nothing_can_stand_in_for_is_asked_for_before_anything_is_trained(
    tmp_path, monkeypatch, row
):
    for variable in ("DISENTANGLEMENT_LIB_DATA", "TFDS_DATA_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "empty"))
    plans._bindings.cache_clear()
    name = {"mnist": "table_3_3_mnist", "celeba": "figure_3_6"}[row]
    with pytest.raises(UserError, match=f"{row}.* is not at"):
        papers.reproduce(f"pca_directions/{name}", tmp_path / "item", executor=ThisProcess())
    assert not (tmp_path / "trained").exists()
    plans._bindings.cache_clear()


def test_principal_components_find_the_factors_of_some_random_networks_and_mix_those_of_others():
    aligned, mixed = principal_components_ds(19, 2_000), principal_components_ds(17, 2_000)
    assert aligned > 0.9 and mixed < 0.2


def test_the_settings_built_are_those_printed_in_table_3_1(tmp_path):
    paths = papers.reproduce("pca_directions/table_3_1", tmp_path)
    rows = json.loads(paths[1].read_text())["rows"]
    assert len(rows) == 6 * 7
    for row in rows:
        told = row["printed"]
        if row["setting"] == "optimizer":
            assert row["ours"].lower() == told.lower()
        elif isinstance(told, float):
            assert row["ours"] == pytest.approx(told, rel=1e-6)
        elif row["data"] == "CelebA" and row["setting"] == "decoder":
            assert row["ours"].endswith("[64, 4, 2] - [32, 4, 2] - [32, 4, 2] - [3, 4, 2] (relu)")
        else:
            assert row["ours"] == told


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
    told = printed.TABLE_3_3["synth_linear"]
    rows = [
        score_row("Synth. Lin.", name, "DtO", [0.02, 0.04], values["DtO"]) for name, values in told.items()
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
    found = correlation(x, y)
    z = np.arctanh(np.corrcoef(x, y)[0, 1]) + np.array([-1.959964, 1.959964]) / np.sqrt(17)
    assert [found["low"], found["high"]] == pytest.approx(np.tanh(z), abs=1e-5)
    assert "negative, 20 runs" in figures._in_words(found)
    few = correlation([1, 2, 3], [1, 2, 3])
    assert np.isnan(few["r"]) and "too few runs (3)" in figures._in_words(few)
    flat = figures._in_words(correlation(x, np.tile([0, 1], 10)))
    assert "of no certain sign" in flat


def made(folder, row, **measures):
    """A `MadeRun` that nobody made."""
    scores = {
        "distance_to_orthogonality": {"dto": 0.5},
        "active_units": {"count": 2},
        "disentanglement_score": {"disentanglement_score_paper": 0.9, "disentanglement_score_bounded": 0.8},
    }
    asked = {"steps": 5000, "batch_size": 16, "dtype": "float32"}
    results = {"scores": scores, "measures": measures, "asked": asked, "source": "points"}
    return MadeRun(plan(Setting(row), "paper", 1)[0], folder, results)


def test_a_data_set_that_is_missing_is_named_and_the_others_are_measured(tmp_path, monkeypatch):
    def plan_linear(setting, scale, restarts):
        if setting.row != "synth_linear":
            raise UserError(f"{setting.row} was not found.")

    def make_settings(request, restarts):
        assert {setting.row for setting in restarts} == {"synth_linear"}
        run = made(tmp_path, "synth_linear", regime=60.0, since=2000)
        return {setting: [run] * number for setting, number in restarts.items()}

    regime = [{"step": 500 * i, "delta_kl": 0.5 / i**2, "num_active": 2} for i in range(1, 11)]
    monkeypatch.setattr(items, "plan", plan_linear)
    monkeypatch.setattr(items, "make_settings", make_settings)
    RunDirectory(tmp_path).write_history(regime, "polarized_regime")
    paths = papers.reproduce("pca_directions/table_3_2", tmp_path / "item", seeds=2)
    rows = json.loads(paths[1].read_text())["rows"]
    assert [row["ours mean"] for row in rows] == [60.0, 60.0] and [row["restarts"] for row in rows] == [2, 2]
    assert [row["printed mean"] for row in rows] == [99.8, 96.7]
    assert "Not measured: dSprites. dsprites was not found." in paths[-1].read_text()
    assert paths[2].suffix == ".png"


@pytest.mark.parametrize("seeds", [1, 6])
def test_figure_3_5_shows_every_restart_that_is_asked_for(tmp_path, monkeypatch, seeds):
    def make_settings(request, restarts):
        return {s: [made(tmp_path, "synth_linear")] * number for s, number in restarts.items()}

    drawn = []
    points = np.random.RandomState(0).random_sample((20, 2))
    monkeypatch.setattr(figures, "make_settings", make_settings)
    monkeypatch.setattr(MadeRun, "trained", lambda self: None)
    monkeypatch.setattr(figures, "_factors_and_codes", lambda trained: (points, points))
    monkeypatch.setattr(figures, "write_item", lambda *arguments: drawn.append(arguments[4][""]))
    papers.reproduce("pca_directions/figure_3_5", tmp_path / "item", seeds=seeds)
    titles = [panel.get_title(loc="left") for panel in drawn[0].axes]
    restarts = [f"ratio {ratio}, restart {restart}" for ratio in (1.0, 1.5) for restart in range(seeds)]
    assert [title for title in titles if title] == ["factors w", *restarts]


def test_the_order_of_the_models_is_said_and_compared_with_the_printed_one():
    def rows(**means):
        return [score_row("MNIST", name.replace("_", " "), "DtO", [mean]) for name, mean in means.items()]

    assert items._order(rows(VAE=1.5, autoencoder=1.8, random_decoder=1.9)).endswith(
        "VAE, autoencoder, random decoder (the printed order)."
    )
    other = items._order(rows(VAE=1.9, autoencoder=1.8))
    assert other == "By DtO, best first: autoencoder, VAE (printed: VAE, autoencoder)."


def test_the_parts_of_training_of_figure_3_4_are_those_of_its_epochs():
    steps = [figures._part_of_training(epochs, "reduced").change for epochs in (10, 30, 50)]
    assert steps == [(f"training.train.steps={number}",) for number in (1000, 3000, 5000)]
    assert figures._part_of_training(30, "paper").change == ("training.train.epochs=30",)
    lengths = [figures._length(30, scale) for scale in ("paper", "reduced")]
    assert lengths == ["30 epochs", "3,000 steps"]


def test_figure_3_7_has_a_panel_a_score_with_the_printed_beta_dashed():
    betas = figures._BETAS["dsprites"]
    rows = [
        score_row("dSprites", f"beta {beta:g}", name, [beta, 2 * beta], beta=beta)
        for beta in betas
        for name in ("DS", "DtO", "active")
    ]
    figure = pictures.scores_over_beta(rows, betas, 4.0, "dSprites")
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


def test_the_axes_of_a_decoder_that_is_pca_are_the_principal_directions():
    from tfdisent.analysis import principal_directions
    from tfdisent.data import curved_sheet

    data = curved_sheet(500)
    cloud = data.to_memory()
    mean, directions = cloud.mean(axis=0), principal_directions(cloud, 2).astype(np.float32)

    class Model:
        def __init__(self, columns):
            self.columns = tf.constant(columns)

        def represent(self, points):
            return (points - mean) @ directions @ np.linalg.inv(directions.T @ self.columns.numpy()).T

        def decode(self, codes):
            return tf.constant(mean) + codes @ tf.transpose(self.columns)

        def __call__(self, points):
            return self.decode(tf.constant(self.represent(points)))

    pca = sheet_axes(TrainedModel(Model(directions), data, data, [], {}))
    assert pca["angle of the axes"] == pytest.approx(90, abs=0.1)
    assert pca["angle with PCA"] == pytest.approx(0, abs=0.1)
    turn = np.sqrt(0.5).astype(np.float32) * np.array([[1, -1], [1, 1]], np.float32)
    turned = sheet_axes(TrainedModel(Model(directions @ turn), data, data, [], {}))
    assert turned["angle with PCA"] == pytest.approx(45, abs=0.1)
    lost = np.linalg.svd(cloud - mean)[1][2] ** 2 / cloud.size
    assert pca["mean squared error"] == pytest.approx(lost, rel=1e-3)
    assert turned["mean squared error"] == pytest.approx(lost, rel=1e-3)


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
    seeds = 1 if item.startswith("table") else None
    paths = papers.reproduce(f"pca_directions/{item}", tmp_path / item, seeds, "quick", ThisProcess())
    assert "QUICK" in paths[-1].read_text()
    before = [path.read_bytes() for path in paths]
    assert papers.reproduce(f"pca_directions/{item}", tmp_path / item, seeds, "quick", ThisProcess()) == paths
    assert [path.read_bytes() for path in paths if path.suffix == ".csv"] == [
        content for path, content in zip(paths, before, strict=True) if path.suffix == ".csv"
    ]
