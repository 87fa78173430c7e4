import json
import logging
import os
import pathlib

import finished_study
import numpy as np
import pytest

from tfdisent import cli, studies
from tfdisent.errors import UserError
from tfdisent.studies import Study, ThisProcess, plan_study, run_study, study_status, work_study
from tfdisent.studies.run_state import RunState
from tfdisent.studies.status import LiveTable, Status, Tally, headline

BETA = "models.VAE.beta"
DIGITS = """
from __gin__ import dynamic_registration
import keras
from tfdisent import models
from tfdisent import networks
from tfdisent import training
training.train.model = @models.VAE
training.train.data = "digits"
training.train.optimizer = @keras.optimizers.Adam
training.train.steps = 20
training.train.batch_size = 16
models.VAE.num_latents = 2
models.VAE.beta = 0.5
models.VAE.encoder = @networks.dense_encoder
models.VAE.decoder = @networks.dense_decoder
networks.dense_encoder.hidden_units = (8,)
networks.dense_decoder.hidden_units = (8,)
"""


@pytest.fixture
def digits(tmp_path):
    (tmp_path / "digits.gin").write_text(DIGITS)
    return str(tmp_path / "digits.gin")


def run(capsys, *arguments):
    code = cli.main(list(map(str, arguments)))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def mig(run, random_state):
    return {"mig": {"discrete_mig": random_state.rand()}}


def files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


# Runs


def test_two_tiny_runs_are_made_once_and_a_grown_study_makes_what_is_new(digits, tmp_path):
    output = tmp_path / "study"
    carried = run_study(Study(digits, seeds=2, scores=["mig"]), output, ThisProcess())
    assert len(carried.done) == 2 and not carried.failed
    scores = [RunState(output / "runs", each).results()["scores"]["mig"] for each in carried.done]
    assert all(0 <= score["discrete_mig"] <= 1 for score in scores) and scores[0] != scores[1]
    before = files(output / "runs")
    assert len(run_study(Study(digits, seeds=2, scores=["mig"]), output, ThisProcess()).done) == 2
    assert files(output / "runs") == before
    grown = Study(digits, {BETA: [0.5, 4.0]}, seeds=2, scores=["mig"])
    assert len(run_study(grown, output, ThisProcess()).done) == 4
    kept = files(output / "runs")
    assert {path: kept[path] for path in before} == before
    assert study_status(output) == Status(4, 4, {}, {}, None)


def test_a_run_that_fails_is_named_and_the_others_go_on(digits, tmp_path, capsys):
    study = Study(digits, {BETA: [-1.0, 1.0]}, scores=())
    carried = run_study(study, tmp_path / "study", ThisProcess())
    ((failed, sentence),) = carried.failed.items()
    assert str(failed) == "beta=-1, seed 0" and "beta" in sentence and len(carried.done) == 1
    code, out, _ = run(capsys, "study", "status", tmp_path / "study")
    assert code == 0 and out.startswith("1 of 2 runs done, 1 failed\n") and "beta=-1, seed 0" in out
    assert "beta must be" in out


# What a folder is for


def test_a_folder_says_what_is_to_be_done_with_whole_paths(digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    planned = plan_study(Study("digits.gin", {BETA: [1.0]}, seeds=2), "study")
    found = json.loads((tmp_path / "study" / "study.json").read_text())
    assert found["study"]["configs"] == [digits]
    assert [each["name"] for each in found["runs"]] == [each.name for each in planned]
    assert found["runs"][1]["values"] == {BETA: 1.0} and found["runs"][1]["seed"] == 1
    assert [str(each) for each in studies.open_study("study").listed] == ["seed 0", "seed 1"]


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"grid": {BETA: [2.0]}}, "holds another study: grid was"),
        ({"grid": {BETA: [1.0]}, "seeds": 1}, "holds another study: seeds was [0, 1] there and is [0] now"),
        (
            {"grid": {BETA: [1.0]}, "seeds": 2, "bindings": ["training.train.steps=30"]},
            "another study: bindings was",
        ),
        ({"grid": {BETA: [1.0]}, "seeds": 2, "together": True}, "another study: together was False there"),
    ],
)
def test_two_studies_in_one_folder_are_refused(digits, tmp_path, other, sentence):
    plan_study(Study(digits, {BETA: [1.0]}, seeds=2), tmp_path / "study")
    before = (tmp_path / "study" / "study.json").read_bytes()
    with pytest.raises(UserError) as error:
        plan_study(Study(digits, **other), tmp_path / "study")
    assert sentence in str(error.value) and str(error.value).endswith("choose another folder.")
    assert (tmp_path / "study" / "study.json").read_bytes() == before


def test_a_configuration_that_has_changed_since_is_refused(digits, tmp_path):
    study = Study(digits, {BETA: [1.0]})
    plan_study(study, tmp_path / "study")
    pathlib.Path(digits).write_text(DIGITS.replace("steps = 20", "steps = 30"))
    os.utime(digits, ns=(1, 1))
    for again in (lambda: plan_study(study, tmp_path / "study"), lambda: work_study(tmp_path / "study")):
        with pytest.raises(
            UserError, match="has changed since its runs were planned .*digits.gin.; put it back"
        ):
            again()
    pathlib.Path(digits).write_text(f"# a comment\n{DIGITS}")
    plan_study(study, tmp_path / "study")


def test_folders_that_hold_no_study_say_so(digits, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("")
    with pytest.raises(UserError, match="holds other files and no study; choose an empty folder"):
        plan_study(Study(digits), tmp_path / "other")
    for name, what in (
        ("other", "holds no study"),
        ("missing", "does not exist"),
        ("digits.gin", "is a file"),
    ):
        for read in (study_status, studies.report_study, work_study):
            with pytest.raises(UserError, match=f"{name} {what}; give the folder that `tfdisent study run"):
                read(tmp_path / name)


def test_a_damaged_list_is_one_sentence(digits, tmp_path):
    plan_study(Study(digits), tmp_path / "study")
    record = tmp_path / "study" / "study.json"
    for content in ("{", "[]", '{"study": {}, "runs": [3]}', '{"study": {}, "runs": [{"name": 3}]}'):
        record.write_text(content)
        with pytest.raises(UserError, match="study.json"):
            study_status(tmp_path / "study")
    record.write_text('{"study": {"grid": 3}, "runs": []}')
    with pytest.raises(UserError, match="A study is damaged"):
        work_study(tmp_path / "study")


def test_work_asks_for_the_modules_that_a_study_uses(digits, tmp_path):
    plan_study(Study(digits, measures=["json.dumps"]), tmp_path / "study")
    with pytest.raises(UserError, match="uses the module json"):
        work_study(tmp_path / "study")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("os.system.command='touch sentinel'", "uses the module os"),
        ("training.train.data=@os.getcwd()", "uses the module os"),
        ("keras.utils.get_file.origin='http://example.org'", "may not be configured in study.json"),
    ],
)
def test_work_believes_no_binding_of_a_folder_that_somebody_else_has_written(
    digits, tmp_path, line, sentence
):
    plan_study(Study(digits), tmp_path / "study")
    record = tmp_path / "study" / "study.json"
    content = json.loads(record.read_text())
    content["study"] |= {"bindings": [line], "trust": []}
    record.write_text(json.dumps(content))
    with pytest.raises(UserError, match=sentence):
        work_study(tmp_path / "study")


def test_a_measure_lies_beside_the_configuration(digits, tmp_path):
    (tmp_path / "areas_of_digits.py").write_text("def area(trained):\n    return {'area': 3.0}\n")
    study = Study(digits, scores=(), measures=["areas_of_digits.area"])
    assert study.trust == ("areas_of_digits",)
    (done,) = run_study(study, tmp_path / "study", ThisProcess()).done
    assert RunState(tmp_path / "study" / "runs", done).results()["measures"] == {"area": 3.0}


# How far it is


def test_the_status_is_what_the_folders_say(digits, tmp_path):
    study = Study(digits, {BETA: [1.0, 2.0]}, seeds=3)
    planned = finished_study.finish(study, tmp_path / "study", mig, {1: "The loss is NaN."})
    for each in planned[3:]:
        RunState(tmp_path / "study" / "runs", each).remove_results()
    at_work = RunState(tmp_path / "study" / "runs", planned[3])
    at_work.write_progress(500, 1000, 2000.0)
    with at_work.claim:
        found = study_status(tmp_path / "study")
    assert (found.total, found.done, found.waiting) == (6, 2, 2)
    assert {str(each): sentence for each, sentence in found.failed.items()} == {
        "beta=1, seed 1": "The loss is NaN."
    }
    assert {str(each) for each in found.at_work} == {"beta=2, seed 0"} and found.images_per_second == 2000
    # Runs took 60 s: two are to be made and half of one, one at a time.
    assert found.seconds_left == pytest.approx(2.5 * 60)
    assert headline(found) == (
        "2 of 6 runs done, 1 at work, 1 failed, 2 waiting, 2,000 images/s, about 2 min 30 s left"
    )
    assert study_status(tmp_path / "study").at_work == {}  # the claim is free again


def test_runs_that_are_done_are_looked_at_once(digits, tmp_path):
    planned = finished_study.finish(Study(digits, seeds=3), tmp_path / "study", mig)
    states = {each: RunState(tmp_path / "study" / "runs", each) for each in planned}
    states[planned[2]].remove_results()
    tally = Tally(states)
    assert tally.look().done == 2
    states[planned[0]].remove_results()
    assert tally.look().done == 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (61, "1 min 1 s"), (3600, "1 h 0 min"), (93_784, "1 d 2 h"), (8_640_000, "100 d 0 h")],
)
def test_durations_have_two_units(seconds, text):
    assert headline(Status(2, 1, {"run": None}, {}, seconds)).endswith(f"about {text} left")


def test_without_a_terminal_a_line_is_logged_now_and_then(digits, tmp_path, monkeypatch, caplog):
    planned = finished_study.finish(Study(digits, seeds=2), tmp_path / "study", mig)
    states = {each: RunState(tmp_path / "study" / "runs", each) for each in planned}
    clock = [0.0]
    monkeypatch.setattr("tfdisent.studies.status.time.monotonic", lambda: clock[0])
    table = LiveTable()
    table.began(states)
    with caplog.at_level(logging.INFO, "tfdisent"):
        for clock[0] in np.arange(0, 200, 0.5):
            table.look([], 0, {})
    table.ended()
    assert [record.getMessage() for record in caplog.records] == ["2 of 2 runs done"] * 3


def test_on_a_terminal_the_table_stands_in_one_place_and_messages_above_it(digits, tmp_path, monkeypatch):
    class Terminal(list):
        encoding = "utf-8"
        isatty = flush = lambda self: True
        write = list.append

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    handler = logging.StreamHandler(terminal)
    logger = logging.getLogger("tfdisent")
    monkeypatch.setattr(logger, "handlers", [handler])
    planned = finished_study.finish(Study(digits, seeds=2), tmp_path / "study", mig)
    states = {each: RunState(tmp_path / "study" / "runs", each) for each in planned}
    states[planned[1]].remove_results()
    states[planned[1]].write_progress(500, 1000, 2000.0)
    table = LiveTable()
    table.began(states)
    with states[planned[1]].claim:
        table.look([], 0, {})
    table.failed(planned[1], "The loss is NaN.")
    table.ended()
    shown = "".join(terminal)
    assert "1 of 2 runs done, 1 at work, 2,000 images/s" in shown and "500 of 1,000" in shown
    assert "seed 1 failed: The loss is NaN." in shown and "\x1b[1A" in shown  # drawn again in its place
    assert handler.stream is terminal


# The command


def test_the_command_plans_shows_and_reports(digits, tmp_path, capsys):
    file = tmp_path / "study.gin"
    file.write_text(
        "from tfdisent import studies\n"
        f'studies.Study.configs = ["digits.gin"]\nstudies.Study.grid = {{"{BETA}": [1.0, 4.0]}}\n'
        'studies.Study.scores = ["mig"]\n'
    )
    code, out, _ = run(capsys, "study", "show", file, "-b", "studies.Study.seeds=3")
    assert code == 0 and "axis      models.VAE.beta: 1.0; 4.0" in out and "runs      6" in out
    output = tmp_path / "study"
    code, out, err = run(capsys, "study", "plan", file, "--output", output)
    assert (code, out) == (0, f"Planned 2 runs; on each machine: tfdisent study work {output}\n"), err
    assert run(capsys, "study", "status", output)[1] == "0 of 2 runs done, 2 waiting\n"
    code, _, err = run(capsys, "study", "report", output)
    assert code == 2 and "No run of" in err
    finished_study.finish(studies.find_study(str(file)), output, mig)
    code, out, err = run(capsys, "study", "report", output)
    assert (code, out) == (0, f"The report is in {output / 'report' / 'report.html'}\n"), err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "STUDY"), "--output"),
        (
            ("run", "STUDY", "--output", "OUT", "--workers", "0"),
            "--workers must be a whole number, 1 or larger",
        ),
        (("run", "STUDY", "--output", "FILE/x"), "--output could not be written"),
        (
            ("run", "STUDY", "--output", "OUT", "-b", "studies.Study.gpus=4"),
            "gpus must be a share of one GPU",
        ),
        (("run", "STUDY", "--output", "OUT", "-b", f"{BETA}=3"), "is given in the bindings and in the grid"),
        (("run", "STUDY", "--output", "OUT", "--method", "beta_vae"), "--method choose models of"),
        (("run", "nothing.gin", "--output", "OUT"), "There is no study nothing.gin"),
        (
            ("plan", "STUDY", "--output", "OUT", "-b", "models.VAE.betta=3"),
            "doesn't have a parameter named 'betta'",
        ),
        (("work", "OUT"), "OUT does not exist; give the folder"),
        (("status", "FILE"), "is a file; give the folder"),
        (("show", "STUDY", "--model", "3"), "--model is a number in unsupervised_study_v1"),
    ],
)
def test_a_mistake_in_a_command_is_one_sentence(digits, tmp_path, capsys, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (tmp_path / "FILE").write_text("")
    (tmp_path / "STUDY").write_text(
        'from tfdisent import studies\nstudies.Study.configs = "digits.gin"\n'
        f'studies.Study.grid = {{"{BETA}": [1.0]}}\n'
    )
    code, out, err = run(capsys, "study", *arguments)
    assert (code, out) == (2, "") and sentence in err and err.count("\n") == 1
    assert not (tmp_path / "OUT").exists()


@pytest.mark.slow
def test_the_command_makes_runs_in_processes_and_workers_do_what_is_left(digits, tmp_path, capsys):
    file = tmp_path / "study.gin"
    file.write_text(
        "from tfdisent import studies\n"
        'studies.Study.configs = ["digits.gin"]\nstudies.Study.seeds = 2\nstudies.Study.scores = ["mig"]\n'
    )
    output = tmp_path / "study"
    code, out, err = run(capsys, "study", "run", file, "--output", output, "--workers", 2)
    assert code == 0 and out.startswith("2 of 2 runs are done"), err
    first = studies.report_study(output).with_name("aggregated_results.json").read_text()
    grid = f"studies.Study.grid={{'{BETA}': [0.5, -1.0]}}"
    run(capsys, "study", "plan", file, "--output", output, "-b", grid)
    code, out, err = run(capsys, "study", "work", output)
    assert code == 1 and out.startswith("2 of 4 runs are done") and "beta=-1, seed 1" in out, err
    assert studies.report_study(output).with_name("aggregated_results.json").read_text() == first
    code, out, _ = run(capsys, "study", "work", output)  # those that failed are left alone
    assert code == 1 and study_status(output).waiting == 0
