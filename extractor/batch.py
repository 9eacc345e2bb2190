"""The loop over a batch: every note that goes in comes out as a result or as a reject, in order.

Calls the one function that maps a note to a result and holds no rule. A failure costs only its note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from extractor.note import Note, UnreadableNote
from extractor.result import Result
from extractor.sources.common import Reject


@dataclass(slots=True)
class Tally:
    """What a batch came to."""

    dispositions: Counter[str] = field(default_factory=Counter)
    rejects: int = 0
    duplicates: int = 0

    @property
    def results(self) -> int:
        return self.dispositions.total()

    def add(self, outcome: Result | Reject) -> None:
        """Count one outcome."""
        if isinstance(outcome, Reject):
            self.rejects += not outcome.duplicate
            self.duplicates += outcome.duplicate
        else:
            self.dispositions[outcome.recommendation.disposition] += 1

    def __str__(self) -> str:
        parts = ", ".join(f"{count} {name}" for name, count in self.dispositions.most_common())
        rejected = f"; {self.rejects} could not be read" if self.rejects else ""
        if self.duplicates:
            rejected += f"; {self.duplicates} came again and {'was' if self.duplicates == 1 else 'were'} read once"
        return f"{self.results} {'note' if self.results == 1 else 'notes'}{': ' if parts else ''}{parts}{rejected}"


def outcomes(items: Iterable[Note | Reject], process: Callable[[Note], Result]) -> Iterator[Result | Reject]:
    """`process` applied to every note of `items`; a note on which it fails comes out as a reject."""
    for item in items:
        yield item if isinstance(item, Reject) else _outcome(item, process)


def _outcome(note: Note, process: Callable[[Note], Result]) -> Result | Reject:
    try:
        return process(note)
    except UnreadableNote as error:
        reason = error.reason
    except Exception as error:
        # Messages of exceptions may quote the note; their class never does.
        reason = f"the extractor failed on this note ({type(error).__name__})"
    return Reject(note.note_id, reason, note.metadata.get("source_file"))
