"""The results of many runs in one table, as in disentanglement_lib's aggregated JSON; needs no TensorFlow."""

import glob
import math
from pathlib import Path

from tfdisent.errors import UserError
from tfdisent.files import read_json, write_json

__all__ = ["aggregate", "read_results", "to_columns", "to_rows"]

_RESULTS = "evaluation_results."


def aggregate(sources, path=None):
    """All scores that lie in `sources`, one row each, every one once.

    Args:
        sources: run folders, folders of such folders, `aggregate/evaluation.json` files, aggregated JSON files, or
            patterns of these such as "runs/*".
        path: where to write the table as aggregated JSON; nowhere unless given.

    Returns:
        list of {column: value} with columns such as "evaluation_results.discrete_mig" and "path".

    Raises:
        UserError: as `read_results`.
    """
    rows = {}
    for source in sources:
        for row in read_results(source):
            rows.setdefault(row.get("evaluation_results.uuid") or ("no number", len(rows)), row)
    rows = list(rows.values())
    if path is not None:
        write_json(path, to_columns(rows))
    return rows


def read_results(source):
    """The rows of one source, see `aggregate`.

    Raises:
        UserError: for a source that is not there, holds no results, or is no such JSON.
    """
    paths = [Path(source)]
    if not paths[0].exists() and glob.has_magic(str(source)):
        paths = [Path(found) for found in sorted(glob.glob(str(source), recursive=True))]
    files = [file for path in paths for file in (_evaluations(path) if path.is_dir() else [path])]
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


def to_rows(columns, name="The table"):
    """The inverse of `to_columns`, without the values that are None.

    Raises:
        UserError: for anything but a dict of dicts that have the same rows.
    """
    if not isinstance(columns, dict) or not columns or not all(isinstance(c, dict) for c in columns.values()):
        raise UserError(
            f"{name} must map each column to a value for every row, as disentanglement_lib's aggregated results do. "
            f"Received: {_shown(columns)}"
        )
    first, numbers = next(iter(columns.items()))
    for column, values in columns.items():
        if values.keys() != numbers.keys():
            raise UserError(
                f"{name} has columns of different rows: {first} has {len(numbers)} and {column} has {len(values)}; "
                "aggregate the results again."
            )
    return [
        {column: values[number] for column, values in columns.items() if values[number] is not None}
        for number in numbers
    ]


def _evaluations(folder):
    return sorted(folder.rglob("results/aggregate/evaluation.json"))


def _read_file(file):
    content = read_json(file)
    is_row = isinstance(content, dict) and not any(isinstance(value, dict) for value in content.values())
    rows = [{"path": str(file), **content}] if content and is_row else to_rows(content, str(file))
    if not any(column.startswith(_RESULTS) for row in rows for column in row):
        raise UserError(
            f"{file} holds no scores: none of its columns begins with {_RESULTS!r}. "
            f"Received: columns {_shown(list(rows[0]) if rows else [])}"
        )
    return rows


def _finite(value):
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shown(value, most=80):
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}..."
