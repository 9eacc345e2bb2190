"""From a note to what the store keeps: extraction with the draft claim's audit, one note at a time.

Says what can go wrong with a reading, and reads within this process: the pipeline is not made for several threads at
once, so one lock guards it, and nothing guards against a note that hangs. `crew` reads by processes instead. How many
may wait is bounded, and who comes too late is told so instead of piling up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from extractor.api import Extractor, load
from extractor.audit import ClaimLine
from extractor.note import Note
from extractor.result import Result

WAITING = 400
"""Notes that may wait for their turn."""


class NotRead(RuntimeError):
    """A note that was not read. `status` is that of HTTP; `detail` says why, in no word of the note."""

    status = 500

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Busy(NotRead):
    """Too many notes are waiting to be read; try again later."""

    status = 503


class Overdue(NotRead):
    """The note took longer than one note may, and was given up."""

    status = 504


class Failed(NotRead):
    """The extractor failed on the note."""


class Reads(Protocol):
    """Whatever reads notes for many threads. `policy` and `profile` are the names of those it applies."""

    policy: str
    profile: str

    def read(self, note: Note, claim: Sequence[ClaimLine] | None = None) -> Result:
        """The result of a note, with the comparison of its draft claim where there is one.

        Raises UnreadableNote or NotRead.
        """


@dataclass(slots=True)
class Places:
    """A bounded number of places to wait in."""

    count: int = WAITING
    _free: threading.BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        self._free = threading.BoundedSemaphore(self.count)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold one place. Raises Busy where there is none."""
        if not self._free.acquire(blocking=False):
            raise Busy("Too many notes are waiting to be read; try again.")
        try:
            yield
        finally:
            self._free.release()


@dataclass(slots=True)
class Reader:
    """An extractor in this process that many threads may use. `wait` is in seconds, `places` how many may wait."""

    extractor: Extractor
    wait: float = 20.0
    places: Places = field(default_factory=Places)
    policy: str = field(init=False)
    profile: str = field(init=False)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.policy, self.profile = self.extractor.policy.name, self.extractor.profile.name

    def read(self, note: Note, claim: Sequence[ClaimLine] | None = None) -> Result:
        """See Reads. Raises Busy after `wait` seconds."""
        with self.places.taken(), self._my_turn():
            return self.extractor.audited(note, claim)

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=self.wait):
            raise Busy("The notes before this one take too long; try again.")
        try:
            yield
        finally:
            self._turn.release()


def reader(wait: float = 20.0, **options: Any) -> Reader:
    """A reader with its pipeline built; `options` are those of `extractor.load`, and it raises what that does."""
    return Reader(load(**options), wait)
