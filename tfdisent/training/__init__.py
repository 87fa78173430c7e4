"""Fitting, replicas, checkpoints and run directories."""

from tfdisent.training.fitting import Run, split_data, train
from tfdisent.training.run_directory import RunDirectory
from tfdisent.training.stream import BatchStream

__all__ = ["BatchStream", "Run", "RunDirectory", "split_data", "train"]
