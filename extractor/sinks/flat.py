"""CSV: a line a note, its columns described in COLUMNS. For spreadsheets and coders' lists, so evidence is left out.

Knows the result's shape only. Cells that a spreadsheet would run as a formula are defused.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable
from typing import IO

from extractor.result import CodeLine, Result

Cell = str | int | float | None


def codes(lines: Iterable[CodeLine]) -> str:
    """Lines of a claim in a cell: `19285-RT-59 19286-RTx2`: modifiers after hyphens, units above one after an x."""
    return " ".join(
        "-".join([line.code, *line.modifiers]) + (f"x{line.units}" if line.units != 1 else "") for line in lines
    )


def _each(values: Iterable[object]) -> str:
    return " ".join("?" if value is None else str(value) for value in values)


def _devices(result: Result) -> str:
    total: Counter[str] = Counter()
    for lesion in result.lesions:
        for device in lesion.devices:
            total[device.type or "?"] += device.count or 1
    return " ".join(f"{kind}:{count}" for kind, count in total.items())


def _elements(result: Result, status: str) -> str:
    return _each(element.element for element in result.documentation if element.status == status)


COLUMNS: dict[str, tuple[str, Callable[[Result], Cell]]] = {
    "note_id": ("id of the note", lambda r: r.note_id),
    "procedure_type": ("localization, biopsy, biopsy_and_localization or other", lambda r: r.procedure.type),
    "procedure_status": ("completed, partial, discontinued, cancelled; empty for other", lambda r: r.procedure.status),
    "date_of_service": (
        "date of the procedure, YYYY-MM-DD; empty where the note has none, or one that may mean two days",
        lambda r: r.date_of_service,
    ),
    "lesion_count": ("localized lesions; empty where the note leaves it open", lambda r: r.lesion_count),
    "laterality": ("side of each lesion, `?` where open", lambda r: _each(x.laterality for x in r.lesions)),
    "guidance": ("guidance of each lesion, `?` where open", lambda r: _each(x.guidance for x in r.lesions)),
    "target": ("target of each lesion, `?` where open", lambda r: _each(x.target for x in r.lesions)),
    "devices": ("devices left, `type:count` over all lesions", _devices),
    "disposition": ("ready, query, review or not_reportable", lambda r: r.recommendation.disposition),
    "codes": ("codes the note supports, `code-modifiers` and `xN` for units", lambda r: codes(r.recommendation.codes)),
    "diagnoses": ("ICD-10-CM codes", lambda r: _each(d.code for d in r.recommendation.diagnoses)),
    "candidates": (
        "codes under each reading of what is open, separated by ` | `",
        lambda r: " | ".join(f"{c.condition}: {codes(c.codes) or 'none'}" for c in r.recommendation.candidates),
    ),
    "confidence": ("probability that the recommendation is right, where judged", lambda r: r.recommendation.confidence),
    "complications_documented": ("yes or no", lambda r: "yes" if r.complications.documented else "no"),
    "complications": ("those that happened", lambda r: _each(c.type for c in r.complications.items)),
    "missing": ("documentation elements that are missing", lambda r: _elements(r, "missing")),
    "conflicting": ("documentation elements that contradict themselves", lambda r: _elements(r, "conflicting")),
    "flags": ("flags, worst first", lambda r: _each(flag.id for flag in r.flags)),
    "worst_severity": (
        "severity of the first flag",
        lambda r: r.flags[0].severity if r.flags else None,
    ),
    "audit_verdict": (
        "agree, disagree or cannot_judge, where there was a claim",
        lambda r: r.audit.verdict if r.audit else None,
    ),
    "audit_findings": (
        "findings of the audit, `direction:id`",
        lambda r: _each(f"{f.direction}:{f.id}" for f in r.audit.findings) if r.audit else None,
    ),
    "ruleset": ("edition of the code tables", lambda r: r.provenance.ruleset),
    "policy": ("policy applied", lambda r: r.provenance.policy),
    "extractor": ("version of the program", lambda r: r.provenance.extractor),
    "text_sha256": ("digest of the note's text in UTF-8", lambda r: r.provenance.text_sha256),
}
"""Column by name, in order: what it holds, and how it is read from a result."""


def defused(cell: Cell) -> Cell:
    """`cell`, with an apostrophe before text that a spreadsheet would take for a formula."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return "'" + cell
    return cell


def writer(stream: IO[str]) -> Callable[[Result], None]:
    """Write the header to `stream`; the function returned writes one result's row."""
    table = csv.writer(stream, lineterminator="\r\n")
    table.writerow(COLUMNS)  # csv writes None as an empty cell

    def write(result: Result) -> None:
        table.writerow([defused(read(result)) for _, read in COLUMNS.values()])

    return write
