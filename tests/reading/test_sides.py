"""Which side, and what only sounds like one: directions, verbs, the other breast's history, choices nobody made."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import pytest

from tests.reading.frame import brief, findings
from tests.tables import rows

SIDES = [
    # abbreviations and spellings
    ("Under ultrasound guidance a wire was placed at the mass in the left breast.", "left"),
    ("Under ultrasound guidance a wire was placed at the mass in the Rt breast.", "right"),
    ("Under ultrasound guidance a wire was placed at the mass in the LT breast.", "left"),
    ("Under ultrasound guidance a wire was placed at the left-breast mass.", "left"),
    ("Under ultrasound guidance a wire was placed at the mass in the left\nbreast.", "left"),
    ("Under ultrasound guidance a wire was placed at the mass in the right  breast.", "right"),
    ("R breast: under ultrasound guidance a wire was placed at the mass.", "right"),
    ("Under ultrasound guidance a wire was placed at the left-sided breast mass.", "left"),
    ("Under ultrasound guidance a wire was placed at the mass, left breast, 3:00.", "left"),
    # words that hold left or right and are no side
    ("Under ultrasound guidance a wire was left in the mass in the right breast.", "right"),
    ("The patient left the department in good condition. Under ultrasound guidance a wire was placed at the right breast mass.", "right"),
    ("In the right lateral decubitus position, a wire was placed at the mass in the left breast under ultrasound guidance.", "left"),
    ("A right posterior oblique position was used. Under ultrasound guidance a wire was placed at the mass in the left breast.", "left"),
    ("With the right arm raised, a wire was placed at the mass in the left breast under ultrasound guidance.", "left"),
    ("Right after local anesthetic, a wire was placed at the left breast mass under ultrasound guidance.", "left"),
    ("The IV was placed in the right hand. Under MR guidance a wire was placed at the enhancement in the left breast.", "left"),
    ("Under ultrasound guidance a wire was placed at the mass in the right breast, 7 mm left of it a cyst.", "right"),
    ("Rt br mass: under ultrasound guidance a SecurMark left. None left at the cyst.", "right"),
    ("Under ultrasound guidance a wire was placed at the right breast mass. Left breast not examined today.", "right"),
    ("She had a lumpectomy on the left side four years ago. Under ultrasound guidance a wire was placed at the mass in the right breast.", "right"),
    ("Her left breast was clean on MR. Under ultrasound guidance a wire was placed at the mass in the right breast.", "right"),
    ("Under ultrasound guidance a wire was placed at the left breast mass. The shaft runs right through it.", "left"),
    ("Under ultrasound guidance a Magseed was placed in the left breast mass right beside the clip. Sponge counts right.", "left"),
    # not said
    ("Under ultrasound guidance a wire was placed at the mass in the breast.", None),
    ("Under ultrasound guidance a wire was placed at the mass in the [right/left] breast.", None),
    ("Under ultrasound guidance a wire was placed at the mass in the {side} breast.", None),
    ("Under ultrasound guidance a wire was placed at the mass in the *** breast.", None),
    ("LATERALITY: [ ] Left [ ] Right\nUnder ultrasound guidance a wire was placed at the mass.", None),
    # chosen on a form, in both layouts
    ("LATERALITY: [x] Left [ ] Right\nUnder ultrasound guidance a wire was placed at the mass.", "left"),
    ("LATERALITY: [ ] Left [X] Right\nUnder ultrasound guidance a wire was placed at the mass.", "right"),
    ("LATERALITY: Left [ ] Right [x]\nUnder ultrasound guidance a wire was placed at the mass.", "right"),
    ("LATERALITY: (x) Left ( ) Right\nUnder ultrasound guidance a wire was placed at the mass.", "left"),
    ("LATERALITY: ☒ Left ☐ Right\nUnder ultrasound guidance a wire was placed at the mass.", "left"),
    ("LATERALITY: ☐ Left ☑ Right\nUnder ultrasound guidance a wire was placed at the mass.", "right"),
    # corrected on the spot
    ("Under ultrasound guidance a wire was placed at the mass in the left, correction, right breast.", "right"),
]  # fmt: skip


def test_lines_headed_by_a_side() -> None:
    found = findings(
        "BILAT SAVI SCOUT, u/s\n\nConsent signed.\n\nR br - mass 9:00, 3 FN. 1% lido. Reflector let go in mass under u/s.\n"
        "L br - mass, 11 mm. 1% lido. Reflector let go in mass under u/s.\n"
    )
    assert brief(found, "laterality", "devices") == [("right", "radar_reflector 1"), ("left", "radar_reflector 1")]


@pytest.mark.parametrize(("sentences", "side"), rows(SIDES))
def test_side(sentences: str, side: str | None) -> None:
    found = findings(f"EXAM: Breast wire localization\n\nTECHNIQUE: {sentences}\n\nCOMPLICATIONS: None.\n")
    assert brief(found, "laterality") == [side]
    assert found.elements["laterality"].status == ("missing" if side is None else "present")


ADDENDA = [
    ('The word "left" in the report above is a dictation error.', "right", None),
    ('The word "right" under findings was a mistake. The left breast was imaged and treated.', "left", None),
    ("Report above is a template carry-over: it says left, the wire and all images are RIGHT, right breast.", "right", None),
    ("Films sent to the surgeon with the right breast.", "left", "an addendum names the right side"),
    ("Films of the left breast sent to the surgeon.", "left", None),
]


@pytest.mark.parametrize(("addendum", "side", "doubt"), rows(ADDENDA))
def test_addendum_names_a_side(addendum: str, side: str, doubt: str | None) -> None:
    found = findings(
        "EXAM: Wire localization, left breast\nDATE OF SERVICE: 11/02/2026\n\nTECHNIQUE: After lidocaine a Kopans wire was placed "
        f"under ultrasound guidance in the mass of the left breast.\n\nADDENDUM 11/03/2026: {addendum}\n"
    )
    assert brief(found, "laterality") == [side]
    assert [reading.value for reading in found.doubts] == ([] if doubt is None else [doubt])


OTHER_SIDE = [
    "CLINICAL HISTORY: Right mastectomy 2015. Now left breast cancer.",
    "HISTORY: Prior right breast biopsy, benign. Left breast DCIS.",
    "COMPARISON: Right breast ultrasound of 01/02/2026.",
    "INDICATION: Biopsy-proven left breast carcinoma. History of right lumpectomy.",
    "FAMILY HISTORY: Mother with right breast cancer.",
    "PLAN: Right breast MRI in six months.",
]


@pytest.mark.parametrize("line", OTHER_SIDE)
def test_the_other_breast_elsewhere_is_no_conflict(line: str) -> None:
    plan = line if line.startswith("PLAN") else ""
    head = "" if plan else line
    found = findings(
        f"EXAM: Left breast wire localization\n\n{head}\n\nTECHNIQUE: Under ultrasound guidance a wire was placed "
        f"through the mass in the left breast at 2:00.\n\nCOMPLICATIONS: None.\n\n{plan}\n"
    )
    assert brief(found, "laterality") == ["left"]
    assert found.elements["laterality"].status == "present"


CONFLICTS = [
    ("EXAM: Right breast wire localization", "Under ultrasound guidance a wire was placed at the mass in the left breast.", "Successful wire localization."),
    ("EXAM: Wire localization", "Under ultrasound guidance a wire was placed at the mass in the left breast.", "Successful wire localization of the right breast mass."),
    ("EXAM: Left breast wire localization", "Under ultrasound guidance a wire was placed at the mass in the left breast. Mammogram of the right breast shows the wire within the mass.", "Successful wire localization."),
]  # fmt: skip


@pytest.mark.parametrize(("title", "technique", "impression"), rows(CONFLICTS))
def test_sides_that_disagree(title: str, technique: str, impression: str) -> None:
    found = findings(f"{title}\n\nTECHNIQUE: {technique}\n\nIMPRESSION: {impression}\n")
    assert found.elements["laterality"].status == "conflicting"
    assert {reading.value for reading in found.elements["laterality"].readings} == {"left", "right"}
    assert all(reading.evidence for reading in found.elements["laterality"].readings)
    assert brief(found, "laterality") == [None]


def test_an_addendum_settles_the_side() -> None:
    found = findings(
        "EXAM: Right breast wire localization\n\nTECHNIQUE: Under ultrasound guidance a wire was placed at the mass in "
        "the right breast.\n\nADDENDUM 03/05/2026: The side was dictated in error. The procedure was performed on the LEFT breast.\n"
    )
    assert brief(found, "laterality") == ["left"]
    assert found.elements["laterality"].status == "present"


def test_a_side_given_only_in_the_title_counts() -> None:
    found = findings("EXAM: Left breast wire localization\n\nTECHNIQUE: Under ultrasound guidance a wire was placed at the mass.\n")
    assert brief(found, "laterality") == ["left"]
