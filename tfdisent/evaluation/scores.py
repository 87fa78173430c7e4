"""The scores that `evaluate` knows by name: gin configurations of metrics, and scores of the model itself."""

import dataclasses
import difflib
import functools
import inspect
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tfdisent import config, metrics
from tfdisent.data import get_named_ground_truth_data, observations_and_factors
from tfdisent.errors import UserError

__all__ = [
    "DEFAULT",
    "STUDY",
    "Score",
    "applies",
    "check_scores",
    "find_scores",
    "postprocess_seed",
]

DEFAULT = ("mig", "disentanglement_score", "distance_to_orthogonality", "active_units", "polarized_regime")
STUDY = (  # the metrics of disentanglement_lib's unsupervised_study_v1, in its order
    "beta_vae_sklearn",
    "dci",
    "downstream_task_boosted_trees",
    "downstream_task_logistic_regression",
    "factor_vae_metric",
    "mig",
    "modularity_explicitness",
    "sap_score",
    "unsupervised",
)
_SUITES = {"study": STUDY, "all": (*DEFAULT, *(name for name in STUDY if name not in DEFAULT))}
_REPRESENTATIONS = ("mean", "sampled")
_NUM_POINTS = 10_000
_NUM_JACOBIANS = 1_000


@dataclasses.dataclass(frozen=True)
class Score:
    """A score with its settings.

    Attributes:
        name: also of its folder.
        seed: of its random draws.
        bindings: {setting: value as gin text}.
        data: the set it is computed on, None for that of the run.
        of_codes: `(ground_truth_data, representation_function, random_state, artifact_dir=None) -> dict`, or None.
        of_model: `(model, data, random_state) -> dict or None` where it does not apply, or None.
    """

    name: str
    seed: int
    bindings: dict
    data: object = None
    of_codes: Callable | None = None
    of_model: Callable | None = None


def find_scores(names=None, representation="mean", seed=None, study_seeds=False):
    """The scores that are asked for, as a list of `Score`.

    Args:
        names: names of `gin_configs/metrics` or of scores of the model, paths of gin files, "study" for `STUDY`, "all"
            for these and `DEFAULT`. None for `DEFAULT`, without those of the model if `representation` is not its mean.
        representation: "mean" or "sampled".
        seed: of every score; None for those of the gin files.
        study_seeds: the seeds with which disentanglement_lib's unsupervised_study_v1 computed its scores; the others
            keep theirs.

    Raises:
        UserError: for an unknown name (with the nearest ones), and what is wrong in a gin file.
    """
    if names is None:
        names = [name for name in DEFAULT if representation == "mean" or name not in _OF_MODEL]
    names = _single(names)
    scores = [_find(name) for name in names]
    twice = [score.name for score in scores if sum(other.name == score.name for other in scores) > 1]
    if twice:
        raise UserError(f"Two scores are called {twice[0]}; rename one of the gin files. Received: {names}.")
    if seed is not None:
        seeds = dict.fromkeys((score.name for score in scores), seed)
    else:
        seeds = _study_seeds(representation) if study_seeds else {}
    return [dataclasses.replace(score, seed=seeds.get(score.name, score.seed)) for score in scores]


def check_scores(names):
    """Looks whether names and gin files are those of scores, as `find_scores` takes them; loads no data.

    Raises:
        UserError: for an unknown name (with the nearest ones), and what is wrong in a gin file.
    """
    for name in _single(names or ()):
        if name not in _OF_MODEL:
            _metric_config(name)


def applies(score, data):
    """Whether one of `DEFAULT` can say something about the data: two factors must vary."""
    return score.of_codes is None or sum(size > 1 for size in data.factors_num_values) > 1


def postprocess_seed(representation, study_seeds=False):
    """The seed of the samples: 0 as in disentanglement_lib's configuration, or that of its study."""
    return _draws_of_study()[0][representation] if study_seeds else 0


def _single(names):
    """The names, suites replaced by what they consist of, each once."""
    names = [names] if isinstance(names, (str, Path)) else names
    return list(dict.fromkeys(each for name in names for each in _SUITES.get(str(name), (str(name),))))


def _metric_config(name):
    is_path = name.endswith(".gin") or Path(name).parent != Path(".")
    known = config.shipped_names("metrics")
    if not is_path and name not in known:
        near = difflib.get_close_matches(name, [*known, *_OF_MODEL, *_SUITES], n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise UserError(
            f"There is no score {name!r}; {hint}Known are {', '.join(sorted([*known, *_OF_MODEL]))}, the suites "
            f"{' and '.join(_SUITES)}, and paths of gin files."
        )
    return config.metric_config(name)


def _find(name):
    if name in _OF_MODEL:
        return Score(name, 0, {}, of_model=_OF_MODEL[name])
    found = _metric_config(name)
    data = None if found.data == "auto" else get_named_ground_truth_data(found.data)
    function = found.function
    if (
        "n_jobs" in (settings := inspect.signature(function).parameters)
        and settings["n_jobs"].default is None
    ):
        function = functools.partial(function, n_jobs=-1)
    return Score(found.name, found.random_seed, dict(found.bindings), data, of_codes=function)


@functools.cache
def _draws_of_study():
    """Seeds of the postprocessing and of the scores as `dlib_reproduce` draws them: {.: seed}, {.: {score: seed}}."""
    random_state = np.random.RandomState(0)
    draw = functools.partial(random_state.randint, 2**32, dtype=np.int64)
    postprocess = {representation: int(draw()) for representation in _REPRESENTATIONS}
    return postprocess, {r: {name: int(draw()) for name in STUDY} for r in _REPRESENTATIONS}


def _study_seeds(representation):
    return _draws_of_study()[1][representation]


def _distance_to_orthogonality(model, data, random_state):
    jacobians = _jacobians(model, data, random_state)
    return None if jacobians is None else metrics.compute_dto(jacobians)


def _ima_contrast(model, data, random_state):
    jacobians = _jacobians(model, data, random_state)
    return None if jacobians is None else metrics.ima_contrast(jacobians)


def _jacobians(model, data, random_state):
    if not hasattr(model, "decode"):
        return None
    from tfdisent.analysis import decoder_jacobians

    observations, _ = observations_and_factors(data, _NUM_JACOBIANS, random_state)
    return decoder_jacobians(model.decode, model.represent(observations))


def _active_units(model, data, random_state):
    return metrics.active_units(*_posterior(model, data, random_state))


def _polarized_regime(model, data, random_state):
    means, log_vars = _posterior(model, data, random_state)
    return None if log_vars is None else metrics.polarized_regime(means, log_vars)


def _posterior(model, data, random_state):
    observations, _ = observations_and_factors(data, _NUM_POINTS, random_state)
    if hasattr(model, "posterior"):
        return model.posterior(observations)
    return model.represent(observations), None


_OF_MODEL = {
    "distance_to_orthogonality": _distance_to_orthogonality,
    "ima_contrast": _ima_contrast,
    "active_units": _active_units,
    "polarized_regime": _polarized_regime,
}
