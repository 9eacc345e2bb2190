"""What the models are asked: for each task the rules' value, the gold value, and whether the code hangs on it.

Knows findings and gold records; no words, no model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extractor.findings import ELEMENTS, Findings, Lesion

Record = Mapping[str, Any]

NOTE_TASKS = ("kind", "count", "complications", *(f"element.{element}" for element in ELEMENTS))
LESION_TASKS = ("guidance", "laterality", "biopsied", "site")
TASKS = (*NOTE_TASKS, *LESION_TASKS)

DECISIVE = (
    "kind", "guidance", "laterality", "biopsied", "site", "count", "element.device_deployment", "element.guidance",
    "element.laterality", "element.lesion_count",
)  # fmt: skip
"""Tasks whose answer decides the code: doubt about one of them turns `ready` into `review`."""

STACKED = (*DECISIVE, "complications")
"""Tasks whose probabilities the confidence is made from."""

AGREES, DIFFERS = "agrees", "differs"

NAMES = {
    "kind": "the kind of procedure",
    "guidance": "the guidance",
    "laterality": "the side",
    "biopsied": "whether it was sampled",
    "site": "breast or axilla",
    "count": "the number of lesions",
    "complications": "whether complications are documented",
    "confidence": "the recommendation as a whole",
}


def name_of(task: str) -> str:
    """A task in words."""
    return NAMES.get(task) or "the element " + task.removeprefix("element.").replace("_", " ")


def judged(findings: Findings) -> bool:
    """Whether the rules judged the documentation of this note."""
    return findings.procedure_type in ("localization", "biopsy_and_localization") and findings.status in (
        "completed",
        "partial",
    )


def rule_value(task: str, findings: Findings) -> str | None:
    """What the rules say, as a class name; None where the task is not asked of this note."""
    if task == "kind":
        return findings.procedure_type
    if findings.procedure_type == "other":
        return None
    if task == "count":
        return AGREES  # the task is whether the count that the rules found is right
    if task == "complications":
        return str(findings.complications_documented)
    element = task.removeprefix("element.")
    if not judged(findings):
        return None
    status = next((found.status for name, found in findings.elements.items() if name == element), None)
    return None if status == "not_applicable" else status


def gold_value(task: str, findings: Findings, gold: Record) -> str | None:
    """What the gold record says in the same classes; None where it does not answer the task."""
    procedure = gold["procedure"]
    if task == "kind":
        return str(procedure["type"])
    if procedure["type"] == "other":
        return None
    if task == "count":
        return AGREES if gold["lesion_count"] == findings.lesion_count else DIFFERS
    if task == "complications":
        return str(gold["complications"]["documented"])
    if procedure["type"] == "biopsy" or procedure["status"] not in ("completed", "partial"):
        return None
    element = task.removeprefix("element.")
    return next((s for s in ("missing", "conflicting") if element in gold["documentation"][s]), "present")


def lesion_value(task: str, lesion: Lesion) -> str:
    """The rules' value of one lesion, `None` as a class of its own."""
    values = {
        "guidance": lesion.guidance,
        "laterality": lesion.laterality,
        "biopsied": lesion.biopsied,
        "site": lesion.site,
    }
    return str(values[task])


def as_record(findings: Findings) -> list[dict[str, Any]]:
    """The rules' lesions in the form in which scores pair them with gold lesions."""
    return [
        {
            "number": each.number,
            "site": each.site,
            "laterality": each.laterality,
            "guidance": each.guidance,
            "target": each.target,
            "outcome": each.outcome,
            "biopsied": each.biopsied,
            "devices": [{"type": device.type, "count": device.count} for device in each.devices],
        }
        for each in findings.lesions
    ]
