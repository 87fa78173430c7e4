"""Data sets by name."""

import difflib
import importlib
import inspect

from tfdisent.errors import UserError

__all__ = ["get_named_ground_truth_data", "named_data"]

_NAMED = {
    "dsprites_full": ("dsprites", "dsprites_full", "the original dSprites, 64x64x1; needs its file"),
    "dsprites_drawn": ("sprites", "DSpritesDrawn", "sprites drawn on dSprites' grid; no file needed"),
    "mnist": ("mnist", "mnist", "handwritten digits, 28x28x1; the digit is known"),
    "fashion_mnist": ("mnist", "fashion_mnist", "clothes, 28x28x1; the article is known"),
    "digits": ("mnist", "digits", "scikit-learn's 1,797 handwritten digits, 8x8x1; no file needed"),
    "synth_linear": ("synthetic", "SyntheticLinear", "a stretched square in 3 dimensions; 50,000 points"),
    "synth_nonlinear": ("synthetic", "SyntheticNonlinear", "a square bent in 6 dimensions; 50,000 points"),
    "dummy_data": ("dummy", "DummyData", "noise, 64x64x1, ten factors without effect; for tests"),
    "identity": ("dummy", "IdentityObservationsData", "ten factors that are the observations; for tests"),
}


def named_data():
    """{name: one line that describes the set} of all data sets that `get_named_ground_truth_data` knows."""
    return {name: line for name, (_, _, line) in _NAMED.items()}


def get_named_ground_truth_data(name, **options):
    """The data set called `name`, by disentanglement_lib's names where it has the set.

    Args:
        name: a key of `named_data()`.
        **options: arguments of the set, such as `data_dir`, `download`, `image_size` or `stretch`.

    Returns:
        A `GroundTruthData`.

    Raises:
        UserError: for an unknown name (with the nearest ones) or option, or files that are missing or
            damaged.
    """
    if name not in _NAMED:
        near = difflib.get_close_matches(str(name), _NAMED, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        raise UserError(
            f"There is no data set of this name; {hint}Known are {', '.join(_NAMED)}. Received: {name!r}"
        )
    module, attribute, _ = _NAMED[name]
    make = getattr(importlib.import_module(f"tfdisent.data.{module}"), attribute)
    known = list(inspect.signature(make).parameters)
    if unknown := sorted(set(options) - set(known)):
        raise UserError(f"{name} takes the options {known}. Received: {unknown}")
    return make(**options)
