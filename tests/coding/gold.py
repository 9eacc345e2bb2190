"""Findings built from gold records, so that coding can be tested without reading a text.

A gold record does not say that a report is preliminary or what contradicts what; its rationale and its lists are used for that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from extractor.findings import (
    ELEMENTS, Complication, Device, ElementFinding, Evidence, Findings, Lesion,
)

CORPUS = Path(__file__).parents[2] / "annotations" / "corpus"
PRELIMINARY = re.compile(r"prelim|draft|unsigned|not (yet )?(been )?(verified|signed|read over)|signature pending|awaiting", re.I)
PROOF = (Evidence(0, 4, "note", "technique", "test"),)


def records(folder: Path = CORPUS) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("*.json")):
        if path.with_suffix(".txt").exists():
            yield json.loads(path.read_text(encoding="utf-8"))


def findings_of(gold: dict[str, Any]) -> Findings:
    lesions = [
        Lesion(
            number=number,
            site=each["site"],
            laterality=each["laterality"],
            guidance=each["guidance"],
            devices=[Device(d["type"], d["count"], evidence=PROOF) for d in each["devices"]],
            target=each["target"],
            biopsied=each["biopsied"],
            outcome=each["outcome"],
            evidence={name: PROOF for name in ("laterality", "guidance", "site", "target", "outcome") if each.get(name)},
        )
        for number, each in enumerate(gold["lesions"], 1)
    ]
    kind, status = gold["procedure"]["type"], gold["procedure"]["status"]
    judged = kind in ("localization", "biopsy_and_localization") and status in ("completed", "partial")
    elements = {}
    for element in ELEMENTS:
        state = (
            "not_applicable" if not judged
            else "missing" if element in gold["documentation"]["missing"]
            else "conflicting" if element in gold["documentation"]["conflicting"]
            else "present"
        )
        elements[element] = ElementFinding(element, state, PROOF if state in ("present", "conflicting") else ())
    review = gold["recommendation"]["disposition"] == "review"
    return Findings(
        note_id=gold["note_id"],
        procedure_type=kind,
        status=status,
        procedure_evidence=PROOF,
        lesions=lesions,
        lesion_count=gold["lesion_count"],
        complications_documented=gold["complications"]["documented"],
        complications=[Complication(item, PROOF) for item in gold["complications"]["items"]],
        elements=elements,
        preliminary=PROOF if review and PRELIMINARY.search(gold["rationale"]) else (),
    )


def lines_of(codes: list[Any]) -> list[tuple[str, int, tuple[str, ...]]]:
    """Code lines as comparable values, from gold dictionaries or from code lines."""
    as_dicts = [c if isinstance(c, dict) else {"code": c.code, "units": c.units, "modifiers": c.modifiers} for c in codes]
    return sorted((c["code"], c["units"], tuple(sorted(c["modifiers"]))) for c in as_dicts)
