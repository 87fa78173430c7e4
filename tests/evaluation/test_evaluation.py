import functools
import json
import logging
import shutil

import keras
import numpy as np
import pytest

from tfdisent import cli, config, metrics, networks, training
from tfdisent.data import BagData, DSpritesDrawn
from tfdisent.errors import UserError
from tfdisent.evaluation import scores as known_scores
from tfdisent.evaluation.heartbeat import heartbeat
from tfdisent.evaluation.main_values import main_values
from tfdisent.evaluation.scores import DEFAULT, STUDY, find_scores, postprocess_seed
from tfdisent.evaluation.scoring import ScoresFailed, TrainedModel, evaluate, load_run
from tfdisent.models import VAE, Autoencoder, SymAE

SPRITES = DSpritesDrawn(image_size=8, shapes=("square",), num_scales=2, num_orientations=1, num_positions=8)
SMALL = {
    "num_latents": 3,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(8,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=(8,)),
}
SPRITES_OF_RUN = 6 * 8 * 8  # scales and positions
MIG = """evaluation.evaluation_fn = @mig
dataset.name = "auto"
evaluation.random_seed = 3
mig.num_train = 100
"""
# How disentanglement_lib's published scores were computed: the stream of RandomState(0).randint(2**32).
PUBLISHED = {
    "mean": (3071714933, 3626093760, 2588848963, 3684848379, 2340255427, 3638918503, 1819583497, 2678185683)
    + (2774094101,),
    "sampled": (1650906866, 1879422756, 1277901399, 3830135878, 243580376, 4138900056, 1171049868, 1646868794)
    + (2051556033,),
}


def untrained(model_class=VAE, **settings):
    return TrainedModel(model_class((8, 8, 1), **SMALL, **settings), SPRITES, SPRITES, [], {})


@pytest.fixture(scope="module")
def a_run(tmp_path_factory):
    """A run directory of a small beta-VAE on sprites."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    bindings = ["steps=4", "batch_size=16", "log_every=2", "checkpoint_every=4"]
    bindings = [f"training.train.{binding}" for binding in bindings] + [
        "data.DSpritesDrawn.image_size=8",
        "data.DSpritesDrawn.num_positions=8",
        "models.VAE.encoder=@networks.dense_encoder",
        "models.VAE.decoder=@networks.dense_decoder",
        "networks.dense_encoder.hidden_units=(8,)",
        "networks.dense_decoder.hidden_units=(8,)",
    ]
    config.parse(["demo.gin"], bindings)
    config.train_configured(folder, progress=False)
    return folder


@pytest.fixture
def run(a_run, tmp_path):
    return shutil.copytree(a_run, tmp_path / "run")


@pytest.fixture
def small_mig(tmp_path):
    path = tmp_path / "small_mig.gin"
    path.write_text(MIG)
    return path


def read(path):
    return json.loads(path.read_text())


def quiet(trained, names=None, **settings):
    return evaluate(trained, names, progress=False, **settings)


def test_a_configured_score_is_the_function_with_its_settings_and_seed(small_mig):
    trained = untrained()
    found = quiet(trained, small_mig)["small_mig"]
    represent = trained.model.represent
    expected = metrics.compute_mig(SPRITES, represent, np.random.RandomState(3), num_train=100)
    assert found == expected
    other = quiet(trained, [small_mig], seed=5)["small_mig"]
    expected = metrics.compute_mig(SPRITES, represent, np.random.RandomState(5), num_train=100)
    assert other == expected


def test_the_study_has_the_scores_and_seeds_of_the_published_results():
    for representation, seeds in PUBLISHED.items():
        found = find_scores("study", representation, study_seeds=True)
        assert [score.name for score in found] == sorted(STUDY)
        assert tuple(score.seed for score in found) == seeds
    assert (postprocess_seed("mean", True), postprocess_seed("sampled", True)) == (2357136044, 2546248239)
    assert {score.seed for score in find_scores("all")} == {0} == {postprocess_seed("sampled")}
    assert {score.name for score in find_scores("all")} == set(STUDY) | set(DEFAULT)


@pytest.mark.parametrize("name", STUDY)
def test_the_study_has_its_sizes_and_uses_all_cores(name):
    (score,) = find_scores(name)
    bound = score.of_codes.keywords
    assert bound.get("n_jobs", -1) == -1
    assert not [binding for binding in score.bindings if binding.endswith(".n_jobs")]
    (num_train,) = (value for binding, value in score.bindings.items() if binding.endswith(".num_train"))
    assert num_train in ("10000", "[10, 100, 1000, 10000]")


def test_results_stand_where_disentanglement_lib_puts_them_with_the_steps_before(run, small_mig):
    quiet(load_run(run), [small_mig])
    results = run / "metrics" / "mean" / "small_mig" / "results"
    for step in ("train", "postprocess", "evaluation"):
        assert (results / "gin" / f"{step}.gin").exists()
        assert (results / "json" / f"{step}_config.json").exists()
        assert "uuid" in read(results / "json" / f"{step}_results.json")
    aggregate = read(results / "aggregate" / "evaluation.json")
    assert aggregate["evaluation_config.evaluation.name"] == "'small_mig'"
    assert aggregate["evaluation_config.evaluation.evaluation_fn"] == "@mig"
    assert aggregate["evaluation_config.evaluation.random_seed"] == "3"
    assert aggregate["evaluation_config.dataset.name"] == "'dsprites_drawn'"
    assert aggregate["evaluation_config.mig.num_train"] == "100"
    assert aggregate["postprocess_config.postprocess.postprocess_fn"] == "@mean_representation"
    assert aggregate["postprocess_config.postprocess.name"] == "'mean'"
    assert aggregate["train_results.global_step"] == 4
    assert {"evaluation_results.discrete_mig", "evaluation_results.elapsed_time"} <= set(aggregate)
    lines = (results / "gin" / "evaluation.gin").read_text().splitlines()
    pairs = dict(line.split(" = ") for line in lines)
    assert pairs == read(results / "json" / "evaluation_config.json")
    assert (run / "postprocessed" / "mean" / "results" / "aggregate" / "postprocess.json").exists()


def test_the_aggregate_of_a_run_has_a_row_a_score_and_representation(run, small_mig):
    trained = load_run(run)
    quiet(trained, [small_mig, "active_units"])
    quiet(trained, [small_mig], representation="sampled")
    table = read(run / "metrics" / "aggregated_results.json")
    rows = {
        (table["postprocess_config.postprocess.name"][row], table["evaluation_config.evaluation.name"][row])
        for row in table["path"]
    }
    assert rows == {("'mean'", "'small_mig'"), ("'mean'", "'active_units'"), ("'sampled'", "'small_mig'")}
    assert list(table["evaluation_results.count"].values()).count(None) == 2
    assert all("results/aggregate/evaluation.json" in path for path in table["path"].values())


def test_a_score_that_is_there_is_not_computed_again(run, small_mig, caplog, monkeypatch):
    caplog.set_level(logging.INFO, "tfdisent")
    names = [small_mig, "active_units", "distance_to_orthogonality"]
    first = quiet(load_run(run), names)
    caplog.clear()
    again = load_run(run)
    assert set(again.scores) == {"small_mig", "active_units", "distance_to_orthogonality"}
    monkeypatch.setattr(again.model, "represent", None)
    assert quiet(again, names)["small_mig"] == first["small_mig"]
    assert caplog.text.count("(there already)") == 3


@pytest.mark.parametrize("change", ["seed", "settings", "overwrite", "weights", "representation"])
def test_a_score_is_computed_anew_when_anything_that_it_depends_on_changes(run, small_mig, caplog, change):
    caplog.set_level(logging.INFO, "tfdisent")
    trained = load_run(run)
    quiet(trained, [small_mig])
    if change == "settings":
        small_mig.write_text(MIG.replace("100", "101"))
    if change == "weights":
        trained.model.encoder.trainable_variables[0].assign_add(
            np.full(trained.model.encoder.trainable_variables[0].shape, 1e-3)
        )
    settings = {"seed": {"seed": 4}, "overwrite": {"overwrite": True}}.get(change, {})
    if change == "representation":
        settings = {"representation": "sampled"}
    caplog.clear()
    quiet(trained, [small_mig], **settings)
    assert "there already" not in caplog.text and "small_mig: discrete_mig" in caplog.text


def test_scores_of_other_weights_are_not_shown_as_the_model_s(run, small_mig):
    trained = load_run(run)
    quiet(trained, [small_mig])
    variable = trained.model.encoder.trainable_variables[0]
    variable.assign_add(np.ones(variable.shape))
    trained.run.save_model(trained.model)
    assert load_run(run).scores == {}


def test_codes_are_encoded_once_for_all_scores_and_later_evaluations(run, small_mig, monkeypatch):
    trained = load_run(run)
    counted = []
    represent = trained.model.represent
    monkeypatch.setattr(trained.model, "represent", lambda x: counted.append(len(x)) or represent(x))
    quiet(trained, [small_mig, "disentanglement_score"], seed=1)
    assert sum(counted) <= SPRITES_OF_RUN
    counted.clear()
    quiet(trained, [small_mig, "mcc"], seed=2)
    assert sum(counted) == 0
    later = load_run(run)
    monkeypatch.setattr(later.model, "represent", lambda x: counted.append(len(x)) or represent(x))
    quiet(later, [small_mig], seed=3)
    assert sum(counted) == 0


def test_a_score_that_fails_is_named_and_does_not_stop_the_others(run, small_mig, monkeypatch, caplog):
    def broken(model, data, random_state):
        raise ZeroDivisionError("of\nnothing")

    monkeypatch.setitem(known_scores._OF_MODEL, "active_units", broken)
    trained = load_run(run)
    with pytest.raises(ScoresFailed) as error:
        quiet(trained, ["active_units", "mcc", small_mig])
    sentence = str(error.value)
    assert sentence.startswith("1 of 3 scores failed: active_units (ZeroDivisionError: of nothing)")
    assert "\n" not in sentence
    assert set(trained.scores) == {"mcc", "small_mig"} == set(load_run(run).scores)
    assert "[1/3] active_units: failed" in caplog.text


def test_factors_held_together_ask_for_a_complete_grid(run):
    trained = load_run(run)
    trained.held_out = trained.data.split((0.5, 0.25, 0.25))[0]
    with pytest.raises(ScoresFailed, match="beta_vae_sklearn .*complete grid, such as the whole set"):
        quiet(trained, ["beta_vae_sklearn"])


def test_samples_differ_from_means_and_are_the_same_again(small_mig):
    trained = untrained()
    quiet(trained, [small_mig])
    sampled = quiet(trained, [small_mig], representation="sampled")["sampled/small_mig"]
    key = "discrete_mig"
    assert sampled[key] != trained.scores["small_mig"][key]
    assert quiet(untrained(), [small_mig], representation="sampled")["sampled/small_mig"][key] == sampled[key]
    published = quiet(untrained(), [small_mig], representation="sampled", study_seeds=True)
    assert published["sampled/small_mig"][key] != sampled[key]  # the seed of the samples is the study's


def test_the_default_scores_of_samples_are_those_of_codes():
    names = [score.name for score in find_scores(representation="sampled")]
    assert names == ["mig", "disentanglement_score"]


@pytest.mark.parametrize(
    ("names", "settings", "sentence"),
    [
        (["dtoo"], {}, "There is no score 'dtoo'.*distance_to_orthogonality"),
        (["migg"], {}, "did you mean mig"),
        (["mig", "nothing.gin"], {}, "nothing.gin"),
        (["mig"], {"seed": -1}, "seed must be a whole number"),
        (["mig"], {"seed": "one"}, "seed must be a whole number"),
        (["mig"], {"representation": "median"}, "'mean' or 'sampled'"),
    ],
)
def test_a_mistake_is_told_before_anything_is_computed(names, settings, sentence):
    trained = untrained(Autoencoder)
    with pytest.raises(UserError, match=sentence) as error:
        quiet(trained, names, **settings)
    assert trained.scores == {} and "\n" not in str(error.value)
    assert not isinstance(error.value, ScoresFailed)


def test_a_folder_of_metrics_in_the_current_folder_hides_none_of_ours(tmp_path, small_mig, monkeypatch):
    (tmp_path / "metrics").mkdir()
    shutil.copy(small_mig, tmp_path / "metrics" / "mig.gin")
    monkeypatch.chdir(tmp_path)
    assert [score.name for score in find_scores(["disentanglement_score", "mig"])] == [
        "disentanglement_score",
        "mig",
    ]


def test_two_files_of_one_name_are_refused(tmp_path, small_mig):
    other = tmp_path / "other" / small_mig.name
    other.parent.mkdir()
    shutil.copy(small_mig, other)
    with pytest.raises(UserError, match="Two scores are called small_mig"):
        find_scores([small_mig, other])


OWN = {"observations": SPRITES.to_memory(), "factors": SPRITES.factors(np.arange(SPRITES.size))}
SETTINGS = {"steps": 4, "batch_size": 16, "log_every": 2, "progress": False}


class OwnSprites(DSpritesDrawn):
    """A set of a person's own class."""


@pytest.mark.parametrize("given", [SPRITES, OWN, "digits"], ids=["drawn", "arrays", "by name"])
def test_a_run_made_in_python_is_scored_and_reported_as_one_from_gin(tmp_path, given, capsys):
    make = functools.partial(VAE, **SMALL)
    run = training.train(make, given, tmp_path / "run", split=(0.6, 0.2, 0.2), **SETTINGS)
    assert run.held_out is run.data["test"]
    scores = run.evaluate(["active_units", "distance_to_orthogonality"], progress=False)
    assert set(scores) == {"active_units", "distance_to_orthogonality"}
    assert "beta = 1.0" in run.report().read_text()
    again = load_run(tmp_path / "run")
    assert set(again.scores) == set(scores)
    np.testing.assert_array_equal(again.held_out.to_memory(), run.held_out.to_memory())
    assert cli.main(["evaluate", str(tmp_path / "run"), "--metrics", "active_units"]) == 0
    assert cli.main(["report", str(tmp_path / "run")]) == 0


def test_opening_a_run_reads_no_gin(run, monkeypatch):
    monkeypatch.setattr(config, "parse_text", None)
    (run / "model" / "results" / "gin" / "train.gin").write_text("import os\nx = @os.system()\n")
    assert load_run(run).data.name == "dsprites_drawn"


def test_a_run_of_before_its_data_was_stored_is_opened_by_its_gin_file(run):
    (run / "model" / "data.json").unlink()
    assert load_run(run).data.observation_shape == (8, 8, 1)


def test_data_that_is_not_stored_is_given_in_python_and_must_be_what_was_trained_on(tmp_path):
    sizes = {"image_size": 8, "num_scales": 2, "num_orientations": 1, "num_positions": 8}
    own = OwnSprites(shapes=("square",), **sizes)
    training.train(functools.partial(VAE, **SMALL), own, tmp_path, **SETTINGS)
    with pytest.raises(UserError, match=r"OwnSprites.*load_run\(path, data=...\)"):
        load_run(tmp_path)
    assert load_run(tmp_path, data=own).data is own
    with pytest.raises(UserError, match="not what .* was trained on: 16 observations"):
        load_run(tmp_path, data=OwnSprites(shapes=("heart",), **sizes))
    with pytest.raises(UserError, match="observation_shape was .8, 8, 1. and is .8, 8, 3."):
        load_run(tmp_path, data=np.zeros((128, 8, 8, 3)))


def test_a_run_whose_stored_data_was_exchanged_is_refused(tmp_path):
    training.train(functools.partial(VAE, **SMALL), SPRITES, tmp_path, **SETTINGS)
    path = tmp_path / "model" / "data.json"
    path.write_text(path.read_text().replace("square", "heart"))
    with pytest.raises(UserError, match="16 observations of it differ"):
        load_run(tmp_path)


def test_a_run_without_a_folder_is_scored_and_its_report_has_no_place(tmp_path):
    run = training.train(functools.partial(VAE, **SMALL), SPRITES, **SETTINGS)
    assert set(run.evaluate(["active_units"], progress=False)) == {"active_units"}
    with pytest.raises(UserError, match="train it with output="):
        run.report()


def test_a_table_tells_apart_runs_made_in_python_by_their_settings(tmp_path):
    wide = {**SMALL, "encoder": functools.partial(networks.dense_encoder, hidden_units=(9,))}
    adam = functools.partial(keras.optimizers.Adam, 1e-2)
    for name, model, settings in (
        ("first", functools.partial(VAE, **SMALL), {}),
        ("seed", functools.partial(VAE, **SMALL), {"seed": 1}),
        ("beta", functools.partial(VAE, **SMALL, beta=2.0), {}),
        ("wide", functools.partial(VAE, **wide), {}),
        ("rate", functools.partial(VAE, **SMALL), {"optimizer": adam}),
    ):
        training.train(model, SPRITES, tmp_path / name, **SETTINGS, **settings)
    columns = {path.name: read(path / "model/results/json/train_config.json") for path in tmp_path.iterdir()}
    assert columns["first"]["training.train.model"] == "@models.VAE"
    assert columns["first"]["training.train.data"] == "@data.DSpritesDrawn()"
    assert columns["rate"]["keras.optimizers.Adam.learning_rate"] == "0.01"
    first = columns.pop("first")
    different = {name: {key for key in first if first[key] != each[key]} for name, each in columns.items()}
    assert different == {
        "seed": {"training.train.seed"},
        "beta": {"models.VAE.beta"},
        "wide": {"networks.encoder.layers"},
        "rate": {"keras.optimizers.Adam.learning_rate"},
    }


@pytest.mark.parametrize("kind", ["vectors", "bags", "one latent", "no history", "nan"])
def test_a_report_is_written_of_every_kind_of_run(tmp_path, kind):
    random = np.random.RandomState(0)
    model, given = functools.partial(VAE, **SMALL), random.rand(40, 8, 8)
    if kind == "vectors":
        given = random.rand(40, 5)
    if kind == "bags":
        model, given = SymAE, BagData(random.rand(12, 4, 16), np.arange(12) % 3)
    if kind == "one latent":
        model, given = functools.partial(VAE, **{**SMALL, "num_latents": 1}), OWN
    run = training.train(model, given, tmp_path, steps=2, batch_size=6, log_every=1, progress=False)
    if kind == "no history":
        run.history.clear()
    if kind == "nan":
        run.history[0] = dict.fromkeys(run.history[0], float("nan")) | {"step": 1}
    assert "</html>" in run.report().read_text()


def test_a_line_shows_whole_numbers_of_a_score_not_its_parts():
    downstream = {
        "10:mean_train_accuracy": 0.9,
        "10:mean_test_accuracy": 0.5,
        "10:min_test_accuracy": 0.1,
        "10:test_accuracy_factor_0": 0.2,
    }
    assert main_values(downstream) == {"10:mean_test_accuracy": 0.5}
    fairness = {"mean_fairness:pred0:sens1": 0.1, "mean_fairness:mean_pred:mean_sens": 0.2}
    assert main_values(fairness) == {"mean_fairness:mean_pred:mean_sens": 0.2}
    assert main_values({"train_accuracy": 1.0}) == {"train_accuracy": 1.0}


def test_long_work_shows_that_it_is_going_on(monkeypatch, caplog):
    import time

    monkeypatch.setattr("tfdisent.evaluation.heartbeat._LOG_EVERY", 0.01)
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    with caplog.at_level(logging.INFO, "tfdisent"), heartbeat("dci"):
        time.sleep(0.1)
    assert "dci: at work for" in caplog.text


def test_the_command_ends_with_1_when_a_score_failed_and_2_for_a_mistake(run, small_mig, capsys):
    bad = small_mig.with_name("bad.gin")
    bad.write_text(MIG.replace("100", "0"))
    assert cli.main(["evaluate", str(run), "--metrics", str(small_mig)]) == 0
    assert cli.main(["evaluate", str(run), "--metrics", str(bad), str(small_mig), "--seed", "5"]) == 1
    captured = capsys.readouterr()
    assert "small_mig" in captured.out
    assert "tfdisent: 1 of 2 scores failed: bad (" in captured.err and "Traceback" not in captured.err
    assert cli.main(["evaluate", str(run), "--metrics", "migg"]) == 2
    assert capsys.readouterr().err.startswith("tfdisent: There is no score 'migg'; did you mean mig?")
