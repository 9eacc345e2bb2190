"""ICD-10-CM lines from documented certainty only.

A diagnosis is coded when the note states it as known; what is only suspected is never coded as if it were there, and
the imaging finding stands instead. Side and quadrant come from the diagnosis or, where that is silent, from the
lesions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from extractor.coding.lines import case_of, coded_lesions, out_of_scope
from extractor.coding.model import DiagnosisLine
from extractor.coding.policy import Policy
from extractor.coding.tables import Tables
from extractor.findings import Diagnosis, Evidences, Findings, Lesion

FINDING_OF_TARGET = {
    "mass": "mass",
    "calcifications": "calcifications",
    "architectural_distortion": "architectural_distortion",
    "asymmetry": "asymmetry",
    "enhancement": "enhancement",
}
REGIONS = {
    "axillary tail": "axillary tail",
    "tail": "axillary tail",
    "tail of spence": "axillary tail",
    "retroareolar": "central",
    "subareolar": "central",
    "periareolar": "central",
    "central": "central",
    "nipple": "nipple",
    "areola": "nipple",
}
QUADRANT_OF_HOUR = {
    1: ("upper", True),
    2: ("upper", True),
    4: ("lower", True),
    5: ("lower", True),
    7: ("lower", False),
    8: ("lower", False),
    10: ("upper", False),
    11: ("upper", False),
}
"""Hour of the clock face: half of the breast, and whether it lies towards the patient's left hand."""


def diagnoses(findings: Findings, policy: Policy, tables: Tables) -> list[DiagnosisLine]:
    """Diagnosis lines, the reason for the service first, history last."""
    lesions = [lesion for lesion in coded_lesions(findings) if out_of_scope(case_of(lesion)) is None]
    if not lesions:
        lesions = [lesion for lesion in findings.lesions if lesion.outcome == "failed"]
    lines: list[DiagnosisLine] = []
    beside: list[DiagnosisLine] = []
    covered: set[int] = set()
    for diagnosis in findings.diagnoses:
        row = tables.diagnoses.get((diagnosis.concept, "confirmed")) if diagnosis.certainty == "confirmed" else None
        if row is None:
            continue
        # A diagnosis of the other side is no reason for this service.
        same_side = [lesion for lesion in lesions if diagnosis.laterality in (None, lesion.laterality)]
        if not same_side:
            continue
        ours = [lesion for lesion in same_side if _same_organ(diagnosis, lesion)]
        side = diagnosis.laterality or _one(lesion.laterality for lesion in ours or same_side)
        place = _quadrant(diagnosis.quadrant) or _one(place_of(lesion) for lesion in ours)
        line = _line(
            _for_patient(row, findings, tables),
            side,
            place,
            diagnosis.evidence,
            "Stated as known.",
            "diagnosis.confirmed",
        )
        (lines if ours else beside).append(line)
        covered |= {lesion.number for lesion in ours}
    suspected = any(
        d.certainty == "uncertain" and (d.concept, "confirmed") in tables.diagnoses for d in findings.diagnoses
    )
    for lesion in lesions:
        if lesion.number not in covered:
            found = _finding(lesion, findings, policy, tables, suspected)
            if found:
                lines.append(found)
    lines += beside
    for diagnosis in findings.diagnoses:
        row = tables.diagnoses.get((diagnosis.concept, "history")) if diagnosis.certainty == "history" else None
        if row:
            lines.append(_line(row, None, None, diagnosis.evidence, "Stated as history.", "diagnosis.history"))
    return _merged(lines)


def place_of(lesion: Lesion) -> str | None:
    """Where in the breast, in the words of the diagnosis table: a quadrant, `central`, `axillary tail`, or None."""
    at = lesion.location
    if at.region and at.region.lower() in REGIONS:
        return REGIONS[at.region.lower()]
    return _quadrant(at.quadrant) or _quadrant_of_clock(at.clock, lesion.laterality)


def _quadrant(words: str | None) -> str | None:
    return words if words in ("upper outer", "upper inner", "lower outer", "lower inner") else None


def _quadrant_of_clock(clock: str | None, side: str | None) -> str | None:
    """Only hours that lie inside a quadrant; 12, 3, 6 and 9 lie on a border, and a span may cross one."""
    if not clock or not side or "-" in clock:
        return None
    hour, _, minutes = clock.partition(":")
    if not hour.isdigit() or int(hour) not in QUADRANT_OF_HOUR or not minutes.isdigit():
        return None
    half, to_the_left = QUADRANT_OF_HOUR[int(hour)]
    # Seen from the front the patient's left lies on the right of the clock face.
    return f"{half} {'outer' if to_the_left == (side == 'left') else 'inner'}"


def _for_patient(row: dict[str, Any], findings: Findings, tables: Tables) -> dict[str, Any]:
    if findings.facts.get("male_patient"):
        return tables.diagnoses.get((f"{row['concept']}_male", "confirmed"), row)
    return row


def _same_organ(diagnosis: Diagnosis, lesion: Lesion) -> bool:
    return (diagnosis.concept in ("axillary_metastasis", "metastatic_node", "lymphadenopathy")) == (
        lesion.site == "axilla"
    )


def _finding(
    lesion: Lesion, findings: Findings, policy: Policy, tables: Tables, suspected: bool
) -> DiagnosisLine | None:
    concept = FINDING_OF_TARGET.get(lesion.target or "")
    if lesion.target == "calcifications" and any(d.concept == "microcalcifications" for d in findings.diagnoses):
        concept = "microcalcifications"
    if lesion.site == "axilla" and lesion.target == "lymph_node":
        concept = (
            "lymphadenopathy"
            if any(d.concept == "lymphadenopathy" and d.certainty == "confirmed" for d in findings.diagnoses)
            else None
        )
    if concept == "mass" and policy.imaging_mass == "R92.8" and not findings.facts.get("palpable"):
        concept = "abnormal_imaging"
    if concept is None:
        stated = next(
            (
                d
                for d in findings.diagnoses
                if d.certainty == "confirmed" and (d.concept, "finding") in tables.diagnoses
            ),
            None,
        )
        concept = stated.concept if stated else None
    row = tables.diagnoses.get((concept, "finding")) if concept else None
    if row is None:
        return None
    why = "The finding that was aimed at" + ("; what is only suspected is not coded." if suspected else ".")
    return _line(row, lesion.laterality, place_of(lesion), lesion.evidence.get("target", ()), why, "diagnosis.finding")


def _line(
    row: dict[str, Any], side: str | None, place: str | None, evidence: Evidences, why: str, rule: str
) -> DiagnosisLine:
    rules = [rule]
    unspecified: tuple[str, ...] = ()
    if "code" in row:
        code = row["code"]
    elif "sides" in row:
        code = row["sides"].get(side or "none")
        unspecified = () if side else ("side",)
        rules.append("diagnosis.side")
    else:
        by_place = row[side] if side else {}
        code = (by_place.get(place) if place else None) or by_place.get("none") or row["none"]
        unspecified = (() if side else ("side",)) + (() if side and place in by_place else ("quadrant",))
        rules.append("diagnosis.quadrant")
    where = " ".join(w for w in (side, place) if w)
    return DiagnosisLine(
        code,
        f"{row['meaning']}{', ' + where if where and 'code' not in row else ''}. {why}",
        rules,
        evidence,
        unspecified,
    )


def _one(values: Iterable[Any]) -> Any:
    """The value that all share, or None."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _merged(lines: list[DiagnosisLine]) -> list[DiagnosisLine]:
    made: dict[str, DiagnosisLine] = {}
    for line in lines:
        if line.code in made:
            known = made[line.code]
            known.evidence += tuple(e for e in line.evidence if e not in known.evidence)
        else:
            made[line.code] = line
    return list(made.values())
