"""The runs of a study as columns: settings, scores, measures and loss terms, one row a run; needs no TensorFlow."""

import collections
import dataclasses
import io
import math

import numpy as np

from tfdisent.errors import UserError
from tfdisent.files import write_whole
from tfdisent.studies.experiments import short_names
from tfdisent.studies.scored_models import direction, main_value

__all__ = ["RunsTable", "read_runs", "shown", "spread"]

_DATA = ("training.train.data", "dataset.name")
_NO_RESULT = ("elapsed_time", "global_step", "uuid")


@dataclasses.dataclass
class RunsTable:
    """Those runs of a study that are done, N of them.

    Attributes:
        runs: list of `ListedRun`.
        axes: {binding: list of N numbers or texts, None where a run does not have it} of the settings that tell
            configurations apart, without those that follow from another one.
        labels: {binding: short name}.
        numbers: {"score.key", name of a measure, or "terms.name": float array [N]}; NaN where there is none.
        main: {score or measure: key of `numbers`} of those by which a reader compares runs.
        sources: {name of a data set: where it comes from}.
        failed: {`ListedRun`: sentence}.
        missing: number of runs that are neither done nor given up.
    """

    runs: list
    axes: dict
    labels: dict
    numbers: dict
    main: dict
    sources: dict
    failed: dict
    missing: int

    @property
    def data_axis(self):
        """The axis of data sets, between which scores are not compared, or None."""
        return next((axis for axis in self.axes if axis in _DATA), None)

    def experiments(self):
        """List of the rows of each experiment, in the order of the study."""
        rows = collections.defaultdict(list)
        for row, run in enumerate(self.runs):
            rows[run.experiment].append(row)
        return list(rows.values())

    def rows(self, axis=None, value=None, among=None):
        """The rows that have an axis, with one value of it where that is given."""
        among = range(len(self.runs)) if among is None else among
        if axis is None:
            return list(among)
        values = self.axes[axis]
        return [row for row in among if values[row] is not None and value in (None, values[row])]

    def choices(self, axis, rows):
        """The different values of an axis among rows; numbers ascend."""
        found = list(dict.fromkeys(self.axes[axis][row] for row in self.rows(axis, among=rows)))
        return found if found and isinstance(found[0], str) else sorted(found)

    def of(self, score, rows):
        """The values of a score or measure of rows, as an array."""
        return self.numbers[self.main[score]][rows]

    def better(self, score):
        """ "higher" or "lower", which of a score is better; None where neither is agreed upon."""
        return direction(self.main[score].removeprefix(f"{score}."))

    def write_parquet(self, path):
        """Writes all columns, also those that `axes` leaves out, and the runs that failed, as one Parquet file."""
        import pyarrow
        from pyarrow import parquet

        runs = [*self.runs, *self.failed]
        columns = {
            "run": [run.name for run in runs],
            "experiment": [run.experiment for run in runs],
            "seed": [run.seed for run in runs],
            "failure": [None] * len(self.runs) + list(self.failed.values()),
            **_settings(runs),
        }
        for name, values in self.numbers.items():
            columns[name] = pyarrow.array(np.append(values, [math.nan] * len(self.failed)), from_pandas=True)
        buffer = io.BytesIO()
        parquet.write_table(pyarrow.table(columns), buffer)
        return write_whole(path, buffer.getvalue())


def read_runs(folder):
    """The `RunsTable` of a study.

    Args:
        folder: `StudyFolder`.

    Raises:
        UserError: when no run has ended.
    """
    runs, results, failed, missing = [], [], {}, 0
    for run, state in folder.states().items():
        if (found := state.results()) is not None:
            runs.append(run)
            results.append(found)
        elif (sentence := state.failure()) is not None:
            failed[run] = sentence
        else:
            missing += 1
    if not runs and not failed:
        raise UserError(
            f"No run of {folder.path} has ended yet; `tfdisent study status {folder.path}` shows how far it is."
        )
    numbers = _numbers(results)
    axes = _without_followers(_settings([*runs, *failed]))
    labels = dict(zip(axes, short_names(list(axes)), strict=True)) if axes else {}
    axes = {axis: values[: len(runs)] for axis, values in axes.items()}
    sources = {found["data"]: found["source"] for found in results}
    return RunsTable(runs, axes, labels, numbers, _main(results, numbers), sources, failed, missing)


def shown(value):
    """A value of a setting as a reader writes it: of "@models.VAE" the name of the class."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.removesuffix("()").rpartition(".")[2].lstrip("@") if value.startswith("@") else value
    return f"{value:g}"


def spread(values):
    """(mean, standard deviation or None, number) of an array, of what is finite; the mean of nothing is None."""
    finite = values[np.isfinite(values)]
    mean = float(finite.mean()) if len(finite) else None
    return mean, float(finite.std(ddof=1)) if len(finite) > 1 else None, len(finite)


def _settings(runs):
    """{binding: list of numbers, or list of texts}."""
    names = dict.fromkeys(name for run in runs for name in run.values)
    columns = {name: [run.values.get(name) for run in runs] for name in names}
    return {name: values if _are_numbers(values) else _as_texts(values) for name, values in columns.items()}


def _are_numbers(values):
    return all(
        value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values
    )


def _as_texts(values):
    return [None if value is None else str(value) for value in values]


def _without_followers(columns):
    """Those settings that vary, without those that follow from another one, as where a zip changes several."""
    varied = {name: values for name, values in columns.items() if len({*values} - {None}) > 1}
    kept = {}
    for place, (name, values) in enumerate(varied.items()):
        later = list(varied.values())[place + 1 :]
        if not any(_follows(values, other) for other in kept.values()) and not any(
            _follows(values, other) and not _follows(other, values) for other in later
        ):
            kept[name] = values
    return kept


def _follows(values, other):
    """Whether another setting says what this one is, wherever this one is given."""
    said = {}
    return all(
        value is None or (by is not None and said.setdefault(by, value) == value)
        for value, by in zip(values, other, strict=True)
    )


def _numbers(results):
    """{column: array} of all single numbers."""
    columns = {}
    for row, found in enumerate(results):
        groups = [(f"{score}.", values) for score, values in found["scores"].items()]
        groups += [("", found["measures"]), ("terms.", found["terms"])]
        groups += [("", {"seconds": found["seconds"], "steps": found["asked"]["steps"]})]
        for prefix, values in groups:
            for key, value in values.items():
                if isinstance(value, (int, float)) and key not in _NO_RESULT:
                    name = f"{prefix}{key}"
                    if name not in columns:
                        columns[name] = np.full(len(results), math.nan)
                    columns[name][row] = value
    return columns


def _main(results, numbers):
    """{score or measure: column}, or the loss terms where there is neither."""
    found = {}
    for score in dict.fromkeys(score for each in results for score in each["scores"]):
        keys = dict.fromkeys(
            name.removeprefix(f"{score}.") for name in numbers if name.startswith(f"{score}.")
        )
        if (key := main_value(score, keys)) is not None:
            found[score] = f"{score}.{key}"
    found |= {name: name for each in results for name in each["measures"] if name in numbers}
    if not found:
        found = {name.removeprefix("terms."): name for name in numbers if name.startswith("terms.")}
    return {name: column for name, column in found.items() if np.isfinite(numbers[column]).any()}
