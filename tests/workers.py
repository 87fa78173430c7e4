"""Two real processes on loopback that train one run: what the tests of several workers share."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time

__all__ = ["SECONDS_TO_START", "Workers", "command"]

DIGITS = """
from __gin__ import dynamic_registration
import keras
from tfdisent import models
from tfdisent import networks
from tfdisent import training
training.train.model = @models.VAE
training.train.data = "digits"
training.train.optimizer = @keras.optimizers.Adam
training.train.steps = 40
training.train.batch_size = 32
training.train.log_every = 10  # steps
training.train.checkpoint_every = 10  # steps
keras.optimizers.Adam.learning_rate = 1e-3
models.VAE.num_latents = 3
models.VAE.encoder = @networks.dense_encoder
models.VAE.decoder = @networks.dense_decoder
networks.dense_encoder.hidden_units = (16,)
networks.dense_decoder.hidden_units = (16,)
"""
SECONDS_TO_START = 240  # on a crowded machine


class Workers:
    """Two processes of one cluster: a chief and a worker, or two workers; ended when the test ends.

    Args:
        arguments: of Python; "{rank}" in them is replaced.
        folder: of their logs.
        kinds: the task types of the two.
        only: ranks to start.
    """

    def __init__(self, arguments, folder, kinds=("chief", "worker"), only=(0, 1)):
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in kinds]
            for each in sockets:
                each.bind(("127.0.0.1", 0))
            addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
        cluster = {kind: [a for a, k in zip(addresses, kinds, strict=True) if k == kind] for kind in kinds}
        self.logs, self.processes = [], {}
        for rank in only:
            task = {"type": kinds[rank], "index": kinds[:rank].count(kinds[rank])}
            environment = {**os.environ, "TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}
            self.logs.append(folder / f"{time.monotonic_ns()}_{rank}.log")
            with open(self.logs[-1], "w") as log:
                command = [sys.executable, *(each.replace("{rank}", str(rank)) for each in arguments)]
                self.processes[rank] = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.kill()
            process.wait()

    def log(self, rank):
        """What one of them has printed."""
        return self.logs[rank].read_text()

    def wait(self, seconds=SECONDS_TO_START):
        """Their exit codes."""
        return [process.wait(seconds) for process in self.processes.values()]

    def until(self, happened, seconds=SECONDS_TO_START):
        """Waits until `happened()` is true."""
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end and all(p.poll() is None for p in self.processes.values()), (
                self.log(0)
            )
            time.sleep(0.05)


def command(folder, *further):
    (folder / "digits.gin").write_text(DIGITS)
    train_digits = ("-m", "tfdisent.cli", "train", str(folder / "digits.gin"))
    return [*train_digits, "--output", str(folder / "run"), *further]
