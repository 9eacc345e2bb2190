"""How the device was brought to the target: named or plainly described, and what only looks like it."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import pytest

from tests.reading.frame import body, brief, findings
from tests.tables import rows

GUIDANCE = [
    # stereotactic: pair, coordinates, table or unit, with or without tomosynthesis
    ("Using stereotactic guidance, a Kopans wire was placed at calcifications in the right breast.", "stereotactic"),
    ("A stereo pair at +15 and -15 degrees was obtained and the calcifications in the left breast were targeted. A 20 gauge needle was advanced to the calculated depth and a hookwire was deployed.", "stereotactic"),
    ("The patient lay prone on the stereotactic table. X, Y and Z coordinates were calculated and a wire was deployed at the calcifications in the left breast.", "stereotactic"),
    ("With the patient upright in the add-on stereotactic unit, x, y and z coordinates were computed and a marker clip was deployed at the distortion in the left breast.", "stereotactic"),
    ("Stereotactic guidance with tomosynthesis was used to place a Magseed at the asymmetry in the right breast.", "stereotactic"),
    ("Stereotactically guided placement of a SAVI SCOUT reflector in the left breast calcifications was performed.", "stereotactic"),
    ("Right breast calcifications were localized stereotactically and an I-125 seed was deposited.", "stereotactic"),
    # tomosynthesis alone
    ("Under tomosynthesis guidance a SAVI SCOUT reflector was deployed at the distortion in the left breast.", "tomosynthesis"),
    ("Using DBT targeting, a needle was advanced to the distortion in the right breast and a hookwire was released.", "tomosynthesis"),
    ("Digital breast tomosynthesis guidance was used to place a wire at the distortion in the left breast.", "tomosynthesis"),
    # mammographic: grid, window, orthogonal views
    ("Under mammographic guidance a Kopans needle was advanced into the right breast calcifications and the wire was deployed.", "mammographic"),
    ("Under mammographic control, a wire was placed at the mass in the left breast.", "mammographic"),
    ("The right breast was compressed with an alphanumeric grid. The needle was inserted at D-4 over the calcifications. An orthogonal view confirmed depth and a hookwire was deployed.", "mammographic"),
    ("Using the fenestrated compression paddle, the needle was inserted over the left breast calcifications. CC and ML views showed it at the calcifications and the wire was released.", "mammographic"),
    ("Mammographically guided wire placement at the left breast asymmetry was performed.", "mammographic"),
    # ultrasound
    ("Under real-time sonographic visualization a wire was advanced through the mass in the right breast and deployed.", "ultrasound"),
    ("Under US guidance, an I-125 seed was deposited in the mass in the left breast.", "ultrasound"),
    ("Under direct ultrasound visualization the needle was advanced into the left breast mass and a Magseed was deployed.", "ultrasound"),
    ("Sonographically guided placement of a HydroMARK clip into the right breast mass was performed.", "ultrasound"),
    ("Using a 12 MHz linear transducer, the needle was watched into the left breast mass and the wire was released.", "ultrasound"),
    ("Ultrasound was used to guide a Hawkins wire into the mass in the right breast.", "ultrasound"),
    # MR
    ("Under MR guidance, a wire was placed at the enhancement in the left breast.", "mri"),
    ("With the right breast in the biopsy coil and grid, gadolinium was given, the enhancing focus was targeted and an MRI-compatible wire was deployed in the scanner.", "mri"),
    ("MRI-guided clip placement at the non-mass enhancement of the left breast was performed.", "mri"),
    # others
    ("Under CT guidance, a wire was placed at the mass in the left breast.", "ct"),
    ("Under fluoroscopic guidance a wire was placed at the clip in the right breast.", "fluoroscopic"),
    ("The mass in the left breast was localized by palpation and a wire was placed without imaging guidance.", "none"),
    # not guidance: found before, shown afterwards, specimen, another day
    ("A wire was placed in the mass in the left breast.", None),
    ("A wire was placed in the mass in the left breast. Post-placement mammogram shows the wire at the mass.", None),
    ("The mass had been found on screening ultrasound. A wire was placed in the mass in the left breast.", None),
    ("A wire was placed at the clip in the right breast. The specimen radiograph contains clip and wire.", None),
    ("A wire was placed at the clip from the prior stereotactic biopsy in the left breast.", None),
    ("A Magseed was placed at the MRI-detected mass in the right breast.", None),
    # the equipment alone proves nothing: a grid is used on it, and tomosynthesis too (coding rules, F3.3)
    ("With the patient upright in the add-on stereotactic unit, a marker clip was deployed at the distortion in the left breast.", None),
    # one modality failed, another placed it
    ("Ultrasound was performed first but the calcifications could not be seen. Stereotactic guidance was therefore used and a wire was placed in the left breast.", "stereotactic"),
    ("The mass in the right breast could not be identified sonographically; under mammographic guidance a wire was placed at the mass.", "mammographic"),
    ("Stereotactic targeting was attempted but abandoned because of posterior location. Under ultrasound guidance a wire was then placed at the mass in the left breast.", "ultrasound"),
    ("No sonographic correlate was found. A wire was placed at the left breast distortion under tomosynthesis guidance.", "tomosynthesis"),
    ("A DCIS was found at stereo VABB in May. Under ultrasound guidance a wire was placed at the mass in the left breast.", "ultrasound"),
    ("The fenestrated plate was over the right breast calcifications, the needle was inserted at B2 and the wire was released. Check CC and ML films with tomosynthesis show it in the calcifications.", "mammographic"),
    ("The tip of the needle was followed throughout with ultrasound and a Magseed was released in the mass of the left breast.", "ultrasound"),
    ("Ultrasound was held on the needle and a wire was released in the mass of the left breast.", "ultrasound"),
    ("A wire was placed in the mass in the left breast by feel. A second seed by ultrasound guidance only if she shows a response.", "none"),
    ("Under strict aseptic precautions, with the left breast in the coil, gadolinium was given and a wire was released at the enhancement.", "mri"),
    ("TO 0815 - name/dob, Rt br, stereo wire loc. Needle to the calcifications of the right breast, wire let out.", None),
    ("Prone in the magnet. Left breast in grid coil. 8 mL Gadavist. Needle to the enhancing focus, wire released.", "mri"),
    ("With ultrasound guidance a needle was advanced into the mass of the right breast and a Magseed was deposited under direct visualization.", "ultrasound"),
]  # fmt: skip


@pytest.mark.parametrize(("sentences", "value"), rows(GUIDANCE))
def test_guidance(sentences: str, value: str | None) -> None:
    found = body(sentences)
    assert brief(found, "guidance") == [value]
    assert bool(found.lesions[0].evidence.get("guidance")) == (value is not None)
    assert found.elements["guidance"].status == ("missing" if value is None else "present")


def test_guidance_of_the_title_alone_is_no_guidance() -> None:
    found = findings(
        "EXAM: Ultrasound guided wire localization left breast\n\nTECHNIQUE: A wire was placed through the mass "
        "in the left breast at 2:00. Images show the wire through the mass.\n"
    )
    assert brief(found, "guidance") == [None]
    assert found.elements["guidance"].status == "missing"
    assert [q.text.lower() for q in found.title_guidance] != []


def test_guidance_of_the_time_out_alone_is_no_guidance() -> None:
    found = findings(
        "TIME OUT: Correct patient, left breast, ultrasound guided wire localization confirmed.\n\n"
        "TECHNIQUE: A wire was placed through the mass in the left breast.\n"
    )
    assert found.elements["guidance"].status == "missing"


CONFLICTS = [
    ("Ultrasound guided wire localization, left breast", "Under stereotactic guidance a wire was placed at the calcifications in the left breast."),
    ("Stereotactic wire localization, right breast", "Under ultrasound guidance a wire was placed through the mass in the right breast."),
    ("MRI guided wire localization, right breast", "Under mammographic guidance a wire was placed at the clip in the right breast."),
]  # fmt: skip


@pytest.mark.parametrize(("title", "technique"), rows(CONFLICTS))
def test_title_against_technique(title: str, technique: str) -> None:
    found = findings(f"EXAM: {title}\n\nTECHNIQUE: {technique}\n\nIMPRESSION: Successful wire localization.\n")
    assert found.elements["guidance"].status == "conflicting"
    assert len(found.elements["guidance"].readings) == 2
    assert brief(found, "guidance") == [None]


ADDENDA = [
    ("Correction: the guidance was stereotactic, not ultrasound.", "stereotactic"),
    ("The report states ultrasound guidance in error. The wire was placed under stereotactic guidance.", "stereotactic"),
    ("Correction of the history: MRI was done in January. Guidance was by stereotactic or ultrasound technique.", None),
    ("The technique should read stereotactic guidance instead of ultrasound guidance.", "stereotactic"),
    ("Ultrasound guidance was dictated by mistake; correct is mammographic guidance with the grid.", "mammographic"),
    ("Correction: the MRI of the other breast was done in January, not in February.", "ultrasound"),
    ("The time of the procedure was dictated wrong: it was 10:30.", "ultrasound"),
]


@pytest.mark.parametrize(("addendum", "value"), rows(ADDENDA))
def test_an_addendum_settles_the_guidance(addendum: str, value: str | None) -> None:
    found = findings(
        "EXAM: Wire localization left breast\n\nTECHNIQUE: Under ultrasound guidance a wire was placed at the "
        f"calcifications in the left breast.\n\nADDENDUM: {addendum}\n"
    )
    assert brief(found, "guidance") == [value]
    assert (found.elements["guidance"].status == "conflicting") is (value is None)


def test_under_a_title_of_mr_alone_the_grid_is_the_coils() -> None:
    found = findings(
        "EXAM: MRI guided localization of two lesions, right breast\n\n"
        "TECHNIQUE: (a) Segmental enhancement, lower outer right breast: under MR guidance a wire was placed. "
        "(b) 6 mm enhancing focus, upper inner right breast: a third wire was placed by the same grid.\n"
    )
    assert "mammographic" not in {x.guidance for x in found.lesions}
