"""The state of one comparison: note, supported lines, claim, and what was found so far.

Holds no rule. `explained` keeps the claim lines that a finding accounts for already, so that one fault is reported
once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from extractor.audit.claims import ClaimLine
from extractor.audit.model import AuditFinding, Direction
from extractor.coding.model import Recommendation
from extractor.coding.policy import Policy
from extractor.coding.tables import Tables
from extractor.findings import Evidences, Findings

SIDES = frozenset(("RT", "LT"))
DISTINCT = frozenset(("59", "XS", "XE", "XP", "XU"))
STOPPED = frozenset(("52", "53", "73", "74"))


class Book:
    """The state of one comparison. A line is explained once: what one finding accounts for raises no second one."""

    def __init__(
        self, findings: Findings, recommendation: Recommendation, claim: list[ClaimLine], tables: Tables, policy: Policy
    ) -> None:
        self.note = findings
        self.supported = recommendation.codes
        self.claim = claim
        self.tables = tables
        self.policy = policy
        self.found: list[AuditFinding] = []
        self.explained: set[int] = set()

    def in_order(self) -> list[AuditFinding]:
        return sorted(self.found, key=lambda f: (f.line is None, f.line or 0))

    def add(
        self,
        finding_id: str,
        direction: Direction,
        line: int | None,
        message: str,
        rules: Sequence[str],
        lesions: Sequence[int] = (),
    ) -> None:
        self.found.append(AuditFinding(finding_id, direction, line, message, list(rules), self.evidence(lesions)))

    def evidence(self, lesions: Sequence[int]) -> Evidences:
        chosen = [lesion for lesion in self.note.lesions if lesion.number in lesions]
        words = [
            e for lesion in chosen for name in ("guidance", "laterality") for e in lesion.evidence.get(name, ())[:1]
        ]
        return tuple(dict.fromkeys(words))

    def all_lesions(self) -> tuple[int, ...]:
        return tuple(lesion.number for lesion in self.note.lesions)


def side_of(modifiers: Iterable[str]) -> str | None:
    sides = SIDES & set(modifiers)
    if len(sides) != 1:
        return None
    return "right" if "RT" in sides else "left"
