"""Arrays out of TensorFlow Datasets, which is imported only when a set is loaded from it."""

import contextlib
import logging
import os
from pathlib import Path

import numpy as np

from tfdisent.errors import UserError

__all__ = ["load_tfds"]

_WAIT = 20  # seconds for an answer from the host of a file, and between two parts of it
_RETRIES = 2
_OUR_BUILDERS = ("cars3d", "chairs3d", "mpi3d")


def load_tfds(name, splits, download=False, read=None):
    """All examples of a TensorFlow Datasets set as arrays, or None if it is not prepared on this machine.

    Sets lie in $TFDS_DATA_DIR or ~/tensorflow_datasets.

    Args:
        name: its name in TensorFlow Datasets, or of a builder of ours, with its configuration.
        splits: names of the splits that are joined, in this order.
        download: fetch and prepare the set if that has not been done. Without it the network is not used.
        read: function of a batch {feature: array [B, ...]} that gives the arrays to keep of it; default all.

    Returns:
        {feature: array [N, ...]}, and "source": one sentence.

    Raises:
        UserError: if the download fails.
    """
    data_dir = Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()
    if not download and not (data_dir / name).is_dir():
        return None

    import tensorflow_datasets as tfds

    if name.partition("/")[0] in _OUR_BUILDERS:
        import tfdisent.data.tfds_builders  # noqa: F401
    with _errors_only("absl"):
        builder = tfds.builder(name, data_dir=data_dir)
        if not builder.is_prepared():
            if not download:
                return None
            _download(builder, name)
    # The arrays are as long as the set from the start: joining batches at the end would take their memory twice.
    size = sum(builder.info.splits[split].num_examples for split in splits if split in builder.info.splits)
    arrays, start = {}, 0
    for split in splits:
        for batch in tfds.as_numpy(builder.as_dataset(split=split, shuffle_files=False).batch(1024)):
            kept = read(batch) if read else batch
            end = start + len(next(iter(kept.values())))
            for feature, values in kept.items():
                if feature not in arrays:
                    arrays[feature] = np.empty((size, *values.shape[1:]), values.dtype)
                if end > len(arrays[feature]):
                    arrays[feature] = np.resize(arrays[feature], (end, *values.shape[1:]))
                arrays[feature][start:end] = values
            start = end
    arrays = {feature: values[:start] for feature, values in arrays.items()}
    return {**arrays, "source": f"{start:,} images from TensorFlow Datasets, {builder.info.full_name}"}


def _download(builder, name):
    """Fetches and prepares a set; a host that does not answer is found out before the many retries for its files."""
    try:
        with _impatient():
            builder.download_and_prepare()
    except Exception as error:
        reason = str(getattr(error, "reason", error)).strip().partition("\n")[0].rstrip(".")
        raise UserError(
            f"TensorFlow Datasets could not fetch {name}; look at the network, or fetch the files. "
            f"Received: {type(error).__name__}: {reason}"
        ) from error


@contextlib.contextmanager
def _errors_only(name):
    """Inside, this logger says only errors, and not that a folder is left from a download that failed."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextlib.contextmanager
def _impatient():
    """Inside, TensorFlow Datasets gives a host up in a minute; by itself it waits and asks again for many of them."""
    import requests
    from tensorflow_datasets.core.download import downloader

    logging.getLogger("urllib3.connectionpool").setLevel(
        logging.ERROR
    )  # threads still retry when all is over
    request, retries = requests.Session.request, getattr(downloader, "MAX_RETRIES", None)

    def request_with_limit(session, *arguments, timeout=None, **settings):
        return request(session, *arguments, timeout=timeout or _WAIT, **settings)

    requests.Session.request, downloader.MAX_RETRIES = request_with_limit, _RETRIES
    try:
        yield
    finally:
        requests.Session.request, downloader.MAX_RETRIES = request, retries
