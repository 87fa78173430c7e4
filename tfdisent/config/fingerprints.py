"""What tells two configurations apart: their settings with macros replaced, and a short digest of them."""

import functools
import hashlib

from tfdisent.bindings import SEEDS, resolved
from tfdisent.config.statements import (
    Reference,
    as_text,
    decode,
    find_config,
    read_file,
    read_given,
    read_text,
)

__all__ = ["NO_EFFECT", "fingerprint", "fingerprint_of", "fingerprint_of_files"]

# Settings with which the same weights and scores are made.
NO_EFFECT = (
    "training.train.output",
    "training.train.overwrite",
    "training.train.progress",
    "training.train.log_every",
    "training.train.checkpoint_every",
    "training.train.steps_per_execution",
)


def fingerprint(text, without=(*SEEDS, *NO_EFFECT)):
    """Twelve hexadecimal digits that two configurations share when they say the same.

    Macros count as their values; comments, imports, the order of lines, 4 and 4.0, and lists in place of tuples make no
    difference. It is meant for the operative configuration of a run, which holds all defaults too.

    Args:
        text: gin text.
        without: settings that do not count, as in "training.train.seed".

    Raises:
        UserError: for text that is no gin.
    """
    return _fingerprint(read_text(decode(text, "in the configuration"), "in the configuration")[0], without)


def fingerprint_of_files(configs, bindings=(), without=(*SEEDS, *NO_EFFECT)):
    """`fingerprint` of configurations and of bindings over them; nothing that they name is imported.

    Args:
        configs: names or paths.
        bindings: lines such as "models.VAE.beta = 4".
        without: settings that do not count.

    Raises:
        UserError: for a file that is missing, and for what is no gin.
    """
    versions = tuple(_version(find_config(config)) for config in configs)
    return _of_versions(versions, tuple(bindings), tuple(without))


def _version(path):
    return path, path.stat().st_mtime_ns


@functools.lru_cache(maxsize=10_000)  # runs of a study that differ in their seed share it
def _of_versions(versions, bindings, without):
    lines = [line for path, changed in versions for line in _lines(path, changed)]
    return _fingerprint([*lines, *(line for binding in bindings for line in _given(binding))], without)


@functools.lru_cache(maxsize=64)
def _lines(path, changed):
    return read_file(path)[0]


@functools.lru_cache(maxsize=10_000)
def _given(binding):
    return read_given([binding])


def fingerprint_of(bindings, without=(*SEEDS, *NO_EFFECT)):
    """`fingerprint` of {binding: value as gin text}, such as a run's train_config.json."""
    settings = resolved(bindings)
    lines = [f"{name} = {settings[name]}" for name in sorted(settings) if name not in without]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _fingerprint(lines, without):
    bindings = {}
    for line in lines:
        symbols = line.source.symbols or {}
        name = _without_imports(line.full_name, symbols) if line.argument else line.full_name
        bindings[name] = as_text(_value_without_imports(line.value, symbols))
    return fingerprint_of(bindings, without)


def _without_imports(name, symbols):
    """`models.VAE` where `import tfdisent.models as m` was written and `m.VAE`."""
    scope, slash, name = name.rpartition("/")
    symbol, dot, rest = name.partition(".")
    return scope + slash + f"{symbols.get(symbol, symbol)}{dot}{rest}".removeprefix("tfdisent.")


def _value_without_imports(value, symbols):
    if isinstance(value, Reference):
        return Reference(_without_imports(value.name, symbols), value.called)
    if isinstance(value, (list, tuple)):
        return type(value)(_value_without_imports(item, symbols) for item in value)
    if isinstance(value, dict):
        return {
            _value_without_imports(key, symbols): _value_without_imports(item, symbols)
            for key, item in value.items()
        }
    return value
