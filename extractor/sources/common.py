"""What every source shares: rejects, options, decoding, lines with a limit.

Knows bytes and characters, nothing of any one format. Memory stays bounded by the size limit whatever the input is.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from extractor.note import Note, UnreadableNote, check_text

DEFAULT_MAX_BYTES = 10_000_000

# JSON may write one byte of text as six (`\u0000`), and other columns stand beside the text.
LINE_FACTOR, LINE_EXTRA = 6, 65_536

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Reject:
    """A note, or a part of a file, that could not be read. Holds no words of the note.

    `id` is the note's id where it is known, else the file's name with the line; `line` counts lines of `source` from 1.
    `duplicate`: nothing is lost, the same report was read already.
    """

    id: str
    reason: str
    source: str | None = None
    line: int | None = None
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """How to read. `encoding` None: UTF-8, or UTF-16 where a byte order mark says so."""

    id_column: str = "note_id"
    text_column: str = "text"
    max_bytes: int = DEFAULT_MAX_BYTES
    encoding: str | None = None


def make_note(note_id: object, text: object, metadata: Mapping[str, Any], options: Options) -> Note:
    """A Note of parts that came from outside. Raises UnreadableNote with a reason that quotes none of them."""
    if isinstance(note_id, int) and not isinstance(note_id, bool):
        note_id = str(note_id)
    if not isinstance(note_id, str):
        raise UnreadableNote(f"{options.id_column} is missing or no string")
    if not note_id.strip():
        raise UnreadableNote(f"{options.id_column} is empty")
    if not isinstance(text, str):
        raise UnreadableNote(f"{options.text_column} is missing or no string")
    try:
        check_text(note_id)
    except UnreadableNote as error:
        raise UnreadableNote(f"{options.id_column} {error.reason}") from None
    check_text(text)
    # The encoded length can only exceed the limit where four bytes a character would.
    if len(text) * 4 > options.max_bytes and len(text.encode()) > options.max_bytes:
        raise UnreadableNote(too_large(options))
    return Note(note_id, text, metadata)


def too_large(options: Options) -> str:
    """The reason for a note over the limit."""
    return f"larger than the limit of {options.max_bytes:,} bytes"


def decode(data: bytes, encoding: str | None = None) -> str:
    """The text of `data`, without a byte order mark, line ends as they are. Raises UnreadableNote."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            data, encoding = data[len(bom) :], name
            break
    name = encoding or "utf-8"
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        if encoding is None and b"\0" in data:
            raise UnreadableNote("binary data, not text (or UTF-16 without a byte order mark)") from None
        raise UnreadableNote(f"not valid {name.upper()} (at byte {error.start})") from None


def text_stream(stream: BinaryIO, encoding: str | None) -> io.TextIOWrapper:
    """`stream` as text whose lines keep their ends. Bytes that are no UTF-8 come as lone surrogates, so that only the
    lines that hold them are lost; other encodings raise UnicodeDecodeError where they break."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, stream))
    for bom, name in _BOMS:
        if buffered.peek(len(bom))[: len(bom)] == bom:
            buffered.read(len(bom))
            encoding = name
            break
    name = encoding or "utf-8"
    errors = "surrogateescape" if codecs.lookup(name).name == "utf-8" else "strict"
    return io.TextIOWrapper(buffered, encoding=name, errors=errors, newline="\n")


def limited_lines(stream: io.TextIOWrapper, limit: int) -> Iterator[str | None]:
    """The lines of `stream`; None for one of more than `limit` characters, which is passed over unread."""
    while line := stream.readline(limit + 1):
        if len(line) <= limit or line.endswith("\n"):
            yield line
            continue
        while (rest := stream.readline(65_536)) and not rest.endswith("\n"):
            pass
        yield None


def undecodable(text: str) -> bool:
    """Whether `text` holds bytes that `text_stream` could not decode."""
    if text.isascii():
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return all("\udc80" <= c <= "\udcff" for c in error.object[error.start : error.end])
    return False
