"""Many configured runs, some processes at a time; each is an ordinary run directory, continued if it exists."""

import dataclasses
import logging
import os

from tfdisent.checks import whole_number
from tfdisent.studies.processes import Call, Processes, termination_raises

__all__ = ["Job", "run_many"]

_LOG = logging.getLogger(__name__)
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")


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
    """Trains and scores every job, each in a process of its own; one that fails or is killed does not stop the others.

    Args:
        jobs: list of `Job`.
        processes: how many at a time, each with one thread; the number of cores unless given.

    Returns:
        {job: {score: dict}}, or {job: [{score: dict} of each seed]} for jobs with `seeds`; without the jobs that
        failed, which are logged and at the end named in one sentence.
    """
    processes = whole_number("processes", os.cpu_count() if processes is None else processes, 1)
    outcomes, waiting = [None] * len(jobs), list(range(len(jobs)))
    with termination_raises(), Processes() as pool:
        for place in waiting[:processes]:
            pool.start(place, Call(jobs[place].name, _run, (jobs[place],)), _ONE_THREAD)
        for following in [*waiting[processes:], *[None] * min(processes, len(jobs))]:
            place, outcome = pool.wait()
            outcomes[place] = outcome
            if following is not None:
                pool.start(following, Call(jobs[following].name, _run, (jobs[following],)), _ONE_THREAD)
    failed = [job.name for job, outcome in zip(jobs, outcomes, strict=True) if outcome.failure]
    if failed:
        _LOG.warning(
            "%d of %d runs failed (%s); the same command makes only these again.",
            len(failed),
            len(jobs),
            "; ".join(failed),
        )
    return {job: outcome.value for job, outcome in zip(jobs, outcomes, strict=True) if not outcome.failure}


def _run(job):
    import tfdisent.quiet  # noqa: F401
    from tfdisent import config
    from tfdisent.evaluation.scoring import evaluate, load_run

    config.parse(job.configs, job.bindings)
    if not job.seeds:
        config.train_configured(job.output, progress=False)
        return evaluate(load_run(job.output), progress=False)
    runs = config.train_configured(job.output, progress=False, seed=job.seeds)
    return [evaluate(load_run(run.directory.path), progress=False) for run in runs]
