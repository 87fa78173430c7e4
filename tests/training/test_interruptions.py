"""Ctrl-C, SIGTERM and full disks: what is written before the end, and that the same call goes on from there."""

import errno
import functools
import os
import signal

import keras
import numpy as np
import pytest

from tfdisent import networks
from tfdisent.errors import UserError
from tfdisent.models import VAE, Autoencoder
from tfdisent.training import RunDirectory, train, watch_polarized_regime

X = np.random.RandomState(0).rand(200, 5).astype(np.float32)
NETWORKS = {
    "num_latents": 2,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(8,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=(8,)),
}
MODEL = functools.partial(VAE, **NETWORKS)
SETTINGS = {
    "batch_size": 20,
    "log_every": 20,
    "steps_per_execution": 4,
    "checkpoint_every": 40,
    "steps": 70,
    "progress": False,
    "strategy": "default",
}


def weights(run):
    return np.concatenate([np.ravel(weight) for weight in run.model.get_weights()])


class Send(keras.callbacks.Callback):
    """Sends this process signals when a step is reached, once."""

    def __init__(self, at, *numbers):
        super().__init__()
        self.at, self.numbers = at, list(numbers)

    def on_train_batch_end(self, batch, logs=None):
        if self.numbers and int(self.model.step) >= self.at:
            numbers, self.numbers = self.numbers, []
            for number in numbers:
                os.kill(os.getpid(), number)


def names(folder):
    return sorted(path.name for path in RunDirectory(folder).checkpoints.iterdir())


@pytest.fixture(scope="module")
def whole():
    return train(MODEL, X, **SETTINGS, callbacks=[functools.partial(watch_polarized_regime, every=4)])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "step", [32, 40, pytest.param(4, marks=pytest.mark.slow), pytest.param(68, marks=pytest.mark.slow)]
)
def test_a_signal_leaves_a_checkpoint_from_which_weights_and_history_are_the_same(
    tmp_path, whole, number, step
):
    handlers = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
    watch = functools.partial(watch_polarized_regime, every=4)
    with pytest.raises(SystemExit if number == signal.SIGTERM else KeyboardInterrupt) as ended:
        train(MODEL, X, tmp_path, **SETTINGS, callbacks=[watch, Send(step, number)])
    if number == signal.SIGTERM:
        assert ended.value.code == 143
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)] == handlers
    assert names(tmp_path)[-1] == f"step-{step:010d}.npz"
    assert not (tmp_path / ".lock").exists()
    resumed = train(MODEL, X, tmp_path, **SETTINGS, callbacks=[watch])
    np.testing.assert_array_equal(weights(resumed), weights(whole))
    assert resumed.history == whole.history == RunDirectory(tmp_path).history()
    looked = [run.callbacks[0].history for run in (resumed, whole)]
    assert looked[0] == looked[1]


def test_a_run_may_be_stopped_twice_in_one_interval(tmp_path, whole):
    for step in (8, 12):
        with pytest.raises(KeyboardInterrupt):
            train(MODEL, X, tmp_path, **SETTINGS, callbacks=[Send(step, signal.SIGINT)])
        assert names(tmp_path)[-1] == f"step-{step:010d}.npz"
    resumed = train(MODEL, X, tmp_path, **SETTINGS)
    np.testing.assert_array_equal(weights(resumed), weights(whole))
    assert resumed.history == whole.history


def test_a_second_signal_ends_at_once_without_a_checkpoint(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(MODEL, X, tmp_path, **SETTINGS, callbacks=[Send(8, signal.SIGINT, signal.SIGINT)])
    assert not RunDirectory(tmp_path).checkpoints.exists()


def test_seeds_together_are_stopped_at_the_end_of_an_interval(tmp_path):
    settings = {key: value for key, value in SETTINGS.items() if key != "strategy"}
    make = functools.partial(Autoencoder, **NETWORKS)
    never = train(make, X, seed=(0, 1), **settings)
    with pytest.raises(SystemExit):
        train(
            make, X, tmp_path, seed=(0, 1), **settings,
            callbacks=[lambda run: Send(20, signal.SIGTERM) if run.model.seed == 0 else None],
        )  # fmt: skip
    assert names(tmp_path / "seed_0") == names(tmp_path / "seed_1") == ["step-0000000020.npz"]
    for resumed, run in zip(train(make, X, tmp_path, seed=(0, 1), **settings), never, strict=True):
        np.testing.assert_allclose(weights(resumed), weights(run), rtol=1e-5)
        assert [row["step"] for row in resumed.history] == [row["step"] for row in run.history]


def test_elapsed_time_is_that_of_all_lives_which_are_written_down(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(MODEL, X, tmp_path, **SETTINGS, callbacks=[Send(32, signal.SIGINT)])
    resumed = train(MODEL, X, tmp_path, **SETTINGS)
    lives = RunDirectory(tmp_path).lives.read()
    assert [life["step"] for life in lives] == [0, 32]
    assert all(life["process"] == os.getpid() and life["seconds"] > 0 for life in lives)
    assert resumed.results["elapsed_time"] == pytest.approx(sum(life["seconds"] for life in lives))
    again = train(MODEL, X, tmp_path, **SETTINGS)
    assert again.results["elapsed_time"] == resumed.results["elapsed_time"]


def test_a_folder_that_is_written_is_refused_to_others_with_overwrite_too(tmp_path):
    caught = []

    class Other(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            import threading

            def other():
                for overwrite in (False, True):
                    try:
                        train(MODEL, X, tmp_path, **SETTINGS, overwrite=overwrite)
                    except UserError as error:
                        caught.append(str(error))

            thread = threading.Thread(target=other)
            thread.start()
            thread.join()

    run = train(MODEL, X, tmp_path, **{**SETTINGS, "steps": 20}, callbacks=[Other()])
    assert len(caught) == 2 and all(
        f"is being written by process {os.getpid()} on" in each for each in caught
    )
    np.testing.assert_array_equal(RunDirectory(tmp_path).load_model().represent(X), run.model.represent(X))


class FullDisk:
    """From the `first`-th write on, the disk is full."""

    def __init__(self, monkeypatch, function, first):
        self.writes, self.first, self.original = 0, first, getattr(os, function)
        monkeypatch.setattr(os, function, self)

    def __call__(self, *arguments):
        self.writes += 1
        if self.writes >= self.first:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.original(*arguments)


@pytest.mark.parametrize(
    ("function", "at"),
    [
        ("fsync", (1, 2, 4, 9)),
        pytest.param("fsync", range(1, 40), marks=pytest.mark.slow),
        pytest.param("replace", range(1, 40), marks=pytest.mark.slow),
    ],
)
def test_a_disk_that_is_full_at_any_write_ends_in_a_sentence_and_the_same_call_continues(
    tmp_path, monkeypatch, whole, function, at
):
    for first in (*at, 1000):
        with monkeypatch.context() as patch:
            disk = FullDisk(patch, function, first)
            try:
                run = train(MODEL, X, tmp_path, **SETTINGS)
            except UserError as error:
                assert "No space left on device" in str(error) and "Traceback" not in str(error)
            else:
                assert disk.writes < first
                break
        kept = [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
        assert not kept, "a temporary file or the lock was left behind"
    np.testing.assert_array_equal(weights(run), weights(whole))
    assert run.history == whole.history
