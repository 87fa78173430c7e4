"""Training: `Model.fit` with a strategy, stateless batches, checkpoints and a run directory around it."""

import contextlib
import dataclasses
import logging
import time
import uuid
import zlib

import keras
import numpy as np
import tensorflow as tf

from tfdisent.data import as_ground_truth_data, get_named_ground_truth_data, sixteen_observations
from tfdisent.errors import UserError
from tfdisent.models.base import LatentModel
from tfdisent.training.checkpoints import restore_checkpoint
from tfdisent.training.progress import RunCallback
from tfdisent.training.run_directory import RunDirectory
from tfdisent.training.strategy import (
    agree,
    check_one_device,
    check_same_on_all_workers,
    ends_with_its_workers,
    is_chief,
    make_strategy,
)
from tfdisent.training.stream import BatchStream
from tfdisent.training.together import fit_together

__all__ = ["Run", "split_data", "train"]

_LOG = logging.getLogger(__name__)
_STEPS_PER_EXECUTION = 100
_NUM_RESULT_OBSERVATIONS = 10_000


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


@ends_with_its_workers
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
    split=None,
    strategy="auto",
    dtype="float32",
    log_every=500,
    checkpoint_every=1000,
    steps_per_execution=_STEPS_PER_EXECUTION,
    jit_compile=False,
    callbacks=(),
    overwrite=False,
    progress=True,
):
    """Trains a model, or continues a run that was interrupted: the same call resumes it.

    The final weights do not depend on how often the run was interrupted, and up to rounding not on the number of
    replicas.

    Args:
        model: a model class, or a function `(observation_shape, seed=, dtype=) -> LatentModel`. It is called in the
            scope of the strategy.
        data: a `GroundTruthData`, the name of one, an array of observations, or a dict of arrays
            (`tfdisent.data.as_ground_truth_data`).
        output: folder of the run; None trains without files.
        optimizer: a Keras optimizer class, or a function that makes one.
        steps: number of updates; or `epochs`: passes through the training part.
        batch_size: number of observations in the global batch, a multiple of the number of replicas.
        seed: of weights, order of the batches and noise. Several, such as (0, 1, 2), train one model each, together in
            one compiled program on one device, which for tiny models is many times faster than one after the
            other; the folders are `output/seed_<seed>`, each an ordinary run (`fit_together`).
        sampling: "epochs" or "replacement" (`BatchStream`).
        split: None to train on everything, or fractions (train, validation, test), such as (0.8, 0.1, 0.1).
        strategy: "auto", "default", "mirrored", "multi_worker" (`make_strategy`).
        dtype: "float32" or "mixed_bfloat16".
        log_every: steps between two lines of the history.
        checkpoint_every: steps between two checkpoints; a multiple of `log_every`, else the next one is taken.
        steps_per_execution: steps between two visits to Python, on one device.
        jit_compile: XLA, on one device.
        callbacks: further Keras callbacks, or functions `Run -> callback or None` that make one for each run, such as
            `watch_polarized_regime`, which several seeds need; an epoch is to them an interval of `log_every` steps.
        overwrite: delete another run that lies in `output`.
        progress: show a bar.

    Returns:
        A `Run`; a list of them for several seeds.

    Raises:
        UserError: for settings that make no run, a folder that holds another one, and a loss that is not finite.
    """
    _check_counts(
        log_every=log_every, checkpoint_every=checkpoint_every, steps_per_execution=steps_per_execution
    )
    data = get_named_ground_truth_data(data) if isinstance(data, str) else as_ground_truth_data(data)
    parts = split_data(data, split)
    together = isinstance(seed, (tuple, list, range))
    seeds = _check_seeds(seed) if together else (seed,)
    streams = [BatchStream(parts["train"], batch_size, each, sampling) for each in seeds]
    steps = _number_of_steps(steps, epochs, streams[0])
    if together:
        strategy = check_one_device(strategy, "Several seeds are trained together")
    else:
        strategy = make_strategy(strategy)
    distributed = strategy is not None and strategy.num_replicas_in_sync > 1
    if distributed and jit_compile:
        raise UserError(
            f"jit_compile works on one device, not on the {strategy.num_replicas_in_sync} replicas here; leave it out, "
            "or pass strategy='default' without TF_CONFIG. Received: jit_compile=True."
        )
    if batch_size % (strategy.num_replicas_in_sync if distributed else 1):
        raise UserError(
            f"batch_size must be a multiple of the {strategy.num_replicas_in_sync} replicas. Received: {batch_size}."
        )
    log_every = min(log_every, steps)
    models = []
    with strategy.scope() if strategy else contextlib.nullcontext():
        for each in seeds:
            models.append(model(observation_shape=tuple(data.observation_shape), seed=each, dtype=dtype))
            models[-1].begin_training(batch_size, parts["train"].size)
            if models[-1].needs_labels:
                models[-1].check_labels(data)
                streams[len(models) - 1].with_labels = True
            models[-1].compile(
                optimizer=_make_optimizer(optimizer),
                steps_per_execution=_divisor(log_every, steps_per_execution),
                jit_compile=jit_compile,
            )
    steps = models[0].num_updates(steps)
    if is_chief():
        _LOG.info(_describe(data, parts, streams[0], steps, len(seeds)))

    settings = {"steps": steps, "batch_size": batch_size, "sampling": sampling, "dtype": dtype}
    settings["split"] = list(split) if split else None
    started = time.monotonic()
    runs, callbacks_of_runs = [], []
    for each, built in zip(seeds, models, strict=True):
        folder = f"{output}/seed_{each}" if together and output is not None else output
        run = Run(built, [], {}, parts, RunDirectory(folder) if folder is not None else None)
        first = _claim_and_restore(run, data, strategy, overwrite, seed=each, **settings)
        run.callbacks = _callbacks(callbacks, run, together)
        show = progress and not runs
        callbacks_of_runs.append(
            RunCallback(
                first, steps, run.directory, run.history, checkpoint_every, is_chief(), show, run.callbacks
            )
        )
        runs.append(run)

    try:
        if together:
            fit_together(models, streams, steps, log_every, callbacks_of_runs)
        else:
            own = strategy if distributed else None
            _fit(models[0], streams[0], steps, log_every, own, callbacks_of_runs[0])
    except tf.errors.InvalidArgumentError as error:
        raise _not_finite(error, models[0], streams[0], runs[0].directory) from error
    finally:
        for callback in callbacks_of_runs:
            callback.close()

    held_out = parts.get("validation", parts["train"])
    for run, each in zip(runs, seeds, strict=True):
        run.results.update(
            **_evaluate(run.model, held_out, batch_size, each),
            global_step=steps,
            elapsed_time=time.monotonic() - started,
            uuid=str(uuid.uuid4()),
        )
        if run.directory and is_chief():
            run.directory.save_model(run.model)
            run.directory.write_results("model", "train", run.results)
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
    if fractions is None:
        return {"train": data}
    names = ("train", "validation", "test")
    if not isinstance(fractions, (tuple, list)) or len(fractions) != len(names):
        raise UserError(f"split must be None or fractions for {', '.join(names)}. Received: {fractions!r}.")
    return dict(zip(names, data.split(fractions), strict=True))


def _number_of_steps(steps, epochs, stream):
    _check_counts(steps=steps, epochs=epochs)
    if (steps is None) == (epochs is None):
        raise UserError(f"Give either steps or epochs. Received: steps={steps!r}, epochs={epochs!r}.")
    if epochs is None:
        return steps
    if stream.steps_per_epoch is None:
        raise UserError(f"{stream.data.name} is drawn without end; give steps instead of epochs.")
    return epochs * stream.steps_per_epoch


def _check_seeds(seeds):
    if not seeds or len(set(seeds)) < len(seeds) or any(not isinstance(s, int) or s < 0 for s in seeds):
        raise UserError(
            f"seed must be a whole number, 0 or larger, or several different ones. Received: {seeds!r}."
        )
    return tuple(seeds)


def _check_counts(**counts):
    for name, value in counts.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise UserError(f"{name} must be a whole number, 1 or larger. Received: {value!r}.")


def _make_optimizer(optimizer):
    try:
        return optimizer()
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"The optimizer cannot be made: {reason} Received: {optimizer!r}.") from error


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


def _claim_and_restore(run, data, strategy, overwrite, **settings):
    """Takes the run's folder, if there is one, and loads what lies there; returns the step at which it stands."""
    asked = {
        "model": _configuration(run.model),
        "optimizer": _configuration(run.model.optimizer),
        "data": {
            "name": data.name,
            "observation_shape": list(data.observation_shape),
            "size": data.size,
            "checksum_of_16_observations": zlib.crc32(
                np.ascontiguousarray(sixteen_observations(data)).tobytes()
            ),
        },
        **settings,
    }
    check_same_on_all_workers(
        strategy, "run", asked, "start the same command with the same data on all of them"
    )
    if run.directory is None:
        return 0
    error = None
    if is_chief():
        try:
            run.directory.claim(asked, overwrite)
        except UserError as problem:
            error = problem
    if not agree(strategy, error is None):
        raise error or UserError(
            "The chief worker could not take the folder of the run; its message says why."
        )
    first = restore_checkpoint(run.model, run.directory.checkpoints)
    check_same_on_all_workers(strategy, "checkpoint", first, "let all of them reach the folder of the run")
    run.history = run.directory.history(until=first)
    if first and is_chief():
        _LOG.info("Continuing at step %s of %s.", f"{first:,}", f"{settings['steps']:,}")
    return first


def _configuration(keras_object):
    """Class and arguments of a Keras object, without the name that Keras counts up."""
    config = {key: value for key, value in keras_object.get_config().items() if key != "name"}
    return {"class": type(keras_object).__name__, **config}


def _callbacks(given, run, together):
    """The further callbacks of one run."""
    made = []
    for callback in given:
        if isinstance(callback, keras.callbacks.Callback):
            if together:
                raise UserError(
                    "Several seeds need a callback each; give a function of the run that makes it. "
                    f"Received: {type(callback).__name__}."
                )
        elif callable(callback):
            callback = callback(run)
        else:
            raise UserError(
                f"callbacks are Keras callbacks, or functions that make one. Received: {callback!r}."
            )
        made += [callback] if callback is not None else []
    return made


def _fit(model, stream, steps, log_every, strategy, callback):
    whole, rest = divmod(steps - callback.step, log_every)
    for intervals, length in ((whole, log_every), (1 if rest else 0, rest)):
        if not intervals:
            continue
        start = callback.step
        callback.start_interval(length)
        model.fit(
            _dataset(stream, start, start + intervals * length, strategy),
            epochs=intervals,
            steps_per_epoch=length,
            callbacks=[callback, *callback.others],
            shuffle=False,
            verbose=0,
        )


def _dataset(stream, first, last, strategy):
    if strategy is None:
        return stream.dataset(first, last)

    def of_worker(context):
        return stream.dataset(
            first, last, context.num_replicas_in_sync, context.input_pipeline_id, context.num_input_pipelines
        )

    return strategy.distribute_datasets_from_function(of_worker)


def _evaluate(model, data, batch_size, seed):
    """The terms on up to 10,000 held-out observations, without noise from a strategy."""
    size = data.size if data.enumerable else _NUM_RESULT_OBSERVATIONS
    count = max(1, min(size, _NUM_RESULT_OBSERVATIONS) // batch_size)
    stream = BatchStream(data, min(batch_size, size), seed + 1, with_labels=model.needs_labels)
    losses = tf.function(lambda batch: model.losses(*model.inputs(batch), training=False))
    totals = [losses(tf.nest.map_structure(tf.constant, stream.batch(step))) for step in range(count)]
    return {term: float(sum(float(total[term]) for total in totals) / count) for term in model.terms}


def _not_finite(error, model, stream, run):
    """The sentence for a loss that is not finite; other errors are raised as they are."""
    if "The loss is not finite" not in str(error):
        return error
    for step in (max(int(model.step) - 1, 0), int(model.step)):  # the counter may have run ahead of the check
        model.optimizer.iterations.assign(step)
        terms = model.losses(*model.inputs(stream.batch(step)), training=True)
        if not all(np.isfinite(float(value)) for value in terms.values()):
            break
    shown = ", ".join(f"{name} {float(value):g}" for name, value in terms.items())
    kept = f" The last good checkpoint is kept in {run.checkpoints}." if run else ""
    return UserError(f"The loss is not finite at step {step:,} ({shown}); lower the learning rate.{kept}")
