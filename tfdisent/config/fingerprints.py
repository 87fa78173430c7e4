"""What tells two configurations apart: their settings with macros replaced, and a short digest of them."""

import functools
import hashlib

from tfdisent.config.statements import (
    Reference,
    decode,
    find_config,
    parse_value,
    read_file,
    read_given,
    read_text,
    resolve,
)
from tfdisent.errors import UserError

__all__ = ["NO_EFFECT", "SEEDS", "fingerprint", "fingerprint_of", "fingerprint_of_files", "resolved"]

SEEDS = ("training.train.seed", "model.random_seed")
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
    bindings, sources = read_text(decode(text, "in the configuration"), "in the configuration")
    macros = {each.name: each.value for each in bindings if not each.argument}
    symbols = sources[0].symbols
    settings = {
        _long(each.full_name, symbols): _plain(resolve(each.value, macros, set(), unknown=True), symbols)
        for each in bindings
        if each.argument
    }
    return _digest(settings, without)


def fingerprint_of_files(configs, bindings=(), without=(*SEEDS, *NO_EFFECT)):
    """`fingerprint` of configurations and of bindings over them; nothing that they name is imported.

    Args:
        configs: names or paths.
        bindings: lines such as "models.VAE.beta = 4".
        without: settings that do not count.

    Raises:
        UserError: for a file that is missing, and for what is no gin.
    """
    lines = [line for config in configs for line in _lines(*_version(find_config(config)))]
    lines += [line for binding in bindings for line in _given(binding)]
    macros = {line.full_name: line.value for line in lines if not line.argument}
    settings = {}
    for line in lines:
        if line.argument:
            symbols = line.source.symbols or {}
            value = resolve(line.value, macros, set(), unknown=True)
            settings[_long(line.full_name, symbols)] = _plain(value, symbols)
    return _digest(settings, without)


def _version(path):
    return path, path.stat().st_mtime_ns


@functools.lru_cache(maxsize=64)
def _lines(path, changed):
    return read_file(path)[0]


@functools.lru_cache(maxsize=10_000)
def _given(binding):
    return read_given([binding])


def fingerprint_of(bindings, without=(*SEEDS, *NO_EFFECT)):
    """`fingerprint` of {binding: value as gin text}, such as a run's train_config.json."""
    return _digest(resolved(bindings), without)


def resolved(bindings):
    """{binding: value as gin text} with macros replaced by their values, written in one way, and themselves left out.

    Args:
        bindings: {binding: value as gin text}, such as a run's train_config.json.
    """
    values = {}
    for name, text in bindings.items():
        try:
            values[name] = parse_value(text)
        except UserError:
            values[name] = _Unread(text)
    macros = {name: value for name, value in values.items() if "." not in name.rpartition("/")[2]}
    return {
        _long(name, {}): _plain(resolve(value, macros, set(), unknown=True), {})
        for name, value in values.items()
        if name not in macros
    }


class _Unread(str):
    """A value that is no gin text, kept as it is."""

    def __repr__(self):
        return str(self)


def _digest(settings, without):
    lines = [f"{name} = {settings[name]}" for name in sorted(settings) if name not in without]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _long(name, symbols):
    """A name without imports: `models.VAE` where `import tfdisent.models as m` was written and `m.VAE`."""
    scope, slash, name = name.rpartition("/")
    symbol, dot, rest = name.partition(".")
    return scope + slash + f"{symbols.get(symbol, symbol)}{dot}{rest}".removeprefix("tfdisent.")


def _plain(value, symbols):
    """Text of a value, the same for values that mean the same."""
    if isinstance(value, float) and value.is_integer():
        return repr(int(value))
    if isinstance(value, (list, tuple)):
        return f"({', '.join(_plain(item, symbols) for item in value)})"
    if isinstance(value, dict):
        items = sorted((_plain(key, symbols), _plain(item, symbols)) for key, item in value.items())
        return "{" + ", ".join(f"{key}: {item}" for key, item in items) + "}"
    if isinstance(value, Reference):
        return repr(Reference(_long(value.name, symbols), value.called))
    return repr(value)
