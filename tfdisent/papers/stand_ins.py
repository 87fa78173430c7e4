"""What is trained on where the files of a paper's data are missing."""

import logging

from tfdisent.errors import UserError

__all__ = ["data_name", "is_stand_in", "source_of"]

_LOG = logging.getLogger(__name__)


def data_name(original, drawn=None, required=False):
    """The name of the data set to train on: the original where its files are, else what is drawn in its place.

    Args:
        original: such as "dsprites_full".
        drawn: such as "dsprites_drawn"; None where nothing can stand in.
        required: whether the original must be there, as at the paper's scale where nothing is drawn on its grid.

    Raises:
        UserError: when the original is missing and is required, or has no stand-in.
    """
    from tfdisent.data import get_named_ground_truth_data

    try:
        get_named_ground_truth_data(original)
        return original
    except UserError as error:
        if required or drawn is None:
            raise
        _LOG.warning("%s is taken in place of %s: %s", drawn, original, error)
        return drawn


def is_stand_in(data, original):
    """Whether a data set is not the original."""
    return data.name != original


def source_of(data, original):
    """Where data comes from, in a sentence that says when it is a stand-in."""
    return f"{'STAND-IN: ' if is_stand_in(data, original) else ''}{data.source}"
