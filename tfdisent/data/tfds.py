"""Arrays out of TensorFlow Datasets, which is imported only when a set is loaded from it."""

import os
from pathlib import Path

import numpy as np

from tfdisent.errors import UserError

__all__ = ["load_tfds"]


def load_tfds(name, splits, download=False):
    """All examples of a TensorFlow Datasets set as arrays, or None if it is not prepared on this machine.

    Sets lie in $TFDS_DATA_DIR or ~/tensorflow_datasets.

    Args:
        name: its name in TensorFlow Datasets.
        splits: names of the splits that are joined, in this order.
        download: fetch and prepare the set if that has not been done. Without it the network is not used.

    Returns:
        {feature: array [N, ...]}, and "source": one sentence.

    Raises:
        UserError: if the download fails.
    """
    data_dir = Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()
    if not download and not (data_dir / name).is_dir():
        return None

    import tensorflow_datasets as tfds

    builder = tfds.builder(name, data_dir=data_dir)
    if not builder.is_prepared():
        if not download:
            return None
        try:
            builder.download_and_prepare()
        except Exception as error:
            raise UserError(
                f"TensorFlow Datasets could not fetch {name}; look at the network, or fetch the files. "
                f"Received: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            ) from error
    batches = [
        batch
        for split in splits
        for batch in tfds.as_numpy(builder.as_dataset(split=split, shuffle_files=False).batch(1024))
    ]
    arrays = {feature: np.concatenate([batch[feature] for batch in batches]) for feature in batches[0]}
    arrays["source"] = f"{len(arrays['image']):,} images from TensorFlow Datasets, {builder.info.full_name}"
    return arrays
