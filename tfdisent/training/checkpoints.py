"""Checkpoints: all variables of a model and its optimizers at one step, in one file, whole or not at all.

The file is a NumPy archive; its checksums tell a damaged one, and then the one before is taken. Variables are written
by the place they have in the model, with their path and shape checked at reading.
"""

import io
import logging
import os
import re
import zipfile
from pathlib import Path

import numpy as np

from tfdisent.errors import UserError
from tfdisent.files import write_whole

__all__ = ["all_finite", "latest_step", "restore_checkpoint", "save_checkpoint"]

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"step-(\d{10})\.npz")


def save_checkpoint(model, directory, step, keep=2):
    """Writes `step-<step>.npz` and removes all but the newest `keep`.

    Args:
        model: a compiled `LatentModel`.
        directory: folder of the checkpoints, made if need be.
        step: number of updates taken.
        keep: how many to leave.
    """
    directory = Path(directory)
    arrays = {name: np.asarray(variable) for name, variable in _variables(model).items()}
    content = io.BytesIO()
    np.savez(content, **arrays)
    write_whole(directory / f"step-{step:010d}.npz", content.getvalue())
    for _, path in _list(directory)[keep:]:
        path.unlink(missing_ok=True)


def restore_checkpoint(model, directory):
    """Loads the newest readable checkpoint into the model.

    A damaged one is reported and the one before it is taken.

    Returns:
        The step of the checkpoint, 0 where there is none.

    Raises:
        UserError: when a checkpoint is whole but belongs to another model.
    """
    variables = _variables(model)
    for step, path in _list(directory):
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            _LOG.warning("Checkpoint %s cannot be read (%s); the one before it is taken.", path, error)
            continue
        if {n: a.shape for n, a in arrays.items()} != {n: tuple(v.shape) for n, v in variables.items()}:
            raise UserError(
                f"Checkpoint {path} belongs to another model; choose another output or --overwrite."
            )
        for name, variable in variables.items():
            variable.assign(arrays[name])
        return step
    return 0


def latest_step(directory):
    """Step of the newest checkpoint, whether readable or not; 0 where there is none."""
    return _list(directory)[0][0] if _list(directory) else 0


def all_finite(model):
    """Whether every weight is finite."""
    return all(np.isfinite(np.asarray(weight)).all() for weight in model.trainable_variables)


def _variables(model):
    """{name: variable} of what a step changes: weights, states of seed generators, and optimizers; no metrics."""
    metrics = {id(variable) for metric in model.metrics for variable in metric.variables}
    variables = [v for v in model.variables if id(v) not in metrics]
    known = {id(v) for v in variables}
    variables += [v for optimizer in model.optimizers for v in optimizer.variables if id(v) not in known]
    return {f"{i:04d}:{variable.name}": variable for i, variable in enumerate(variables)}


def _list(directory):
    """[(step, path)], newest first."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    found = [(int(match[1]), Path(directory) / name) for name in names if (match := _NAME.fullmatch(name))]
    return sorted(found, reverse=True)
