"""Notes read by worker processes, in the order of the input, in bounded memory; what goes wrong costs only its note.

Knows processes and holds no rule: each worker loads one extractor and answers one note after the other. A worker that
dies or hangs is replaced, the note it was at becomes a reject, and the others it held are given to another.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

from extractor.batch import differences, units
from extractor.note import Note, UnreadableNote
from extractor.sources.common import Reject

CHUNK = 16
"""Notes that a worker holds at most; few, since a failure makes the rest of them wait for a new worker."""
CHUNK_BYTES = 262_144
WINDOW = 8
"""Chunks a worker for which notes are read ahead, so that an answer that is late does not stop the others."""
WINDOW_BYTES = 64_000_000
LOOK_SECONDS = 0.01
"""While notes are read ahead, answers are looked for no more often than this: a look costs more than reading a note."""
START_SECONDS = 300.0
LOAD = "extractor.api:load"
"""What a worker calls to get its extractor, `module:name`."""


class WorkerError(RuntimeError):
    """No worker can be started. The message says why and holds nothing of a note."""


class Done(NamedTuple):
    """What became of one note: its result as a line of JSON with its end, and what a summary counts."""

    line: str
    disposition: str
    codes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    verdict: str | None = None
    audited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setup:
    """How workers work. `options` are the arguments of `extractor.load`; `timeout` seconds a note (None: no limit);
    `memory` bytes a worker may take (None: no limit; kept on Linux only)."""

    options: Mapping[str, Any]
    workers: int
    timeout: float | None = None
    memory: int | None = None
    load: str = field(default_factory=lambda: LOAD)


def loaded(setup: Setup) -> Callable[[Note], Any]:
    """What answers notes. Raises OSError or ValueError where the options cannot be used."""
    module, _, name = setup.load.partition(":")
    extract: Callable[[Note], Any] = getattr(__import__(module, fromlist=[name]), name)(**setup.options).extract
    return extract


def answer(extract: Callable[[Note], Any], note: Note) -> Done | Reject:
    """What becomes of one note. Running out of memory passes on, since the process is not fit for another."""
    try:
        result = extract(note)
        flags = tuple(flag.id for flag in result.flags)
        verdict = result.audit.verdict if result.audit else None
        line, disposition = result.to_json() + "\n", result.recommendation.disposition
        return Done(line, disposition, units(result), flags, verdict, differences(result))
    except UnreadableNote as error:
        reason = error.reason
    except MemoryError:
        raise
    except Exception as error:
        # Messages of exceptions may quote the note; their class never does.
        reason = f"the extractor failed on this note ({type(error).__name__})"
    return _reject(note, reason)


def in_this_process(items: Iterable[Note | Reject], extract: Callable[[Note], Any]) -> Iterator[Done | Reject]:
    """The outcomes of `items` without workers: nothing guards against a note that hangs or takes all memory."""
    for item in items:
        yield item if isinstance(item, Reject) else answer(extract, item)


def _reject(note: Note, reason: str) -> Reject:
    return Reject(note.note_id, reason, note.metadata.get("source_file"))


def work(connection: Connection, setup: Setup) -> None:
    """A worker's life: load, say so, answer until told to stop."""
    # Ctrl-C reaches the whole group; the parent decides what becomes of its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(setup.memory)
    _die_with_parent()
    try:
        extract = loaded(setup)
    except (OSError, ValueError) as error:
        connection.send(str(error))
        return
    with contextlib.suppress(EOFError, BrokenPipeError):  # the parent is gone: so is the reason to work
        connection.send(None)
        while True:
            for note in connection.recv():
                try:
                    connection.send(answer(extract, note))
                except MemoryError:
                    connection.send(_reject(note, "the worker ran out of memory on this note"))
                    connection.close()  # now: a process takes its time to end, and nobody is to wait for it
                    return


def _limit(memory: int | None) -> None:
    if memory is not None and sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _die_with_parent() -> None:
    """See that a worker which hangs does not outlive a parent that was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


@dataclass(slots=True, eq=False)
class _Slot:
    """One item of the input on its way: its outcome, once there is one."""

    item: Note | Reject
    size: int = 0
    outcome: Done | Reject | None = None
    deaths: int = 0


@dataclass(slots=True, eq=False)
class _Worker:
    """A process with the slots it holds, the one it is at first; `since` is when it was last heard of."""

    process: Any
    connection: Connection
    held: deque[_Slot] = field(default_factory=deque)
    ready: bool = False
    since: float = 0.0


class Pool:
    """Some workers. Use as a context: leaving it ends them."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        # A fresh interpreter on every system: a copy of this one would bring its threads, locks and open files along.
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._queue: deque[_Slot] = deque()
        self._failed_starts = 0

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()
        self._workers.clear()

    def start(self) -> None:
        """Start the first worker and wait until it is ready. Raises WorkerError where none can be started."""
        self._add()
        while not any(worker.ready for worker in self._workers):
            self._listen(None)
            if not self._workers:
                self._add()

    def outcomes(self, items: Iterable[Note | Reject]) -> Iterator[Done | Reject]:
        """The outcome of every item, in their order."""
        source = iter(items)
        slots: deque[_Slot] = deque()
        size, more, looked = 0, True, 0.0
        while True:
            while slots and slots[0].outcome is not None:
                slot = slots.popleft()
                size -= slot.size
                assert slot.outcome is not None
                yield slot.outcome
            room = len(slots) < self._setup.workers * CHUNK * WINDOW and size < WINDOW_BYTES
            if more and room:
                item = next(source, None)
                if item is None:
                    more = False
                    continue  # all may have been answered, and then there is nothing to wait for
                slot = _Slot(item)
                slots.append(slot)
                if isinstance(item, Reject):
                    slot.outcome = item
                    continue
                slot.size = len(item.text)
                size += slot.size
                self._queue.append(slot)
            elif not slots and not more:
                return
            self._staff()
            self._hand_out()
            # While there is more to read the answers are only looked for; then they are waited for.
            if not (more and room):
                self._listen(None)
            elif time.monotonic() - looked > LOOK_SECONDS:
                self._listen(0.0)
                looked = time.monotonic()

    def _staff(self) -> None:
        starting = sum(not worker.ready for worker in self._workers)
        if not self._workers or (
            len(self._workers) < self._setup.workers and len(self._queue) > CHUNK * starting and not self._idle()
        ):
            self._add()

    def _idle(self) -> bool:
        return any(worker.ready and not worker.held for worker in self._workers)

    def _add(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=work, args=(theirs, self._setup), daemon=True)
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours, since=time.monotonic()))

    def _hand_out(self) -> None:
        for worker in list(self._workers):
            if not worker.ready or worker.held or not self._queue:
                continue
            size = 0
            # A note that killed a worker goes alone, so that it cannot take others with it.
            alone = self._queue[0].deaths > 0
            while self._queue and len(worker.held) < (1 if alone else CHUNK) and size < CHUNK_BYTES:
                if self._queue[0].deaths and worker.held:
                    break
                slot = self._queue.popleft()
                worker.held.append(slot)
                size += slot.size
            try:
                # A worker that holds nothing is reading, so this cannot wait for it in turn.
                worker.connection.send([slot.item for slot in worker.held])
            except OSError:
                self._bury(worker, "")
                continue
            worker.since = time.monotonic()

    def _listen(self, seconds: float | None) -> None:
        """Take what the workers say; wait at most `seconds`, or until something happens."""
        if not self._workers:
            return
        now = time.monotonic()
        limits = [limit for worker in self._workers if (limit := self._limit_of(worker)) is not None]
        if limits:
            left = max(0.0, min(limits) - now)
            seconds = left if seconds is None else min(seconds, left)
        heard = wait([worker.connection for worker in self._workers], seconds)
        for worker in list(self._workers):
            if worker.connection in heard:
                self._hear(worker)
            elif (limit := self._limit_of(worker)) is not None and time.monotonic() >= limit:
                if worker.ready:
                    worker.held[0].outcome = _reject(
                        _note(worker.held[0]), f"the note took longer than {self._setup.timeout:g} seconds"
                    )
                    worker.held.popleft()
                self._bury(worker, "took too long to start")

    def _limit_of(self, worker: _Worker) -> float | None:
        """When the patience with a worker ends."""
        if not worker.ready:
            return worker.since + START_SECONDS
        return worker.since + self._setup.timeout if worker.held and self._setup.timeout is not None else None

    def _hear(self, worker: _Worker) -> None:
        try:
            said = worker.connection.recv()
        except (EOFError, OSError):
            self._mourn(worker)
            return
        worker.since = time.monotonic()
        if worker.ready:
            worker.held.popleft().outcome = said
        elif said is None:
            worker.ready, self._failed_starts = True, 0
        else:
            raise WorkerError(said)

    def _mourn(self, worker: _Worker) -> None:
        """A worker died. The note it was at is tried once more, alone: it may not have been the note's fault."""
        worker.process.join()
        code = worker.process.exitcode
        how = f"signal {-code}" if code and code < 0 else f"exit status {code}"
        if worker.held and code != 0:
            first = worker.held[0]
            first.deaths += 1
            if first.deaths > 1:
                worker.held.popleft().outcome = _reject(_note(first), f"the worker died on this note ({how})")
        self._bury(worker, f"died at start ({how})")

    def _bury(self, worker: _Worker, why: str) -> None:
        """Give what a worker held to others, in its order, and forget it."""
        worker.process.kill()
        worker.process.join()
        worker.connection.close()
        self._workers.remove(worker)
        self._queue.extendleft(reversed(worker.held))
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= 3:
                raise WorkerError(f"the workers cannot be started: the last one {why}")


def _note(slot: _Slot) -> Note:
    assert isinstance(slot.item, Note)
    return slot.item
