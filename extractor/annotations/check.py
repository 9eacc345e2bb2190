"""Whether gold records are sound: shape, quotes, and what must hold between the parts; every fault at once.

Derives codes from a record's lesions by the code tables, so that no record can name codes its own lesions do not give.
Faults name the note's id and the field, never the note's words.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from extractor.annotations.record import GoldRecord
from extractor.note import UnreadableNote, check_text

JUDGED_TYPES = ("localization", "biopsy_and_localization")
JUDGED_STATUS = ("completed", "partial")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one note: where, and what to do about it."""

    note: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.note}: {self.field}: {self.message}"


def check_folder(folder: Path) -> tuple[int, list[Fault]]:
    """How many notes lie below `folder`, and every fault of them."""
    faults: list[Fault] = []
    seen: dict[str, Path] = {}
    notes = sorted(folder.rglob("*.txt"))
    for path in notes:
        name = path.relative_to(folder).as_posix()
        try:
            # Decoded as bytes: universal newlines would move every offset of a note with CRLF.
            text = check_text(path.read_bytes().decode("utf-8"))
        except UnicodeDecodeError as error:
            faults.append(Fault(name, "text", f"not UTF-8 (at byte {error.start}): save it as UTF-8"))
            continue
        except UnreadableNote as error:
            faults.append(Fault(name, "text", error.reason))
            continue
        beside = path.with_suffix(".json")
        if not beside.exists():
            faults.append(Fault(name, "record", f"no gold record beside it: write {beside.name}"))
            continue
        try:
            record = json.loads(beside.read_text(encoding="utf-8"))
        except ValueError as error:
            place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
            faults.append(Fault(name, "record", f"not JSON{place}"))
            continue
        found = list(check_record(record, text))
        note_id = record.get("note_id") if isinstance(record, dict) else None
        if isinstance(note_id, str):
            if note_id != path.stem:
                found.append(Fault(note_id, "note_id", f"differs from the file's name {path.stem}"))
            if note_id in seen:
                found.append(Fault(note_id, "note_id", "used by another note of this corpus as well"))
            seen[note_id] = path
        faults += [Fault(name if fault.note == "?" else fault.note, fault.field, fault.message) for fault in found]
    return len(notes), faults


def check_record(record: Any, text: str) -> Iterator[Fault]:
    """Every fault of one record on its note's text."""
    name = str(record.get("note_id", "?")) if isinstance(record, Mapping) else "?"
    try:
        GoldRecord.model_validate(record)
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False, include_context=False):
            where = ".".join(str(part) for part in each["loc"]) or "record"
            yield Fault(name, where, each["msg"])
        return
    for key, words in record["evidence"].items():
        if not words:
            yield Fault(name, f"evidence.{key}", "is empty: leave the key out where the note documents nothing")
        elif words not in text:
            yield Fault(name, f"evidence.{key}", "is no exact substring of the note: copy it with its line breaks")
    yield from (Fault(name, field, message) for field, message in _parts(record))


def _parts(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What must hold between the parts of a record."""
    kind, status = record["procedure"]["type"], record["procedure"]["status"]
    lesions, made = record["lesions"], record["recommendation"]
    if (kind == "other") != (status is None):
        yield "procedure.status", "is null for the type other, and only there"
    if lesions and (kind == "other" or status == "cancelled"):
        yield "lesions", "is empty for the type other and for a cancelled procedure"
    yield from _lesions(record)
    documentation = record["documentation"]
    if (documentation["missing"] or documentation["conflicting"]) and not (
        kind in JUDGED_TYPES and status in JUDGED_STATUS
    ):
        yield "documentation", "is judged for completed or partial localizations only: empty both lists"
    for element in sorted(set(documentation["missing"]) & set(documentation["conflicting"])):
        yield "documentation", f"{element} is both missing and conflicting"
    for list_name in ("missing", "conflicting"):
        for element, count in Counter(documentation[list_name]).items():
            if count > 1:
                yield f"documentation.{list_name}", f"names {element} twice"
    complications = record["complications"]
    if complications["items"] and not complications["documented"]:
        yield "complications.documented", "is true where there are items"
    if kind == "other" and complications["documented"]:
        yield "complications.documented", "is false for the type other"
    judged = kind in JUDGED_TYPES and status in JUDGED_STATUS
    if judged and ("complications" in documentation["missing"]) == complications["documented"]:
        yield "documentation.missing", "names complications exactly where they are not documented"
    if made["disposition"] != "ready" and made["codes"]:
        yield "recommendation.codes", "is empty unless the disposition is ready"
    if made["disposition"] == "ready" and not made["codes"]:
        yield "recommendation.codes", "is empty although the disposition is ready"
    yield from _derived(record)


def _lesions(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    kind, lesions, count = record["procedure"]["type"], record["lesions"], record["lesion_count"]
    localized = sum(not each["biopsied"] and each["outcome"] in ("placed", None) for each in lesions)
    if kind in ("biopsy", "other") and count != 0:
        yield "lesion_count", f"is 0 for the type {kind}"
    elif count is not None and count != localized and "lesion_count" not in record["documentation"]["conflicting"]:
        yield "lesion_count", f"is {count}, but {localized} lesions are placed or of unstated outcome and not biopsied"
    if kind == "localization" and any(each["biopsied"] for each in lesions):
        yield "procedure.type", "is not localization where a lesion was biopsied"
    if kind.startswith("biopsy") and lesions and not any(each["biopsied"] for each in lesions):
        yield "procedure.type", f"is {kind}, but no lesion is marked as biopsied"
    for number, each in enumerate(lesions):
        if each["devices"] and each["outcome"] != "placed":
            yield f"lesions.{number}.devices", "is empty unless the outcome is placed"


def _derived(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Codes follow from the lesions: the tables must give what the record says."""
    from extractor.coding import load_policy, load_tables, recommend
    from extractor.coding.gold import findings_of

    want = record["recommendation"]
    if want["disposition"] != "ready":
        return
    made = recommend(findings_of(record), load_policy(), load_tables())
    if made.disposition != "ready":
        yield "recommendation.disposition", f"is ready, but the lesions and elements give {made.disposition}"
        return
    lines = ({"code": line.code, "units": line.units, "modifiers": line.modifiers} for line in made.codes)
    derived, said = _lines(lines), _lines(want["codes"])
    if derived != said:
        yield "recommendation.codes", f"say {_words(said)}, but the lesions give {_words(derived)}"


def _lines(codes: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, tuple[str, ...]]]:
    lines: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for line in codes:
        modifiers = ("59" if m.startswith("X") else m for m in line["modifiers"])
        lines[line["code"], tuple(sorted(modifiers))] += line["units"]
    return lines


def _words(lines: Counter[tuple[str, tuple[str, ...]]]) -> str:
    return " ".join(f"{'-'.join([code, *mods])}x{units}" for (code, mods), units in sorted(lines.items())) or "nothing"
