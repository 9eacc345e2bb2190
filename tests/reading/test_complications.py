"""None, not said, or which: what happened in this session against risks, history and instructions."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import pytest

from tests.reading.frame import findings
from tests.tables import rows

# words of the note, documented, items
ROWS = [
    # documented: none
    ("COMPLICATIONS: None.", True, []),
    ("COMPLICATIONS: none", True, []),
    ("Complications: None immediate.", True, []),
    ("COMPLICATIONS: 0", True, []),
    ("There were no complications.", True, []),
    ("There were no immediate complications.", True, []),
    ("No complications were encountered.", True, []),
    ("The procedure was uncomplicated.", True, []),
    ("The procedure was completed without complication.", True, []),
    ("The procedure was performed without incident.", True, []),
    ("No adverse events.", True, []),
    ("Complications: [x] None [ ] Hematoma [ ] Vasovagal", True, []),
    ("COMPLICATIONS: ☒ None ☐ Hematoma", True, []),
    # not documented
    ("The patient tolerated the procedure well.", False, []),
    ("Risks of bleeding, infection and hematoma were discussed.", False, []),
    ("CONSENT: The risks, including bleeding, infection and device migration, were explained.", False, []),
    ("Complications: ***", False, []),
    ("Complications: [none/hematoma/vasovagal]", False, []),
    ("Complications: [ ] None [ ] Hematoma [ ] Vasovagal", False, []),
    ("Complications: ____", False, []),
    ("The patient was instructed to call for bleeding or signs of infection.", False, []),
    ("The hematoma from the prior biopsy is again seen.", False, []),
    ("Potential complications were reviewed.", False, []),
    # which
    ("COMPLICATIONS: Small hematoma.", True, ["hematoma"]),
    ("A 2 cm hematoma developed at the site and was compressed for ten minutes.", True, ["hematoma"]),
    ("COMPLICATIONS: Vasovagal reaction, resolved with supine positioning.", True, ["vasovagal"]),
    ("Vasovagal episode which resolved; hematoma was noted.", True, ["hematoma", "vasovagal"]),
    ("The patient had a brief syncopal episode after deployment and recovered.", True, ["vasovagal"]),
    ("Brisk bleeding required fifteen minutes of pressure.", True, ["bleeding"]),
    ("COMPLICATIONS: The wire migrated 3 cm medially.", True, ["device_migration"]),
    ("The seed was displaced along the needle track and lies 2 cm from the mass.", True, ["device_migration"]),
    ("COMPLICATIONS: Small pneumothorax on chest film.", True, ["pneumothorax"]),
    ("A fragment of the wire tip fractured and was retained in the breast.", True, ["retained_fragment"]),
    ("The first reflector misfired and was removed. A second was deployed in the mass.", True, ["device_failure"]),
    ("She developed hives after the skin prep.", True, ["allergic_reaction"]),
    ("COMPLICATIONS: Skin tear from the compression paddle.", True, ["skin_injury"]),
    ("The patient reported severe pain and required additional lidocaine.", True, ["severe_pain"]),
    ("COMPLICATIONS: Left implant rupture.", True, ["implant_rupture"]),
    ("One seed could not be found after the procedure and is unaccounted for.", True, ["lost_device"]),
    ("Complications: [ ] None [x] Hematoma [ ] Vasovagal", True, ["hematoma"]),
    ("COMPLICATIONS: None apart from a vasovagal reaction.", True, ["vasovagal"]),
    ("No complications other than a small hematoma.", True, ["hematoma"]),
    # absent, expected, elsewhere
    ("COMPLICATIONS: None. No hematoma.", True, []),
    ("Negative for pneumothorax. COMPLICATIONS: None.", True, []),
    ("Minimal oozing stopped with brief pressure. There were no complications.", True, []),
    ("Estimated blood loss: minimal. COMPLICATIONS: None.", True, []),
    ("No hematoma or bleeding.", True, []),
    ("The wire tip lies 5 mm beyond the mass. COMPLICATIONS: None.", True, []),
    ("ALLERGIES: Latex (rash).\nCOMPLICATIONS: None.", True, []),
    ("Hemostasis was achieved with manual compression. No complications.", True, []),
    ("There was no migration of the wire. COMPLICATIONS: None.", True, []),
    ("Hematoma: none. Vasovagal: none. Complications: none.", True, []),
]  # fmt: skip


@pytest.mark.parametrize(("words", "documented", "items"), rows(ROWS))
def test_complications(words: str, documented: bool, items: list[str]) -> None:
    found = findings(
        "EXAM: Left breast wire localization\n\nTECHNIQUE: Under ultrasound guidance a wire was placed at the mass in the left "
        f"breast at 2:00.\n\n{words}\n"
    )
    assert sorted(c.type for c in found.complications) == items
    assert found.complications_documented is documented
    assert all(c.evidence for c in found.complications)
    assert bool(found.complications_evidence) is documented
    assert found.elements["complications"].status == ("present" if documented else "missing")


CONFLICTS = [
    "A 3 cm hematoma formed at the site.\n\nCOMPLICATIONS: None.",
    "The patient had a vasovagal reaction.\n\nIMPRESSION: Wire localization without complication.",
]


@pytest.mark.parametrize("words", CONFLICTS)
def test_none_beside_one(words: str) -> None:
    found = findings(
        "EXAM: Left breast wire localization\n\nTECHNIQUE: Under ultrasound guidance a wire was placed at the mass in the left "
        f"breast at 2:00. {words}\n"
    )
    assert found.elements["complications"].status == "conflicting"
    assert len(found.complications) == 1
