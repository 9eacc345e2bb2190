"""The loop over a batch: every note that goes in comes out as a result or as a reject, in order.

Calls the one function that maps a note to a result and holds no rule. A failure costs only its note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from extractor.note import Note, UnreadableNote
from extractor.result import Result
from extractor.sources.common import Reject


class Counted(Protocol):
    """What a tally counts of one note that was read."""

    @property
    def disposition(self) -> str: ...
    @property
    def codes(self) -> Sequence[str]: ...
    @property
    def flags(self) -> Sequence[str]: ...
    @property
    def verdict(self) -> str | None: ...
    @property
    def audited(self) -> Sequence[str]: ...


@dataclass(slots=True)
class Tally:
    """What a batch came to: notes by disposition, units by code, notes by flag, verdicts and differences of audits (as
    `differences` gives them); what was not read, what came twice."""

    dispositions: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    audited: Counter[str] = field(default_factory=Counter)
    rejects: int = 0
    duplicates: int = 0

    @property
    def results(self) -> int:
        return self.dispositions.total()

    def add(self, outcome: Result | Counted | Reject) -> None:
        """Count one outcome."""
        if isinstance(outcome, Reject):
            self.rejects += not outcome.duplicate
            self.duplicates += outcome.duplicate
            return
        if isinstance(outcome, Result):
            verdict: str | None = outcome.audit.verdict if outcome.audit else None
            audited: Sequence[str] = differences(outcome)
            self._count(outcome.recommendation.disposition, units(outcome), [flag.id for flag in outcome.flags])
        else:
            verdict, audited = outcome.verdict, outcome.audited
            self._count(outcome.disposition, outcome.codes, outcome.flags)
        if verdict:
            self.verdicts[verdict] += 1
        self.audited.update(audited)

    def _count(self, disposition: str, codes: Sequence[str], flags: Sequence[str]) -> None:
        self.dispositions[disposition] += 1
        self.codes.update(codes)
        self.flags.update(set(flags))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, from which `from_dict` makes the tally again."""
        kept = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: dict(value) if isinstance(value, Counter) else value for name, value in kept.items()}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Tally:
        """The tally that `to_dict` gave; an empty one of an empty dictionary."""
        tally = cls()
        for name, value in kept.items():
            setattr(tally, name, Counter(value) if isinstance(value, dict) else value)
        return tally

    def __str__(self) -> str:
        parts = ", ".join(f"{count} {name}" for name, count in self.dispositions.most_common())
        rejected = f"; {self.rejects} could not be read" if self.rejects else ""
        if self.duplicates:
            rejected += f"; {self.duplicates} came again and {'was' if self.duplicates == 1 else 'were'} read once"
        return f"{self.results} {'note' if self.results == 1 else 'notes'}{': ' if parts else ''}{parts}{rejected}"

    def details(self, most: int = 12) -> list[str]:
        """Further lines of a summary: units of the codes, and the flags with the notes that have them."""
        lines = []
        for name, counts in (("codes", self.codes), ("flags", self.flags)):
            ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
            shown = ", ".join(f"{key} {count}" for key, count in ranked)
            further = f" and {len(counts) - most} more" if len(counts) > most else ""
            if shown:
                lines.append(f"  {name}: {shown}{further}")
        return lines


def units(result: Result) -> tuple[str, ...]:
    """The codes of a result, each as often as its units."""
    return tuple(line.code for line in result.recommendation.codes for _ in range(line.units))


def differences(result: Result) -> tuple[str, ...]:
    """What the audit of a result found: for each difference its id, a space and its direction."""
    return tuple(f"{each.id} {each.direction}" for each in result.audit.findings) if result.audit else ()


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
