"""A lock on a folder that several processes, also on several machines, may want to write: one at a time does.

The lock is a file. It is made exclusively, names host and process, and its time of change is the heartbeat, which a
thread renews. A lock without heartbeat, or of a process that has ended, is taken over; of several takers one wins.
Only exclusive creation, hard links and renaming are asked of the file system, which network ones have.
"""

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import socket
import tempfile
import threading
import time
import uuid
from pathlib import Path

from tfdisent.checks import number, path_like
from tfdisent.errors import UserError

__all__ = ["Holder", "Lock", "Locked"]

_LOG = logging.getLogger(__name__)
_MOST_FOLDERS = 100  # times that the folder of a lock is made because others have removed it
_HELD = {}  # real path -> _Held, of this process


class Locked(UserError):
    """Another process holds the lock, or has taken it over."""


@dataclasses.dataclass(frozen=True)
class Holder:
    """Who holds a lock.

    Attributes:
        host: its name.
        process: the process id there.
        age: seconds since the last heartbeat, by the clock of the file system.
        live: whether the lock must be respected.
        same_machine: whether the process could be looked up here.
        token: differs from lock to lock.
    """

    host: str
    process: int
    age: float
    live: bool
    same_machine: bool
    token: str

    def __str__(self):
        return f"process {self.process} on {self.host} (last heartbeat {max(self.age, 0):.0f} s ago)"


class Lock:
    """A lock file, also as a context manager. The thread that holds it may acquire it again.

    Args:
        path: of the lock file; its folder is made if need be.
        name: what the lock protects, in sentences; the folder of the file unless given.
        heartbeat: seconds between two signs of life.
        stale_after: seconds without one after which the lock of a process that cannot be looked up, or that is
            stopped, may be taken over. A running process of this machine keeps its lock however old the sign is.
    """

    def __init__(self, path, name=None, *, heartbeat=5.0, stale_after=60.0):
        self.path = Path(path_like("path", path))
        self.name = str(self.path.parent) if name is None else name
        self.heartbeat = number("heartbeat", heartbeat, above=0)
        self.stale_after = number("stale_after", stale_after, above=self.heartbeat)

    def acquire(self):
        """Takes the lock.

        A holder on another machine is watched until its next heartbeat, or until it is stale.

        Raises:
            Locked: when another process holds it; names host, process and the age of the last heartbeat.
            UserError: when the file cannot be made.
        """
        held = self._held()
        if held:
            held.depth += 1
            return self
        made = None
        try:
            for attempt in range(_MOST_FOLDERS):
                made = _make_folder(self.path.parent) or made
                try:
                    token = _take(self.path, self)
                    break
                except FileNotFoundError:  # another process has given its lock back and removed the folder
                    if attempt == _MOST_FOLDERS - 1:
                        raise
        except OSError as error:
            if made:
                _remove_if_empty(made)
            raise UserError(
                f"{self.name} cannot be locked ({error.strerror or error}); choose a folder that can be written "
                f"and has room. Received: {str(self.path)!r}."
            ) from error
        _HELD[os.path.realpath(self.path)] = _Held(self, token, made)
        return self

    def release(self):
        """Gives the lock back; nothing happens where it is not held."""
        held = self._held()
        if held is None:
            return
        held.depth -= 1
        if held.depth:
            return
        held.done.set()
        del _HELD[os.path.realpath(self.path)]
        with contextlib.suppress(OSError, Locked):
            found = self.holder()
            if found and found.token == held.token and found.age < self.stale_after / 2:
                os.unlink(self.path)  # nobody takes over a lock so young; this needs no room on a full disk
            else:
                _change(self.path, held.token, self, lambda: os.unlink(self.path))
        if held.made:
            _remove_if_empty(held.made)

    def check(self):
        """Makes sure that the lock is still held, if it was ever acquired; called before something is written.

        Raises:
            Locked: when another process has taken it over while this one stood still, or the file is gone.
        """
        held = self._held()
        if held is None:
            return
        found = self.holder()
        if found is None or found.token != held.token:
            now = f"is now written by {found}" if found else "has lost its lock file"
            raise Locked(
                f"{self.name} {now}, because this process stood still or the folder was removed; it ends here and "
                "writes nothing more."
            )

    def holder(self):
        """The `Holder`, or None where the lock is free; a file that is no lock has host "unknown"."""
        return _read(self.path, self.stale_after)

    @property
    def held(self):
        """Whether this thread holds the lock."""
        return self._held() is not None

    def is_live(self):
        """Whether anyone holds the lock and must be respected."""
        found = self.holder()
        return found is not None and found.live

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *_):
        self.release()

    def _held(self):
        held = _HELD.get(os.path.realpath(self.path))
        mine = held and (held.process, held.thread) == (os.getpid(), threading.get_ident())
        return held if mine else None


class _Held:
    """A lock that a thread of this process holds, and the thread that renews its heartbeat."""

    def __init__(self, lock, token, made):
        self.token, self.made, self.depth = token, made, 1
        self.process, self.thread = os.getpid(), threading.get_ident()
        self.done = threading.Event()
        threading.Thread(
            target=self._beat, args=(lock.path, lock.heartbeat), name="tfdisent-heartbeat", daemon=True
        ).start()

    def _beat(self, path, interval):
        while not self.done.wait(interval):
            found = _read(path, interval)
            if found is None or found.token != self.token:
                return  # `check` says so in the thread that works
            with contextlib.suppress(OSError):
                os.utime(path)


def _take(path, lock):
    """Makes the file at `path`, in the place of a stale one if need be; returns its token."""
    token = uuid.uuid4().hex
    content = {
        "host": socket.gethostname(),
        "process": os.getpid(),
        "process_started": _process(os.getpid())[0],
        "machine": _machine(),
        "since": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "token": token,
    }
    while True:
        if _create(path, content):
            return token
        found = _read(path, lock.stale_after)
        if found is None:
            continue
        if found.live and (found.same_machine or _beats(path, found, lock)):
            raise Locked(
                f"{lock.name} is being written by {found}; wait until it ends or choose another folder."
            )
        if found.live:
            continue
        if _change(path, found.token, lock, lambda: _create(path, content, replace=True)):
            _LOG.info("The lock of %s is taken over from %s, which has ended.", lock.name, found)
            return token


def _change(path, token, lock, action):
    """Replaces or removes a lock file that has this token; whether it was so.

    All who want to change it must first hold the guard of this token, so that one of them does, and none changes
    a lock that another has made meanwhile.
    """
    guard = path.with_name(f"{path.name}.{token[:8]}")
    _take(guard, lock)
    try:
        found = _read(path, lock.stale_after)
        if found is None or found.token != token:
            return False
        action()
        return True
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(guard)


def _create(path, content, replace=False):
    """Makes the file, whole; False where there is one already and `replace` is not asked for."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name.lstrip('.')}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(json.dumps(content))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o644)
        if replace:
            os.replace(beside, path)
            return True
        try:
            os.link(beside, path)
            return True
        except FileExistsError:
            return False
        except OSError:  # no hard links here: the name first, then the content
            try:
                handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            except FileExistsError:
                return False
            with os.fdopen(handle, "w") as file:
                file.write(json.dumps(content))
            return True
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)


def _read(path, stale_after):
    """The `Holder` of a lock file, or None where there is none."""
    try:
        with open(path, "rb") as file:  # opening asks a network file system for the present time of change
            changed, raw = os.fstat(file.fileno()).st_mtime, file.read(10_000)
    except FileNotFoundError:
        return None
    age = _now(path.parent) - changed
    try:
        content = json.loads(raw)
        host, process, token = str(content["host"]), int(content["process"]), str(content["token"])
        started, machine = content["process_started"], content["machine"]
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        token = hashlib.sha256(raw).hexdigest()
        return Holder("an unknown host", 0, age, age < stale_after, False, token)
    same_machine = machine is not None and machine == _machine()
    if same_machine:
        now, stopped = _process(process)
        live = now is not None and now == started and not (stopped and age >= stale_after)
    else:
        live = age < stale_after
    return Holder(host, process, age, live, same_machine, token)


def _now(folder):
    """The time by the clock of the file system, which may be that of another machine."""
    try:
        handle, probe = tempfile.mkstemp(dir=folder, prefix=".lock.")
    except OSError:
        return time.time()
    try:
        return os.fstat(handle).st_mtime
    finally:
        os.close(handle)
        with contextlib.suppress(OSError):
            os.unlink(probe)


def _beats(path, found, lock):
    """Whether a holder that cannot be looked up gives a sign of life before it is stale."""
    _LOG.info("%s is locked by %s; waiting for its next heartbeat.", lock.name, found)
    age = found.age
    while (now := _read(path, lock.stale_after)) is not None and now.token == found.token and now.live:
        if now.age < age - 1e-3:
            return True
        age = now.age
        time.sleep(min(lock.heartbeat / 2, 0.5))
    return False


def _machine():
    """What tells apart machines, their starts and their containers, or None where that is not known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return None


def _process(number):
    """(start, whether it is stopped) of a process of this machine; start is None where there is none."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None, False
    state, start = fields[0], fields[19]
    return (None if state in "ZXx" else start), state in "Tt"


def _make_folder(folder):
    """The folder, if this call has made it; None where it was there, or another process was faster."""
    if folder.exists():
        return None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
        return folder
    return None


def _remove_if_empty(folder):
    with contextlib.suppress(OSError):
        os.rmdir(folder)
