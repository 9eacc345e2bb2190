"""Boxes and placeholders: what a form leaves open documents nothing."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import pytest

from extractor.nlp import marks
from tests.tables import rows

# line, words that a box marks, words that no box marks
BOXES = [
    ("Side: [x] Left [ ] Right", ["Left"], ["Right"]),
    ("Side: [ ] Left [X] Right", ["Right"], ["Left"]),
    ("Side: [X]Left [ ]Right", ["Left"], ["Right"]),
    ("Side: (x) Left ( ) Right", ["Left"], ["Right"]),
    ("Side: ■ Left □ Right", ["Left"], ["Right"]),
    ("Side: Left [x] Right [ ]", ["Left"], ["Right"]),
    ("Side: Left [ ] Right [x]", ["Right"], ["Left"]),
    ("Side: Left ( ) Right (x)", ["Right"], ["Left"]),
    ("[x] Consent obtained", ["Consent obtained"], []),
    ("[ ] Consent obtained", [], ["Consent obtained"]),
    ("Guidance: [ ] US [x] Stereo [ ] MRI", ["Stereo"], ["US", "MRI"]),
    ("Device: [ ] Wire [ ] Seed", [], ["Wire", "Seed"]),
    ("[✓] Time-out", ["Time-out"], []),
]


@pytest.mark.parametrize(("line", "marked", "unmarked"), rows(BOXES))
def test_boxes(line: str, marked: list[str], unmarked: list[str]) -> None:
    blank, checked = marks.find(line)

    def inside(words: str, spans: list[tuple[int, int]]) -> bool:
        at = line.index(words)
        return any(a <= at and at + len(words) <= b for a, b in spans)

    assert [w for w in marked if not inside(w, checked) or inside(w, blank)] == []
    assert [w for w in unmarked if not inside(w, blank) or inside(w, checked)] == []


PLACEHOLDERS = ["[right/left]", "***", "___", "{side}", "{left:right}", "@DATE@", "[ ]", "__/__/____", "<laterality>", "[select one]", "???"]


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_placeholders(placeholder: str) -> None:
    text = f"Side: {placeholder} breast"
    blank, checked = marks.find(text)
    at = text.index(placeholder)
    assert any(a <= at and at + len(placeholder) <= b for a, b in blank)
    assert checked == []


FILLED = ["the mass (left breast)", "BI-RADS [6]", "the wire [Kopans] was placed", "left (2:00) breast", "size < 5 mm", "a * b", "J. Rowe_MD"]


@pytest.mark.parametrize("words", FILLED)
def test_brackets_that_hold_words_of_the_note(words: str) -> None:
    assert marks.find(words) == ([], [])
