"""What was left in the patient, by its name or brand, and how many: for one lesion in the left breast."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import pytest

from tests.reading.frame import body, brief
from tests.tables import rows

NAMED = [
    ("a Kopans wire", "wire 1"),
    ("a 9 cm Hawkins III hookwire", "wire 1"),
    ("a Homer Mammalok J-wire", "wire 1"),
    ("a Bard DuaLok", "wire 1"),
    ("a Sadowsky wire", "wire 1"),
    ("a 20 gauge, 7.5 cm Ghiatas wire", "wire 1"),
    ("a hook-wire", "wire 1"),
    ("an HDR breast localization wire", "wire 1"),
    ("a Magseed", "magnetic_seed 1"),
    ("a Magseed marker", "magnetic_seed 1"),
    ("a Sirius Pintuition seed", "magnetic_seed 1"),
    ("a MOLLI marker", "magnetic_seed 1"),
    ("a magnetic seed", "magnetic_seed 1"),
    ("a SAVI SCOUT reflector", "radar_reflector 1"),
    ("a radar reflector", "radar_reflector 1"),
    ("a SCOUT device", "radar_reflector 1"),
    ("a Faxitron LOCalizer tag", "rfid_tag 1"),
    ("an RFID tag", "rfid_tag 1"),
    ("a radiofrequency identification tag", "rfid_tag 1"),
    ("an I-125 seed", "radioactive_seed 1"),
    ("an iodine-125 seed with an activity of 0.25 mCi", "radioactive_seed 1"),
    ("a radioactive seed", "radioactive_seed 1"),
    ("a single 125I titanium seed", "radioactive_seed 1"),
    ("a HydroMARK clip", "clip 1"),
    ("an UltraClip Dual Trigger marker", "clip 1"),
    ("a Tumark Q-shaped clip", "clip 1"),
    ("a SecurMark", "clip 1"),
    ("a ribbon-shaped titanium marker", "clip 1"),
    ("a coil clip", "clip 1"),
    ("a biopsy marker", "clip 1"),
    ("a BioMarC tissue marker", "clip 1"),
    ("two Kopans wires for bracketing", "wire 2"),
    ("2 hookwires bracketing it", "wire 2"),
    ("three wires bracketing its margins", "wire 3"),
    ("a pair of I-125 seeds bracketing it", "radioactive_seed 2"),
    ("a Magseed and a coil clip", "clip 1, magnetic_seed 1"),
]

@pytest.mark.parametrize(("name", "expected"), rows(NAMED))
def test_named(name: str, expected: str) -> None:
    verb = "were" if name[:2] in ("tw", "2 ", "th") or " and " in name else "was"
    found = body(f"Under ultrasound guidance, {name} {verb} placed within the mass in the left breast at 2:00.")
    assert [", ".join(sorted(text.split(", "))) for text in brief(found, "devices")] == [expected]
    assert all(device.evidence for device in found.lesions[0].devices)


SENTENCES = [
    ("Under ultrasound guidance 0.5 mL of methylene blue was injected at the mass in the left breast.", "dye 1"),
    ("Under ultrasound guidance 1 mL of 4% sterile carbon suspension was injected at the mass in the left breast.", "carbon 1"),
    ("Under mammographic guidance the localizing needle was placed at the left breast mass and left in place, taped to the skin.", "needle 1"),
    ("Under ultrasound guidance a localization needle was advanced through the left breast mass. The hookwire was deployed and the needle removed.", "wire 1"),
    ("Under ultrasound guidance a wire was placed at the left breast mass. A second wire was not placed.", "wire 1"),
    ("Under ultrasound guidance a wire was placed at the left breast mass. A second wire was not needed.", "wire 1"),
    ("Under stereotactic guidance a first wire was placed at the anterior edge of the left breast calcifications and a second wire at the posterior edge, bracketing them.", "wire 2"),
    ("Under ultrasound guidance a wire was placed at the left breast mass but pulled out with the needle. A new wire was placed through the mass.", "wire 1"),
    ("Under ultrasound guidance a wire was placed at the left breast mass. It came out with the needle. A second wire was placed through the mass.", "wire 1"),
    ("Under ultrasound guidance a wire was placed at the left breast mass but was pulled out with the needle, and nothing was left.", ""),
    ("Under ultrasound guidance a clip and a wire were placed at the left breast mass.", "clip 1, wire 1"),
    ("Under ultrasound guidance the needle tip was in the left breast mass when the seed came out of it. A radioactive seed was deployed.", "radioactive_seed 1"),
    ("Under mammographic guidance wires were placed at both ends of the left breast calcifications.", "wire 2"),
    ("Under ultrasound guidance a wire was placed in the left breast mass. The wire was pulled back 5 mm.", "wire 1"),
    ("Under ultrasound guidance the wire was pulled back 5 mm and deployed in the left breast mass.", "wire 1"),
    ("Under ultrasound guidance a wire was placed in the left breast mass. It was removed with the specimen at surgery.", "wire 1"),
    ("The wire had been placed under ultrasound guidance through the left breast mass when the patient felt faint.", "wire 1"),
    ("The wire that was placed this morning came out while she was dressing. Under ultrasound guidance a new wire was placed through the left breast mass.", "wire 1"),
    ("Under ultrasound guidance a Magseed was deployed at the left breast mass. It could not be detected with the probe, so a second Magseed was deployed alongside it.", "magnetic_seed 2"),
    ("Under ultrasound guidance a 17 gauge needle, lot 22104, preloaded with a SAVI SCOUT reflector was advanced to the left breast mass and the reflector was deployed.", "radar_reflector 1"),
    ("Under ultrasound guidance a device was deployed at the left breast mass.", "? 1"),
    ("Under ultrasound guidance a wire was placed adjacent to the existing coil clip at the left breast mass.", "wire 1"),
    ("Under stereotactic guidance a 10 cm wire was placed at the HydroMARK clip in the left breast. The clip remains in place.", "wire 1"),
    ("Under ultrasound guidance a wire was advanced through the mass in the left breast. It was deployed.", "wire 1"),
    ("Under ultrasound guidance the mass in the left breast was localized with 2 wires, one at its medial and one at its lateral margin.", "wire 2"),
    ("Under ultrasound guidance the first SAVI SCOUT reflector misfired and was removed. A second reflector was placed in the left breast mass.", "radar_reflector 1"),
    # brought in and left, in one clause, and the plain verbs of notes
    ("Under ultrasound guidance a Magseed was advanced to the left breast mass and released.", "magnetic_seed 1"),
    ("An UltraClip was directed to the left breast mass under ultrasound and deployed.", "clip 1"),
    ("Under ultrasound guidance a SAVI SCOUT reflector was guided to the left breast mass but was not deployed.", ""),
    ("Under ultrasound guidance a MOLLI seed went into the left breast mass.", "magnetic_seed 1"),
    ("Under ultrasound guidance an RFID tag was let out in the left breast mass.", "rfid_tag 1"),
    ("Under mammographic guidance the Hawkins needle was passed to the left breast calcifications, hook opened, needle off.", "wire 1"),
    ("Under mammographic guidance the localizing needle was passed to the left breast calcifications; the needle itself stays in, taped to the skin.", "needle 1"),
    ("Under ultrasound guidance a hookwire was passed through the left breast mass and kept in situ.", "wire 1"),
    ("Under stereotactic guidance the needle tip was 3 mm past the left breast calcifications, a hookwire engaged and the needle slid off.", "wire 1"),
    ("Under MR guidance hookwires were left at each end of the left breast enhancement so it is two wires around the one area.", "wire 2"),
    ("Under ultrasound guidance the six thirty scout reflector was let go in the left breast mass.", "radar_reflector 1"),
    ("A Magseed went into the left breast mass under ultrasound, the needle tip seen in it when the seed came out.", "magnetic_seed 1"),
    ("On a tray laid with a hookwire, everything was ready. Under ultrasound guidance a Magseed was released in the left breast mass.", "magnetic_seed 1"),
    ("Under mammographic guidance a Hawkins needle was introduced to the left breast calcifications and the hook deployed.", "wire 1"),
    ("Under mammographic guidance a Kopans needle was introduced to the left breast calcifications and the wire uncovered.", "wire 1"),
    ("After computation of the coordinates from stereotactic image pairs, insertion of a 20G needle at the left breast calcifications and placement of the hook wire.", "wire 1"),
    ("Under mammographic guidance the localizing needle was passed to the left breast calcifications, which needle will be left in place.", ""),
]  # fmt: skip


@pytest.mark.parametrize(("sentences", "expected"), rows(SENTENCES))
def test_sentences(sentences: str, expected: str) -> None:
    assert brief(body(sentences), "devices") == [expected]


NUMBERS_THAT_COUNT_NOTHING = [
    "a 20 gauge wire",
    "a 5 cm wire",
    "a 7.5 cm, 20G Kopans wire (lot 3)",
    "a wire (ref 2 304 11)",
    "after 3 mL of 1% lidocaine, a wire",
    "from a 2 mm skin nick, a wire",
    "through a 5 mm incision, a wire",
]


@pytest.mark.parametrize("name", NUMBERS_THAT_COUNT_NOTHING)
def test_measures_are_no_counts(name: str) -> None:
    found = body(f"Under ultrasound guidance, {name} was placed through the 8 x 6 x 5 mm mass in the left breast, 4 cm from the nipple.")
    assert brief(found, "devices") == ["wire 1"]
    assert found.lesion_count == 1
