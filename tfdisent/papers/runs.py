"""The runs of a paper: one study whose folder all items of the paper share, so that each run is made once."""

import dataclasses
import functools
import logging
import tempfile
from pathlib import Path

from tfdisent.errors import UserError
from tfdisent.papers.item import Request, check_request
from tfdisent.studies.engine import carry_out
from tfdisent.studies.kept import read_kept, write_kept
from tfdisent.studies.run_state import RunState

__all__ = ["MadeRun", "held_out", "make_runs", "open_run", "planned_runs", "provenance"]

_LOG = logging.getLogger(__name__)
_LIST_ONLY = object()  # as the executor of a `Request`: `make_runs` makes nothing and raises `_Listed`


class _Listed(Exception):
    """Ends an item that is only asked for its runs."""

    def __init__(self, planned):
        super().__init__()
        self.planned = planned


@dataclasses.dataclass(frozen=True)
class MadeRun:
    """A run that is done.

    Attributes:
        planned: `PlannedRun`.
        folder: of the run.
        results: {"scores", "measures", "terms", "asked", "data", "source", "seconds"} (`RunState.results`).
    """

    planned: object
    folder: Path
    results: dict

    @property
    def measures(self):
        """{name: number} of all measures."""
        return self.results["measures"]

    @property
    def directory(self):
        """The `RunDirectory`."""
        from tfdisent.training import RunDirectory

        return RunDirectory(self.folder)

    def trained(self):
        """The `TrainedModel`."""
        return _load(str(self.folder))

    def kept(self, name, asked, make):
        """Numbers that are computed once and kept in the run's folder.

        Args:
            name: of the file.
            asked: plain value; numbers computed for another one are not taken.
            make: function without arguments.
        """
        path = self.folder / "study" / f"{name}.json"
        asked = [self.planned.results_name, asked]
        found = read_kept(path, asked)
        return write_kept(path, asked, make()) if found is None else found


def make_runs(request, planned, later=()):
    """Makes the runs that an item needs and that do not exist yet.

    Args:
        request: `Request`.
        planned: list of `PlannedRun`.
        later: those that the item will ask for in another call, for which it needs these.

    Returns:
        {`PlannedRun`: `MadeRun`}, without those that failed, which are logged.

    Raises:
        UserError: when all failed: the reason of the first.
    """
    folder = request.output.parent / "trained"
    planned = list(dict.fromkeys(planned))
    if request.executor is _LIST_ONLY:
        raise _Listed(list(dict.fromkeys([*planned, *later])))
    for _ in range(2):  # again where results turn out to be damaged
        carried = carry_out(planned, folder, request.executor)
        made = {}
        for each in carried.done:
            state = RunState(folder, each)
            if (results := state.results()) is None:
                state.remove_results()
            else:
                made[each] = MadeRun(each, state.run, results)
        if len(made) == len(carried.done):
            break
    if not made:
        raise UserError(next(iter(carried.failed.values())))
    return made


def open_run(request, planned):
    """The `MadeRun` of one run, made here where it does not exist yet."""
    return make_runs(request, [planned])[planned]


def planned_runs(name, scale="paper", seeds=None):
    """The `PlannedRun`s of an item, none of which is made; [] for an item that trains nothing.

    An item names all its runs in its first call of `make_runs`; what it would do after that is not done.

    Args:
        name: "paper/item".
        scale: one that the item knows.
        seeds: number of restarts; the scale's unless given.

    Raises:
        UserError: for what the item cannot honour, and for data that is missing.
    """
    item = check_request(name, seeds, scale)
    if not item.scales or not item.makes_runs:
        return []
    with tempfile.TemporaryDirectory() as folder:
        request = Request(Path(folder) / "item", item.scales[scale], seeds, _LIST_ONLY)
        try:
            item.function(request, **item.settings)
        except _Listed as listed:
            return listed.planned
    return []


def provenance(made, scale, restarts=1):
    """One sentence each on data, training and scale."""
    asked = made.results["asked"]
    return (
        f"Data: {made.results['source']}. Trained: {asked['steps']:,} steps of {asked['batch_size']}, "
        f"{asked['dtype']}. Restarts: {restarts}. Scale: {scale.label}."
    )


def held_out(trained, count):
    """(observations float32, factors) of the first `count` held-out observations, in the order of the split."""
    import numpy as np

    from tfdisent.data import as_float

    indices = np.arange(min(count, trained.held_out.size))
    return as_float(trained.held_out.observations(indices)), trained.held_out.factors(indices)


@functools.lru_cache(maxsize=8)
def _load(folder):
    from tfdisent.evaluation import load_run

    return load_run(folder)
