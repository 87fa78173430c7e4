"""The file `model.keras`: written whole, and read without running what others wrote.

Keras imports whatever module the configuration in the file names. So the configuration is read first, and only
modules of Keras, of tfdisent, and those that the person trusts are let through.
"""

import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

from tfdisent.errors import UserError
from tfdisent.files import write_whole

__all__ = ["load_model_file", "save_model_file"]

_OURS = ("tfdisent.models", "tfdisent.networks", "tfdisent.objectives")
_PLAIN = (
    "__tuple__",
    "__bytes__",
    "__ellipsis__",
    "__slice__",
    "__numpy__",
    "__tensor__",
    "__keras_tensor__",
)


def save_model_file(model, path):
    """Writes a trained model, whole or not at all.

    Raises:
        UserError: when the folder cannot be written or the disk is full; `path` is then as it was.
    """
    path = Path(path)
    folder = None
    try:
        folder = tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.")
        file = Path(folder) / path.name
        model.save(file)
        write_whole(path, file.read_bytes())
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())[:200]
        raise UserError(
            f"A file could not be written ({reason}); choose a folder that can be written and has room. "
            f"Received: {str(path)!r}."
        ) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def load_model_file(path, trust=()):
    """The `LatentModel` in a file that `save_model_file` wrote.

    Args:
        path: of the file.
        trust: names of further modules whose classes and functions the file may name; a package stands for what is
            below it. Classes that this program has registered with Keras need no trust.

    Raises:
        UserError: when the file is damaged, holds something else, or names code that is not trusted.
    """
    import keras

    import tfdisent.models  # registers the classes

    _check_configuration(path, _configuration(path), tuple(trust))
    try:
        model = keras.saving.load_model(path, safe_mode=True)
    except Exception as error:  # Keras, HDF5 and the classes in it: a file may hold anything
        if isinstance(error, UserError):
            raise UserError(f"{path} cannot be loaded: {error}") from error
        raise _damaged(path, error) from error
    if not isinstance(model, tfdisent.models.LatentModel):
        raise UserError(
            f"{path} holds no model of tfdisent but a {type(model).__name__}; repeat the train command."
        )
    return model


def _configuration(path):
    """The configuration in the file, of which every part has the checksum it was written with."""
    try:
        if not os.path.isfile(path):
            raise OSError("it is no file")
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
            if broken:
                raise zipfile.BadZipFile(f"{broken} is not what was written")
            if len(set(archive.namelist())) < len(archive.namelist()):
                raise zipfile.BadZipFile("two parts have one name")
            json.loads(archive.read("metadata.json"))
            return json.loads(archive.read("config.json"))
    except Exception as error:  # a damaged archive raises whatever its damaged fields lead to
        raise _damaged(path, error) from error


def _check_configuration(path, value, trust):
    """Refuses a configuration that names code which is neither Keras', ours, trusted, nor registered already."""
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        if not isinstance(value, dict):
            continue
        pending += value.values()
        named = value.get("class_name")
        if named is None and "module" not in value and "registered_name" not in value:
            continue
        if not _is_allowed(named, value, trust):
            module = value.get("module")
            code = f"{module}.{value.get('config')}" if named == "function" else f"{module}.{named}"
            raise UserError(
                f"{path} names code outside Keras and tfdisent, which would be run; trust its module if you know who "
                f"wrote it. Received: {code[:200]!r}."
            )


def _is_allowed(named, value, trust):
    import keras

    module, registered = value.get("module"), value.get("registered_name")
    if named in ("__lambda__", "Lambda", "__typespec__") or not isinstance(named, str):
        return False
    if named in _PLAIN:
        return True
    name = value.get("config") if named == "function" else registered
    if isinstance(name, str) and keras.saving.get_registered_object(name) is not None:
        return True
    if module == "builtins":  # Keras looks such functions up among its own
        return named == "function"
    return isinstance(module, str) and any(
        module == each or module.startswith(f"{each}.") for each in ("keras", *_OURS, *trust)
    )


def _damaged(path, error):
    reason = " ".join(str(error).split())[:200].rstrip(".")
    return UserError(
        f"{path} cannot be loaded ({type(error).__name__}: {reason}); remove it and repeat the train command."
    )
