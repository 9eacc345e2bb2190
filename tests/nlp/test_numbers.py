"""Numbers: what they measure, and that nothing else is ever taken for a clock position or a count."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.nlp import matching, numbers
from tests.nlp.doc import doc_of, mentions
from tests.tables import rows

KINDS = ("date", "time", "clock", "fn", "coordinates", "gauge", "dose", "size", "times")

# words, kind, value (None: not compared)
NUMBERS = [
    # clock positions
    ("left breast at 2:00", "clock", "2:00"),
    ("left breast at 10:00", "clock", "10:00"),
    ("right breast, 10:30", "clock", "10:30"),
    ("the mass at 12 o'clock", "clock", "12:00"),
    ("the mass at 12 o’clock", "clock", "12:00"),
    ("the mass at 6 oclock", "clock", "6:00"),
    ("the mass at 6 o clock", "clock", "6:00"),
    ("the mass at the six o'clock position", "clock", "6:00"),
    ("the mass at ten thirty o'clock", "clock", "10:30"),
    ("the 3 o'clock axis", "clock", "3:00"),
    ("at the 4:00 position of the left breast", "clock", "4:00"),
    ("the mass at 2-3 o'clock", "clock", "2:00-3:00"),
    ("the mass at 11 to 12 o'clock", "clock", "11:00-12:00"),
    ("THE MASS AT 9 O'CLOCK", "clock", "9:00"),
    ("left breast 8:00 N+4", "clock", "8:00"),
    ("mass at one thirty left breast", "clock", "1:30"),
    ("the six thirty scout is in the mass", "clock", "6:30"),
    ("surgery at one thirty today", "time", "one thirty"),
    ("times two", "times", 2),
    # distances from the nipple
    ("the mass 5 cm from the nipple", "fn", 5.0),
    ("the mass 5 cm FN", "fn", 5.0),
    ("the mass 5cmfn", "fn", 5.0),
    ("the mass 5 cm from nipple", "fn", 5.0),
    ("the mass N+5", "fn", 5.0),
    ("the mass n + 5", "fn", 5.0),
    ("the mass, seven back from the nipple", "fn", 7.0),
    ("the mass 6 from nipple", "fn", 6.0),
    ("the mass 45 mm from the nipple", "fn", 4.5),
    ("the mass 4.5 centimeters from the nipple", "fn", 4.5),
    ("the mass 4.5 centimetres from the nipple", "fn", 4.5),
    ("the mass three cm from the nipple", "fn", 3.0),
    # dates
    ("performed on 03/04/2026", "date", None),
    ("performed on 3/4/26", "date", None),
    ("performed on 2026-03-04", "date", None),
    ("performed on March 4, 2026", "date", None),
    ("performed on 4 March 2026", "date", None),
    ("performed on 04-MAR-2026", "date", None),
    ("performed on Mar. 4, 2026", "date", None),
    ("performed on 04.03.2026", "date", None),
    # times of day
    ("the time out at 10:15 am", "time", None),
    ("started at 14:30", "time", None),
    ("surgery at 11:00", "time", None),
    ("called at 9:00 a.m.", "time", None),
    ("time-out 09:30", "time", None),
    # gauge, dose, size, coordinates
    ("a 20 gauge needle", "gauge", None),
    ("a 20-gauge needle", "gauge", None),
    ("a 9G probe", "gauge", None),
    ("a 14 ga needle", "gauge", None),
    ("5 mL of 1% lidocaine", "dose", None),
    ("10 cc of lidocaine", "dose", None),
    ("0.2 mCi", "dose", None),
    ("a 12 mm mass", "size", 1.2),
    ("a 1.2 x 0.8 x 0.9 cm mass", "size", None),
    ("a 7.5 cm wire", "size", 7.5),
    ("X: 12.3, Y: -4.5, Z: 32.1", "coordinates", None),
    ("X 12 Y 14 Z 30", "coordinates", None),
    ("x = 12.3 mm, y = 4.5 mm, z = 32 mm", "coordinates", None),
]  # fmt: skip


@pytest.mark.parametrize(("words", "kind", "value"), rows(NUMBERS))
def test_kind(words: str, kind: str, value: object) -> None:
    spans = mentions(doc_of(f"The note says {words} and no more."), *KINDS)
    assert kind in {m.label_ for m in spans}
    if kind != "clock":
        assert "clock" not in {m.label_ for m in spans}
    if kind != "fn":
        assert not {m.label_ for m in spans} & {"fn"} or "N+4" in words
    if value is not None:
        assert value in [m._.concept_value for m in spans if m.label_ == kind]


NO_CLOCK = [
    "Lot 10:00-22", "LOT # 1030", "REF 12-30", "Accession 10-30-2026", "MRN 000600", "The time was 10:00 AM.", "BP 120/80, HR 60.",
    "The dose was 6 mL.", "Images 6 of 12.", "at 6 cm depth", "Ratio 2:1", "Dictated 03/04/2026 10:30", "D: 03/04/2026 T: 03/04/2026 12:00",
    "stereo pair at 15 degrees", "BI-RADS 6", "The patient arrived at 12:00.", "Series 3, image 12", "room 6", "phone 555-1200",
    "radiograph at 28 kV", "coordinates X 12 Y 3 Z 6", "a 6 mm incision",
]  # fmt: skip


@pytest.mark.parametrize("words", NO_CLOCK)
def test_no_clock_position(words: str) -> None:
    assert mentions(doc_of(f"Left breast localization. {words} A wire was placed."), "clock") == []


def test_a_number_inside_a_measure_is_no_other_number() -> None:
    doc = doc_of("Left breast at 2:00, 5 cm from the nipple, X 12 Y 14 Z 30, lidocaine 10 mL, 20 gauge, 03/04/2026 10:30 AM.")
    found = sorted((m.start_char, m.end_char) for m in mentions(doc, *KINDS))
    assert all(a[1] <= b[0] for a, b in zip(found, found[1:], strict=False))
    assert {m.label_ for m in mentions(doc, *KINDS)} == {"clock", "fn", "coordinates", "dose", "gauge", "date", "time"}


PARTS = [
    *("1", "2", "12", "20230412", "3.5", "x2", "x 2", "#1", "#", "h-12", "x: 3, y: 4, z: 5", "z", "fn 3", "n+4", "3cmfn"),
    *("the", "third", "of", "march", "twenty", "Sept.", "jan", "2024", "04/12/2024", "one ", "o'clock", "oclock", "cm", "mm"),
    *("from the nipple", "10:30", "am", "gauge", "mL", "%", "_", "é", "a", "-", "/", ":", " ", " ", " ", "\n", ".", ","),
]


@given(st.lists(st.sampled_from(PARTS), max_size=14).map("".join))
def test_the_pattern_is_tried_wherever_it_can_match(text: str) -> None:
    words, starts, _ = matching.scan(text.lower())
    tried = [m.span() for m in numbers._matches(text, words, starts)]
    assert tried == [m.span() for m in numbers._PATTERN.finditer(text)]
