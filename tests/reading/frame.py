"""Short notes for tests of reading: a sentence in the frame of a report and its findings in brief."""

from __future__ import annotations

from typing import Any

from extractor.findings import Findings, Lesion
from extractor.note import Note
from extractor.pipeline import read

FRAME = """EXAM: Breast localization procedure
DATE OF PROCEDURE: 03/04/2026
CLINICAL HISTORY: Biopsy-proven finding, lumpectomy scheduled.
TECHNIQUE: Written informed consent was obtained. A time-out was performed. 1% lidocaine was given. {body}
COMPLICATIONS: None.
Dictated by: J. Rowe, MD
"""


def findings(note: str) -> Findings:
    """What the product reads in a note. Holds for every note: evidence quotes it."""
    found = read(Note("n", note))
    for lesion in found.lesions:
        for quotes in lesion.evidence.values():
            assert all(note[q.start : q.end] == q.text for q in quotes)
    return found


def body(sentences: str) -> Findings:
    """The same, of sentences put into the technique of a report that says nothing else of them."""
    return findings(FRAME.format(body=sentences))


def devices(lesion: Lesion) -> str:
    """`wire 2, clip 1`; `?` for a device that is not named or counted."""
    return ", ".join(f"{d.type or '?'} {d.count or '?'}" for d in lesion.devices)


def brief(found: Findings, *names: str) -> list[Any]:
    """Of every lesion the fields named, `devices` in brief; a single field without a tuple."""
    rows = [tuple(devices(x) if n == "devices" else getattr(x, n) for n in names) for x in found.lesions]
    return [row[0] for row in rows] if len(names) == 1 else rows
