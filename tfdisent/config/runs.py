"""Reading the configuration of a run, and calling what it configures."""

import dataclasses
import re
from pathlib import Path

import gin

from tfdisent.checks import nearest, shown
from tfdisent.config import disentanglement_lib
from tfdisent.config.names import ROOMS, Names, parameters
from tfdisent.config.statements import (
    Reference,
    as_text,
    decode,
    find_config,
    is_ours,
    parse_binding,
    read_bindings,
    read_file,
    read_given,
    read_text,
    resolve,
    walk,
)
from tfdisent.config.usage import ALTERNATIVES, check_usage
from tfdisent.errors import UserError

__all__ = [
    "check_lines",
    "configured",
    "configured_data",
    "configured_name",
    "configured_value",
    "json_config",
    "operative_config",
    "parse",
    "parse_text",
    "parsed_config",
    "train_configured",
    "trusted_modules",
]

_SEED = re.compile(r"^training\.train\.seed = .*\n(?: .*\n)*", re.MULTILINE)

# {binding: value as gin text} of what was last parsed in disentanglement_lib's words; one a process, as gin's state is.
_theirs = {}
# Modules that a person named for what was last parsed.
_trusted = []


def parse(configs, bindings=(), trust=(), changes=()):
    """Reads configurations and then bindings, which win; what was read before is forgotten.

    Configurations of disentanglement_lib are translated; bindings may then be in its words or in ours. Nothing is
    imported or called before all names have been found to be such as a configuration may use (`names`), and nothing
    is taken that training would not use (`usage`).

    Args:
        configs: names or paths, all ours or all disentanglement_lib's.
        bindings: lines such as "models.VAE.beta = 4", which the person gives; modules that they name are trusted.
        trust: further modules that the configurations may import and use, by name or file
            (`tfdisent.modules.import_trusted`); names are found also in the current folder and beside them.
        changes: further lines over all, of the program and not of a person: they may leave others without effect.

    Raises:
        UserError: with file, line and reason.
    """
    _clear()
    configs = [configs] if isinstance(configs, (str, Path)) else configs
    bindings = [bindings] if isinstance(bindings, str) else list(bindings)
    paths = [find_config(config) for config in configs]
    for binding in bindings:
        parse_binding(binding)
    ours = [path for path in paths if is_ours(path)]
    lines, sources = [], []
    if not ours:
        lines, sources, bindings = _translated(paths, bindings)
    elif len(ours) < len(paths):
        other = next(path for path in paths if path not in ours)
        raise UserError(f"{ours[0]} is a configuration of tfdisent and {other} is not; give one kind only.")
    for path in ours:
        found, files = read_file(path)
        _check_twice(found)
        lines += found
        sources += files
    given = read_given(bindings)
    _check_spellings(given)
    folders = [".", *(path.parent for path in paths), *(source.folder for source in sources if source.folder)]
    symbols = {symbol: path for source in sources for symbol, path in source.symbols.items()}
    names = Names(trust, folders, symbols)
    names.import_trusted()
    names.trust_named(given)
    _trusted[:] = names.trusted
    checked = _checked([*lines, *given], sources, names)
    if any(line.name == "tfdisent.training.train" for line in checked):
        check_usage(checked, _functions(checked, names))
    _into_gin([*checked, *_checked(read_given(changes), [], names)], names)


def parse_text(text, trust=(), where="in the configuration"):
    """Reads one configuration from a string, such as the operative one of a run.

    It may use only what a file may (`parse`).

    Args:
        text: gin text, or the bytes of a file.
        trust: further modules that it may import and use, by name or file; names are found also in the current folder.
        where: what it is, in words for sentences, such as "in runs/first/model/results/gin/train.gin".

    Raises:
        UserError: with line and reason; for bytes that are no text, and what is no configuration of tfdisent.
    """
    _clear()
    lines, sources = read_text(decode(text, where), where)
    if not lines or not sources[0].dynamic:
        raise UserError(f"There is no configuration of tfdisent {where}.")
    names = Names(trust, ["."])
    names.import_trusted()
    _trusted[:] = names.trusted
    _into_gin(_checked(lines, sources, names), names)


def check_lines(lines, where, trust=()):
    """Refuses lines that a file may not hold, though a person may give them with a command (`names`).

    Args:
        lines: such as "models.VAE.beta = 4"; they need no imports.
        where: what holds them, in words for sentences, such as "in study.gin".
        trust: names of modules that they may use.

    Raises:
        UserError: for the first such line.
    """
    names = Names(trust, ["."])
    imports = [*(f"from tfdisent import {room}" for room in ROOMS), "import keras"]
    imports += [f"import {module}" for module in names.trusted]
    found, sources = read_text("\n".join([*imports, *lines]), where)
    _dotted([dataclasses.replace(line, where=where) for line in found], sources, names)


def _translated(paths, bindings):
    """What disentanglement_lib's configurations say in our words, with the bindings in its words; and the others.

    Returns:
        List of `Binding`, list of `Source`, and the bindings in our words.
    """
    names = {binding: binding.partition("=")[0].strip().split("/")[-1] for binding in bindings}
    words = (*ROOMS, "keras", "tfdisent")
    ours = {binding: name for binding, name in names.items() if name.split(".")[0] in words}
    theirs = [binding for binding in bindings if binding not in ours]
    found = read_bindings(paths, theirs)
    lines, values = disentanglement_lib.translate(found)
    used = {line.theirs for line in lines} | {"model.model"}
    for each in read_given(theirs):
        if each.argument and each.full_name not in used:
            raise UserError(
                f"{each.full_name} is not used by {values['model.model']!r}, so it has no effect {each.where}"
                f"{nearest(each.full_name, used - {None})}"
            )
    bound = {parse_binding(binding) for binding in ours}
    for line in lines:
        if line.theirs and line.ours not in {f"{each.selector}.{each.arg_name}" for each in bound}:
            _theirs[line.theirs] = repr(values[line.theirs])
    text = disentanglement_lib.as_text(lines)
    return *read_text(text, f"in {', '.join(map(str, paths))}, translated"), list(ours)


def _check_twice(lines):
    """Refuses a setting that one file gives twice."""
    seen = {}
    for line in lines:
        name = (id(line.source), line.full_name)
        if name in seen:
            raise UserError(
                f"{line.full_name} is bound twice, {seen[name].where} and {line.where}; remove one of them."
            )
        seen[name] = line


def _check_spellings(given):
    """Refuses one setting that is given under a short and a long name."""
    seen = {}
    for line in given:
        short = line.full_name.replace("tfdisent.", "")
        if seen.setdefault(short, line.full_name) != line.full_name:
            raise UserError(f"{seen[short]} and {line.full_name} are the same setting; give one of them.")


def _checked(lines, sources, names):
    """The lines with dotted names (`_dotted`), whose macros all have values."""
    checked = _dotted(lines, sources, names)
    macros = {line.name: line.value for line in checked if not line.argument}
    for line in checked:
        resolve(line.value, macros, set())
    return checked


def _dotted(lines, sources, names):
    """The lines with dotted names, such as "tfdisent.models.VAE", all of which the configuration may use.

    Raises:
        UserError: for imports, names and values that a configuration may not have.
    """
    for source in sources:
        names.check_source(source)
    checked = []
    for line in lines:
        name = names.path(line.name, line.source, line.where) if line.argument else line.name
        value = _with_references(
            line.value, lambda item, line=line: names.reference(item, line.source, line.where)
        )
        checked.append(dataclasses.replace(line, name=name, value=value))
        names.check_value(checked[-1])
        names.check_text(line)
    return checked


def _functions(lines, names):
    """{dotted name: class or function} of everything that lines bind or refer to.

    Raises:
        UserError: for a name that its module does not have, and for an argument that it does not take.
    """
    found = {"tfdisent.training.train": names.find("tfdisent.training.train", "")}
    for line in lines:
        for item in walk(line.value):
            if isinstance(item, Reference):
                path = item.name.split("/")[-1]
                found.setdefault(path, names.find(path, line.where))
        if line.argument:
            found.setdefault(line.name, names.find(line.name, line.where))
            known = parameters(found[line.name])
            if known is not None and line.argument not in known:
                short = line.name.removeprefix("tfdisent.")
                raise UserError(
                    f"{short} doesn't have a parameter named '{line.argument}' {line.where}"
                    f"{nearest(line.argument, known)}"
                )
    return found


def _into_gin(lines, names):
    """Gives gin what has been checked, and nothing else, in words of our own."""
    found = _functions(lines, names)
    imports = set()
    for module in {path.rpartition(".")[0] for path in found}:
        room = module.removeprefix("tfdisent.")
        keras = module.split(".")[0] == "keras"
        imports.add(
            f"from tfdisent import {room}"
            if room in ROOMS
            else "import keras"
            if keras
            else f"import {module}"
        )
    settings = {
        f"{line.scope}/{_short(line.name)}.{line.argument}".lstrip("/") if line.argument else line.name: line
        for line in lines
    }
    settings.pop(ALTERNATIVES, None)
    text = ["from __gin__ import dynamic_registration", *sorted(imports)]
    for name, line in settings.items():
        value = _with_references(line.value, lambda item: Reference(_short(item.name), item.called))
        text.append(f"{name} = {as_text(value)}")
    with gin.config.interactive_mode(), _sentences():  # a notebook may have reloaded a module
        gin.parse_config("\n".join(text))


def _with_references(value, change):
    """A value with each reference in it changed."""
    if isinstance(value, Reference):
        return change(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_with_references(item, change) for item in value)
    if isinstance(value, dict):
        return {_with_references(k, change): _with_references(v, change) for k, v in value.items()}
    return value


def _short(name):
    """A dotted name, perhaps with scopes, as gin finds it with our imports."""
    scopes, slash, path = name.rpartition("/")
    room = path.rpartition(".")[0].removeprefix("tfdisent.")
    return scopes + slash + (path.removeprefix("tfdisent.") if room in ROOMS else path)


def train_configured(output, overwrite=False, callbacks=(), **settings):
    """Calls `tfdisent.training.train` as configured, and writes its results with the operative configuration.

    Args:
        output: folder of the run; None for no files.
        overwrite: delete another run that lies there.
        callbacks: further ones, beside those that the configuration names.
        **settings: of `train`, in place of those configured.

    Returns:
        The `Run`, or a list of them where several seeds are trained together.

    Raises:
        UserError: when the configuration names no model or data, or training has one to raise.
    """
    from tfdisent import training
    from tfdisent.training.settings_text import name_there

    for name in ("model", "data"):
        if not _bound(f"training.train.{name}"):
            raise UserError(f"The configuration does not bind training.train.{name}.")
    if callbacks:
        own = configured_value("training.train.callbacks") if _bound("training.train.callbacks") else ()
        settings["callbacks"] = [*_as_list(own), *callbacks]
    with _sentences():
        trained = gin.get_configurable(training.train)(output=output, overwrite=overwrite, **settings)
    text = operative_config()
    for run in trained if isinstance(trained, list) else [trained]:
        if not run.directory:
            continue
        with run.directory.locked():
            own = _SEED.sub(f"training.train.seed = {run.model.seed}\n", text)
            results, config = run.results, json_config(own) | name_there(run.model)
            if _theirs:
                results = {**results, **disentanglement_lib.their_results(results)}
                config |= {**_theirs, "model.random_seed": str(run.model.seed)}
            run.directory.write_results("model", "train", results, config, own)
    return trained


def _as_list(callbacks):
    """Configured callbacks, of which one may stand by itself, as functions and objects."""
    each = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    return [_called(callback) for callback in each]


def _called(value):
    if not isinstance(value, gin.config.ConfigurableReference):
        return value
    return value.scoped_configurable_fn() if value.evaluate else value.scoped_configurable_fn


def trusted_modules():
    """Names of the modules that the person named for what was last parsed, with `trust` or in bindings."""
    return tuple(dict.fromkeys(_trusted))


def configured(function):
    """The function with the arguments that the configuration gives it."""
    return gin.get_configurable(function)


def configured_data():
    """The data set that `training.train.data` is bound to, and the fractions of `training.train.split`."""
    from tfdisent import training  # noqa: F401
    from tfdisent.data import as_ground_truth_data, get_named_ground_truth_data

    if not _bound("training.train.data"):
        raise UserError("The configuration does not bind training.train.data.")
    with _sentences():
        data = gin.query_parameter("training.train.data")
        if hasattr(data, "scoped_configurable_fn"):
            data = data.scoped_configurable_fn()
        split = gin.query_parameter("training.train.split") if _bound("training.train.split") else None
        return get_named_ground_truth_data(data) if isinstance(data, str) else as_ground_truth_data(
            data
        ), split


def configured_value(name):
    """What a binding holds, macros followed: a plain value, or the class or function it refers to, as configured.

    Raises:
        UserError: when the configuration does not bind it.
    """
    value = _held(name)
    return value.scoped_configurable_fn if isinstance(value, gin.config.ConfigurableReference) else value


def configured_name(name):
    """How a binding of the class or function that a binding refers to begins: "models.VAE", with scopes before it.

    Raises:
        UserError: when the configuration does not bind it, or to a plain value.
    """
    value = _held(name)
    if not isinstance(value, gin.config.ConfigurableReference):
        raise UserError(f"{name} must be a reference, such as @models.VAE. Received: {shown(value)}.")
    return value.scoped_selector


def _held(name):
    """What a binding holds, macros followed: a plain value or gin's reference."""
    if not _bound(name):
        raise UserError(f"The configuration does not bind {name}.")
    value = gin.query_parameter(name)
    if isinstance(value, gin.config.ConfigurableReference) and value.selector == "gin.macro":
        return _held(f"{value.scoped_selector.rpartition('/')[0]}/gin.macro.value")
    return value


def operative_config():
    """The configuration that was in force, as text that can be read again."""
    return gin.operative_config_str()


def parsed_config():
    """All that was parsed, used or not, as text; the same whatever the order of the bindings."""
    return gin.config_str()


def json_config(text):
    """{binding: value as gin text} of a configuration, as disentanglement_lib stores it."""
    lines = re.sub(r"\\?\n +", " ", text).splitlines()  # gin breaks long values and indents what follows
    pairs = [line.split(" = ", 1) for line in lines if " = " in line and not line.startswith("#")]
    return {name.strip(): value.strip() for name, value in pairs}


def _clear():
    gin.clear_config(clear_constants=True)
    _theirs.clear()
    _trusted.clear()


def _bound(name):
    try:
        gin.query_parameter(name)
    except ValueError:
        return False
    return True


class _sentences:
    """Turns what gin raises into one sentence, and removes what gin adds to ours."""

    def __init__(self, where=""):
        self.where = f" {where}" if where else ""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if error is None:
            return
        text = " ".join(str(error).split("\n  In call to configurable")[0].split()).rstrip(".")
        if isinstance(error, UserError):
            # gin raises a class of its own, derived from ours, whose constructor takes no text
            own = next(each for each in type(error).__mro__ if "__getattr__" not in vars(each))
            raise own(f"{text}.") from error
        if isinstance(error, RecursionError):
            raise UserError(
                "A setting is bound to a call of what it configures, in a circle; look for values that call what "
                f"they name, such as @models.VAE(){self.where}."
            ) from error
        known = (ValueError, NameError, SyntaxError, AttributeError, ImportError, OSError)
        if isinstance(error, known) and _raised_in_gin(traceback):
            text = text.split(" In bindings string")[0].rstrip(".")
            if isinstance(error, NameError):
                text += "; write names as the file does, such as models.VAE.beta or training.train.steps"
            elif isinstance(error, SyntaxError):
                text = f"A value cannot be read (text needs quotes): {text}"
            raise UserError(f"{text}{self.where}.") from error
        if isinstance(error, TypeError) and "argument" in text:
            raise UserError(f"{text}{self.where}.") from error


def _raised_in_gin(traceback):
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return "gin" in Path(traceback.tb_frame.f_code.co_filename).parts or "importlib" in str(
        traceback.tb_frame.f_code
    )
