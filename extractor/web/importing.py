"""Loading notes into the store: read now, or with the results of a batch that was run before.

A note that cannot be loaded is named with its reason and stops nothing. Notes that are there already with the same
text keep their review.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from extractor.audit import ClaimLine
from extractor.batch import outcomes
from extractor.note import Note, UnreadableNote
from extractor.result import Result
from extractor.sources.common import Reject
from extractor.web.reading import NotRead, Reads
from extractor.web.store import Store, notes

# One transaction for so many notes: enough to be quick, few enough that reviewers do not wait for it.
TOGETHER = 50


@dataclass(slots=True)
class Imported:
    """How many notes were `new`, had a new `text`, a new `result` or were the `same`; and those that were rejected."""

    changes: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)

    def __str__(self) -> str:
        names = {"new": "new", "text": "with a new text", "result": "read anew", "same": "unchanged"}
        parts = [f"{self.changes[key]} {name}" for key, name in names.items() if self.changes[key]]
        if self.rejects:
            parts.append(f"{len(self.rejects)} could not be loaded")
        return ", ".join(parts) or "no notes"


def read_results(path: Path) -> dict[str, Result]:
    """The results of a batch by note id. Raises ValueError naming the line of one that is none."""
    found = {}
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                result = Result.model_validate(json.loads(line))
            except (json.JSONDecodeError, ValidationError):
                raise ValueError(f"{path.name}: line {number} is no result of this version of extractor") from None
            found[result.note_id] = result
    return found


def load(
    store: Store,
    actor: str,
    items: Iterable[Note | Reject],
    reader: Reads,
    claims: Mapping[str, Sequence[ClaimLine]] | None = None,
    results: Mapping[str, Result] | None = None,
    site: str = "",
    on_reject: Callable[[Reject], Any] = lambda reject: None,
    at_once: int = 1,
) -> Imported:
    """Load every note of `items`. `results`: those of an earlier batch, taken where they are of the same text;
    `at_once`: how many notes `reader` is asked for together.
    """
    imported = Imported()

    def reject(it: Reject) -> None:
        imported.rejects.append(it)
        on_reject(it)

    def process(note: Note) -> Result:
        made = results.get(note.note_id) if results is not None else None
        if made is not None and made.provenance.text_sha256 == sha256(note.text.encode()).hexdigest():
            return made
        try:
            return reader.read(note, claims.get(note.note_id, []) if claims is not None else None)
        except NotRead as error:
            raise UnreadableNote(error.detail.rstrip(".")) from None

    with ThreadPoolExecutor(at_once) as threads:
        for group in _grouped(items):
            read: list[tuple[Note, Result]] = []
            outcomes_ = threads.map(lambda item: next(iter(outcomes([item], process))), group)
            for item, outcome in zip(group, outcomes_, strict=True):
                if isinstance(outcome, Reject):
                    reject(outcome)
                elif isinstance(item, Note) and len(item.note_id) <= 200:
                    read.append((item, outcome))
                else:
                    reject(Reject(outcome.note_id[:200], "the id is longer than 200 characters"))
            with store.write() as connection:
                for note, result in read:
                    claim = claims.get(note.note_id, []) if claims is not None else None
                    where, who = (str(note.metadata.get(key) or "") for key in ("site", "provider"))
                    _, change = notes.put(
                        connection, actor, note.note_id, note.text, result, claim, where or site, who
                    )
                    imported.changes[change] += 1
    return imported


def _grouped(items: Iterable[Note | Reject]) -> Iterable[list[Note | Reject]]:
    group: list[Note | Reject] = []
    for item in items:
        group.append(item)
        if len(group) == TOGETHER:
            yield group
            group = []
    if group:
        yield group
