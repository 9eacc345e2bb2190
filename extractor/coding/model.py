"""What coding answers with: code lines, diagnoses, candidates, companions and the reasons behind a disposition.

Plain values only. Nothing here knows a table, a policy or how an answer was reached.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from extractor.findings import Evidences

Disposition = Literal["ready", "query", "review", "not_reportable"]


@dataclass(slots=True)
class CodeLine:
    """One claim line: one code and side. `lesions` are the numbers of the lesions it stands for."""

    code: str
    units: int
    modifiers: list[str]
    lesions: list[int]
    rationale: str
    rules: list[str]


@dataclass(slots=True)
class DiagnosisLine:
    """`unspecified` names what the note leaves open and a more specific code would need (`side`, `quadrant`)."""

    code: str
    rationale: str
    rules: list[str]
    evidence: Evidences = ()
    unspecified: tuple[str, ...] = ()


@dataclass(slots=True)
class Candidate:
    """The lines that would stand under one reading."""

    condition: str
    codes: list[CodeLine]


@dataclass(slots=True)
class Companion:
    """A service next to the coded one: `bundled` may not be billed beside it, `separate` may if `condition` is
    documented.
    """

    codes: tuple[str, ...]
    status: Literal["bundled", "separate"]
    condition: str
    rules: list[str]


@dataclass(slots=True)
class Cause:
    """Why a disposition is what it is. `id` is the id of the flag it raises, where one does; `lesions` whom it
    concerns.
    """

    id: str
    text: str
    rules: list[str]
    lesions: tuple[int, ...] = ()
    evidence: Evidences = ()


@dataclass(slots=True)
class Recommendation:
    """`codes` is filled for `ready` only; `ruleset` names the edition of the tables, `policy` the policy.

    `confidence` and `doubts` come from trained models: the probability that all this is right, and what they read
    otherwise without its changing the disposition.
    """

    disposition: Disposition
    codes: list[CodeLine] = field(default_factory=list)
    diagnoses: list[DiagnosisLine] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    confidence: float | None = None
    causes: list[Cause] = field(default_factory=list)
    companions: list[Companion] = field(default_factory=list)
    ruleset: str = ""
    policy: str = ""
    notice: str = ""
    doubts: list[Cause] = field(default_factory=list)

    @property
    def reasons(self) -> list[str]:
        """The causes in words."""
        return [cause.text for cause in self.causes]
