"""Aggregated results in disentanglement_lib's format, and the comparison of two sides, by hand."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import spearmanr

from tfdisent import cli
from tfdisent.errors import UserError
from tfdisent.evaluation.aggregation import aggregate, read_results, to_columns, to_rows
from tfdisent.studies.comparison import compare, rank_correlations
from tfdisent.studies.scored_models import Group, ScoredModel, scored_models


def their_row(number, score, results, beta=4.0, seed=0, steps=300000, **config):
    """What disentanglement_lib aggregates of one score of a beta-VAE."""
    return {
        "train_config.model.model": "@vae()",
        "train_config.model.name": "'beta_vae'",
        "train_config.vae.beta": str(beta),
        "train_config.vae/AdamOptimizer.beta1": "0.9",
        "train_config.dataset.name": "'dsprites_full'",
        "train_config.model.random_seed": str(seed),
        "train_config.model.training_steps": str(steps),
        "train_config.encoder.num_latent": "10",
        "train_config.reconstruction_loss.loss_fn": "@bernoulli_loss",
        "train_results.uuid": f"model {number}",
        "postprocess_config.postprocess.name": "'mean'",
        "evaluation_config.evaluation.name": f"'{score}'",
        "evaluation_config.dataset.name": "'auto'",
        **{f"evaluation_results.{key}": value for key, value in results.items()},
        "evaluation_results.elapsed_time": 12.5,
        "evaluation_results.uuid": f"{score} {number}",
        "path": f"output/study/{number}/metrics/mean/{score}/results/aggregate/evaluation.json",
        **config,
    }


def our_row(number, score, results, beta=4.0, seed=0, steps=300000, data="'dsprites_full'", **config):
    """What a native run of ours aggregates."""
    return {
        "train_config.training.train.model": "@models.VAE",
        "train_config.model.model": "@vae()",
        "train_config.training.train.data": data,
        "train_config.training.train.seed": str(seed),
        "train_config.training.train.steps": str(steps),
        "train_config.models.VAE.beta": str(beta),
        "train_config.models.VAE.encoder": "@networks.conv_encoder",
        "train_config.models.VAE.name": "None",
        "train_config.models.VAE.num_latents": "10",
        "train_config.models.VAE.reconstruction": "'bernoulli'",
        "train_results.uuid": f"ours {number}",
        **{f"evaluation_results.{key}": value for key, value in results.items()},
        "evaluation_results.uuid": f"ours {score} {number}",
        **config,
    }


def write_run(folder, score, row, representation="mean"):
    path = folder / "metrics" / representation / score / "results" / "aggregate" / "evaluation.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(row))


def write_columns(path, rows):
    """As pandas.DataFrame.to_json: all columns have all rows, and null where there is nothing."""
    columns = dict.fromkeys(column for row in rows for column in row)
    path.write_text(json.dumps({c: {str(i): row.get(c) for i, row in enumerate(rows)} for c in columns}))
    return path


@pytest.fixture
def both(tmp_path):
    """Three runs of ours, and a file of theirs with five models, in which the MIG is known."""
    for number, value in enumerate([0.1, 0.2, 0.6]):
        run = tmp_path / "runs" / str(number)
        write_run(run, "mig", our_row(number, "mig", {"discrete_mig": value}, seed=number, steps=30000))
    rows = [
        their_row(number, "mig", {"discrete_mig": value}, seed=number, beta=beta)
        for number, (value, beta) in enumerate([(0.3, 4), (0.5, 4), (0.2, 16), (0.1, 16), (0.4, 16)])
    ]
    rows += [
        their_row(
            number,
            "beta_vae_sklearn",
            {"train_accuracy": 0.9, "eval_accuracy": value},
            seed=number,
            beta=beta,
        )
        for number, (value, beta) in enumerate([(0.8, 4), (0.9, 4), (0.7, 16), (0.6, 16), (0.95, 16)])
    ]
    return tmp_path / "runs", write_columns(tmp_path / "theirs.json", rows)


def test_mean_standard_deviation_and_count_are_over_the_seeds(both):
    (row,) = compare([both[0]]).rows
    assert (row["data"], row["method"], row["settings"]) == ("dsprites_full", "vae", "beta=4")
    assert (row["representation"], row["score"], row["value"]) == ("mean", "mig", "discrete_mig")
    assert row["mean"] == pytest.approx(0.3) and row["count"] == 3
    assert row["std"] == pytest.approx(np.sqrt((0.04 + 0.01 + 0.09) / 2))
    assert row["training"] == "steps 30000, latents 10, loss bernoulli"


def test_theirs_stand_beside_ours_where_both_are_and_say_how_they_were_trained(both):
    comparison = compare([both[0]], [both[1]])
    rows = {(row["settings"], row["score"], row["value"]): row for row in comparison.rows}
    assert len(rows) == len(comparison.rows) == 6
    row = rows["beta=4", "mig", "discrete_mig"]
    assert row["their mean"] == pytest.approx(0.4) and row["their count"] == 2
    assert row["difference"] == pytest.approx(-0.1)
    assert row["their training"] == "steps 300000, latents 10, loss bernoulli"
    assert "In 1 of the 1 rows that both have, the training differs" in comparison.notes[1]
    alone = rows["beta=16", "mig", "discrete_mig"]
    assert alone["mean"] is alone["count"] is alone["difference"] is None
    assert alone["their mean"] == pytest.approx(0.7 / 3) and alone["their count"] == 3
    headers, shown = comparison.table()
    assert headers == ["model", "data", "source", "beta_vae_sklearn", "mig"]
    assert shown == [
        [
            "vae beta=16",
            "dsprites_full",
            "theirs",
            "0.750 \N{PLUS-MINUS SIGN} 0.180 (3)",
            "0.233 \N{PLUS-MINUS SIGN} 0.153 (3)",
        ],
        ["vae beta=4", "dsprites_full", "ours", None, "0.300 \N{PLUS-MINUS SIGN} 0.265 (3)"],
        [
            "vae beta=4",
            "dsprites_full",
            "theirs",
            "0.850 \N{PLUS-MINUS SIGN} 0.071 (2)",
            "0.400 \N{PLUS-MINUS SIGN} 0.141 (2)",
        ],
        ["vae beta=4", "dsprites_full", "difference", None, "-0.100"],
    ]


def test_rank_correlation_is_spearman_s_over_the_models_that_have_both_scores(both):
    (row,) = compare([both[0]], [both[1]]).correlations
    assert (row["source"], row["score"], row["other score"]) == ("theirs", "beta_vae_sklearn", "mig")
    expected = spearmanr([0.3, 0.5, 0.2, 0.1, 0.4], [0.8, 0.9, 0.7, 0.6, 0.95]).statistic
    assert row["rank correlation"] == pytest.approx(expected, abs=1e-12) and row["models"] == 5


@pytest.mark.parametrize("seed", range(3))
def test_rank_correlation_with_ties_and_gaps_equals_scipy_s(seed):
    random_state = np.random.RandomState(seed)
    table = random_state.randint(6, size=(3, 12)).astype(float)
    table[random_state.random_sample(table.shape) < 0.2] = np.nan
    group = Group("data", "vae", "beta=1", "")
    scored = [
        ScoredModel(group, run, "mean", name, {"value": table[i, run]})
        for i, name in enumerate("abc")
        for run in range(12)
    ]
    rows = rank_correlations(scored, "ours")
    assert [(row["score"], row["other score"]) for row in rows] == [("a", "b"), ("a", "c"), ("b", "c")]
    for row, (i, j) in zip(rows, [(0, 1), (0, 2), (1, 2)], strict=True):
        known = np.isfinite(table[[i, j]]).all(axis=0)
        assert row["models"] == known.sum()
        expected = spearmanr(*table[[i, j]][:, known]).statistic
        assert row["rank correlation"] == pytest.approx(expected, abs=1e-12)


def test_a_score_that_is_the_same_for_all_models_ranks_nothing():
    group = Group("data", "vae", "", "")
    scored = [
        ScoredModel(group, run, "mean", n, {"value": v})
        for run in range(4)
        for n, v in (("a", 1.0), ("b", run))
    ]
    assert rank_correlations(scored, "ours")[0]["rank correlation"] is None
    assert rank_correlations(scored[:4], "ours") == []  # two models


def test_two_trainings_of_a_model_are_two_rows_and_their_means_are_not_mixed(tmp_path):
    rows = [
        their_row(i, "mig", {"discrete_mig": i}, seed=i, steps=steps)
        for i, steps in enumerate([100, 200, 200])
    ]
    found = compare([write_columns(tmp_path / "a.json", rows)]).rows
    assert [(row["mean"], row["count"]) for row in found] == [(0, 1), (1.5, 2)]
    assert found[0]["std"] is None


def test_values_that_are_not_finite_do_not_count(tmp_path):
    rows = [
        their_row(i, "mig", {"discrete_mig": v}, seed=i)
        for i, v in enumerate([0.5, float("nan"), float("inf")])
    ]
    (row,) = compare([write_columns(tmp_path / "a.json", rows)]).rows
    assert (row["mean"], row["std"], row["count"]) == (0.5, None, 1)


def test_each_method_is_told_by_its_own_settings_in_either_language():
    dip = {"train_config.model.model": "@dip_vae()", "train_config.dip_vae.lambda_od": "5.0"}
    dip |= {"train_config.dip_vae.lambda_d_factor": "10.", "train_config.dip_vae.dip_type": "'i'"}
    ours = {
        "train_config.training.train.model": "@models.DIPVAE",
        "train_config.model.model": "@dip_vae()",
        "train_config.models.DIPVAE.lambda_od": "5",
    }
    ours |= {"train_config.models.DIPVAE.lambda_d_factor": "10", "train_config.models.DIPVAE.dip_type": "'i'"}
    groups = [model.group for model in scored_models([dip, ours])]
    assert {(g.method, g.settings) for g in groups} == {
        ("dip_vae", "dip_type=i, lambda_d_factor=10, lambda_od=5")
    }
    tcvae = {
        "train_config.training.train.model": "@models.BetaTCVAE",
        "train_config.model.model": "@beta_tc_vae()",
        "train_config.models.BetaTCVAE.beta": "6.0",
    }
    estimator = "train_config.models.BetaTCVAE.estimator"
    same, other = scored_models([{**tcvae, estimator: "'minibatch'"}, {**tcvae, estimator: "'importance'"}])
    assert (same.group.method, same.group.settings) == ("beta_tc_vae", "beta=6")
    assert other.group.settings == "beta=6, estimator=importance"


def test_our_runs_are_aggregated_as_pandas_reads_them_and_read_back(both, tmp_path):
    path = tmp_path / "aggregated.json"
    rows = aggregate([both[0]], path)
    columns = json.loads(path.read_text())
    assert len(rows) == 3 and set(columns["evaluation_results.discrete_mig"]) == {"0", "1", "2"}
    assert list(columns["evaluation_results.discrete_mig"].values()) == [0.1, 0.2, 0.6]
    assert columns["path"]["1"].endswith("runs/1/metrics/mean/mig/results/aggregate/evaluation.json")
    assert aggregate([path]) == rows
    assert compare([path]).rows == compare([both[0]]).rows == compare([str(both[0] / "*")]).rows


def test_a_score_that_is_given_twice_counts_once(both):
    assert len(aggregate([both[0], both[0] / "1", str(both[0] / "[01]")])) == 3


def test_columns_are_the_union_and_what_is_missing_or_not_finite_is_null():
    rows = [{"a": 1, "b": "x"}, {"a": float("nan"), "c": [1]}]
    columns = to_columns(rows)
    assert columns == {"a": {"0": 1, "1": None}, "b": {"0": "x", "1": None}, "c": {"0": None, "1": [1]}}
    assert to_rows(columns) == [{"a": 1, "b": "x"}, {"c": [1]}]


def test_the_command_writes_tables_a_page_and_aggregated_results(both, tmp_path, capsys):
    output = tmp_path / "out"
    assert cli.main(["compare", str(both[0]), "--with", str(both[1]), "--output", str(output)]) == 0
    printed = capsys.readouterr().out
    assert "0.300 ± 0.265" in printed and "Rank correlation of the scores: theirs" in printed
    with open(output / "comparison.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 and rows[-1]["mean"] == "0.3" and rows[0]["mean"] == ""
    with open(output / "rank_correlation.csv") as file:
        assert float(next(csv.DictReader(file))["rank correlation"]) == pytest.approx(0.9)
    page = (output / "comparison.html").read_text().replace("<wbr>", "")
    assert "beta=16" in page and "How scores rank models" in page and "train_accuracy" not in page
    assert len(json.loads((output / "aggregated_results.json").read_text())["path"]) == 3


def test_comparing_imports_no_tensorflow(both):
    program = (
        "import sys; from tfdisent import cli\n"
        f"cli.main(['compare', {str(both[0])!r}, '--output', {str(both[0].parent / 'out')!r}])\n"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'gin', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("no json", "cannot be read"),
        ("[1, 2]", "must map each column to a value for every row"),
        ("{}", "must map each column"),
        (
            '{"evaluation_results.a": {"0": 1}, "path": {"0": "x", "1": "y"}}',
            "columns of different rows: .* has 1 ",
        ),
        ('{"data": {"0": 1}}', "holds no scores: none of its columns begins with 'evaluation_results.'"),
        ('{"loss": 0.5}', "holds no scores"),
        (None, "does not exist"),
    ],
)
def test_a_file_that_is_no_aggregated_result_ends_in_one_sentence(both, tmp_path, capsys, content, sentence):
    path = tmp_path / "other.json"
    if content is not None:
        path.write_text(content)
    output = tmp_path / "out"
    for arguments in ([str(path)], [str(both[0]), "--with", str(path)]):
        assert cli.main(["compare", *arguments, "--output", str(output)]) == 2
        error = capsys.readouterr().err.strip()
        assert error.startswith("tfdisent: ") and len(error.splitlines()) == 1
        with pytest.raises(UserError, match=sentence):
            read_results(path)
    assert not output.exists()


def test_sides_with_nothing_in_common_and_folders_without_scores_are_named(both, tmp_path):
    other = write_columns(tmp_path / "other.json", [their_row(0, "mig", {"discrete_mig": 0.1}, beta=6)])
    with pytest.raises(
        UserError, match="no model and score in common.*vae beta=4 on dsprites_full on one side"
    ):
        compare([both[0]], [other])
    (tmp_path / "empty").mkdir()
    for source in (tmp_path / "empty", str(tmp_path / "nothing*")):
        with pytest.raises(UserError, match="There are no results in .*tfdisent evaluate"):
            compare([source])
