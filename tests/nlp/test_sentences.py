"""Where one statement ends and the next begins, in the layouts that notes come in."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.nlp.dictation import even
from extractor.normalize import normalize
from tests.nlp.doc import doc_of, squeezed
from tests.tables import rows

SPLITS = [
    ("- reflector released in the middle of the mass, signal\nLEFT BREAST\n- needle from lateral", ["- reflector released in the middle of the mass, signal", "LEFT BREAST", "- needle from lateral"]),
    ("WIRE PLACED THROUGH THE MASS OF THE UPPER OUTER QUADRANT OF THE\nLEFT BREAST", ["WIRE PLACED THROUGH THE MASS OF THE UPPER OUTER QUADRANT OF THE LEFT BREAST"]),
    # running text
    ("The wire was placed. The patient did well.", ["The wire was placed.", "The patient did well."]),
    ("Was the wire seen? Yes. It was!", ["Was the wire seen?", "Yes.", "It was!"]),
    ('The patient said "no pain." The wire was taped.', ['The patient said "no pain."', "The wire was taped."]),
    ("A single sentence without an end", ["A single sentence without an end"]),
    ("The wire was placed.  Two spaces follow.", ["The wire was placed.", "Two spaces follow."]),
    # points that end nothing
    ("Dr. Rowe placed the wire. It was deployed.", ["Dr. Rowe placed the wire.", "It was deployed."]),
    ("The needle was advanced 2.5 cm. The wire was deployed.", ["The needle was advanced 2.5 cm.", "The wire was deployed."]),
    ("Seen by A. B. Rowe, M.D. today.", ["Seen by A. B. Rowe, M.D. today."]),
    ("Stereotactic vs. ultrasound guidance was weighed.", ["Stereotactic vs. ultrasound guidance was weighed."]),
    ("The mass measures approx. 12 mm.", ["The mass measures approx. 12 mm."]),
    ("Markers (e.g. HydroMARK) were reviewed. One was used.", ["Markers (e.g. HydroMARK) were reviewed.", "One was used."]),
    ("The wire is 0.5 cm deep to the clip at 10:30. No hematoma.", ["The wire is 0.5 cm deep to the clip at 10:30.", "No hematoma."]),
    # hard wraps
    (
        "Under ultrasound guidance, using aseptic technique and local anesthesia, a Kopans\nwire was advanced through the mass in the left breast at the 2:00 position and\ndeployed. The patient tolerated this well.",
        ["Under ultrasound guidance, using aseptic technique and local anesthesia, a Kopans wire was advanced through the mass in the left breast at the 2:00 position and deployed.", "The patient tolerated this well."],
    ),
    (
        "UNDER ULTRASOUND GUIDANCE, USING ASEPTIC TECHNIQUE AND LOCAL ANESTHESIA, A KOPANS\nWIRE WAS ADVANCED THROUGH THE MASS IN THE LEFT BREAST AT THE 2:00 POSITION AND\nDEPLOYED. THE PATIENT TOLERATED THIS WELL.",
        ["UNDER ULTRASOUND GUIDANCE, USING ASEPTIC TECHNIQUE AND LOCAL ANESTHESIA, A KOPANS WIRE WAS ADVANCED THROUGH THE MASS IN THE LEFT BREAST AT THE 2:00 POSITION AND DEPLOYED.", "THE PATIENT TOLERATED THIS WELL."],
    ),
    ("A wire was placed in the left\nbreast.", ["A wire was placed in the left breast."]),
    # headings, bullets, numbers, forms
    ("TECHNIQUE: A wire was placed.\nCOMPLICATIONS: None.", ["TECHNIQUE: A wire was placed.", "COMPLICATIONS: None."]),
    ("IMPRESSION:\n1. Wire in place.\n2. No hematoma.", ["IMPRESSION:", "1. Wire in place.", "2. No hematoma."]),
    ("- Consent obtained\n- Time-out performed\n- Wire placed", ["- Consent obtained", "- Time-out performed", "- Wire placed"]),
    ("• Left breast\n• Ultrasound", ["• Left breast", "• Ultrasound"]),
    ("Side: Left\nGuidance: Ultrasound\nDevice: Wire", ["Side: Left", "Guidance: Ultrasound", "Device: Wire"]),
    ("Lesion 1 | left | wire\nLesion 2 | right | seed", ["Lesion 1 | left | wire", "Lesion 2 | right | seed"]),
    ("Side: Left    Device: Wire", ["Side: Left", "Device: Wire"]),
    ("Guidance ........ Ultrasound\nDevice .......... Wire", ["Guidance ........ Ultrasound", "Device .......... Wire"]),
    ("First paragraph\n\nSecond paragraph", ["First paragraph", "Second paragraph"]),
    ("", []),
    ("   \n\n  ", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentences"), rows(SPLITS))
def test_splits(text: str, sentences: list[str]) -> None:
    assert [s for s in (squeezed(sent.text) for sent in doc_of(text).sents) if s] == sentences


def test_a_feed_that_doubles_every_line_end_splits_as_the_plain_text() -> None:
    plain = (
        "EXAM: Wire localization, left breast\nCONSENT: Obtained.\nTECHNIQUE: Under ultrasound guidance, using aseptic technique\n"
        "and local anesthesia, a Kopans wire was advanced through the\nmass in the left breast at the 2:00 position and deployed\n"
        "through the mass. A second wire was not needed. The skin was\ncleaned and a dressing was applied over the wire.\n"
        "FINDINGS: The wire traverses the mass.\nCOMPLICATIONS: None.\nIMPRESSION: Successful localization.\nDICTATED: A. Rowe, MD\n"
        "SIGNED: A. Rowe, MD\nEND OF REPORT"
    )
    expected = [squeezed(sent.text) for sent in doc_of(plain).sents]
    assert [squeezed(sent.text) for sent in doc_of(plain.replace("\n", "\n\n")).sents] == expected
    assert len(expected) == 11


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=200))
@settings(max_examples=150, deadline=None)
def test_every_word_is_in_one_sentence(text: str) -> None:
    doc = doc_of(text)
    assert "".join(sent.text_with_ws for sent in doc.sents) == doc.text


LOWER = [
    # a recognizer that sets points and no capitals, where it does so by habit
    ("the scan was good. needle went down. wire was let out.", "the scan was good. Needle went down. Wire was let out."),
    ("the needle was put in. wire out", "the needle was put in. wire out"),
    ("Mass at the lat. edge, approx. two cm. It was med. to the clip and post. to it.", "Mass at the lat. edge, approx. two cm. It was med. to the clip and post. to it."),
]


@pytest.mark.parametrize(("text", "meant"), rows(LOWER))
def test_sentences_without_capitals(text: str, meant: str) -> None:
    assert even(normalize(text)).text == meant


SCANNED = [
    ("NEEDLE L0CALIZATI0N, 1EFT BREAST. C1ip in the upper cuter quadrant, 0n O6/l7/2OO4, l5 mm, l cm.", "NEEDLE LOCALIZATION, LEFT BREAST. Clip in the upper outer quadrant, 0n 06/17/2004, 15 mm, 1 cm."),
    ("F1lms show the hcok in the comp ression p1ate. Tirne-out was done.", "Films show the hook in the compression plate. Time-out was done."),
    ("PATlENT C0NSENT n0ne: the breast of the patient was clean; I-125 seed, C-4, T1, 5 mm.", "PATIENT CONSENT none: the breast of the patient was clean; I-125 seed, C-4, T1, 5 mm."),
    # one slip shows no scanner
    ("Clip at l cm, m0lli seed, cuter edge.", "Clip at l cm, molli seed, cuter edge."),
]


@pytest.mark.parametrize(("text", "meant"), rows(SCANNED))
def test_words_a_scanner_misread(text: str, meant: str) -> None:
    assert even(normalize(text)).text == meant
