"""The worklist of a coder as CSV: a line a note with its disposition, codes, first flag, question and a link.

Knows the result's shape only. Cells that a spreadsheet would run as a formula are defused.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import IO
from urllib.parse import quote

from extractor.result import Result
from extractor.sinks import flat

COLUMNS: dict[str, str] = {
    "note_id": "id of the note",
    "disposition": "ready, query, review or not_reportable",
    "codes": "codes the note supports; for query and review, those under the first reading, in brackets",
    "top_flag": "the worst flag, empty where there is none",
    "severity": "blocking, coding, compliance or quality",
    "flags": "how many flags there are",
    "message": "what the top flag says",
    "question": "the drafted question to the physician, where one is warranted",
    "date_of_service": "YYYY-MM-DD, from the note, else from its source",
    "status": "preliminary, final or corrected, where the source says so",
    "ordered": "what was ordered, where the source says so",
    "link": "where the note can be opened",
}
"""Column by name, in order."""


def writer(stream: IO[str], link: str = "notes/{note_id}") -> Callable[[Result], None]:
    """Write the header to `stream`; the function returned writes one result's row. `link`: the address of a note, with
    `{note_id}` for its id, which is escaped for a URL."""
    table = csv.writer(stream, lineterminator="\r\n")
    table.writerow(COLUMNS)

    def write(result: Result) -> None:
        table.writerow([flat.defused(cell) for cell in _cells(result, link)])

    return write


def _cells(result: Result, link: str) -> list[flat.Cell]:
    made, source = result.recommendation, result.source
    codes = flat.codes(made.codes)
    if not codes and made.candidates:
        codes = f"[{flat.codes(made.candidates[0].codes) or 'none'}]"
    top = result.flags[0] if result.flags else None
    question = next((flag.query.question for flag in result.flags if flag.query), None)
    return [
        result.note_id,
        made.disposition,
        codes,
        top.id if top else None,
        top.severity if top else None,
        len(result.flags),
        top.message if top else None,
        question,
        result.date_of_service or (source.date_of_service if source else None),
        source.report_status if source else None,
        source.order_text if source else None,
        link.replace("{note_id}", quote(result.note_id, safe="")),
    ]
