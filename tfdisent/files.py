"""Files that are written whole or not at all."""

import contextlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np

from tfdisent.checks import shown
from tfdisent.errors import UserError

__all__ = ["is_leftover", "read_json", "remove_leftovers", "write_json", "write_whole"]

_LEFTOVER = re.compile(r"\.(.+)\.[a-z0-9_]{8}")  # what `tempfile` makes of the prefix ".name."


def write_whole(path, content):
    """Writes text or bytes, or an iterator of them, beside `path` and renames: `path` never holds half a file.

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
            for part in [content] if isinstance(content, (str, bytes, bytearray, memoryview)) else content:
                file.write(part.encode("utf-8", errors="replace") if isinstance(part, str) else part)
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
        if beside is not None:
            with contextlib.suppress(OSError):
                os.unlink(beside)
    return path


def write_json(path, value):
    """Writes JSON whole; numpy numbers and arrays become numbers and lists."""
    return write_whole(path, json.dumps(value, indent=2, default=_plain) + "\n")


def read_json(path, form=None):
    """The content of a JSON file.

    Args:
        path: of the file.
        form: what it must look like, None for anything: a type, a tuple of types (None among them for null), a list
            with the form of each element, or a dict {key: form of its value}; the file may hold further keys.

    Raises:
        UserError: when the file is missing, damaged, or of another form; names the place.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; is this the folder of a run?") from None
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"{path} cannot be read ({reason[:200].rstrip('.')}); put back the file as it was written, or remove it "
            "and repeat the command that made it."
        ) from error
    if form is not None:
        _check_form(path, content, form)
    return content


def remove_leftovers(folder, names=None):
    """Removes what a killed process left of `write_whole` and the like: `.name.xxxxxxxx` in a folder and below.

    Call it only while nobody else writes there.

    Args:
        folder: where to look.
        names: only leftovers of files of these names, and only in the folder itself; None for all.
    """
    for where, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            if is_leftover(name, names):
                path = os.path.join(where, name)
                with contextlib.suppress(OSError):
                    shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        if names is not None:
            return


def is_leftover(name, names=None):
    """Whether a file name is one of those that `remove_leftovers` removes."""
    match = _LEFTOVER.fullmatch(name)
    return bool(match) and (names is None or match[1] in names)


def _check_form(path, value, form, place=""):
    """Raises where nested plain values have not the form that `read_json` describes."""
    if isinstance(form, dict) and isinstance(value, dict):
        for key, inner in form.items():
            if key not in value:
                raise UserError(f"{path} is damaged: {place}{key} is missing; {_MEND}")
            _check_form(path, value[key], inner, f"{place}{key}.")
    elif isinstance(form, list) and isinstance(value, list):
        for i, each in enumerate(value):
            _check_form(path, each, form[0], f"{place}{i}.")
    elif isinstance(form, (dict, list)) or not _is_of(value, form):
        raise UserError(
            f"{path} is damaged: {place.rstrip('.') or 'its content'} must be {_in_words(form)}; {_MEND} "
            f"Received: {shown(value)}."
        )


_MEND = "put back the file as it was written, or remove it and repeat the command that made it."


def _is_of(value, form):
    types = form if isinstance(form, tuple) else (form,)
    return any(
        value is None if each is None else type(value) is each or (each is float and type(value) is int)
        for each in types
    )


def _in_words(form):
    words = {dict: "an object", list: "a list", str: "a text", int: "a whole number", float: "a number"}
    words |= {bool: "true or false", None: "null"}
    if isinstance(form, tuple):
        return " or ".join(words[each] for each in form)
    return words[type(form)] if isinstance(form, (dict, list)) else words[form]


def _plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
