"""What one process does to make runs: train, score, measure, and write the results."""

import contextlib
import logging
import time

from tfdisent.errors import UserError
from tfdisent.lock import Locked
from tfdisent.studies.run_state import RunState

__all__ = ["CLAIMED", "make_runs"]

_LOG = logging.getLogger(__name__)
CLAIMED = "claimed"
_STEPS = "training.train.steps"
_PROGRESS_EVERY = 2.0  # seconds


def make_runs(planned, folder, show=False):
    """Makes runs of one configuration, continued where an earlier process left them.

    Runs that are done are left alone. Several differ in their seed only and are `PlannedRun.together`.

    Args:
        planned: list of `PlannedRun`.
        folder: of the runs.
        show: whether to show bars.

    Returns:
        None, or `CLAIMED` where another process makes one of them.

    Raises:
        UserError: for what the person can mend, and a loss that is not finite.
    """
    states = [state for state in (RunState(folder, each) for each in planned) if not state.is_done()]
    try:
        with contextlib.ExitStack() as claims:
            for state in states:
                claims.enter_context(state.claim)
            for state in states:
                state.remove_leftovers()
            states = [state for state in states if not state.is_done()]
            if states:
                _make(states, show)
    except Locked as error:  # also where this process stood still and the run has been taken over
        _LOG.info("%s", error)
        return CLAIMED
    return None


def _make(states, show):
    started = time.monotonic()  # before TensorFlow is imported
    from tfdisent import config
    from tfdisent.evaluation import evaluate, load_run

    first = states[0].planned
    bindings = first.bindings if first.together else first.all_bindings()
    config.parse(first.configs, bindings, first.trust)
    if first.grows and (steps := _steps_so_far(states[0].run)) > config.configured_value(_STEPS):
        config.parse(first.configs, bindings, first.trust, changes=[f"{_STEPS}={steps}"])
    callbacks = [*first.callbacks, _progress_callback(states)]
    if first.together:
        seeds = tuple(state.planned.seed for state in states)
        config.train_configured(states[0].run.parent, callbacks=callbacks, progress=show, seed=seeds)
    else:
        config.train_configured(states[0].run, callbacks=callbacks, progress=show)
    for state in states:
        planned = state.planned
        trained = load_run(state.run, trust=config.trusted_modules())
        if planned.scores is None or planned.scores:
            evaluate(trained, planned.scores, progress=show)
        asked = trained.run.asked()
        state.write_results(
            {
                "scores": trained.scores,
                "measures": {key: value for each in planned.measures for key, value in each(trained).items()},
                "terms": trained.results,
                "asked": {key: asked[key] for key in ("steps", "batch_size", "dtype")},
                "data": trained.data.name,
                "source": trained.data.source,
                "seconds": time.monotonic() - started,
            }
        )
        state.end_progress()

    import keras

    keras.backend.clear_session()


def _steps_so_far(folder):
    """Steps that the run in a folder was asked for; 0 where there is none."""
    from tfdisent.training import RunDirectory

    with contextlib.suppress(UserError):
        return RunDirectory(folder).asked()["steps"]
    return 0


def _progress_callback(states):
    """A function `Run -> callback` that writes every two seconds how far a run's training is."""
    by_seed = {state.planned.seed: state for state in states}

    def of_run(run):
        import keras

        class Progress(keras.callbacks.Callback):
            def on_train_begin(self, logs=None):
                self.state, self.asked = by_seed.get(run.model.seed, states[0]), run.directory.asked()
                self.before = int(run.model.step), time.monotonic()

            def on_train_batch_end(self, batch, logs=None):
                seconds = time.monotonic() - self.before[1]
                if seconds > _PROGRESS_EVERY:
                    step = int(run.model.step)
                    images = (step - self.before[0]) * self.asked["batch_size"]
                    self.state.write_progress(step, self.asked["steps"], images / seconds)
                    self.before = step, time.monotonic()

        return Progress()

    return of_run
