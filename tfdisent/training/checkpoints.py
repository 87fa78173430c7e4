"""Checkpoints: all variables of a model and its optimizers at one step, in one file, whole or not at all.

The file is a NumPy archive whose comment is a digest of all that stands before it: a file of which any bit has changed
is told, and then the one before is taken. Variables are written by the place they have in the model, with their path,
shape and dtype checked at reading.
"""

import contextlib
import hashlib
import io
import json
import logging
import os
import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfdisent.errors import UserError
from tfdisent.files import write_whole
from tfdisent.training.counted_names import without_counters

__all__ = ["Position", "all_finite", "latest_step", "restore_checkpoint", "save_checkpoint", "what_is_kept"]

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"step-(\d{10})\.npz")
_ABOUT, _MEANS = "about", "mean"
_DIGEST = hashlib.sha256
_DIGEST_BYTES = _DIGEST().digest_size


class Position(NamedTuple):
    """Where a run stands.

    Attributes:
        step: number of updates taken.
        since: step of the last line of the history, up to which the terms are averaged already.
        means: values of the variables of the model's metrics, which average the terms since then; empty where
            `since` is `step`.
    """

    step: int = 0
    since: int = 0
    means: tuple = ()


class _Damaged(Exception):
    """The file is no checkpoint, or no longer the one that was written."""


def save_checkpoint(model, directory, step, keep=2, since=None):
    """Writes `step-<step>.npz`, then removes those of later steps, which it replaces, and all but the newest `keep`.

    Args:
        model: a compiled `LatentModel`.
        directory: folder of the checkpoints, made if need be.
        step: number of updates taken.
        keep: how many to leave.
        since: step of the last line of the history, where it is an earlier one: the means of the terms since then
            are written as well, so that the next line is what it would have been.
    """
    directory = Path(directory)
    since = step if since is None else since
    arrays = {name: np.asarray(variable) for name, variable in _variables(model).items()}
    if since < step:
        arrays |= {
            f"{_MEANS}:{i:04d}": np.asarray(variable) for i, variable in enumerate(_metric_variables(model))
        }
    about = json.dumps({"step": int(step), "since": int(since)})
    content = io.BytesIO()
    np.savez(content, **arrays, **{_ABOUT: np.frombuffer(about.encode(), np.uint8)})
    write_whole(directory / f"step-{step:010d}.npz", _with_digest(content))
    found = _list(directory)
    newer = [path for at, path in found if at > step]
    for path in [*newer, *[path for at, path in found if at <= step][keep:]]:
        with contextlib.suppress(OSError):
            path.unlink()


def restore_checkpoint(model, directory):
    """Loads the newest readable checkpoint into the model.

    A damaged one is reported and the one before it is taken.

    Returns:
        `Position`; of step 0 where there is none.

    Raises:
        UserError: when a checkpoint is whole but belongs to another model.
    """
    variables = _variables(model)
    found = _list(directory)
    for place, (step, path) in enumerate(found, 1):
        try:
            about, arrays = _read(path, step)
        except _Damaged as error:
            then = "the one before it is taken" if place < len(found) else "training starts at step 0"
            _LOG.warning("Checkpoint %s cannot be read (%s); %s.", path, error, then)
            continue
        means = [arrays.pop(name) for name in sorted(arrays) if name.startswith(f"{_MEANS}:")]
        if _described(arrays) != _described(variables) or not _fits(means, model):
            raise UserError(
                f"Checkpoint {path} belongs to another model; choose another output or --overwrite."
            )
        for name, variable in variables.items():
            variable.assign(arrays[name])
        return Position(step, about["since"], tuple(means))
    return Position()


def latest_step(directory):
    """Step of the newest checkpoint, whether readable or not; 0 where there is none."""
    return _list(directory)[0][0] if _list(directory) else 0


def what_is_kept(directory):
    """The end of a sentence about a failure: which checkpoint can be continued from; empty where there is none."""
    for step, path in _list(directory) if directory is not None else []:
        with contextlib.suppress(_Damaged):
            _read(path, step)
            return f" The last good checkpoint is kept: step {step:,}, {path}."
    return ""


def all_finite(model):
    """Whether every weight is finite."""
    return all(np.isfinite(np.asarray(weight)).all() for weight in model.trainable_variables)


def _with_digest(content):
    """The bytes of an archive, with a digest of all before it as the archive's comment."""
    with zipfile.ZipFile(content, "a") as archive:
        archive.comment = bytes(_DIGEST_BYTES)
    raw = content.getvalue()[:-_DIGEST_BYTES]
    return raw + _DIGEST(raw).digest()


def _read(path, step):
    """(what the checkpoint says of itself, {name: array}); `_Damaged` for any file that is not as it was written."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _Damaged(error.strerror or error) from error
    if len(raw) <= _DIGEST_BYTES or _DIGEST(raw[:-_DIGEST_BYTES]).digest() != raw[-_DIGEST_BYTES:]:
        raise _Damaged("its content is not what was written")
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        about = json.loads(arrays.pop(_ABOUT).tobytes())
        if about["step"] != step or not 0 <= about["since"] <= step:
            raise _Damaged(f"it is of step {about['step']!r}")
    except Exception as error:  # a file that somebody made, with a digest: it may hold anything
        raise _Damaged(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}") from error
    return about, arrays


def _described(arrays):
    """{name: (shape, dtype)} of arrays or variables."""
    return {
        name: (tuple(array.shape), getattr(array.dtype, "name", array.dtype))
        for name, array in arrays.items()
    }


def _fits(means, model):
    wanted = [tuple(variable.shape) for variable in _metric_variables(model)]
    return not means or [mean.shape for mean in means] == wanted


def _metric_variables(model):
    return [variable for metric in model.metrics for variable in metric.variables]


def _variables(model):
    """{name: variable} of what a step changes: weights, states of seed generators, and optimizers; no metrics."""
    metrics = {id(variable) for variable in _metric_variables(model)}
    variables = [v for v in model.variables if id(v) not in metrics]
    known = {id(v) for v in variables}
    variables += [v for optimizer in model.optimizers for v in optimizer.variables if id(v) not in known]
    return {f"{i:04d}:{without_counters(variable.name)}": variable for i, variable in enumerate(variables)}


def _list(directory):
    """[(step, path)], newest first."""
    try:
        names = os.listdir(directory)
    except OSError:
        return []
    found = [(int(match[1]), Path(directory) / name) for name in names if (match := _NAME.fullmatch(name))]
    return sorted(found, reverse=True)
