"""One run: load it, encode its data once, score it, and write its report.

Modules are imported when a name of theirs is first used, so that what needs no TensorFlow starts without it.
"""

import importlib

_MODULES = {
    "CodeTable": "encoding",
    "Encoder": "encoding",
    "ScoresFailed": "scoring",
    "TrainedModel": "scoring",
    "aggregate": "aggregation",
    "evaluate": "scoring",
    "load_run": "scoring",
    "report_run": "reporting",
    "trained_model": "scoring",
}

__all__ = [
    "CodeTable",
    "Encoder",
    "ScoresFailed",
    "TrainedModel",
    "aggregate",
    "evaluate",
    "load_run",
    "report_run",
    "trained_model",
]


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__():
    return __all__
