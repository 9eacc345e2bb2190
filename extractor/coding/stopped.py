"""Candidates for a procedure that was begun and stopped: which modifier stands depends on the reason and on the
claim.
"""

from __future__ import annotations

from dataclasses import replace

from extractor.coding.lines import case_of, code_lines
from extractor.coding.model import Candidate, CodeLine
from extractor.coding.policy import Policy
from extractor.coding.tables import Tables
from extractor.findings import Findings

CHOICES: dict[str, tuple[tuple[str, str | None], ...]] = {
    "professional": (
        ("if it was stopped for the patient's safety or for circumstances beyond control", "53"),
        ("if the service was reduced by choice", "52"),
        ("if it ended before the procedure had begun", None),
    ),
    "facility": (
        ("if it was stopped after anesthesia, local included, had been given", "74"),
        ("if it was stopped in the procedure room before anesthesia", "73"),
        ("if no anesthesia was planned or given", "52"),
    ),
}


def stopped_candidates(findings: Findings, policy: Policy, tables: Tables) -> list[Candidate]:
    """The first-lesion line of what was attempted, with the modifier of each reading; nothing where guidance is
    unknown.
    """
    cases = [
        case_of(lesion) for lesion in findings.lesions if lesion.outcome == "failed" and lesion.guidance is not None
    ]
    lines = code_lines(cases[:1], policy, tables)
    made = []
    for condition, modifier in CHOICES[policy.claim]:
        codes: list[CodeLine] = []
        if modifier and lines:
            codes = [
                replace(line, modifiers=[*line.modifiers, modifier], rules=[*line.rules, "modifier.discontinued"])
                for line in lines
            ]
        made.append(Candidate(condition, codes))
    return made
