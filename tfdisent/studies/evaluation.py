"""Scores of a trained model on its data, and of a run in its folder."""

import dataclasses
import logging
import time

import numpy as np

from tfdisent import metrics
from tfdisent.analysis import decoder_jacobians
from tfdisent.errors import UserError
from tfdisent.studies.data_pictures import observations_and_factors
from tfdisent.training import RunDirectory, split_data

__all__ = ["SCORES", "TrainedModel", "evaluate", "load_run", "score"]

_LOG = logging.getLogger(__name__)
_NUM_POINTS = 10_000
_NUM_JACOBIANS = 1_000


@dataclasses.dataclass
class TrainedModel:
    """A model with the data it is scored on.

    Attributes:
        model: a trained model.
        data: the whole data set.
        held_out: the test part where the data was split, else the whole.
        history: rows of loss terms.
        results: the loss terms on held-out observations.
        scores: {score: dict}, filled by `evaluate`.
        run: `RunDirectory` or None.
    """

    model: object
    data: object
    held_out: object
    history: list
    results: dict
    scores: dict = dataclasses.field(default_factory=dict)
    run: RunDirectory | None = None


def load_run(path):
    """The trained model of a run directory with its data, as its operative configuration names it.

    Raises:
        UserError: when there is no finished run.
    """
    from tfdisent import config

    run = RunDirectory(path)
    model = run.load_model()
    gin_file = run.model / "results" / "gin" / "train.gin"
    text = gin_file.read_text() if gin_file.exists() else ""
    if not text.strip():
        raise UserError(
            f"{path} was trained without a gin configuration, so its data has no name; score it in Python with "
            "tfdisent.studies.evaluation.evaluate."
        )
    config.parse_text(text)
    data, split = config.configured_data()
    parts = split_data(data, split)
    scores = {name: found for name in SCORES if (found := run.results(f"metrics/mean/{name}", "evaluation"))}
    return TrainedModel(
        model, data, parts.get("test", data), run.history(), run.results("model", "train") or {}, scores, run
    )


def evaluate(trained, names=None, seed=0):
    """Scores a trained model and, where it has a run directory, writes the results there.

    Args:
        trained: `TrainedModel`; its `scores` are filled.
        names: which of `SCORES`; all that apply to the model and the data unless given.
        seed: of every score's random draws.

    Returns:
        {score: dict of numbers}.

    Raises:
        UserError: for an unknown score.
    """
    for name in names or SCORES:
        if name not in SCORES:
            raise UserError(f"There is no score {name!r}; choose from {', '.join(SCORES)}.")
        started = time.monotonic()
        results = score(name, trained.model, trained.data, trained.held_out, seed)
        if results is None:
            _LOG.info(
                "%s: does not apply to %s on %s.", name, type(trained.model).__name__, trained.data.name
            )
            continue
        elapsed = time.monotonic() - started
        shown = ", ".join(f"{key} {value:.4g}" for key, value in results.items() if np.ndim(value) == 0)
        _LOG.info("%s: %s (%.1f s)", name, shown, elapsed)
        trained.scores[name] = results
        if trained.run:
            binding = {"evaluation.name": f"'{name}'", "evaluation.random_seed": str(seed)}
            trained.run.write_results(
                f"metrics/mean/{name}", "evaluation", {**results, "elapsed_time": elapsed}, binding
            )
    return trained.scores


def score(name, model, data, held_out, seed=0):
    """One score as a dict of numbers, or None where it does not apply."""
    return SCORES[name](model, data, held_out, np.random.RandomState(seed))


def _mig(model, data, held_out, random_state):
    if not _has_factors(data) or data.sample_factors(1, np.random.RandomState(0)).dtype.kind == "f":
        return None  # mutual information is counted, which real-valued factors do not allow
    return metrics.compute_mig(held_out, model.represent, random_state)


def _disentanglement_score(model, data, held_out, random_state):
    if not _has_factors(data):
        return None
    return metrics.compute_disentanglement_score(
        held_out, model.represent, random_state, num_points=_NUM_POINTS
    )


def _distance_to_orthogonality(model, data, held_out, random_state):
    if not hasattr(model, "decode"):
        return None
    observations, _ = observations_and_factors(held_out, _NUM_JACOBIANS, random_state)
    return metrics.compute_dto(decoder_jacobians(model.decode, model.represent(observations)))


def _active_units(model, data, held_out, random_state):
    means, log_vars = _posterior(model, held_out, random_state)
    return metrics.active_units(means, log_vars)


def _polarized_regime(model, data, held_out, random_state):
    means, log_vars = _posterior(model, held_out, random_state)
    return None if log_vars is None else metrics.polarized_regime(means, log_vars)


def _posterior(model, data, random_state):
    observations, _ = observations_and_factors(data, _NUM_POINTS, random_state)
    return (
        model.posterior(observations)
        if hasattr(model, "posterior")
        else (model.represent(observations), None)
    )


def _has_factors(data):
    """Whether the data has generating factors; a single label, such as MNIST's digit, is none."""
    return data.num_factors > 1


SCORES = {
    "mig": _mig,
    "disentanglement_score": _disentanglement_score,
    "distance_to_orthogonality": _distance_to_orthogonality,
    "active_units": _active_units,
    "polarized_regime": _polarized_regime,
}
