"""A run that is to be made: its configuration, and what is computed from it once it is trained."""

import dataclasses
import functools
import hashlib

from tfdisent.bindings import SEEDS
from tfdisent.checks import shown
from tfdisent.errors import UserError

__all__ = ["PlannedRun", "name_of_function"]

_STEPS = ("training.train.steps", "training.train.epochs")


@dataclasses.dataclass(frozen=True)
class PlannedRun:
    """One run of a study.

    Attributes:
        configs: names or paths of gin files.
        bindings: lines over them, without the seed.
        seed: of the run; None for the configuration's own, which needs a `folder`.
        scores: names that `tfdisent.evaluation.evaluate` takes; None for its default ones, () for none.
        measures: functions `TrainedModel -> dict of plain values`, defined in modules that can be imported, or
            `functools.partial` of such.
        callbacks: functions `Run -> Keras callback`, likewise, beside those configured.
        trust: names of modules that the configurations may import and use.
        title: what messages call the run; its name unless given.
        values: ((axis of the study, value), ...), for tables.
        folder: name of the run's folder in that of the study; its name unless given.
        grows: whether a run with more steps continues this one, so that steps do not count in its name. One that is
            longer already stays so: its measures then read what its callbacks kept of the step they are asked for.
        together: whether it is trained in one compiled program with runs that differ in their seed only, which for
            tiny models is faster. Which of them share a program changes no number; without `together` the noise is
            another (`tfdisent.training.together`). It needs the folder's own name.
    """

    configs: tuple
    bindings: tuple = ()
    seed: int | None = 0
    scores: tuple | None = ()
    measures: tuple = ()
    callbacks: tuple = ()
    trust: tuple = ()
    title: str = ""
    values: tuple = ()
    folder: str = ""
    grows: bool = False
    together: bool = False

    @functools.cached_property
    def experiment(self):
        """Fingerprint of the configuration without seed and without settings that change no result."""
        from tfdisent.config.fingerprints import NO_EFFECT, fingerprint_of_files

        without = (*SEEDS, *NO_EFFECT, *(_STEPS if self.grows else ()))
        return fingerprint_of_files(self.configs, self.bindings, without)

    @property
    def name(self):
        """Of the run's folder: runs of one configuration lie together, one a seed."""
        return self.folder or f"{self.experiment}/seed_{self.seed}"

    @functools.cached_property
    def results_name(self):
        """Of the file of results: what is asked for from this very run."""
        from tfdisent.config.fingerprints import NO_EFFECT, fingerprint_of_files

        without = NO_EFFECT if self.seed is None else (*SEEDS, *NO_EFFECT)
        asked = (
            fingerprint_of_files(self.configs, self.bindings, without),
            self.seed,
            self.scores,
            [name_of_function(each) for each in self.measures],
        )
        return f"{hashlib.sha256(repr(asked).encode()).hexdigest()[:12]}.json"

    def all_bindings(self):
        """The bindings with the seed."""
        if self.seed is None:
            return self.bindings
        return (*self.bindings, f"training.train.seed={self.seed}")

    def __str__(self):
        return self.title or self.name


def name_of_function(function):
    """What tells a measure from others: where it is defined, and the arguments of a `functools.partial`.

    Raises:
        UserError: for what another process cannot import: lambdas, functions inside functions, and of a script.
    """
    if isinstance(function, functools.partial):
        arguments = [*map(repr, function.args), *(f"{k}={v!r}" for k, v in sorted(function.keywords.items()))]
        return f"{name_of_function(function.func)}({', '.join(arguments)})"
    name = f"{getattr(function, '__module__', None)}.{getattr(function, '__qualname__', None)}"
    if "<" in name or name.startswith(("__main__.", "None.")) or name.endswith(".None"):
        raise UserError(
            "A measure must be a function that stands at the top of a module, or a functools.partial of one, so that "
            f"other processes can import it. Received: {shown(function)}."
        )
    return name
