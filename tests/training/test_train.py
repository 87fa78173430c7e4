import functools
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent import networks
from tfdisent.errors import UserError
from tfdisent.models import VAE
from tfdisent.training import RunDirectory, train

X = np.random.RandomState(0).rand(200, 5).astype(np.float32)
MODEL = functools.partial(
    VAE,
    num_latents=2,
    encoder=functools.partial(networks.dense_encoder, hidden_units=(8,)),
    decoder=functools.partial(networks.dense_decoder, hidden_units=(8,)),
    beta=0.1,
)
SETTINGS = {"batch_size": 20, "log_every": 10, "progress": False, "strategy": "default"}


def weights(run):
    return np.concatenate([np.ravel(weight) for weight in run.model.get_weights()])


def test_history_has_the_mean_of_each_interval_and_ends_at_the_last_step(tmp_path):
    fine = train(MODEL, X, steps=47, **{**SETTINGS, "log_every": 1})
    run = train(MODEL, X, tmp_path / "run", steps=47, **SETTINGS)
    assert [row["step"] for row in run.history] == [10, 20, 30, 40, 47]
    np.testing.assert_array_equal(weights(run), weights(fine))
    for first, last, row in ((0, 10, run.history[0]), (40, 47, run.history[-1])):
        assert row["kl"] == pytest.approx(np.mean([r["kl"] for r in fine.history[first:last]]), rel=1e-5)
    assert RunDirectory(tmp_path / "run").history() == run.history


def test_more_steps_continue_a_run_and_end_where_an_uninterrupted_one_ends(tmp_path):
    train(MODEL, X, tmp_path, steps=30, **SETTINGS)
    longer = train(MODEL, X, tmp_path, steps=55, **SETTINGS)
    whole = train(MODEL, X, steps=55, **SETTINGS)
    np.testing.assert_array_equal(weights(longer), weights(whole))
    assert longer.history == whole.history


def test_loaded_model_is_the_trained_one(tmp_path):
    run = train(MODEL, X, tmp_path, steps=20, **SETTINGS)
    loaded = RunDirectory(tmp_path).load_model()
    np.testing.assert_array_equal(loaded.represent(X), run.model.represent(X))
    assert loaded.beta == 0.1
    assert RunDirectory(tmp_path).results("model", "train") == run.results


def test_split_trains_on_the_training_part_only(tmp_path, caplog):
    with caplog.at_level("INFO", "tfdisent"):
        run = train(MODEL, X, tmp_path, epochs=3, split=(0.8, 0.1, 0.1), **SETTINGS)
    assert {name: part.size for name, part in run.data.items()} == {
        "train": 160,
        "validation": 20,
        "test": 20,
    }
    assert run.results["global_step"] == 3 * 160 // 20
    assert "split 80/10/10: 160 train, 20 validation, 20 test" in caplog.text
    parts = [part.base_indices for part in run.data.values()]
    assert sorted(np.concatenate(parts)) == list(range(200))


class Unstable(VAE):
    """A VAE whose loss is not a number at one step."""

    bad_step = -1

    def losses(self, observations, training=False):
        terms = super().losses(observations, training)
        return {**terms, "loss": tf.where(self.step == self.bad_step, np.nan, terms["loss"])}


def test_a_loss_that_is_not_finite_stops_with_step_terms_and_the_last_good_checkpoint(tmp_path, monkeypatch):
    make = functools.partial(Unstable, **MODEL.keywords)
    run = functools.partial(train, make, X, tmp_path, steps=40, checkpoint_every=10, **SETTINGS)
    monkeypatch.setattr(Unstable, "bad_step", 25)
    sentence = r"not finite at step 25 \(loss nan, reconstruction [0-9.]+, kl [0-9.e-]+\).*checkpoint is kept: step 20"
    with pytest.raises(UserError, match=sentence):
        run()
    names = sorted(path.name for path in RunDirectory(tmp_path).checkpoints.iterdir())
    assert names == ["step-0000000010.npz", "step-0000000020.npz"]
    monkeypatch.setattr(Unstable, "bad_step", -1)
    np.testing.assert_array_equal(weights(run()), weights(train(make, X, steps=40, **SETTINGS)))


def test_a_folder_with_another_run_is_refused_and_overwrite_replaces_it(tmp_path):
    train(MODEL, X, tmp_path, steps=20, **SETTINGS)
    other = functools.partial(MODEL, beta=0.2)
    with pytest.raises(UserError, match="another run: model.beta was 0.1 there and is 0.2 now"):
        train(other, X, tmp_path, steps=20, **SETTINGS)
    with pytest.raises(UserError, match="steps was 20 there and is 10 now"):
        train(MODEL, X, tmp_path, steps=10, **SETTINGS)
    with pytest.raises(UserError, match="data.checksum_of_16_observations"):
        train(MODEL, 1 - X, tmp_path, steps=20, **SETTINGS)
    run = train(other, X, tmp_path, steps=20, overwrite=True, **SETTINGS)
    np.testing.assert_array_equal(weights(run), weights(train(other, X, steps=20, **SETTINGS)))


def test_a_folder_with_other_files_is_refused_and_they_stay(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UserError, match="holds other files"):
        train(MODEL, X, tmp_path, steps=20, **SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"steps": 0}, "steps must be a whole number from 1"),
        ({"steps": -5}, "steps must be"),
        ({"steps": 10, "log_every": 0}, "log_every must be"),
        ({"steps": 10, "epochs": 1}, "either steps or epochs"),
        ({}, "either steps or epochs"),
        ({"steps": 10, "split": (0.5, 0.6, 0.1)}, "add up to 1"),
        ({"steps": 10, "split": (0.5, 0.5)}, "split must be None or fractions for train"),
        ({"steps": 10, "strategy": "many"}, "strategy must be"),
        ({"steps": 10, "dtype": "mixed_float16"}, "mixed_bfloat16"),
        (
            {"steps": 10, "optimizer": functools.partial(keras.optimizers.Adam, "fast")},
            "optimizer cannot be made",
        ),
    ],
)
def test_settings_that_make_no_run_leave_nothing_behind(tmp_path, settings, sentence):
    with pytest.raises(UserError, match=sentence):
        train(MODEL, X, tmp_path / "run", **{**SETTINGS, **settings})
    assert not (tmp_path / "run").exists()


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    train(MODEL, X, tmp_path, steps=20, **SETTINGS)
    before = sorted((tmp_path / "model" / "checkpoints").iterdir())

    def no_room(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_room)
    with pytest.raises(UserError, match="No space left on device"):
        train(MODEL, X, tmp_path, steps=40, **SETTINGS)
    assert sorted((tmp_path / "model" / "checkpoints").iterdir()) == before


KILLED = """
import sys
import numpy as np
sys.path.insert(0, {folder!r})
from test_train import MODEL, SETTINGS, X
from tfdisent.training import train
train(MODEL, X, {output!r}, steps=4000, checkpoint_every=100, **{{**SETTINGS, "log_every": 20}})
"""


def test_a_run_that_was_killed_ends_bitwise_like_one_that_was_not(tmp_path):
    program = KILLED.format(folder=os.path.dirname(__file__), output=str(tmp_path / "run"))
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    checkpoints = tmp_path / "run" / "model" / "checkpoints"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and child.poll() is None:
        if checkpoints.is_dir() and len(list(checkpoints.glob("step-*.npz"))) == 2:
            break
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL, "the run ended before it could be killed"
    assert not (tmp_path / "run" / "model" / "model.keras").exists()
    settings = {"steps": 4000, "checkpoint_every": 100, **SETTINGS, "log_every": 20}
    resumed = train(MODEL, X, tmp_path / "run", **settings)
    whole = train(MODEL, X, **settings)
    np.testing.assert_array_equal(weights(resumed), weights(whole))
    assert resumed.history == whole.history
