"""Wrong command lines: each ends with exit code 2 and one line, before TensorFlow is imported where that can be."""

import json
import os
import subprocess
import sys

import pytest

from tfdisent import cli

LONG = "x" * 5000
NO_TEXT = os.fsdecode(b"caf\xe9")  # Latin-1
NUMBERS = ("", "two", "-1", "1.5", "nan", "1e3", "９.5", "0x1", "--", "True", "9" * 5000)
FOLDERS = ("", "FILE", "FILE/run", "/dev/null", "/dev/null/run", LONG, NO_TEXT, "CLOSED", "CLOSED/run")
MISSING = ("", "frist", "FILE", "EMPTY", "CLOSED/run", LONG, NO_TEXT, "/dev/null", "ключ", ".")
CONFIGS = (
    "",
    "nothing.gin",
    "demo.gni",
    "EMPTY",
    LONG,
    NO_TEXT,
    "BINARY",
    "BROKEN",
    "/dev/null/x.gin",
    "ключ.gin",
)
BINDINGS = ("", " ", "=", "models.VAE.beta", "models.VAE.beta=", "=4", "models.VAE.beta=four", "a b=1",
            "models.VAE.beta=[",
            NO_TEXT)  # fmt: skip
NAMES = ("", "nothing", "ключ", LONG, NO_TEXT, "-1")


def _lines():
    run = ["--output", "OUT"]
    yield from (
        ["trian"],
        ["Train"],
        [""],
        ["ключ"],
        [NO_TEXT],
        ["--quick"],
        ["--verson"],
        ["data"],
        ["study"],
        ["data", "lst"],
    )
    for command in ("demo", "train", "evaluate", "report", "compare", "tune-beta", "reproduce"):
        yield [command, "--no-such-option"]
        yield [command, "--output"]
    for value in FOLDERS:
        yield ["demo", "--quick", "--output", value]
        yield ["train", "demo.gin", "--output", value]
        yield ["tune-beta", "demo.gin", "--output", value]
        yield ["compare", "SCORED", "--output", value]
        yield ["study", "plan", "studies/beta", "--output", value]
        yield ["reproduce", "pca_directions/table_3_3_synth_linear", "--scale", "quick", "--output", value]
    for value in CONFIGS:
        yield ["train", value, *run]
        yield ["study", "run", value, *run]
        yield ["tune-beta", "demo.gin", value, *run]
    for value in BINDINGS:
        yield ["train", "demo.gin", *run, "-b", value]
        yield ["tune-beta", "demo.gin", *run, "-b", value]
    yield ["train"]
    yield ["train", "demo.gin"]
    yield ["train", "demo.gin", *run, *run]
    yield ["train", "demo.gin", *run, "--overwrite=yes"]
    yield ["train", "demo.gin", *run, "--trust"]
    yield ["train", "demo.gin", *run, "--trust", ""]
    yield ["train", "demo.gin", *run, "--model", "3"]
    yield ["train", "unsupervised_study_v1", *run]
    for value in (*NUMBERS, "12600"):
        yield ["train", "unsupervised_study_v1", *run, "--model", value]
        yield ["study", "show", "unsupervised_study_v1", "--model", value]
    for value in MISSING:
        yield ["evaluate", value]
        yield ["report", value]
        yield ["compare", value]
        yield ["compare", "SCORED", "--with", value]
    for value in NUMBERS:
        yield ["evaluate", "SCORED", "--seed", value]
        yield ["reproduce", "pca_directions/table_3_3_synth_linear", "--seeds", value]
        yield ["reproduce", "pca_directions/table_3_3_synth_linear", "--workers", value]
        yield ["tune-beta", "demo.gin", *run, "--most", value]
    for value in ("", "two", "-1", "0", "nan", "inf"):
        yield ["tune-beta", "demo.gin", *run, "--from", value]
        yield ["tune-beta", "demo.gin", *run, "--factor", value]
    yield ["tune-beta", "demo.gin", *run, "--factor", "1"]
    yield ["tune-beta", "demo.gin", *run, "--most", "0"]
    yield ["evaluate", "SCORED", "--seed", "4294967296"]
    yield ["evaluate", "SCORED", "--seed", "1", "--study-seeds"]
    yield ["evaluate", "SCORED", "--seed", "1", "--seed", "2"]
    yield ["evaluate", "SCORED", "--metrics"]
    yield ["evaluate", "--metrics", "mig", "SCORED"]
    yield ["evaluate", "SCORED", "SCORED"]
    yield ["evaluate", "SCORED", "--representation", "median"]
    for value in (*NAMES, "migg", "demo.gin", "missing.gin", "BROKEN", "BINARY", "EMPTY/"):
        yield ["evaluate", "SCORED", "--metrics", "mig", value]
    for value in (*NAMES, "pca_directions", "pca_directions/table_3_9"):
        yield ["reproduce", value]
    yield ["reproduce", "pca_directions/table_3_3_synth_linear", "--scale", "huge"]
    yield ["reproduce", "demystifying_biases/figure_4_12"]
    for value in NAMES:
        yield ["study", "show", value]
        yield ["study", "show", "unsupervised_study_v1", "--method", value]
        yield ["study", "show", "unsupervised_study_v1", "--data", value]
        yield ["data", "show", value]
        yield ["data", "get", value]
    for value in ("", "nan", "3", "-4", "four"):
        yield ["study", "show", "unsupervised_study_v1", "--method", "beta_vae", "--hyperparameter", value]
    for value in MISSING:
        for command in ("status", "report", "work"):
            yield ["study", command, value]
    for value in BINDINGS:
        yield ["study", "run", "studies/beta", *run, "-b", value]
    for value in ("", "0", "-1", "two"):
        yield ["study", "run", "studies/beta", *run, "--workers", value]
    yield ["study", "run", "studies/beta", *run, "--method", "beta_vae"]
    yield ["study", "run", "studies/beta", *run, "-b", "models.VAE.beta=3"]
    yield ["study", "run", "studies/beta", *run, "-b", "studies.Study.seeds=0"]
    yield ["study", "run", "studies/beta", *run, "-b", "studies.Study.grid={}"]
    yield ["study", "run", "studies/beta", *run, "--trust", "../x"]
    yield ["study", "run", "demo.gin", *run]
    yield ["study", "show", "unsupervised_study_v1", "--seed", "50"]
    yield ["study", "show", "unsupervised_study_v1", "--seed", "-1"]
    yield ["study", "show", "unsupervised_study_v1", "--model", "1", "--seed", "1"]
    for value in ("", "EMPTY", "FILE/x.png", "CLOSED/x.png", "x.nothing", NO_TEXT, LONG):
        yield ["data", "show", "digits", "--picture", value]
    yield ["data", "show", "synth_linear", "--picture", "x.png"]
    yield ["data", "show"]
    yield ["data", "list", "digits"]


LINES = list(_lines())


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder to be in, with what the words in capitals stand for; {word: path}."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "empty").mkdir()
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(0o500)
    (tmp_path / "binary.gin").write_bytes(bytes(range(128, 256)))
    (tmp_path / "broken.gin").write_text("models.VAE.beta = [")
    (tmp_path / "scored" / "model").mkdir(parents=True)
    (tmp_path / "scored" / "model" / "run.json").write_text("{}")
    yield {"FILE": "file", "EMPTY": "empty", "CLOSED": "closed", "BINARY": "binary.gin", "BROKEN": "broken.gin",
           "SCORED": "scored", "OUT": "out"}  # fmt: skip
    (tmp_path / "closed").chmod(0o700)


def _filled(line, place):
    return [place.get(word, word) if "/" not in word else "/".join(place.get(part, part) for part in word.split("/"))
            for word in line]  # fmt: skip


def verdict(code, err):
    """What is wrong with the end of a command; None where it ended with 2 and one line."""
    said = [line for line in err.splitlines() if line.strip()]
    if "Traceback" in err:
        return "traceback"
    if code != 2:
        return f"exit code {code}"
    if len(said) != 1 or not said[0].startswith("tfdisent: ") or len(said[0]) > 2000:
        return f"not one line: {said}"
    return None


def _name(line):
    return " ".join(ascii(word)[1:-1][:20] or "''" for word in line)


@pytest.mark.parametrize("line", LINES, ids=map(_name, LINES))
def test_a_wrong_command_line_ends_in_one_line_and_leaves_nothing(line, place, tmp_path, capsys, monkeypatch):
    if os.geteuid() == 0 and any("CLOSED" in word for word in line):
        pytest.skip("root may write everywhere")
    monkeypatch.setitem(sys.modules, "tensorflow", sys.modules.get("tensorflow"))  # None: its import fails
    before = sorted(tmp_path.rglob("*"))
    code = cli.main(_filled(line, place))
    assert verdict(code, capsys.readouterr().err) is None
    assert sorted(tmp_path.rglob("*")) == before


def test_there_are_many_and_different_ones():
    assert len(set(map(tuple, LINES))) == len(LINES) >= 120


def test_they_are_found_without_tensorflow(place, tmp_path):
    lines = [_filled(line, place) for line in LINES if "CLOSED" not in "".join(line)]
    (tmp_path / "lines.json").write_text(json.dumps(lines))
    program = (
        "import json, sys; from tfdisent import cli\n"
        "for line in json.load(open('lines.json')): cli.main(line)\n"
        "sys.exit('keras' in sys.modules or 'tensorflow' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr[-2000:]
