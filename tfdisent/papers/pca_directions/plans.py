"""What chapter 3 trains: models on the data sets of Table 3.1, each with several seeds, at three scales."""

import dataclasses
import functools

from tfdisent.papers.item import Scale
from tfdisent.papers.pca_directions.measures import polarized_regime, principal_angle
from tfdisent.papers.pca_directions.printed import RATIOS, SETTINGS, TITLES
from tfdisent.papers.runs import make_runs
from tfdisent.papers.stand_ins import data_name
from tfdisent.studies.planned import PlannedRun

__all__ = [
    "MODELS",
    "RATIO_SETTINGS",
    "REDUCED_STEPS",
    "Setting",
    "facts",
    "make_settings",
    "plan",
    "scale_label",
    "scales",
]

MODELS = {  # {what the name of a configuration ends with: the model}
    "": "beta-VAE",
    "vae": "VAE",
    "autoencoder": "autoencoder",
    "full_covariance": "full-covariance beta-VAE",
    "10": "beta-VAE, 10 latents",
}
REDUCED_STEPS = {"dsprites": 5_000, "celeba": 5_000}
_SYNTHETIC = ("synth_linear", "synth_nonlinear")  # tiny models
_FILES = {  # {row: (data set, what is drawn where its files are missing)}
    "mnist": ("mnist", None),
    "fashion_mnist": ("fashion_mnist", None),
    "dsprites": ("dsprites_full", "dsprites_drawn"),
    "celeba": ("celeba", "shapes3d_drawn"),
}
_LABELS = {
    "paper": "that of the thesis",
    "reduced": "REDUCED: dSprites and CelebA are trained for fewer steps",
    "quick": "QUICK: a few steps, only to see that it works; no number means anything",
}
_QUICK_IMAGES = (
    "training.train.data=@data.DSpritesDrawn()",
    "data.DSpritesDrawn.image_size=32",
    "data.DSpritesDrawn.num_positions=8",
    "data.DSpritesDrawn.num_orientations=8",
    "training.train.epochs=None",
    "training.train.steps=40",
    "training.train.log_every=20",
    "training.watch_polarized_regime.every=20",
)
_QUICK_DIGITS = ("training.train.epochs=1", "training.watch_polarized_regime.every=20")
_QUICK = {
    "synth_linear": ("training.train.epochs=2",),
    "synth_nonlinear": ("training.train.epochs=2",),
    "mnist": _QUICK_DIGITS,
    "fashion_mnist": _QUICK_DIGITS,
    "dsprites": _QUICK_IMAGES,
    "celeba": _QUICK_IMAGES,
}


@dataclasses.dataclass(frozen=True)
class Setting:
    """A model on a data set.

    Attributes:
        row: of Table 3.1, such as "synth_linear".
        model: a key of `MODELS`.
        change: bindings over the configuration.
    """

    row: str
    model: str = ""
    change: tuple = ()

    @property
    def config(self):
        """Name of the configuration."""
        return f"pca_directions/{'_'.join(filter(None, (self.row, self.model)))}.gin"


# The linear beta-VAE where the first factor is `ratio` times as wide as the second: Table 3.4.
RATIO_SETTINGS = {
    ratio: Setting("synth_linear", change=(f"data.SyntheticLinear.stretch={ratio}",)) for ratio in RATIOS
}


def scales(**restarts):
    """{name: `Scale`} of an item, of {name: restarts}; the thesis does not say its number of restarts."""
    return {name: Scale(name, _LABELS[name], number) for name, number in restarts.items()}


def plan(setting, scale, restarts, scores=None):
    """The runs of a setting, a `PlannedRun` for each of the seeds 0, 1, ...

    Args:
        setting: `Setting`.
        scale: name of the scale.
        restarts: number of seeds.
        scores: as in `PlannedRun`.

    Raises:
        UserError: when the files of the data are missing and nothing may take their place.
    """
    bindings = (*_bindings(setting.row, scale), *setting.change)
    linear = setting.row == "synth_linear" and setting.model != "10"
    return [
        PlannedRun(
            (setting.config,),
            bindings,
            seed,
            scores,
            measures=(polarized_regime, principal_angle) if linear else (polarized_regime,),
            title=", ".join((setting.config, *setting.change, f"seed {seed}")),
            together=setting.row in _SYNTHETIC,
        )
        for seed in range(restarts)
    ]


def make_settings(request, restarts):
    """Makes the runs of several settings side by side.

    Args:
        request: `Request`.
        restarts: {`Setting`: number of seeds}.

    Returns:
        {`Setting`: list of `MadeRun`}, shorter or empty where runs failed.

    Raises:
        UserError: when data is missing, or all runs failed.
    """
    planned = {setting: plan(setting, request.scale.name, number) for setting, number in restarts.items()}
    made = make_runs(request, [run for runs in planned.values() for run in runs])
    return {setting: [made[run] for run in runs if run in made] for setting, runs in planned.items()}


def facts(found, scale):
    """{name: text}: data, training and restarts of an item.

    Args:
        found: {`Setting`: list of `MadeRun`}.
        scale: name of the scale.
    """
    first = {setting: runs[0] for setting, runs in found.items() if runs}
    rows = dict.fromkeys(setting.row for setting in first)

    def each_row(tell):
        texts = {
            row: dict.fromkeys(tell(s.row, made) for s, made in first.items() if s.row == row) for row in rows
        }
        return "; ".join(f"{TITLES[row]}: {' and '.join(different)}" for row, different in texts.items())

    return {
        "data": each_row(_source),
        "parts": "80/10/10 for training, validation and test; scores on the test part",
        "training": each_row(
            lambda row, made: "{steps:,} steps of {batch_size}".format(**made.results["asked"])
        ),
        "restarts": " or ".join(sorted({f"{len(runs)}" for runs in found.values() if runs})),
        "scale": each_row(lambda row, made: scale_label(row, scale)),
    }


def _source(row, made):
    is_stand_in = row in _FILES and made.results["data"] != _FILES[row][0]
    return f"{'STAND-IN: ' if is_stand_in else ''}{made.results['source']}"


def scale_label(row, scale):
    """What an output says about how much a row of Table 3.1 is trained."""
    own = _own_scale(row, scale)
    if own == "quick":
        return _LABELS["quick"]
    epochs = f"{SETTINGS[row][5]} epochs"
    return (
        f"the thesis' {epochs}" if own == "paper" else f"REDUCED: {REDUCED_STEPS[row]:,} steps for {epochs}"
    )


def _own_scale(row, scale):
    """Rows that train fast do so for the epochs of the thesis where others are reduced."""
    return "paper" if scale == "reduced" and row not in REDUCED_STEPS else scale


@functools.cache
def _bindings(row, scale):
    """What a scale changes in the configurations of a row of Table 3.1."""
    own, bindings = _own_scale(row, scale), ()
    if row in _FILES and not (own == "quick" and row in REDUCED_STEPS):
        original, drawn = _FILES[row]
        # At the scale of the thesis only dSprites may be drawn, on the grid of the original.
        name = data_name(original, drawn, required=own == "paper" and row != "dsprites")
        bindings = (f"training.train.data='{name}'",)
    if own == "quick":
        return (*bindings, *_QUICK[row])
    if own == "reduced":
        return (*bindings, "training.train.epochs=None", f"training.train.steps={REDUCED_STEPS[row]}")
    return bindings
