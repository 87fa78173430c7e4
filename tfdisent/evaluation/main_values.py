"""Which of the many values of a score say most; imports nothing heavy."""

import re

import numpy as np

__all__ = ["is_detail", "main_values"]

_DETAIL = re.compile(
    r"(factor|code)s?_?\d|(pred|sens)\d|_\d+$|(^|[:._])(min|max|train)_|_train$|^num_|elapsed_time"
)


def is_detail(key):
    """Whether a value is of a single factor or code, an extreme, of training, or a count."""
    return bool(_DETAIL.search(key))


def main_values(results, most=6):
    """The entries of a score's dict worth a line: numbers that are not of a part, of training, or counts."""
    plain = {key: value for key, value in results.items() if isinstance(value, (int, float, np.number))}
    chosen = {key: value for key, value in plain.items() if not is_detail(key)} or plain
    return dict(list(chosen.items())[:most])
