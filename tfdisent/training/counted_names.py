"""Names that Keras counts up over a whole process: the same layer is "dense" in one run of a notebook and "dense_7" in
the next."""

import re

__all__ = ["renumbered", "without_counters"]

_COUNTER = re.compile(r"_\d+$")
_HOLD_NAMES = ("name", "input_layers", "output_layers", "keras_history")


def renumbered(config):
    """The configuration of a Keras object, plain values, with names counted from the start in each of its networks."""
    return _renumbered(config, "", {})


def _renumbered(value, key, names):
    if isinstance(value, dict):
        names = {} if "layers" in value else names
        return {k: _renumbered(each, key if key in _HOLD_NAMES else k, names) for k, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_renumbered(each, key, names) for each in value]
    if not isinstance(value, str) or key not in _HOLD_NAMES:
        return value
    stem = _COUNTER.sub("", value)
    alike = names.setdefault(stem, {})
    number = alike.setdefault(value, len(alike))
    return f"{stem}_{number}" if number else stem


def without_counters(name):
    """The name of a variable, "sequential_1_dense_7_kernel_momentum", without numbers."""
    return re.sub(r"_\d+(?=_|/|$)", "", name)
