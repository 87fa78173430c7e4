import os
import signal
import subprocess
import sys
import tempfile

import pytest

from tfdisent import cli
from tfdisent.cli.printing import print_table
from tfdisent.errors import UserError


def run(capsys, *arguments):
    code = cli.main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_help_and_data_do_not_import_tensorflow(tmp_path):
    program = (
        "import sys; from tfdisent import cli\n"
        "try: cli.main({})\nexcept SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'gin')))"
    )
    for arguments in (
        ["--help"],
        ["data", "list"],
        ["data", "show", "dsprites_drawn"],
        ["reproduce", "--list"],
    ):
        result = subprocess.run(
            [sys.executable, "-c", program.format(arguments)], capture_output=True, text=True
        )
        assert result.returncode == 0, (arguments, result.stderr)


def test_data_show_says_factors_and_source(capsys):
    code, out, _ = run(capsys, "data", "show", "dsprites_drawn")
    assert code == 0
    assert "drawn by tfdisent" in out and "737,280" in out and "orientation: 40 values, cyclic" in out


def test_train_evaluate_report(tmp_path, capsys):
    folder = tmp_path / "run"
    bindings = [
        "training.train.epochs=None",
        "training.train.steps=30",
        "data.SyntheticLinear.num_points=500",
    ]
    arguments = [part for binding in bindings for part in ("-b", binding)]
    code, out, err = run(
        capsys, "train", "pca_directions/synth_linear.gin", *arguments, "--output", str(folder)
    )
    assert code == 0, err
    assert "Trained 30 steps" in out
    assert "split 80/10/10: 400 train, 50 validation, 50 test" in err
    code, out, err = run(capsys, "evaluate", str(folder))
    assert code == 0, err
    assert "DtO" in out and "disentanglement_score" in err
    assert "mig: discrete_mig" in err  # its factors are real numbers, which are binned
    code, out, err = run(capsys, "report", str(folder))
    assert code == 0, err
    page = (folder / "report.html").read_text()
    assert "VAE on synth_linear" in page and "http" not in page.replace("http-equiv", "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "nothing.gin", "--output", "OUT"], "There is no configuration nothing.gin"),
        (["tune-beta", "nothing.gin", "--output", "OUT"], "There is no configuration nothing.gin"),
        (["train", "demo.gin", "--output", "OUT", "-b", "models.VAE.beta='four'"], "beta must be a number"),
        (
            ["train", "demo.gin", "--output", "OUT", "-b", "models.VAE.gamma=1"],
            "doesn't have a parameter named 'gamma'",
        ),
        (["train", "demo.gin", "--output", "OUT", "-b", "training.train.steps=-1"], "steps must be"),
        (["train", "demo.gin", "--output", "OUT", "-b", "training.train.data='dsprite'"], "dsprites_drawn"),
        (
            ["train", "demo.gin", "--output", "/dev/null/run", "-b", "training.train.steps=1"],
            "could not be written",
        ),
        (["evaluate", "OUT", "--metrics", "mgi"], "is this the folder of a run"),
        (["evaluate", "OUT"], "is this the folder of a run"),
        (["report", "OUT"], "is this the folder of a run"),
        (["data", "show", "dsprites_draw"], "dsprites_drawn"),
        (["reproduce", "pca_directions/table_3_3"], "table_3_3_synth_linear"),
    ],
)
def test_a_mistake_ends_in_one_sentence_with_exit_code_2_and_no_files(tmp_path, capsys, arguments, sentence):
    folder = tmp_path / "run"
    code, out, err = run(capsys, *[str(folder) if part == "OUT" else part for part in arguments])
    assert code == 2 and out == ""
    last = err.strip().splitlines()[-1]
    assert last.startswith("tfdisent: ") and sentence in last
    assert "Traceback" not in err
    assert not folder.exists()


def command(*arguments, **settings):
    return subprocess.Popen([sys.executable, "-m", "tfdisent", *arguments], text=True, **settings)


def test_the_module_is_the_command_and_alone_it_shows_help():
    result = subprocess.run([sys.executable, "-m", "tfdisent"], capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stdout.startswith("usage: tfdisent") and result.stderr == ""


@pytest.mark.parametrize(
    "arguments", [["data", "list"], ["--help"], ["study", "show", "unsupervised_study_v1"]]
)
def test_a_reader_that_goes_away_is_no_error(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    process = command(*arguments, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert process.communicate()[1] == ""
    assert process.returncode in (0, 141)  # argparse itself keeps silent about its help


def test_sigterm_ends_with_143_and_one_line(capsys, monkeypatch):
    def wait(options):
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("not reached")

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(cli.data, "list_data", wait)
    code, out, err = run(capsys, "data", "list")
    assert code == 143 and len(err.splitlines()) == 1 and "SIGTERM" in err
    assert signal.getsignal(signal.SIGTERM) is before


def raising(error):
    def fail(options):
        raise error

    return fail


class WorkerLost(UserError):
    exit_code = 3


class ResourceExhaustedError(Exception):
    """Stands for TensorFlow's."""


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (UserError("wrong."), 2, "wrong"),
        (WorkerLost("A worker was lost."), 3, "lost"),
        (OSError(28, "No space left on device", "/there"), 2, "No space left on device. Received: '/there'"),
        (MemoryError("Unable to allocate 8 GiB"), 2, "not enough memory"),
        (ResourceExhaustedError("OOM\nwhen allocating"), 2, "not enough memory"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (SystemExit(143), 143, "SIGTERM"),
        (
            BrokenPipeError(32, "Broken pipe"),
            2,
            "Broken pipe",
        ),  # of a worker, while somebody reads the output
    ],
)
def test_every_end_has_a_code_and_one_line(capsys, monkeypatch, error, code, word):
    monkeypatch.setattr(cli.data, "list_data", raising(error))
    found, out, err = run(capsys, "data", "list")
    assert found == code and word in err and len(err.strip().splitlines()) == 1


def test_the_traceback_of_what_nobody_foresaw_is_kept_in_a_file(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(cli.data, "list_data", raising(KeyError("gone")))
    code, out, err = run(capsys, "data", "list")
    assert code == 70 and len(err.splitlines()) == 1 and "KeyError" in err
    (kept,) = tmp_path.glob("tfdisent_traceback_*.txt")
    assert str(kept) in err and "Traceback" in kept.read_text()
    monkeypatch.setenv("TFDISENT_DEBUG", "1")
    assert "Traceback" in run(capsys, "data", "list")[2]


def test_a_mistyped_run_is_answered_with_the_nearest_folders(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "first" / "model").mkdir(parents=True)
    for arguments in (["evaluate"], ["report"], ["compare"]):
        assert "did you mean runs/first?" in run(capsys, *arguments, "runs/frist")[2]
        assert "did you mean runs/first?" in run(capsys, *arguments, "rusn/first")[2]
    (tmp_path / "runs" / "first" / "model" / "run.json").write_text("{}")
    assert "give one of those in it: runs/first" in run(capsys, "report", "runs")[2]


def test_a_table_in_a_pipe_keeps_every_letter(capsys):
    long = "a" * 150 + " [bold]b[/bold] :smile: " + "c" * 150
    print_table(["name", "x"], [[long, 0.00001], [None, 2]])
    out = capsys.readouterr().out
    assert long in out and "1.00e-05" in out


def test_trusted_modules_are_passed_on(monkeypatch, capsys, tmp_path):
    from tfdisent import config

    calls = []

    def parse(configs, bindings, trust):
        calls.append(trust)
        raise UserError("enough.")

    monkeypatch.setattr(config, "parse", parse)
    line = ["train", "demo.gin", "--output", str(tmp_path / "run")]
    assert run(capsys, *line)[0] == 2
    assert run(capsys, *line, "--trust", "mine", "--trust", "yours.models")[0] == 2
    assert calls == [[], ["mine", "yours.models"]]


def test_help_is_quick():
    for arguments in ([], ["train"], ["evaluate"], ["data", "get"]):
        program = (
            "import sys, time; start = time.process_time(); from tfdisent import cli\n"
            f"cli.main({[*arguments, '--help']})\n"
            "sys.stderr.write(str(time.process_time() - start))"
        )
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert float(result.stderr) < 0.3
