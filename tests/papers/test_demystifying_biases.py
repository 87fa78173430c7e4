"""Chapter 4: its settings, its printed numbers, and how a manipulation is learnt."""

import csv
import functools
import pathlib

import numpy as np
import pytest
from scipy import stats

from tfdisent import config, data, models, networks
from tfdisent.errors import UserError
from tfdisent.evaluation import load_run
from tfdisent.papers import list_items
from tfdisent.papers.demystifying_biases import figures, measures, plans, printed
from tfdisent.papers.demystifying_biases.manipulations import (
    Restart,
    choose_restarts,
    learn_manipulation,
)
from tfdisent.papers.demystifying_biases.measures import difference_of_means, embedding, readable_factors
from tfdisent.papers.demystifying_biases.plans import SCALES, Setting, data_bindings, planned_run
from tfdisent.papers.demystifying_biases.theory import statements
from tfdisent.papers.item import reproduce
from tfdisent.papers.runs import planned_runs

SMALL_DATA = [
    "training.train.data=@data.DSpritesDrawn()",
    "data.DSpritesDrawn.image_size=16",
    "data.DSpritesDrawn.num_scales=2",
    "data.DSpritesDrawn.num_orientations=3",
    "data.DSpritesDrawn.num_positions=3",
    "num_latents=5",
    "training.train.steps=2",
    "training.train.batch_size=8",
]


def test_the_hyperparameters_shipped_are_those_printed(tmp_path):
    reproduce("demystifying_biases/table_4_1", tmp_path / "item")
    with open(tmp_path / "item" / "table_4.1.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert all(float(row["ours"]) == float(row["printed"]) for row in rows)


@pytest.mark.parametrize("method", printed.METHODS)
def test_every_configuration_trains(method):
    config.parse([f"demystifying_biases/shapes3d_{printed.METHODS[method]}.gin"], SMALL_DATA)
    run = config.train_configured(None, progress=False)
    assert np.isfinite(list(run.history[-1].values())).all()


def test_welchs_interval_is_that_of_scipy_on_the_values():
    generator = np.random.default_rng(0)
    first, second = generator.normal(1, 2, 10), generator.normal(0, 1, 10)
    found = difference_of_means(*((each.mean(), each.std(ddof=1)) for each in (first, second)))
    expected = stats.ttest_ind(first, second, equal_var=False)
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose(
        [found["p"], found["low"], found["high"]], [expected.pvalue, *interval], rtol=1e-9
    )


def test_which_printed_drops_are_beyond_chance():
    """All on Shapes3D; on dSprites not these."""
    not_significant = {
        ("FactorVAE", "MIG"),
        ("FactorVAE", "FactorVAE score"),
        ("FactorVAE", "SAP"),
        ("beta-VAE", "DCI"),
        ("beta-VAE", "FactorVAE score"),
        ("SlowVAE", "FactorVAE score"),
        ("TC-VAE", "SAP"),
    }
    for score, rows in printed.TABLES.items():
        for method in ("beta-VAE", "FactorVAE", "TC-VAE", "SlowVAE"):
            original, modified, _, rooms, modified_rooms, _ = rows[method]
            assert difference_of_means(rooms, modified_rooms)["p"] < 0.05, (score, method)
            chance = difference_of_means(original, modified)["p"] >= 0.05
            assert chance == ((method, score) in not_significant), (score, method)
    gan = printed.TABLES["MIG"]["weakly supervised GAN"]
    assert difference_of_means(gan[0], gan[1])["p"] < 1e-3


SPRITES = data.DSpritesDrawn(
    image_size=8, num_scales=1, num_orientations=1, num_positions=6, shapes="ellipse"
)


def restarts(migs, active=2):
    make = functools.partial(
        models.VAE,
        SPRITES.observation_shape,
        num_latents=2,
        encoder=functools.partial(networks.dense_encoder, hidden_units=(8,)),
        decoder=functools.partial(networks.dense_decoder, hidden_units=(8,)),
    )
    return [Restart(make(seed=seed), mig, active) for seed, mig in enumerate(migs)]


def test_the_most_entangled_and_the_most_disentangled_restarts_are_chosen():
    entangled, disentangled = choose_restarts(restarts([0.3, 0.1, 0.8, 0.5, 0.2]), 2)
    assert [each.mig for each in entangled] == [0.1, 0.2]
    assert [each.mig for each in disentangled] == [0.8, 0.5]
    pruned = restarts([0.01], active=1) + restarts([0.3, 0.6])
    assert [side[0].mig for side in choose_restarts(pruned)] == [0.3, 0.6]


@pytest.mark.parametrize(
    "given, num_pairs, sentence",
    [
        (restarts([0.1]), 1, "2 restarts or more"),
        (restarts([0.1, 0.2, 0.3]), 2, "4 restarts or more"),
        (restarts([0.1, 0.2], active=1), 1, "have pruned a latent"),
        (restarts([0.1, 0.2]), 0, "num_pairs must be"),
    ],
)
def test_restarts_that_cannot_be_chosen_from_are_refused(given, num_pairs, sentence):
    with pytest.raises(UserError, match=sentence):
        choose_restarts(given, num_pairs)


def test_a_manipulation_is_learnt_kept_and_found_again(tmp_path):
    learn = functools.partial(
        learn_manipulation,
        restarts([0.1, 0.8]),
        SPRITES,
        tmp_path / "m",
        steps=4,
        batch_size=16,
        renderer=functools.partial(networks.dense_decoder, hidden_units=(8,)),
        progress=False,
    )
    path, numbers = learn()
    written = path.stat().st_mtime_ns
    assert learn()[1] == numbers and path.stat().st_mtime_ns == written
    images = SPRITES.observations(np.arange(SPRITES.size)) / 255
    perturbed = data.PerturbedData(SPRITES, path)
    change = perturbed.observations(np.arange(SPRITES.size)) - images
    np.testing.assert_allclose(numbers["rms of m"], np.sqrt((change**2).mean()), rtol=1e-5)
    np.testing.assert_allclose(numbers["rms of m over images"], np.sqrt(change.var(axis=0).mean()), rtol=1e-4)
    np.testing.assert_allclose(
        numbers["rms of the data over images"], np.sqrt(images.var(axis=0).mean()), rtol=1e-5
    )
    np.testing.assert_allclose(numbers["L_ent - L_dis"], numbers["L_ent"] - numbers["L_dis"], rtol=1e-6)
    assert numbers["table error"] < 1e-3


def test_every_table_and_figure_of_chapter_4_and_chapter_5_can_be_made():
    found = {name.split("/")[1] for name in list_items() if name.startswith("demystifying_biases/")}
    tables = {f"table_4_{number}" for number in range(1, 6)}
    drawn = {"figures_4_1_and_4_2", "figure_4_3", "figures_4_4_to_4_7", "figure_4_8", "figure_4_9"}
    assert found == tables | drawn | {"figures_4_10_and_4_11", "mechanism", "chapter_5"}


def test_the_tables_stand_on_420_runs_of_300_000_steps():
    mig = {run.title: run for run in planned_runs("demystifying_biases/table_4_2", "paper")}
    assert len(mig) == 7 * 3 * 2 * 10
    for number in (3, 4, 5):
        assert {run.title for run in planned_runs(f"demystifying_biases/table_4_{number}", "paper")} < set(
            mig
        )
    assert not any("steps" in line for run in mig.values() for line in run.bindings)
    assert len({run.experiment for run in mig.values()}) == 7 * 3 * 2


def test_a_scaled_hyperparameter_is_a_multiple_of_the_printed_one():
    for method, (binding, sprites, rooms) in printed.HYPERPARAMETERS.items():
        for name, value in (("dsprites", sprites), ("shapes3d", rooms)):
            run = planned_run(Setting(name, method, times=1.75), SCALES["paper"], 0)
            assert f"{binding}={1.75 * value}" in run.bindings


@pytest.mark.parametrize("version", ["original", "noise", "modified", "shuffled", "aligned:position_x"])
def test_a_version_is_the_set_that_its_name_says(version, tmp_path):
    grid = data.DSpritesDrawn(16, 1, 1, 12, "ellipse")
    table = {
        "maps": np.random.default_rng(0).uniform(-0.1, 0.1, (5, 16, 16, 1)).astype(np.float32),
        "places": np.linspace(0, 4, grid.size, dtype=np.float32),
        "epsilon": 0.1,
        "factors_num_values": np.array(grid.factors_num_values),
    }
    np.savez(tmp_path / "m.npz", **table)
    expected = {
        "original": lambda: grid,
        "noise": lambda: data.NoisyData(grid, 0.1),
        "modified": lambda: data.PerturbedData(grid, table),
        "shuffled": lambda: data.PerturbedData(grid, table, "shuffled"),
        "aligned:position_x": lambda: data.PerturbedData(grid, table, "aligned", "position_x"),
    }[version]()
    lines = data_bindings("dsprites", SCALES["tiny"], version, tmp_path / "m.npz")
    config.parse(["demystifying_biases/dsprites_vae.gin"], lines)
    found, _ = config.configured_data()
    assert type(found) is type(expected)
    indices = np.arange(grid.size)
    np.testing.assert_array_equal(found.observations(indices), expected.observations(indices))


def test_the_wave_of_figure_4_1_turns_the_axes_and_leaves_the_variance():
    panels, rows = figures._surfaces()
    plain, waved, variance = (row["value"] for row in rows)
    assert plain < 2 and waved > 10 and variance < 0.01
    # the curves run along the axes: on the plain surface along u and v themselves
    title = next(title for title in panels if title.startswith("(ii)"))
    for curve in panels[title]["second"]:
        assert np.ptp(curve[:, 0]) < 0.05 < np.ptp(curve[:, 1])


class Coded:
    """A trained model whose codes are a function of its observations, which are the factors."""

    def __init__(self, code):
        hues, turns = np.meshgrid(np.arange(10), np.arange(15), indexing="ij")
        factors = np.stack([hues.ravel(), turns.ravel()], axis=1)
        self.data = data.ArrayData(
            factors.astype(np.float32),
            {"wall_hue": factors[:, 0], "orientation": factors[:, 1]},
            factor_kinds=["cyclic", "continuous"],
        )
        self.model, self.represent, self.num_latents = self, code, 3


def polar(factors):
    angle, radius = 2 * np.pi * factors[:, 0] / 10, 1 + factors[:, 1]
    return np.stack([radius * np.cos(angle), 0.01 * factors[:, 1], radius * np.sin(angle)], axis=1)


def cartesian(factors):
    return np.stack(
        [np.mod(factors[:, 0] + 3, 10), 0.1 * factors[:, 0] + factors[:, 1], 0 * factors[:, 1]], axis=1
    )


def mixed(factors):
    return np.stack([factors[:, 1], factors[:, 1] % 2, factors[:, 0] % 5], axis=1)


@pytest.mark.parametrize(
    "code, kind, latents",
    [(polar, "polar", [0, 2]), (cartesian, "cartesian", [0, 1]), (mixed, "neither", None)],
)
def test_an_embedding_is_told_from_the_two_latents_that_know_the_hue(code, kind, latents):
    found = embedding(Coded(code), "wall_hue", "orientation")
    assert found["kind"] == kind
    assert latents is None or found["latents"] == latents


def test_linear_correlations_are_those_of_the_two_best_latents():
    factors = np.random.default_rng(0).integers(0, 9, (4_000, 2)).astype(float)
    codes = np.stack([factors[:, 0], factors @ [1, 1], np.ones(4_000)], axis=1)
    largest, second = measures._largest_correlations(codes, factors)
    # with itself and with the sum of two; the second factor has the sum alone
    np.testing.assert_allclose([largest, second], [(1 + 0.5**0.5) / 2, (0.5**0.5 + 0) / 2], atol=0.02)


def test_both_factors_are_read_from_the_images_themselves():
    found = readable_factors(data.DSpritesDrawn(16, 1, 1, 12, "ellipse"))
    assert set(found) == {"position_x", "position_y"} and min(found.values()) > 0.95
    noise = data.ArrayData(np.random.default_rng(0).random((300, 4, 4, 1)), np.arange(300) % 5)
    assert max(readable_factors(noise).values()) < 0.2


def test_chapter_5_holds_in_numbers():
    rows = statements(seed=3)
    names = {name for row in rows for name in row["statement"].split(", ")}
    assert {f"Lemma {number}" for number in range(1, 9)} <= names
    assert {f"Prop. {number}" for number in range(1, 8)} <= names and {"Theorem 1", "Theorem 2"} <= names
    for row in rows:
        np.testing.assert_allclose(row["found"], row["expected"], atol=1e-4, err_msg=str(row))


def test_scores_know_each_factor_and_how_many_latents_are_active(tmp_path):
    run = plans.planned_run(Setting("dsprites", "beta-VAE"), SCALES["quick"], 0)
    config.parse(run.configs, [*run.all_bindings(), "training.train.steps=5"])
    config.train_configured(tmp_path / "run", progress=False)
    found = measures.scores(load_run(tmp_path / "run"), num_train=100, with_dto=True)
    gaps = [value for name, value in found.items() if name.startswith("MIG of ")]
    assert [name for name in found if name.startswith("MIG of ")] == [
        "MIG of position_x",
        "MIG of position_y",
    ]
    assert 0 <= found["active"] <= 2 and 0 <= found["DtO"] < 2 and min(gaps) >= 0
    assert set(measures.SCORES) < set(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["table_4_5", "figures_4_1_and_4_2", "figure_4_3", "figure_4_8", "figure_4_9", "figures_4_10_and_4_11"],
)
def test_an_item_is_made_from_restarts_to_pictures(name, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "chapter_4"  # the items share their runs
    written = reproduce(f"demystifying_biases/{name}", folder / name, scale="quick")
    assert {path.suffix for path in map(pathlib.Path, written)} == {".csv", ".json", ".png", ".html"}
    if name == "table_4_5":
        with open(next(path for path in written if str(path).endswith(".csv")), encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["version"]]
        assert len(rows) == 5 * 3 * 2 and all(float(row["ours mean"]) >= 0 for row in rows)
