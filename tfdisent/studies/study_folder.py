"""The folder of a study, and what makes its runs.

study.json     what is to be done: the arguments of `Study`, and the list of its runs
runs/          what has been done: a folder for each run (`run_state`), and nothing else says so
report/        written by `tfdisent study report`
"""

import dataclasses
import random
from pathlib import Path

from tfdisent.checks import path_like, shown
from tfdisent.errors import UserError
from tfdisent.files import read_json, write_json
from tfdisent.studies.engine import carry_out
from tfdisent.studies.executors import LocalProcesses
from tfdisent.studies.run_state import RunState
from tfdisent.studies.study import Study

__all__ = ["ListedRun", "StudyFolder", "executor_for", "open_study", "plan_study", "run_study", "work_study"]

_RECORD = "study.json"
_RUN = {"name": str, "results_name": str, "title": str, "values": dict, "seed": int}


@dataclasses.dataclass(frozen=True)
class ListedRun:
    """A run as study.json lists it; `RunState` takes it like a `PlannedRun`.

    Attributes:
        name: of the run's folder.
        results_name: of the file of results in it.
        title: what messages call it.
        values: {binding: value} by which it differs from others of the study.
        seed: of the run.
    """

    name: str
    results_name: str
    title: str
    values: dict = dataclasses.field(hash=False)
    seed: int = 0

    @property
    def experiment(self):
        """What the seeds of one configuration share."""
        return self.name.rpartition("/")[0]

    def __str__(self):
        return self.title


@dataclasses.dataclass(frozen=True)
class StudyFolder:
    """What study.json says.

    Attributes:
        path: of the folder.
        arguments: of the study (`Study.from_plain`).
        listed: list of `ListedRun`.
    """

    path: Path
    arguments: dict
    listed: list

    @property
    def runs(self):
        """The folder of the runs."""
        return self.path / "runs"

    def states(self):
        """{`ListedRun`: `RunState`}."""
        return {each: RunState(self.runs, each) for each in self.listed}


def open_study(folder):
    """The `StudyFolder` of a study; imports nothing that it names.

    Raises:
        UserError: when there is none, or study.json is damaged.
    """
    path = Path(path_like("folder", folder))
    if not (path / _RECORD).is_file():
        what = "holds no study" if path.is_dir() else "is a file" if path.exists() else "does not exist"
        raise UserError(
            f"{path} {what}; give the folder that `tfdisent study run STUDY --output DIR` has written."
        )
    found = read_json(path / _RECORD, {"study": dict, "runs": [_RUN]})
    return StudyFolder(
        path, found["study"], [ListedRun(**{key: run[key] for key in _RUN}) for run in found["runs"]]
    )


def plan_study(study, output):
    """Writes what is to be done into a folder, in which a study may grow: by seeds, values or scores.

    Args:
        study: `Study`.
        output: the folder; made where it is missing.

    Returns:
        List of `PlannedRun`.

    Raises:
        UserError: when the folder holds another study, or other files, or cannot be written; nothing is changed then.
    """
    output = Path(path_like("output", output))
    planned = study.runs()
    plain = study.as_plain()
    if (output / _RECORD).exists():
        _check_same(open_study(output), plain, planned)
    elif output.is_dir() and any(not inside.name.startswith(".") for inside in output.iterdir()):
        raise UserError(f"{output} holds other files and no study; choose an empty folder.")
    listed = [
        {
            "name": run.name,
            "results_name": run.results_name,
            "title": run.title,
            "values": dict(run.values),
            "seed": run.seed,
        }
        for run in planned
    ]
    write_json(output / _RECORD, {"study": plain, "runs": listed})
    return planned


def run_study(study, output, executor=None, *, retry_failed=True, watcher=None):
    """Makes those runs of a study that are not done; the same call continues.

    Args:
        study: `Study`.
        output: folder of the study.
        executor: such as `LocalProcesses(2)`; unless given, `executor_for(study)`.
        retry_failed: try runs again that were given up in an earlier start.
        watcher: `Watcher`.

    Returns:
        `Carried`.

    Raises:
        UserError: as `Study.check`, `plan_study` and the executor, before the first run starts.
    """
    executor = executor or executor_for(study)
    runs = Path(path_like("output", output)) / "runs"
    if not all(RunState(runs, each).is_done() for each in study.runs()):
        study.check()
    planned = plan_study(study, output)
    return carry_out(planned, runs, executor, retry_failed=retry_failed, watcher=watcher)


def work_study(folder, trust=(), *, retry_failed=False, watcher=None):
    """Makes runs of a folder in which others do the same, one at a time, until none is left.

    Each worker begins at another place of the list. It needs nothing but the folder, and no other worker.

    Args:
        folder: of a study.
        trust: the modules that the study uses and the person trusts, by name or file.
        retry_failed: try runs again that were given up in an earlier start.
        watcher: `Watcher`.

    Returns:
        `Carried`.

    Raises:
        UserError: when there is no study, its configurations have changed since, or it uses modules that are not
            trusted.
    """
    found = open_study(folder)
    Study.from_plain(found.arguments).check_trusted(trust, f"The study in {folder}")
    study = Study.from_plain(
        found.arguments | {"trust": trust}
    )  # where modules lie is not for the folder to say
    planned = study.runs()
    if [each.name for each in planned] != [each.name for each in found.listed]:
        raise UserError(_changed(found))
    first = random.randrange(len(planned))
    return carry_out(
        [*planned[first:], *planned[:first]],
        found.runs,
        LocalProcesses(1, study.gpus, study.cpus),
        retry_failed=retry_failed,
        watcher=watcher,
    )


def executor_for(study, workers=None, ray=None):
    """Where the runs of a study are made.

    Args:
        study: `Study`, which says what a run takes.
        workers: runs at a time; unless given, as many as there are cores or GPUs for.
        ray: address of a Ray cluster, "local" for one on this machine; None for processes of this machine.

    Raises:
        UserError: as the executor.
    """
    if ray is not None:
        from tfdisent.studies.ray_tasks import RayTasks

        return RayTasks(ray, study.cpus, study.gpus or 0.0, workers)
    return LocalProcesses(workers, study.gpus, study.cpus)


def _check_same(found, plain, planned):
    """Refuses a study that has not all runs of the one that is there."""
    together = found.arguments.get("together") == plain["together"]  # it changes the noise
    if together and {each.name for each in found.listed} <= {each.name for each in planned}:
        return
    for key in ("configs", "grid", "seeds", "bindings", "together"):
        old, new = found.arguments.get(key), plain[key]
        if old != new:
            raise UserError(
                f"{found.path} holds another study: {key} was {shown(old)} there and is {shown(new)} now; choose "
                "another folder."
            )
    raise UserError(_changed(found))


def _changed(found):
    configs = ", ".join(map(str, found.arguments.get("configs", ())))
    return (
        f"The configuration of the study in {found.path} has changed since its runs were planned ({configs}); put it "
        "back, or choose another folder."
    )
