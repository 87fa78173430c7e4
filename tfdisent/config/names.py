"""What the names in a configuration stand for, and which of them it may use.

A gin file may come from a stranger, and gin can import and call whatever is installed. So a name is compared with what
may be configured before anything is imported: what the rooms of tfdisent export, the optimizers, initializers and the
like of Keras, and all that stands in modules which the person names.
"""

import importlib
import importlib.util
import inspect

from tfdisent import modules
from tfdisent.checks import nearest, shown
from tfdisent.config.statements import Reference, walk
from tfdisent.errors import UserError

__all__ = ["ROOMS", "Names", "parameters"]

ROOMS = ("analysis", "data", "metrics", "models", "networks", "objectives", "training")
# Rooms whose modules may be imported too: their functions compute, and reach no file.
_ROOMS_OF_MODULES = ("analysis", "metrics", "models", "networks", "objectives")
# What of Keras makes no file and runs nothing from one: {module: names, or the class they are subclasses of}.
_KERAS = {
    "keras.optimizers": "keras.optimizers.Optimizer",
    "keras.optimizers.schedules": "keras.optimizers.schedules.LearningRateSchedule",
    "keras.initializers": "keras.initializers.Initializer",
    "keras.regularizers": "keras.regularizers.Regularizer",
    "keras.constraints": "keras.constraints.Constraint",
    "keras.activations": None,
    "keras.callbacks": (
        "EarlyStopping",
        "LearningRateScheduler",
        "ReduceLROnPlateau",
        "SwapEMAWeights",
        "TerminateOnNaN",
    ),
}
_NOT_OF_KERAS = ("deserialize", "get", "serialize")  # they make objects of any module
_NOT_CALLED = ("tfdisent.training.RunDirectory", "tfdisent.training.train")
_WRITING = ("artifact_dir", "download")  # arguments that write files
_SERIALISED = ("class_name", "module", "registered_name")  # keys with which Keras imports any module


class Names:
    """The names that one configuration may use.

    Args:
        trust: modules that the person trusts, by name or file (`tfdisent.modules.import_trusted`).
        folders: where modules are looked for after all other places.
        symbols: {symbol: dotted name it stands for} of the files, as a person may write them in a binding.

    Raises:
        UserError: for what is no module.
    """

    def __init__(self, trust=(), folders=(), symbols=()):
        self.folders, self.symbols = list(folders), dict(symbols)
        self.trusted, self._trust = modules.names_of(trust), trust

    def import_trusted(self):
        """Imports the modules that the person trusts, so that one which is not there is a mistake.

        Raises:
            UserError: for a module that cannot be imported.
        """
        for module in self.trusted:
            self._check_not_room(module)
        modules.import_trusted(self._trust, self.folders)

    def trusts(self, module):
        """Whether the person trusts a module, or the package that it lies in."""
        return modules.trusts(self.trusted, module)

    def check_source(self, source):
        """Refuses a file that imports what it may not use."""
        for each in source.imports:
            module = each.module
            parts = module.split(".")
            if self.trusts(module):
                self._check_not_room(module)
                continue
            if module in ("keras", "tfdisent") or module in _KERAS:
                continue
            if parts[0] == "tfdisent":
                self._check_room(parts[1], module, each.where)
                if len(parts) > 2:
                    self._check_module(module, each.where)
            else:
                self._check_not_room(module)
                raise UserError(
                    f"{module} cannot be imported {each.where}: a configuration imports tfdisent, keras and what you "
                    f"name. {modules.how_to_trust(module, self.folders)}"
                )

    def path(self, name, source, where):
        """The dotted name that `name`, as a file or a person writes it, stands for: "tfdisent.models.VAE".

        Raises:
            UserError: for a name that was not imported or may not be used.
        """
        symbol, _, rest = name.partition(".")
        hint = "write names as the file does, such as models.VAE.beta or training.train.steps"
        if source.symbols is not None:
            if symbol not in source.symbols:
                add = f"from tfdisent import {symbol}" if symbol in ROOMS else "import keras"
                add = f"add the line '{add}'" if symbol in (*ROOMS, "keras") else hint
                raise UserError(f"'{symbol}' was not provided by an import statement {where}; {add}.")
            path = ".".join(filter(None, (source.symbols[symbol], rest)))
        else:
            path = self._given_path(name)
            if "." not in path:
                raise UserError(f"'{symbol}' was not provided by an import statement {where}; {hint}.")
        self._check(path, name, where, given=source.symbols is None)
        return path

    def reference(self, reference, source, where):
        """The reference with the dotted name that it stands for."""
        *scopes, name = reference.name.split("/")
        path = self.path(name, source, where)
        if path in _NOT_CALLED:
            raise UserError(f"@{name} cannot be the value of a setting {where}.")
        return Reference("/".join([*scopes, path]), reference.called)

    def check_value(self, binding):
        """Refuses what a file may not set: arguments that write files, and descriptions of any object."""
        if binding.given:
            return
        name = _short(binding.full_name)
        if binding.argument in _WRITING:
            raise UserError(
                f"{name} writes files, so it is given by you and not by a file: add "
                f'-b "{name}={binding.value!r}". Received: {binding.value!r} {binding.where}.'
            )
        for item in walk(binding.value):
            if isinstance(item, dict) and any(key in item for key in _SERIALISED):
                raise UserError(
                    f"{name} describes a Keras object in a dict, which may import anything; write a reference, such as "
                    f"@keras.initializers.HeNormal(). Received: {shown(item)} {binding.where}."
                )

    def check_text(self, binding):
        """Refuses text where a reference was meant, such as 'conv_encoder' or '@models.VAE'."""
        for item in walk(binding.value):
            if not isinstance(item, str):
                continue
            for room in ("networks", "models"):
                if item.rpartition(".")[2] in importlib.import_module(f"tfdisent.{room}").__all__:
                    meant = f"@{room}.{item.rpartition('.')[2].rstrip('()')}"
                    break
            else:
                if item[:1] not in ("@", "%") or not item[1:2].isidentifier():
                    continue
                meant = item
            raise UserError(
                f"{binding.full_name} is text and a reference was meant: write {meant} without quotes. Received: "
                f"{item!r} {binding.where}."
            )

    def find(self, path, where):
        """The class or function of a dotted name.

        Raises:
            UserError: when the module has none of that name, or has it from elsewhere.
        """
        module_name, _, name = path.rpartition(".")
        module = self._import(module_name, where)
        known = getattr(module, "__all__", None) or [key for key in vars(module) if not key.startswith("_")]
        if not hasattr(module, name):
            own = "" if path.split(".")[0] in ("tfdisent", "keras") else f" ({modules.place_of(module_name)})"
            raise UserError(
                f"{_short(module_name)}{own} has no attribute {name} {where}{nearest(name, known)}"
            )
        found = getattr(module, name)
        if not (inspect.isclass(found) or inspect.isroutine(found)):
            raise UserError(
                f"{_short(path)} {where} is no class or function. Received: {type(found).__name__}."
            )
        owner = str(getattr(found, "__module__", None))
        if path.split(".")[0] not in ("tfdisent", "keras") and not self.trusts(owner):
            raise UserError(
                f"{path} {where} comes from {owner}; name it there, and add --trust {owner} if you trust it."
            )
        return found

    def trust_named(self, bindings):
        """Trusts the modules that a person names in bindings given with a command: of `my_models.MyVAE`, my_models."""
        for binding in bindings:
            names = [binding.name] if binding.argument else []
            names += [item.name.split("/")[-1] for item in walk(binding.value) if isinstance(item, Reference)]
            for name in names:
                module = name.rpartition(".")[0]
                if (
                    module
                    and self._given_path(name) == name
                    and module.split(".")[0] not in ("keras", "tfdisent")
                ):
                    self.trusted.append(module)

    def _given_path(self, name):
        """The dotted name that a person means, who writes names as in the files, or whole."""
        symbol, _, rest = name.partition(".")
        if symbol in ROOMS:
            return f"tfdisent.{name}"
        return ".".join(filter(None, (self.symbols.get(symbol, symbol), rest)))

    def _check_not_room(self, module):
        """Refuses a person's module that is called like a room, which names would be taken for."""
        name = module.split(".")[0]
        if name in ROOMS:
            raise UserError(
                f"A module of your own cannot be called {name}, as a room of tfdisent is; rename it, to my_{name}.py "
                f"for example."
            )

    def _check(self, path, name, where, given):
        """Whether a configuration may use a dotted name, by the name alone."""
        parts = path.split(".")
        module = ".".join(parts[:-1])
        if len(parts) == 1 or path in _KERAS or (len(parts) == 2 and parts[0] == "tfdisent"):
            raise UserError(
                f"{name} is a module {where}; name a class or function in it, and its setting, such as models.VAE.beta."
            )
        if parts[0] == "tfdisent":
            self._check_room(parts[1], path, where)
            if len(parts) > 3:
                self._check_module(module, where)
            exported = self._import(module, where).__all__
            if parts[-1] not in exported:
                raise UserError(
                    f"{_short(module)} has no attribute {parts[-1]} that can be configured {where}"
                    f"{nearest(parts[-1], exported)}"
                )
        elif parts[0] == "keras" and not self.trusts("keras"):
            if not given and not self._harmless(module, parts[-1], where):
                raise UserError(
                    f"{path} may not be configured {where}: of Keras a file may use {', '.join(_KERAS)}, and of these "
                    f"what makes no file. If you trust the file, add --trust keras."
                )
        elif parts[0] != "keras" and not self.trusts(module):
            raise UserError(
                f"{path} may not be configured {where}: its module is one that you have not named. "
                f"{modules.how_to_trust(module, self.folders)}"
            )

    def _harmless(self, module, name, where):
        allowed = _KERAS.get(module, ())
        if name in _NOT_OF_KERAS or allowed == ():
            return False
        if isinstance(allowed, tuple):
            return name in allowed
        found = getattr(self._import(module, where), name, None)
        if found is None or name.startswith("_"):
            return found is None  # `find` has the sentence, with the nearest name
        if allowed is None:
            return inspect.isfunction(found)
        base_module, _, base = allowed.rpartition(".")
        return inspect.isclass(found) and issubclass(found, getattr(self._import(base_module, where), base))

    def _check_room(self, room, path, where):
        if room not in ROOMS:
            raise UserError(
                f"{path} may not be configured {where}: of tfdisent a configuration uses {', '.join(ROOMS)}"
                f"{nearest(room, ROOMS)}"
            )

    def _check_module(self, module, where):
        """Whether a module in a room may be used."""
        parts = module.split(".")
        if (
            len(parts) != 3
            or parts[1] not in _ROOMS_OF_MODULES
            or importlib.util.find_spec(module) is None
            or not hasattr(self._import(module, where), "__all__")
        ):
            raise UserError(
                f"{module} may not be configured {where}; a configuration uses what {parts[1]} exports, such as "
                f"'from tfdisent import {parts[1]}'."
            )

    def _import(self, module, where):
        near = nearest(module.split(".")[0], (*self.symbols, *ROOMS, "keras"))
        otherwise = f"; write names as the file does, such as models.VAE.beta{near}"
        return modules.import_module(module, where, self.folders, otherwise)


def parameters(function):
    """Names of the arguments that a class or function takes, those of its parents too; None where it takes any."""
    if not inspect.isclass(function):
        found = inspect.signature(function).parameters.values()
        # `train` has **unknown to refuse each of them in a sentence.
        takes_any = any(each.kind is each.VAR_KEYWORD and each.name != "unknown" for each in found)
        return None if takes_any else {each.name: each for each in found if each.kind is not each.VAR_KEYWORD}
    names = {}
    for parent in inspect.getmro(function):
        own = parent.__dict__.get("__init__")
        if own is None or parent is object:
            continue
        found = list(inspect.signature(own).parameters.values())[1:]
        for each in found:
            if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY):
                names.setdefault(each.name, each)
        if not any(each.kind is each.VAR_KEYWORD for each in found):
            break
    return names


def _short(path):
    """A dotted name as configurations write it: "models.VAE"."""
    scope, slash, path = path.rpartition("/")
    return scope + slash + path.removeprefix("tfdisent.")
