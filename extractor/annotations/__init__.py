"""Annotation: the gold record and its check, stand-off spans, the formats of annotation tools, agreement, statistics.

Knows records, spans and files; nothing here reads a note or codes one, except that the check derives codes from a
record's lesions.
"""

from __future__ import annotations

from extractor.annotations.record import GoldRecord, json_schema
from extractor.annotations.standoff import Document, Span

__all__ = ["Document", "GoldRecord", "Span", "json_schema"]
