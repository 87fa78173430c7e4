"""Training and measuring the models of the thesis' chapter 3; runs that exist are reused by every item."""

import dataclasses
import functools
import logging
from pathlib import Path

import numpy as np

from tfdisent.errors import UserError
from tfdisent.papers.pca_directions_printed import LATENTS, SETTINGS, TITLES

__all__ = [
    "FILES",
    "REDUCED_STEPS",
    "SYNTHETIC",
    "Setting",
    "data_source",
    "default_seeds",
    "facts",
    "measure",
    "principal_components_ds",
    "random_decoder_dto",
    "ratio_setting",
    "run_folder",
    "scale_label",
    "trained_run",
]

_LOG = logging.getLogger(__name__)
SYNTHETIC = ("synth_linear", "synth_nonlinear")
FILES = {  # the model a file's ending stands for
    "": "beta-VAE",
    "vae": "VAE",
    "autoencoder": "autoencoder",
    "full_covariance": "full-covariance beta-VAE",
    "10": "beta-VAE, 10 latents",
}
_STAND_INS = {"dsprites": ("dsprites_full", "dsprites_drawn"), "celeba": ("celeba", "shapes3d_drawn")}
REDUCED_STEPS = {"dsprites": 5_000, "celeba": 5_000}
_SMALL_IMAGES = (
    "training.train.data=@data.DSpritesDrawn()",
    "data.DSpritesDrawn.image_size=32",
    "data.DSpritesDrawn.num_positions=8",
    "data.DSpritesDrawn.num_orientations=8",
    "training.train.epochs=None",
    "training.train.steps=40",
    "training.train.log_every=20",
    "training.watch_polarized_regime.every=20",
)
_QUICK = {
    "synth_linear": ("training.train.epochs=2",),
    "synth_nonlinear": ("training.train.epochs=2",),
    "mnist": ("training.train.epochs=1", "training.watch_polarized_regime.every=20"),
    "fashion_mnist": ("training.train.epochs=1", "training.watch_polarized_regime.every=20"),
    "dsprites": _SMALL_IMAGES,
    "celeba": _SMALL_IMAGES,
}


@dataclasses.dataclass(frozen=True)
class Setting:
    """A model on a data set.

    Attributes:
        row: of Table 3.1, such as "synth_linear".
        kind: ending of the configuration file, a key of `FILES`.
        name: of the change, for its folder.
        change: bindings over the file.
    """

    row: str
    kind: str = ""
    name: str = ""
    change: tuple = ()

    @property
    def config(self):
        return f"pca_directions/{'_'.join(filter(None, (self.row, self.kind)))}.gin"


def measure(settings, output, seeds, scale):
    """Trains and scores every setting, each run where that has not happened yet.

    The seeds of a synthetic set are trained together; the others run one a process.

    Args:
        settings: list of `Setting`.
        output: folder of the item; the runs lie beside it, in "trained", for all items.
        seeds: number of restarts; None for `default_seeds`.
        scale: "paper", "reduced" or "quick".

    Returns:
        {setting: [dict of numbers of each restart]}.

    Raises:
        UserError: when data is missing, or no model could be trained.
    """
    from tfdisent.studies.many import Job, run_many

    sources = {
        s: data_source(s.row, scale, tuple(line for line in s.change if line.startswith("data.")))
        for s in settings
    }
    jobs = {}
    for setting in settings:
        number = seeds or default_seeds(setting.row, scale)
        folder = run_folder(output, setting, scale)
        bindings = (*_bindings(setting.row, scale), *setting.change)
        title = f"{folder.parent.name}/{folder.name}"
        if setting.row in SYNTHETIC:
            jobs[setting] = [Job(title, (setting.config,), bindings, str(folder), tuple(range(number)))]
            continue
        jobs[setting] = [
            Job(
                f"{title}, seed {seed}",
                (setting.config,),
                (*bindings, f"training.train.seed={seed}"),
                str(folder / f"seed_{seed}"),
            )
            for seed in range(number)
        ]
    scores = run_many([job for own in jobs.values() for job in own])
    if not scores:
        raise UserError("No model could be trained; the lines above say why.")
    return {
        setting: [
            {**_numbers(found, folder), "source": sources[setting], "run": folder}
            for job in own
            for found, folder in _runs_of(job, scores.get(job, ()))
        ]
        for setting, own in jobs.items()
    }


def trained_run(setting, output, scale):
    """The `TrainedModel` of a setting with one seed, trained here and not scored."""
    from tfdisent import config
    from tfdisent.evaluation.scoring import load_run

    bindings = (*_bindings(setting.row, scale), *setting.change, "training.train.seed=0")
    folder = run_folder(output, setting, scale) / "seed_0"
    config.parse([setting.config], bindings)
    config.train_configured(folder)
    return load_run(folder)


def ratio_setting(ratio):
    """The linear beta-VAE where the first factor is `ratio` times as wide as the second: Table 3.4."""
    return Setting("synth_linear", "", f"ratio_{ratio:.1f}", (f"data.SyntheticLinear.stretch={ratio}",))


def facts(found, scale):
    """Data, training and restarts of an item, a sentence each."""
    present = {setting: measured for setting, measured in found.items() if measured}
    rows = dict.fromkeys(setting.row for setting in present)
    runs = {row: [(s, m) for s, m in present.items() if s.row == row] for row in rows}
    restarts = {f"{len(measured)}" for measured in present.values()}

    def told(row, tell):
        return " and ".join(dict.fromkeys(tell(measured[0]) for _, measured in runs[row]))

    def steps(run):
        return f"{run['steps']:,} steps of {run['batch_size']}"

    return {
        "data": "; ".join(f"{TITLES[row]}: {told(row, lambda run: run['source'])}" for row in rows),
        "parts": "80/10/10 for training, validation and test; scores on the test part",
        "training": "; ".join(f"{TITLES[row]}: {told(row, steps)}" for row in rows),
        "restarts": " or ".join(sorted(restarts)),
        "scale": "; ".join(f"{TITLES[row]}: {scale_label(row, scale)}" for row in rows),
    }


def _runs_of(job, scores):
    """(scores, folder) of each run of a job."""
    if job.seeds:
        return zip(scores, [Path(job.output) / f"seed_{seed}" for seed in job.seeds], strict=False)
    return [(scores, Path(job.output))] if scores else []


def _numbers(scores, folder):
    """What a run's scores and what was recorded while it trained come to."""
    from tfdisent.training import RunDirectory, below_since, share_below

    run = RunDirectory(folder)
    asked, regime = run.asked(), run.history(name="polarized_regime")
    found = {
        "DtO": scores["distance_to_orthogonality"]["dto"],
        "active": scores["active_units"]["count"],
        **{key: asked[key] for key in ("steps", "batch_size")},
    }
    if "disentanglement_score" in scores:
        ds = scores["disentanglement_score"]
        found |= {"DS": ds["disentanglement_score_paper"], "DS bounded": ds["disentanglement_score_bounded"]}
    if regime:
        found |= {"regime": 100 * share_below(regime), "since": below_since(regime)}
    return found


def run_folder(output, setting, scale):
    """Where the runs of a setting lie, whatever the item."""
    name = "_".join(filter(None, (setting.kind or "beta_vae", setting.name)))
    return Path(output).parent / "trained" / _own_scale(setting.row, scale) / setting.row / name


def default_seeds(row, scale):
    """Number of restarts unless asked otherwise; the thesis does not say its own."""
    return {"paper": 10, "reduced": 2, "quick": 1}[_own_scale(row, scale)]


def scale_label(row, scale):
    """What an output says about the training of a row."""
    own = _own_scale(row, scale)
    if own == "quick":
        return "QUICK: a few steps, only to see that it works; no number means anything"
    epochs = f"{SETTINGS[row][5]} epochs"
    return (
        f"the thesis' {epochs}" if own == "paper" else f"REDUCED: {REDUCED_STEPS[row]:,} steps for {epochs}"
    )


@functools.cache
def data_source(row, scale, change=()):
    """Where the data of a row, with some bindings changed, comes from at this scale, in a sentence.

    Raises:
        UserError: when it is not there.
    """
    from tfdisent import config

    config.parse([f"pca_directions/{row}.gin"], (*_bindings(row, scale), *change))
    data = config.configured_data()[0]
    return f"{'STAND-IN: ' if _is_stand_in(row, data) else ''}{data.source}"


def random_decoder_dto(row, shape, seed, num_codes=1_000):
    """DtO of a decoder of the row's architecture that is not trained, at codes drawn from the prior.

    Args:
        row: of Table 3.1.
        shape: of an observation.
        seed: of weights and codes.
        num_codes: number of Jacobians.
    """
    import tensorflow as tf

    from tfdisent import metrics
    from tfdisent.analysis import decoder_jacobians
    from tfdisent.networks import table_3_1

    decoder = table_3_1(row)[1](LATENTS[row], tuple(shape), seed=1000 + seed)
    output = tf.identity if row in SYNTHETIC else tf.sigmoid
    codes = np.random.RandomState(seed).standard_normal((num_codes, LATENTS[row])).astype(np.float32)
    return metrics.compute_dto(decoder_jacobians(lambda batch: output(decoder(batch)), codes))["dto"]


def principal_components_ds(network, num_points=5_000):
    """DS of the two principal components of the nonlinear synthetic set, whose random network has this seed.

    It says how far principal directions and factors agree on such data, whatever is trained on it: the thesis does
    not give its network.

    Args:
        network: seed of `SyntheticNonlinear`.
        num_points: number of points encoded and predicted.
    """
    from tfdisent import data, metrics
    from tfdisent.analysis import principal_directions

    square = data.SyntheticNonlinear(num_points, network)
    vectors = square.observations(np.arange(num_points))
    directions = principal_directions(vectors, 2)
    scores = metrics.compute_disentanglement_score(
        square, lambda batch: batch @ directions, np.random.RandomState(0), num_points=None
    )
    return scores["disentanglement_score_paper"]


def _own_scale(row, scale):
    """Rows that are quick to train are so at the thesis' scale where others are reduced."""
    return "paper" if scale == "reduced" and row not in REDUCED_STEPS else scale


def _is_stand_in(row, data):
    return row in _STAND_INS and data.name != _STAND_INS[row][0]


@functools.cache
def _bindings(row, scale):
    own = _own_scale(row, scale)
    if own == "quick":
        return _QUICK[row]
    data = _data_bindings(row, own)
    if own == "reduced":
        return (*data, "training.train.epochs=None", f"training.train.steps={REDUCED_STEPS[row]}")
    return data


def _data_bindings(row, scale):
    """The original, or what stands in for it; at the paper's scale only where that has the original's grid."""
    from tfdisent.data import get_named_ground_truth_data

    if row not in _STAND_INS:
        return ()
    original, drawn = _STAND_INS[row]
    try:
        get_named_ground_truth_data(original)
        return (f"training.train.data='{original}'",)
    except UserError as error:
        if scale == "paper" and row != "dsprites":
            raise
        _LOG.warning("%s is taken in place of %s: %s", drawn, original, error)
        return (f"training.train.data='{drawn}'",)
