"""Getting a data set by name, for the command `tfdisent data get`."""

import inspect
import textwrap

from tfdisent.data.named import named_function
from tfdisent.errors import UserError

__all__ = ["download_named_data"]


def download_named_data(name):
    """Downloads a data set where it is not on this machine yet, and looks whether it can be read.

    Args:
        name: a key of `named_data()`.

    Returns:
        A sentence: where the set is, or that there is nothing to get.

    Raises:
        UserError: for an unknown name, and where TensorFlow Datasets cannot get it: why, and how to by hand.
    """
    make = named_function(name)
    if "download" not in inspect.signature(make).parameters:
        return f"{name} is drawn, computed, or part of a package that is here; there is nothing to get."
    try:
        return f"{name} is here: {make(download=True).source}."
    except UserError as error:
        by_hand = _by_hand(make)
        if by_hand is None or hasattr(error, "by_hand"):
            raise
        reason = textwrap.shorten(str(error).rpartition("Received: ")[2], 200, placeholder=" ...")
        raise UserError(
            f"{name} could not be fetched by TensorFlow Datasets; look at the network, or get it by hand with "
            f"{by_hand}. Received: {reason}"
        ) from error


def _by_hand(make):
    """What gets the files of a set that is not here; None where none are missing."""
    try:
        make()
    except UserError as missing:
        return getattr(missing, "by_hand", None)
