"""JSON lines: an object a line with the note's id and text; what else it holds becomes metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from extractor.note import Note, UnreadableNote
from extractor.sources.common import (
    LINE_EXTRA,
    LINE_FACTOR,
    Options,
    Reject,
    limited_lines,
    make_note,
    text_stream,
    too_large,
    undecodable,
)


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Note | Reject]:
    """The notes in `stream`, in order; a line that cannot be read costs only itself. Blank lines are passed over."""
    lines = limited_lines(text_stream(stream, options.encoding), options.max_bytes * LINE_FACTOR + LINE_EXTRA)
    number = 0
    while True:
        number += 1
        try:
            line = next(lines)
        except StopIteration:
            return
        except UnicodeError:
            yield Reject(f"{name}:{number}", "from this line on the file cannot be decoded", name, number)
            return
        if line is None or line.strip():
            yield _note(line, f"{name}:{number}", name, number, options)


def _note(line: str | None, where: str, name: str, number: int, options: Options) -> Note | Reject:
    note_id = where
    try:
        if line is None:
            raise UnreadableNote(too_large(options))
        if undecodable(line):
            raise UnreadableNote("not valid UTF-8")
        record = _object(line)
        given = record.pop(options.id_column, None)
        text = record.pop(options.text_column, None)
        # The id may name the reject only when it could itself have been written out.
        make_note(given, "", {}, options)
        note_id = str(given)
        return make_note(given, text, record, options)
    except UnreadableNote as error:
        return Reject(note_id, error.reason, name, number)


def _object(line: str) -> dict[str, object]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        at = f" (at column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise UnreadableNote(f"line is not valid JSON{at}") from None
    if not isinstance(record, dict):
        raise UnreadableNote("line is not a JSON object")
    return record
