"""The trainings of the paper, the Examples 1 to 6: how they are planned, and their weights at several steps."""

import dataclasses
from pathlib import Path

from tfdisent.errors import UserError
from tfdisent.papers.item import QUICK, Scale
from tfdisent.studies.planned import PlannedRun

__all__ = [
    "DECODERS",
    "SCALES",
    "SHORT_SCALES",
    "SNAPSHOTS",
    "Example",
    "Opened",
    "keep_snapshots",
    "open_at",
]

SNAPSHOTS = (100, 500, 1000, 2000, 3000, 4000, 10_000)  # steps whose weights are kept
DECODERS = {1: ("", "split", "code"), 2: ("", "split", "code"), 5: ("", "linear")}  # the others have ""
_TITLES = {
    "": "",
    "split": " (split decoder inputs)",
    "code": " (decoder of the authors' code)",
    "linear": " (decoder without activations)",
}
_STEPS = {1: 3000, 2: 3000, 3: 3000, 4: 4000, 5: 3000}
_DIGITS = 6  # the example of digits, which has 1,000 epochs in its configuration


@dataclasses.dataclass(frozen=True)
class SymAEScale(Scale):
    """How much is trained.

    Attributes:
        steps: of every example; None for the paper's.
        toy_steps: of the concatenation model; None for the paper's and the authors'.
        toy_grid: number of values of alpha, and of beta.
    """

    steps: int | None = None
    toy_steps: int | None = None
    toy_grid: int = 21


SCALES = {
    "paper": SymAEScale("paper", "the paper's"),
    "long": SymAEScale(
        "long", "10,000 steps, as the authors' notebooks ran, for the paper's 3,000 or 4,000", steps=10_000
    ),
    "quick": SymAEScale(
        "quick",
        QUICK,
        bindings=(
            "training.train.log_every=2",
            "training.train.checkpoint_every=2",
            "training.train.steps_per_execution=2",
        ),
        steps=4,
        toy_steps=20,
        toy_grid=5,
    ),
}
SHORT_SCALES = {name: SCALES[name] for name in ("paper", "quick")}  # of items in which "long" changes nothing


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

    def steps(self, scale):
        """Where the run ends; None where the configuration says it in epochs."""
        if self.number == _DIGITS and scale.name != "quick":
            return None
        return scale.steps or _STEPS[self.number]

    def plan(self, scale, measures=()):
        """Its `PlannedRun`; the one of the scale "long" continues the paper's."""
        ending = "" if self.decoder == "split" else self.ending()
        lines, steps = list(scale.bindings), self.steps(scale)
        if self.number != _DIGITS:
            split = self.decoder in ("split", "code")
            lines += [f"data.mra.seed={self.seed}", f"models.SymAE.split_inputs={split}"]
        elif steps:
            lines.append("training.train.epochs=None")
        if steps:
            lines.append(f"training.train.steps={steps}")
        return PlannedRun(
            (f"symae/example{self.number}{ending}.gin",),
            tuple(lines),
            self.seed,
            measures=measures,
            callbacks=(keep_snapshots,),
            title=str(self),
            grows=self.number != _DIGITS and scale.name != "quick",
        )

    def label(self, opened, scale):
        """One sentence each on data, training and scale."""
        batch = "training bags, 32 at a time" if self.number == _DIGITS else "whole set"
        return (
            f"{self}. Data: {opened.data.source}. Trained: {opened.step:,} steps of the {batch}. "
            f"Scale: {scale.label}."
        )


@dataclasses.dataclass(frozen=True)
class Opened:
    """A trained example at one step.

    Attributes:
        model: `SymAE` with the weights of that step; `calibrate` was not called.
        data: the training bags.
        held_out: the test part where there is one, else the same.
        step: updates taken.
    """

    model: object
    data: object
    held_out: object
    step: int


def open_at(folder, step=None):
    """The example that was trained in a folder, with the weights of one step; loaded anew at every call.

    Args:
        folder: of the run.
        step: one of `SNAPSHOTS` up to the end of the run, or the end, which it is unless given.

    Returns:
        `Opened`.

    Raises:
        UserError: when the weights of that step are not there.
    """
    from tfdisent.evaluation import load_run
    from tfdisent.training import split_data
    from tfdisent.training.checkpoints import restore_checkpoint

    trained = load_run(folder)
    model, split = trained.model, trained.run.asked()["split"]
    step = step or int(model.step)
    if step != int(model.step) and restore_checkpoint(model, _snapshot(folder, step)).step != step:
        raise UserError(f"{folder} has no weights of step {step}; remove the folder and make the item again.")
    parts = split_data(trained.data, tuple(split) if split else None)
    return Opened(model, parts["train"], trained.held_out, step)


def keep_snapshots(run):
    """A Keras callback that keeps the weights of `SNAPSHOTS` in the folder of a run."""
    import keras

    from tfdisent.training.checkpoints import latest_step, save_checkpoint

    def keep(*_):
        step = int(run.model.step)
        folder = _snapshot(run.directory.path, step)
        if step in SNAPSHOTS and latest_step(folder) != step:
            save_checkpoint(run.model, folder, step)

    # At the beginning too: of a run that goes on from there, or was stopped before this was kept.
    return keras.callbacks.LambdaCallback(on_train_begin=keep, on_epoch_end=keep)


def _snapshot(folder, step):
    return Path(folder) / "snapshots" / f"step_{step}"
