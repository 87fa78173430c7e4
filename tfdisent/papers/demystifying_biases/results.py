"""The runs of an item: restarts first, then what is learnt from them, then the models on altered data."""

import dataclasses
import functools
import hashlib
from pathlib import Path

from tfdisent.papers.demystifying_biases.manipulations import Restart, learn_manipulation
from tfdisent.papers.demystifying_biases.plans import Setting, planned_run
from tfdisent.papers.runs import make_runs

__all__ = ["Results", "make_results"]


@dataclasses.dataclass(frozen=True)
class Results:
    """What an item has trained.

    Attributes:
        runs: {`Setting`: list of `MadeRun`}, shorter or empty where runs failed.
        manipulations: {(data, attempt): (path of the npz, {name: number})}.
        scale: `BiasScale`.
    """

    runs: dict
    manipulations: dict
    scale: object

    def values(self, setting, name):
        """A measure of each run of a setting."""
        return [made.measures[name] for made in self.runs[setting]]

    def facts(self):
        """{name: text} on data, training, restarts and scale."""
        made = [runs[0].results for runs in self.runs.values() if runs]
        sources = dict.fromkeys(each["source"] for each in made)
        # An altered set says so behind the source of its original.
        sources = [each for each in sources if not any(each.startswith(f"{other}, ") for other in sources)]
        steps = sorted({(each["asked"]["steps"], each["asked"]["batch_size"]) for each in made})
        learnt = [
            f"{data}, seed {attempt}: L_ent - L_dis {numbers['L_ent - L_dis']:.3g} nats, rms {numbers['rms of m']:.3g}"
            for (data, attempt), (_, numbers) in self.manipulations.items()
        ]
        return {
            "data": "; ".join(sources),
            "training": " or ".join(f"{number:,} steps of {batch}" for number, batch in steps),
            "restarts": " or ".join(sorted({f"{len(runs)}" for runs in self.runs.values() if runs})),
            **({"manipulation": "; ".join(learnt)} if learnt else {}),
            "scale": self.scale.label,
        }


def make_results(request, settings, with_dto=False):
    """Makes the runs of an item, and learns the manipulations that they need.

    Args:
        request: `Request`.
        settings: list of `Setting`.
        with_dto: whether the distance to orthogonality is measured too.

    Returns:
        `Results`.

    Raises:
        UserError: when data is missing, all runs failed, or no manipulation can be learnt from the restarts.
    """
    scale = request.scale
    make = functools.partial(planned_run, scale=scale, with_dto=with_dto)
    needed = dict.fromkeys((each.data, each.attempt) for each in settings if each.needs_manipulation)
    sources = {data: _restarts(data, make, request) for data, _ in needed}
    paths = {key: _folder(request, sources[key[0]], key) / "manipulation.npz" for key in needed}
    planned = {
        setting: [
            make(setting, seed=seed, manipulation=paths.get((setting.data, setting.attempt)))
            for seed in range(request.restarts)
        ]
        for setting in dict.fromkeys(settings)
    }
    first = [run for runs in sources.values() for run in runs]
    first += [run for setting, runs in planned.items() if not setting.needs_manipulation for run in runs]
    second = [run for setting, runs in planned.items() if setting.needs_manipulation for run in runs]
    made = make_runs(request, first, later=second)
    learnt = {key: _learn(made, sources[key[0]], scale, key, path.parent) for key, path in paths.items()}
    if second:
        made |= make_runs(request, second)
    runs = {setting: [made[run] for run in runs if run in made] for setting, runs in planned.items()}
    return Results(runs, learnt, scale)


def _restarts(data, make, request):
    """The beta-VAEs on original images from which a manipulation is learnt."""
    number = max(request.scale.learning[data].restarts, request.restarts)
    return [make(Setting(data, "beta-VAE"), seed=seed) for seed in range(number)]


def _folder(request, sources, key):
    """Where a manipulation is learnt; another folder for other restarts and settings."""
    data, attempt = key
    asked = repr((sources[0].experiment, len(sources), request.scale.learning[data], attempt))
    digest = hashlib.sha256(asked.encode()).hexdigest()[:12]
    return Path(request.output).resolve().parent / "manipulations" / f"{data}_{digest}"


def _learn(made, sources, scale, key, folder):
    """(path, numbers) of a manipulation."""
    data, attempt = key
    learning = scale.learning[data]
    found = [made[each] for each in sources if each in made]
    restarts = [
        Restart(each.trained().model, each.measures["MIG"], each.measures["active"], str(each.planned))
        for each in found
    ]
    return learn_manipulation(
        restarts,
        found[0].trained().data,
        folder,
        num_pairs=learning.num_pairs,
        epsilon=learning.epsilon,
        steps=learning.steps,
        batch_size=learning.batch_size,
        learning_rate=learning.learning_rate,
        seed=attempt,
    )
