import subprocess
import sys

import pytest

from tfdisent import cli


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
    assert "mig: does not apply" in err  # its factors are real numbers
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
