import json
import re
import resource
import subprocess
import sys
import time

import finished_study
import numpy as np
import pytest
from pyarrow import parquet

from tfdisent.evaluation import aggregate
from tfdisent.evaluation.aggregation import to_columns, write_columns
from tfdisent.evaluation.scores import STUDY
from tfdisent.studies import Study, compare, find_study, open_study, report_study
from tfdisent.studies import unsupervised_study_v1 as published
from tfdisent.studies.comparison import rank_correlation
from tfdisent.studies.runs_table import read_runs

BETA, LATENTS, DATA = "models.VAE.beta", "models.VAE.num_latents", "training.train.data"
GRID = {DATA: ["digits", "mnist"], (BETA, "training.train.steps"): [(1.0, 10), (4.0, 40)], LATENTS: [2, 3, 4]}
FAILED = {0: "The loss is NaN at step 3.", 7: "Its process was killed <signal 9>."}


def scores(run, random_state):
    """The MIG is beta / 10 and the SAP its opposite, up to the seed."""
    beta = dict(run.values)[BETA] / 10 + run.seed / 1000
    return {
        "mig": {"discrete_mig": beta},
        "sap_score": {"SAP_score": -beta, "num_train": 100},
        "dci": {"disentanglement": random_state.rand(), "completeness": random_state.rand()},
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    output = tmp_path_factory.mktemp("studies") / "study"
    study = Study("demo.gin", GRID, seeds=4, scores=["mig", "sap_score", "dci"])
    finished_study.finish(study, output, scores, FAILED)
    report_study(output)
    return output


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report" / "report.html").read_text()


def test_the_table_has_a_row_a_run_and_only_settings_that_tell_runs_apart(folder):
    table = read_runs(open_study(folder))
    assert len(table.runs) == 2 * 2 * 3 * 4 - 2 and len(table.experiments()) == 12
    assert list(table.axes) == [DATA, BETA, LATENTS]  # the steps follow from beta
    assert list(table.labels.values()) == ["data", "beta", "num_latents"]
    assert table.main == {
        "mig": "mig.discrete_mig",
        "sap_score": "sap_score.SAP_score",
        "dci": "dci.disentanglement",
    }
    assert table.failed == {
        run: FAILED[place] for place, run in enumerate(open_study(folder).listed) if place in FAILED
    }
    rows = table.rows(BETA, 4.0, table.rows(LATENTS, 3))
    np.testing.assert_allclose(table.of("mig", rows), 0.4 + np.tile(np.arange(4) / 1000, 2))


def test_one_parquet_file_has_all_numbers(folder):
    table = parquet.read_table(folder / "report" / "runs.parquet").to_pylist()
    assert len(table) == 48
    done = [row for row in table if row["failure"] is None]
    assert len(done) == 46 and {row["failure"] for row in table} == {None, *FAILED.values()}
    for row in done:
        assert row["mig.discrete_mig"] == pytest.approx(row[BETA] / 10 + row["seed"] / 1000)
        assert row["training.train.steps"] == 10 * row[BETA] and row[DATA] in ("digits", "mnist")
        assert (row["terms.kl"], row["seconds"]) == (10.0, 60.0)
    assert all(row["mig.discrete_mig"] is None for row in table if row["failure"])


def test_the_aggregated_json_is_that_of_all_runs(folder):
    aggregated = folder / "report" / "aggregated_results.json"
    runs = sorted(str(path) for path in (folder / "runs").glob("*/*/metrics/aggregated_results.json"))
    key = lambda row: row["evaluation_results.uuid"]  # noqa: E731
    assert sorted(aggregate([str(aggregated)]), key=key) == sorted(aggregate(runs), key=key)
    assert len(compare([str(aggregated)]).results) == 46 * 3


def test_columns_are_written_as_one_table_would_be(tmp_path):
    random_state = np.random.RandomState(0)
    values = [
        1,
        1.0,
        True,
        None,
        "NaN",
        'a "b" \u00e9',
        float("nan"),
        float("inf"),
        -0.0,
        1e300,
        [1, 2],
        0.1,
        "",
        False,
    ]
    rows = [
        {"evaluation_results.x": 1.0, **{f"c{i}": values[random_state.randint(len(values))] for i in columns}}
        for columns in (random_state.permutation(9)[: random_state.randint(1, 9)] for _ in range(40))
    ]
    parts = []
    for place in range(0, 40, 5):
        parts.append(tmp_path / f"{place}.json")
        parts[-1].write_text(json.dumps(to_columns(rows[place : place + 5])))
    assert write_columns(parts, tmp_path / "all.json") == 40
    assert json.loads((tmp_path / "all.json").read_text()) == json.loads(json.dumps(to_columns(rows)))
    assert repr(json.loads((tmp_path / "all.json").read_text())["c0"]) == repr(
        json.loads(json.dumps(to_columns(rows)))["c0"]
    )
    assert write_columns([], tmp_path / "none.json") == 0 and (tmp_path / "none.json").read_text() == "{}\n"


def test_the_page_has_what_a_reader_asks_for(page):
    text = re.sub(r"<[^>]+>", " ", page)
    for heading in (
        "Failures",
        "Experiments",
        "Scores against settings",
        "Scores over pairs of settings",
        "Seeds",
        "How scores rank the runs",
    ):
        assert f"<h2>{heading}</h2>" in page
    assert (
        "46 done, 2 failed, 0 still to be made" in text and "generated: a generator of random numbers" in text
    )
    assert "Its process was killed &lt;signal 9&gt;." in page and "The loss is NaN at step 3." in page
    # Beta and the number of latents as curves and violins, and all three pairs; one row of violins is too many.
    assert page.count("<img") == 2 + 3 + 2 and "Pictures left out: 1;" in text
    assert "http://" not in page and "https://" not in page


def test_the_table_of_experiments_has_mean_and_deviation_over_the_seeds(page):
    (table,) = re.findall(r"<h2>Experiments</h2>.*?</table>", page, re.S)
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)[1:]
    assert len(rows) == 12
    cells = [
        re.sub(r"<[^>]+>", " ", cell).split() for cell in re.findall(r"<t[hd].*?</t[hd]>", rows[-1], re.S)
    ]
    assert cells[:3] == [["mnist"], ["4"], ["4"]]
    # 0.4, 0.401, 0.402, 0.403
    assert cells[3] == ["0.402", "\N{PLUS-MINUS SIGN}", "0.001", "(4)"]


def test_scores_that_order_runs_alike_or_the_other_way_round(page, folder):
    (tables,) = re.findall(r"<h2>How scores rank the runs</h2>(.*)</main>", page, re.S)
    assert [name for name in ("digits", "mnist") if f"<h3>{name}</h3>" in tables] == ["digits", "mnist"]
    table = read_runs(open_study(folder))
    rows = table.rows(DATA, "mnist")
    assert rank_correlation(table.of("mig", rows), table.of("sap_score", rows)) == pytest.approx(-1)
    assert rank_correlation([1, 2, 3, np.nan], [2, 4, 9, 0]) == pytest.approx(1)
    assert rank_correlation([1, 2], [1, 2]) is None and rank_correlation([1, 1, 1], [1, 2, 3]) is None


def test_a_study_without_grid_or_scores_or_seeds_has_a_page_too(tmp_path):
    finished_study.finish(Study("demo.gin", scores=()), tmp_path / "single", lambda run, random_state: {})
    page = report_study(tmp_path / "single").read_text()
    assert "1 done, 0 failed" in page and "reconstruction" in page and "as configured" in page
    failing = {0: "The loss is NaN."}
    finished_study.finish(Study("demo.gin"), tmp_path / "failed", scores, failing)
    assert "The loss is NaN." in report_study(tmp_path / "failed").read_text()


def test_a_setting_of_texts_and_one_that_some_runs_do_not_have(tmp_path):
    grid = [
        {"training.train.model": ["@models.VAE"], BETA: [1.0, 4.0]},
        {"training.train.model": ["@models.Autoencoder"]},
    ]
    finished_study.finish(
        Study("demo.gin", grid, seeds=3),
        tmp_path / "study",
        lambda run, state: {"mig": {"discrete_mig": state.rand()}},
    )
    table = read_runs(open_study(tmp_path / "study"))
    assert list(table.axes) == ["training.train.model", BETA] and None in table.axes[BETA]
    page = report_study(tmp_path / "study").read_text()
    assert "Autoencoder" in page and "@models" not in page


@pytest.mark.slow
def test_the_published_study_with_all_its_runs(tmp_path):
    """Prints what status and report of 12,600 finished runs take."""
    keys = {"mig": "discrete_mig", "dci": "disentanglement", "sap_score": "SAP_score"}
    parts = [
        f"{size}:{name}"
        for size in (10, 100, 1000, 10000)
        for name in ("mean_test_accuracy", "min_test_accuracy")
    ]

    def nine(run, random_state):
        return {
            score: {key: float(random_state.rand()) for key in [keys.get(score, "eval_accuracy"), *parts]}
            for score in STUDY
        }

    output = tmp_path / "study"
    finished_study.finish(find_study(published.NAME), output, nine, {17: "The loss is NaN."})
    for command in ("status", "report"):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        line = [sys.executable, "-m", "tfdisent", "study", command, str(output)]
        said = subprocess.run(line, check=True, capture_output=True, text=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"{command} of 12,600 runs: {time.monotonic() - started:.1f} s, of the processors {seconds:.1f} s; "
            f"{after.ru_maxrss / 1024:.0f} MB in the largest process"
        )
        if command == "status":
            assert said.startswith("12,599 of 12,600 runs done, 1 failed")
    assert parquet.read_metadata(output / "report" / "runs.parquet").num_rows == 12_600
    columns = json.loads((output / "report" / "aggregated_results.json").read_text())
    assert {len(values) for values in columns.values()} == {12_599 * 9}
