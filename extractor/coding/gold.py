"""Findings built from gold records: what a certified coder read in a note, in the form that coding takes.

With them tables can be compared and rules tested without reading a text. A gold record does not say which words make
a report preliminary; its rationale is used for that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from extractor.findings import (
    ELEMENTS,
    Complication,
    Device,
    Element,
    ElementFinding,
    ElementStatus,
    Evidence,
    Findings,
    Lesion,
)

PRELIMINARY = re.compile(
    r"prelim|draft|unsigned|not (yet )?(been )?(verified|signed|read over)|signature pending|awaiting", re.I
)
PROOF = (Evidence(0, 4, "gold", None, "gold"),)


def records(folder: Path) -> Iterator[dict[str, Any]]:
    """The gold records at any depth of a folder that have their note beside them."""
    for path in sorted(folder.rglob("*.json")):
        if path.with_suffix(".txt").exists():
            yield json.loads(path.read_text(encoding="utf-8"))


def findings_of(gold: Mapping[str, Any]) -> Findings:
    """The findings that a gold record stands for. Evidence is a placeholder: the record holds none for most values."""
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
            evidence={
                name: PROOF for name in ("laterality", "guidance", "site", "target", "outcome") if each.get(name)
            },
        )
        for number, each in enumerate(gold["lesions"], 1)
    ]
    kind, status = gold["procedure"]["type"], gold["procedure"]["status"]
    judged = kind in ("localization", "biopsy_and_localization") and status in ("completed", "partial")
    elements: dict[Element, ElementFinding] = {}
    for element in ELEMENTS:
        state: ElementStatus = "present" if judged else "not_applicable"
        for status_name in ("missing", "conflicting"):
            if judged and element in gold["documentation"][status_name]:
                state = "missing" if status_name == "missing" else "conflicting"
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
