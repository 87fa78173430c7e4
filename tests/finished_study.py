"""Folders of studies whose runs are done, written without training: for tests of what is read from them."""

import json
import os
import zlib
from unittest import mock

import numpy as np

from tfdisent.studies import plan_study
from tfdisent.studies.run_state import RunState

SETTINGS = 90  # bindings that an operative configuration of disentanglement_lib's study has


def finish(study, output, scores, failing=(), seed=0):
    """Plans a study and writes what its runs leave behind.

    Args:
        study: `Study`.
        output: its folder.
        scores: `(run, RandomState) -> {score: {key: number}}`.
        failing: {place in the list: sentence} of runs that are given up.
        seed: of the random state.

    Returns:
        List of `PlannedRun`.
    """
    random_state = np.random.RandomState(seed)
    planned = plan_study(study, output)
    with mock.patch.object(os, "fsync"):  # thousands of files, and nobody pulls the plug
        for place, run in enumerate(planned):
            state = RunState(output / "runs", run)
            if place in failing:
                state.give_up(failing[place])
                continue
            found = scores(run, random_state)
            state.write_results(
                {
                    "scores": found,
                    "measures": {},
                    "terms": {"loss": 40.0, "reconstruction": 30.0, "kl": 10.0, "global_step": 1000},
                    "asked": {"steps": 1000, "batch_size": 64, "dtype": "float32"},
                    "data": "generated",
                    "source": "a generator of random numbers",
                    "seconds": 60.0,
                }
            )
            if found:
                (state.run / "metrics").mkdir()
                (state.run / "metrics" / "aggregated_results.json").write_text(
                    json.dumps(_columns(run, found))
                )
    return planned


def _columns(run, scores):
    """The aggregated JSON of one run, as wide as that of a real one."""
    rows = []
    for score, values in scores.items():
        config = {f"train_config.networks.layer_{i}.setting": f"'value {i}'" for i in range(SETTINGS)}
        config |= {f"train_config.{name}": repr(value) for name, value in run.values}
        number = f"{zlib.crc32(f'{run.name} {score}'.encode()):032x}"
        rows.append(
            {
                "path": f"runs/{run.name}/metrics/mean/{score}/results/aggregate/evaluation.json",
                **config,
                "train_config.training.train.seed": str(run.seed),
                "train_results.loss": 40.0,
                "evaluation_config.evaluation.name": repr(score),
                **{f"evaluation_results.{key}": value for key, value in values.items()},
                "evaluation_results.uuid": number,
            }
        )
    columns = dict.fromkeys(column for row in rows for column in row)
    return {column: {str(i): row.get(column) for i, row in enumerate(rows)} for column in columns}
