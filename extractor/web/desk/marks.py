"""The text of a note cut into lines and pieces, each knowing which statements its words prove.

Every statement has a short name (`L1.guidance`, `F2`, `E.consent`); pieces carry the names of all that lie on them, so
that pointing at one lights the other. Offsets are code points of the text as given; ends of lines belong to no piece.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from extractor.result import Quote, Result
from extractor.show import view

LESION_KINDS = {"laterality": "side", "site": "side", "outcome": "device", "biopsied": "procedure"}


@dataclass(frozen=True, slots=True)
class Mark:
    """Words that prove the statement `name`."""

    name: str
    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one line under the same marks; `first` names the statements whose words begin here."""

    text: str
    kind: str = ""
    names: str = ""
    letter: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the note: its number from 1, where it starts, and its pieces."""

    number: int
    start: int
    pieces: list[Piece]


def marks(result: Result) -> list[Mark]:
    """The evidence of every statement of a result."""
    return [
        Mark(name, kind, quote.start, quote.end)
        for name, kind, quotes in _statements(result)
        for quote in quotes
        if quote.start < quote.end
    ]


def _statements(result: Result) -> Iterator[tuple[str, str, Sequence[Quote]]]:
    for lesion in result.lesions:
        at = f"L{lesion.number}"
        for name, quotes in lesion.evidence.items():
            kind = LESION_KINDS.get(name, name if name in view.KINDS else "documentation")
            yield f"{at}.{name}", kind, quotes
        for number, device in enumerate(lesion.devices, 1):
            yield f"{at}.device{number}", "device", device.evidence
    yield "P", "procedure", result.procedure.evidence
    yield "C", "complication", result.complications.evidence
    for number, item in enumerate(result.complications.items, 1):
        yield f"C{number}", "complication", item.evidence
    for element in result.documentation:
        kind = view._ELEMENT_KINDS.get(element.element, "documentation")
        yield f"E.{element.element}", kind, element.evidence
        for number, reading in enumerate(element.readings, 1):
            yield f"E.{element.element}.{number}", "problem", reading.evidence
    for number, diagnosis in enumerate(result.recommendation.diagnoses, 1):
        yield f"D{number}", "documentation", diagnosis.evidence
    for number, flag in enumerate(result.flags, 1):
        kind = "complication" if flag.id == "complication-reported" else "problem"
        yield f"F{number}", kind, flag.evidence
    if result.audit:
        for number, finding in enumerate(result.audit.findings, 1):
            yield f"A{number}", "guidance", finding.evidence


def lines(text: str, found: Iterable[Mark]) -> list[Line]:
    """`text` as lines of pieces; the texts of a line's pieces joined are the line."""
    begins: dict[int, list[Mark]] = defaultdict(list)
    ends: dict[int, list[Mark]] = defaultdict(list)
    for mark in found:
        begins[mark.start].append(mark)
        ends[mark.end].append(mark)
    cuts = set(begins) | set(ends)
    active: dict[Mark, int] = {}
    made = []
    for number, line in enumerate(re.finditer(r"([^\r\n]*)(\r\n|\r|\n|$)", text), 1):
        if line.start() == len(text) and number > 1:
            break
        places = sorted({line.start(1), line.end(1), *(c for c in cuts if line.start() <= c < line.end())})
        pieces = []
        for here, following in zip(places, [*places[1:], line.end()], strict=True):
            for mark in ends.get(here, ()):
                active.pop(mark, None)
            fresh = begins.get(here, [])
            active |= dict.fromkeys(fresh, here)
            words = text[here : min(following, line.end(1))]
            if words:
                pieces.append(_piece(words, active, fresh))
        made.append(Line(number, line.start(), pieces))
        cuts -= set(places)
    return made


def _piece(words: str, active: Iterable[Mark], fresh: Sequence[Mark]) -> Piece:
    on = list(active)
    if not on:
        return Piece(words)
    kinds = [kind for kind in view.KINDS if any(mark.kind == kind for mark in on)]
    names = " ".join(dict.fromkeys(mark.name for mark in on))
    letter = view.KINDS[kinds[0]] if fresh else ""
    anchor = f"at{fresh[0].start}" if fresh else ""
    return Piece(words, kinds[0], names, letter, anchor)
