"""Where notes come from: files, folders, archives and standard input, each by its format.

Every item comes out as a Note or as a Reject, in the order of the input; nothing is passed over in silence. Knows
nothing of medicine, and opens one file at a time.
"""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from extractor.note import Note
from extractor.sources import compressed, delimited, fhir, hl7v2, jsonl, parquet, text
from extractor.sources.common import DEFAULT_MAX_BYTES, Options, Reject
from extractor.sources.feed import same_report
from extractor.sources.seen import Seen

__all__ = ["DEFAULT_MAX_BYTES", "FORMATS", "Inputs", "Note", "Options", "Reject"]

Reader = Callable[[BinaryIO, str, Options], Iterator[Note | Reject]]

FORMATS: dict[str, Reader] = {
    "txt": text.read,
    "jsonl": jsonl.read,
    "csv": delimited.read,
    "parquet": parquet.read,
    "hl7": hl7v2.read,
    "json": fhir.read_json,
    "ndjson": fhir.read_ndjson,
}
"""Reader by format; the format is the ending of the file's name."""

FEEDS = ("hl7", "fhir")
"""Formats in which one report may come again: the same once more, or a later version of it."""

_NEEDS = {"parquet": "pyarrow"}
_SNIFFED = 65_536

STDIN = "-"


class InputError(ValueError):
    """The inputs as named cannot be a batch: a missing path, an unknown ending, a folder without notes."""


@dataclass(slots=True)
class Inputs:
    """The notes of some files, folders and patterns (`-` is standard input), in the order given, folders and what a
    pattern matches in order of name.

    Iterating yields notes and rejects. A second note of an id that was seen before is a reject; of a feed, the same
    report once more is a reject marked as duplicate, and a later version of a report is a note of its own with the id
    `ID#2` and so on. `format` overrides the ending of the names; `exclude` names files that are no input (the output,
    where it lies in an input folder); `skipped` counts files of other endings in folders and archives, known after
    iterating.
    """

    paths: Sequence[str]
    options: Options = field(default_factory=Options)
    format: str | None = None
    exclude: Iterable[Path] = ()
    skipped: int = 0
    _read: int = field(default=0, init=False)
    _open: BinaryIO | None = field(default=None, init=False)

    def check(self) -> None:
        """Raise InputError where a path is missing, unreadable by its ending, or a folder without notes, or where the
        library that reads its format is not installed."""
        for path in self._paths():
            if path == STDIN:
                continue
            if not os.path.exists(path):
                kind = "file matches" if glob.has_magic(path) else "such file or folder"
                raise InputError(f"no {kind}: {path}")
            if os.path.isdir(path):
                if not any(True for _ in self._files(path)):
                    raise InputError(f"no notes ({', '.join('.' + name for name in FORMATS)}) in folder: {path}")
            elif self._format(path) is None and not path.lower().endswith(".zip"):
                known = ", ".join("." + name for name in FORMATS)
                raise InputError(f"unknown ending: {path} (known: {known}; or give --format)")
            elif self._format(path) == "parquet" and compressed.split(path)[1]:
                raise InputError(f"Parquet is compressed in itself; unpack it first: {path}")
            needed = _NEEDS.get(self._format(path) or "")
            if needed and not os.path.isdir(path) and find_spec(needed) is None:
                raise InputError(f"reading {path} needs {needed}: install extractor[{self._format(path)}]")

    def total(self) -> int | None:
        """How many notes there are, where the names alone tell (one a text file), else None."""
        count = 0
        for path in self._paths():
            for file in self._files(path) if os.path.isdir(path) else [path]:
                if file == STDIN or self._format(file) != "txt":
                    return None
                count += 1
        return count

    def size(self) -> int:
        """Bytes of all files; 0 where standard input is among them, which has no size."""
        files = [f for path in self._paths() for f in (self._files(path) if os.path.isdir(path) else [path])]
        return 0 if STDIN in files else sum(map(_size, files))

    def taken(self) -> int:
        """Bytes of the files that were read so far. A little ahead of the notes; a zip archive or a Parquet file counts
        when it is done."""
        now = self._open
        return self._read + (now.tell() if now is not None and not now.closed else 0)

    def __iter__(self) -> Iterator[Note | Reject]:
        self.skipped = self._read = 0
        seen, reports = Seen(), Seen()
        for item in self._items():
            yield item if isinstance(item, Reject) else _once(item, seen, reports)

    def _paths(self) -> Iterator[str]:
        for path in self.paths:
            if path != STDIN and not os.path.exists(path) and glob.has_magic(path):
                yield from sorted(glob.glob(path, recursive=True)) or [path]
            else:
                yield path

    def _items(self) -> Iterator[Note | Reject]:
        for path in self._paths():
            if path == STDIN:
                yield from self._standard_input()
            elif os.path.isdir(path):
                broken: list[OSError] = []
                for file in self._files(path, broken.append, count=True):
                    yield from self._file(file, os.path.relpath(file, path))
                yield from (_unopened(os.path.relpath(str(e.filename), path), e) for e in broken)
            else:
                yield from self._file(path, os.path.basename(path))

    def _file(self, path: str, shown: str) -> Iterator[Note | Reject]:
        name, ending = compressed.split(path)
        try:
            if ending == "zip":
                yield from self._archive(path, shown)
                return
            with compressed.opened(path, ending) as (stream, raw):
                # Parquet is read to and fro, from its end.
                self._open = None if self._format(path) == "parquet" else raw
                yield from self._stream(stream, os.path.basename(name), shown)
        except compressed.BROKEN as error:
            if ending is None:
                raise
            yield _broken(shown, error)
        except OSError as error:
            # bzip2 tells broken data by an error of no number.
            yield _unopened(shown, error) if ending is None or error.errno else _broken(shown, error)
        finally:
            self._open = None
            self._read += _size(path)

    def _archive(self, path: str, shown: str) -> Iterator[Note | Reject]:
        for name in compressed.members(path):
            inner = f"{shown}:{name}"
            if self._format(name) is None or compressed.split(name)[1]:
                self.skipped += 1
                continue
            try:
                with compressed.member(path, name) as stream:
                    yield from self._stream(stream, os.path.basename(name), inner)
            except compressed.BROKEN as error:
                yield _broken(inner, error)

    def _stream(self, stream: BinaryIO, name: str, shown: str) -> Iterator[Note | Reject]:
        reader = FORMATS[self._format(name) or "txt"]
        if reader is parquet.read and find_spec("pyarrow") is None:
            yield Reject(shown, "reading Parquet needs pyarrow: install extractor[parquet]", shown)
            return
        yield from _sourced(reader(stream, name, self.options), shown)

    def _standard_input(self) -> Iterator[Note | Reject]:
        stream = sys.stdin.buffer
        assert isinstance(stream, BufferedReader)
        kind = self.format or ("jsonl" if re.match(rb'\s*\{\s*"', stream.peek(64)) else "txt")
        yield from _sourced(FORMATS[kind](stream, "stdin", self.options), "stdin")

    def _format(self, path: str) -> str | None:
        ending = os.path.splitext(compressed.split(path)[0])[1][1:].lower()
        return self.format or (ending if ending in FORMATS else None)

    def _files(
        self, folder: str, onerror: Callable[[OSError], None] | None = None, count: bool = False
    ) -> Iterator[str]:
        excluded = {os.path.abspath(path) for path in self.exclude}
        for where, folders, files in os.walk(folder, onerror=onerror):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                path = os.path.join(where, name)
                if name.startswith(".") or os.path.abspath(path) in excluded or not os.path.isfile(path):
                    continue
                if self._is_input(path, name):
                    yield path
                elif count:
                    self.skipped += 1

    def _is_input(self, path: str, name: str) -> bool:
        stem, packed = compressed.split(name)
        if packed == "zip":
            return True
        ending = os.path.splitext(stem)[1][1:].lower()
        if ending not in FORMATS or self.format not in (None, ending) or (packed and ending == "parquet"):
            return False
        return ending != "json" or _is_fhir(path, packed)


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _is_fhir(path: str, packed: str | None) -> bool:
    """Whether a .json file of a folder is a FHIR resource; other JSON lies in folders for many reasons. What cannot be
    looked into is taken for one, so that the reader says what is wrong with it."""
    try:
        with compressed.opened(path, packed) as (stream, _):
            return b'"resourceType"' in stream.read(_SNIFFED)
    except compressed.BROKEN:
        return True
    except OSError:
        return True


def _once(note: Note, seen: Seen, reports: Seen) -> Note | Reject:
    """`note`, unless its id or, in a feed, its report was there before."""
    source = note.metadata["source_file"]
    if note.metadata.get("format") not in FEEDS:
        if seen.add(note.note_id.encode()):
            return note
        return Reject(note.note_id, "duplicate id: an earlier note of the batch has it", source)
    # The final report is no copy of the preliminary one, even word for word: the status decides about the codes.
    early = note.metadata.get("report_status") == "preliminary"
    key = same_report(note.text, note.metadata.get("patient")) + (b"p" if early else b"f")
    if not reports.add(key):
        return Reject(note.note_id, "the same report was read before, and is read once", source, duplicate=True)
    note_id, number = note.note_id, 1
    while not seen.add(note_id.encode()):
        number += 1
        note_id = f"{note.note_id}#{number}"
    return note if number == 1 else replace(note, note_id=note_id)


def _sourced(items: Iterator[Note | Reject], shown: str) -> Iterator[Note | Reject]:
    """Name the file on every item."""
    for item in items:
        if isinstance(item, Note):
            yield replace(item, metadata={**item.metadata, "source_file": shown})
        else:
            yield replace(item, source=shown)


def _broken(shown: str, error: Exception) -> Reject:
    return Reject(shown, f"from here on the compressed file cannot be read ({type(error).__name__})", shown)


def _unopened(shown: str, error: OSError) -> Reject:
    return Reject(shown, f"cannot be read ({type(error).__name__})", shown)
