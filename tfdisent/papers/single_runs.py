"""Runs of one configuration each, reused by every item of a paper, and what is said of them beside every picture."""

import functools
import logging
import re
import zlib
from pathlib import Path

from tfdisent.studies.kept import read_kept, write_kept

__all__ = ["held_out", "mark_of", "told_of", "trained_run"]

_LOG = logging.getLogger(__name__)


def trained_run(output, name, config, bindings, seed=0):
    """The `TrainedModel` of a run in "trained", beside the folder of the item; trained where that has not happened.

    A run that was interrupted is continued.

    Args:
        output: folder of the item.
        name: of the run's folder, with its scale, such as "paper/mnist".
        config: shipped configuration.
        bindings: lines over it.
        seed: of the run.
    """
    from tfdisent import config as configuration

    folder = Path(output).parent / "trained" / name / f"seed_{seed}"
    bindings = (*bindings, f"training.train.seed={seed}")
    mark = mark_of(config, bindings)
    kept = folder / "finished.json"
    if not read_kept(kept, mark):
        _LOG.info("%s, seed %s.", name, seed)
        configuration.parse([config], bindings)
        configuration.train_configured(folder)
        write_kept(kept, mark, "finished")
    return _load(str(folder), mark)


def told_of(trained, scale, restarts=1):
    """One sentence each on data, training and scale."""
    asked = trained.run.asked()
    return (
        f"Data: {trained.data.source}. Trained: {asked['steps']:,} steps of {asked['batch_size']}, {asked['dtype']}. "
        f"Restarts: {restarts}. Scale: {scale}."
    )


def held_out(trained, count):
    """(observations float32, factors) of the first `count` held-out observations, in the order of the split."""
    import numpy as np

    from tfdisent.data import as_float

    indices = np.arange(min(count, trained.held_out.size))
    return as_float(trained.held_out.observations(indices)), trained.held_out.factors(indices)


@functools.lru_cache(maxsize=8)
def _load(folder, mark):
    from tfdisent.evaluation.scoring import load_run

    return load_run(folder)


def mark_of(config, *settings):
    """A number that tells apart what a shipped configuration, with all that it includes, and `settings` say."""
    from tfdisent import config as configuration

    return zlib.crc32(repr((_whole_text(configuration.find_config(config)), *settings)).encode())


def _whole_text(path):
    """The bindings of a configuration and of all that it includes, without comments."""
    from tfdisent import config

    text = re.sub(r"(?m)\s*#.*$", "", path.read_text())
    included = re.findall(r'^include "(.+)"', text, re.MULTILINE)
    return text + "".join(_whole_text(config.find_config(name)) for name in included)
