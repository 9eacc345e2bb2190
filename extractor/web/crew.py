"""Notes read by worker processes, each asked for by a thread that waits: a note that hangs costs only its own request.

The workers are those of a batch (`extractor.workers`), one note each. One that takes too long or dies is killed and
replaced by another; only the thread that waits for it learns of it.
"""

from __future__ import annotations

import logging
import multiprocessing
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from extractor.audit import ClaimLine
from extractor.coding import load_policy
from extractor.documentation import load_profile
from extractor.note import Note, check_text
from extractor.result import Result
from extractor.sources.common import Reject
from extractor.web.reading import Busy, Failed, Overdue, Places
from extractor.workers import START_SECONDS, Setup, WorkerError, work

log = logging.getLogger("extractor.web")

LOAD = "extractor.api:load_auditor"
RETRY_SECONDS = 30.0
"""The longest pause between attempts to replace a worker that cannot be started."""


@dataclass(slots=True, eq=False)
class _Worker:
    process: Any
    connection: Connection

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


class Crew:
    """Some workers for many threads. Use as a context: leaving it ends them. `wait`: seconds until a worker is free."""

    def __init__(self, setup: Setup, policy: str, profile: str, wait: float = 40.0) -> None:
        self.policy, self.profile = policy, profile
        self.wait = wait
        self.places = Places()
        self._setup = setup
        self._context = multiprocessing.get_context("spawn")
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._wanted: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._alive: set[_Worker] = set()
        self._started: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._ended = threading.Event()
        # One thread that lives as long as the crew starts all workers: on Linux a worker dies with the thread that
        # started it, and the threads of requests come and go.
        self._keeper = threading.Thread(target=self._keep, name="workers", daemon=True)

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the workers and wait for the first. Raises WorkerError where none can be started."""
        self._keeper.start()
        for _ in range(self._setup.workers):
            self._wanted.put(True)
        fault = self._started.get()
        if fault is not None:
            self.close()
            raise WorkerError(fault)

    def close(self) -> None:
        """End the workers."""
        self._ended.set()
        self._wanted.put(False)
        self._keeper.join()
        for worker in list(self._alive):
            self._bury(worker)

    def read(self, note: Note, claim: Sequence[ClaimLine] | None = None) -> Result:
        """See `Reads`. Raises Busy where no worker is free within `wait` seconds, Overdue or Failed."""
        check_text(note.text)
        asked = replace(note, metadata={**note.metadata, "claim": None if claim is None else tuple(claim)})
        with self.places.taken():
            answer = self._answer(asked)
            if answer is None:
                # The worker died. It may not have been the note's fault, so that another one tries it once more.
                answer = self._answer(asked)
        if answer is None:
            raise Failed("The worker that read this note died.")
        if isinstance(answer, Reject):
            raise Failed(f"The note was not read: {answer.reason}.")
        return Result.model_validate_json(answer.line)

    def _answer(self, asked: Note) -> Any:
        """What a worker says to a note; None where it died."""
        try:
            worker = self._idle.get(timeout=self.wait)
        except queue.Empty:
            raise Busy("The notes before this one take too long; try again.") from None
        try:
            worker.connection.send([asked])
            if not worker.connection.poll(self._setup.timeout):
                self._replace(worker, "was given up")
                raise Overdue(f"The note took longer than {self._setup.timeout:g} seconds and was given up.")
            answer = worker.connection.recv()
        except (EOFError, OSError):
            self._replace(worker, "died")
            return None
        self._idle.put(worker)
        return answer

    def _replace(self, worker: _Worker, why: str) -> None:
        self._bury(worker)
        if not self._ended.is_set():
            log.warning("a worker %s; another takes its place", why)
            self._wanted.put(True)

    def _bury(self, worker: _Worker) -> None:
        self._alive.discard(worker)
        worker.kill()

    def _keep(self) -> None:
        """The keeper's life: start as many workers as are wanted, one after the other."""
        pause, first = 1.0, True
        while self._wanted.get() and not self._ended.is_set():
            fault = self._start()
            if first:
                self._started.put(fault)
                if fault is not None:
                    return
                first = False
            if fault is None:
                pause = 1.0
                continue
            if self._ended.is_set():
                return
            log.error("a worker cannot be started; the next attempt is in %.0f s", pause)
            self._ended.wait(pause)
            pause = min(2 * pause, RETRY_SECONDS)
            self._wanted.put(True)

    def _start(self) -> str | None:
        """Start a worker; None, or why it cannot be started."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=work, args=(theirs, self._setup), daemon=True)
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._alive.add(worker)
        until = time.monotonic() + START_SECONDS
        fault: str | None = "the workers cannot be started: the first one took too long"
        try:
            while time.monotonic() < until and not self._ended.is_set():
                if ours.poll(0.2):
                    fault = ours.recv()
                    break
        except (EOFError, OSError):
            process.join()
            fault = f"the workers cannot be started: the first one died (exit status {process.exitcode})"
        if fault is None:
            self._idle.put(worker)
        else:
            self._bury(worker)
        return fault


def crew(
    options: dict[str, Any], workers: int, timeout: float | None, memory: int | None, load: str = LOAD
) -> Crew:
    """A crew that is yet to be started. `options` as `extractor.load` takes them, `timeout` in seconds a note,
    `memory` in bytes a worker. Raises OSError or ValueError for a policy or profile that cannot be used.
    """
    policy, profile = load_policy(options["policy"]), load_profile(options["profile"])
    # Who waits behind notes that hang gets the worker that takes the place of the first one given up.
    wait = 40.0 if timeout is None else timeout + 10.0
    return Crew(Setup(options, workers, timeout, memory, load), policy.name, profile.name, wait)
