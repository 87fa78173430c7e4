"""Two real processes on loopback: they end with what one process ends with, and neither outlives the other."""

import functools
import os
import signal
import time

import numpy as np
import pytest
from workers import SECONDS_TO_START, Workers, command

from tfdisent import data, networks
from tfdisent.models import TCWAEGAN, VAE, FactorVAE, SymAE
from tfdisent.training import RunDirectory, train

SMALL = {
    "num_latents": 3,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(16,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=(16,)),
}
DISCRIMINATOR = {"discriminator": functools.partial(networks.dense_discriminator, hidden_units=(8, 8))}
BAGS = {
    "coherent_dim": 2,
    "nuisance_dim": 3,
    "regulariser": "gaussian_noise",
    "networks": functools.partial(
        networks.symae_signal_networks, filters=4, mixer_filters=4, dense_units=(8,)
    ),
}
FLOATS = (np.random.RandomState(0).rand(64, 8, 8, 1) > 0.7).astype(np.float32)
CASES = {
    "uint8": (functools.partial(VAE, **SMALL), (255 * FLOATS).astype(np.uint8)),
    "float": (functools.partial(VAE, **SMALL), FLOATS),
    "bags": (functools.partial(SymAE, **BAGS), data.mra(36, 5, 20, seed=1)),
    "factor_vae": (functools.partial(FactorVAE, gamma=3.0, **SMALL, **DISCRIMINATOR), FLOATS),
    "tcwae_gan": (functools.partial(TCWAEGAN, beta=2.0, gamma=3.0, **SMALL, **DISCRIMINATOR), FLOATS),
}
SETTINGS = {"steps": 12, "batch_size": 8, "log_every": 1, "progress": False, "seed": 3}
ALL_CASES = """
import sys
sys.path[:0] = [{folder!r}, {folder!r} + "/.."]
from test_workers import CASES, SETTINGS
from tfdisent.training import train
for name, (model, data) in CASES.items():
    train(model, data, {output!r} + "/" + name, **SETTINGS)
"""
LONG = ("-b", "training.train.steps=20000")


def assert_same(run, alone):
    for row, expected in zip(run.history(), alone.history, strict=True):
        for term, value in expected.items():
            assert row[term] == pytest.approx(value, rel=1e-5), f"{term} at step {expected['step']}"


def weights(folder, step):
    with np.load(folder / "run" / "model" / "checkpoints" / f"step-{step:010d}.npz") as archive:
        return {name: archive[name] for name in archive.files}


def test_a_chief_and_a_worker_train_digits_as_one_process_does(tmp_path):
    with Workers(command(tmp_path), tmp_path) as workers:
        assert workers.wait() == [0, 0], workers.log(0) + workers.log(1)
    model = functools.partial(VAE, **SMALL)
    alone = train(model, "digits", strategy="default", steps=40, batch_size=32, log_every=10, progress=False)
    assert_same(RunDirectory(tmp_path / "run"), alone)


@pytest.mark.slow
def test_two_workers_train_what_one_process_trains(tmp_path):
    program = ALL_CASES.format(folder=os.path.dirname(__file__), output=str(tmp_path))
    with Workers(["-c", program], tmp_path, ("worker", "worker")) as workers:
        assert workers.wait(600) == [0, 0], workers.log(0) + workers.log(1)
    for name, (model, observations) in CASES.items():
        assert_same(RunDirectory(tmp_path / name), train(model, observations, strategy="default", **SETTINGS))


@pytest.mark.slow
def test_two_workers_train_the_demonstration(tmp_path):
    smaller = ("-b", "training.train.steps=20", "-b", "data.DSpritesDrawn.num_positions=8")
    arguments = ("-m", "tfdisent.cli", "train", "demo.gin", "--output", str(tmp_path / "run"), *smaller)
    with Workers(arguments, tmp_path) as workers:
        assert workers.wait() == [0, 0], workers.log(0) + workers.log(1)
    assert RunDirectory(tmp_path / "run").load_model()


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_worker_ends_the_other_and_the_same_command_resumes(victim, tmp_path):
    checkpoints = tmp_path / "run" / "model" / "checkpoints"
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    with Workers(command(undisturbed), tmp_path) as workers:
        assert workers.wait() == [0, 0]
    with Workers(command(tmp_path), tmp_path) as workers:
        workers.until(lambda: list(checkpoints.glob("step-*.npz")))
        workers.processes[victim].kill()
        code = workers.processes[1 - victim].wait(30)
        last = workers.log(1 - victim).strip().splitlines()[-1]
    assert code == 3
    assert "is gone, so this training ends here; the same command on all workers resumes it." in last
    with Workers(command(tmp_path), tmp_path) as workers:
        assert workers.wait() == [0, 0]
    for name, expected in weights(undisturbed, 40).items():
        np.testing.assert_array_equal(weights(tmp_path, 40)[name], expected, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGSTOP])
def test_a_worker_that_is_ended_or_stopped_ends_the_other(number, victim, tmp_path):
    checkpoints = tmp_path / "run" / "model" / "checkpoints"
    with Workers(command(tmp_path, *LONG), tmp_path) as workers:
        workers.until(lambda: list(checkpoints.glob("step-*.npz")))
        workers.processes[victim].send_signal(number)
        assert workers.processes[1 - victim].wait(30) == 3, workers.log(1 - victim)
        assert "resumes it." in workers.log(1 - victim).strip().splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
@pytest.mark.parametrize("seconds", [0.0, 0.3, 1.0, 3.0])
def test_a_worker_killed_at_the_start_ends_the_other(seconds, victim, tmp_path):
    with Workers(command(tmp_path, *LONG), tmp_path) as workers:
        workers.until(lambda: "digits: 1,797" in workers.log(0))  # they have met
        time.sleep(seconds)
        workers.processes[victim].kill()
        assert workers.processes[1 - victim].wait(30) == 3, workers.log(1 - victim)


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_worker_killed_while_tensorflow_connects_ends_the_other(victim, tmp_path):
    """The victim meets the other and ends before its TensorFlow starts; the other hangs inside its own."""
    program = (
        "import sys, os; from tfdisent.training import strategy\n"
        "strategy.tf.distribute.MultiWorkerMirroredStrategy = lambda: os._exit(9) if {rank} == VICTIM else REAL()\n"
        "from tfdisent import cli; sys.exit(cli.main(sys.argv[1:]))"
    ).replace("VICTIM", str(victim))
    program = "import tensorflow; REAL = tensorflow.distribute.MultiWorkerMirroredStrategy\n" + program
    with Workers(["-c", program, *command(tmp_path)[2:]], tmp_path) as workers:
        assert workers.processes[victim].wait(SECONDS_TO_START) == 9
        assert workers.processes[1 - victim].wait(30) == 3, workers.log(1 - victim)
        assert "TensorFlow could not connect the workers within 20 s" in workers.log(1 - victim)


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_a_worker_alone_says_for_whom_it_waits(rank, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDISENT_WAIT_SECONDS", "4")
    with Workers(command(tmp_path), tmp_path, only=(rank,)) as workers:
        assert workers.wait() == [3]
        assert f"Waiting for {'worker 0' if rank == 0 else 'the chief'} at 127.0.0.1" in workers.log(0)
        assert "tfdisent: Gave up after 4 s" in workers.log(0)


@pytest.mark.slow
def test_workers_with_different_settings_are_refused(tmp_path):
    arguments = command(tmp_path, "-b", "training.train.seed={rank}")
    with Workers(arguments, tmp_path) as workers:
        assert workers.wait() == [2, 2], workers.log(0) + workers.log(1)
    for rank in range(2):
        assert "All workers of a training must have the same run" in workers.log(rank)
