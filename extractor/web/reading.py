"""From a note to what the store keeps: extraction with the draft claim's audit, one note at a time.

The pipeline is not made for several threads at once, so one lock guards it; how many may wait for it is bounded, and
who comes too late is told so instead of piling up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from extractor.api import Extractor, load
from extractor.audit import ClaimLine, audit
from extractor.note import Note
from extractor.result import Result


class Busy(RuntimeError):
    """Too many notes are waiting to be read; try again later."""


@dataclass(slots=True)
class Reader:
    """An extractor that many threads may use. `wait` is in seconds, `waiting` a number of notes."""

    extractor: Extractor
    wait: float = 20.0
    waiting: int = 400
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _places: threading.BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        self._places = threading.BoundedSemaphore(self.waiting)

    def read(self, note: Note, claim: Sequence[ClaimLine] | None = None) -> Result:
        """The result of a note, with the comparison of its draft claim where there is one.

        Raises UnreadableNote, or Busy after `wait` seconds.
        """
        with self._my_turn():
            note, findings, recommendation, tables = self.extractor.judge(note)
            result = self.extractor.result(note, findings, recommendation)
            if claim is None:
                return result
            return result.with_audit(audit(findings, recommendation, claim, tables, self.extractor.policy))

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise Busy("too many notes are waiting to be read")
        try:
            if not self._turn.acquire(timeout=self.wait):
                raise Busy("the notes before this one take too long")
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._places.release()


def reader(policy: str = "cpt", profile: str = "default", wait: float = 20.0) -> Reader:
    """A reader with its pipeline built. Raises as `extractor.load`."""
    return Reader(load(policy, profile), wait)
