"""Whole notes in several hands, each with what a careful coder reads in it; then the same notes as other systems would send them."""
# ruff: noqa: E501 - notes as they stand

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

import extractor
from extractor.note import Note
from extractor.result import Result


@dataclass(frozen=True)
class Case:
    """A note, and of its result: document, lesions (side, guidance, devices, target, outcome), what is missing, complications, codes."""

    name: str
    text: str
    kind: str
    status: str | None
    lesions: tuple[tuple[str | None, str | None, str, str | None, str | None], ...] = ()
    missing: tuple[str, ...] = ()
    conflicting: tuple[str, ...] = ()
    complications: tuple[str, ...] | None = ()
    """None: not documented."""
    disposition: str = "ready"
    codes: tuple[str, ...] = ()


CASES = (
    Case(
        "letter to the surgeon",
        """Breast Imaging Centre, 14 May 2026

Dear Mr Hollis,

Re: preoperative localisation, left breast

Thank you for asking us to localise the screen-detected 9 mm carcinoma in this lady's left breast ahead of her wide local excision this afternoon. Written consent was taken and the WHO checklist completed. Under ultrasound control and after 5 ml of 1% lignocaine, a Reidy wire was passed through the mass, which lies at 2 o'clock, 4 cm from the nipple, and released. Check mammograms show the tip of the wire 5 mm beyond the mass.

There were no immediate complications.

Yours sincerely,
Dr P. Okafor, Consultant Radiologist
""",
        "localization", "completed",
        (("left", "ultrasound", "wire 1", "mass", "placed"),),
        codes=("19285-LT",),
    ),
    Case(
        "two lesions, two modalities, both breasts",
        """EXAM: BILATERAL BREAST LOCALIZATION
DATE OF SERVICE: 06/11/2026

INDICATION: Right breast DCIS and left breast papilloma, both proven by core biopsy. Excision today.

CONSENT: Informed written consent was obtained. TIME OUT: Performed with two identifiers.

RIGHT BREAST: Under stereotactic guidance, coordinates were calculated from a stereo pair. After 1% lidocaine a 20 gauge needle was advanced to the calcifications in the upper outer quadrant and a Kopans wire was deployed. Orthogonal mammograms show the wire through the calcifications.

LEFT BREAST: Under ultrasound guidance and local anesthesia, a SAVI SCOUT reflector was deployed in the mass at 9:00, 3 cm from the nipple. Post-procedure mammogram shows the reflector within the mass.

COMPLICATIONS: None.

Electronically signed by Maria Stone, MD
""",
        "localization", "completed",
        (("right", "stereotactic", "wire 1", "calcifications", "placed"), ("left", "ultrasound", "radar_reflector 1", "mass", "placed")),
        codes=("19283-RT", "19285-LT"),
    ),
    Case(
        "bracketing, capitals, hard wraps",
        """PROCEDURE:  NEEDLE LOCALIZATION, RIGHT BREAST.
DATE:  02/18/2026.

HISTORY:  62-YEAR-OLD WITH EXTENSIVE DCIS OF THE RIGHT BREAST, FOR
SEGMENTAL MASTECTOMY TODAY.

TECHNIQUE:  THE RISKS WERE EXPLAINED AND CONSENT WAS SIGNED.  A TIME-OUT
WAS HELD.  THE BREAST WAS COMPRESSED IN THE CRANIOCAUDAL PROJECTION WITH
THE ALPHANUMERIC GRID.  AFTER LOCAL ANESTHESIA, TWO HOOKWIRES WERE PLACED
UNDER MAMMOGRAPHIC GUIDANCE TO BRACKET THE CALCIFICATIONS AT 10:00, ONE
ANTERIOR AND ONE POSTERIOR.  FINAL ORTHOGONAL VIEWS SHOW THE CALCIFICATIONS
BETWEEN THE TWO WIRES.  THE PATIENT TOLERATED THE PROCEDURE WELL WITHOUT
COMPLICATION.

DICTATED BY:  L. HARMON, M.D.
""",
        "localization", "completed",
        (("right", "mammographic", "wire 2", "calcifications", "placed"),),
        codes=("19281-RT",),
    ),
    Case(
        "two seeds and no word on lesions",
        """EXAM: Radioactive seed localization, left breast
Date of procedure: 03/30/2026
Indication: Left breast invasive ductal carcinoma, lumpectomy tomorrow.
Consent signed. Time-out done at 08:15.
Technique: Under ultrasound guidance and 1% lidocaine, two I-125 seeds were placed in the left breast at 1:00 and the mass was marked. Mammogram shows the seeds in the mass.
Complications: none.
Signed: T. Abara, MD
""",
        "localization", "completed",
        (("left", "ultrasound", "radioactive_seed 2", "mass", "placed"),),
        missing=("lesion_count",), disposition="query",
    ),
    Case(
        "node and breast",
        """MAGSEED PLACEMENT

Date of exam: 2026-01-22
Reason: Right breast cancer after chemotherapy; targeted axillary dissection planned.

The patient gave written consent. Universal protocol was observed. Local anesthetic: lidocaine 1%, 8 mL.

1. Right breast, 11:00, 5 cm FN: under ultrasound guidance a Magseed was deployed within the residual mass.
2. Right axilla: under ultrasound guidance a Magseed was deployed in the cortex of the previously biopsied lymph node.

Mammogram: the breast Magseed lies in the mass. Ultrasound shows the axillary Magseed in the node.

No complications.

Performed by: Dr. R. Lindqvist
""",
        "localization", "completed",
        (("right", "ultrasound", "magnetic_seed 1", "mass", "placed"), ("right", "ultrasound", "magnetic_seed 1", "lymph_node", "placed")),
        missing=("location",), codes=("10035-RT", "19285-RT-59"),
    ),
    Case(
        "stopped after the needle",
        """EXAM: Stereotactic wire localization, left breast
DATE: 07/07/2026
CONSENT: Signed. TIME OUT: Yes.
TECHNIQUE: In the stereotactic unit, scout and stereo pair images were obtained of the calcifications in the left breast. Lidocaine was given and the needle was inserted. The patient became diaphoretic and lost consciousness. The needle was withdrawn and the procedure was terminated. No wire was placed.
COMPLICATIONS: Vasovagal reaction with full recovery.
IMPRESSION: Discontinued localization. To be rescheduled.
Signed: K. Meyer, MD
""",
        "localization", "discontinued",
        (("left", "stereotactic", "", "calcifications", "failed"),),
        complications=("vasovagal",), disposition="review",
    ),
    Case(
        "never begun",
        """PROCEDURE NOTE: wire localization right breast - CANCELLED
DATE: 08/01/2026
The patient presented for wire localization of a right breast mass. On scout ultrasound the mass is no longer seen. After discussion with Dr. Yee the procedure was cancelled before any anesthetic was given. Follow-up in six months.
M. Sorel, MD
""",
        "localization", "cancelled", complications=None, disposition="not_reportable",
    ),
    Case(
        "biopsy with marker",
        """EXAM: ULTRASOUND GUIDED CORE NEEDLE BIOPSY, RIGHT BREAST
DATE: 04/04/2026
HISTORY: New 14 mm mass at 8:00.
TECHNIQUE: Consent and time-out. Under ultrasound guidance and local anesthesia, four passes with a 14 gauge spring-loaded device were made through the right breast mass at 8:00. A coil clip was placed through the introducer. Post-biopsy mammogram shows the clip at the mass.
COMPLICATIONS: Small hematoma.
PLAN: If malignant, wire localization for surgery.
Signed: J. Ito, MD
""",
        "biopsy", "completed",
        (("right", "ultrasound", "clip 1", "mass", "placed"),),
        complications=("hematoma",), codes=("19083-RT",),
    ),
    Case(
        "surgeon uses radiology's wire",
        """OPERATIVE REPORT
DATE OF OPERATION: 05/05/2026
PREOPERATIVE DIAGNOSIS: Left breast DCIS.
POSTOPERATIVE DIAGNOSIS: Same.
OPERATION: Left wire-localized lumpectomy.
ANESTHESIA: General.
PROCEDURE: A wire had been placed under mammographic guidance in radiology this morning. The patient was taken to the operating room and draped. An incision was made and dissection followed the wire to its tip. The specimen was excised with the wire and oriented. Specimen radiograph confirmed clip and calcifications. EBL 10 mL. Complications: none.
""",
        "other", None, complications=None, disposition="not_reportable",
    ),
    Case(
        "form with a blank side",
        """LOCALIZATION WORKSHEET
Date of procedure: 09/09/2026
Side:        [ ] Left   [ ] Right
Guidance:    [x] Ultrasound   [ ] Stereotactic   [ ] Mammographic
Device:      [x] Wire   [ ] Seed   [ ] Reflector      Number: 1
Target:      [x] Mass   [ ] Calcifications   [ ] Distortion
Location:    3:00, 4 cm FN
Indication:  biopsy-proven carcinoma, lumpectomy today
Consent:     [x] Yes   [ ] No
Time-out:    [x] Yes   [ ] No
Anesthesia:  1% lidocaine 5 mL
Wire deployed: [x] Yes   [ ] No
Post-placement mammogram: wire through the mass
Complications: [x] None   [ ] Hematoma   [ ] Vasovagal
Radiologist: S. Adler, MD
""",
        "localization", "completed",
        ((None, "ultrasound", "wire 1", "mass", "placed"),),
        missing=("laterality",), disposition="query",
    ),
    Case(
        "title against body",
        """EXAM: ULTRASOUND GUIDED WIRE LOCALIZATION RIGHT BREAST
DATE OF SERVICE: 10/10/2026
INDICATION: Atypical ductal hyperplasia, excision planned.
CONSENT: Obtained. TIME-OUT: Performed.
TECHNIQUE: Under stereotactic guidance, with a stereo pair and calculated coordinates, and after lidocaine, a Kopans wire was deployed at the calcifications in the upper inner quadrant of the right breast. Orthogonal mammograms show the wire at the calcifications.
COMPLICATIONS: None.
Signed: A. Brandt, MD
""",
        "localization", "completed",
        (("right", None, "wire 1", "calcifications", "placed"),),
        conflicting=("guidance",), disposition="query",
    ),
    Case(
        "addendum corrects the side",
        """EXAM: Wire localization, right breast
DATE OF SERVICE: 11/02/2026
INDICATION: Biopsy-proven papilloma, excision today.
CONSENT: Obtained. TIME-OUT: Performed.
TECHNIQUE: Under ultrasound guidance and local anesthesia a Kopans wire was deployed through the mass in the right breast at 4:00. Mammogram shows the wire through the mass.
COMPLICATIONS: None.
Signed: A. Brandt, MD

ADDENDUM 11/03/2026: The side was dictated in error. The procedure was performed on the LEFT breast. A. Brandt, MD
""",
        "localization", "completed",
        (("left", "ultrasound", "wire 1", "mass", "placed"),),
        codes=("19285-LT",),
    ),
)  # fmt: skip


def devices(lesion: object) -> str:
    return ", ".join(f"{d.type} {d.count}" for d in lesion.devices)  # type: ignore[attr-defined]


def seen(result: Result, what: str) -> object:
    """One comparable part of a result."""
    made = result.recommendation
    parts: dict[str, Callable[[], object]] = {
        "document": lambda: (result.procedure.type, result.procedure.status),
        "lesions": lambda: tuple((x.laterality, x.guidance, devices(x), x.target, x.outcome) for x in result.lesions),
        "missing": lambda: tuple(sorted(d.element for d in result.documentation if d.status == "missing")),
        "conflicting": lambda: tuple(sorted(d.element for d in result.documentation if d.status == "conflicting")),
        "complications": lambda: tuple(sorted(c.type for c in result.complications.items)) if result.complications.documented else None,
        "disposition": lambda: made.disposition,
        "codes": lambda: tuple(sorted("-".join([line.code, *sorted(line.modifiers, reverse=True)]) for line in made.codes)),
    }
    return parts[what]()


def wanted(case: Case, what: str) -> object:
    if what == "document":
        return (case.kind, case.status)
    value = getattr(case, what)
    return tuple(sorted(value)) if what in ("missing", "conflicting") else value


PARTS = ("document", "lesions", "missing", "conflicting", "complications", "disposition", "codes")


@pytest.mark.parametrize(
    ("case", "what"),
    [
        pytest.param(case, what, id=f"{case.name}: {what}")
        for case in CASES
        for what in PARTS
    ],
)
def test_note(case: Case, what: str) -> None:
    assert seen(extractor.extract(Note("n", case.text)), what) == wanted(case, what)


FEEDS: dict[str, Callable[[str], str]] = {
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "escapes": lambda text: text.replace("\n", "\\.br\\"),
    "tildes": lambda text: text.replace("\n", "~\r\n"),
    "doubled lines": lambda text: text.replace("\n\n", "\n").replace("\n", "\n\n"),
    "doubled lines and paragraphs": lambda text: text.replace("\n", "\n\n"),
    "doubled spaces": lambda text: re.sub(r"\. +", ".  ", text),
    "curly quotes and hard spaces": lambda text: text.replace("'", "’").replace(" cm", "\u00a0cm").replace("-", "‑"),
    "indented": lambda text: "\n".join("    " + line if line else line for line in text.split("\n")),
    "byte order mark": lambda text: "\ufeff" + text,
    "emoji": lambda text: "😀\n" + text,
}


@pytest.mark.parametrize(
    ("case", "feed"),
    [
        pytest.param(case, feed, id=f"{case.name}: {feed}")
        for case in CASES
        for feed in FEEDS
    ],
)
def test_as_other_systems_send_it(case: Case, feed: str) -> None:
    plain = extractor.extract(Note("n", case.text))
    text = FEEDS[feed](case.text)
    sent = extractor.extract(Note("n", text))
    assert {what: seen(sent, what) for what in PARTS} == {what: seen(plain, what) for what in PARTS}
    for lesion in sent.lesions:
        for quotes in lesion.evidence.values():
            assert all(text[q.start : q.end] == q.text for q in quotes)
