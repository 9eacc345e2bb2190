"""What an audit answers with. Plain values; knows no table and no comparison."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from extractor.findings import Evidences

Verdict = Literal["agree", "disagree", "cannot_judge"]
Direction = Literal["over", "under", "invalid"]


@dataclass(slots=True)
class AuditFinding:
    """One difference. `line` counts the note's claim lines from 1; None for a line that is missing."""

    id: str
    direction: Direction
    line: int | None
    message: str
    rules: list[str]
    evidence: Evidences = ()


@dataclass(slots=True)
class Audit:
    verdict: Verdict
    findings: list[AuditFinding] = field(default_factory=list)


@dataclass(slots=True)
class AuditSummary:
    """A batch in numbers. `agreement` is the share of agreeing notes among those that could be judged."""

    notes: int
    agree: int
    disagree: int
    cannot_judge: int
    agreement: float | None
    findings: dict[str, dict[str, int]]
    directions: dict[str, int]
