"""A study: a base configuration, a grid of bindings over it, seeds, and what is computed from each trained model.

    Study(["demo.gin"], {"models.VAE.beta": [1.0, 4.0]}, seeds=5, scores=["mig", "dci"])

stands for ten runs. A grid is the product of its axes, and a list of grids their union. A key that is a tuple of
bindings is one axis whose bindings change together: {("models.VAE.beta", "training.train.steps"): [(1, 10), (4, 20)]}
"""

import dataclasses
import os
import re
import sys
from pathlib import Path

from tfdisent import checks, modules
from tfdisent.bindings import SEEDS, spelled
from tfdisent.checks import shown
from tfdisent.config.names import ROOMS, Names
from tfdisent.config.statements import SHIPPED, Reference, as_text, find_config, is_ours, read_given
from tfdisent.errors import UserError
from tfdisent.studies import grids
from tfdisent.studies.experiments import short_names
from tfdisent.studies.planned import PlannedRun, name_of_function

__all__ = ["Study"]

_MOST_RUNS = 1_000_000
_MOST_SEED = 2**32 - 1
_DOTTED = re.compile(r"\w+(\.\w+)+")


@dataclasses.dataclass(frozen=True)
class Study:
    """Many runs, described.

    Args:
        configs: names or paths of gin files, or one of them: what all runs share.
        grid: {binding: list of values}, {tuple of bindings: list of tuples}, or a list of such dicts; None for one
            configuration. A text that begins with @ or % is a reference, such as "@models.VAE".
        seeds: how many, from 0 on, or a list of them.
        scores: names that `tfdisent.evaluation.evaluate` takes; None for its default ones, () for none.
        measures: functions `TrainedModel -> dict of plain values`, or their dotted names, of modules that can be
            imported.
        bindings: lines over the configurations, such as "training.train.steps=1000".
        trust: modules that the configurations may import and use, by name or file.
        gpus: share of a GPU that a run takes, such as 0.25, or a whole number of them; None for one where there are
            any.
        cpus: cores that a run takes.
        together: train runs that differ in their seed only in one program, which for tiny models is faster; their noise
            is then another.
        of_file: those of the lines that a file holds and no person gave, which may say no more than a configuration.

    Raises:
        UserError: for an empty grid or axis, a value or a binding that is given twice, seeds that are none, and
            configurations that are not there. `check` looks at what the bindings mean.
    """

    configs: tuple
    grid: tuple | None = None
    seeds: tuple = 1
    scores: tuple | None = None
    measures: tuple = ()
    bindings: tuple = ()
    trust: tuple = ()
    gpus: float | None = None
    cpus: int = 1
    together: bool = False
    of_file: tuple = dataclasses.field(default=(), repr=False)

    def __post_init__(self):
        found = {
            "configs": _configs(self.configs),
            "grid": grids.read_grids(self.grid),
            "seeds": _seeds(self.seeds),
            "scores": None if self.scores is None else tuple(map(_own_path, _texts("scores", self.scores))),
            "measures": tuple(map(_dotted, _sequence("measures", self.measures))),
            "bindings": _texts("bindings", self.bindings),
            "gpus": None if self.gpus is None else checks.number("gpus", self.gpus, 0),
            "cpus": checks.whole_number("cpus", self.cpus, 1),
            "together": checks.truth("together", self.together),
            "of_file": tuple(self.of_file),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)  # the class is frozen
        trust = dict.fromkeys((*modules.whole(self.trust), *self.modules()))
        object.__setattr__(self, "trust", tuple(trust))
        self._check_twice()
        if grids.count(self.grid) * len(self.seeds) > _MOST_RUNS:
            raise UserError(
                f"A study has at most {_MOST_RUNS:,} runs. Received: {grids.count(self.grid):,} configurations with "
                f"{len(self.seeds):,} seeds each."
            )

    def runs(self):
        """The runs as a list of `PlannedRun`, each once; the seeds of one configuration follow each other.

        Raises:
            UserError: for a measure that is not there.
        """
        measures = self._functions()
        named = self._names_in_titles()
        runs = {}
        for setting in grids.settings(self.grid):
            bindings = (*self.bindings, *(grids.line(name, value) for name, value in setting.items()))
            said = [f"{named[name]}={_in_title(value)}" for name, value in setting.items() if name in named]
            values = tuple((name, grids.as_shown(value)) for name, value in setting.items())
            for seed in self.seeds:
                planned = PlannedRun(
                    self.configs,
                    bindings,
                    seed,
                    self.scores,
                    measures,
                    trust=self.trust,
                    title=", ".join([*said, f"seed {seed}"]),
                    values=values,
                    together=self.together,
                )
                runs.setdefault(planned.name, planned)
        return list(runs.values())

    def check(self):
        """Looks whether the runs can be made: reads the base once, and each value of each axis once.

        Raises:
            UserError: for an unknown score or measure, and for what `tfdisent.config.parse` refuses, such as a binding
                that nothing uses.
        """
        modules.check_files(self.trust)
        import tfdisent.quiet  # noqa: F401  (before Keras)
        from tfdisent import config
        from tfdisent.evaluation.scores import check_scores

        check_scores(self.scores)
        config.check_lines(self._lines_to_check(self.of_file), "in the study", self.trust)
        for setting in grids.to_try(self.grid):
            lines = (grids.line(name, value) for name, value in setting.items())
            config.parse(self.configs, [*self.bindings, *lines], self.trust)
            for name in ("model", "data"):
                config.configured_value(f"training.train.{name}")
        self._functions()

    def check_trusted(self, trust, name):
        """Looks whether a study that somebody else may have written uses only what a file may, and what is trusted.

        Args:
            trust: modules that the person trusts, by name or file.
            name: what sentences call the study.

        Raises:
            UserError: for the first module or setting that is not; nothing of it is imported.
        """
        from tfdisent import config

        names = Names(trust)
        for module in modules.names_of(self.trust):
            if not names.trusts(module):
                raise UserError(
                    f"{name} uses the module {module}. {modules.how_to_trust(module, self.folders())}"
                )
        config.check_lines(self._lines_to_check(self.lines()), "in study.json", trust)

    def overview(self):
        """Lines of text on what the study consists of; imports nothing that it names."""
        number = len(dataclasses.replace(self, measures=()).runs())
        scores = "the default ones" if self.scores is None else ", ".join(self.scores) or "none"
        lines = [f"configs   {', '.join(self.configs)}", *(f"binding   {line}" for line in self.bindings)]
        for place, axes in enumerate(self.grid, 1):
            lines += [f"grid {place}"] * (len(self.grid) > 1)
            for axis, rows in axes.items():
                texts = [", ".join(map(as_text, row)) for row in rows]
                lines.append(f"axis      {', '.join(axis)}: {'; '.join(texts)}")
        lines += [f"seeds     {', '.join(map(str, self.seeds))}", f"scores    {scores}"]
        lines += [f"measures  {', '.join(self.measures)}"] * bool(self.measures)
        return "\n".join([*lines, f"runs      {number:,}"])

    def as_plain(self):
        """The study as JSON has it; `Study.from_plain` reads it."""
        plain = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}
        return plain | {"grid": grids.as_plain(self.grid)}

    @classmethod
    def from_plain(cls, plain):
        """The study of which `as_plain` was made.

        Raises:
            UserError: as the class, and where something else was made of it since.
        """
        try:
            return cls(**plain | {"grid": grids.from_plain(plain["grid"])})
        except (AttributeError, KeyError, TypeError) as error:
            raise UserError(
                f"A study is damaged ({error}); write it again with `tfdisent study run`."
            ) from error

    def lines(self):
        """All lines of the study: those of all runs, and each value of the grid once."""
        values = (
            grids.line(name, value)
            for axes in self.grid
            for axis, rows in axes.items()
            for row in rows
            for name, value in zip(axis, row, strict=True)
        )
        return list(dict.fromkeys((*self.bindings, *values)))

    def modules(self):
        """Names of the modules, neither ours nor Keras', that bindings, values and measures name."""
        names = Names()
        names.trust_named(read_given(self.lines()))
        measures = [each.rpartition(".")[0] for each in self.measures]
        return list(
            dict.fromkeys([*names.trusted, *(each for each in measures if each.split(".")[0] != "tfdisent")])
        )

    def _lines_to_check(self, lines):
        """Of lines in disentanglement_lib's words only known ones are taken anyway."""
        if is_ours(find_config(self.configs[0])):
            return lines
        words = (*ROOMS, "keras", "tfdisent")
        return [line for line in lines if line.split("/")[-1].split(".")[0] in words]

    def folders(self):
        """Where modules are looked for too: in the current folder, and beside the configurations."""
        return [
            os.getcwd(),
            *(str(Path(config).parent) for config in self.configs if Path(config).is_absolute()),
        ]

    def _functions(self):
        """The measures."""
        return tuple(_function(measure, self.trust, self.folders()) for measure in self.measures)

    def _check_twice(self):
        bound = [line.full_name.removeprefix("tfdisent.") for line in read_given(self.bindings)]
        for axes in self.grid:
            varied = [name.removeprefix("tfdisent.") for axis in axes for name in axis]
            for name in (*bound, *varied):
                if name in SEEDS:
                    raise UserError(
                        f"The seeds of a study are given as its seeds. Received: the binding {name}."
                    )
                for twice, where in (
                    (bound.count(name) > 1, "twice in the bindings"),
                    (varied.count(name) > 1, "twice in the grid"),
                    (name in bound and name in varied, "in the bindings and in the grid"),
                ):
                    if twice:
                        raise UserError(f"{name} is given {where}; remove one of them.")

    def _names_in_titles(self):
        """{binding: short name} of those by which a reader tells the configurations apart."""
        found = grids.settings(self.grid)
        values = {}
        for setting in found:
            for name, value in setting.items():
                values.setdefault(name, set()).add(spelled(as_text(value)))
        varied = [name for name, texts in values.items() if len(texts) > 1]
        first = {axis[0] for axes in self.grid for axis in axes}
        leading = [name for name in varied if name in first]
        told = {tuple(spelled(as_text(setting.get(name))) for name in leading) for setting in found}
        chosen = leading if len(told) == len(found) else varied
        return dict(zip(chosen, short_names(chosen), strict=True)) if chosen else {}


def _sequence(name, value):
    """The items of a list or tuple; one text or function counts as a list of it."""
    if isinstance(value, (str, os.PathLike)) or callable(value):
        value = (value,)
    if not isinstance(value, (list, tuple)):
        raise UserError(f"{name} must be a list. Received: {shown(value)}.")
    return tuple(value)


def _texts(name, value):
    for each in _sequence(name, value):
        if not isinstance(each, (str, os.PathLike)) or not str(each).strip():
            raise UserError(f"{name} must be a list of texts. Received: {shown(each)}.")
    return tuple(map(str, _sequence(name, value)))


def _configs(configs):
    """Files that tfdisent ships by their names, others by their whole paths."""
    configs = _texts("configs", configs)
    if not configs:
        raise UserError(
            "A study needs at least one configuration, such as configs=['demo.gin']. Received: none."
        )
    found = [find_config(config).resolve() for config in configs]
    for path in found:
        is_ours(path)
    shipped = SHIPPED.resolve()
    return tuple(str(path.relative_to(shipped) if path.is_relative_to(shipped) else path) for path in found)


def _own_path(score):
    """A score's name, or the whole path of its gin file."""
    is_path = score.endswith(".gin") and Path(score).is_file()
    return str(Path(score).resolve()) if is_path else score


def _seeds(seeds):
    if isinstance(seeds, (list, tuple, range)):
        found = tuple(checks.whole_number("Each of the seeds", seed, 0, _MOST_SEED) for seed in seeds)
        if not found or len(set(found)) < len(found):
            raise UserError(f"seeds must be a number, or a list of different ones. Received: {shown(seeds)}.")
        return found
    return tuple(range(checks.whole_number("seeds", seeds, 1, _MOST_RUNS)))


def _dotted(measure):
    """The name under which a measure can be imported."""
    # A gin file may refer to it, as @my_module.area.
    name = name_of_function(measure) if callable(measure) else str(measure).lstrip("@")
    if not _DOTTED.fullmatch(name):
        raise UserError(
            "A measure of a study is a function at the top of a module, or its name such as 'my_module.area'. "
            f"Received: {shown(measure)}."
        )
    return name


def _function(name, trust, folders):
    """The function of a dotted name, of a module that is trusted by its file or found in one of the folders."""
    module, _, last = name.rpartition(".")
    covering = [each for each in trust if modules.trusts(modules.names_of(each), module)]
    modules.import_trusted([*covering, module], folders)
    imported = sys.modules[module]
    if not callable(getattr(imported, last, None)):
        raise UserError(f"{module} has no function {last}{checks.nearest(last, vars(imported))}")
    return getattr(imported, last)


def _in_title(value):
    if isinstance(value, Reference):
        return value.name.rpartition(".")[2]
    return f"{value:g}" if isinstance(value, float) else str(grids.as_shown(value))
