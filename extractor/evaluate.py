"""Scores results against gold records: how often each field is right, and which notes are wrong.

Reads gold records and results as plain JSON values, so results of any version, or of another program, can be scored. A
note without a result counts as wrong everywhere.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations, zip_longest
from pathlib import Path
from typing import Any

Record = Mapping[str, Any]

FIELDS = ("site", "laterality", "guidance", "target", "outcome", "biopsied")
PERMUTED_LESIONS = 6
"""Up to so many lesions every pairing is tried; beyond, lesions are paired in order."""

# Payers that want the X modifiers and those that want 59 mean the same thing by them.
DISTINCT_SERVICE = {"XS", "XE", "XP", "XU"}
SIDES = {"LT", "RT"}

Lines = Counter[tuple[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class GoldNote:
    """A note of a corpus: its text as it stands in the file, its gold record, the style (clinic) it belongs to."""

    text: str
    gold: Record

    @property
    def note_id(self) -> str:
        return str(self.gold["note_id"])

    @property
    def style(self) -> str:
        return self.note_id.split("-")[0]


@dataclass(slots=True)
class Rate:
    """Right of all."""

    right: int = 0
    of: int = 0

    @property
    def accuracy(self) -> float:
        return self.right / self.of


@dataclass(slots=True)
class Overlap:
    """Sets found against gold sets: both, found only, gold only."""

    both: int = 0
    extra: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.both / (self.both + self.extra) if self.both + self.extra else 1.0

    @property
    def recall(self) -> float:
        return self.both / (self.both + self.missed) if self.both + self.missed else 1.0

    @property
    def f1(self) -> float:
        p, r = self.precision, self.recall
        return 2 * p * r / (p + r) if p + r else 0.0

    @property
    def gold(self) -> int:
        return self.both + self.missed


@dataclass(frozen=True, slots=True)
class Miss:
    """One wrong value of one note."""

    metric: str
    note_id: str
    want: Any
    got: Any


@dataclass(slots=True)
class Scores:
    """The figures of a set of notes, and every miss behind them."""

    notes: int = 0
    rates: dict[str, Rate] = field(default_factory=dict)
    overlaps: dict[str, Overlap] = field(default_factory=dict)
    misses: list[Miss] = field(default_factory=list)

    def rate(self, metric: str, right: object, note_id: str, want: Any = None, got: Any = None) -> None:
        """Count one value under `metric`."""
        rate = self.rates.setdefault(metric, Rate())
        rate.of += 1
        if right:
            rate.right += 1
        else:
            self.misses.append(Miss(metric, note_id, want, got))

    def overlap(self, metric: str, want: Iterable[str], got: Iterable[str], note_id: str) -> None:
        """Count one set under `metric`."""
        gold, found = set(want), set(got)
        overlap = self.overlaps.setdefault(metric, Overlap())
        overlap.both += len(gold & found)
        overlap.extra += len(found - gold)
        overlap.missed += len(gold - found)
        if gold != found:
            self.misses.append(Miss(metric, note_id, sorted(gold - found), f"extra {sorted(found - gold)}"))

    def table(self) -> dict[str, dict[str, float | int]]:
        """The figures by metric."""
        rates = {name: {"right": r.right, "of": r.of, "accuracy": r.accuracy} for name, r in self.rates.items()}
        overlaps = {
            name: {"precision": o.precision, "recall": o.recall, "f1": o.f1, "gold": o.gold}
            for name, o in self.overlaps.items()
        }
        return {**rates, **overlaps}


def default_corpus() -> Path:
    """The gold corpus that comes with the package: in the source tree, else inside the installed package."""
    here = Path(__file__).resolve().parent
    places = (here.parent / "annotations" / "corpus", here / "corpus")
    for place in places:
        if place.is_dir():
            return place
    raise FileNotFoundError(f"no gold corpus at {' or '.join(map(str, places))}")


def read_corpus(folder: Path) -> Iterator[GoldNote]:
    """The notes below `folder` that have a gold record beside them, in order of their paths."""
    for path in sorted(folder.rglob("*.json")):
        text = path.with_suffix(".txt")
        if text.exists():
            # Bytes are decoded as they stand: universal newlines would move every offset of a note with CRLF.
            yield GoldNote(text.read_bytes().decode("utf-8"), json.loads(path.read_text(encoding="utf-8")))


def read_results(path: Path) -> dict[str, Record]:
    """Results by note id from a file of JSON lines."""
    with open(path, encoding="utf-8", newline="\n") as lines:
        return {record["note_id"]: record for record in map(json.loads, filter(str.strip, lines))}


def score(corpus: Iterable[GoldNote], results: Mapping[str, Record]) -> Scores:
    """The figures of `results` on `corpus`."""
    scores = Scores()
    for note in corpus:
        scores.notes += 1
        _score_note(scores, note, results.get(note.note_id) or {})
    return scores


def by_style(corpus: Iterable[GoldNote]) -> dict[str, list[GoldNote]]:
    """The notes of each style (clinic), styles in order of first appearance."""
    groups: dict[str, list[GoldNote]] = {}
    for note in corpus:
        groups.setdefault(note.style, []).append(note)
    return groups


def _score_note(scores: Scores, note: GoldNote, result: Record) -> None:
    gold, note_id = note.gold, note.note_id
    procedure = result.get("procedure") or {}
    for part in ("type", "status"):
        want, got = gold["procedure"][part], procedure.get(part)
        scores.rate(f"procedure.{part}", want == got, note_id, want, got)
    in_scope = gold["procedure"]["type"] != "other"
    if in_scope:
        want, got = gold["lesion_count"], result.get("lesion_count")
        scores.rate("lesion_count", want == got, note_id, want, got)
    # Where the count is open, which lesions there are is the very question that the note leaves.
    if gold["lesion_count"] is not None:
        _score_lesions(scores, gold["lesions"], result.get("lesions") or [], note_id)
    if in_scope:
        complications = result.get("complications") or {}
        want, got = gold["complications"]["documented"], complications.get("documented")
        scores.rate("complications.documented", want == got, note_id, want, got)
        found = [item["type"] for item in complications.get("items") or []]
        scores.overlap("complications.items", gold["complications"]["items"], found, note_id)
    for status in ("missing", "conflicting"):
        found = [d["element"] for d in result.get("documentation") or [] if d["status"] == status]
        scores.overlap(f"documentation.{status}", gold["documentation"][status], found, note_id)
    _score_recommendation(scores, gold["recommendation"], result.get("recommendation") or {}, note_id)
    _score_evidence(scores, note, result)


def _score_lesions(scores: Scores, gold: list[Record], found: list[Record], note_id: str) -> None:
    for want, got in paired(gold, found):
        scores.rate("lesion.found", want and got, note_id, want and "lesion", got and "extra lesion")
        if not (want and got):
            continue
        for name in FIELDS:
            scores.rate(f"lesion.{name}", want[name] == got.get(name), note_id, want[name], got.get(name))
        ours, theirs = _devices(want), _devices(got)
        scores.rate("lesion.device_type", set(ours) == set(theirs), note_id, dict(ours), dict(theirs))
        scores.rate("lesion.device_count", ours == theirs, note_id, dict(ours), dict(theirs))


def _score_recommendation(scores: Scores, gold: Record, made: Record, note_id: str) -> None:
    want, got = gold["disposition"], made.get("disposition")
    scores.rate("disposition", want == got, note_id, want, got)
    gold_lines, lines = _lines(gold["codes"]), _lines(made.get("codes"))
    exact = gold_lines == lines or _sides_swapped(gold_lines, lines)
    if want == "ready":
        gold_units, units = _units(gold_lines), _units(lines)
        scores.rate("codes.units", gold_units == units, note_id, dict(gold_units), dict(units))
        scores.rate("codes.exact", exact, note_id, dict(gold_lines), dict(lines))
        scores.rate("coverage", got == "ready", note_id, "ready", got)
    if got == "ready":
        scores.rate("ready.precision", want == "ready" and exact, note_id, want, dict(lines))


def _score_evidence(scores: Scores, note: GoldNote, result: Record) -> None:
    quotes = list(_quotes(result))
    wrong = [q for q in quotes if note.text[q["start"] : q["end"]] != q.get("text")]
    scores.rate("evidence.offsets", not wrong, note.note_id, None, wrong[:1])
    for words in (note.gold.get("evidence") or {}).values():
        places = [(at, at + len(words)) for at in range(len(note.text)) if note.text.startswith(words, at)]
        met = any(q["start"] < end and start < q["end"] for start, end in places for q in quotes)
        scores.rate("evidence.found", met, note.note_id, words)


def paired(gold: list[Record], found: list[Record]) -> list[tuple[Record | None, Record | None]]:
    """The pairing of gold and found lesions that agrees in most; a lesion without partner is paired with None."""
    pairs: list[tuple[Record | None, Record | None]] = list(zip_longest(gold, found))
    if not pairs or len(pairs) > PERMUTED_LESIONS:
        return pairs
    left: list[Record | None] = [pair[0] for pair in pairs]
    right: list[Record | None] = [pair[1] for pair in pairs]

    def agreement(order: Iterable[Record | None]) -> int:
        return sum(_likeness(a, b) for a, b in zip(left, order, strict=True) if a and b)

    return list(zip(left, max(permutations(right), key=agreement), strict=True))


def _likeness(gold: Record, found: Record) -> int:
    return sum(bool(gold[name] == found.get(name)) for name in FIELDS) + 2 * (_devices(gold) == _devices(found))


def _devices(lesion: Record) -> Counter[str | None]:
    devices: Counter[str | None] = Counter()
    for device in lesion.get("devices") or []:
        devices[device.get("type")] += device.get("count") or 1
    return devices


def _lines(codes: Iterable[Record] | None) -> Lines:
    lines: Lines = Counter()
    for line in codes or []:
        modifiers = ("59" if m in DISTINCT_SERVICE else m for m in line.get("modifiers") or [])
        lines[line["code"], tuple(sorted(modifiers))] += line.get("units", 1)
    return lines


def _units(lines: Lines) -> Counter[tuple[str, tuple[str, ...]]]:
    units: Lines = Counter()
    for (code, _), count in lines.items():
        units[code, ()] += count
    return units


def _sides_swapped(gold: Lines, found: Lines) -> bool:
    """Whether the lines are equal apart from which of two sides came first: 19283-RT with 19284-LT against 19283-LT
    with 19284-RT. Both are right."""

    def kept(lines: Lines, sides: bool) -> Counter[tuple[str, tuple[str, ...]]]:
        out: Counter[tuple[str, tuple[str, ...]]] = Counter()
        for (code, modifiers), units in lines.items():
            out["" if sides else code, tuple(m for m in modifiers if (m in SIDES) == sides)] += units
        return out

    return kept(gold, True) == kept(found, True) and kept(gold, False) == kept(found, False)


def _quotes(node: Any) -> Iterator[Record]:
    """Every piece of evidence, wherever it stands in a result."""
    if isinstance(node, Mapping):
        if {"start", "end", "text"} <= node.keys():
            yield node
        for value in node.values():
            yield from _quotes(value)
    elif isinstance(node, list):
        for value in node:
            yield from _quotes(value)
