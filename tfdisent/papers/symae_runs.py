"""Training and measuring the examples of the SymAE paper; runs that exist are reused by every item."""

import dataclasses
import functools
import logging
import zipfile
import zlib
from pathlib import Path

import numpy as np

from tfdisent.errors import UserError
from tfdisent.papers.single_runs import mark_of
from tfdisent.studies.kept import read_kept, write_kept

__all__ = [
    "DECODERS",
    "MODES",
    "SCALES",
    "SNAPSHOTS",
    "Example",
    "Opened",
    "measure",
    "open_example",
    "redatumed",
    "state_codes",
    "toy",
]

_LOG = logging.getLogger(__name__)
SNAPSHOTS = (100, 500, 1000, 2000, 3000, 4000, 10_000)  # steps whose weights are kept
DECODERS = {
    1: ("", "split", "code"),
    2: ("", "split", "code"),
    5: ("", "linear"),
}  # by example; the others have ""
_TITLES = {
    "": "",
    "split": " (split decoder inputs)",
    "code": " (decoder of the authors' code)",
    "linear": " (decoder without activations)",
}
MODES = ("as trained", "calibrated", "mean over noise")  # of inference
_NUM_DRAWS = 16  # of the noise, for its mean
_FRESH_SEED = 1000  # of bags that no model was trained on
_TOY_ARRAYS = ("code", "units", "of_code", "of_units", "step", "losses", "history")
_TOY_INTERVAL = 500  # steps between two files of the toy model
_TOYS = {  # steps, and what differs from symae/toy.gin
    "expected": (10_000, {}),
    "gaussian": (5_000, {"masks": "gaussian"}),
    "gaussian_adam": (5_000, {"masks": "gaussian", "optimizer": "adam"}),
}


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is trained.

    Attributes:
        label: what every output says about it.
        steps: of every example; None for the paper's.
        toy_steps: of Figs. 8 and 9; None for the paper's and the authors'.
        toy_grid: values of alpha and beta each.
        bindings: gin bindings over the paper's.
    """

    label: str
    steps: int | None = None
    toy_steps: int | None = None
    toy_grid: int = 21
    bindings: tuple = ()


SCALES = {
    "paper": Scale("the paper's"),
    "long": Scale("10,000 steps, as the authors' notebooks ran, for the paper's 3,000 or 4,000", 10_000),
    "quick": Scale(
        "QUICK: a few steps, which show only that everything works; no number means anything",
        4,
        20,
        5,
        (
            "training.train.log_every=2",
            "training.train.checkpoint_every=2",
            "training.train.steps_per_execution=2",
        ),
    ),
}
_STEPS = {1: 3000, 2: 3000, 3: 3000, 4: 4000, 5: 3000, 6: None}  # 6: 1,000 epochs, in its configuration


@dataclasses.dataclass(frozen=True)
class Example:
    """One training of the paper.

    Attributes:
        number: 1 to 6.
        decoder: "", that of Appendices A and B. Of examples 1 and 2 also "split", the same with C alone in dec1 and N
            alone in dec2, and "code", that of the authors' code, where dec2 moreover is linear. Of example 5 also
            "linear", the dense one without activations.
        seed: of the model, the noise and, for examples 1 to 5, the bags.
    """

    number: int
    decoder: str = ""
    seed: int = 0

    def __str__(self):
        return f"{self.title()}, seed {self.seed}"

    @property
    def decoder_name(self):
        return self.decoder or "standard"

    def title(self):
        return f"Example {self.number}{_TITLES[self.decoder]}"

    def ending(self):
        """Of the names of its files."""
        return f"_{self.decoder}" if self.decoder else ""

    def configure(self, scale):
        """The shipped configuration and the bindings over it, without the number of steps."""
        lines = [f"training.train.seed={self.seed}", *SCALES[scale].bindings]
        if self.number != 6:
            split = self.decoder in ("split", "code")
            lines += [f"data.mra.seed={self.seed}", f"models.SymAE.split_inputs={split}"]
        ending = "" if self.decoder == "split" else self.ending()
        return f"symae/example{self.number}{ending}.gin", tuple(lines)

    def steps(self, scale):
        """Where the run ends; None where the configuration says it in epochs."""
        return (
            _STEPS[self.number]
            if SCALES[scale].steps is None or (self.number == 6 and scale == "long")
            else SCALES[scale].steps
        )

    def folder(self, output, scale):
        """Where the run lies, whatever the item; the long run continues the paper's."""
        kind = "quick" if scale == "quick" else "full"
        name = f"example{self.number}{self.ending()}"
        return Path(output).parent / "trained" / kind / name / f"seed_{self.seed}"


@dataclasses.dataclass
class Opened:
    """A trained example at one step.

    Attributes:
        example: `Example`.
        model: `SymAE` with the weights of that step; `calibrate` was not called.
        data: the training bags.
        held_out: the test part where there is one.
        step: updates taken.
        scale: key of `SCALES`.
        folder: of the run.
    """

    example: Example
    model: object
    data: object
    held_out: object
    step: int
    scale: str
    folder: Path

    def mark(self):
        """Of the settings of the run, for the numbers kept in its folder."""
        return mark_of(*self.example.configure(self.scale))

    def label(self):
        """One sentence on data, training and scale."""
        return (
            f"{self.example}. Data: {self.data.source}. Trained: {self.step:,} steps of the "
            f"{'whole set' if self.example.number != 6 else 'training bags, 32 at a time'}. "
            f"Scale: {SCALES[self.scale].label}."
        )


def open_example(example, output, scale, step=None):
    """The model of an example, trained first where that has not happened yet.

    Args:
        example: `Example`.
        output: folder of the item; the runs lie beside it, in "trained", for all items.
        scale: key of `SCALES`.
        step: one of `SNAPSHOTS` up to the end of the run; the end unless given.

    Returns:
        `Opened`.

    Raises:
        UserError: when the run cannot be trained, or another one lies in its folder.
    """
    from tfdisent.evaluation.scoring import load_run
    from tfdisent.training.checkpoints import restore_checkpoint

    folder, steps = example.folder(output, scale), example.steps(scale)
    mark = mark_of(*example.configure(scale))
    kept = folder / "finished.json"
    done = read_kept(kept, mark) or 0
    if (steps or 1) > done:
        done = write_kept(kept, mark, _train(example, folder, scale, steps))
    step = step or steps or done
    trained = load_run(folder)
    if restore_checkpoint(trained.model, _snapshot(folder, step)).step != step:
        raise UserError(f"{folder} has no weights of step {step}; remove the folder and make the item again.")
    parts = _parts(trained)
    return Opened(example, trained.model, parts["train"], trained.held_out, step, scale, folder)


def redatumed(opened, mode, shifts=None):
    """`tfdisent.analysis.redatuming_grid` of a trained example.

    Args:
        opened: `Opened`; the statistics of its model are set.
        mode: "as trained", with the moving statistics, before any other mode; "calibrated", with those of the codes
            without noise; "mean over noise", the mean over draws of the noise, with the statistics that go with it.
        shifts: as in `redatuming_grid`.
    """
    from tfdisent import analysis

    if mode != "as trained":
        opened.model.calibrate(opened.data.to_memory(), noise=mode == "mean over noise")
    return analysis.redatuming_grid(
        opened.model, shifts, draws=_NUM_DRAWS if mode == "mean over noise" else 0
    )


def measure(opened, all_shifts=True):
    """Numbers of a trained example of shifted signals, from its folder if they stand there.

    Returns:
        dict: "diagnosis", the mean squared error over the variance of the signals {what: number}; and for each of
        `MODES`: "redatuming" and "reconstruction", the shift-aligned error of each state over its variance; "own
        shifts", the redatuming error with each instance aligned by itself; "dependence", J of all shifts over the mean
        distance of codes; "range", the largest distance of two codes; "low power", that of the reconstruction over the
        signal's at frequencies 1 and 2, and "high power", above 5.
    """
    import tensorflow as tf

    from tfdisent import analysis
    from tfdisent.objectives import energy_dependence

    kept, mark = opened.folder / f"measured_{opened.step}.json", opened.mark()
    if (found := read_kept(kept, mark)) is not None:
        return found
    model, found = opened.model, {"diagnosis": diagnosis(opened)}
    length = opened.data.observation_shape[1]
    for name in MODES:
        few = not all_shifts or name == "mean over noise"  # which takes 16 times as long
        grid = redatumed(opened, name, None if few else np.arange(1, length + 1))
        spectra = analysis.amplitude_spectra(grid["truth"], grid["reconstruction"])
        codes = state_codes(model)
        distances = np.linalg.norm(
            codes.reshape(-1, 1, codes.shape[-1]) - codes.reshape(-1, codes.shape[-1]), axis=-1
        )
        aligned = analysis.shift_aligned_mse(grid["redatuming"], grid["truth"])
        own = np.mean((grid["reconstruction"] - grid["truth"]) ** 2, axis=(1, 2))
        found[name] = {
            "redatuming": aligned["relative"].tolist(),
            "shift": aligned["shift"].tolist(),
            "own shifts": aligned["instance relative"].tolist(),
            "reconstruction": (own / (aligned["mse"] / aligned["relative"])).tolist(),
            "dependence": float(energy_dependence(tf.constant(codes)) / distances.mean()),
            "range": float(distances.max()),
            "low power": _power(spectra, slice(1, 3)),
            "high power": _power(spectra, slice(6, None)),
        }
    return write_kept(kept, mark, found)


def _power(spectra, band):
    found, truth = (float(np.sum(spectra[name][band] ** 2)) for name in ("found", "truth"))
    return found / truth


def diagnosis(opened):
    """Where training and inference part: mean squared error over the variance of the signals, the model left as it was.

    "training": with noise and the batch's statistics, what is minimised; "mean over noise": the mean of what is decoded
    from 16 draws, which by convexity is no worse; "no noise": decoded from the code itself, by the batch's statistics.
    That is the centre of the points the decoder was trained on, none of which it is: what it lacks there against the
    mean over noise is no matter of statistics. "inference": moving statistics; "fresh bags": the same on bags it was
    not trained on; the last two again with calibrated statistics.
    """
    import tensorflow as tf

    from tfdisent.data import mra

    model, bags = opened.model, opened.data.to_memory()
    fresh = mra(*bags.shape, seed=_FRESH_SEED + opened.example.seed).bags
    weights = [weight.numpy() for weight in model.weights]

    def error(outputs, truth):
        variance = truth.var(axis=-1).mean()
        return float(np.mean((np.asarray(outputs) - truth) ** 2) / variance)

    coherent, nuisance = model.encode(tf.constant(bags), training=True)
    draws = [
        model.decode(coherent, model.regularise(nuisance, stream), training=True).numpy()
        for stream in range(1, _NUM_DRAWS + 1)
    ]
    found = {
        "training": error(model.decode(coherent, model.regularise(nuisance), training=True), bags),
        "no noise": error(model.decode(coherent, nuisance, training=True), bags),
        "mean over noise": error(np.mean(draws, axis=0), bags),
    }
    for weight, value in zip(model.weights, weights, strict=True):
        weight.assign(value)
    found["inference"], found["fresh bags"] = error(model(bags), bags), error(model(fresh), fresh)
    model.calibrate(bags)
    found["inference, calibrated"] = error(model(bags), bags)
    found["fresh bags, calibrated"] = error(model(fresh), fresh)
    for weight, value in zip(model.weights, weights, strict=True):
        weight.assign(value)
    return found


def state_codes(model):
    """Nuisance codes float64 [6, k, q] of every state under every shift, which are functions of the instance alone."""
    from tfdisent.data import mra_states, shifted

    length = model.observation_shape[1]
    instances = shifted(mra_states(length)[:, None], np.arange(length)).reshape(-1, length)
    codes = model.nuisance_encoder(instances.astype(np.float32), training=False)
    return np.asarray(codes, np.float64).reshape(6, length, -1)


def toy(kind, output, scale):
    """The toy model over the grid of initialisations, trained first or continued.

    Args:
        kind: "expected" (Fig. 8), "gaussian" (Fig. 9, trained like Fig. 8) or "gaussian_adam" (trained as in the
            authors' notebook).
        output: folder of the item.
        scale: key of `SCALES`.

    Returns:
        dict: "values" [G], of alpha and beta each; "alpha", "beta", "loss" [G, G], alpha_0 along the second axis;
        "history", [(step, median of |alpha|)]; "steps".
    """
    from tfdisent import config
    from tfdisent.models import concatenation_toy as model

    size = SCALES[scale].toy_grid
    steps, settings = _TOYS[kind]
    steps = SCALES[scale].toy_steps or steps
    config.parse(["symae/toy.gin"])
    values = np.linspace(-1, 1, size)
    beta, alpha = np.meshgrid(values, values, indexing="ij")
    state = config.configured(model.initial_toy)(alpha.ravel(), beta.ravel())
    path = Path(output).parent / "trained" / ("quick" if scale == "quick" else "full") / f"toy_{kind}.npz"
    history, losses = [], np.full(size**2, np.nan)
    if kept := _kept_toy(path):
        if kept["code"].shape == state.code.shape and int(kept["step"]) <= steps:
            moments = (kept["of_code"], kept["of_units"])
            state = model.ToyState(kept["code"], kept["units"], moments, int(kept["step"]))
            history, losses = kept["history"].tolist(), kept["losses"]
    train = config.configured(model.train_toy)
    while state.step < steps:
        state, losses = train(state, min(_TOY_INTERVAL, steps - state.step), **settings)
        history.append([state.step, float(np.nanmedian(np.abs(state.code[:, 0])))])
        _LOG.info("Toy model, %s: step %s of %s.", kind, f"{state.step:,}", f"{steps:,}")
        _keep(path, state, losses, history)
    fine = np.isfinite(state.code).all(axis=1) & np.isfinite(losses)
    code, shape = np.where(fine[:, None], state.code, np.nan), (size, size)
    found = {
        "alpha": code[:, 0].reshape(shape),
        "beta": code[:, 1].reshape(shape),
        "loss": losses.reshape(shape),
    }
    return {"values": values, "history": history, "steps": steps, **found}


def _kept_toy(path):
    """What `_keep` wrote, or None where there is nothing or it is damaged."""
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            kept = {name: file[name] for name in file.files}
        return kept if set(_TOY_ARRAYS) == set(kept) else None
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
        zlib.error,
    ):
        _LOG.warning("%s is damaged; the toy model is trained again.", path)
        return None


def _keep(path, state, losses, history):
    import io

    from tfdisent.files import write_whole

    content = io.BytesIO()
    moments = {"of_code": state.moments[0], "of_units": state.moments[1]}
    np.savez(
        content,
        code=state.code,
        units=state.units,
        **moments,
        step=state.step,
        losses=losses,
        history=history,
    )
    write_whole(path, content.getvalue())


def _train(example, folder, scale, steps):
    """Trains, or continues, up to `steps`; returns the step at which the run ended."""
    from tfdisent import config

    _LOG.info("%s.", example)
    name, bindings = example.configure(scale)
    lines = (*bindings, *(() if steps is None else (f"training.train.steps={steps}",)))
    if steps is not None and example.number == 6:
        lines = (*lines, "training.train.epochs=None")
    config.parse([name], lines)
    run = config.train_configured(folder, callbacks=[_snapshots()(folder)])
    _save(run.model, folder)
    return int(run.model.step)


@functools.cache
def _snapshots():
    import keras

    class Snapshots(keras.callbacks.Callback):
        """Keeps the weights of some steps."""

        def __init__(self, folder):
            super().__init__()
            self.folder = folder

        def on_train_begin(self, logs=None):
            self.on_epoch_end(0)

        def on_epoch_end(self, epoch, logs=None):
            if int(self.model.step) in SNAPSHOTS:
                _save(self.model, self.folder)

    return Snapshots


def _snapshot(folder, step):
    return folder / "snapshots" / f"step_{step}"


def _save(model, folder):
    from tfdisent.training.checkpoints import latest_step, save_checkpoint

    step = int(model.step)
    if latest_step(_snapshot(folder, step)) != step:
        save_checkpoint(model, _snapshot(folder, step), step)


def _parts(trained):
    """{"train": ..., ...} as the run had them."""
    from tfdisent.training import split_data

    split = trained.run.asked()["split"]
    return split_data(trained.data, tuple(split) if split else None)
