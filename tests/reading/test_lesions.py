"""Targets, not devices: how many lesions, which device is whose, and when the text leaves it open."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import pytest

from tests.reading.frame import body, brief, findings
from tests.tables import rows

LESIONS = [
    # sites by letter, the third after two that the frame's consent opened
    (
        "Right breast.\nLesion A: mass 10:00, ultrasound guidance, Kopans wire deployed.\nLesion B: mass 12:00, ultrasound guidance, Kopans wire deployed.\nLesion C: calcifications 8:00, stereotactic guidance with paired images, Kopans wire deployed.",
        [("right", "ultrasound", "wire 1", "mass"), ("right", "ultrasound", "wire 1", "mass"), ("right", "stereotactic", "wire 1", "calcifications")], 3,
    ),
    # a distance is no number of lesions
    (
        "Right breast 2:00 4 FN mass: Magseed deployed under ultrasound guidance.",
        [("right", "ultrasound", "magnetic_seed 1", "mass")], 1,
    ),
    # one lesion
    (
        "Under stereotactic guidance two wires were placed bracketing the calcifications in the left breast.",
        [("left", "stereotactic", "wire 2", "calcifications")], 1,
    ),
    (
        "Under mammographic guidance wires were placed at the anterior and posterior extent of the right breast calcifications to bracket them.",
        [("right", "mammographic", "wire 2", "calcifications")], 1,
    ),
    (
        "Under ultrasound guidance a SAVI SCOUT reflector was placed in the mass in the left breast at 10 o'clock. The mass measures 12 mm.",
        [("left", "ultrasound", "radar_reflector 1", "mass")], 1,
    ),
    (
        "The two adjacent groups of calcifications in the right breast were treated as one target, and a single wire was placed between them under stereotactic guidance.",
        [("right", "stereotactic", "wire 1", "calcifications")], 1,
    ),
    # several, one side
    (
        "Under ultrasound guidance a wire was placed through the mass in the left breast at 2:00. A second wire was then placed through the mass in the left breast at 9:00 under ultrasound guidance.",
        [("left", "ultrasound", "wire 1", "mass"), ("left", "ultrasound", "wire 1", "mass")], 2,
    ),
    (
        "LESION 1: Left breast 2:00 mass. Under ultrasound guidance a Magseed was placed.\nLESION 2: Left breast 6:00 mass. Under ultrasound guidance a Magseed was placed.",
        [("left", "ultrasound", "magnetic_seed 1", "mass"), ("left", "ultrasound", "magnetic_seed 1", "mass")], 2,
    ),
    (
        "Two separate lesions in the right breast were localized under stereotactic guidance: a wire was placed at the calcifications at 12:00, and another wire at the distortion at 4:00.",
        [("right", "stereotactic", "wire 1", "calcifications"), ("right", "stereotactic", "wire 1", "architectural_distortion")], 2,
    ),
    (
        "Site A: calcifications, right breast 10:00, wire placed under stereotactic guidance. Site B: mass, right breast 7:00, wire placed under ultrasound guidance.",
        [("right", "stereotactic", "wire 1", "calcifications"), ("right", "ultrasound", "wire 1", "mass")], 2,
    ),
    # both sides
    (
        "Under ultrasound guidance a wire was placed through the mass in the left breast at 2:00. Attention was turned to the right breast, where a wire was placed at the calcifications under stereotactic guidance.",
        [("left", "ultrasound", "wire 1", "mass"), ("right", "stereotactic", "wire 1", "calcifications")], 2,
    ),
    (
        "RIGHT BREAST: Under ultrasound guidance an I-125 seed was placed in the mass at 8:00.\nLEFT BREAST: Under ultrasound guidance an I-125 seed was placed in the mass at 1:00.",
        [("right", "ultrasound", "radioactive_seed 1", "mass"), ("left", "ultrasound", "radioactive_seed 1", "mass")], 2,
    ),
    # one axilla, told apart by their order
    (
        "Under ultrasound guidance a Magseed was placed in the first biopsied left axillary lymph node. Under ultrasound guidance a second Magseed was placed in a second, separate left axillary lymph node.",
        [("left", "ultrasound", "magnetic_seed 1", "lymph_node"), ("left", "ultrasound", "magnetic_seed 1", "lymph_node")], 2,
    ),
    # shown together afterwards, under the last label
    (
        "Lesion A: Under ultrasound guidance a clip was placed in the mass in the left breast at 2:00.\nLesion B: Under ultrasound guidance a clip was placed in the mass in the left breast at 6:00.\nPost-procedure mammogram shows the clip at 2:00 and the clip at 6:00.",
        [("left", "ultrasound", "clip 1", "mass"), ("left", "ultrasound", "clip 1", "mass")], 2,
    ),
    # breast and axilla
    (
        "Under ultrasound guidance a Magseed was placed in the left breast mass at 2:00. Under ultrasound guidance a Magseed was placed in the biopsied left axillary lymph node.",
        [("left", "ultrasound", "magnetic_seed 1", "mass"), ("left", "ultrasound", "magnetic_seed 1", "lymph_node")], 2,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sentences", "lesions", "count"), rows(LESIONS))
def test_lesions(sentences: str, lesions: list[tuple[str, ...]], count: int) -> None:
    found = body(sentences)
    assert brief(found, "laterality", "guidance", "devices", "target") == lesions
    assert [x.number for x in found.lesions] == list(range(1, len(lesions) + 1))
    assert found.lesion_count == count
    assert found.elements["lesion_count"].status == "present"


OPEN = [
    "Under stereotactic guidance two wires were placed in the left breast calcifications.",
    "Under ultrasound guidance 2 Magseeds were placed in the right breast.",
    "Under mammographic guidance two localization wires were placed in the left breast.",
    "Under stereotactic guidance wires were placed at the calcifications in the left breast.",
    "Under ultrasound guidance Magseeds were placed in the left breast mass at 2:00 and the left breast mass at 5:00.",
]


@pytest.mark.parametrize("sentences", OPEN)
def test_two_devices_and_no_word_on_lesions(sentences: str) -> None:
    found = body(sentences)
    assert found.lesion_count is None
    assert len(found.lesions) == 1
    assert found.elements["lesion_count"].status == "missing"
    assert len(found.lesion_count_readings) >= 2


def test_impression_and_technique_disagree_on_the_number() -> None:
    found = findings(
        "EXAM: Wire localization left breast\n\nTECHNIQUE: Under ultrasound guidance a wire was placed through the mass in "
        "the left breast at 2:00. Under ultrasound guidance a second wire was placed through the mass at 9:00.\n\n"
        "IMPRESSION: Wire localization of one lesion in the left breast.\n"
    )
    assert found.elements["lesion_count"].status == "conflicting"
    assert found.lesion_count is None


SITES = [
    ("Under ultrasound guidance a wire was placed at the mass in the left breast.", "breast"),
    ("Under ultrasound guidance a Magseed was placed in the left axillary lymph node.", "axilla"),
    ("Under ultrasound guidance a reflector was placed in the cortex of the biopsied node in the right axilla.", "axilla"),
    ("Under ultrasound guidance a wire was placed at the mass in the axillary tail of the left breast.", "breast"),
    ("Under ultrasound guidance a wire was placed at the intramammary lymph node of the left breast.", "breast"),
    ("Under ultrasound guidance a wire was placed at the mass in the left breast before targeted axillary dissection.", "breast"),
    ("Under ultrasound guidance a wire was placed at the mass in the left breast. Sentinel node biopsy of the axilla is planned.", "breast"),
    ("Under ultrasound guidance a wire was placed at the mass in the left breast. The axilla shows no abnormal nodes.", "breast"),
]


@pytest.mark.parametrize(("sentences", "site"), rows(SITES))
def test_site(sentences: str, site: str) -> None:
    assert brief(body(sentences), "site") == [site]


TARGETS = [
    ("mass", "mass"),
    ("nodule", "mass"),
    ("fibroadenoma", "mass"),
    ("tumour", "mass"),
    ("microcalcifications", "calcifications"),
    ("calcs", "calcifications"),
    ("architectural distortion", "architectural_distortion"),
    ("focal asymmetry", "asymmetry"),
    ("non-mass enhancement", "enhancement"),
    ("enhancing focus", "enhancement"),
    ("previously placed biopsy clip", "clip"),
    ("coil-shaped marker from her biopsy", "clip"),
    ("lesion", None),
    ("area of concern", None),
    ("biopsy-proven carcinoma", None),
    ("seroma", "other"),
]


@pytest.mark.parametrize(("words", "target"), rows(TARGETS))
def test_target(words: str, target: str | None) -> None:
    found = body(f"Under mammographic guidance, a Kopans wire was placed at the {words} in the left breast at 2:00.")
    assert brief(found, "target") == [target]
    assert found.elements["target"].status == ("missing" if target is None else "present")


PLACES = [
    ("at 2:00", "2:00", None, None),
    ("at 2 o'clock", "2:00", None, None),
    ("at the two o'clock position", "2:00", None, None),
    ("at 10:30, 4 cm from the nipple", "10:30", None, 4.0),
    ("at 2:00, 5 cm FN", "2:00", None, 5.0),
    ("at 2:00 N+5", "2:00", None, 5.0),
    ("at 11 o'clock, 35 mm from the nipple", "11:00", None, 3.5),
    ("in the upper outer quadrant", None, "upper outer", None),
    ("in the UOQ", None, "upper outer", None),
    ("in the inferomedial quadrant", None, "lower inner", None),
    ("in the lower inner quadrant at 7:00", "7:00", "lower inner", None),
    ("in the superior lateral quadrant", None, "upper outer", None),
]


@pytest.mark.parametrize(("words", "clock", "quadrant", "distance"), rows(PLACES))
def test_location(words: str, clock: str | None, quadrant: str | None, distance: float | None) -> None:
    found = body(f"Under ultrasound guidance a wire was placed at the mass {words} of the right breast.")
    (lesion,) = found.lesions
    at = lesion.location
    assert (at.clock, at.quadrant, at.distance_from_nipple_cm) == (clock, quadrant, distance)
    assert found.elements["location"].status == "present"


NO_PLACE = [
    "Under ultrasound guidance a wire was placed at the mass in the left breast.",
    "Under ultrasound guidance at 10:15 a wire was placed at the mass in the left breast.",
    "Under ultrasound guidance a wire was placed at the mass in the left breast at posterior depth.",
    "The time out was called at 9:00. Under ultrasound guidance a wire was placed at the mass in the left breast.",
    "Under ultrasound guidance a wire was placed at the 12 x 9 mm mass in the left breast. Surgery is at 11:00.",
]


@pytest.mark.parametrize("sentences", NO_PLACE)
def test_no_location(sentences: str) -> None:
    found = body(sentences)
    assert found.lesions[0].location.clock is None
    assert found.elements["location"].status == "missing"


@pytest.mark.parametrize(
    "words",
    [
        "I do not know whether this is one long segment or two separate groups.",
        "It is unclear if these are a single area or two distinct groups.",
        "Whether this should be counted: not certain if one lesion or two.",
    ],
)
def test_an_author_who_does_not_know_the_number_leaves_it_open(words: str) -> None:
    done = "Two wires were placed at the calcifications in the left breast under mammographic guidance."
    found = body(f"{words} {done}")
    assert found.lesion_count is None
    assert found.elements["lesion_count"].status == "missing"
    assert found.elements["lesion_count"].evidence
