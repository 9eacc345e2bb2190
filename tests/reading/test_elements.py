"""The documentation elements one by one: a report that has them all, and what each needs."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import pytest

from extractor.findings import ELEMENTS, Element
from tests.reading.frame import findings
from tests.tables import rows

PARTS: dict[str, str] = {
    "title": "EXAM: Stereotactic wire localization, left breast",
    "date": "DATE OF PROCEDURE: 03/04/2026",
    "indication": "INDICATION: Biopsy-proven DCIS of the left breast, lumpectomy scheduled today.",
    "consent": "CONSENT: Written informed consent was obtained.",
    "time_out": "TIME OUT: A time-out confirmed patient, side and procedure.",
    "anesthesia": "ANESTHESIA: 1% lidocaine, 5 mL.",
    "technique": (
        "TECHNIQUE: Under stereotactic guidance, coordinates were calculated from a stereo pair, a 20 gauge needle was advanced "
        "to the calcifications in the upper outer quadrant of the left breast, and a Kopans wire was deployed."
    ),
    "imaging": "Orthogonal mammograms show the wire traversing the calcifications.",
    "complications": "COMPLICATIONS: None.",
    "signature": "Electronically signed by: Ann Ruiz, MD",
}


def note(**changes: str) -> str:
    """The complete report with parts replaced, or left out where the replacement is empty."""
    return "\n\n".join(part for part in {**PARTS, **changes}.values() if part) + "\n"


def test_a_complete_report_lacks_nothing() -> None:
    found = findings(note())
    assert found.missing() == []
    assert found.conflicting() == []
    assert set(found.elements) == set(ELEMENTS)
    assert all(e.evidence for name, e in found.elements.items() if name != "lesion_count")


WITHOUT: list[tuple[Element, dict[str, str]]] = [
    ("procedure_date", {"date": ""}),
    ("consent", {"consent": ""}),
    ("time_out", {"time_out": ""}),
    ("anesthesia", {"anesthesia": ""}),
    ("post_placement_imaging", {"imaging": ""}),
    ("complications", {"complications": ""}),
    ("provider_signature", {"signature": ""}),
    ("indication", {"indication": ""}),
    ("target", {"technique": PARTS["technique"].replace("calcifications", "lesion"), "imaging": "Orthogonal mammograms show the wire traversing the lesion."}),
    ("location", {"technique": PARTS["technique"].replace("upper outer quadrant of the ", "")}),
    ("stereotactic_technique", {"technique": "TECHNIQUE: Under stereotactic guidance, a Kopans wire was deployed at the calcifications in the upper outer quadrant of the left breast."}),
]  # fmt: skip


@pytest.mark.parametrize(("element", "changes"), rows(WITHOUT))
def test_each_is_missed_when_it_is_left_out(element: Element, changes: dict[str, str]) -> None:
    assert findings(note(**changes)).missing() == [element]


PRESENT: list[tuple[Element, str, str]] = [
    ("consent", "consent", "The risks and benefits were explained and the patient signed the consent form."),
    ("consent", "consent", "Informed consent was obtained from the patient's daughter, who holds power of attorney."),
    ("consent", "consent", "Verbal consent obtained."),
    ("consent", "consent", "Consent: obtained"),
    ("consent", "consent", "CONSENT: [x] Yes [ ] No"),
    ("time_out", "time_out", "Universal protocol was followed."),
    ("time_out", "time_out", "A procedural pause was performed to verify patient identity, site and procedure."),
    ("time_out", "time_out", "TIMEOUT PERFORMED 0930"),
    ("time_out", "time_out", "Correct patient, correct side and correct procedure were verified by the team."),
    ("anesthesia", "anesthesia", "The skin was anesthetized with buffered lidocaine."),
    ("anesthesia", "anesthesia", "Local anaesthetic was given."),
    ("anesthesia", "anesthesia", "No anesthesia was used at the patient's request."),
    ("anesthesia", "anesthesia", "10 cc of Xylocaine with epinephrine was injected."),
    ("anesthesia", "anesthesia", "Moderate sedation was given by the nurse."),
    ("time_out", "time_out", "The nurse and I went over name, side and procedure with her."),
    ("time_out", "time_out", "Stop and check with the nurse: name, left breast, wire."),
    ("time_out", "time_out", "Checklist read aloud by the sister (name, side, procedure)."),
    ("time_out", "time_out", "Verified name, DOB, left breast."),
    ("time_out", "time_out", "Identity, side and procedure checked with the technologist."),
    ("time_out", "time_out", "Consent + TO."),
    ("post_placement_imaging", "imaging", "Post mammo CC and LM. Wire in expected position at the calcifications."),
    ("anesthesia", "anesthesia", "Anes: GA/LMA"),
    ("anesthesia", "anesthesia", "Anesth: GETA"),
    ("post_placement_imaging", "imaging", "Post-procedure mammogram: the wire is 5 mm lateral to the calcifications."),
    ("post_placement_imaging", "imaging", "CC and ML views confirm satisfactory position of the wire at the target."),
    ("post_placement_imaging", "imaging", "Final images demonstrate the hook just beyond the calcifications."),
    ("provider_signature", "signature", "Dictated by Ann Ruiz, M.D."),
    ("provider_signature", "signature", "Radiologist: A. Ruiz"),
    ("provider_signature", "signature", "/es/ ANN RUIZ, MD"),
    ("provider_signature", "signature", "The procedure was performed by Dr. Ruiz."),
    ("post_placement_imaging", "imaging", "Post mammo CC/ML - wire in calcs."),
    ("post_placement_imaging", "imaging", "Post mammo ML - wire runs 3 mm lat to the calcs."),
    ("post_placement_imaging", "imaging", "Mammogram CC and lateral wire tip in the calcs six millimeters from the clip."),
    ("provider_signature", "signature", "A. RUIZ-KELLY, MAJ, MC, USA"),
    ("provider_signature", "signature", "doctor ruizkelly"),
    ("procedure_date", "date", "Rad: A Ruiz DO       3/4/26"),
    ("procedure_date", "date", "Exam date: 2026-03-04"),
    ("procedure_date", "date", "DATE OF SERVICE: March 4, 2026"),
    ("procedure_date", "date", "DOS 03/04/26"),
    ("procedure_date", "date", "Date of examination: 4 March 2026"),
    ("indication", "indication", "CLINICAL HISTORY: Newly diagnosed invasive ductal carcinoma of the left breast."),
    ("indication", "indication", "INDICATION: ADH on core biopsy, surgical excision recommended."),
    ("indication", "indication", "REASON FOR EXAM: preoperative localization before lumpectomy"),
]  # fmt: skip


@pytest.mark.parametrize(("element", "part", "words"), rows(PRESENT))
def test_present(element: Element, part: str, words: str) -> None:
    found = findings(note(**{part: words}))
    assert found.elements[element].status == "present"
    assert found.elements[element].evidence


MISSING: list[tuple[Element, str, str]] = [
    ("consent", "consent", "CONSENT: ***"),
    ("consent", "consent", "CONSENT: [ ] Yes [ ] No"),
    ("consent", "consent", "Consent was not obtained."),
    ("consent", "consent", "Risks, benefits and alternatives were discussed."),
    ("time_out", "time_out", "TIME OUT: ____"),
    ("time_out", "time_out", "Time-out performed: [ ]"),
    ("anesthesia", "anesthesia", "ANESTHESIA: ***"),
    ("anesthesia", "anesthesia", "A 20 GA introducer was used."),
    ("post_placement_imaging", "imaging", "Post-procedure mammograms were obtained."),
    ("post_placement_imaging", "imaging", "Post-placement mammogram was performed and sent with the patient."),
    ("provider_signature", "signature", "Electronically signed by: ________"),
    ("provider_signature", "signature", "cc: Dr. Lopez"),
    ("provider_signature", "signature", "Referring physician: Dr. Lopez"),
    ("procedure_date", "date", "DATE OF PROCEDURE: __/__/____"),
    ("procedure_date", "date", "Dictated: 03/05/2026"),
    ("procedure_date", "date", "DOS __/__/26        dict 3/5/26"),
    ("post_placement_imaging", "imaging", "The wire will be in the calcifications."),
    ("procedure_date", "date", "DATE: ***"),
    ("procedure_date", "date", "COMPARISON: Mammogram 02/01/2026"),
    ("indication", "indication", "INDICATION: Calcifications."),
    ("indication", "indication", "INDICATION: ***"),
    ("complications", "complications", "The patient tolerated the procedure well."),
]  # fmt: skip


@pytest.mark.parametrize(("element", "part", "words"), rows(MISSING))
def test_missing(element: Element, part: str, words: str) -> None:
    assert findings(note(**{part: words})).missing() == [element]


DEPLOYMENT = "TECHNIQUE: Under stereotactic guidance, coordinates were calculated and a needle was advanced to the calcifications in the upper outer quadrant of the left breast."


def test_where_nothing_says_it_was_deployed_type_and_position_are_missing_too() -> None:
    found = findings(note(technique=DEPLOYMENT, imaging="", title="EXAM: Stereotactic localization, left breast"))
    assert set(found.missing()) == {"device_deployment", "device_type", "post_placement_imaging"}
    assert [x.outcome for x in found.lesions] == [None]
    assert found.lesions[0].devices == []
    assert found.lesion_count == 1


def test_stereotactic_technique_is_asked_of_stereotactic_lesions_only() -> None:
    technique = "TECHNIQUE: Under ultrasound guidance a Kopans wire was deployed at the mass at 2:00 in the left breast."
    found = findings(note(technique=technique, title="EXAM: Wire localization, left breast", imaging="Images show the wire through the mass."))
    assert found.elements["stereotactic_technique"].status == "not_applicable"
    assert found.missing() == []


LENT = [
    # a list whose first entry alone names its guidance
    ("Lesion 1: under ultrasound guidance a wire was placed through the mass in the left breast at 2:00. Lesion 2: a wire was placed through the mass in the left breast at 9:00.", (2,)),
    ("Lesion 1: a wire was placed through the mass in the left breast at 2:00. Lesion 2: under ultrasound guidance a wire was placed through the mass in the left breast at 9:00.", (1,)),
    ("LEFT BREAST: Under stereotactic guidance with a stereo pair, a wire was placed at the calcifications at 2:00.\n\nRIGHT BREAST: A wire was placed at the mass at 9:00.", (2,)),
    # said of all, or of the others' manner
    ("Both lesions were localized under ultrasound guidance. Lesion 1: a wire was placed through the mass in the left breast at 2:00. Lesion 2: a wire was placed through the mass in the left breast at 9:00.", ()),
    ("Lesion 1: under ultrasound guidance a wire was placed through the mass in the left breast at 2:00. Lesion 2: in the same manner a wire was placed through the mass in the left breast at 9:00.", ()),
    ("Under ultrasound guidance a wire was placed through the mass in the left breast at 2:00 and another through the mass in the left breast at 9:00.", ()),
]  # fmt: skip


@pytest.mark.parametrize(("sentences", "lacking"), rows(LENT))
def test_the_guidance_of_one_lesion_is_not_lent_to_another(sentences: str, lacking: tuple[int, ...]) -> None:
    found = findings(note(technique=f"TECHNIQUE: {sentences}", title="EXAM: Wire localization of two lesions", imaging="Images show both wires through the masses."))
    assert len(found.lesions) == 2
    assert found.elements["guidance"].status == ("missing" if lacking else "present")
    assert found.elements["guidance"].lesions == lacking


@pytest.mark.parametrize(
    ("title", "lacking"),
    [
        ("EXAM: Ultrasound guided wire localization of two lesions", ()),
        ("EXAM: Wire localization of two lesions", (2,)),
    ],
)
def test_a_title_extends_what_the_body_says_of_one_lesion(title: str, lacking: tuple[int, ...]) -> None:
    found = findings(note(technique=f"TECHNIQUE: {LENT[0][0]}", title=title, imaging="Images show both wires through the masses."))
    assert found.elements["guidance"].lesions == lacking
