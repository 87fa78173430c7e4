"""Many small draws from a random state at once: the same numbers as one `randint` call after another gives."""

import numpy as np

from tfdisent.data.ground_truth import GroundTruthData

__all__ = ["is_plain_grid", "repeated_randints"]

_BLOCK = 2**16  # words looked at together
_SPARE = 256  # words drawn beyond those that are likely to be needed


def is_plain_grid(ground_truth_data):
    """Whether it is certain that factors are drawn by one `randint` each, and observations follow from them alone."""
    kind = type(ground_truth_data)
    members = ("sample_factors", "sample", "sample_observations_from_factors")
    return (
        issubclass(kind, GroundTruthData)
        and ground_truth_data.enumerable
        and all(getattr(kind, name) is getattr(GroundTruthData, name) for name in members)
    )


def repeated_randints(pattern, repeats, random_state):
    """`repeats` times `random_state.randint(n, size=m)` for each (n, m) of `pattern`, in turn; several times faster.

    The legacy generator behind `randint` takes one 32-bit word at a time, keeps the lowest bits that n - 1 needs,
    and passes over numbers from n on. So the words are drawn at once, and only where each draw starts is found
    one by one.

    Args:
        pattern: list of (n, m): numbers 0..n-1 (n below 2^32), and how many.
        repeats: R.
        random_state: `np.random.RandomState`; left in the state in which the single draws would leave it.

    Returns:
        for each entry of the pattern an int64 array [R, m].
    """
    words_each = sum(m * _mask(n) / n + m / n for n, m in pattern if n > 1)
    step = max(1, int(_BLOCK / max(words_each, 1)))
    blocks = [
        _draw_block(pattern, min(step, repeats - start), words_each, random_state)
        for start in range(0, max(repeats, 1), step)
    ]
    return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]


def _draw_block(pattern, repeats, words_each, random_state):
    state = random_state.get_state(legacy=False)
    num_words = max(1, int(1.05 * words_each * repeats) + _SPARE)
    while True:
        words = random_state.randint(2**32, size=num_words, dtype=np.uint32)
        random_state.set_state(state)
        numbers = {n: _numbers_below(n, words) for n in {n for n, _ in pattern}}
        ends = [memoryview(_ends(*numbers[n], n, m)) for n, m in pattern]
        starts, place = [], 0
        for _ in range(repeats):
            for end in ends:
                starts.append(place)
                place = end[place]
        if place <= num_words:
            break
        num_words *= 2  # more numbers were passed over than usual
    random_state.randint(2**32, size=place, dtype=np.uint32)
    starts = np.array(starts, np.int64).reshape(repeats, len(pattern))
    drawn = []
    for (n, m), places in zip(pattern, starts.T, strict=True):
        values, _, before = numbers[n]
        drawn.append(
            values[before[places][:, np.newaxis] + np.arange(m)] if n > 1 else np.zeros((repeats, m), int)
        )
    return drawn


def _numbers_below(n, words):
    """The masked words that are below n, their places, and how many stand before each place."""
    numbers = words & np.uint32(_mask(n))
    is_below = numbers < n
    before = np.zeros(len(words) + 1, np.int64)
    np.cumsum(is_below, out=before[1:])
    return numbers[is_below].astype(np.int64), np.flatnonzero(is_below), before


def _ends(values, places, before, n, m):
    """Where a draw of m numbers ends that starts at each place; one beyond the last if there are too few."""
    beyond = len(before)
    if n == 1:
        return np.arange(beyond + 1)
    ends = np.full(len(values) + m, beyond)
    ends[: max(len(values) - m + 1, 0)] = places[m - 1 :] + 1
    return np.append(ends[before], beyond)


def _mask(n):
    return (1 << int(n - 1).bit_length()) - 1
