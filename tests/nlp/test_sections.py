"""Which part of the note a statement stands in."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import pytest

from tests.nlp.doc import doc_of, mentions
from tests.tables import rows

# note, words of a mention, its section
SECTIONS = [
    ("CLINICAL HISTORY: Left breast hematoma after biopsy.\n\nTECHNIQUE: A wire was placed.", "hematoma", "history"),
    ("Clinical History: Left breast hematoma after biopsy.\n\nTECHNIQUE: A wire was placed.", "hematoma", "history"),
    ("CLINICAL HISTORY:\nLeft breast hematoma after biopsy.\n\nTECHNIQUE:\nA wire was placed.", "hematoma", "history"),
    ("CLINICAL HISTORY:\nLeft breast hematoma after biopsy.\n\nTECHNIQUE:\nA wire was placed.", "wire", "technique"),
    ("INDICATION: calcifications\n\nPROCEDURE: A wire was placed.", "calcifications", "history"),
    ("COMPARISON: Mammogram with clip of 01/02/2026.\n\nTECHNIQUE: A wire was placed.", "clip", "comparison"),
    ("CONSENT: Risks of bleeding were explained.\n\nTECHNIQUE: A wire was placed.", "bleeding", "consent"),
    ("CONSENT: Risks of bleeding were explained.\n\nTECHNIQUE: A wire was placed.", "wire", "technique"),
    ("TECHNIQUE: Done.\n\nCOMPLICATIONS: Hematoma.\n\nIMPRESSION: A wire is in place.", "Hematoma", "complications"),
    ("TECHNIQUE: Done.\n\nCOMPLICATIONS: Hematoma.\n\nIMPRESSION: A wire is in place.", "wire", "impression"),
    ("TECHNIQUE: Done.\nCOMPLICATIONS:\nHematoma.\n", "Hematoma", "complications"),
    ("TECHNIQUE: Done.\n\nPLAN: A wire will be placed.", "wire", "plan"),
    ("TECHNIQUE: Done.\n\nRECOMMENDATION: A wire will be placed.", "wire", "plan"),
    ("EXAM: Ultrasound guided wire localization\n\nTECHNIQUE: Done.", "wire", "title"),
    ("ULTRASOUND GUIDED WIRE LOCALIZATION OF THE LEFT BREAST\n\nTECHNIQUE: Done.", "LEFT", "title"),
    ("Order: Wire localization\n\nTECHNIQUE: Done.", "Wire", "order"),
    ("TECHNIQUE: Done.\n\nFINDINGS: The wire is in the mass.", "wire", "findings"),
    ("TECHNIQUE: Done.\n\nADDENDUM: The wire was on the right.", "wire", "addendum"),
    ("FAMILY HISTORY: Mother with breast mass.\n\nTECHNIQUE: Done.", "mass", "family"),
    ("Time-out: left breast verified.\n\nTECHNIQUE: Done.", "left", "time_out"),
    ("TECHNIQUE AND FINDINGS: A wire was placed.", "wire", "technique"),
    ("Procedure in detail: A wire was placed.", "wire", "technique"),
    ("TECHNIQUE\nA wire was placed.", "wire", "technique"),
    ("**TECHNIQUE:** A wire was placed.\n\n**COMPLICATIONS:** Hematoma.", "Hematoma", "complications"),
    ("  TECHNIQUE: A wire was placed.\n  COMPLICATIONS: Hematoma.", "Hematoma", "complications"),
    # capitals that run on into the text
    ("US GUIDED SEED LOCALIZATION\nHISTORY lobular carcinoma of the right breast\nPROCEDURE the mass was found and a seed was deployed\nIMPRESSION successful localization", "mass", "technique"),
    ("US GUIDED SEED LOCALIZATION\nHISTORY lobular carcinoma of the right breast\nPROCEDURE the mass was found and a seed was deployed\nIMPRESSION successful localization", "carcinoma", "history"),
    ("US GUIDED SEED LOCALIZATION\nHISTORY lobular carcinoma of the right breast\nPROCEDURE the mass was found and a seed was deployed\nIMPRESSION successful localization", "localization", "impression"),
    ("TECHNIQUE: The first\nIMPRESSION of the mass was reviewed.", "mass", "technique"),
    ("MR GUIDED WIRE LOC\n3/4/26\nConsented, time-out done, prone.\nLeft breast in grid coil, 9 mm focus.", "Left", "technique"),
    ("HISTORY: DCIS.\nFINDINGS: After consent and timeout, a mass was seen.", "mass", "technique"),
    ("TECHNIQUE: Done.\nFINDINGS: After consent, a mass was seen.", "mass", "findings"),
    ("Addendum at bottom.\nTECHNIQUE: A wire was placed.", "wire", "technique"),
    ("TECHNIQUE: Done.\nADDENDUM at 5 pm: The wire was on the right.", "wire", "addendum"),
    # numbered paragraphs, some with a heading and some without
    ("1. EXAM: SEED PLACEMENT.\n2. HISTORY: IDC OF THE LEFT BREAST.\n3. LIDOCAINE WAS GIVEN. THE SEED WAS RELEASED IN THE TUMOR.\n4. FILMS SHOW IT THERE.", "TUMOR", "technique"),
    ("HISTORY:\n1. IDC of the left breast.\n2. DCIS of the right breast, with a clip.\n\nTECHNIQUE: Done.", "clip", "history"),
    # the history of a report without headings ends with what is of the session
    ("HX: node with melanoma, for removal.\nLidocaine. One marker left in the cortex.", "marker", "technique"),
    ("HX: LCIS in an asymmetry.\nVerbal consent. The needle went to the distortion.", "distortion", "technique"),
    ("HX: lumpectomy 2011 with local recurrence.\nPrior anesthesia reaction. A clip is there.", "clip", "history"),
    ("HX: ADH on core.\nTECH: Skin cleaned, lidocaine. Needle to the asymmetry, hook opened.", "asymmetry", "technique"),
    ("TECHNIQUE: Done.\nTECH: B. Lund RT(R)(M), for the left breast", "left", "signature"),
    ("Indication: DCIS.\nConsent. Time-out.\nLesion A: mass at 10:00, wire deployed.\nLesion C: distortion at 8:00, wire deployed.", "distortion", "target"),
    ("Indication: DCIS.\nConsent: yes\nThe distortion was marked.", "distortion", "technique"),
    # below the exam line
    ("US GUIDED WIRE LOCALISATION LEFT BREAST\n\n8 mm papillary lesion at 4 o'clock, B3 on core in the spring.\n\nLidocaine was given.", "4 o'clock", "technique"),
    ("US GUIDED WIRE LOCALISATION\n\nWIRE LOCALISATION, LEFT BREAST MASS.\n\nLidocaine was given.", "MASS", "title"),
]  # fmt: skip


@pytest.mark.parametrize(("note", "words", "section"), rows(SECTIONS))
def test_section(note: str, words: str, section: str) -> None:
    found = {m._.note_section for m in mentions(doc_of(note)) if m.text == words}
    assert found == {section}


# a heading's word in running text opens nothing
NO_HEADING = [
    "TECHNIQUE: The technique was explained. The history was reviewed and the comparison was old. A wire was placed.",
    "TECHNIQUE: There were no findings of note: the wire was placed.",
    "TECHNIQUE: The time was 10:30 and the wire was placed.",
]


@pytest.mark.parametrize("note", NO_HEADING)
def test_words_in_running_text_are_no_headings(note: str) -> None:
    assert {m._.note_section for m in mentions(doc_of(note), "device")} == {"technique"}
