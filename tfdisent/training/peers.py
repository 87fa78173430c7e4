"""What the workers of one training say to each other beside the tensors.

TensorFlow waits without a word for a worker that is not there, and for minutes, or for ever, on one that died. So each
worker keeps a connection with the first one (the chief), made at the chief's own address of TF_CONFIG before
TensorFlow takes that port over. Over it they wait for each other, compare what they are about to train, learn within
seconds that one is gone, and end together. A message is a line of JSON.
"""

import atexit
import contextlib
import json
import logging
import os
import select
import socket
import sys
import threading
import time

from tfdisent.errors import UserError, WorkerLost

__all__ = ["Peers"]

_LOG = logging.getLogger(__name__)
_BEAT_SECONDS = 1.0
_SILENT_SECONDS = 15.0  # from here on a worker that says nothing counts as lost
_UNWIND_SECONDS = 8.0  # which Python gets to end in order after a loss, before the process is ended
_FIRST_WORD_SECONDS = 2.0  # of waiting, before it is said for whom
_NEXT_WORD_SECONDS = 60.0
_LONGEST_LINE = 2**24  # bytes


class Peers:
    """The connections of this process with the other workers.

    Args:
        cluster: the `Cluster`, of two processes or more.
        wait: seconds after which waiting for the others is given up.

    Raises:
        UserError: when this worker's port is taken, or the others were given another cluster.
        WorkerLost: when the others have not come in time.
    """

    def __init__(self, cluster, wait):
        self.cluster = cluster
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._lines = {rank: _Lines(link) for rank, link in _meet(cluster, wait).items()}
        self._training = True
        self._end = None  # the exception with which this training ends because of another worker
        self._unwound = threading.Event()
        self._given, self._gathered, self._count = {}, {}, 0
        self._abort = lambda sentence: None

    def watch(self, abort):
        """Begins to look after the others.

        Args:
            abort: function of a sentence, called when a worker is lost, which frees a main thread that waits for it.
        """
        self._abort = abort
        threading.Thread(target=self._run, name="tfdisent-peers", daemon=True).start()

    def begin(self):
        """Says that a further training begins in this process."""
        with self._changed:
            self._training = True
            gone = [rank for rank, lines in self._lines.items() if lines.link is None]
        if gone:
            self._lose(gone[0], "has ended")

    def gather(self, what, value):
        """The values of all workers, in the order of the cluster; each waits for the others.

        Args:
            what: name of the values, the same on all workers.
            value: what JSON can hold.

        Raises:
            UserError: when another worker has stopped, or is at another place of the program.
            WorkerLost: when another worker is gone.
        """
        self._count += 1
        number = self._count
        message = json.loads(
            json.dumps({"give": number, "what": what, "value": value})
        )  # a tuple is a list to all
        if self.cluster.is_chief:
            self._take(0, message)
        else:
            self._send(0, message)
        with self._changed:
            self._changed.wait_for(lambda: number in self._gathered or self._end)
            if number not in self._gathered:
                raise self._end
            return self._gathered.pop(number)

    def finish(self):
        """Waits until all workers have ended this training; from here on each may go."""
        self.gather("end", None)

    def leave(self, error, may_follow=False):
        """Tells the others that this worker leaves the training, and why; returns the exception to raise.

        Args:
            error: the exception that ended this worker's part.
            may_follow: whether another worker's end may be the cause, of which TensorFlow hears first.
        """
        if may_follow:
            with self._changed:
                self._changed.wait_for(lambda: self._end, timeout=_SILENT_SECONDS + 2 * _BEAT_SECONDS)
        with self._changed:
            told, self._end = self._end, self._end or error
            self._training = False
        self._unwound.set()
        if told is None:
            interrupted = not isinstance(error, Exception) or _exit_code(error) not in (1, 2)
            reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            reason = None if interrupted else " ".join(reason.split())[:1000]
            for rank in self._lines:
                self._send(rank, {"left": self.cluster.rank, "why": reason})
        # TensorFlow's own end would wait for the other workers, or abort.
        atexit.register(_end_process, _exit_code(told or error))
        return told or error

    def _run(self):
        for lines in self._lines.values():
            lines.heard = time.monotonic()
        beat = 0.0
        while True:
            now = time.monotonic()
            if now - beat >= _BEAT_SECONDS:
                beat = now
                for rank in self._lines:
                    self._send(rank, {})
            links = {lines.link: rank for rank, lines in self._lines.items() if lines.link}
            if not links:
                time.sleep(_BEAT_SECONDS)
                continue
            readable, _, _ = select.select(list(links), [], [], _BEAT_SECONDS)
            for rank in [links[link] for link in readable]:
                self._read(rank)
            for rank, lines in self._lines.items():
                if self._training and lines.link and time.monotonic() - lines.heard > _SILENT_SECONDS:
                    self._lose(rank, f"has not answered for {_SILENT_SECONDS:.0f} s")

    def _read(self, rank):
        try:
            messages = self._lines[rank].read()
        except (OSError, ValueError):
            self._lines[rank].close()
            if self._training:
                self._lose(rank, "is gone")
            return
        for message in messages:
            if "give" in message:
                self._take(rank, message)
            elif "gathered" in message:
                self._have(message)
            elif "left" in message:
                self._hear_of(message)

    def _take(self, rank, message):
        """On the chief: keeps what a worker gives, and hands all values round when they are complete."""
        number = message["give"]
        with self._changed:
            given = self._given.setdefault(number, {})
            given[rank] = message
            complete = len(given) == self.cluster.size
            if complete:
                del self._given[number]
        if not complete:
            return
        places = sorted({each["what"] for each in given.values()})
        everybody = {"gathered": number, "values": [given[r]["value"] for r in range(self.cluster.size)]}
        everybody["places"] = places
        if places == ["end"]:
            self._training = False  # whoever hears of it may go at once
        for rank in self._lines:
            self._send(rank, everybody)
        self._have(everybody)

    def _have(self, message):
        places = message["places"]
        with self._changed:
            if len(places) > 1:
                self._end = self._end or UserError(
                    f"The workers were started with different settings: some are at {places[0]!r}, others at "
                    f"{places[1]!r}; start the same command on all of them."
                )
            else:
                self._training = self._training and places != ["end"]
                self._gathered[message["gathered"]] = message["values"]
            self._changed.notify_all()

    def _hear_of(self, message):
        """Another worker has left or is lost; the chief passes it on."""
        rank, why = message["left"], message["why"]
        for other in self._lines if self.cluster.is_chief else ():
            if other != rank:
                self._send(other, message)
        name = self.cluster.name(rank)
        if why is None or "lost" in message:
            self._stop(_worker_lost(name, why or "was interrupted"))
        else:
            self._stop(UserError(f"{name[0].upper()}{name[1:]} stopped: {why}"))

    def _lose(self, rank, why):
        if self.cluster.is_chief:
            self._hear_of({"left": rank, "why": why, "lost": True})
        else:
            self._stop(_worker_lost(self.cluster.name(rank), why))

    def _stop(self, error):
        with self._changed:
            if self._end is not None or not self._training:
                return
            self._end = error
            self._changed.notify_all()
        threading.Thread(target=self._end_soon, args=(error,), name="tfdisent-end", daemon=True).start()
        with contextlib.suppress(Exception):
            self._abort(str(error))

    def _end_soon(self, error):
        if not self._unwound.wait(_UNWIND_SECONDS):
            print(f"tfdisent: {error}", file=sys.stderr, flush=True)
            _end_process(error.exit_code)

    def _send(self, rank, message):
        link = self._lines[rank].link
        if link is None:
            return
        with self._sending, contextlib.suppress(OSError):  # that it is gone is seen at reading
            link.sendall(_line(message))


class _Lines:
    """The messages that come over one connection."""

    def __init__(self, link):
        self.link, self.heard, self._rest = link, time.monotonic(), b""

    def read(self):
        """The messages that have come; raises an OSError where the other side is gone."""
        content = self.link.recv(2**16)
        if not content:
            raise ConnectionResetError
        self.heard = time.monotonic()
        *lines, self._rest = (self._rest + content).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            raise ValueError
        messages = [json.loads(line) for line in lines]
        if not all(isinstance(message, dict) for message in messages):
            raise ValueError
        return messages

    def close(self):
        self.link.close()
        self.link = None


def _meet(cluster, wait):
    """{rank: connection} with the workers (on the chief), or with the chief, once all are there."""
    listener = _listen(cluster.addresses[cluster.rank])
    if not cluster.is_chief:
        listener.close()  # the port is free, which is all that was asked
        return {0: _find_chief(cluster, _Wait(wait))}
    with listener:
        return _await_workers(cluster, listener, _Wait(wait))


class _Wait:
    """Says now and then for whom this worker waits, and gives up in the end."""

    def __init__(self, seconds):
        self.started, self.seconds, self.next_word = time.monotonic(), seconds, _FIRST_WORD_SECONDS

    def tell(self, names):
        waited = time.monotonic() - self.started
        if waited >= self.seconds:
            raise WorkerLost(
                f"Gave up after {waited:,.0f} s of waiting for {names}; start the same command there and here "
                "(TFDISENT_WAIT_SECONDS says for how long to wait)."
            )
        if waited >= self.next_word:
            self.next_word = waited + _NEXT_WORD_SECONDS
            _LOG.warning("Waiting for %s, for %s s at most ...", names, f"{self.seconds:,.0f}")


def _listen(address):
    host, port = _split(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("", port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise UserError(
            f"TF_CONFIG gives this worker the address {address}, but port {port} cannot be opened here "
            f"({error.strerror}); end the process that has it, or choose another port."
        ) from error
    return listener


def _await_workers(cluster, listener, wait):
    """On the chief: connections with all workers, by rank."""
    links, greetings = {}, {}
    try:
        while len(links) < cluster.size - 1:
            wait.tell(
                " and ".join(cluster.name(rank) for rank in range(1, cluster.size) if rank not in links)
            )
            waiting = [listener, *(lines.link for lines in greetings), *links.values()]
            readable, _, _ = select.select(waiting, [], [], 0.5)
            for rank in [rank for rank, link in links.items() if link in readable]:
                links.pop(rank).close()  # it was ended while it waited; it may come again
            for link in readable:
                if link is listener:
                    with contextlib.suppress(OSError):
                        greetings[_Lines(_prepared(listener.accept()[0]))] = True
            for lines in [lines for lines in greetings if lines.link in readable]:
                _greet(cluster, lines, links, greetings)
        for link in links.values():
            link.sendall(_line({"go": True}))
    except OSError as error:
        raise _worker_lost("a worker", "went away at the start") from error
    finally:
        for lines in greetings:
            lines.link.close()
    return links


def _greet(cluster, lines, links, greetings):
    """Reads who it is that has connected to the chief."""
    try:
        messages = lines.read()
    except (OSError, ValueError):
        messages = [{}]
    if not messages:
        return
    del greetings[lines]
    rank, addresses = messages[0].get("rank"), messages[0].get("addresses")
    if not isinstance(rank, int) or not isinstance(addresses, list):  # a stranger
        lines.close()
        return
    refusal = None
    if addresses != list(cluster.addresses):
        refusal = (
            f"TF_CONFIG must be the same on all workers but for its task. Received: {', '.join(addresses)} on one "
            f"and {', '.join(cluster.addresses)} on another."
        )
    elif rank in links or not 0 < rank < cluster.size:
        refusal = (
            f"Two processes were started as {cluster.name(rank)}; give each a task of its own in TF_CONFIG."
        )
    if refusal:
        with contextlib.suppress(OSError):
            lines.link.sendall(_line({"refused": refusal}))
        lines.close()
        if addresses != list(cluster.addresses):
            raise UserError(refusal)
        return
    links[rank] = lines.link


def _find_chief(cluster, wait):
    """On a worker: the connection with the chief, once that says that all are there."""
    hello = _line({"rank": cluster.rank, "addresses": list(cluster.addresses)})
    while True:
        wait.tell(cluster.name(0))
        try:
            link = _prepared(socket.create_connection(_split(cluster.addresses[0]), timeout=2.0))
        except OSError:
            time.sleep(0.3)
            continue
        lines = _Lines(link)
        try:
            link.sendall(hello)
            while True:
                if not select.select([link], [], [], 0.5)[0]:
                    wait.tell(f"the other workers; {cluster.name(0)} is there")
                    continue
                for message in lines.read():
                    if "refused" in message:
                        raise UserError(message["refused"])
                    if "go" in message:
                        return link
        except UserError:
            link.close()
            raise
        except (OSError, ValueError):  # the chief was ended, or an earlier training still has its port
            link.close()
            time.sleep(0.3)


def _prepared(link):
    link.settimeout(5.0)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def _split(address):
    host, port = address.rsplit(":", 1)
    return host.strip("[]"), int(port)


def _line(message):
    return json.dumps(message).encode() + b"\n"


def _worker_lost(name, why):
    return WorkerLost(
        f"{name[0].upper()}{name[1:]} {why}, so this training ends here; the same command on all workers resumes it."
    )


def _exit_code(error):
    """The code with which a process ends after an exception that nobody caught, or that the command line prints."""
    if isinstance(error, KeyboardInterrupt):
        return 130
    code = error.code if isinstance(error, SystemExit) else getattr(error, "exit_code", 1)
    return code if isinstance(code, int) else int(code is not None)


def _end_process(code):
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)
