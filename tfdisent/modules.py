"""Modules that a person wrote: importing those that the person trusts, and saying what to write for the others.

A gin file and the folder of a run may come from a stranger: that they name a module never imports it.
"""

import contextlib
import importlib
import importlib.util
import os
import sys
from pathlib import Path

from tfdisent.checks import shown
from tfdisent.errors import UserError

__all__ = [
    "check_files", "how_to_trust", "import_module", "import_trusted", "names_of", "place_of", "search_path", "trusts",
    "whole",
]  # fmt: skip

_AMONG = "among the modules to trust"
_folders = {}  # {module: folder} of those that were found outside sys.path


def names_of(trust):
    """The names of modules that a person trusts; imports nothing.

    Args:
        trust: names, such as "my_models", or files or folders of modules, such as "../my_models.py"; or one of them.

    Raises:
        UserError: for what is neither.
    """
    return [name for name, _ in _read(trust)]


def whole(trust):
    """A tuple of the modules that a person trusts, those named by their files with whole paths."""
    return tuple(str(file or name) for name, file in _read(trust))


def check_files(trust):
    """Looks whether the files of modules that a person trusts are there; imports nothing.

    Raises:
        UserError: for the first that is not.
    """
    for _, file in _read(trust):
        if file is not None and not file.exists():
            raise UserError(f"There is no file {file} {_AMONG}.")


def import_trusted(trust, folders=(".",)):
    """Imports the modules that a person trusts, so that one which is not there is a mistake.

    Args:
        trust: as `names_of`.
        folders: where names are looked for, after all places where Python looks.

    Returns:
        The names.

    Raises:
        UserError: for what is no module's name, a module that is not there, and one that cannot be imported.
    """
    for name, file in _read(trust):
        if file is None:
            import_module(name, _AMONG, folders, _about_places(name, folders))
        else:
            _import_file(file)
    return names_of(trust)


def import_module(module, where, folders, otherwise):
    """The module of a dotted name.

    Args:
        where: who names it, in words for sentences.
        folders: where it is looked for after all places where Python looks.
        otherwise: how the sentence ends when there is no such module.

    Raises:
        UserError: when there is none, or it cannot be imported.
    """
    with _searching(folders):
        try:
            found = importlib.import_module(module)
        except ImportError as error:
            if error.name and f"{module}.".startswith(f"{error.name}."):
                raise UserError(f"There is no module {module} {where}{otherwise}") from error
            raise UserError(f"{module} cannot be imported {where}: {error}.") from error
        except (Exception, SystemExit) as error:  # a person's module may raise anything
            reason = " ".join(str(error).split())
            raise UserError(
                f"{module} cannot be imported {where}: {type(error).__name__}: {reason}."
            ) from error
        place = place_of(module)
    if place is not None and str(place.parent) in map(os.path.realpath, folders):
        _folders[module.partition(".")[0]] = str(place.parent)
    return found


def place_of(module):
    """The file of a module, or the folder of a package, of which a part is named; None where there is none."""
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
    except ValueError:  # __main__
        return None
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or ())
    return Path(folders[0] if folders else spec.origin).resolve() if folders or spec.has_location else None


def how_to_trust(module, folders=(".",)):
    """The sentence that says what to write so that a module may be used, and which file that is; imports nothing."""
    name = module.partition(".")[0]
    if name in sys.stdlib_module_names:
        return (
            f"{name} is a module of Python itself, which no model needs; if it is a file of yours, rename it."
        )
    with _searching(folders):
        place = place_of(name)
    if place is None:
        return f"If you trust it, add its file, --trust FOLDER/{name}.py: it is neither {_places(folders)}."
    return f"If you trust {place}, add --trust {name} (in Python, trust={name!r})."


def trusts(names, module):
    """Whether a module is among those named, or in a package among them."""
    return any(module == name or module.startswith(f"{name}.") for name in names)


def search_path():
    """`sys.path`, and after it the folders of imported modules that the person trusts: what a child process needs."""
    return [*sys.path, *dict.fromkeys(folder for module, folder in _folders.items() if module in sys.modules)]


def _read(trust):
    """[(name, path of its file or folder, or None where it is named as in Python)]"""
    trust = [trust] if isinstance(trust, (str, os.PathLike)) else trust
    if not isinstance(trust, (list, tuple)):
        raise UserError(f"Modules to trust are names or files of modules. Received: {shown(trust)}.")
    found = []
    for each in trust:
        path = isinstance(each, os.PathLike) or (
            isinstance(each, str) and (each.endswith(".py") or os.path.dirname(each))
        )
        name = Path(each).stem if path else each
        if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
            raise UserError(f"A module is named as in Python, such as my_models. Received: {shown(each)}.")
        found.append((name, Path(each).resolve() if path else None))
    return found


def _import_file(file):
    """Imports a module from this very file or folder."""
    check_files([file])
    with _searching([file.parent]):
        place = place_of(file.stem)
    if place not in (file, None):  # nothing else is imported in its stead
        raise UserError(f"{place} is found before {file}; rename one of the two.")
    import_module(file.stem, _AMONG, [file.parent], f": {file} is none.")


def _about_places(name, folders):
    """How a sentence ends when a module is not found: where it was looked for, and what to write."""
    return f": it is neither {_places(folders)}; give its file, --trust FOLDER/{name}.py."


def _places(folders):
    places = " nor ".join(dict.fromkeys(f"in {os.path.realpath(folder)}" for folder in folders))
    return f"{places} nor where Python finds modules"


@contextlib.contextmanager
def _searching(folders):
    """Within it, modules in the folders can be imported; what is installed goes before them."""
    added = [os.path.realpath(folder) for folder in folders]
    sys.path.extend(added)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        del sys.path[len(sys.path) - len(added) :]
