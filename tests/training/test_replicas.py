"""One replica, two logical devices, and two worker processes on loopback give the same losses and weights."""

import functools
import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

from tfdisent import networks
from tfdisent.data import ArrayData
from tfdisent.models import VAE
from tfdisent.training import RunDirectory, train

IMAGES = ArrayData((np.random.RandomState(0).rand(300, 16, 16, 1) > 0.8).astype(np.float32))
MODEL = functools.partial(
    VAE,
    num_latents=4,
    encoder=functools.partial(networks.conv_encoder, filters=(8, 8), kernel_sizes=(4, 2), dense_units=(16,)),
    decoder=functools.partial(networks.deconv_decoder, filters=(8,), dense_units=(16,)),
    beta=4.0,
)
SETTINGS = {"steps": 50, "batch_size": 16, "log_every": 1, "progress": False, "seed": 3}
WORKER = """
import sys
sys.path.insert(0, {folder!r})
from test_replicas import IMAGES, MODEL, SETTINGS
from tfdisent.training import train
train(MODEL, IMAGES, {output!r}, strategy="multi_worker", **SETTINGS)
"""


@pytest.fixture(scope="module")
def alone():
    return train(MODEL, IMAGES, strategy="default", **SETTINGS)


def assert_same(history, model, alone):
    for row, expected in zip(history, alone.history, strict=True):
        for term, value in expected.items():
            assert row[term] == pytest.approx(value, rel=1e-5), f"{term} at step {expected['step']}"
    for weight, expected in zip(model.weights, alone.model.weights, strict=True):
        np.testing.assert_allclose(
            weight, expected, rtol=0, atol=1e-4 * np.abs(expected).max(), err_msg=weight.path
        )


def test_two_replicas_of_one_process(alone):
    run = train(MODEL, IMAGES, strategy="mirrored", **SETTINGS)
    assert run.model.distribute_strategy.num_replicas_in_sync == 2
    assert_same(run.history, run.model, alone)


def test_two_workers(alone, tmp_path):
    with socket.socket() as first, socket.socket() as second:
        ports = []
        for server in (first, second):
            server.bind(("127.0.0.1", 0))
            ports.append(server.getsockname()[1])
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    program = WORKER.format(folder=os.path.dirname(__file__), output=str(tmp_path / "run"))
    workers = []
    for index in range(2):
        environment = {
            **os.environ,
            "TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}),
        }
        workers.append(
            subprocess.Popen(
                [sys.executable, "-c", program], env=environment, stderr=subprocess.PIPE, text=True
            )
        )
    try:
        for worker in workers:
            _, errors = worker.communicate(timeout=240)
            assert worker.returncode == 0, errors[-3000:]
    finally:
        for worker in workers:
            worker.kill()
    run = RunDirectory(tmp_path / "run")
    assert_same(run.history(), run.load_model(), alone)
