"""Bindings as text, {name: value as gin text}, such as a run's train_config.json or a column of results.

Below `tfdisent.config`, and without gin: results are compared where nothing is configured.
"""

import ast
import functools
import re

__all__ = ["SEEDS", "resolved", "spelled"]

SEEDS = ("training.train.seed", "model.random_seed")  # of ours and of disentanglement_lib
_ROOMS = ("data", "metrics", "models", "networks", "objectives", "training")
# A text in quotes, a macro, or a reference; texts are left alone.
_TOKEN = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|%(?P<macro>[\w./]+)|@(?P<name>[\w./]+)(?P<call>(?:\(\))?)"""
)
_BARE = "\0"  # begins what stands for a macro or reference while a value is read


def resolved(bindings):
    """What a configuration comes to, however it is written.

    Macros are replaced by what they stand for; numbers, texts and lists have one spelling; names of tfdisent's rooms
    are short ("models.VAE"), with or without the package and the module in front.

    Args:
        bindings: {name: value as gin text}, macros among them as "name" or "name/gin.macro.value".

    Returns:
        {name: value as gin text}, without macros, sorted by name.
    """
    macros = {}
    for name, text in bindings.items():
        scopes, _, selector = name.rpartition("/")
        if selector in ("gin.macro.value", "macro.value"):
            macros[scopes] = text
        elif "." not in selector:
            macros[name] = text
    return {
        _short(name, 2): spelled(_replaced(text, macros))
        for name, text in sorted(bindings.items())
        if "." in name.rpartition("/")[2] and not name.endswith(("/gin.macro.value", "/macro.value"))
    }


def _replaced(text, macros, inside=()):
    """Gin text with macros replaced, also those inside macros, and short names in references."""

    def replacement(found):
        macro, name = found["macro"], found["name"]
        if name is not None:
            return f"@{_short(name, 1)}{found['call']}"
        known = macro in macros and macro not in inside and len(inside) < 50
        return _replaced(macros[macro], macros, (*inside, macro)) if known else found[0]

    return _TOKEN.sub(replacement, text) if "%" in text or "@" in text else text


@functools.lru_cache(maxsize=10_000)
def _short(name, kept):
    """A name in one of tfdisent's rooms as room and the last `kept` parts; any other as it is."""
    scope, slash, selector = name.rpartition("/")
    parts = selector.removeprefix("tfdisent.").split(".")
    if parts[0] in _ROOMS and len(parts) > kept:
        selector = ".".join([parts[0], *parts[-kept:]])  # models.vae.VAE.beta: models.VAE.beta
    return f"{scope}{slash}{selector}"


@functools.lru_cache(maxsize=10_000)
def spelled(text):
    """Gin text in one spelling; text that is none is kept as it is."""
    readable = _TOKEN.sub(lambda found: found[0] if found["quoted"] else repr(f"{_BARE}{found[0]}"), text)
    try:
        return _one_spelling(ast.literal_eval(readable))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return " ".join(text.split())


def _one_spelling(value):
    if isinstance(value, str) and value.startswith(_BARE):
        return value[len(_BARE) :]
    if isinstance(value, (list, tuple)):
        return f"({', '.join(map(_one_spelling, value))}{',' * (len(value) == 1)})"
    if isinstance(value, dict):
        return f"{{{', '.join(sorted(f'{_one_spelling(k)}: {_one_spelling(v)}' for k, v in value.items()))}}}"
    return repr(int(value)) if isinstance(value, float) and value.is_integer() else repr(value)
