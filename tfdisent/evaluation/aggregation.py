"""The results of many runs in one table, as in disentanglement_lib's aggregated JSON; needs no TensorFlow."""

import glob
import itertools
import json
import math
import operator
import os
import re
from pathlib import Path

from tfdisent.checks import path_like, shown
from tfdisent.errors import UserError
from tfdisent.files import read_json, write_json, write_whole

__all__ = ["aggregate", "read_results", "to_columns", "to_rows", "write_columns"]

_RESULTS = "evaluation_results."
_PLACE = ("results", "aggregate", "evaluation.json")
_MOST_BYTES = 2 * 1024**3  # of a file; the published results of thousands of models need less
_MOST_LEVELS = 100
# What `run.json` holds of Keras objects that says nothing of the experiment, or follows from the seed.
_NOT_CONFIGURATION = {
    "build_config", "compile_config", "inbound_nodes", "input_layers", "module", "output_layers", "registered_name",
    "seed", "trainable",
}  # fmt: skip


def aggregate(sources, path=None):
    """All scores that lie in `sources`, one row each, every one once.

    Args:
        sources: run folders, folders of such folders, `aggregate/evaluation.json` files, aggregated JSON files, or
            patterns of these such as "runs/*"; links are followed.
        path: where to write the table as aggregated JSON; nowhere unless given.

    Returns:
        list of {column: value} with columns such as "evaluation_results.discrete_mig" and "path". Runs of ours have
        their data's checksum as "run_config.data.checksum_of_16_observations", and those that were made without gin
        all that `run.json` says of them, as "run_config.model.beta" and so on.

    Raises:
        UserError: as `read_results`.
    """
    if isinstance(sources, (str, os.PathLike)):
        sources = [sources]
    if not isinstance(sources, (list, tuple)):
        raise UserError(f"Results are a path or a list of paths. Received: {shown(sources)}.")
    rows = {}
    for source in sources:
        for row in read_results(source):
            number = row.get("evaluation_results.uuid")
            rows.setdefault(number if isinstance(number, str) else ("no number", len(rows)), row)
    rows = list(rows.values())
    if path is not None:
        write_json(path, to_columns(rows))
    return rows


def read_results(source):
    """The rows of one source, see `aggregate`.

    Raises:
        UserError: for a source that is not there, cannot be read, holds no results, or is no such JSON.
    """
    source = path_like("Results", source)
    try:
        paths = [Path(source)]
        if not paths[0].exists() and glob.has_magic(str(source)):
            paths = [Path(found) for found in sorted(glob.glob(str(source), recursive=True))]
        files = [file for path in paths for file in (_evaluations(path) if path.is_dir() else [path])]
    except OSError as error:
        raise UserError(
            f"The results cannot be read ({error.strerror}). Received: {shown(source)}."
        ) from error
    if not files:
        raise UserError(
            f"There are no results in {source}; give runs that `tfdisent evaluate` has scored, or an aggregated JSON "
            "file."
        )
    return [row for file in files for row in _read_file(file)]


def to_columns(rows):
    """{column: {row: value}} of a list of {column: value}; what a row does not have, or is not finite, is None."""
    columns = dict.fromkeys(column for row in rows for column in row)
    return {column: {str(i): _finite(row.get(column)) for i, row in enumerate(rows)} for column in columns}


def write_columns(files, path):
    """Writes many aggregated JSON files as one, column by column and in little memory.

    Args:
        files: such as "RUN/metrics/aggregated_results.json", which `evaluate` writes.
        path: of what is written.

    Returns:
        Number of rows.

    Raises:
        UserError: for a file that cannot be read or is no such JSON.
    """
    columns, known, rows = {}, {}, 0  # `known`: each text once, {text: itself}
    for file in files:
        found = read_json(file)
        numbers = _check_columns(found, str(file))
        for column, values in found.items():
            cells = columns.setdefault(column, [])
            cells.extend(itertools.repeat(None, rows - len(cells)))
            own = list(values.values())
            cells.extend(map(known.setdefault, own, own) if set(map(type, own)) == {str} else own)
        rows += len(numbers)
    for cells in columns.values():
        cells.extend(itertools.repeat(None, rows - len(cells)))
    starts = [f'"{row}": ' for row in range(rows)]
    texts = (f"{json.dumps(column)}: {_cells_as_json(starts, cells)}" for column, cells in columns.items())
    first = itertools.chain("{", itertools.repeat(",\n"))
    write_whole(
        path, itertools.chain(map("".join, zip(first, texts, strict=False)), ["}\n" if columns else "{}\n"])
    )
    return rows


def _cells_as_json(starts, cells):
    """The JSON object of a column; equal texts, of which a configuration has many, are written out once."""
    kinds = set(map(type, cells)) - {type(None)}
    if kinds == {str}:
        written = {cell: json.dumps(cell) for cell in set(cells)}
        texts = map(written.__getitem__, cells)
    elif kinds == {float}:
        texts = ("null" if cell is None or not math.isfinite(cell) else repr(cell) for cell in cells)
    else:
        texts = (json.dumps(_finite(cell)) for cell in cells)
    return f"{{{', '.join(map(operator.add, starts, texts))}}}"


def to_rows(columns, name="The table"):
    """The inverse of `to_columns`, without the values that are None.

    Raises:
        UserError: for anything but a dict of dicts that have the same rows.
    """
    numbers = _check_columns(columns, name)
    return [
        {column: values[number] for column, values in columns.items() if values[number] is not None}
        for number in numbers
    ]


def _check_columns(columns, name):
    """The numbers of the rows, which all columns have."""
    if not isinstance(columns, dict) or not columns or not all(isinstance(c, dict) for c in columns.values()):
        raise UserError(
            f"{name} must map each column to a value for every row, as disentanglement_lib's aggregated results do. "
            f"Received: {shown(columns)}."
        )
    first, numbers = next(iter(columns.items()))
    for column, values in columns.items():
        if values.keys() != numbers.keys():
            raise UserError(
                f"{name} has columns of different rows: {first} has {len(numbers)} and {column} has {len(values)}; "
                "aggregate the results again."
            )
    return numbers


def _evaluations(folder):
    """The files of results below a folder, each once, also where links lead in circles."""
    found, seen = [], set()

    def refuse(error):
        raise error

    for here, folders, files in os.walk(folder, followlinks=True, onerror=refuse):
        place = os.path.realpath(here)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        if (*Path(place).parts[-2:], _PLACE[-1]) == _PLACE and _PLACE[-1] in files:
            found.append(Path(here) / _PLACE[-1])
    return sorted(found)


def _read_file(file):
    content = _read_json(file)
    is_row = isinstance(content, dict) and not any(isinstance(value, dict) for value in content.values())
    if content and is_row:
        rows = [{"path": str(file), **{column: v for column, v in content.items() if v is not None}}]
        rows[0].update(_run_config(file, rows[0]))
    else:
        rows = to_rows(content, str(file))
    if not any(column.startswith(_RESULTS) for row in rows for column in row):
        raise UserError(
            f"{file} holds no scores: none of its columns begins with {_RESULTS!r}. "
            f"Received: columns {shown(list(rows[0]) if rows else [])}."
        )
    return rows


def _read_json(file):
    try:
        if file.exists() and not file.is_file():
            raise UserError(f"{file} is neither a folder nor a file; give results of `tfdisent evaluate`.")
        if file.exists() and file.stat().st_size > _MOST_BYTES:
            raise UserError(
                f"{file} has {file.stat().st_size:,} bytes, more than the {_MOST_BYTES:,} that are read; give fewer "
                "results at a time."
            )
        content = read_json(file)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from error
    except (RecursionError, MemoryError):
        raise UserError(f"{file} is nested too deeply or too large to be read as results.") from None
    if _is_deep(content):
        raise UserError(f"{file} is nested more than {_MOST_LEVELS} levels deep, which results never are.")
    return content


def _run_config(file, row):
    """{"run_config.<name>": value} of the run that a file of results lies in, from its `run.json`."""
    place = Path(os.path.realpath(file))  # RUN/metrics/mean/mig/results/aggregate/evaluation.json
    if place.parts[-3:] != _PLACE or len(place.parents) < 6:
        return {}
    run_json = place.parents[5] / "model" / "run.json"
    if not run_json.exists():
        return {}
    asked = _read_json(run_json)
    if not isinstance(asked, dict):
        raise UserError(f"{run_json} does not describe a run. Received: {shown(asked)}.")
    by_gin = any(column.startswith("train_config.") for column in row)
    kept = asked.get("data") if by_gin else asked
    leaves = _leaves(kept, "run_config.data" if by_gin else "run_config")
    if not by_gin and "seed" in asked:
        leaves["run_config.seed"] = asked["seed"]
    return {name: value for name, value in leaves.items() if value is not None}


def _leaves(value, name):
    """{path of names: plain value} of nested dicts and lists, without the numbers that Keras appends to names."""
    if isinstance(value, dict):
        inner = [
            (key if key != "config" else "", v) for key, v in value.items() if key not in _NOT_CONFIGURATION
        ]
    elif isinstance(value, list) and any(isinstance(each, (dict, list)) for each in value):
        inner = [(str(number), each) for number, each in enumerate(value)]
    elif isinstance(value, list):
        return {name: json.dumps(value)}
    else:
        counted = isinstance(value, str) and name.endswith(".name")
        return {name: re.sub(r"_\d+$", "", value) if counted and ".data." not in name else value}
    leaves = {}
    for key, each in inner:
        leaves.update(_leaves(each, f"{name}.{key}" if key else name))
    return leaves


def _is_deep(value):
    levels, inner = 0, [value]
    while inner and levels <= _MOST_LEVELS:
        nested = [
            each.values() if isinstance(each, dict) else each
            for each in inner
            if isinstance(each, (dict, list))
        ]
        levels, inner = levels + 1, [each for values in nested for each in values]
    return levels > _MOST_LEVELS


def _finite(value):
    return None if isinstance(value, float) and not math.isfinite(value) else value
