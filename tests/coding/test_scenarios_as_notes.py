"""The scenarios of the coding rules (section 7) whose answer a note can carry, written as notes, through the real command."""
# ruff: noqa: E501 - one note a paragraph

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

CLOSE = "\nCOMPLICATIONS: None.\n\nIMPRESSION: As above.\n\nElectronically signed by Ada Quill, MD, 03/04/2026\n"
OPENING = "Date of exam: 03/04/2026\n\nINDICATION: Biopsy-proven ductal carcinoma in situ.\n\nTECHNIQUE: Informed consent was obtained and a time-out was performed. 1% lidocaine was given. "

# scenario, exam line, technique, disposition, codes (None: not asked)
SCENARIOS: list[tuple[str, str, str, str, set[str] | None]] = [
    ("1", "Stereotactic guided wire localization, right breast", "Using stereotactic guidance with computer-generated coordinates, a hookwire was placed through the calcifications in the right breast at 10:00. Two-view mammogram shows the wire through the calcifications.", "ready", {"19283-RT"}),
    ("2", "Mammographic wire localization, left breast", "Under mammographic guidance with the alphanumeric grid, three wires were placed to bracket a 6 cm span of calcifications in the left breast. Orthogonal views show the wires bracketing the calcifications.", "ready", {"19281-LT"}),
    ("3", "Stereotactic wire localization of two lesions, right breast", "Using stereotactic guidance with X, Y and Z coordinates, a wire was placed through the mass in the right breast at 10:00. Using stereotactic guidance a second wire was placed through a separate mass in the right breast at 4:00. Post-procedure mammogram shows each wire through its mass.", "ready", {"19283-RT", "19284-RT"}),
    ("4", "Stereotactic wire localization, bilateral", "RIGHT BREAST: Using stereotactic guidance with X, Y and Z coordinates, a wire was placed through the mass at 10:00. LEFT BREAST: Using stereotactic guidance with X, Y and Z coordinates, a wire was placed through the mass at 2:00. Post-procedure mammogram shows each wire through its mass.", "ready", {"19283-RT", "19284-LT"}),
    ("5", "Wire localization of two lesions, right breast", "Lesion 1: Using stereotactic guidance with X, Y and Z coordinates, a wire was placed through the calcifications in the right breast at 10:00. Lesion 2: Under ultrasound guidance a wire was placed through the mass in the right breast at 4:00. Post-procedure mammogram shows each wire through its target.", "ready", {"19285-RT", "19283-59-RT"}),
    ("6", "Wire localization, bilateral", "RIGHT BREAST: Using stereotactic guidance with X, Y and Z coordinates, a wire was placed through the calcifications at 10:00. LEFT BREAST: Under ultrasound guidance a wire was placed through the mass at 2:00. Post-procedure mammogram shows each wire through its target.", "ready", {"19285-LT", "19283-RT"}),
    ("9", "Ultrasound guided core biopsy of one mass and Magseed localization of another, left breast", "Under ultrasound guidance, a core biopsy of the new mass in the left breast at 2:00 was performed and four samples were obtained; a clip was deployed at the biopsy site. Attention was turned to the known mass in the left breast at 6:00. Under ultrasound guidance a Magseed was placed in the mass. Post-procedure mammogram shows the clip at the biopsy site and the Magseed within the mass at 6:00.", "ready", {"19083-LT", "19285-59-LT"}),
    ("9 labelled", "Ultrasound guided core biopsy and seed localization, left breast", "Lesion A: Under ultrasound guidance, four core biopsies of the mass in the left breast at 2:00 were obtained and a clip was deployed. Lesion B: Under ultrasound guidance a Magseed was placed in the separate, previously biopsied mass in the left breast at 6:00. Post-procedure mammogram shows the clip at 2:00 and the Magseed within the mass at 6:00.", "ready", {"19083-LT", "19285-59-LT"}),
    ("14", "Tomosynthesis guided wire localization, right breast", "Under tomosynthesis guidance a wire was placed through the architectural distortion in the right breast at 10:00. Post-procedure mammogram shows the wire through the distortion.", "review", set()),
    ("15", "Stereotactic wire localization, right breast", "Using stereotactic guidance with tomosynthesis and X, Y and Z coordinates, a wire was placed through the architectural distortion in the right breast at 10:00. Post-procedure mammogram shows the wire through the distortion.", "ready", {"19283-RT"}),
    ("16", "Ultrasound guided Magseed localization, left breast and axilla", "Under ultrasound guidance a Magseed was placed in the left breast mass at 2:00. Under ultrasound guidance a Magseed was placed in the biopsied left axillary lymph node. Post-procedure mammogram shows each Magseed within its target.", "ready", {"10035-LT", "19285-59-LT"}),
    ("18", "Ultrasound guided wire localization, left breast", "Under ultrasound guidance a wire was placed through the intramammary lymph node of the left breast at 2:00. Post-procedure mammogram shows the wire through the node.", "ready", {"19285-LT"}),
    ("19", "Ultrasound guided wire localization, left breast", "The mass is no longer seen. Under ultrasound guidance a wire was placed at the biopsy clip in the left breast at 2:00. Post-procedure mammogram shows the wire tip beyond the clip.", "ready", {"19285-LT"}),
    ("22", "Stereotactic wire localization, right breast", "On the scout images the calcifications are no longer seen. The procedure was cancelled before any needle was placed.", "not_reportable", set()),
    ("23", "Stereotactic wire localization, right breast", "Using stereotactic guidance with X, Y and Z coordinates, the needle was advanced toward the calcifications in the right breast at 10:00. The patient had a vasovagal reaction. The needle was removed and the procedure was stopped. No wire was placed.", "review", set()),
    ("24", "Wire localization, right breast", "Ultrasound guidance was attempted first but the mass could not be seen on ultrasound, and this was abandoned. Using stereotactic guidance with X, Y and Z coordinates, a wire was then placed through the mass in the right breast at 10:00. Post-procedure mammogram shows the wire through the mass.", "ready", {"19283-RT"}),
    ("32", "Needle localization, right breast", "Needle localization was performed and the wire is in place at the calcifications in the right breast at 10:00. Post-procedure mammogram shows the wire through the calcifications.", "query", set()),
    ("34", "Ultrasound guided seed localization, left breast", "Under ultrasound guidance two I-125 seeds were placed in the left breast in the mass and what is called a satellite 1 cm away. Post-procedure mammogram shows the seeds.", "query", set()),
    ("35", "CT guided wire localization, left breast", "Under CT guidance a wire was placed through the deep mass in the left breast at 2:00. CT images show the wire through the mass.", "review", set()),
    ("38", "Stereotactic wire localization, right breast", "The breast was compressed in the alphanumeric grid and under mammographic guidance in CC and then ML projection a wire was placed through the calcifications in the right breast at 10:00. Two-view mammogram shows the wire through the calcifications.", "query", set()),
    ("39", "Ultrasound guided localization, left breast", "Under ultrasound guidance a SAVI SCOUT reflector and then a wire were placed in the same mass in the left breast at 2:00, one lesion. Post-procedure mammogram shows the reflector and the wire within the mass.", "ready", {"19285-LT"}),
    ("7", "Stereotactic core biopsy and wire localization, right breast", "Using stereotactic guidance with X, Y and Z coordinates, six core samples of the calcifications in the right breast at 10:00 were obtained and a clip was deployed. In the same session a wire was placed at the same biopsied calcifications under stereotactic guidance. Post-procedure mammogram shows the clip and the wire at the biopsy site.", "ready", {"19081-RT"}),
    ("17", "Ultrasound guided Magseed localization of two lymph nodes, left axilla", "Under ultrasound guidance a Magseed was placed in the first biopsied left axillary lymph node. Under ultrasound guidance a second Magseed was placed in a second, separate left axillary lymph node. Ultrasound images show each Magseed within its node.", "ready", {"10035-LT", "10036-LT"}),
    ("20", "Stereotactic wire localization, right breast", "Using stereotactic guidance with X, Y and Z coordinates, a wire was placed at the calcifications in the right breast at 10:00. Mammogram shows the wire 2 cm from the calcifications. A second wire was therefore placed for the same lesion under stereotactic guidance. One lesion was localized. Post-procedure mammogram shows the second wire through the calcifications.", "ready", {"19283-RT"}),
    ("36", "Skin marking of a palpable mass, left breast", "The palpable mass in the left breast at 2:00 was marked on the skin with ink. No needle, wire or other device was placed.", "not_reportable", set()),
    ("8", "Stereotactic core biopsy and stereotactic wire localization, right breast", "Using stereotactic guidance with X, Y and Z coordinates, eight 9-gauge vacuum-assisted core samples of the new calcifications in the right breast at 10:00 were obtained and a clip was deployed at the biopsy site. The previously biopsied calcifications in the right breast at 4:00 were then targeted. Using stereotactic guidance with a stereo pair a hookwire was placed through the calcifications at 4:00. Post-procedure mammogram shows the clip at 10:00 and the wire through the calcifications at 4:00.", "ready", {"19081-RT", "19283-59-RT"}),
    ("10", "Stereotactic wire localization, right breast", "Using stereotactic guidance with X, Y and Z coordinates, a wire was placed through the calcifications in the right breast at 10:00. The patient was then walked to mammography, where a two-view mammogram was obtained and interpreted. It shows the wire through the calcifications.", "ready", {"19283-RT"}),
    ("11", "Mammographic wire localization, right breast", "Under mammographic guidance with the alphanumeric grid, a wire was placed through the calcifications in the right breast at 10:00. The patient was then walked to mammography, where a two-view mammogram was obtained. It shows the wire through the calcifications.", "ready", {"19281-RT"}),
    ("12", "Stereotactic wire localization, right breast", "Using stereotactic guidance with the add-on attachment of the tomosynthesis unit and X, Y and Z coordinates, a wire was placed through the calcifications in the right breast at 10:00. Two-view mammogram was then taken on the same unit and shows the wire through the calcifications.", "ready", {"19283-RT"}),
    ("13", "Stereotactic wire localization, right breast", "Using stereotactic guidance with X, Y and Z coordinates on the prone table, a wire was placed through the calcifications in the right breast at 10:00. Two-view mammogram, taken on the interventional-only unit of the suite, shows the wire through the calcifications.", "ready", {"19283-RT"}),
    ("21", "Stereotactic wire localization, right breast", "The wire that was placed this morning came out while the patient was dressing, and she returned at 4 pm. Using stereotactic guidance with X, Y and Z coordinates, a new wire was placed through the calcifications in the right breast at 10:00. Post-procedure mammogram shows the wire through the calcifications.", "ready", {"19283-RT"}),
    ("29", "Stereotactic wire localization, right breast, hospital outpatient department", "Using stereotactic guidance with X, Y and Z coordinates, the hospital radiologist placed a wire through the calcifications in the right breast at 10:00. Post-procedure mammogram shows the wire through the calcifications.", "ready", {"19283-RT"}),
    ("30", "Ultrasound guided wire localization, right breast", "Under ultrasound guidance, with permanent recording of the images, a wire was placed through the mass in the right breast at 10:00. Ultrasound images show the wire through the mass.", "ready", {"19285-RT"}),
    ("31", "Stereotactic wire localization, right breast, with specimen radiograph", "Using stereotactic guidance with X, Y and Z coordinates, a wire was placed through the calcifications in the right breast at 10:00. Post-procedure mammogram shows the wire through the calcifications. Later in the day the specimen radiograph was read and contains the calcifications and the intact wire.", "ready", {"19283-RT"}),
    ("33", "Stereotactic wire localization of four lesions, bilateral", "RIGHT BREAST: Using stereotactic guidance with X, Y and Z coordinates, a wire was placed through the calcifications at 10:00 and another wire through the calcifications at 7:00. LEFT BREAST: Using stereotactic guidance with X, Y and Z coordinates, a wire was placed through the calcifications at 2:00 and another wire through the calcifications at 5:00. Post-procedure mammogram shows each wire through its target.", "review", set()),
    ("37", "Stereotactic wire localization, left breast", "The mass in the left breast at 2:00 was localized earlier today at Northside Imaging and is the subject of their separate report. Using stereotactic guidance with X, Y and Z coordinates, a wire was placed here through the calcifications in the left breast at 5:00. Post-procedure mammogram shows the wire through the calcifications.", "ready", {"19283-LT"}),
]  # fmt: skip

OPENING_OF_SURGERY = "The patient was brought to the operating room and positioned supine, and general anesthesia was induced. The breast was prepped and draped. "
CLOSE_OF_SURGERY = " Hemostasis was achieved with cautery. The specimen was oriented with sutures and sent for radiography. The incision was closed in layers with Monocryl. EBL 10 mL. The patient went to PACU in good condition. Complications: none.\n\nAda Quill, MD, Breast Surgery\n"

# scenario, the whole document, disposition, codes
DOCUMENTS: list[tuple[str, str, str, set[str]]] = [
    (
        "25",
        "OPERATIVE REPORT\nDate of operation: 03/04/2026\nSurgeon: Ada Quill, MD\nPreoperative diagnosis: Atypical ductal hyperplasia, left breast.\nOperation: Stereotactic wire localization by the surgeon and excision of left breast lesion.\n\n"
        "LOCALIZATION: In the breast center, before the operation, I performed the localization myself. Consent and time-out were completed. After 1% lidocaine, using stereotactic guidance with X, Y and Z coordinates, a wire was placed through the calcifications in the left breast at 2:00. Mammogram shows the wire through the calcifications.\n\n"
        "EXCISION: " + OPENING_OF_SURGERY + "An incision was made over the wire and dissection followed it to the tip; the lesion was excised." + CLOSE_OF_SURGERY,
        "ready", {"19283-LT"},
    ),
    (
        "26",
        "OPERATIVE REPORT\nDate of operation: 03/04/2026\nSurgeon: Ada Quill, MD\nPreoperative diagnosis: Ductal carcinoma in situ, left breast.\nOperation: Wire localization by the surgeon and left partial mastectomy.\n\n"
        "LOCALIZATION: In the breast center, before the operation, I performed the localization myself. Consent and time-out were completed. After 1% lidocaine, using stereotactic guidance with X, Y and Z coordinates, a wire was placed through the calcifications in the left breast at 2:00. Mammogram shows the wire through the calcifications.\n\n"
        "PARTIAL MASTECTOMY: " + OPENING_OF_SURGERY + "An incision was made over the wire and dissection followed it to the tip; the segment was excised with the calcifications." + CLOSE_OF_SURGERY,
        "ready", {"19283-LT"},
    ),
    (
        "27, radiologist",
        f"EXAM: Ultrasound guided wire localization, right breast\n{OPENING}Under ultrasound guidance a wire was placed through the mass in the right breast at 9:00. Post-procedure mammogram shows the wire through the mass. The patient was sent to the operating room with the images.\n{CLOSE}",
        "ready", {"19285-RT"},
    ),
    (
        "27, surgeon",
        "OPERATIVE REPORT\nDate of operation: 03/04/2026\nSurgeon: Ada Quill, MD\nPreoperative diagnosis: Invasive ductal carcinoma, right breast.\nOperation: Right wire-localized partial mastectomy.\n\n"
        "A wire had been placed under ultrasound guidance by the radiologist this morning. " + OPENING_OF_SURGERY + "An incision was made at 9:00 and dissection followed the wire; the mass was excised with the wire in place." + CLOSE_OF_SURGERY,
        "not_reportable", set(),
    ),
    (
        "28",
        "OPERATIVE REPORT\nDate of operation: 03/04/2026\nSurgeon: Ada Quill, MD\nPreoperative diagnosis: Invasive ductal carcinoma, left breast.\nOperation: Left partial mastectomy.\n\n"
        + OPENING_OF_SURGERY + "An incision was made at 2:00 and the palpable mass was excised. Six titanium clips were placed in the walls of the cavity to guide radiation." + CLOSE_OF_SURGERY,
        "not_reportable", set(),
    ),
    (
        "40",
        "OPERATIVE REPORT\nDate of operation: 03/04/2026\nSurgeon: Ada Quill, MD\nPreoperative diagnosis: Invasive ductal carcinoma, left breast.\nOperation: Left seed-localized partial mastectomy.\n\n"
        + OPENING_OF_SURGERY + "The I-125 seed placed by radiology last week was found with the probe to have migrated 2 cm from the mass. An incision was made, the mass was excised, and the seed was removed separately from the breast and returned to nuclear medicine." + CLOSE_OF_SURGERY,
        "not_reportable", set(),
    ),
]  # fmt: skip

# scenario, what the result says of the mammogram afterwards (77065), of guidance by ultrasound (76942), of the specimen film (76098)
BESIDE = [
    ("10", {"77065": "separate"}),
    ("11", {"77065": "bundled"}),
    ("12", {"77065": "bundled"}),
    ("13", {"77065": "bundled"}),
    ("30", {"76942": "bundled"}),
    ("31", {"76098": "separate"}),
]


@cache
def results() -> dict[str, dict[str, object]]:
    with TemporaryDirectory() as folder:
        for number, exam, technique, _, _ in SCENARIOS:
            text = f"EXAM: {exam}\n{OPENING}{technique}\n{CLOSE}"
            (Path(folder) / f"scenario-{number}.txt").write_text(text, encoding="utf-8")
        for number, text, _, _ in DOCUMENTS:
            (Path(folder) / f"scenario-{number}.txt").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "extractor", "run", folder, "-o", str(Path(folder) / "out.jsonl")]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        lines = (Path(folder) / "out.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["note_id"].removeprefix("scenario-"): row for row in map(json.loads, lines)}


@pytest.mark.parametrize(
    ("number", "disposition", "codes"),
    [pytest.param(n, d, c, id=f"scenario {n}") for n, *_, d, c in [*SCENARIOS, *DOCUMENTS]],
)
def test_a_scenario_as_a_note(number: str, disposition: str, codes: set[str]) -> None:
    recommendation = results()[number]["recommendation"]
    assert isinstance(recommendation, dict)
    found = {"-".join([c["code"], *sorted(c["modifiers"])]) for c in recommendation["codes"]}
    assert (recommendation["disposition"], found) == (disposition, codes)
    assert all(c["units"] == 1 for c in recommendation["codes"])


@pytest.mark.parametrize(("number", "status"), BESIDE)
def test_what_stands_beside_the_code(number: str, status: dict[str, str]) -> None:
    recommendation = results()[number]["recommendation"]
    assert isinstance(recommendation, dict)
    found = {code: each["status"] for each in recommendation["companions"] for code in each["codes"]}
    assert {code: found.get(code) for code in status} == status


def test_every_scenario_that_a_note_can_carry_is_here() -> None:
    numbers = {int("".join(filter(str.isdigit, n))) for n, *_ in [*SCENARIOS, *DOCUMENTS]}
    assert numbers == set(range(1, 41))
