"""The file `model.keras`: written whole, and read without running what others wrote.

Keras imports whatever module the configuration in the file names. So the configuration is read first, and only
modules of Keras, of tfdisent, and those that the person trusts are let through.
"""

import inspect
import json
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from tfdisent.checks import shown
from tfdisent.errors import UserError
from tfdisent.files import write_whole
from tfdisent.modules import how_to_trust, import_module, import_trusted, trusts

__all__ = ["check_loadable", "load_model_file", "save_model_file"]

_KEPT_IN_FILES = ("__lambda__", "Lambda", "__typespec__")  # code, or what may hold some
_WITH_FUNCTIONS = (
    "activations",
    "constraints",
    "initializers",
    "losses",
    "metrics",
    "optimizers",
    "regularizers",
)
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


def check_loadable(model):
    """Refuses a model that no file gives back, before it is trained.

    Raises:
        UserError: for a model with code in it that has no name.
    """
    name = type(model).__name__
    for value in _descriptions(model.get_config()):
        named = value.get("class_name")
        if named in _KEPT_IN_FILES:
            raise UserError(
                f"{name} has a lambda or a Lambda layer in a network, which is never loaded from a file; write a "
                "function or a layer class in a module instead, or train without output."
            )
        if named == "function" and not _is_known(named, value):
            function = value.get("config")
            raise UserError(
                f"{name} has the function {function!r} in a network, which Keras finds again only where it is "
                "registered; write @keras.saving.register_keras_serializable() above it, or train without output."
            )


def load_model_file(path, trust=()):
    """The `LatentModel` in a file that `save_model_file` wrote.

    Args:
        path: of the file.
        trust: further modules whose classes and functions the file may name, by name or file
            (`tfdisent.modules.import_trusted`); a package stands for what is below it. Models and layers that this
            program has defined, imported or registered with Keras need no trust.

    Raises:
        UserError: when the file is damaged, holds something else, or names code that is not trusted.
    """
    import keras

    import tfdisent.models  # registers the classes

    own = _own_code(path, _configuration(path), import_trusted(trust))
    try:
        with keras.saving.custom_object_scope(own):
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


def _own_code(path, configuration, trusted):
    """{name: class or function} of what a configuration names outside Keras and tfdisent.

    Raises:
        UserError: for what is neither in a trusted module nor a model or layer that this program has already.
    """
    own = {}
    for value in _descriptions(configuration):
        named = value.get("class_name")
        if _is_known(named, value):
            continue
        module = value.get("module") or "__main__"  # which Keras leaves out
        name = value.get("config") if named == "function" else named
        code = _code(module, name, trusted)
        if code is None or own.setdefault(name, code) is not code:
            raise UserError(_about_code(path, module, name, trusted))
    return own


def _descriptions(configuration):
    """All dicts in a configuration that describe an object to Keras."""
    pending = [configuration]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if value.keys() == {"value"} and isinstance(
                value["value"], (list, tuple)
            ):  # so Keras writes an activation
                yield {"class_name": "__lambda__", "config": value}
            elif value.get("class_name") is not None or "module" in value or "registered_name" in value:
                yield value
            value = list(value.values())
        if isinstance(value, (list, tuple)):
            pending += value


def _is_known(named, value):
    """Whether Keras finds by itself what is named, and may."""
    import keras

    module, registered = value.get("module"), value.get("registered_name")
    if not isinstance(named, str) or named in _KEPT_IN_FILES:
        return False
    if named in _PLAIN:
        return True
    name = value.get("config") if named == "function" else registered
    if isinstance(name, str) and keras.saving.get_registered_object(name) is not None:
        return True
    if module == "builtins":  # Keras looks such functions up among its own
        return named == "function" and any(
            hasattr(getattr(keras, each), str(name)) for each in _WITH_FUNCTIONS
        )
    return isinstance(module, str) and trusts(("keras", *_OURS), module)


def _code(module, name, trusted):
    """A class or function of a trusted module, or a model or layer of any module that is imported already; or None."""
    import keras

    if not isinstance(module, str) or not isinstance(name, str) or name in _KEPT_IN_FILES:
        return None
    if trusts(trusted, module):
        import_module(module, "among the modules to trust", ["."], ".")
    found = getattr(sys.modules.get(module), "__dict__", {}).get(name)  # which runs no code of the module
    if getattr(found, "__module__", None) != module:
        return None
    is_layer = inspect.isclass(found) and issubclass(found, keras.layers.Layer)
    return found if is_layer or trusts(trusted, module) else None


def _about_code(path, module, name, trusted):
    """The sentence for code that a file may not name, or that is not there."""
    if not isinstance(module, str) or not isinstance(name, str) or name in _KEPT_IN_FILES:
        reason = (
            "It is kept in the file itself, and never run; write a class or function of a module instead."
        )
    elif module == "builtins":
        reason = "It is a registered function; add --trust MODULE with the module in which it is registered."
    elif module == "__main__":
        reason = (
            "It was defined in a script or notebook, where no other process finds it; define it in a module, such as "
            "my_models.py, and repeat the training with it from there. Where it is defined, give trust='__main__'."
        )
    elif trusts(trusted, module):
        file = getattr(sys.modules[module], "__file__", None) or module
        reason = f"{file} defines no {name}; was it renamed?"
    else:
        reason = how_to_trust(module)
    code = f"{module}.{name}".removeprefix("__main__.").removeprefix("builtins.")
    return f"{path} names code outside Keras and tfdisent, {shown(code)}. {reason}"


def _damaged(path, error):
    reason = " ".join(str(error).split())[:200].rstrip(".")
    return UserError(
        f"{path} cannot be loaded ({type(error).__name__}: {reason}); remove it and repeat the train command."
    )
