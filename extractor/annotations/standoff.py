"""Stand-off annotation: a note's text, labelled spans over it, and the record that goes with them.

The one form that every format is written from and read into. Offsets are Unicode code points of the text as given; what
other tools count is converted at their door (`offsets`). Knows nothing of any one format.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.result import Result

QUOTED = ("guidance", "laterality", "device", "complications")
"""Labels of a gold record's quotes; annotators need no others. Results export further ones."""


class AnnotationError(ValueError):
    """Annotations that cannot be read or written. The message names the note and never quotes it."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`text[start:end]` of a document under a label; `rule` is the rule that found it, None for a person."""

    start: int
    end: int
    label: str
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One note with its annotation. `record` is a gold record or, where `origin` names the program that proposed it,
    a proposal of `score` (a probability, or None)."""

    note_id: str
    text: str
    spans: tuple[Span, ...] = ()
    record: Mapping[str, Any] | None = None
    origin: str | None = None
    score: float | None = None

    def __post_init__(self) -> None:
        for number, span in enumerate(self.spans):
            if not 0 <= span.start < span.end <= len(self.text):
                raise AnnotationError(f"{self.note_id}: span {number}: offsets lie outside the note or are empty")

    @property
    def sha256(self) -> str:
        """Digest of the text's UTF-8 bytes: annotations belong to this text and no other."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()

    def surface(self, span: Span) -> str:
        """The span's words."""
        return self.text[span.start : span.end]


def of_record(text: str, record: Mapping[str, Any]) -> Document:
    """A gold record on its note; each quote becomes the first place where it stands."""
    note_id = str(record["note_id"])
    spans = []
    for label, words in (record.get("evidence") or {}).items():
        at = text.find(words)
        if at < 0 or not words:
            raise AnnotationError(f"{note_id}: evidence.{label} is no substring of the note; run the check first")
        spans.append(Span(at, at + len(words), label))
    return Document(note_id, text, tuple(sorted(spans)), record)


def to_record(document: Document) -> dict[str, Any]:
    """The record with its quotes taken from the spans: the first of each label, as an annotator left them."""
    if document.record is None:
        raise AnnotationError(f"{document.note_id}: spans only, no record: nothing to write a gold record from")
    quotes: dict[str, str] = {}
    for span in sorted(document.spans):
        if span.label in QUOTED:
            quotes.setdefault(span.label, document.surface(span))
    kept = {label: quotes[label] for label in document.record.get("evidence") or {} if label in quotes}
    return {**document.record, "evidence": {**kept, **{k: v for k, v in quotes.items() if k not in kept}}}


def of_result(text: str, result: Result) -> Document:
    """A result as pre-annotation: all evidence as spans, the values as a record to correct."""
    spans: set[Span] = set()

    def add(label: str, quotes: Iterable[Any]) -> None:
        spans.update(Span(q.start, q.end, label, q.rule) for q in quotes if q.start < q.end)

    add("procedure", result.procedure.evidence)
    for lesion in result.lesions:
        for name, quotes in lesion.evidence.items():
            add(name, quotes)
        for device in lesion.devices:
            add("device", device.evidence)
    add("complications", result.complications.evidence)
    for element in result.documentation:
        add(element.element, element.evidence)
    if hashlib.sha256(text.encode("utf-8")).hexdigest() != result.provenance.text_sha256:
        raise AnnotationError(f"{result.note_id}: the result was made from another text than this note's")
    origin = f"extractor {result.provenance.extractor}"
    score = result.recommendation.confidence
    return Document(result.note_id, text, tuple(sorted(spans, key=_order)), _proposal(text, result), origin, score)


def _order(span: Span) -> tuple[int, int, str, str]:
    return span.start, span.end, span.label, span.rule or ""


def _proposal(text: str, result: Result) -> dict[str, Any]:
    """A result in the form of a gold record."""
    lesions = result.lesions
    first = {
        "guidance": next((q for each in lesions for q in each.evidence.get("guidance", [])), None),
        "laterality": next((q for each in lesions for q in each.evidence.get("laterality", [])), None),
        "device": next((q for each in lesions for device in each.devices for q in device.evidence), None),
        "complications": next(iter(result.complications.evidence), None),
    }
    made = result.recommendation
    return {
        "note_id": result.note_id,
        "procedure": {"type": result.procedure.type, "status": result.procedure.status},
        "lesions": [
            {
                "site": each.site,
                "laterality": each.laterality,
                "guidance": each.guidance,
                "devices": [{"type": device.type, "count": device.count} for device in each.devices],
                "target": each.target,
                "biopsied": each.biopsied,
                "outcome": each.outcome,
            }
            for each in lesions
        ],
        "lesion_count": result.lesion_count,
        "complications": {
            "documented": result.complications.documented,
            "items": [item.type for item in result.complications.items],
        },
        "documentation": {
            status: [each.element for each in result.documentation if each.status == status]
            for status in ("missing", "conflicting")
        },
        "recommendation": {
            "disposition": made.disposition,
            "codes": [{"code": line.code, "units": line.units, "modifiers": line.modifiers} for line in made.codes],
        },
        "evidence": {label: text[quote.start : quote.end] for label, quote in first.items() if quote},
        "rationale": " ".join(made.reasons),
    }


def read_corpus(folder: Path) -> Iterator[Document]:
    """The notes below `folder` in order of their paths, with their gold records where they have one."""
    for path in sorted(folder.rglob("*.txt")):
        text = path.read_bytes().decode("utf-8")
        beside = path.with_suffix(".json")
        if beside.exists():
            yield of_record(text, json.loads(beside.read_text(encoding="utf-8")))
        else:
            yield Document(path.stem, text)


def file_name(note_id: str) -> str:
    """The note's id as a file's name. Raises AnnotationError where it cannot be one."""
    if not note_id or note_id.startswith(".") or any(c in '/\\:*?"<>|' or not c.isprintable() for c in note_id):
        raise AnnotationError(f"{note_id!r}: this id cannot be the name of a file; give the note another")
    return note_id


def write_corpus(documents: Iterable[Document], folder: Path) -> int:
    """One text and, where there is one, one record a note; the number of notes."""
    count = 0
    folder.mkdir(parents=True, exist_ok=True)
    for document in documents:
        place = folder / file_name(document.note_id)
        place.with_name(place.name + ".txt").write_bytes(document.text.encode("utf-8"))
        if document.record is not None:
            record = json.dumps(to_record(document), indent=1, ensure_ascii=False) + "\n"
            place.with_name(place.name + ".json").write_text(record, encoding="utf-8", newline="\n")
        count += 1
    return count
