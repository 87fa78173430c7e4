"""Kills a command at random moments, again and again, until it finishes: what the tests of faults share.

outcome = run_with_kills([sys.executable, "-m", "tfdisent.cli", "train", ...], kills=10, seed=0, longest=20)
assert outcome.code == 0 and not outcome.orphans
"""

import dataclasses
import os
import random
import signal
import subprocess
import time
from pathlib import Path

__all__ = ["Outcome", "leftovers", "run_with_kills"]


@dataclasses.dataclass
class Outcome:
    """What became of a command that was killed.

    Attributes:
        code: exit code of the start that was left alone.
        killed: (signal, seconds after the start, exit code) of every start that was killed.
        finished_early: starts that ended by themselves before their signal.
        orphans: process ids, with the commands, that outlived one of the starts.
        said: what each start wrote, standard error and output together.
    """

    code: int
    killed: list
    finished_early: int
    orphans: list
    said: list


def run_with_kills(
    command,
    kills,
    seed=0,
    longest=20.0,
    signals=(signal.SIGTERM, signal.SIGKILL),
    wait_for=None,
    grace=30.0,
    timeout=600.0,
    **popen,
):
    """Starts a command, kills it at a random moment, and starts it again; after the last kill it may finish.

    Args:
        command: list of texts; the same one every time.
        kills: number of starts that are killed.
        seed: of the moments.
        longest: seconds; a moment is drawn evenly from 0 to this. Half of the moments count from the start, the other
            half from when `wait_for` exists.
        signals: sent in turn, to the process itself and not to its children, as batch systems and people do.
        wait_for: path, such as a folder of checkpoints, or None.
        grace: seconds that a process has to end after its signal.
        timeout: seconds that the last start has.
        **popen: for `subprocess.Popen`, such as `env` and `cwd`.

    Returns:
        `Outcome`. A start that ended before its signal with another code than 0 ends everything, with that code.
    """
    rng = random.Random(seed)
    outcome = Outcome(0, [], 0, [], [])
    for number in range(kills):
        child, output = _start(command, popen)
        begun = time.monotonic()
        if wait_for is not None and number % 2:
            while child.poll() is None and not Path(wait_for).exists() and time.monotonic() - begun < timeout:
                time.sleep(0.02)
        moment = time.monotonic() + rng.uniform(0, longest)
        while child.poll() is None and time.monotonic() < moment:
            time.sleep(0.02)
        sent = signals[number // 2 % len(signals)]  # each signal with both kinds of moments
        early = child.poll() is not None
        if not early:
            child.send_signal(sent)
        code = _end(child, grace if not early else 0)
        outcome.orphans += _others_of_session(child.pid)
        outcome.said.append(_read(output))
        if not early:
            outcome.killed.append((sent, time.monotonic() - begun, code))
            continue
        outcome.finished_early += 1
        if code:
            outcome.code = code
            return outcome
    child, output = _start(command, popen)
    outcome.code = _end(child, timeout)
    outcome.orphans += _others_of_session(child.pid)
    outcome.said.append(_read(output))
    return outcome


def leftovers(folder):
    """Temporary files and locks in a folder and below."""
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob(".*"))


def _start(command, popen):
    import tempfile

    output = tempfile.TemporaryFile()
    child = subprocess.Popen(
        command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True, **popen
    )
    return child, output


def _end(child, seconds):
    """Exit code; the number of SIGKILL, as a failure, where the process would not end."""
    try:
        return child.wait(seconds or None)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return f"still at work {seconds:.0f} s after the signal"


def _others_of_session(session, seconds=5.0):
    """[(process id, command)] of what still runs in a session after its leader has ended; they are killed."""
    until = time.monotonic() + seconds
    while (found := _of_session(session)) and time.monotonic() < until:
        time.sleep(0.05)
    for process, _ in found:
        os.kill(process, signal.SIGKILL)
    return found


def _of_session(session):
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, of = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if int(of) == session and state not in "ZX":
            found.append((int(folder.name), command))
    return found


def _read(output):
    output.seek(0)
    return output.read().decode(errors="replace")
