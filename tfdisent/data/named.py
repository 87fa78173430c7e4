"""Data sets by name."""

import difflib
import importlib
import inspect

from tfdisent.checks import nearest, shown, truth
from tfdisent.data.files import data_root
from tfdisent.data.given import is_path, no_path
from tfdisent.errors import UserError

__all__ = ["get_named_ground_truth_data", "named_data", "named_function"]

_NAMED = {
    "dsprites_full": ("dsprites", "dsprites_full", "the original dSprites, 64x64x1; needs its file"),
    "dsprites_drawn": ("sprites", "DSpritesDrawn", "sprites drawn on dSprites' grid; no file needed"),
    "dsprites_noshape": ("sprite_variants", "dsprites_noshape", "dSprites with the shape left to chance"),
    "color_dsprites": ("sprite_variants", "color_dsprites", "dSprites in random colours, 64x64x3"),
    "color_dsprites_drawn": ("sprite_variants", "color_dsprites_drawn", "the same, drawn; no file needed"),
    "noisy_dsprites": ("sprite_variants", "noisy_dsprites", "dSprites on coloured noise, 64x64x3"),
    "noisy_dsprites_drawn": ("sprite_variants", "noisy_dsprites_drawn", "the same, drawn; no file needed"),
    "scream_dsprites": ("sprite_variants", "scream_dsprites", "dSprites on parts of a painting, 64x64x3"),
    "shapes3d": ("shapes3d", "shapes3d", "the original 3D Shapes, 64x64x3; needs its file"),
    "shapes3d_drawn": ("rooms", "Shapes3DDrawn", "rooms drawn on 3D Shapes' grid; no file needed"),
    "smallnorb": (
        "smallnorb",
        "smallnorb",
        "photographs of toys, 64x64x1; four factors, the toy is left to chance",
    ),
    "cars3d": ("cars3d", "cars3d", "rendered cars, 64x64x3; elevation, azimuth and car"),
    "mpi3d_toy": (
        "mpi3d",
        "mpi3d_toy",
        "a robot arm with an object, 64x64x3; seven factors; rendered simply",
    ),
    "mpi3d_realistic": ("mpi3d", "mpi3d_realistic", "the same, rendered realistically"),
    "mpi3d_real": ("mpi3d", "mpi3d_real", "the same, photographed"),
    "chairs3d": ("chairs3d", "chairs3d", "rendered chairs, 64x64x3; chair, elevation and azimuth"),
    "celeba": ("celeba", "celeba", "faces, 64x64x3; up to 40 attributes"),
    "mnist": ("mnist", "mnist", "handwritten digits, 28x28x1; the digit is known"),
    "mnist_128": ("mnist", "mnist_128", "the same digits enlarged to 128x128x1"),
    "fashion_mnist": ("mnist", "fashion_mnist", "clothes, 28x28x1; the article is known"),
    "digits": ("mnist", "digits", "scikit-learn's 1,797 handwritten digits, 8x8x1; no file needed"),
    "synth_linear": ("synthetic", "SyntheticLinear", "a stretched square in 3 dimensions; 50,000 points"),
    "synth_nonlinear": ("synthetic", "SyntheticNonlinear", "a square bent in 6 dimensions; 50,000 points"),
    "spikes": ("spikes", "Spikes", "up to ten separate Gaussian spikes, 128x128x1; no file needed"),
    "dummy_data": ("dummy", "DummyData", "noise, 64x64x1, ten factors without effect; for tests"),
    "identity": ("dummy", "IdentityObservationsData", "ten factors that are the observations; for tests"),
}


def named_data():
    """{name: one line that describes the set} of all data sets that `get_named_ground_truth_data` knows."""
    return {name: line for name, (_, _, line) in _NAMED.items()}


def named_function(name):
    """The function or class that makes the data set called `name`.

    Raises:
        UserError: for an unknown name, with the nearest ones.
    """
    if not isinstance(name, str):
        raise UserError(
            f"The name of a data set must be a text, such as 'dsprites_drawn'. Received: {shown(name)}."
        )
    if name not in _NAMED:
        near = difflib.get_close_matches(name, _NAMED, n=3, cutoff=0.4)
        if is_path(name) and not difflib.get_close_matches(name, _NAMED, cutoff=0.8):
            raise no_path(name)
        hint = f"did you mean {' or '.join(map(repr, near))}? Known" if near else "known"
        raise UserError(
            f"There is no data set of this name; {hint} are {', '.join(list(_NAMED)[:3])} and others, which "
            f"`tfdisent data list` and named_data() list. Received: {shown(name)}"
        )
    module, attribute, _ = _NAMED[name]
    return getattr(importlib.import_module(f"tfdisent.data.{module}"), attribute)


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
    make = named_function(name)
    known = list(inspect.signature(make).parameters)
    for option, value in options.items():
        if option not in known:
            takes = f"the options {', '.join(known)}" if known else "no options"
            raise UserError(f"{name} takes {takes}. Received: {[option]}{nearest(option, known)}")
        if option == "download":
            truth("download", value)
    data = make(**options)
    arguments = {option: value for option, value in options.items() if option != "download"}
    if arguments.get("data_dir") is not None:
        arguments["data_dir"] = str(data_root(arguments["data_dir"]).resolve())
    data._made_by = ("get_named_ground_truth_data", {"name": name, **arguments})
    return data
