"""One value a mention: sentences marked with what is asserted of the words in them, `<absent>hematoma</absent>`.

The first are those that the design demands; the rest is the language of localization notes.
"""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import re

import pytest

from tests.nlp.doc import doc_of, mentions
from tests.tables import rows

LABELS = ("device", "complication", "guidance", "target", "side", "procedure", "site", "diagnosis", "consent", "time_out")

DESIGN = [
    "Risks of <hypothetical>bleeding</hypothetical>, <hypothetical>infection</hypothetical> and <hypothetical>hematoma</hypothetical> were discussed.",
    "There was no <absent>hematoma</absent>; the <present>wire</present> was placed.",
    "A second <absent>wire</absent> was not placed.",
    "<present>Vasovagal episode</present> which resolved; <present>hematoma</present> was noted.",
    "Negative for <absent>pneumothorax</absent>.",
]

FIELD = [
    # words with two uses
    "The tip was 4 mm past the <present>calcifications</present>, the <present>hookwire</present> engaged.",
    "Past biopsies of the <historical>mass</historical> were benign.",
    "There was a <present>hematoma</present> of 2 cm, call if it gets bigger.",
    "Call if there is <hypothetical>bleeding</hypothetical>.",
    "Under aseptic precautions a <present>wire</present> was placed.",
    "A <hypothetical>wire</hypothetical> only if she wishes.",
    "Consent was signed after discussion of <hypothetical>bleeding</hypothetical> and <hypothetical>infection</hypothetical>.",
    "She said she was going to pass out and she did, sweaty and gray, typical <present>vasovagal</present>.",
    "Procedure ultrasound seed placement <present>right</present> breast indication is biopsy proven <planned>cancer</planned> with surgery next week.",
    "Risks of <hypothetical>bleeding</hypothetical> and reflector <hypothetical>migration</hypothetical> were explained and she signed and a time out was held and then we found the mass on ultrasound and cleaned the skin and gave lidocaine and advanced the introducer to it while watching the tip the whole way in from the lateral side and the introducer was taken out and pressure was held for ten minutes by the clock and the films were made and looked at and sent and a <present>reflector</present> was deployed in it without any trouble and that was the end of it for today and she went home with her daughter and an ice pack.",
    "A <planned>wire</planned> will be placed tomorrow.",
    "The <absent>right</absent> breast was not examined.",
    # absent
    "No <absent>hematoma</absent> was seen.",
    "There is no <absent>hematoma</absent> or <absent>bleeding</absent>.",
    "No <absent>hematoma</absent>, <absent>bleeding</absent> or <absent>infection</absent>.",
    "Without evidence of <absent>hematoma</absent>.",
    "No evidence of <absent>pneumothorax</absent> is seen.",
    "No sign of <absent>bleeding</absent>.",
    "<absent>Hematoma</absent> was not seen.",
    "<absent>Pneumothorax</absent> is not identified.",
    "A <absent>clip</absent> was not placed.",
    "No <absent>clip</absent> was placed.",
    "No <absent>wire</absent> was left in the breast.",
    "The <absent>wire</absent> could not be placed.",
    "In the <present>left</present> breast the <absent>reflector</absent> could not be deployed.",
    "The patient denies <absent>bleeding</absent>.",
    "Neither <absent>hematoma</absent> nor <absent>bleeding</absent> was seen.",
    "Hematoma: none. <absent>Bleeding</absent>: none.",
    "<absent>Hematoma</absent>: No",
    "The site was free of <absent>hematoma</absent>.",
    "A seed was placed instead of a <absent>wire</absent>.",
    # scope ends at the clause
    "No <absent>hematoma</absent>, but the <present>wire</present> was displaced.",
    "There was no <absent>bleeding</absent> and the <present>wire</present> was taped to the skin.",
    "No <absent>hematoma</absent> was seen, the <present>wire</present> was secured.",
    "Although no <absent>hematoma</absent> was seen, the <present>clip</present> was placed.",
    "There was no <absent>bleeding</absent>. The <present>wire</present> was cut.",
    "A <present>wire</present> was placed without <absent>hematoma</absent>.",
    "The <present>wire</present> was placed, with no <absent>bleeding</absent>.",
    "No <absent>clip</absent> was seen; therefore a <present>wire</present> was placed at the <present>mass</present>.",
    "No <absent>hematoma</absent> was seen; <present>bleeding</present> was brisk.",
    # words that look like a negation and are none
    "The <present>wire</present> was placed without difficulty.",
    "There is no change in the <present>mass</present>.",
    "Not only the <present>wire</present> but also a <present>clip</present> was placed.",
    "The <present>mass</present> is not palpable.",
    "There is no doubt that the <present>wire</present> is in the <present>mass</present>.",
    # hypothetical: consent, instructions, conditions
    "Potential complications including <hypothetical>hematoma</hypothetical> were explained.",
    "The risks, including <hypothetical>device migration</hypothetical> and <hypothetical>pneumothorax</hypothetical>, were reviewed.",
    "Benefits, alternatives and risks (<hypothetical>bleeding</hypothetical>, <hypothetical>infection</hypothetical>) were discussed with the patient.",
    "The patient was told to call for <hypothetical>bleeding</hypothetical> or signs of <hypothetical>infection</hypothetical>.",
    "Return if <hypothetical>bleeding</hypothetical> occurs.",
    "If <hypothetical>hematoma</hypothetical> develops, compression is advised.",
    # planned
    "A <planned>wire</planned> will be placed tomorrow.",
    "<planned>Wire</planned> placement is scheduled for next week.",
    "A <planned>clip</planned> may be placed at a later date.",
    "Recommend <planned>stereotactic</planned> localization.",
    "The patient is scheduled for <planned>seed</planned> placement.",
    # historical
    "History of <historical>hematoma</historical>.",
    "She previously had a <historical>hematoma</historical>.",
    "Status post <historical>wire</historical> localization of the right breast.",
    "A <historical>hematoma</historical> from the prior biopsy.",
    "A <present>wire</present> was placed at the <historical>marker</historical> from her biopsy.",
    "The patient had a prior <historical>vasovagal reaction</historical>.",
    # other person
    "Her mother had a breast <other_person>mass</other_person>.",
    "Family history of breast <other_person>cancer</other_person>.",
    # uncertain
    "Possible small <uncertain>hematoma</uncertain>.",
    "There may be a <planned|uncertain>hematoma</planned|uncertain>.",
    "The density may represent a small <uncertain>hematoma</uncertain>.",
    "Findings are suspicious for <uncertain>DCIS</uncertain>.",
    # sections
    "CLINICAL HISTORY: <historical>Hematoma</historical> after biopsy.\n\nTECHNIQUE: A <present>wire</present> was placed.",
    "COMPARISON: Mammogram showing <historical>hematoma</historical>.\n\nTECHNIQUE: A <present>wire</present> was placed.",
    "CONSENT: We spoke of <hypothetical>hematoma</hypothetical>.\n\nTECHNIQUE: A <present>wire</present> was placed.",
    "TECHNIQUE: A <present>clip</present> was placed.\n\nPLAN: <planned>Wire</planned> on the day of surgery.",
    "EXAM: <ordered>Wire</ordered> localization, <ordered>left</ordered> breast\n\nTECHNIQUE: A <present>seed</present> was placed.",
    "ORDER: <ordered>Stereotactic</ordered> wire localization\n\nTECHNIQUE: A <present>seed</present> was placed.",
    "FAMILY HISTORY: <other_person>Breast cancer</other_person>.\n\nTECHNIQUE: A <present>wire</present> was placed.",
    # blank: choices nobody made, in both layouts
    "Side: [ ] <blank>Left</blank> [x] <present>Right</present>",
    "Side: [x] <present>Left</present> [ ] <blank>Right</blank>",
    "Side: <blank>Left</blank> [ ] <present>Right</present> [x]",
    "Side: ( ) <blank>Left</blank> (x) <present>Right</present>",
    "Side: ☐ <blank>Left</blank> ☒ <present>Right</present>",
    "Device: [ ] <blank>Wire</blank> [ ] <blank>Seed</blank> [X] <present>Clip</present>",
    "A wire was placed in the [<blank>right</blank>/<blank>left</blank>] breast.",
    "A {<blank>wire</blank>/<blank>clip</blank>} was placed.",
]  # fmt: skip

_MARK = re.compile(r"<([a-z_|]+)>(.*?)</\1>", re.S)


def check(marked: str) -> None:
    text, wanted, at = "", [], 0
    for mark in _MARK.finditer(marked):
        text += marked[at : mark.start()]
        wanted.append((len(text), len(text) + len(mark[2]), mark[2], set(mark[1].split("|"))))
        text += mark[2]
        at = mark.end()
    text += marked[at:]
    assert wanted
    doc = doc_of(text)
    for start, end, words, values in wanted:
        found = [m for m in mentions(doc, *LABELS) if m.start_char < end and start < m.end_char]
        assert found, f"{words} is no mention"
        for mention in found:
            assert mention._.assertion in values, f"{words} ({mention.label_}) is {mention._.assertion}, by {mention._.assertion_cue}"


@pytest.mark.parametrize("marked", rows([(s,) for s in DESIGN]))
def test_sentences_of_the_design(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize("marked", rows([(s,) for s in FIELD]))
def test_sentences_of_the_field(marked: str) -> None:
    check(marked)


def test_a_value_that_is_not_the_start_value_names_its_cue() -> None:
    doc = doc_of("No hematoma was seen. The mother had a breast mass.")
    cues = {m.text: m._.assertion_cue for m in mentions(doc, "complication", "target")}
    assert cues["hematoma"].startswith("assertion.absent")
    assert cues["mass"].startswith("assertion.family")


PHRASES = ["left breast", "left\nbreast", "left  breast", "left-breast", "LEFT BREAST", "Left Breast"]


@pytest.mark.parametrize("words", PHRASES)
def test_however_it_is_written_it_is_one_phrase(words: str) -> None:
    doc = doc_of(f"A wire was placed in the {words} under tomosynthesis guidance.")
    assert [m._.concept_value for m in mentions(doc, "side")] == ["left"]
    assert len(list(doc.sents)) == 1
