"""The pre-bill audit: draft claim lines of one note against what the note supports, in both directions.

Sees findings, a recommendation and claim lines, never text. What is wrong with a claim in itself (a deleted code, a
modifier that never stands here, an add-on without its primary) is found whatever the note says; the rest only when
the note can be judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from extractor.audit.against_note import compare_with_note
from extractor.audit.book import Book
from extractor.audit.claim_itself import check_claim_itself
from extractor.audit.claims import ClaimError, ClaimLine, claim_line, read_claims
from extractor.audit.model import Audit, AuditFinding, AuditSummary
from extractor.coding.model import Recommendation
from extractor.coding.policy import Policy
from extractor.coding.tables import Tables
from extractor.findings import Findings

__all__ = [
    "Audit",
    "AuditFinding",
    "AuditSummary",
    "ClaimError",
    "ClaimLine",
    "audit",
    "claim_line",
    "read_claims",
    "summarize",
    "summary_of",
]


def audit(
    findings: Findings, recommendation: Recommendation, claim_lines: Sequence[ClaimLine], tables: Tables, policy: Policy
) -> Audit:
    """Compare the draft claim of one note with its recommendation."""
    book = Book(findings, recommendation, list(claim_lines), tables, policy)
    check_claim_itself(book)
    if recommendation.disposition in ("query", "review"):
        return Audit("cannot_judge", book.in_order())
    compare_with_note(book)
    return Audit("disagree" if book.found else "agree", book.in_order())


def summarize(audits: Iterable[Audit]) -> AuditSummary:
    """Agreement, and findings by kind and direction, over a batch."""
    verdicts: Counter[str] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    for each in audits:
        verdicts[each.verdict] += 1
        found.update((finding.id, finding.direction) for finding in each.findings)
    return summary_of(verdicts, found)


def summary_of(verdicts: Mapping[str, int], found: Mapping[tuple[str, str], int]) -> AuditSummary:
    """The same of what was counted: notes by verdict, findings by kind and direction."""
    verdicts = Counter(verdicts)
    directions: Counter[str] = Counter({"over": 0, "under": 0, "invalid": 0})
    kinds: dict[str, Counter[str]] = {}
    for (kind, direction), count in sorted(found.items()):
        directions[direction] += count
        kinds.setdefault(kind, Counter())[direction] += count
    judged = verdicts["agree"] + verdicts["disagree"]
    return AuditSummary(
        notes=sum(verdicts.values()),
        agree=verdicts["agree"],
        disagree=verdicts["disagree"],
        cannot_judge=verdicts["cannot_judge"],
        agreement=verdicts["agree"] / judged if judged else None,
        findings={kind: dict(kinds[kind]) for kind in sorted(kinds)},
        directions=dict(directions),
    )
