"""`tfdisent train` is killed at random moments and started again: nothing of it is seen in the end."""

import os
import signal
import sys

import numpy as np
import pytest
from killing import leftovers, run_with_kills

from tfdisent.training import RunDirectory

GIN = """
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
training.train.log_every = 500
training.train.checkpoint_every = 500
training.train.steps_per_execution = 20
models.VAE.num_latents = 2
models.VAE.encoder = @networks.dense_encoder
models.VAE.decoder = @networks.dense_decoder
networks.dense_encoder.hidden_units = (8,)
networks.dense_decoder.hidden_units = (8,)
"""


def command(tmp_path, name, steps):
    (tmp_path / "small.gin").write_text(GIN.format(steps=steps))
    output = str(tmp_path / name)
    return [sys.executable, "-m", "tfdisent.cli", "train", str(tmp_path / "small.gin"), "--output", output]


def assert_equal(run, whole):
    run, whole = RunDirectory(run), RunDirectory(whole)
    for mine, other in zip(run.load_model().get_weights(), whole.load_model().get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)
    assert run.history() == whole.history()


def check(tmp_path, kills, seed, steps, longest):
    env = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    whole = run_with_kills(command(tmp_path, "whole", steps), kills=0, env=env)
    assert whole.code == 0, whole.said[-1]
    outcome = run_with_kills(
        command(tmp_path, "run", steps),
        kills,
        seed,
        longest=longest,
        wait_for=tmp_path / "run" / "model" / "lives.json",
        env=env,
    )
    assert outcome.code == 0, outcome.said[-1]
    assert not outcome.orphans
    assert not leftovers(tmp_path / "run")
    for sent, _, code in outcome.killed:
        assert code in ((-signal.SIGKILL,) if sent == signal.SIGKILL else (143, -signal.SIGTERM, 0))
    assert not any("Traceback" in said for said in outcome.said)
    assert_equal(tmp_path / "run", tmp_path / "whole")
    return outcome


def test_a_command_killed_with_both_signals_ends_bitwise_like_one_that_was_not(tmp_path):
    assert check(tmp_path, kills=4, seed=1, steps=6000, longest=4).killed


@pytest.mark.slow
@pytest.mark.parametrize("seed", [10, 11, 12])
def test_a_command_killed_ten_times_ends_bitwise_like_one_that_was_not(tmp_path, seed):
    check(tmp_path, kills=10, seed=seed, steps=60_000, longest=12)
