"""How far two annotators agree: kappa of every closed field, F1 of lists, and every disagreement.

Reads two folders of records by note id. Lesions are paired as the scores pair them; null is a value of its own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractor.annotations.check import JUDGED_STATUS, JUDGED_TYPES
from extractor.evaluate import FIELDS, paired
from extractor.findings import ELEMENTS

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One value of one note on which the two differ."""

    note: str
    field: str
    first: Any
    second: Any


@dataclass(slots=True)
class Agreement:
    """Pairs of values by field, overlaps of lists by field, and what differs."""

    notes: int = 0
    only_first: list[str] = field(default_factory=list)
    only_second: list[str] = field(default_factory=list)
    values: dict[str, list[tuple[Hashable, Hashable]]] = field(default_factory=dict)
    lists: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    differ: list[Disagreement] = field(default_factory=list)

    def table(self) -> dict[str, Any]:
        """The figures as plain values: `kappa` is None where both used one value throughout, which shows nothing."""
        kappas = {}
        for name, pairs in self.values.items():
            agree = sum(a == b for a, b in pairs)
            value = kappa(pairs)
            kappas[name] = {"kappa": None if value is None else round(value, 4), "agree": agree, "of": len(pairs)}
        f1 = {
            name: {"f1": round(_f1(both, a, b), 4), "both": both, "first_only": a, "second_only": b}
            for name, (both, a, b) in self.lists.items()
        }
        return {
            "notes": self.notes,
            "only_first": self.only_first,
            "only_second": self.only_second,
            "fields": kappas,
            "lists": f1,
            "disagreements": [
                {"note_id": d.note, "field": d.field, "first": d.first, "second": d.second} for d in self.differ
            ],
        }


def kappa(pairs: Iterable[tuple[Hashable, Hashable]]) -> float | None:
    """Cohen's kappa of paired values; None without pairs or where chance alone would agree on all of them."""
    pairs = list(pairs)
    count = len(pairs)
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    expected = sum(first[value] * second[value] for value in first)  # times count squared, exact in integers
    if count * count == expected:
        return None
    observed = sum(a == b for a, b in pairs)
    return (observed * count - expected) / (count * count - expected)


def read_records(folder: Path) -> dict[str, Record]:
    """The records below a folder by note id, whether or not their texts lie beside them."""
    found: dict[str, Record] = {}
    for path in sorted(folder.rglob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(record, dict) and {"note_id", "procedure", "lesions"} <= record.keys():
            found[record["note_id"]] = record
    return found


def agreement(first: Mapping[str, Record], second: Mapping[str, Record]) -> Agreement:
    """Compare the records of the notes that both annotated."""
    made = Agreement(only_first=sorted(first.keys() - second.keys()), only_second=sorted(second.keys() - first.keys()))
    for note in sorted(first.keys() & second.keys()):
        made.notes += 1
        _note(made, note, first[note], second[note])
    return made


def _note(made: Agreement, note: str, a: Record, b: Record) -> None:
    def value(name: str, x: Hashable, y: Hashable) -> None:
        made.values.setdefault(name, []).append((x, y))
        if x != y:
            made.differ.append(Disagreement(note, name, x, y))

    def items(name: str, x: Iterable[str], y: Iterable[str]) -> None:
        ours, theirs = Counter(x), Counter(y)
        both, left, right = made.lists.get(name, (0, 0, 0))
        shared = (ours & theirs).total()
        made.lists[name] = both + shared, left + ours.total() - shared, right + theirs.total() - shared
        if ours != theirs:
            made.differ.append(Disagreement(note, name, sorted(ours.elements()), sorted(theirs.elements())))

    for part in ("type", "status"):
        value(f"procedure.{part}", a["procedure"][part], b["procedure"][part])
    value("lesion_count", a["lesion_count"], b["lesion_count"])
    value("complications.documented", a["complications"]["documented"], b["complications"]["documented"])
    value("recommendation.disposition", a["recommendation"]["disposition"], b["recommendation"]["disposition"])
    for x, y in paired(list(a["lesions"]), list(b["lesions"])):
        value("lesion", x is not None, y is not None)
        if x and y:
            for name in FIELDS:
                value(f"lesion.{name}", x[name], y[name])
            items("lesion.devices", map(_device, x["devices"]), map(_device, y["devices"]))
    items("complications.items", a["complications"]["items"], b["complications"]["items"])
    items("recommendation.codes", map(_line, a["recommendation"]["codes"]), map(_line, b["recommendation"]["codes"]))
    if _judged(a) and _judged(b):
        for element in ELEMENTS:
            value(f"documentation.{element}", _status(a, element), _status(b, element))
    for status in ("missing", "conflicting"):
        items(f"documentation.{status}", a["documentation"][status], b["documentation"][status])


def _judged(record: Record) -> bool:
    return record["procedure"]["type"] in JUDGED_TYPES and record["procedure"]["status"] in JUDGED_STATUS


def _status(record: Record, element: str) -> str:
    return next((s for s in ("missing", "conflicting") if element in record["documentation"][s]), "present")


def _device(device: Record) -> str:
    return f"{device['type']} x {device['count']}"


def _line(line: Record) -> str:
    return f"{'-'.join([line['code'], *sorted(line['modifiers'])])} x {line['units']}"


def _f1(both: int, first: int, second: int) -> float:
    return 2 * both / (2 * both + first + second) if both or first or second else 1.0
