"""brat: a folder with the text of each note and its `.ann` beside it (and the record as `.json`, which brat ignores).

Knows brat's stand-off lines. A span over a line's end is written in fragments, as brat wants it; spans do not begin or
end with a line break.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from extractor.annotations.offsets import Ruler, Unit, located
from extractor.annotations.standoff import AnnotationError, Document, Span, file_name

_LINE = re.compile(r"[^\n]+")
_LABEL = re.compile(r"\w[\w-]*")


def write(documents: Iterable[Document], folder: Path, unit: Unit) -> int:
    """Texts, `.ann` files and records; the number of notes."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for document in documents:
        name = file_name(document.note_id)
        (folder / f"{name}.txt").write_bytes(document.text.encode("utf-8"))
        (folder / f"{name}.ann").write_bytes(_ann(document, unit).encode("utf-8"))
        if document.record is not None:
            record = json.dumps(document.record, indent=1, ensure_ascii=False) + "\n"
            (folder / f"{name}.json").write_text(record, encoding="utf-8", newline="\n")
        count += 1
    return count


def read(folder: Path, unit: Unit) -> Iterator[Document]:
    """The notes of a folder that have an `.ann`, in order of their names. Relations and events are passed over."""
    for path in sorted(folder.rglob("*.ann")):
        text = path.with_suffix(".txt")
        if not text.exists():
            raise AnnotationError(f"{path.name}: there is no {text.name} beside it")
        record = path.with_suffix(".json")
        yield _document(
            path.stem,
            text.read_bytes().decode("utf-8"),
            path.read_bytes().decode("utf-8"),
            json.loads(record.read_text(encoding="utf-8")) if record.exists() else None,
            unit,
        )


def _ann(document: Document, unit: Unit) -> str:
    ruler = Ruler(document.text, unit)
    lines = []
    for number, span in enumerate(document.spans, 1):
        if not _LABEL.fullmatch(span.label):
            raise AnnotationError(f"{document.note_id}: the label of span {number} is no word, which brat wants")
        fragments = [(m.start(), m.end()) for m in _LINE.finditer(document.text, span.start, span.end)]
        if not fragments or fragments[0][0] != span.start or fragments[-1][1] != span.end:
            raise AnnotationError(f"{document.note_id}: span {number} begins or ends with a line break")
        places = ";".join(f"{ruler.out(start)} {ruler.out(end)}" for start, end in fragments)
        words = " ".join(document.text[start:end] for start, end in fragments)
        lines.append(f"T{number}\t{span.label} {places}\t{words}\n")
        if span.rule:
            lines.append(f"#{number}\tAnnotatorNotes T{number}\t{span.rule}\n")
    return "".join(lines)


def _document(note_id: str, text: str, ann: str, record: object, unit: Unit) -> Document:
    found: dict[str, tuple[str, list[tuple[int, int]], str]] = {}
    rules: dict[str, str] = {}
    # Split at line feeds alone: other line separators may stand inside a span's words.
    for number, line in enumerate(ann.split("\n"), 1):
        try:
            if line.startswith("T"):
                key, what, words = line.split("\t", 2)
                label, places = what.split(" ", 1)
                pairs = [(int(a), int(b)) for a, b in (place.split(" ") for place in places.split(";"))]
                found[key] = label, pairs, words
            elif line.startswith("#"):
                _, what, rule = line.split("\t", 2)
                rules[what.split(" ")[1]] = rule
        except (ValueError, IndexError):
            raise AnnotationError(f"{note_id}.ann: line {number} is not of brat's form") from None
    # The words of each fragment can be told apart only by its length; a span in one piece is checked in any unit.
    asked = []
    for _, pairs, words in found.values():
        asked += [(start, end, words if len(pairs) == 1 else None) for start, end in pairs]
    placed = iter(located(note_id, text, asked, unit))
    spans = []
    for key, (label, pairs, words) in found.items():
        fragments = [next(placed) for _ in pairs]
        if " ".join(text[start:end] for start, end in fragments) != words:
            raise AnnotationError(f"{note_id}.ann: the words of {key} do not stand at its offsets")
        spans.append(Span(fragments[0][0], fragments[-1][1], label, rules.get(key)))
    return Document(note_id, text, tuple(spans), record if isinstance(record, dict) else None)
