"""`evaluate`, `tune-beta`, `reproduce` and two workers are killed at random moments: nothing of it is seen in the end.

`tests/training/test_kills.py` does the same to `train`. Half of the signals are SIGTERM, half SIGKILL.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from killing import leftovers, run_with_kills
from workers import Workers, command

from tfdisent.training import RunDirectory

pytestmark = pytest.mark.slow

ENVIRONMENT = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
DIGITS = """
from __gin__ import dynamic_registration
import keras
from tfdisent import models
from tfdisent import networks
from tfdisent import training
training.train.model = @models.VAE
training.train.data = "digits"
training.train.optimizer = @keras.optimizers.Adam
training.train.steps = {steps}
training.train.batch_size = 16
training.train.log_every = 100
training.train.checkpoint_every = 100
models.VAE.num_latents = 2
models.VAE.beta = 0.5
models.VAE.encoder = @networks.dense_encoder
models.VAE.decoder = @networks.dense_decoder
networks.dense_encoder.hidden_units = (8,)
networks.dense_decoder.hidden_units = (8,)
"""
OF_THE_CLOCK = ("elapsed_time", "uuid", "checkpoint")


def tfdisent(*arguments):
    return [sys.executable, "-m", "tfdisent.cli", *map(str, arguments)]


def disturbed(command, kills, seed, folder, longest, wait_for=None):
    """Runs a command with kills; what must hold of every start and of the folder."""
    outcome = run_with_kills(command, kills, seed, longest=longest, wait_for=wait_for, env=ENVIRONMENT)
    assert outcome.code == 0, outcome.said[-1]
    assert not outcome.orphans
    assert not leftovers(folder)
    for sent, _, code in outcome.killed:
        assert code in ((-signal.SIGKILL,) if sent == signal.SIGKILL else (143, -signal.SIGTERM, 0))
    assert not any("Traceback" in said for said in outcome.said)
    return outcome


def undisturbed(command):
    found = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr


def numbers(folder, pattern):
    """{file: content} of JSON files below a folder, without what the clock or chance says."""
    return {
        str(path.relative_to(folder)): _timeless(json.loads(path.read_text()))
        for path in sorted(folder.rglob(pattern))
    }


def _timeless(value):
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if not k.split(".")[-1].startswith(OF_THE_CLOCK)}
    return [_timeless(each) for each in value] if isinstance(value, list) else value


def weights(folder):
    return RunDirectory(folder).load_model().get_weights()


def assert_same_weights(first, second):
    for mine, other in zip(weights(first), weights(second), strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("seed", range(4))
def test_scores_after_five_kills_are_those_of_one_start(seed, tmp_path):
    (tmp_path / "digits.gin").write_text(DIGITS.format(steps=100))
    for name in ("run", "whole"):
        undisturbed(tfdisent("train", tmp_path / "digits.gin", "--output", tmp_path / name))
    scores = (
        "--metrics",
        "mig",
        "dci",
        "sap_score",
        "irs",
        "modularity_explicitness",
        "unsupervised",
        "factor_vae_metric",
    )
    undisturbed(tfdisent("evaluate", tmp_path / "whole", *scores))
    first = tmp_path / "run" / "metrics"
    disturbed(tfdisent("evaluate", tmp_path / "run", *scores), 5, seed, tmp_path / "run", 8, first)
    results = numbers(tmp_path / "run" / "metrics" / "mean", "*.json")
    assert len(results) >= 7 and results == numbers(tmp_path / "whole" / "metrics" / "mean", "*.json")


@pytest.mark.parametrize("seed", range(2))
def test_a_search_of_beta_after_ten_kills_finds_what_one_start_finds(seed, tmp_path):
    (tmp_path / "digits.gin").write_text(DIGITS.format(steps=3000))
    arguments = (tmp_path / "digits.gin", "--factor", "8", "--output")
    undisturbed(tfdisent("tune-beta", *arguments, tmp_path / "whole"))
    disturbed(tfdisent("tune-beta", *arguments, tmp_path / "found"), 10, seed, tmp_path / "found", 10)
    for name in ("tuning.json", "table.csv"):
        assert (tmp_path / "found" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    runs = sorted(path.parents[1] for path in (tmp_path / "whole").rglob("run.json"))
    assert len(runs) > 1
    for run in runs:
        assert_same_weights(run, tmp_path / "found" / run.relative_to(tmp_path / "whole"))


@pytest.mark.parametrize("seed", range(2))
def test_a_table_after_ten_kills_has_the_numbers_of_one_start(seed, tmp_path):
    item = (
        "reproduce",
        "pca_directions/table_3_3_synth_linear",
        "--scale",
        "quick",
        "--seeds",
        "3",
        "--output",
    )
    undisturbed(tfdisent(*item, tmp_path / "whole" / "table"))
    disturbed(tfdisent(*item, tmp_path / "found" / "table"), 10, seed, tmp_path / "found", 15)
    (whole,) = (tmp_path / "whole" / "table").glob("*.csv")
    assert (tmp_path / "found" / "table" / whole.name).read_bytes() == whole.read_bytes()
    runs = sorted(path.parents[1] for path in (tmp_path / "whole").rglob("run.json"))
    assert len(runs) > 1
    for run in runs:
        assert_same_weights(run, tmp_path / "found" / run.relative_to(tmp_path / "whole"))


def test_two_workers_after_ten_kills_of_either_end_with_the_weights_of_one_start(tmp_path):
    steps = ("-b", "training.train.steps=4000", "-b", "training.train.checkpoint_every=100")
    undisturbed_folder = tmp_path / "undisturbed"
    undisturbed_folder.mkdir()
    with Workers(command(undisturbed_folder, *steps), tmp_path) as workers:
        assert workers.wait() == [0, 0], workers.log(0) + workers.log(1)
    rng, waits = random.Random(0), []
    for number in range(10):
        sent, victim = (signal.SIGTERM, signal.SIGKILL)[number // 2 % 2], number % 2
        with Workers(command(tmp_path, *steps), tmp_path) as workers:
            moment = time.monotonic() + rng.uniform(0, 25)
            while time.monotonic() < moment and workers.processes[victim].poll() is None:
                time.sleep(0.05)
            early = workers.processes[victim].poll() is not None
            if not early:
                workers.processes[victim].send_signal(sent)
            if not early and "digits: 1,797" not in workers.log(0):
                continue  # they had not met: the other waits for a worker that is started again, and says so
            begun = time.monotonic()
            code = workers.processes[1 - victim].wait(60)
            waits.append(time.monotonic() - begun)
            said = workers.log(1 - victim)
            assert code in ((0,) if early else (0, 3, 143)), said
            assert "Traceback" not in said
            workers.processes[victim].wait(60)
    with Workers(command(tmp_path, *steps), tmp_path) as workers:
        assert workers.wait() == [0, 0], workers.log(0) + workers.log(1)
    print("seconds until the other worker ended:", [round(each, 1) for each in waits])
    assert not leftovers(tmp_path / "run")
    assert_same_weights(tmp_path / "run", undisturbed_folder / "run")
    assert max(waits) < 30
