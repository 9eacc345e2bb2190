"""OMOP NOTE_NLP (CDM 5.4) as CSV: one row a span. Written only: a row holds no text to read a note from.

Concept ids are 0: which vocabulary a site uses is its own decision. Cells are left as they are, for a database.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from extractor import __version__
from extractor.annotations.standoff import Document

COLUMNS = (
    "note_nlp_id", "note_id", "section_concept_id", "snippet", "offset", "lexical_variant", "note_nlp_concept_id",
    "note_nlp_source_concept_id", "nlp_system", "nlp_date", "nlp_datetime", "term_exists", "term_temporal",
    "term_modifiers",
)  # fmt: skip
VARIANT, SNIPPET, MODIFIERS, AROUND = 250, 250, 2000, 60


def write(documents: Iterable[Document], path: Path, day: date) -> int:
    """One CSV file; the number of notes. `day` is the date of processing, which NOTE_NLP requires."""
    count, row = 0, 0
    person = f"annotation (extractor {__version__})"
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        for document in documents:
            count += 1
            for span in document.spans:
                row += 1
                left = max(0, span.start - AROUND)
                modifiers = f"label={span.label};end={span.end}" + (f";rule={span.rule}" if span.rule else "")
                out.writerow(
                    [
                        row, document.note_id, 0, document.text[left : span.end + AROUND][:SNIPPET], span.start,
                        document.surface(span)[:VARIANT], 0, 0, document.origin or person,
                        day.isoformat(), "", "Y", "", modifiers[:MODIFIERS],
                    ]
                )  # fmt: skip
    return count
