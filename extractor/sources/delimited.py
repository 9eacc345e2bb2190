"""CSV with a header: a row a note, its columns chosen by name; the other columns become metadata."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO

from extractor.note import Note, UnreadableNote
from extractor.sources.common import (
    LINE_EXTRA,
    Options,
    Reject,
    make_note,
    text_stream,
    too_large,
    undecodable,
)

_NOT_STRUCTURE = re.compile(r'[^",\r\n]+')


class _Lines:
    """Physical lines for csv.reader, counting what the current record took.

    A record over the limit must still be read to its end, or its rest would be taken for rows: past the limit every run
    of plain characters shrinks to one, which leaves quotes, commas and line ends, and so the reader's state, as it is.
    """

    def __init__(self, stream: Iterator[str], limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self.taken = 0
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._stream)
        self.number += 1
        self.taken += len(line)
        return _NOT_STRUCTURE.sub("x", line) if self.oversized() else line

    def oversized(self) -> bool:
        return self.taken > self._limit


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Note | Reject]:
    """The notes in `stream`, in order; a row that cannot be read costs only itself. Empty lines are passed over."""
    csv.field_size_limit(2**31 - 1)  # _Lines sets the limit; the reader's own one would stop in mid-record
    lines = _Lines(text_stream(stream, options.encoding), options.max_bytes + LINE_EXTRA)
    rows = csv.reader(lines, strict=True)
    try:
        header = next(rows, [])
    except (csv.Error, UnicodeError):
        yield Reject(name, "the header row cannot be read", name, 1)
        return
    wanted = [options.id_column, options.text_column]
    absent = [column for column in wanted if header.count(column) != 1]
    if absent:
        yield Reject(name, f"the header has not exactly one column {' and one '.join(absent)}", name, 1)
        return
    while True:
        start, lines.taken = lines.number + 1, 0
        where = f"{name}:{start}"
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            rest = f" (up to line {lines.number})" if lines.number > start else ""
            yield Reject(where, f"row is not valid CSV{rest}", name, start)
            continue
        except UnicodeError:
            yield Reject(where, "from this row on the file cannot be decoded", name, start)
            return
        if row:
            yield _note(row, header, lines.oversized(), Reject(where, "", name, start), options)


def _note(row: list[str], header: list[str], oversized: bool, reject: Reject, options: Options) -> Note | Reject:
    note_id = reject.id
    try:
        if oversized:
            raise UnreadableNote(too_large(options))
        if len(row) != len(header):
            raise UnreadableNote(f"row has {len(row)} fields, the header {len(header)}")
        if any(undecodable(cell) for cell in row):
            raise UnreadableNote("not valid UTF-8")
        record: dict[str, object] = dict(zip(header, row, strict=True))
        given, text = record.pop(options.id_column), record.pop(options.text_column)
        make_note(given, "", {}, options)
        note_id = str(given)
        return make_note(given, text, record, options)
    except UnreadableNote as error:
        return Reject(note_id, error.reason, reject.source, reject.line)
