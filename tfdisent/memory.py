"""How much memory is free, and a sentence before something is made that would not fit."""

import os
from pathlib import Path

from tfdisent.errors import UserError

__all__ = ["check_fits", "free_memory"]

_CGROUP = Path("/sys/fs/cgroup")


def check_fits(what, num_bytes):
    """Refuses what needs more memory than is free.

    Args:
        what: what would be made, with the setting that makes it large; the subject of the sentence.
        num_bytes: that it needs at least.

    Raises:
        UserError: with both numbers.
    """
    free = free_memory()
    if free is not None and num_bytes > free:
        raise UserError(
            f"{what} would need at least {num_bytes / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are free; "
            "make it smaller."
        )


def free_memory():
    """Bytes of memory that a process may still take; None where the system does not tell.

    On Linux what the kernel calls available, or less where a control group (a container, a job of Slurm) sets a limit.
    """
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        try:
            free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (AttributeError, OSError, ValueError):
            return None
    try:
        left = int((_CGROUP / "memory.max").read_text()) - int((_CGROUP / "memory.current").read_text())
    except (OSError, ValueError):  # no control groups, or one without a limit, "max"
        return free
    return min(free, max(left, 0))
