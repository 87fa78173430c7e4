"""Reading the configuration of a run, and calling what it configures."""

import logging
import re
from pathlib import Path

import gin

from tfdisent.config import disentanglement_lib
from tfdisent.config.statements import SHIPPED, find_config, is_ours, parse_binding, read_bindings
from tfdisent.errors import UserError, WorkerLost

__all__ = [
    "configured",
    "configured_data",
    "configured_value",
    "json_config",
    "operative_config",
    "parse",
    "parse_text",
    "train_configured",
]

# gin registers names file by file; bindings from the command line may use any of these.
_ROOMS = ("data", "metrics", "models", "networks", "objectives", "training")
_IMPORTS = "from __gin__ import dynamic_registration\nimport keras\n" + "".join(
    f"from tfdisent import {room}\n" for room in _ROOMS
)
gin.add_config_file_search_path(str(SHIPPED))  # where `include` looks after the current folder
_SEED = re.compile(r"^training\.train\.seed = .*\n(?: .*\n)*", re.MULTILINE)


# {binding: value as gin text} of what was last parsed in disentanglement_lib's words; one a process, as gin's state is.
_theirs = {}


def parse(configs, bindings=()):
    """Reads configurations and then bindings, which win; what was read before is forgotten.

    Configurations of disentanglement_lib are translated; bindings may then be in its words or in ours.

    Args:
        configs: names or paths, all ours or all disentanglement_lib's.
        bindings: lines such as "models.VAE.beta = 4".

    Raises:
        UserError: with file, line and reason.
    """
    _clear()
    paths = [find_config(config) for config in configs]
    for binding in bindings:
        parse_binding(binding)
    ours = [path for path in paths if is_ours(path)]
    if not ours:
        bindings = _parse_theirs(paths, bindings)
    elif len(ours) < len(paths):
        other = next(path for path in paths if path not in ours)
        raise UserError(f"{ours[0]} is a configuration of tfdisent and {other} is not; give one kind only.")
    root = logging.getLogger()
    root.addFilter(_is_no_search)
    try:
        with _sentences():
            for path in ours:
                gin.parse_config_file(str(path))
    finally:
        root.removeFilter(_is_no_search)
    for binding in bindings:
        with _sentences(f"in the binding {binding!r}"):
            gin.parse_config(_IMPORTS + binding)


def _parse_theirs(paths, bindings):
    """Translates configurations of disentanglement_lib with the bindings in its words; returns the other ones."""
    names = {binding: binding.partition("=")[0].strip() for binding in bindings}
    ours = {b: name for b, name in names.items() if name.split("/")[-1].split(".")[0] in (*_ROOMS, "keras")}
    found = read_bindings(paths, [binding for binding in bindings if binding not in ours])
    lines, values = disentanglement_lib.translate(found)
    with _sentences():
        gin.parse_config(disentanglement_lib.as_text(lines))
    for line in lines:
        if line.theirs and line.ours not in ours.values():
            _theirs[line.theirs] = repr(values[line.theirs])
    return list(ours)


def parse_text(text):
    """Reads one configuration from a string, such as the operative one of a run."""
    _clear()
    with _sentences():
        gin.parse_config(text)


def train_configured(output, overwrite=False, **settings):
    """Calls `tfdisent.training.train` as configured, and writes its results with the operative configuration.

    Returns:
        The `Run`, or a list of them where several seeds are trained together.

    Raises:
        UserError: when the configuration names no model or data, or training has one to raise.
    """
    from tfdisent import training

    for name in ("model", "data"):
        if not _bound(f"training.train.{name}"):
            raise UserError(f"The configuration does not bind training.train.{name}.")
    with _sentences():
        trained = gin.get_configurable(training.train)(output=output, overwrite=overwrite, **settings)
    text = operative_config()
    for run in trained if isinstance(trained, list) else [trained]:
        if run.directory:
            own = _SEED.sub(f"training.train.seed = {run.model.seed}\n", text)
            results, config = run.results, json_config(own)
            if _theirs:
                results = {**results, **disentanglement_lib.their_results(results)}
                config |= {**_theirs, "model.random_seed": str(run.model.seed)}
            run.directory.write_results("model", "train", results, config, own)
    return trained


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
    if not _bound(name):
        raise UserError(f"The configuration does not bind {name}.")
    value = gin.query_parameter(name)
    if not isinstance(value, gin.config.ConfigurableReference):
        return value
    if value.selector == "gin.macro":
        return configured_value(f"{value.scoped_selector.rpartition('/')[0]}/gin.macro.value")
    return value.scoped_configurable_fn


def operative_config():
    """The configuration that was in force, as text that can be read again."""
    return gin.operative_config_str()


def json_config(text):
    """{binding: value as gin text} of a configuration, as disentanglement_lib stores it."""
    lines = text.replace("\\\n", " ").splitlines()
    pairs = [line.split(" = ", 1) for line in lines if " = " in line and not line.startswith("#")]
    return {name.strip(): value.strip() for name, value in pairs}


def _is_no_search(record):
    """gin logs an error for each folder in which it does not find an included file before it finds it."""
    return record.module != "resource_reader"


def _clear():
    gin.clear_config(clear_constants=True)
    _theirs.clear()


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
            raise (WorkerLost if isinstance(error, WorkerLost) else UserError)(f"{text}.") from error
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
