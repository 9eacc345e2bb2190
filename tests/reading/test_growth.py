"""The work grows with the note and not faster: counted in steps of the interpreter, never timed.

Steps are the calls and lines that the package's own modules run. Work inside compiled patterns and the tokenizer is not
seen here; the benchmark times that.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import extractor
from extractor.note import Note
from extractor.pipeline import load, read

PACKAGE = str(Path(extractor.__file__).parent)
NOTE = (
    "TECHNIQUE: Under ultrasound guidance a Kopans wire was placed through the mass in the left breast at 2:00. There "
    "was no hematoma. Mammograms show the wire in the mass.\nCOMPLICATIONS: None.\n"
)
FORM = "Side: [ ] Left [x] Right\nConsent: [ ] Yes [ ] No\nDevice: ***\n"
SIZES = (2_000, 4_000, 8_000)
LIMIT = 2.4
"""Twice the note may cost so many times the steps; twice and a little is linear, four times is not."""


def steps(text: str) -> int:
    """Calls and lines run inside the package to read `text`."""
    count = 0

    def local(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        nonlocal count
        count += 1
        return local

    def trace(frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        return local if frame.f_code.co_filename.startswith(PACKAGE) else None

    load()
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        read(Note("n", text))
    finally:
        sys.settrace(before)
    return count


def repeated(unit: str) -> Callable[[int], str]:
    # Without a word of the breast nothing would be read.
    return lambda size: ("Left breast: " + unit * (size // len(unit) + 1))[:size]


TEXTS = {
    "no mass": "No mass, ",
    "no mass of a breast": "No mass of the left breast at the wire, ",
    "notes": NOTE,
    "one line": NOTE.replace("\n", " "),
    "blank lines between": NOTE.replace("\n", "\n\n"),
    "forms": FORM,
    "wires": "A wire was placed at the mass in the left breast at 2:00 under ultrasound guidance. ",
    "no wires": "No wire was placed, no clip, no seed, and ",
    "tildes": "x~\n",
    "escapes": "wire\\.br\\",
    "carriage returns": "wire\r\n",
    "addenda": "ADDENDUM: The wire was on the left.\n\n",
    "sides": "left right ",
    "dates": "03/04/2026 ",
    "names": "Ann Rowe, MD ",
}


@pytest.mark.parametrize("name", TEXTS)
def test_twice_the_note_costs_twice_the_steps(name: str) -> None:
    text = repeated(TEXTS[name])
    before = steps(text(SIZES[0]))
    for size in SIZES[1:]:
        now = steps(text(size))
        assert now / before < LIMIT, f"{before} steps, and {now} at {size} characters"
        before = now
