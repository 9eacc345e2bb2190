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
]  # fmt: skip

@cache
def results() -> dict[str, dict[str, object]]:
    with TemporaryDirectory() as folder:
        for number, exam, technique, _, _ in SCENARIOS:
            text = f"EXAM: {exam}\n{OPENING}{technique}\n{CLOSE}"
            (Path(folder) / f"scenario-{number}.txt").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "extractor", "run", folder, "-o", str(Path(folder) / "out.jsonl")]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        lines = (Path(folder) / "out.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["note_id"].removeprefix("scenario-"): row for row in map(json.loads, lines)}


@pytest.mark.parametrize(
    ("number", "disposition", "codes"),
    [pytest.param(n, d, c, id=f"scenario {n}") for n, _, _, d, c in SCENARIOS],
)
def test_a_scenario_as_a_note(number: str, disposition: str, codes: set[str]) -> None:
    recommendation = results()[number]["recommendation"]
    assert isinstance(recommendation, dict)
    found = {"-".join([c["code"], *sorted(c["modifiers"])]) for c in recommendation["codes"]}
    assert (recommendation["disposition"], found) == (disposition, codes)
    assert all(c["units"] == 1 for c in recommendation["codes"])
