"""How fast sprites and rooms are drawn, and how much faster their bytes are copied: `python benchmarks/drawing.py`."""

import time

import numpy as np

from tfdisent.data import DSpritesDrawn, Shapes3DDrawn

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
    """Draw random images in batches, copy the same bytes out of memory, and print both."""
    for data, things in ((DSpritesDrawn(), "sprites"), (Shapes3DDrawn(), "rooms")):
        if things == "rooms":
            start = time.perf_counter()
            for index in range(480):
                data.observations([index])
            print(f"first use of all 480 views of rooms: {time.perf_counter() - start:.1f} s")
        for batch in (64, 1024):
            indices = np.random.RandomState(0).randint(data.size, size=batch)
            drawn = data.observations(indices)
            draw = rate(lambda indices=indices, data=data: data.observations(indices), batch)
            copy = rate(drawn.copy, batch)
            print(f"batch {batch}: {draw:,.0f} {things} of 64x64 a second, {draw / copy:.3f} of copying them")


if __name__ == "__main__":
    main()
