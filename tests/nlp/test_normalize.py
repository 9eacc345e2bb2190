"""Text evened out for matching, and the way back: whatever a feed did, evidence quotes the note as given."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from extractor.findings import Evidence, Findings
from extractor.normalize import normalize
from extractor.note import Note
from extractor.pipeline import read

EVENED = [
    ("left\r\nbreast", "left\nbreast"),
    ("left\rbreast", "left\nbreast"),
    (r"left\.br\breast", "left\nbreast"),
    (r"left\.br\ breast", "left\n breast"),
    (r"a \T\ b", "a & b"),
    (r"1 \F\ 2", "1 | 2"),
    ("a &amp; b &lt;3", "a & b <3"),
    ("10 o’clock", "10 o'clock"),
    ("“clip”", '"clip"'),
    ("post–placement", "post-placement"),
    ("left\u00a0breast", "left breast"),
    ("12 × 9 mm", "12 x 9 mm"),
    ("plain text ~ 5 mm", "plain text ~ 5 mm"),
    ("one~\ntwo~\nthree~\n", "one\ntwo\nthree\n"),
    ("one~\r\ntwo~\r\nthree~\r\n", "one\ntwo\nthree\n"),
    ("_" * 1000 + "left", "_" * 200 + "left"),
    ("left" + " " * 1000 + "right", "left" + " " * 200 + "right"),
    ("|---|" + "-" * 300 + "|", "|---|" + "-" * 300 + "|"),
    ("MSH|^~\\&|RIS|HOSP|||20250611||ORU^R01|7|P|2.3\rOBR|1|77|77-01|USLOC^US LOC^L\rOBX|1|TX|GDT||Left breast, a wire||||||F\rOBX|2|TX|GDT||was placed.||||||F\r", "\n\nLeft breast, a wire\nwas placed.\n"),
    ("Lab: OBX|1|TX|GDT||kept||F", "Lab: OBX|1|TX|GDT||kept||F"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "evened"), EVENED)
def test_evened(text: str, evened: str) -> None:
    assert normalize(text).text == evened


def test_doubled_line_spacing_is_taken_out_and_paragraphs_of_plain_notes_stay() -> None:
    lines = [f"Line {n} of the report." for n in range(14)]
    assert normalize("\n\n".join(lines)).text == "\n".join(lines)
    assert normalize("\r\n\r\n".join(lines)).text == "\n".join(lines)
    plain = "EXAM: Wire.\n\nTECHNIQUE: Done.\n\nIMPRESSION: Done."
    assert normalize(plain).text == plain


def test_doubled_line_spacing_keeps_the_paragraphs() -> None:
    plain = "\n\n".join(f"HEADING {n}: First line of the paragraph.\nSecond line.\nThird line.\nFourth line." for n in range(5))
    assert normalize(plain.replace("\n", "\n\n")).text == plain


PIECES = [
    "left breast", "wire", "\r\n", "\r", "\n", "\n\n", r"\.br\ "[:-1], r"\.sp2\ "[:-1], r"\T\ "[:-1], r"\F\ "[:-1], "~", "~\n", "~\r\n", "&amp;", "&lt;",
    "“", "”", "’", "–", "\u00a0", "\u2003", "\ufeff", "😀", "𝒜", "é", "ı", "İ", "\u2028", "\\", "&", ".", ":", " ", "  ", "\t", "☒", "½",
]  # fmt: skip
MIXED = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@given(MIXED | st.text(max_size=120))
@example("\r\n".join(["a", ""] * 16))
@example(r"a\.br\b~" * 14)
@settings(max_examples=500, deadline=None)
def test_the_map_leads_back_in_order_and_inside_the_note(text: str) -> None:
    source = normalize(text)
    assert len(source.text) <= len(text)
    places = [source.position(i) for i in range(len(source.text))]
    assert places == sorted(set(places))
    assert all(0 <= place < len(text) for place in places)
    for i, place in enumerate(places):
        assert source.span(i, i + 1)[0] == place
        if source.text[i].isalnum() and source.text[i].isascii():
            assert text[place] == source.text[i] or not text[place].isascii()


NOTE = [
    "EXAM: Stereotactic wire localization, left breast",
    "DATE OF PROCEDURE: 03/04/2026",
    "INDICATION: Biopsy-proven DCIS, lumpectomy scheduled.",
    "CONSENT: Written informed consent was obtained.",
    "TIME OUT: A time-out was performed.",
    "TECHNIQUE: Under stereotactic guidance coordinates were obtained",
    "from a stereo pair and a Kopans wire was deployed at the",
    "calcifications in the upper outer quadrant of the left",
    "breast at 2 o'clock.",
    "FINDINGS: Orthogonal views show the wire at the calcifications.",
    "ANESTHESIA: 1% lidocaine.",
    "COMPLICATIONS: Small hematoma.",
    "IMPRESSION: Wire localization, left breast.",
    "Electronically signed by: A. Rowe, MD",
]
LINE_ENDS = ["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\\.br\\", "\\.br\\\r\n", "~\n", "~\r\n", "\u2028"]
WORD_CHANGES = [("'", "’"), (" ", "\u00a0"), ("-", "–"), ("e", "e"), (" ", "  "), ("breast", "breast 😀"), ("wire", "𝒜 wire"), ("COMPLICATIONS", "COMPLICATIONS\u200b")]


def evidences(found: Findings) -> list[Evidence]:
    out = [*found.procedure_evidence, *found.complications_evidence, *found.date_of_service_evidence]
    for lesion in found.lesions:
        out += [q for quotes in lesion.evidence.values() for q in quotes]
        out += [q for device in lesion.devices for q in device.evidence]
    for element in found.elements.values():
        out += element.evidence
        out += [q for reading in element.readings for q in reading.evidence]
    for complication in found.complications:
        out += complication.evidence
    for diagnosis in found.diagnoses:
        out += diagnosis.evidence
    for quotes in found.facts.values():
        out += quotes
    return out


@given(st.sampled_from(LINE_ENDS), st.sets(st.sampled_from(WORD_CHANGES), max_size=4), st.sampled_from(["", "\ufeff", "😀 ", "\r\n\r\n"]))
@settings(max_examples=120, deadline=None)
def test_evidence_quotes_the_note_as_given(end: str, changes: set[tuple[str, str]], start: str) -> None:
    text = start + end.join(NOTE) + end
    for old, new in sorted(changes):
        text = text.replace(old, new)
    found = read(Note("n", text))
    quotes = evidences(found)
    assert len(quotes) > 10
    for quote in quotes:
        assert quote.start < quote.end
        assert text[quote.start : quote.end] == quote.text
    assert found.procedure_type == "localization"


@pytest.mark.parametrize("end", [*LINE_ENDS, "~"])
def test_the_findings_are_those_of_the_plain_note(end: str) -> None:
    plain, other = read(Note("n", "\n".join(NOTE))), read(Note("n", end.join(NOTE)))
    assert [(x.laterality, x.guidance, x.target, x.outcome, x.location.clock) for x in other.lesions] == [
        (x.laterality, x.guidance, x.target, x.outcome, x.location.clock) for x in plain.lesions
    ]
    assert {name: e.status for name, e in other.elements.items()} == {name: e.status for name, e in plain.elements.items()}
    assert [c.type for c in other.complications] == ["hematoma"]
    assert plain.missing() == []
