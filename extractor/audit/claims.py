"""Draft claim lines: read from CSV or JSONL, one record a line, grouped by note.

Knows no medicine and no codes. A record that cannot be read is an error with its line number, never left out.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

COLUMNS = ("note_id", "code", "units", "modifiers")


class ClaimError(ValueError):
    """Faults of a claims file; `errors` holds every one of them with its line."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        super().__init__("\n".join(errors))


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One draft line. `line` counts the lines of its note from 1."""

    note_id: str
    code: str
    units: int = 1
    modifiers: tuple[str, ...] = ()
    line: int = 1


def claim_line(record: Mapping[str, Any], line: int = 1) -> ClaimLine:
    """A claim line from a record with `note_id`, `code`, `units` and `modifiers`. Raises ValueError naming the
    column.
    """
    note_id, code = str(record.get("note_id") or "").strip(), str(record.get("code") or "").strip().upper()
    if not note_id:
        raise ValueError("note_id is empty")
    if not re.fullmatch(r"[0-9A-Z]{5}", code):
        raise ValueError("code is not five letters or digits")
    units = record.get("units")
    try:
        count = 1 if units in (None, "") else int(str(units).strip())
    except ValueError:
        raise ValueError("units is not a whole number") from None
    if count < 1:
        raise ValueError("units is below 1")
    given = record.get("modifiers") or ()
    parts = re.split(r"[\s,;]+", given) if isinstance(given, str) else [str(part) for part in given]
    modifiers = tuple(part.strip().upper() for part in parts if part.strip())
    if any(len(part) != 2 for part in modifiers):
        raise ValueError("a modifier has not two characters")
    return ClaimLine(note_id, code, count, modifiers, line)


def read_claims(path: Path | str) -> dict[str, list[ClaimLine]]:
    """Claim lines by note id, in the order of the file. Raises ClaimError with every fault."""
    path = Path(path)
    by_note: dict[str, list[ClaimLine]] = {}
    errors: list[str] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        records = _jsonl(file) if path.suffix.lower() in (".jsonl", ".ndjson") else _csv(file, path.name)
        for number, record in records:
            try:
                if not isinstance(record, Mapping):
                    raise ValueError(record if isinstance(record, str) else "is no object")
                line = claim_line(record)
            except ValueError as error:
                errors.append(f"{path.name}: line {number}: {error}")
                continue
            ours = by_note.setdefault(line.note_id, [])
            ours.append(replace(line, line=len(ours) + 1))
    if errors:
        raise ClaimError(errors)
    return by_note


def _jsonl(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except json.JSONDecodeError:
                yield number, "is no JSON"


def _csv(lines: Iterable[str], name: str) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(lines)
    lacking = [column for column in ("note_id", "code") if column not in (reader.fieldnames or ())]
    if lacking:
        raise ClaimError([f"{name}: line 1: no column {', '.join(lacking)}; columns are {', '.join(COLUMNS)}"])
    for record in reader:
        yield reader.line_num, record
