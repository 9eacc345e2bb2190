"""What the report shows, as plain values: fields by style, confusions, confidences, errors. Knows no plot, no HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from extractor import evaluate as e
from extractor.learning.promise import HeldOut, wilson
from extractor.result import Result

Confusion = Counter[tuple[str, str]]

NONE = "none stated"


@dataclass(frozen=True, slots=True)
class Share:
    """A figure of one group: `value` with its 95 % Wilson interval, or an F1 without one (`low` is None)."""

    value: float
    low: float | None
    high: float | None
    of: int

    def __str__(self) -> str:
        if self.low is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


@dataclass(frozen=True, slots=True)
class Judged:
    """One note with how sure the extractor was. `held_out`: by models that never saw its style, as figures of
    calibration must be; otherwise the confidence of the result."""

    note: e.GoldNote
    result: Result
    right: bool
    confidence: float | None
    held_out: bool
    misses: tuple[e.Miss, ...]


def fields(groups: Mapping[str, Sequence[e.GoldNote]], found: Mapping[str, e.Record]) -> dict[str, dict[str, Share]]:
    """Every figure of the evaluation by name and group."""
    table: dict[str, dict[str, Share]] = {}
    for group, notes in groups.items():
        scores = e.score(notes, found)
        for name, rate in scores.rates.items():
            table.setdefault(name, {})[group] = Share(rate.accuracy, *wilson(rate.right, rate.of), rate.of)
        for name, overlap in scores.overlaps.items():
            table.setdefault(f"{name} (F1)", {})[group] = Share(overlap.f1, None, None, overlap.gold)
    return dict(sorted(table.items()))


def guidance(notes: Iterable[e.GoldNote], found: Mapping[str, e.Record]) -> Confusion:
    """(gold, read) guidance of every lesion that both have."""
    confusion: Confusion = Counter()
    for note in notes:
        lesions = list((found.get(note.note_id) or {}).get("lesions") or [])
        if note.gold["lesion_count"] is None:
            continue
        for want, got in e.paired(list(note.gold["lesions"]), lesions):
            if want and got:
                confusion[want["guidance"] or NONE, got["guidance"] or NONE] += 1
    return confusion


def disposition(notes: Iterable[e.GoldNote], found: Mapping[str, e.Record]) -> Confusion:
    """(gold, read) disposition of every note."""
    return Counter(
        (
            str(note.gold["recommendation"]["disposition"]),
            str(((found.get(note.note_id) or {}).get("recommendation") or {}).get("disposition", "no result")),
        )
        for note in notes
    )


def judged(
    notes: Iterable[e.GoldNote], found: Mapping[str, e.Record], held_out: Iterable[HeldOut] = ()
) -> list[Judged]:
    """Every note that has a result, with its misses and its confidence."""
    import hashlib

    by_text = {each.sha256: each for each in held_out}
    made = []
    for note in notes:
        record = found.get(note.note_id)
        if record is None:
            continue
        result = Result.model_validate(record)
        scores = e.score([note], {note.note_id: record})
        right = all(
            scores.rates[name].right == scores.rates[name].of
            for name in ("disposition", "codes.exact")
            if name in scores.rates
        )
        held = by_text.get(hashlib.sha256(note.text.encode("utf-8")).hexdigest())
        confidence = held.confidence if held else result.recommendation.confidence
        # The held-out confidence is that of the rules' recommendation, so it is judged by whether that was right.
        right_then = held.right if held else right
        made.append(Judged(note, result, right_then, confidence, held is not None, tuple(scores.misses)))
    return made


def pairs(notes: Iterable[Judged]) -> list[tuple[float, bool]]:
    """(confidence, right) of the notes that have one."""
    return [(each.confidence, each.right) for each in notes if each.confidence is not None]


def doubtful(notes: Iterable[Judged], count: int) -> list[Judged]:
    """The notes of least confidence, the least first."""
    sure = [each for each in notes if each.confidence is not None]
    return sorted(sure, key=lambda each: (each.confidence or 0.0, each.note.note_id))[:count]


def erring(notes: Iterable[Judged], count: int) -> list[Judged]:
    """The notes with errors: wrong recommendations first, then by how many values are wrong."""
    wrong = [each for each in notes if each.misses]

    def order(each: Judged) -> tuple[bool, int, str]:
        decisive = any(miss.metric in ("disposition", "codes.exact", "ready.precision") for miss in each.misses)
        return not decisive, -len(each.misses), each.note.note_id

    return sorted(wrong, key=order)[:count]
