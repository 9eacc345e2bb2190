"""What both views show: the note cut into pieces by the evidence that lies on them, and values in words.

Evidence is told apart by kind, and every kind has a letter, because colour alone does not reach every reader.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from extractor.result import CodeLine, Device, Lesion, Location, Quote, Result

KINDS: dict[str, str] = {
    "problem": "!",
    "guidance": "G",
    "side": "S",
    "device": "D",
    "target": "T",
    "location": "L",
    "complication": "C",
    "procedure": "P",
    "documentation": "E",
}
"""Letter by kind; where kinds overlap, the first of them gives the colour."""

KIND_NAMES = {
    "problem": "conflict or flag",
    "guidance": "guidance",
    "side": "side and site",
    "device": "device and outcome",
    "target": "target",
    "location": "location",
    "complication": "complications",
    "procedure": "procedure",
    "documentation": "other documentation",
}

_LESION_KINDS = {"laterality": "side", "site": "side", "outcome": "device", "biopsied": "procedure"}
_ELEMENT_KINDS = {
    "guidance": "guidance",
    "laterality": "side",
    "lesion_count": "procedure",
    "device_deployment": "device",
    "device_type": "device",
    "target": "target",
    "location": "location",
    "complications": "complication",
    "stereotactic_technique": "guidance",
}
# These flags repeat what the note says of itself without saying that anything is wrong with it.
_NO_PROBLEM = {"complication-reported"}

STATUS_MARKS = {"present": "✓", "missing": "✗", "conflicting": "≠", "not_applicable": "–"}

DISPOSITIONS = {
    "ready": "the text supports the codes with nothing blocking",
    "query": "ask the physician first",
    "review": "the text is clear; the code is a decision",
    "not_reportable": "nothing in scope to report",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the note under the same evidence. `anchor` when some evidence begins here; `label` holds the letters
    of the kinds whose stretch ends with it."""

    start: int
    text: str
    kinds: tuple[str, ...]
    anchor: bool
    label: str

    @property
    def kind(self) -> str | None:
        return self.kinds[0] if self.kinds else None


def marks(result: Result) -> Iterator[tuple[str, Quote]]:
    """All evidence of a result with its kind."""
    for lesion in result.lesions:
        for name, quotes in lesion.evidence.items():
            kind = _LESION_KINDS.get(name, name if name in KINDS else "documentation")
            yield from ((kind, quote) for quote in quotes)
        for device in lesion.devices:
            yield from (("device", quote) for quote in device.evidence)
    yield from (("procedure", quote) for quote in result.procedure.evidence)
    yield from (("complication", quote) for quote in result.complications.evidence)
    yield from (("complication", quote) for item in result.complications.items for quote in item.evidence)
    for element in result.documentation:
        kind = _ELEMENT_KINDS.get(element.element, "documentation")
        yield from ((kind, quote) for quote in element.evidence)
        yield from (("problem", quote) for reading in element.readings for quote in reading.evidence)
    for flag in result.flags:
        if flag.id not in _NO_PROBLEM:
            yield from (("problem", quote) for quote in flag.evidence)


def pieces(text: str, found: Iterable[tuple[str, Quote]]) -> list[Piece]:
    """`text` cut at every beginning and end of evidence; joined again they are the text."""
    begins: dict[int, list[str]] = defaultdict(list)
    ends: dict[int, list[str]] = defaultdict(list)
    for kind, quote in found:
        if quote.start < quote.end:
            begins[quote.start].append(kind)
            ends[quote.end].append(kind)
    cuts = sorted({0, len(text), *begins, *ends})
    active = dict.fromkeys(KINDS, 0)
    cut: list[tuple[int, int, tuple[str, ...]]] = []
    for start, end in zip(cuts, cuts[1:], strict=False):
        for kind in ends.get(start, ()):
            active[kind] -= 1
        for kind in begins.get(start, ()):
            active[kind] += 1
        cut.append((start, end, tuple(kind for kind in KINDS if active[kind])))
    out = []
    for number, (start, end, kinds) in enumerate(cut):
        following = cut[number + 1][2] if number + 1 < len(cut) else ()
        label = "".join(KINDS[kind] for kind in kinds if kind not in following)
        out.append(Piece(start, text[start:end], kinds, start in begins, label))
    return out


def code_text(line: CodeLine) -> str:
    """`19285-RT-59`, with `×2` for two units."""
    return "-".join([line.code, *line.modifiers]) + (f" ×{line.units}" if line.units != 1 else "")


def words(value: Any) -> str:
    """A closed value in words; `not documented` for None."""
    return "not documented" if value is None else str(value).replace("_", " ")


def device_text(device: Device) -> str:
    """`2 × wire (Kopans)`."""
    count = "?" if device.count is None else str(device.count)
    name = f" ({device.name})" if device.name else ""
    return f"{count} × {words(device.type) if device.type else 'device, not named'}{name}"


def guidance_text(lesion: Lesion) -> str:
    """The guidance, with tomosynthesis where it helped."""
    extra = " with tomosynthesis" if lesion.tomosynthesis and lesion.guidance != "tomosynthesis" else ""
    return words(lesion.guidance) + extra


def location_text(at: Location) -> str:
    """`2:00, upper outer, 6 cm from nipple, posterior`."""
    distance = None if at.distance_from_nipple_cm is None else f"{at.distance_from_nipple_cm:g} cm from nipple"
    return ", ".join(part for part in (at.clock, at.quadrant, at.region, distance, at.depth) if part) or words(None)
