"""Runs are one experiment if their whole configuration but the seed is the same, and labels say what differs."""

import json
import os
import shutil

import pytest

from tfdisent import config
from tfdisent.errors import UserError
from tfdisent.studies.comparison import compare
from tfdisent.studies.experiments import differences
from tfdisent.studies.models_table import as_latex, as_markdown

ADAM = "train_config.keras.optimizers.Adam.learning_rate"


def row(number, value=0.5, seed=None, score="mig", **config):
    """One score of one run of ours."""
    return {
        "train_config.training.train.model": "@models.VAE",
        "train_config.model.model": "@vae()",
        "train_config.training.train.data": "'dsprites_full'",
        "train_config.training.train.seed": str(number if seed is None else seed),
        "train_config.training.train.steps": "100",
        "train_config.models.VAE.beta": "4.0",
        ADAM: "0.001",
        "train_results.uuid": f"run {number}",
        "postprocess_config.postprocess.name": "'mean'",
        "evaluation_config.evaluation.name": repr(score),
        "evaluation_config.evaluation.random_seed": "0",
        "evaluation_results.discrete_mig": value,
        "evaluation_results.uuid": f"{score} {number}",
        **config,
    }


@pytest.fixture
def compared(tmp_path):
    """Compares rows that are aggregated in one file."""

    def compared(*rows, theirs=()):
        paths = []
        for name, side in (("a.json", rows), ("b.json", theirs)):
            columns = dict.fromkeys(column for each in side for column in each)
            paths.append(tmp_path / name)
            paths[-1].write_text(
                json.dumps({c: {str(i): each.get(c) for i, each in enumerate(side)} for c in columns})
            )
        return compare(paths[:1], paths[1:] if theirs else ())

    return compared


@pytest.mark.parametrize(
    ("binding", "values", "label"),
    [
        ("keras.optimizers.Adam.learning_rate", ("0.001", "0.0001"), "learning_rate"),
        ("networks.dense_encoder.hidden_units", ("(8,)", "(16, 8)"), "hidden_units"),
        ("models.VAE.reconstruction", ("'bernoulli'", "'l2'"), "reconstruction"),
        ("data.DSpritesDrawn.image_size", ("16", "32"), "image_size"),
        ("training.train.sampling", ("'epochs'", "'replacement'"), "sampling"),
        ("models.VAE.encoder", ("@networks.conv_encoder", "@own.encoder"), "encoder"),
    ],
)
def test_runs_that_differ_in_a_binding_are_not_averaged_and_the_label_says_in_which(
    compared, binding, values, label
):
    rows = [
        row(2 * s + i, 0.1 * i, **{f"train_config.{binding}": v})
        for s in (0, 1)
        for i, v in enumerate(values)
    ]
    comparison = compared(*rows)
    assert sorted((each["mean"], each["count"]) for each in comparison.rows) == [(0.0, 2), (0.1, 2)]
    _, shown = comparison.table()
    names = {each[0] for each in shown}
    assert names == {f"vae beta=4, {label}={value.strip(chr(39))}" for value in values}


@pytest.mark.parametrize(
    "same",
    [
        {ADAM: "1e-3"},
        {"train_config.models.VAE.beta": "%beta", "train_config.beta": "4"},
        {"train_config.models.VAE.beta": "%a", "train_config.a": "%b", "train_config.b/gin.macro.value": "4"},
        {"train_config.training.train.model": "@tfdisent.models.vae.VAE"},
        {"train_config.training.train.progress": "False", "train_config.training.train.output": "'b'"},
        {"train_config.training.train.data": '"dsprites_full"'},
        {"evaluation_config.evaluation.random_seed": "7", "evaluation_config.dci.n_jobs": "2"},
    ],
)
def test_what_changes_no_result_and_how_it_is_written_keep_an_experiment_together(compared, same):
    (found,) = compared(row(0, 0.1), row(1, 0.3, **same)).rows
    assert found["count"] == 2 and found["mean"] == pytest.approx(0.2)


def test_a_macro_that_binds_the_seed_and_the_data_s_seed_is_the_seed(compared):
    tied = {"train_config.training.train.seed": "%s", "train_config.data.mra.seed": "%s"}
    assert [
        each["count"]
        for each in compared(*(row(i, **tied, **{"train_config.s": str(i)}) for i in (0, 1))).rows
    ] == [2]
    assert len(compared(*(row(i, **{"train_config.data.mra.seed": str(i)}) for i in (0, 1))).rows) == 2


def test_scores_that_are_computed_differently_are_columns_of_their_own(compared):
    bins = "evaluation_config.discretizer.num_bins"
    comparison = compared(*(row(i, 0.1 * i, **{bins: ("20", "50")[i % 2]}) for i in range(4)))
    headers, shown = comparison.table()
    assert headers == ["model", "data", "mig (num_bins=20)", "mig (num_bins=50)"]
    assert shown == [
        [
            "vae beta=4",
            "dsprites_full",
            "0.100 \N{PLUS-MINUS SIGN} 0.141 (2)",
            "0.200 \N{PLUS-MINUS SIGN} 0.141 (2)",
        ]
    ]


def test_a_seed_counts_once_and_a_note_says_so(compared):
    comparison = compared(row(0, 0.1), row(1, 0.2), row(2, 0.9, seed=1))
    assert [(each["mean"], each["count"]) for each in comparison.rows] == [(pytest.approx(0.15), 2)]
    assert any("1 of the 3 results" in note and "the values differ" in note for note in comparison.notes)


def test_models_of_which_no_configuration_is_known_stand_by_themselves(compared):
    rows = [
        {"evaluation_results.a": 0.5, "path": f"p{i}", "evaluation_results.uuid": str(i)} for i in range(3)
    ]
    comparison = compared(*rows)
    assert [each["count"] for each in comparison.rows] == [1, 1, 1]
    assert any("Of 3 models no configuration is known" in note for note in comparison.notes)


def write_python_run(folder, seed, units=8, checksum=1, value=0.5):
    """A run made without gin, as far as `compare` reads it."""
    place = folder / "metrics" / "mean" / "mig" / "results" / "aggregate" / "evaluation.json"
    place.parent.mkdir(parents=True)
    place.write_text(
        json.dumps({"evaluation_results.discrete_mig": value, "evaluation_results.uuid": str(folder)})
    )
    layer = {"class_name": "Dense", "config": {"name": f"dense_{seed}", "units": units, "seed": seed}}
    asked = {"model": {"class": "VAE", "beta": 1.0, "seed": seed, "encoder": {"config": {"layers": [layer]}}}}
    asked |= {"data": {"name": "arrays", "checksum_of_16_observations": checksum}, "seed": seed, "steps": 20}
    (folder / "model").mkdir()
    (folder / "model" / "run.json").write_text(json.dumps(asked))


def test_runs_made_in_python_are_told_apart_by_networks_and_data(tmp_path):
    for number, settings in enumerate([{}, {}, {"units": 16}, {"checksum": 2}]):
        write_python_run(tmp_path / "runs" / str(number), number, **settings)
    comparison = compare([tmp_path / "runs"])
    names = {each[0]: each[2] for each in comparison.table()[1]}
    assert len(names) == 3 and sorted(text[-3:] for text in names.values()) == ["(1)", "(1)", "(2)"]
    assert any("units=16" in name for name in names) and any("checksum" in name for name in names)
    comparison.write(tmp_path / "out")
    again = compare([tmp_path / "out" / "aggregated_results.json"])
    assert again.table() == comparison.table()


def test_the_shortest_set_of_bindings_tells_experiments_apart():
    tables = [dict(a=str(i // 2), b=str(i % 2), zz=f"x{i}" * 300, c="1") for i in range(4)]
    found = differences([tuple(sorted(table.items())) for table in tables])
    assert len(set(found.values())) == 4 and all(len(text) < 60 for text in found.values())
    without = [tuple(sorted((k, v) for k, v in table.items() if k != "zz")) for table in tables]
    assert list(differences(without).values()) == ["a=0, b=0", "a=0, b=1", "a=1, b=0", "a=1, b=1"]
    assert list(differences([(("m.x", "1"),), ()]).values()) == ["x=1", "x=default"]


def test_long_values_of_a_gin_configuration_are_kept_whole():
    text = "m.f.x = \\\n    ((1,\n      2),\n     'a = 3')\nm.f.y = 4\n"
    assert config.json_config(text) == {"m.f.x": "((1, 2), 'a = 3')", "m.f.y": "4"}


def test_the_best_of_each_data_set_is_marked_where_a_direction_is_known(compared, tmp_path):
    beta, data = "train_config.models.VAE.beta", "train_config.training.train.data"
    comparison = compared(
        row(0, 0.9, **{data: "'cars3d'"}),
        row(1, 0.2),
        row(2, 0.4, **{beta: "8"}),
        row(3, 0.3, **{beta: "<script>"}),
    )
    comparison.write(tmp_path / "out")
    text = (tmp_path / "out" / "comparison_table.md").read_text()
    assert [line for line in text.splitlines() if "**" in line] == [
        "| vae beta=8 | dsprites\\_full | **0.400 (1)** |"
    ]
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert page.count('class="number best"') == 1 and "<script>" in page and page.count("<script>") == 1
    latex = (tmp_path / "out" / "comparison_table.tex").read_text()
    assert (
        "vae beta=8 & dsprites\\_full & \\textbf{0.400 (1)} \\\\" in latex and "\\textless{}script" in latex
    )
    assert (tmp_path / "out" / "comparison_table.csv").read_text().startswith("model,data,mig\n")


def test_hostile_names_break_no_table_of_latex_or_markdown():
    names = ["a & b_c", "[x]", "*", "50 % {\\}", "β漢|"]
    latex = as_latex(["model", "x"], [[name, None] for name in names], [[False, False]] * 5)
    body = latex.split("\\midrule\n")[1].split("\\bottomrule")[0].splitlines()
    assert body == [
        "a \\& b\\_c & -- \\\\", "{[}x{]} & -- \\\\", "{*} & -- \\\\",
        "50 \\% \\{\\textbackslash{}\\} & -- \\\\", "$\\beta$U+6F22\\textbar{} & -- \\\\",
    ]  # fmt: skip
    lines = as_markdown(["model", "x"], [["a|b<c", "1"]], [[False, True]]).splitlines()
    assert lines[2] == "| a\\|b&lt;c | **1** |"


@pytest.mark.parametrize("value", [True, "0.5", None, [0.5], {"a": [1]}, 10**400])
def test_results_that_are_no_numbers_are_passed_over(compared, value):
    other = row(1, 0.3) | {"evaluation_results.constant_factors": ["shape"], "evaluation_results.odd": value}
    (found,) = compared(row(0, 0.1), other).rows
    assert found["value"] == "discrete_mig" and found["count"] == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe\x00", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b'{"evaluation_results.a": {"0": ' + b"[" * 300 + b"]" * 300 + b"}}", "nested more than"),
    ],
)
def test_damaged_files_end_in_one_sentence(tmp_path, content, sentence):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(UserError, match=sentence) as error:
        compare([tmp_path / "a.json"])
    assert "\n" not in str(error.value)


def test_folders_pipes_and_nothing_at_all_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    with open(tmp_path / "huge.json", "wb") as file:
        file.truncate(3 * 1024**3)
    for source in ("pipe.json", "folder.json", "huge.json"):
        with pytest.raises(UserError):
            compare([tmp_path / source])
    for sources in ([], None, [3], ["a\0"], ["x" * 5000]):
        with pytest.raises(UserError, match="Received"):
            compare(sources)


def test_links_are_followed_once_also_in_circles(tmp_path):
    write_python_run(tmp_path / "elsewhere" / "a", 0)
    runs = tmp_path / "runs"
    runs.mkdir()
    os.symlink(tmp_path / "elsewhere" / "a", runs / "a")
    os.symlink(runs, runs / "circle")
    assert [each["count"] for each in compare([runs]).rows] == [1]
    shutil.rmtree(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="There are no results"):
        compare([runs])
