"""Scores of a trained model on its data, and of a run in its folder."""

import contextlib
import dataclasses
import functools
import logging
import time
import uuid

import numpy as np

from tfdisent.checks import truth, whole_number
from tfdisent.data import as_ground_truth_data, checksum_of_16_observations, load_data
from tfdisent.data.recipes import DataNotStoredError
from tfdisent.errors import UserError
from tfdisent.evaluation.aggregation import aggregate
from tfdisent.evaluation.encoding import Encoder, fingerprint
from tfdisent.evaluation.heartbeat import heartbeat
from tfdisent.evaluation.main_values import main_values
from tfdisent.evaluation.scores import applies, find_scores, postprocess_seed
from tfdisent.training import RunDirectory, split_data

__all__ = ["ScoresFailed", "TrainedModel", "evaluate", "load_run", "trained_model"]

_LOG = logging.getLogger(__name__)


class ScoresFailed(UserError):
    """Some scores could not be computed; the others have been."""


@dataclasses.dataclass
class TrainedModel:
    """A model with the data it is scored on.

    Attributes:
        model: a trained model.
        data: the whole data set.
        held_out: the test part where the data was split, else the whole.
        history: rows of loss terms.
        results: the loss terms on held-out observations.
        scores: {score: dict}, filled by `evaluate`; a score of the sampled representation is "sampled/<score>".
        run: `RunDirectory` or None.
    """

    model: object
    data: object
    held_out: object
    history: list
    results: dict
    scores: dict = dataclasses.field(default_factory=dict)
    run: RunDirectory | None = None
    _encoders: dict = dataclasses.field(default_factory=dict, init=False, repr=False)


def load_run(path, data=None, trust=()):
    """The trained model of a run directory with its data.

    The data is made as `model/data.json` says, which calls only what `tfdisent.data` exports; where that was no way to
    make it, as the operative configuration of the run says. Its `scores` are all that lie there and are of this model.

    Args:
        path: folder of a run that has finished.
        data: what it was trained on, for a run that does not say how that is made; any that `training.train` takes.
        trust: modules, beside tfdisent and keras, whose classes the model may have, by name or file
            (`tfdisent.modules.import_trusted`). A model or layer that this program has defined or imported needs none.

    Raises:
        UserError: when there is no finished run, its data is not found or is not what it was trained on, or its model
            or configuration uses what it may not.
    """
    run = RunDirectory(path)
    text = _gin_text_of(run)
    model, asked = run.load_model(trust), run.asked()
    data = as_ground_truth_data(_data_of(run, text, trust) if data is None else data)
    _check_trained_on(run, asked, data)
    held_out = split_data(data, asked.get("split")).get("test", data)
    return _with_scores(
        TrainedModel(model, data, held_out, run.history(), run.results("model", "train") or {}, run=run)
    )


def trained_model(run):
    """The `TrainedModel` of a `tfdisent.training.Run`, with the scores that lie in its folder."""
    whole = getattr(run.held_out, "data", run.held_out) if len(run.data) > 1 else run.held_out
    trained = TrainedModel(run.model, whole, run.held_out, run.history, run.results, run=run.directory)
    return _with_scores(trained) if run.directory else trained


def _gin_text_of(run):
    """The operative configuration of a run as bytes, b"" for one made in Python."""
    path = run.model / "results" / "gin" / "train.gin"
    return path.read_bytes() if path.is_file() else b""


def _data_of(run, text, trust):
    """The data of a run, as its folder says."""
    try:
        if (data := load_data(run.model)) is not None:
            return data
    except DataNotStoredError:  # of a class of the person's own, which the configuration may name
        if not text.strip():
            raise
    if not text.strip():
        raise UserError(
            f"{run.path} does not say how its data is made; give it in Python: "
            "tfdisent.evaluation.load_run(path, data=...)."
        )
    from tfdisent import config

    config.parse_text(text, trust, f"in {run.path}")
    return config.configured_data()[0]


def _check_trained_on(run, asked, data):
    """Raises a `UserError` unless `data` is what the run was trained on."""
    there = asked.get("data")
    if not isinstance(there, dict):
        raise UserError(
            f"{run.model / 'run.json'} does not say what the run was trained on; repeat its train command."
        )
    ours = {"observation_shape": list(data.observation_shape), "size": data.size}
    for key, value in ours.items():
        if there.get(key) != value:
            raise UserError(
                f"The data is not what {run.path} was trained on: {key} was {there.get(key)!r} and is {value!r}."
            )
    if there.get("checksum_of_16_observations") != checksum_of_16_observations(data):
        raise UserError(
            f"The data is not what {run.path} was trained on: 16 observations of it differ, though name or size agree; "
            f"give what it was trained on. Received: {data.name}: {data.source[:80]}."
        )


def _with_scores(trained):
    """`trained` with the scores that lie in its run and are of this model and data."""
    run, mark = trained.run, fingerprint(trained.model, trained.held_out)
    for representation, name in run.scored():
        asked = run.asked_for(_folder(representation, name))
        if asked is None or asked["fingerprint"] == mark:
            trained.scores[_key(representation, name)] = _found(run, representation, name)
    return trained


def writing_alone(function):
    """A function of a `TrainedModel` that works inside the lock of its run, where it has one."""

    @functools.wraps(function)
    def locked(trained, *arguments, **settings):
        with trained.run.locked() if trained.run else contextlib.nullcontext():
            return function(trained, *arguments, **settings)

    return locked


@writing_alone
def evaluate(
    trained,
    names=None,
    seed=None,
    representation="mean",
    study_seeds=False,
    overwrite=False,
    progress=True,
):
    """Scores a trained model and, where it has a run directory, writes the results there.

    Codes are computed once where the data can be numbered (`CodeTable`), and a score that lies in the run directory
    with the same settings, seed, representation, model and data is not computed again.

    Args:
        trained: `TrainedModel`; its `scores` are filled.
        names: names of scores (`tfdisent.evaluation.scores.find_scores`): of gin_configs/metrics, of gin files, "study"
            or "all". Unless given, all of `DEFAULT` that apply to the model and the data.
        seed: of every score's random draws; None for those of the gin files, which are 0.
        representation: "mean", or "sampled" from the posterior.
        study_seeds: the seeds of disentanglement_lib's unsupervised_study_v1, with which its published scores were
            computed.
        overwrite: compute scores that are there again.
        progress: show bars, and that a long score is at work.

    Returns:
        {score: dict of numbers}.

    Raises:
        UserError: for an unknown score, representation, or seed; nothing is computed then.
        ScoresFailed: at the end, when scores failed; it names them with their reasons.
    """
    if seed is not None:
        seed = whole_number("seed", seed, 0, 2**32 - 1)
    for name, value in {"study_seeds": study_seeds, "overwrite": overwrite, "progress": progress}.items():
        truth(name, value)
    scores = find_scores(names, representation, seed, study_seeds)
    noise_seed = postprocess_seed(representation, study_seeds)
    encoder = _encoder(trained, trained.held_out, representation, progress)
    if trained.run:
        _postprocess(trained, representation, noise_seed, encoder.mark)
    failed = {}
    for number, score in enumerate(scores, 1):
        title = f"[{number}/{len(scores)}] {score.name}"
        if names is None and not applies(score, trained.held_out):
            _say_no(title, trained)
            continue
        try:
            data = trained.held_out if score.data is None else score.data
            own = encoder if score.data is None else _encoder(trained, data, representation, progress)
            _evaluate_one(trained, score, title, own, data, representation, noise_seed, overwrite, progress)
        except Exception as error:  # a score that fails must not take the others with it
            failed[score.name] = f"{error}" if isinstance(error, UserError) else _in_a_sentence(error)
            _LOG.warning("%s: failed: %s", title, failed[score.name])
        finally:
            encoder.save()
    if trained.run and trained.run.scored():
        aggregate([trained.run.path], trained.run.path / "metrics" / "aggregated_results.json")
    if failed:
        reasons = "; ".join(f"{name} ({reason.rstrip('.')})" for name, reason in failed.items())
        raise ScoresFailed(f"{len(failed)} of {len(scores)} scores failed: {reasons}.")
    return trained.scores


def _evaluate_one(trained, score, title, encoder, data, representation, noise_seed, overwrite, progress):
    bindings = score.bindings | {
        "dataset.name": repr(data.name),
        "evaluation.name": repr(score.name),
        "evaluation.random_seed": str(score.seed),
    }
    asked = {"fingerprint": encoder.mark, "bindings": bindings}
    if representation == "sampled":
        asked["noise_seed"] = noise_seed
    there = None if overwrite or not trained.run else _found(trained.run, representation, score.name, asked)
    if there is not None:
        _LOG.info("%s: %s (there already)", title, _shown(there))
        trained.scores[_key(representation, score.name)] = there
        return
    started = time.monotonic()
    with heartbeat(title, progress):
        random_state = np.random.RandomState(score.seed)
        if score.of_model:
            results = score.of_model(trained.model, data, random_state)
        else:
            function = encoder.representation_function(noise_seed, score.seed)
            artifacts = trained.run and str(
                trained.run.path / "postprocessed" / representation / "artifacts" / score.name
            )
            results = score.of_codes(encoder.data, function, random_state, artifact_dir=artifacts)
    if results is None:
        _say_no(title, trained)
        return
    elapsed = time.monotonic() - started
    _LOG.info("%s: %s (%.1f s)", title, _shown(results), elapsed)
    trained.scores[_key(representation, score.name)] = results
    if trained.run:
        trained.run.write_results(
            _folder(representation, score.name),
            "evaluation",
            {**results, "elapsed_time": elapsed, "uuid": str(uuid.uuid4())},
            bindings,
            _gin_text(bindings),
            f"postprocessed/{representation}",
            asked,
        )


def _postprocess(trained, representation, seed, mark):
    """Writes the results of disentanglement_lib's second step, unless they are there."""
    folder = f"postprocessed/{representation}"
    bindings = {
        "dataset.name": repr(trained.held_out.name),
        "postprocess.name": repr(representation),
        "postprocess.postprocess_fn": f"@{representation}_representation",
        "postprocess.random_seed": str(seed),
    }
    asked = {"fingerprint": mark, "bindings": bindings}
    if not trained.run.results(folder, "postprocess", asked):
        results = {"elapsed_time": 0.0, "uuid": str(uuid.uuid4())}
        trained.run.write_results(
            folder, "postprocess", results, bindings, _gin_text(bindings), "model", asked
        )


def _encoder(trained, data, representation, progress):
    """The encoder of the model as it is now, from before where nothing has changed."""
    known = trained._encoders.get(representation)
    if known and known.mark == fingerprint(trained.model, data):
        return known
    encoder = Encoder(trained.model, data, representation, progress)
    if data is trained.held_out:
        trained._encoders[representation] = encoder
        if trained.run:
            encoder.keep_at(trained.run.path / "postprocessed" / representation / "codes.npz")
    return encoder


def _found(run, representation, name, asked=None):
    """The results of a score that lie in the run, or None."""
    results = run.results(_folder(representation, name), "evaluation", asked)
    return results and {key: value for key, value in results.items() if key not in ("elapsed_time", "uuid")}


def _folder(representation, name):
    return f"metrics/{representation}/{name}"


def _key(representation, name):
    return name if representation == "mean" else f"{representation}/{name}"


def _say_no(title, trained):
    _LOG.info("%s: does not apply to %s on %s.", title, type(trained.model).__name__, trained.held_out.name)


def _shown(results):
    return ", ".join(f"{key} {value:.4g}" for key, value in main_values(results).items())


def _gin_text(bindings):
    return "".join(f"{name} = {value}\n" for name, value in bindings.items())


def _in_a_sentence(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
