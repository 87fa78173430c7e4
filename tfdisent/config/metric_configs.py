"""Configurations of scores and representations in disentanglement_lib's words: what they call, and with what."""

import dataclasses
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable

from tfdisent import metrics
from tfdisent.checks import nearest
from tfdisent.config.statements import Reference, find_config, read_bindings
from tfdisent.errors import UserError

__all__ = ["MetricConfig", "PostprocessConfig", "metric_config", "postprocess_config"]

# {gin name: (module, function)} where these do not follow from the gin name.
_IRREGULAR = {
    "beta_vae_sklearn": ("beta_vae", "compute_beta_vae_sklearn"),
    "factor_vae_score": ("factor_vae", "compute_factor_vae"),
    "sap_score": ("sap_score", "compute_sap"),
    "unsupervised_metrics": ("unsupervised_metrics", "unsupervised_metrics"),
    "udr_sklearn": ("udr", "compute_udr_sklearn"),
    "mig_validation": ("mig", "compute_mig_on_fixed_data"),
    "dci_validation": ("dci", "compute_dci_on_fixed_data"),
    "sap_score_validation": ("sap_score", "compute_sap_on_fixed_data"),
    "unified_score_validation": ("unified_scores", "compute_unified_score_on_fixed_data"),
}
# Settings that disentanglement_lib binds elsewhere than on the score: {argument of the score: binding}.
_ELSEWHERE = {
    "num_bins": "discretizer.num_bins",
    "predictor_fn": "predictor.predictor_fn",
    "prune_dims_threshold": "prune_dims.threshold",
}
# Bindings for which there is one choice here: {binding: that choice}.
_ONLY = {
    "discretizer.discretizer_fn": "histogram_discretizer",
    "reduced_representation.correlation_measure": "factorwise_dci",
    "labeller.labeller_fn": "perfect_labeller",
}
_THEIR_DEFAULTS = {"prune_dims.threshold": 0.0}  # where disentanglement_lib's default is not ours
_REPRESENTATIONS = {"mean_representation": "mean", "sampled_representation": "sampled"}
_FUNCTIONS = ("predictor_fn", "matrix_fns")  # settings that name functions
_NOT_RECORDED = ("n_jobs",)  # settings that change no value


@dataclasses.dataclass(frozen=True)
class MetricConfig:
    """A score with its settings.

    Attributes:
        name: stem of the file.
        function: `(ground_truth_data, representation_function, random_state, artifact_dir=None) -> dict`; for UDR
            the second argument is a list of functions.
        random_seed: of the draws.
        data: name of the data set, or "auto", which is that of the run.
        bindings: {binding: value as gin text} of everything that is in force, defaults too.
    """

    name: str
    function: Callable
    random_seed: int
    data: str
    bindings: dict


@dataclasses.dataclass(frozen=True)
class PostprocessConfig:
    """Which representation of a model is scored.

    Attributes:
        name: stem of the file.
        representation: "mean" or "sampled".
        random_seed: of the samples.
        bindings: {binding: value as gin text}.
    """

    name: str
    representation: str
    random_seed: int
    bindings: dict


def metric_config(name, bindings=()):
    """The score that a configuration of disentanglement_lib, or one of ours in its words, describes.

    Args:
        name: path, or a name shipped in gin_configs/metrics, such as "mig".
        bindings: lines such as "mig.num_train = 1000", which win.

    Raises:
        UserError: for an unknown name, score, setting or choice.
    """
    path = find_config(name, "metrics")
    found = read_bindings([path], bindings)
    step = "validation" if "validation.validation_fn" in found else "evaluation"
    score = _function_name(path, found, f"{step}.{step}_fn", "mig")
    if score not in _scores():
        raise UserError(
            f"{path}: there is no score @{score}{nearest(score, _scores())} Known are {', '.join(_scores())}."
        )
    compute = _scores()[score]
    places = _places(score)
    _check_known(path, found, _known(step))
    used = [*_steps(step), "dataset.name", *_ONLY, *places.values()]
    for place in found:
        if place not in used:
            raise UserError(f"{path}: {place} is not used by @{score}{nearest(place, used)}")
    values = {place: value for place, value in _THEIR_DEFAULTS.items() if place in places.values()}
    values |= found
    settings, shown = {}, dict(values)
    for argument, place in places.items():
        default = inspect.signature(compute).parameters[argument].default
        if place in values:
            settings[argument] = _names(path, place, values[place])
        elif default is inspect.Parameter.empty:
            raise UserError(f"{path} does not bind {place}.")
        elif argument not in _NOT_RECORDED:
            shown[place] = _references(default) if argument in _FUNCTIONS else default
    for place, choice in _ONLY.items():
        if place in found and (received := _function_name(path, found, place, choice)) != choice:
            raise UserError(f"{path}: {place} can only be @{choice} here. Received: @{received}.")
    if step == "validation":
        number = _whole_number(path, found, "validation.num_labelled_samples")
        function = functools.partial(_score_labelled_sample, compute, settings, number)
    elif "artifact_dir" in inspect.signature(compute).parameters:
        function = functools.partial(compute, **settings)
    else:
        function = functools.partial(_score_without_artifacts, compute, settings)
    seed = _whole_number(path, found, f"{step}.random_seed")
    return MetricConfig(path.stem, function, seed, found.get("dataset.name", "auto"), _as_text(shown))


def postprocess_config(name, bindings=()):
    """The representation that a postprocessing configuration of disentanglement_lib describes.

    Args:
        name: path, or a name shipped in gin_configs/postprocess, such as "mean".
        bindings: lines such as "postprocess.random_seed = 1", which win.

    Raises:
        UserError: for an unknown name, setting or representation.
    """
    path = find_config(name, "postprocess")
    found = read_bindings([path], bindings)
    _check_known(
        path,
        found,
        [f"postprocess.{key}" for key in ("postprocess_fn", "random_seed", "name")] + ["dataset.name"],
    )
    chosen = _function_name(path, found, "postprocess.postprocess_fn", "mean_representation")
    if chosen not in _REPRESENTATIONS:
        choices = " or ".join(f"@{choice}" for choice in _REPRESENTATIONS)
        raise UserError(f"{path}: postprocess.postprocess_fn must be {choices}. Received: @{chosen}.")
    seed = _whole_number(path, found, "postprocess.random_seed")
    return PostprocessConfig(path.stem, _REPRESENTATIONS[chosen], seed, _as_text(found))


def _score_without_artifacts(compute, settings, data, functions, random_state, artifact_dir=None):
    return compute(data, functions, random_state, **settings)


def _score_labelled_sample(
    compute, settings, num_samples, data, representation_function, random_state, artifact_dir=None
):
    factors, observations = data.sample(num_samples, random_state)
    return compute(observations, factors.T, representation_function, **settings)


@functools.cache
def _scores():
    """{gin name: function}."""
    found = {}
    for module in pkgutil.iter_modules(metrics.__path__):
        compute = getattr(_module(module.name), f"compute_{module.name}", None)
        if compute is not None:
            found[module.name] = compute
    irregular = {
        name: getattr(_module(module), attribute) for name, (module, attribute) in _IRREGULAR.items()
    }
    regular = {name: compute for name, compute in found.items() if compute not in irregular.values()}
    return dict(sorted({**regular, **irregular}.items()))


def _module(name):
    return importlib.import_module(f"{metrics.__name__}.{name}")


def _places(score):
    """{argument: binding} of the settings of a score."""
    arguments = list(inspect.signature(_scores()[score]).parameters)
    given = 2 + (arguments[0] == "observations")  # data and representation, or observations, labels and it
    return {
        argument: _ELSEWHERE.get(argument, f"{score}.{argument}")
        for argument in arguments[given:]
        if argument not in ("random_state", "artifact_dir")
    }


def _known(step):
    """All bindings that a configuration of any score may hold."""
    settings = [place for score in _scores() for place in _places(score).values()]
    return [*_steps(step), "dataset.name", *_ONLY, *settings]


def _steps(step):
    """Bindings of the step itself."""
    keys = {
        "evaluation": ("evaluation_fn", "random_seed", "name"),
        "validation": ("validation_fn", "random_seed", "name", "num_labelled_samples"),
    }
    return [f"{step}.{key}" for key in keys[step]]


def _check_known(path, found, known):
    for place in found:
        if place not in known:
            raise UserError(f"{path}: {place} means nothing here{nearest(place, known)}")


def _function_name(path, found, place, example):
    """The name of the function that is bound."""
    if place not in found:
        raise UserError(f"{path} does not bind {place}, such as {place} = @{example}.")
    value = found[place]
    if not isinstance(value, Reference) or value.called:
        raise UserError(f"{path}: {place} must be a function, such as @{example}. Received: {value!r}.")
    return value.name


def _whole_number(path, found, place):
    value = found.get(place)
    if place not in found:
        raise UserError(f"{path} does not bind {place}, such as {place} = 0.")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise UserError(f"{path}: {place} must be a whole number, 0 or larger. Received: {value!r}.")
    return value


def _names(path, place, value):
    """A value with the names of functions in place of references to them, as the scores take them."""
    if isinstance(value, (list, tuple)):
        return type(value)(_names(path, place, item) for item in value)
    if isinstance(value, Reference) and value.called:
        raise UserError(f"{path}: {place} takes a function, not what it returns. Received: {value!r}.")
    return value.name if isinstance(value, Reference) else value


def _references(names):
    return Reference(names) if isinstance(names, str) else [Reference(name) for name in names]


def _as_text(values):
    return {place: repr(values[place]) for place in sorted(values)}
