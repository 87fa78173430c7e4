"""How fast sprites are drawn, and how much faster their bytes are copied: `python benchmarks/drawing.py`."""

import time

import numpy as np

from tfdisent.data import DSpritesDrawn

SECONDS = 2.0


def rate(action, count):
    """Items a second of an action that makes `count` of them, over about SECONDS."""
    action()
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        action()
        done += count
    return done / (time.perf_counter() - start)


def main():
    """Draw random sprites in batches, copy the same bytes out of memory, and print both."""
    data = DSpritesDrawn()
    for batch in (64, 1024):
        indices = np.random.RandomState(0).randint(data.size, size=batch)
        drawn = data.observations(indices)
        draw = rate(lambda indices=indices: data.observations(indices), batch)
        copy = rate(drawn.copy, batch)
        print(f"batch {batch}: {draw:,.0f} sprites of 64x64 a second, {draw / copy:.3f} of copying them")


if __name__ == "__main__":
    main()
