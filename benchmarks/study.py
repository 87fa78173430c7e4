"""A study of equal runs: two workers against one, and what it costs to hand out the runs.

Each run trains a dense VAE on the digits of scikit-learn for some seconds and is scored. The same runs are made one
after the other on one core ("one") and on all of them ("wide"), by two processes, and by Ray, started here; all in one
call, because only ratios mean something. Of each way it prints

    wall      seconds from the first start of a run to the last end; Ray's own start and end stand beside it
    ratio     wall of one after the other over this wall; 2 at most for two workers
    inside    seconds of a run inside its process, from before TensorFlow is imported until its results are written
    handing   share of the slots' time (slots x wall) that is not inside: new processes, claims, messages, Ray, and the
              slots that stay empty at the end

and how long a process takes to import TensorFlow, which is inside and which every run pays once. The machine must be
quiet: the load before and after is printed.

    python benchmarks/study.py [--runs 32] [--seconds 30] [--workers 2] [--ways one wide local ray]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""
CONFIG = """
from __gin__ import dynamic_registration
import keras
from tfdisent import models
from tfdisent import networks
from tfdisent import training
training.train.model = @models.VAE
training.train.data = "digits"
training.train.optimizer = @keras.optimizers.Adam
training.train.batch_size = 64
training.train.log_every = 1000
training.train.checkpoint_every = 10_000
models.VAE.num_latents = 10
models.VAE.encoder = @networks.dense_encoder
models.VAE.decoder = @networks.dense_decoder
networks.dense_encoder.hidden_units = (256, 256)
networks.dense_decoder.hidden_units = (256, 256)
"""
WAYS = ("one", "wide", "local", "ray")
IMPORT = "import time; began = time.perf_counter(); import tfdisent.quiet; print(time.perf_counter() - began)"


class Timed:
    """An executor whose first start, last end, opening and closing are timed."""

    def __init__(self, executor):
        self.executor, self.tries = executor, executor.tries
        self.first = self.last = None

    @property
    def slots(self):
        return self.executor.slots

    def open(self, folder):
        began = time.perf_counter()
        self.executor.open(folder)
        self.opening = time.perf_counter() - began

    def start(self, key, planned):
        self.first = self.first or time.perf_counter()
        self.executor.start(key, planned)

    def wait(self, seconds):
        ended = self.executor.wait(seconds)
        if ended is not None:
            self.last = time.perf_counter()
        return ended

    def close(self):
        began = time.perf_counter()
        self.executor.close()
        self.closing = time.perf_counter() - began


def planned(folder, runs, steps):
    from tfdisent.studies.planned import PlannedRun

    (folder / "run.gin").write_text(CONFIG)
    bindings = (f"training.train.steps = {steps}",)
    return [PlannedRun((str(folder / "run.gin"),), bindings, seed, ("mig",)) for seed in range(runs)]


def carried_out(runs, folder, executor):
    """(`Timed`, seconds inside of each run)."""
    from tfdisent.studies.engine import carry_out
    from tfdisent.studies.run_state import RunState

    timed = Timed(executor)
    carried = carry_out(runs, folder, timed)
    assert not carried.failed, carried.failed
    return timed, [RunState(folder, each).results()["seconds"] for each in runs]


def steps_for(seconds, folder):
    """The number of steps that a run takes in so many seconds, found with two short ones."""
    from tfdisent.studies.executors import LocalProcesses

    took = [
        carried_out(planned(folder, 1, steps), folder / f"tried_{steps}", LocalProcesses(1))[1][0]
        for steps in (2_000, 12_000)
    ]
    a_step = max(took[1] - took[0], 1e-3) / 10_000
    return max(1_000, int((seconds - took[0]) / a_step) // 1_000 * 1_000 + 2_000)


def main():
    from tfdisent.studies.executors import LocalProcesses
    from tfdisent.studies.ray_tasks import RayTasks

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=30.0, help="of a run inside its process")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    arguments = parser.parse_args()
    ways = {
        "one": lambda: LocalProcesses(1),
        "local": lambda: LocalProcesses(arguments.workers),
        "wide": lambda: LocalProcesses(1, cpus=os.cpu_count()),
        "ray": lambda: RayTasks(workers=arguments.workers),
    }
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    imports = [
        float(
            subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True).stdout
        )
        for _ in range(3)
    ]
    print(f"importing TensorFlow: {statistics.median(imports):.1f} s a process")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        steps = steps_for(arguments.seconds, folder)
        print(f"{arguments.runs} runs of {steps:,} steps")
        columns = ("slots", "wall", "ratio", "inside", "handing", "opening", "closing")
        print(f"{'way':6}" + "".join(f"{each:>9}" for each in columns))
        one = None
        for way in arguments.ways:
            timed, inside = carried_out(planned(folder, arguments.runs, steps), folder / way, ways[way]())
            wall = timed.last - timed.first
            one = wall if way == "one" else one
            ratio = f"{one / wall:.2f}" if one else "-"
            handing = 1 - sum(inside) / (timed.slots * wall)
            cells = (timed.slots, f"{wall:.1f}", ratio, f"{statistics.mean(inside):.1f}", f"{handing:.1%}")
            cells += (f"{timed.opening:.1f}", f"{timed.closing:.1f}")
            print(f"{way:6}" + "".join(f"{each:>9}" for each in cells), flush=True)
    print(f"load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
