"""Which settings of a configuration are used by what it trains; gin ignores all others without a word.

Settings that a person gives with a command must all be used. A file may also hold settings of what somebody chose
something else for: of the optimizer of an included file that the file replaces, or of a model or data set that is
replaced on the command line. What no value in force at any time refers to is refused there too, unless the file
lists it in a macro of its own, `alternatives = [@models.Autoencoder]`.
"""

from tfdisent.checks import nearest
from tfdisent.config.names import parameters
from tfdisent.config.statements import Macro, Reference, walk
from tfdisent.errors import UserError

__all__ = ["ALTERNATIVES", "check_usage", "given_by_caller"]

ALTERNATIVES = "alternatives"
_ROOT = "tfdisent.training.train"
_GIVEN_BY_COMMAND = {"output": "--output", "overwrite": "--overwrite"}
_GIVEN_TO_MODELS = ("observation_shape", "seed", "dtype")  # by `training.train`
_NETWORKS = (
    "decoder",
    "discriminator",
    "encoder",
    "networks",
)  # settings that hold functions making networks
_GIVEN_BY_SYMAE = ("decoder", "split_inputs")  # to its networks, beside what they need


def check_usage(bindings, functions):
    """Refuses what nothing uses.

    Args:
        bindings: list of `Binding` whose names and references are dotted names ("tfdisent.models.VAE"), in the order
            in which they were read.
        functions: {dotted name: class or function}.

    Raises:
        UserError: for a binding or macro that is never used; names the nearest that is.
    """
    for binding in bindings:
        if binding.name == _ROOT and binding.argument in _GIVEN_BY_COMMAND:
            raise UserError(
                f"{_shown(binding)} is given by the command itself ({_GIVEN_BY_COMMAND[binding.argument]}) and has no "
                f"effect {binding.where}."
            )
    now = _Reachable(bindings, functions, history=False)
    ever = _Reachable(bindings, functions, history=True)
    last = {_key(binding): binding for binding in bindings}
    for binding in bindings:
        key = _key(binding)
        if binding.given and last[key] is not binding:
            continue  # the same setting is given again
        if key == ALTERNATIVES and not binding.given:
            continue
        reach = now if binding.given else ever
        if key not in reach.used:
            raise UserError(_why(binding, reach, ever, functions, bindings))


class _Reachable:
    """What `training.train` and the alternatives come to use.

    Args:
        history: follow every value that a setting ever had, and the alternatives; otherwise what a person gave for it,
            or else the last value.
    """

    def __init__(self, bindings, functions, history):
        self.functions, self.history = functions, history
        self.used = set()
        self.settings, self.macros = {}, {}
        for binding in bindings:
            if binding.argument:
                place = self.settings.setdefault((binding.scope, binding.name), {})
                place.setdefault(binding.argument, []).append(binding)
            else:
                self.macros.setdefault(binding.name, []).append(binding)
        self.visited, self.visited_macros = set(), set()
        self.given = set()
        self._visit(_ROOT, (), called=True)
        if history:
            for binding in self.macros.get(ALTERNATIVES, ()):
                self._follow(binding.value, ())

    def names(self):
        """Dotted names of what is used."""
        return {path for path, *_ in self.visited}

    def _visit(self, path, scope, called, role=""):
        if (path, scope, called, role) in self.visited:
            return
        self.visited.add((path, scope, called, role))
        given = () if called else given_by_caller(path, self.functions.get(path), role)
        self.given |= {(path, argument) for argument in given}
        found = {}
        for depth in range(len(scope) + 1):
            for argument, values in self.settings.get(("/".join(scope[:depth]), path), {}).items():
                if argument not in given:
                    found[argument] = found.get(argument, []) * self.history + self._in_force(values)
        for values in found.values():
            for binding in values:
                self.used.add(_key(binding))
                self._follow(binding.value, scope, _role(binding))

    def _in_force(self, values):
        given = [each for each in values if each.given]
        return values if self.history else given or values[-1:]

    def _follow(self, value, scope, role=""):
        for item in walk(value):
            if isinstance(item, Reference):
                *scopes, path = item.name.split("/")
                # A function that is passed on is called in the scope of the moment, or in none.
                for each in {tuple(scopes)} if scopes else {scope, ()}:
                    self._visit(path, each, item.called, role)
            elif isinstance(item, Macro) and (item.name, scope, role) not in self.visited_macros:
                self.visited_macros.add((item.name, scope, role))
                self.used.add(item.name)
                for binding in self._in_force(self.macros.get(item.name, [])):
                    self._follow(binding.value, scope, role)


def given_by_caller(path, function, role=""):
    """Arguments that whoever calls a model or a network gives it, so that a configuration cannot.

    Args:
        path: dotted name.
        function: what it is; None where that is not known.
        role: "model" or "network" for what a setting of that kind holds.
    """
    package, room = path.split(".")[:2]
    if package == "tfdisent":
        role = {"models": "model", "networks": "network", "training": "callback"}.get(room, "")
    if role == "model":
        return _GIVEN_TO_MODELS
    if not role or function is None:
        return ()
    needed = [
        name
        for name, each in (parameters(function) or {}).items()
        if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
    ]
    if role == "network":
        return (*needed, *(_GIVEN_BY_SYMAE if "instance_shape" in needed else ()), "seed", "dtype")
    return tuple(needed)


def _role(binding):
    """What a setting holds: "model", "network", or "" for anything else."""
    if (binding.name, binding.argument) == (_ROOT, "model"):
        return "model"
    return "network" if binding.argument in _NETWORKS else ""


def _why(binding, reach, ever, functions, bindings):
    """The sentence for a binding that nothing uses."""
    name, where = _shown(binding), binding.where
    used = sorted({_shown(each) for each in bindings if _key(each) in ever.used} - {name})
    if not binding.argument:
        others = sorted({each.name for each in bindings if not each.argument} - {binding.name})
        if _key(binding) in ever.used:
            return f"{name} is used only by what is not trained here, so it has no effect {where}."
        return f"The macro {name} is used nowhere, so it has no effect {where}{nearest(name, others or used)}"
    path = _short(binding.name)
    scoped = f"{binding.scope}/{path}" if binding.scope else path
    if binding.name in reach.names():
        if not binding.scope and (binding.name, binding.argument) in reach.given:
            caller = "training.train" if binding.argument in _GIVEN_TO_MODELS else "the model"
            own = f"; set training.train.{binding.argument}" if binding.argument in ("seed", "dtype") else ""
            return f"{name} is given by {caller}, so it has no effect {where}{own}."
        if binding.scope:
            return (
                f"No setting refers to @{scoped}, so {name} has no effect {where}; did you mean "
                f"{path}.{binding.argument}?"
            )
        return f"{name} is replaced wherever it is used, so it has no effect {where}."
    slots = _slots_of(binding.name, reach, functions)
    if slots:
        return (
            f"No setting refers to @{scoped}, so {name} has no effect {where}: what is the default of a setting is not "
            f"configured; add {slots[0]} = @{scoped}."
        )
    known = sorted(map(_short, reach.names()))
    hint = nearest(path, known)
    if not binding.given:
        hint = (
            f"; where a file keeps settings of a further choice, it says {ALTERNATIVES} = [@{scoped}]{hint}"
        )
    elif hint == ".":
        hint = f"; in use are {', '.join(known)}."
    return f"Nothing that is trained uses {scoped}, so {name} has no effect {where}{hint}"


def _slots_of(path, reach, functions):
    """Settings in use whose default is this function."""
    function = functions.get(path)
    return [
        f"{_short(user)}.{name}"
        for user in sorted(reach.names())
        if user in functions
        for name, each in (parameters(functions[user]) or {}).items()
        if each.default is function
    ]


def _key(binding):
    return (binding.scope, binding.name, binding.argument) if binding.argument else binding.name


def _shown(binding):
    scope = f"{binding.scope}/" if binding.scope and binding.argument else ""
    return f"{scope}{_short(binding.name)}.{binding.argument}".rstrip(".")


def _short(path):
    return path.removeprefix("tfdisent.")
