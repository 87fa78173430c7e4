"""Files that are written whole or not at all."""

import json
import os
import tempfile
from pathlib import Path

import numpy as np

from tfdisent.errors import UserError

__all__ = ["read_json", "write_json", "write_whole"]


def write_whole(path, content):
    """Writes text or bytes beside `path` and renames, so that `path` never holds half a file.

    Returns:
        `pathlib.Path` of the file; folders that are missing are made.

    Raises:
        UserError: when the folder cannot be written or the disk is full; `path` is then as it was.
    """
    path = Path(path)
    beside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8", errors="replace") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(
            f"A file could not be written ({reason}); choose a folder that can be written and has room. "
            f"Received: {str(path)!r}."
        ) from error
    finally:
        if beside is not None and os.path.exists(beside):
            os.unlink(beside)
    return path


def write_json(path, value):
    """Writes JSON whole; numpy numbers and arrays become numbers and lists."""
    return write_whole(path, json.dumps(value, indent=2, default=_plain) + "\n")


def read_json(path):
    """The content of a JSON file; UserError when it is missing or damaged."""
    try:
        return json.loads(Path(path).read_text())
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; is this the folder of a run?") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}.") from error


def _plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
