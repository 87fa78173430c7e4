"""Disentangled representation learning in Keras 3 on TensorFlow.

The rooms (`tfdisent.data`, `tfdisent.models`, ...) are imported when first used, so that `import tfdisent` is quick.
"""

import importlib

__version__ = "0.1.0"

_ROOMS = (
    "analysis", "config", "data", "errors", "evaluation", "metrics", "models", "networks", "objectives", "papers",
    "plots", "studies", "testing", "training",
)  # fmt: skip

__all__ = ["__version__", *_ROOMS]


def __getattr__(name):
    if name in _ROOMS:
        return importlib.import_module(f"tfdisent.{name}")
    raise AttributeError(f"module 'tfdisent' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
