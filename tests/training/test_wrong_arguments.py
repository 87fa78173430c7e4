"""Every argument of `train` and of what stands beside it, given wrong values: one sentence, or a valid call."""

import functools

import keras
import numpy as np
import pytest
from wrong_arguments import MORE_WRONG, WRONG, complaints, table, try_wrong_arguments

from tfdisent import models, networks, training
from tfdisent.data import ArrayData

X = np.random.RandomState(0).rand(40, 5).astype(np.float32)
MODEL = functools.partial(
    models.VAE,
    num_latents=2,
    encoder=functools.partial(networks.dense_encoder, hidden_units=(4,)),
    decoder=functools.partial(networks.dense_decoder, hidden_units=(4,)),
)
TRAIN = {
    "model": MODEL,
    "data": X,
    "output": None,
    "optimizer": keras.optimizers.Adam(1e-3),
    "steps": 2,
    "epochs": None,
    "batch_size": 8,
    "seed": 0,
    "sampling": "epochs",
    "split": None,
    "validation_data": None,
    "strategy": "default",
    "dtype": "float32",
    "log_every": 2,
    "checkpoint_every": 2,
    "steps_per_execution": 1,
    "jit_compile": False,
    "callbacks": (),
    "overwrite": False,
    "progress": False,
}
ACCEPTED = {
    *(("train", name, "None") for name in ("output", "epochs", "split", "validation_data", "callbacks")),
    *(("train", name, "True") for name in ("jit_compile", "overwrite", "progress")),
    *(("train", "callbacks", value) for value in ("[]", "len", "int")),
    ("train", "output", "'a'"),
    ("train", "seed", "0"),
    ("BatchStream", "seed", "0"),
    ("BatchStream", "with_labels", "True"),
    ("split_data", "fractions", "None"),
    ("RunDirectory", "path", "'a'"),
}


def others():
    data = ArrayData(X, np.arange(40) % 4)
    return {
        "BatchStream": (
            training.BatchStream,
            {"data": data, "batch_size": 8, "seed": 0, "sampling": "epochs", "with_labels": False},
        ),
        "split_data": (training.split_data, {"data": data, "fractions": (0.8, 0.1, 0.1)}),
        "RunDirectory": (training.RunDirectory, {"path": "a"}),
    }


@pytest.mark.slow
@pytest.mark.parametrize("argument", [name for name in TRAIN if name != "output"])
def test_a_wrong_argument_of_train_ends_in_one_sentence(argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(**changed):
        return training.train(**{**TRAIN, **changed})

    rows = try_wrong_arguments(
        {"train": (call, {argument: TRAIN[argument]})}, ACCEPTED, {**WRONG, **MORE_WRONG}
    )
    assert not complaints(rows), table(rows)


@pytest.mark.slow
def test_a_wrong_output_ends_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(output):
        return training.train(**{**TRAIN, "output": output})

    rows = try_wrong_arguments({"train": (call, {"output": None})}, ACCEPTED, {**WRONG, **MORE_WRONG})
    assert not complaints(rows), table(rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["BatchStream", "split_data", "RunDirectory"])
def test_a_wrong_argument_beside_train_ends_in_one_sentence(name):
    rows = try_wrong_arguments({name: others()[name]}, ACCEPTED)
    assert not complaints(rows), table(rows)
