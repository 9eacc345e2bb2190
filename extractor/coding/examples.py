"""Worked examples: short descriptions of findings in the tables, with the answer that each must get.

They are the tests of the tables and what `explain` prints. An example says only what matters; the rest is a plain,
completely documented localization.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extractor.coding.model import CodeLine, Recommendation
from extractor.coding.policy import load_policy
from extractor.coding.recommendation import recommend
from extractor.coding.tables import Tables
from extractor.findings import ELEMENTS, Device, Element, ElementFinding, Evidence, Findings, Lesion

PROOF = (Evidence(0, 7, "example", None, "example"),)


def findings_of(example: Mapping[str, Any]) -> Findings:
    """The findings that an example describes."""
    kind = example.get("type", "localization")
    status = None if kind == "other" else example.get("status", "completed")
    lesions = [_lesion(number, row) for number, row in enumerate(example.get("lesions", ()), 1)]
    judged = kind in ("localization", "biopsy_and_localization") and status in ("completed", "partial")
    elements: dict[Element, ElementFinding] = {}
    for element in ELEMENTS:
        if not judged:
            elements[element] = ElementFinding(element, "not_applicable")
        elif element in example.get("missing", ()):
            elements[element] = ElementFinding(element, "missing")
        elif element in example.get("conflicting", ()):
            elements[element] = ElementFinding(element, "conflicting", PROOF)
        else:
            elements[element] = ElementFinding(element, "present", PROOF)
    return Findings(
        note_id=f"example {example['id']}",
        procedure_type=kind,
        status=status,
        procedure_evidence=PROOF,
        lesions=lesions,
        lesion_count=None if example.get("count_open") else sum(1 for lesion in lesions if lesion.localized),
        elements=elements,
        site_open=example.get("site_open", False),
        preliminary=PROOF if example.get("preliminary") else (),
        facts=dict.fromkeys(example.get("facts", ()), PROOF),
    )


def _lesion(number: int, row: Mapping[str, Any]) -> Lesion:
    lesion = Lesion(
        number=number,
        site=None if row.get("site") == "open" else row.get("site", "breast"),
        laterality=row.get("side"),
        guidance=row.get("guidance"),
        tomosynthesis=row.get("tomosynthesis", False),
        devices=[_device(words) for words in row.get("devices", ())],
        target=row.get("target"),
        biopsied=row.get("biopsied", False),
        outcome=None if row.get("outcome") == "open" else row.get("outcome", "placed"),
    )
    named = {
        "laterality": lesion.laterality,
        "guidance": lesion.guidance,
        "site": lesion.site,
        "outcome": lesion.outcome,
    }
    lesion.evidence = {name: PROOF for name, value in named.items() if value}
    return lesion


def _device(words: str) -> Device:
    """`wire` or `wire x3`."""
    kind, _, count = words.partition(" x")
    return Device(kind, int(count or 1), evidence=PROOF)  # type: ignore[arg-type]


def shown(line: CodeLine) -> str:
    """A line as examples write it: `19284-RT-59 x2`."""
    text = "-".join([line.code, *line.modifiers])
    return f"{text} x{line.units}" if line.units > 1 else text


def failures(example: Mapping[str, Any], tables: Tables) -> list[str]:
    """What the tables answer differently from the example; empty when it holds."""
    made = recommend(findings_of(example), load_policy(example.get("policy", "cpt")), tables)
    wrong = []
    if made.disposition != example["disposition"]:
        wrong.append(f"disposition is {made.disposition}, not {example['disposition']}")
    lines = sorted(map(shown, made.codes))
    if lines != sorted(example.get("codes", ())):
        wrong.append(f"codes are {', '.join(lines) or 'none'}, not {', '.join(example.get('codes', ())) or 'none'}")
    offered = {" + ".join(map(shown, candidate.codes)) or "none" for candidate in made.candidates}
    wrong += [
        f"{wanted!r} is not among the candidates" for wanted in example.get("candidates", ()) if wanted not in offered
    ]
    beside = companions_of(made)
    wrong += [
        f"{wanted!r} is not said of what stands beside"
        for wanted in example.get("companions", ())
        if wanted not in beside
    ]
    everything = {line.code for line in made.codes} | {
        line.code for candidate in made.candidates for line in candidate.codes
    }
    wrong += [f"{code} must not appear" for code in example.get("absent", ()) if code in everything]
    return wrong


def companions_of(made: Recommendation) -> set[str]:
    """`bundled 77065`, `separate 76098`: what is said of each code beside the coded ones."""
    return {f"{companion.status} {code}" for companion in made.companions for code in companion.codes}
