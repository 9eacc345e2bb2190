"""Plain text: a file is one note and its stem is the id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from extractor.note import Note, UnreadableNote
from extractor.sources.common import Options, Reject, decode, make_note, too_large


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Note | Reject]:
    """The one note in `stream`."""
    note_id = name.rsplit(".", 1)[0] or name
    data = stream.read(options.max_bytes + 1)
    try:
        if len(data) > options.max_bytes:
            raise UnreadableNote(too_large(options))
        yield make_note(note_id, decode(data, options.encoding), {}, options)
    except UnreadableNote as error:
        yield Reject(note_id, error.reason, name)
