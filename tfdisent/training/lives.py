"""When and where a run was trained: one life from each start of its command to the end or the interruption."""

import os
import socket
import time
from pathlib import Path

from tfdisent.files import read_json, write_json

__all__ = ["Lives"]

_FORM = [{"step": int, "began": str, "seconds": float, "host": str, "process": int}]


class Lives:
    """The lives of one run, kept in a file: at which step and when each began, where, and how long it lasted.

    A life that was killed counts up to its last checkpoint.

    Args:
        path: of the JSON file.
    """

    def __init__(self, path):
        self.path = Path(path)
        self._before, self._now, self._started = [], None, None

    def begin(self, step):
        """Begins a life at a step and writes it down.

        Raises:
            UserError: when the file is damaged or cannot be written.
        """
        self._before = self.read()
        self._started = time.monotonic()
        began = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        self._now = {"step": step, "began": began, "host": socket.gethostname(), "process": os.getpid()}
        self.save()

    def save(self):
        """Writes how long the life has lasted; nothing where none has begun."""
        if self._now is not None:
            self._now["seconds"] = time.monotonic() - self._started
            write_json(self.path, [*self._before, self._now])

    def read(self):
        """The lives that are written down, a list of dicts."""
        return read_json(self.path, _FORM) if self.path.exists() else []

    def seconds(self):
        """Seconds of all lives together, this one up to when it was last saved."""
        return float(sum(life["seconds"] for life in self.read()))
