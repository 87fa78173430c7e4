"""Fitting, replicas, checkpoints and run directories."""

import tfdisent.quiet  # noqa: F401
from tfdisent.training.fitting import Run, split_data, train
from tfdisent.training.polarized_regime import (
    PolarizedRegime,
    below_since,
    share_below,
    watch_polarized_regime,
)
from tfdisent.training.run_directory import RunDirectory
from tfdisent.training.stream import BatchStream

__all__ = [
    "BatchStream",
    "PolarizedRegime",
    "Run",
    "RunDirectory",
    "below_since",
    "share_below",
    "split_data",
    "train",
    "watch_polarized_regime",
]
