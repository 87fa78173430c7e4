"""A sign of life from work of unknown length."""

import contextlib
import logging
import sys
import threading
import time

from tqdm import tqdm

__all__ = ["heartbeat"]

_LOG = logging.getLogger(__name__)
_LOG_EVERY = 60  # seconds


@contextlib.contextmanager
def heartbeat(name, show=True):
    """While the block runs, shows the seconds on a terminal, or else logs a line every minute.

    Args:
        name: of the work.
        show: whether to show anything.
    """
    if not show:
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_tick, args=(name, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _tick(name, done):
    started = time.monotonic()
    terminal = sys.stderr.isatty()
    with tqdm(
        desc=name, bar_format="{desc}: at work for {elapsed}", leave=False, disable=not terminal
    ) as bar:
        while not done.wait(1 if terminal else _LOG_EVERY):
            bar.refresh()
            if not terminal:
                _LOG.info("%s: at work for %.0f s.", name, time.monotonic() - started)
