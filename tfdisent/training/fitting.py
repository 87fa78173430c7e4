"""Training: `Model.fit` with a strategy, stateless batches, checkpoints and a run directory around it."""

import contextlib
import dataclasses
import logging
import time
import uuid

import keras
import numpy as np
import tensorflow as tf

from tfdisent.checks import shown
from tfdisent.data import (
    GroundTruthData,
    as_ground_truth_data,
    checksum_of_16_observations,
    recipe,
    sixteen_observations,
    store_data,
)
from tfdisent.errors import UserError
from tfdisent.interruption import finishing_first, terminable
from tfdisent.models.base import LatentModel, LossNotFinite
from tfdisent.training import arguments
from tfdisent.training.checkpoints import Position, restore_checkpoint, what_is_kept
from tfdisent.training.device import describe_device
from tfdisent.training.model_file import check_loadable
from tfdisent.training.progress import RunCallback
from tfdisent.training.run_directory import RunDirectory
from tfdisent.training.settings_text import name_there, settings_text
from tfdisent.training.strategy import (
    agree,
    check_one_device,
    check_same_on_all_workers,
    ending_with_its_workers,
    is_chief,
    make_strategy,
)
from tfdisent.training.stream import BatchStream
from tfdisent.training.together import fit_together

__all__ = ["Run", "split_data", "train"]

_LOG = logging.getLogger(__name__)
_STEPS_PER_EXECUTION = 100
_NUM_RESULT_OBSERVATIONS = 10_000
_CHUNK = 4096  # observations looked at together


@dataclasses.dataclass
class Run:
    """A finished training run.

    Attributes:
        model: the trained model.
        history: list of {"step": ..., term: ...}.
        results: the loss terms on held-out observations (on training ones where nothing is held out).
        data: dict of the parts "train", "validation" and "test", or only "train".
        directory: `RunDirectory`; None without files, and on workers that do not write them.
        callbacks: the further callbacks of `train`.
    """

    model: LatentModel
    history: list
    results: dict
    data: dict
    directory: RunDirectory | None
    callbacks: list = dataclasses.field(default_factory=list)
    _trained: object = dataclasses.field(default=None, init=False, repr=False)

    @property
    def held_out(self):
        """The test part where the data was split, else the whole: what `evaluate` scores the model on."""
        return self.data.get("test", self.data["train"])

    def evaluate(
        self,
        names=None,
        seed=None,
        representation="mean",
        study_seeds=False,
        overwrite=False,
        progress=True,
    ):
        """Scores the model on held-out data and, where the run has a folder, writes the results there.

        The arguments, the result {score: dict of numbers} and what is raised are those of
        `tfdisent.evaluation.scoring.evaluate`, the command `tfdisent evaluate`.
        """
        from tfdisent.evaluation.scoring import evaluate

        return evaluate(self._as_trained(), names, seed, representation, study_seeds, overwrite, progress)

    def report(self):
        """Writes `report.html` with scores, pictures and loss curves into the folder of the run; returns its path."""
        from tfdisent.evaluation.reporting import report_run

        return report_run(self._as_trained())

    def _as_trained(self):
        if self._trained is None:
            from tfdisent.evaluation.scoring import trained_model

            self._trained = trained_model(self)
        return self._trained


def train(
    model,
    data,
    output=None,
    *,
    optimizer=keras.optimizers.Adam,
    steps=None,
    epochs=None,
    batch_size=64,
    seed=0,
    sampling="epochs",
    pairs=None,
    split=None,
    validation_data=None,
    strategy="auto",
    dtype="float32",
    log_every=500,
    checkpoint_every=1000,
    steps_per_execution=_STEPS_PER_EXECUTION,
    jit_compile=False,
    callbacks=(),
    overwrite=False,
    progress=True,
    **unknown,
):
    """Trains a model, or continues a run that was interrupted: the same call resumes it.

    The final weights do not depend on how often the run was interrupted, and up to rounding not on the number of
    replicas.

    Args:
        model: a model class, or a function `(observation_shape, seed=, dtype=) -> LatentModel`, such as
            `functools.partial(models.VAE, beta=4.0)`. It is called in the scope of the strategy.
        data: a `GroundTruthData`, the name of one, an array of observations, or a dict of arrays
            (`tfdisent.data.as_ground_truth_data`).
        output: folder of the run; None trains without files.
        optimizer: a Keras optimizer, of which a copy is trained with; its name, its class, or a function that makes
            one.
        steps: number of updates; or `epochs`: passes through the training part.
        batch_size: number of observations in the global batch, of pairs for a model of pairs; a multiple of the number
            of replicas.
        seed: of weights, order of the batches and noise. Several, such as (0, 1, 2), train one model each, together in
            one compiled program on one device, which for tiny models is many times faster than one after the
            other; the folders are `output/seed_<seed>`, each an ordinary run (`fit_together`).
        sampling: "epochs" or "replacement" (`BatchStream`).
        pairs: for models that learn from pairs of observations, such as `SlowVAE`: the law of `tfdisent.data.pairs`
            that says which two belong together.
        split: None to train on everything, or fractions (train, validation, test), such as (0.8, 0.1, 0.1).
        validation_data: observations to report the final loss terms on, in the forms of `data`; instead of `split`.
        strategy: "auto", "default", "mirrored", "multi_worker" (`make_strategy`).
        dtype: "float32" or "mixed_bfloat16".
        log_every: steps between two lines of the history.
        checkpoint_every: steps between two checkpoints; a multiple of `log_every`, else the next one is taken.
        steps_per_execution: steps between two visits to Python, on one device.
        jit_compile: XLA, on one device.
        callbacks: further Keras callbacks, or functions `Run -> callback or None` that make one for each run, such as
            `watch_polarized_regime`, which several seeds need; one may be given by itself. An epoch is to them an
            interval of `log_every` steps. One that ends training early ends the run: it counts as finished.
        overwrite: delete another run that lies in `output`.
        progress: show a bar.

    Returns:
        A `Run`; a list of them for several seeds.

    Raises:
        UserError: for settings that make no run, a folder that holds another one, and a loss that is not finite.
    """
    arguments.refuse_unknown(unknown, train)
    arguments.check_settings(
        output=output,
        batch_size=batch_size,
        sampling=sampling,
        dtype=dtype,
        log_every=log_every,
        checkpoint_every=checkpoint_every,
        steps_per_execution=steps_per_execution,
        jit_compile=jit_compile,
        overwrite=overwrite,
        progress=progress,
    )
    model, callbacks = arguments.model_factory(model), arguments.list_of_callbacks(callbacks)
    seeds, together = arguments.list_of_seeds(seed)
    data = as_ground_truth_data(data)
    parts = _parts(data, split, validation_data)
    streams = [BatchStream(parts["train"], batch_size, each, sampling, pairs=pairs) for each in seeds]
    steps = arguments.number_of_steps(steps, epochs, streams[0])
    with ending_with_its_workers(), terminable(), contextlib.ExitStack() as locks:
        if together:
            check_one_device(strategy, "Several seeds are trained together")
        strategy = None if together else make_strategy(strategy)
        distributed = strategy is not None and strategy.num_replicas_in_sync > 1
        if distributed:
            _check_replicas(strategy.num_replicas_in_sync, batch_size, jit_compile)
        log_every = min(log_every, steps)
        with strategy.scope() if strategy else contextlib.nullcontext():
            models = [arguments.build_model(model, data.observation_shape, each, dtype) for each in seeds]
            for built, stream in zip(models, streams, strict=True):
                built.begin_training(batch_size, parts["train"].size)
                built.check_pairs(data, pairs)
                if built.needs_labels:
                    if pairs is None:
                        built.check_labels(data)
                    stream.with_labels = True
                built.compile(
                    optimizer=arguments.make_optimizer(optimizer),
                    steps_per_execution=_divisor(log_every, steps_per_execution),
                    jit_compile=jit_compile,
                )
        steps = models[0].num_updates(steps)
        _check_range(models[0], parts["train"], everything=jit_compile or together)
        if is_chief():
            _LOG.info(
                "%s Device: %s.", _describe(data, parts, streams[0], steps, len(seeds)), describe_device()
            )

        settings = {"steps": steps, "batch_size": batch_size, "sampling": sampling, "dtype": dtype}
        settings["split"] = list(split) if split else None
        settings["pairs"] = None if pairs is None else {"law": type(pairs).__name__, **pairs.settings()}
        started = time.monotonic()
        runs, recorders = [], []
        for each, built in zip(seeds, models, strict=True):
            folder = f"{output}/seed_{each}" if together and output is not None else output
            run = Run(built, [], {}, parts, RunDirectory(folder) if folder is not None else None)
            first, last = _claim_and_restore(run, data, strategy, overwrite, locks, seed=each, **settings)
            run.callbacks = arguments.callbacks_of_run(callbacks, run, together)
            show = progress and not runs
            recorders.append(
                RunCallback(
                    first, last, run.directory, run.history, checkpoint_every, is_chief(), show, run.callbacks
                )
            )
            runs.append(run)

        try:
            with finishing_first():
                if together:
                    fit_together(models, streams, log_every, recorders)
                else:
                    _fit(models[0], streams[0], log_every, strategy if distributed else None, recorders[0])
        except LossNotFinite as error:
            raise _with_terms(models[0], streams[0], runs[0].directory) from error
        finally:
            for recorder in recorders:
                recorder.close()

        held_out = parts.get("validation", parts["train"])
        for run, recorder in zip(runs, recorders, strict=True):
            run.results.update(
                **_evaluate(run.model, held_out, batch_size, pairs),
                global_step=recorder.step,
                elapsed_time=_elapsed_time(run, started),
                uuid=str(uuid.uuid4()),
            )
            if is_chief():
                _say_if_not_finite(run, held_out)
            if run.directory and is_chief():
                run.directory.save_model(run.model)
                config = settings_text(run.directory.asked(), recipe(data)[0])
                run.directory.write_results("model", "train", run.results, config | name_there(run.model))
            if not is_chief():
                run.directory = None
    return runs if together else runs[0]


def split_data(data, fractions):
    """The parts of a data set: {"train": all} or {"train", "validation", "test"}; always the same ones.

    Args:
        data: a `GroundTruthData`.
        fractions: None, or three numbers that add up to 1.

    Raises:
        UserError: when the fractions are none, or the set cannot be enumerated.
    """
    if not isinstance(data, GroundTruthData):
        raise UserError(f"Only a GroundTruthData can be split. Received: {shown(data)}.")
    if fractions is None:
        return {"train": data}
    names = ("train", "validation", "test")
    if not isinstance(fractions, (tuple, list)) or len(fractions) != len(names):
        raise UserError(f"split must be None or fractions for {', '.join(names)}. Received: {fractions!r}.")
    return dict(zip(names, data.split(fractions), strict=True))


def _parts(data, split, validation_data):
    """{"train": ..., and what is held out}."""
    if validation_data is None:
        return split_data(data, split)
    if split is not None:
        raise UserError("Give either split or validation_data, not both.")
    held_out = as_ground_truth_data(validation_data)
    if tuple(held_out.observation_shape) != tuple(data.observation_shape):
        raise UserError(
            f"validation_data must have observations of shape {tuple(data.observation_shape)}, as data has. "
            f"Received: shape {tuple(held_out.observation_shape)}."
        )
    return {"train": data, "validation": held_out}


def _divisor(number, limit):
    """The largest divisor of `number` up to `limit`."""
    return max(n for n in range(1, min(number, limit) + 1) if number % n == 0)


def _describe(data, parts, stream, steps, num_seeds):
    text = f"{data.name}: {data.source}."
    if len(parts) > 1:
        shares = "/".join(f"{round(100 * part.size / data.size)}" for part in parts.values())
        sizes = ", ".join(f"{part.size:,} {name}" for name, part in parts.items())
        text += f" {data.size:,} observations, split {shares}: {sizes}."
    passes = f" ({steps / stream.steps_per_epoch:.4g} passes)" if stream.steps_per_epoch else ""
    models = f" for each of {num_seeds} models together" if num_seeds > 1 else ""
    return f"{text} {steps:,} steps of {stream.batch_size}{passes}{models}."


def _check_replicas(replicas, batch_size, jit_compile):
    if jit_compile:
        raise UserError(
            f"jit_compile works on one device, not on the {replicas} replicas here; leave it out, or pass "
            "strategy='default' without TF_CONFIG. Received: jit_compile=True."
        )
    if batch_size % replicas:
        raise UserError(f"batch_size must be a multiple of the {replicas} replicas. Received: {batch_size}.")


def _check_range(model, data, everything):
    """Refuses observations that the model's cost cannot take, before the first step.

    A step checks its own batch; a program compiled by XLA checks nothing, hence `everything`.
    """
    if not model.takes_unit_interval:
        return
    if everything and data.size:
        starts = range(0, data.size, _CHUNK)
        parts = (data.observations(np.arange(i, min(i + _CHUNK, data.size))) for i in starts)
    else:
        parts = [sixteen_observations(data)]
    for part in parts:
        if part.dtype == np.uint8:
            return
        model.check_range(float(part.min()), float(part.max()))


def _elapsed_time(run, started):
    """Seconds of all lives of a run, this one included."""
    if run.directory is None or not is_chief():
        return time.monotonic() - started
    run.directory.lives.save()
    return run.directory.lives.seconds()


def _claim_and_restore(run, data, strategy, overwrite, locks, **settings):
    """Takes the run's folder, if there is one, and loads what lies there.

    Returns:
        The `Position` of the run, and the step at which it ends, which is earlier than asked where a callback ended
        it.
    """
    steps = settings["steps"]
    asked = {
        "model": _configuration(run.model),
        "optimizer": _configuration(run.model.optimizer),
        "data": {
            "name": data.name,
            "observation_shape": list(data.observation_shape),
            "size": data.size,
            "checksum_of_16_observations": checksum_of_16_observations(data),
        },
        **settings,
    }
    check_same_on_all_workers(
        strategy, "run", asked, "start the same command with the same data on all of them"
    )
    if run.directory is None:
        return Position(), steps
    check_loadable(run.model)
    error = None
    if is_chief():
        try:
            locks.enter_context(run.directory.locked())
            run.directory.claim(asked, overwrite)
            store_data(data, run.directory.model)
        except UserError as problem:
            error = problem
    if not agree(strategy, error is None):
        raise error or UserError(
            "The chief worker could not take the folder of the run; its message says why."
        )
    first = restore_checkpoint(run.model, run.directory.checkpoints)
    check_same_on_all_workers(
        strategy, "checkpoint", first.step, "let all of them reach the folder of the run"
    )
    run.history = run.directory.history(until=first.since, columns=run.model.terms)
    if first.since and (not run.history or run.history[-1]["step"] < first.since):
        _LOG.warning(
            "%s has no line of step %s; the history goes on without what is missing.",
            run.directory.model / "history.csv",
            f"{first.since:,}",
        )
    if first.step and is_chief():
        _LOG.info("Continuing at step %s of %s.", f"{first.step:,}", f"{steps:,}")
    ended = run.directory.ended()
    if ended and ended["steps"] == steps and ended["step"] == first.step:
        if is_chief():
            _LOG.info("The run ended at step %s: %s.", f"{first.step:,}", ended["reason"])
        return first, first.step
    if first.step < steps and is_chief():
        run.directory.lives.begin(first.step)
    return first, steps


def _configuration(keras_object):
    """Class and arguments of a Keras object, without the name that Keras counts up."""
    config = {key: value for key, value in keras_object.get_config().items() if key != "name"}
    return {"class": type(keras_object).__name__, **config}


def _fit(model, stream, log_every, strategy, recorder):
    begun = recorder.rest_of_interval(log_every)
    whole, rest = divmod(recorder.steps - recorder.step - begun, log_every)
    for intervals, length in ((1 if begun else 0, begun), (whole, log_every), (1 if rest else 0, rest)):
        if not intervals or recorder.has_ended:
            continue
        start = recorder.step
        recorder.start_interval(length)
        model.fit(
            _dataset(stream, start, start + intervals * length, strategy),
            epochs=intervals,
            steps_per_epoch=length,
            callbacks=[recorder, *recorder.others],
            shuffle=False,
            verbose=0,
        )
        if model.stop_training:
            recorder.end_early()


def _dataset(stream, first, last, strategy):
    if strategy is None:
        return stream.dataset(first, last)

    def of_worker(context):
        return stream.dataset(
            first, last, context.num_replicas_in_sync, context.input_pipeline_id, context.num_input_pipelines
        )

    return strategy.distribute_datasets_from_function(of_worker)


def _evaluate(model, data, batch_size, pairs):
    """The terms on up to 10,000 held-out observations or pairs, without noise from a strategy."""
    size = _NUM_RESULT_OBSERVATIONS
    if data.enumerable:
        size = data.size if pairs is None else pairs.size(data)
    count = max(1, min(size, _NUM_RESULT_OBSERVATIONS) // batch_size)
    stream = BatchStream(
        data, min(batch_size, size), model.seed + 1, with_labels=model.needs_labels, pairs=pairs
    )
    batches = (tf.nest.map_structure(tf.constant, stream.batch(step)) for step in range(count))
    losses = tf.function(lambda batch: model.losses(*model.inputs(batch), training=False))
    first = tf.nest.map_structure(
        tf.TensorSpec.from_tensor, tf.nest.map_structure(tf.constant, stream.batch(0))
    )
    losses = losses.get_concrete_function(
        first
    )  # of one model: TensorFlow would take the next one for a retracing
    totals = [losses(batch) for batch in batches]
    return {term: float(sum(float(total[term]) for total in totals) / count) for term in model.terms}


def _say_if_not_finite(run, held_out):
    """Warns of a loss on held-out observations that is no number, which training does not look at."""
    wrong = [term for term in run.model.terms if not np.isfinite(run.results[term])]
    if wrong:
        shown = ", ".join(f"{term} {run.results[term]:g}" for term in wrong)
        _LOG.warning("The loss of the trained model on %s is not finite: %s.", held_out.source, shown)


def _with_terms(model, stream, directory):
    """The sentence for a loss that is not finite, with the step, the terms, and where it goes on."""
    for step in (max(int(model.step) - 1, 0), int(model.step)):  # the counter may have run ahead of the check
        model.optimizer.iterations.assign(step)
        terms = model.losses(*model.inputs(stream.batch(step)), training=True)
        if not all(np.isfinite(float(value)) for value in terms.values()):
            break
    shown = ", ".join(f"{name} {float(value):g}" for name, value in terms.items())
    kept = what_is_kept(directory and directory.checkpoints)
    return UserError(f"The loss is not finite at step {step:,} ({shown}); lower the learning rate.{kept}")
