"""Many configured runs, some processes at a time; each is an ordinary run directory, continued if it exists."""

import concurrent.futures
import dataclasses
import logging
import multiprocessing
import os

from tqdm.auto import tqdm

__all__ = ["Job", "run_many"]

_LOG = logging.getLogger(__name__)
_ONE_THREAD = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


@dataclasses.dataclass(frozen=True)
class Job:
    """One run: what it is called in messages, its configuration, and its folder.

    With `seeds`, a run of each of them, trained together, in the folders `output/seed_<seed>`.
    """

    name: str
    configs: tuple
    bindings: tuple
    output: str
    seeds: tuple = ()


def run_many(jobs, processes=None):
    """Trains and scores every job; a job that fails does not stop the others.

    Args:
        jobs: list of `Job`.
        processes: how many at a time, each with one thread; the number of cores unless given.

    Returns:
        {job: {score: dict}}, or {job: [{score: dict} of each seed]} for jobs with `seeds`; without the jobs that
        failed, which are logged.
    """
    processes = min(processes or os.cpu_count(), len(jobs))
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    done = {}
    try:
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(processes, context, _quiet) as pool:
            futures = {pool.submit(_run, job): job for job in jobs}
            for future in tqdm(
                concurrent.futures.as_completed(futures), total=len(jobs), desc="runs", unit="run"
            ):
                job = futures[future]
                try:
                    done[job] = future.result()
                except Exception as error:  # a failing run must not take the others with it
                    _LOG.warning("%s failed: %s", job.name, error)
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return {job: done[job] for job in jobs if job in done}


def _quiet():
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    null = os.open(os.devnull, os.O_WRONLY)
    kept = os.dup(2)
    os.dup2(null, 2)
    import tensorflow  # noqa: F401

    os.dup2(kept, 2)


def _run(job):
    from tfdisent import config
    from tfdisent.studies.evaluation import evaluate, load_run

    config.parse(job.configs, job.bindings)
    if not job.seeds:
        config.train_configured(job.output, progress=False)
        return evaluate(load_run(job.output))
    runs = config.train_configured(job.output, progress=False, seed=job.seeds)
    return [evaluate(load_run(run.directory.path)) for run in runs]
