"""JSON lines: the package's own stand-off form, Prodigy's and doccano's. Knows these three shapes and no others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from extractor.annotations.offsets import Ruler, Unit, located
from extractor.annotations.standoff import AnnotationError, Document, Span

Shape = Callable[[Document, Unit], dict[str, Any]]


def standoff(document: Document, unit: Unit) -> dict[str, Any]:
    """`{note_id, sha256, offsets, text, spans: [{start, end, label, text, rule}], record, origin, score}`."""
    return {
        "note_id": document.note_id,
        "sha256": document.sha256,
        "offsets": unit,
        "text": document.text,
        "spans": _spans(document, unit),
        **_rest(document),
    }


def prodigy(document: Document, unit: Unit) -> dict[str, Any]:
    """Prodigy's task: `{text, spans, meta}`; `answer` only where a person gave it."""
    answer = {} if document.origin else {"answer": "accept"}
    meta = {"note_id": document.note_id, **_rest(document)}
    return {"text": document.text, "spans": _spans(document, unit), "meta": meta, **answer}


def doccano(document: Document, unit: Unit) -> dict[str, Any]:
    """doccano's sequence labelling: `{text, label: [[start, end, label]], ...}`; further keys become its metadata."""
    spans = _spans(document, unit)
    labels = [[span["start"], span["end"], span["label"]] for span in spans]
    words = [span["text"] for span in spans]
    return {"text": document.text, "label": labels, "note_id": document.note_id, "words": words, **_rest(document)}


SHAPES: dict[str, Shape] = {"standoff": standoff, "prodigy": prodigy, "doccano": doccano}


def write(documents: Iterable[Document], path: Path, shape: str, unit: Unit) -> int:
    """One line a note; the number of notes."""
    count = 0
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            file.write(json.dumps(SHAPES[shape](document, unit), ensure_ascii=False) + "\n")
            count += 1
    return count


def read(path: Path, shape: str, unit: Unit) -> Iterator[Document]:
    """The notes of a file, in order. Prodigy's tasks that were rejected or ignored are passed over."""
    with open(path, encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                task = json.loads(line)
                if shape == "prodigy" and task.get("answer", "accept") != "accept":
                    continue
                yield _document(task, shape, unit, number)
            except AnnotationError:
                raise
            except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
                name = type(error).__name__
                raise AnnotationError(f"{path.name}: line {number}: no task of the form {shape} ({name})") from None


def _document(task: Mapping[str, Any], shape: str, unit: Unit, number: int) -> Document:
    meta = (task.get("meta") or {}) if shape == "prodigy" else task
    note_id, text = str(meta.get("note_id") or task.get("id") or number), task["text"]
    if shape == "doccano":
        raw = task.get("label") or task.get("labels") or task.get("entities") or []
        words = task.get("words") or []
        if len(words) != len(raw):  # doccano writes back what it was given; after a change it no longer matches
            words = [None] * len(raw)
        spans = [(*_triple(each), word, None) for each, word in zip(raw, words, strict=True)]
    else:
        unit = task.get("offsets", unit) if shape == "standoff" else unit
        raw = task.get("spans") or []
        spans = [(s["start"], s["end"], s["label"], s.get("text"), s.get("rule")) for s in raw]
    places = located(note_id, text, [(start, end, word) for start, end, _, word, _ in spans], unit)
    made = [Span(a, b, label, rule) for (a, b), (_, _, label, _, rule) in zip(places, spans, strict=True)]
    document = Document(note_id, text, tuple(made), meta.get("record"), meta.get("origin"), meta.get("score"))
    if shape == "standoff" and task.get("sha256", document.sha256) != document.sha256:
        raise AnnotationError(f"{note_id}: the text is not the one that was annotated (its digest differs)")
    return document


def _triple(each: Any) -> tuple[int, int, str]:
    if isinstance(each, Mapping):
        return each["start_offset"], each["end_offset"], each["label"]
    start, end, label = each
    return start, end, label


def _spans(document: Document, unit: Unit) -> list[dict[str, Any]]:
    ruler = Ruler(document.text, unit)
    return [
        {
            "start": ruler.out(span.start),
            "end": ruler.out(span.end),
            "label": span.label,
            "text": document.surface(span),
            **({"rule": span.rule} if span.rule else {}),
        }
        for span in document.spans
    ]


def _rest(document: Document) -> dict[str, Any]:
    rest = {"record": document.record, "origin": document.origin, "score": document.score}
    return {name: value for name, value in rest.items() if value is not None}
