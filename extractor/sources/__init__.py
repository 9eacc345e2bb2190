"""Where notes come from: files, folders and standard input, each by its format.

Every item comes out as a Note or as a Reject, in the order of the input; nothing is passed over in silence. Knows
nothing of medicine, and opens one file at a time.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from extractor.note import Note
from extractor.sources import delimited, jsonl, text
from extractor.sources.common import DEFAULT_MAX_BYTES, Options, Reject

__all__ = ["DEFAULT_MAX_BYTES", "FORMATS", "Inputs", "Note", "Options", "Reject"]

Reader = Callable[[BinaryIO, str, Options], Iterator[Note | Reject]]

FORMATS: dict[str, Reader] = {"txt": text.read, "jsonl": jsonl.read, "csv": delimited.read}
"""Reader by format; the format is the ending of the file's name."""

STDIN = "-"


class InputError(ValueError):
    """The inputs as named cannot be a batch: a missing path, an unknown ending, a folder without notes."""


@dataclass(slots=True)
class Inputs:
    """The notes of some files and folders (`-` is standard input), in the order given, folders in order of name.

    Iterating yields notes and rejects; a second note of an id that was seen before is a reject. `format` overrides the
    ending of the names; `exclude` names files that are no input (the output, where it lies in an input folder);
    `skipped` counts files of other endings in folders, known after iterating.
    """

    paths: Sequence[str]
    options: Options = field(default_factory=Options)
    format: str | None = None
    exclude: Iterable[Path] = ()
    skipped: int = 0

    def check(self) -> None:
        """Raise InputError where a path is missing, unreadable by its ending, or a folder without notes."""
        for path in self.paths:
            if path == STDIN:
                continue
            if not os.path.exists(path):
                raise InputError(f"no such file or folder: {path}")
            if os.path.isdir(path):
                if not any(True for _ in self._files(path)):
                    raise InputError(f"no notes ({', '.join('.' + name for name in FORMATS)}) in folder: {path}")
            elif self._format(path) is None:
                known = ", ".join("." + name for name in FORMATS)
                raise InputError(f"unknown ending: {path} (known: {known}; or give --format)")

    def total(self) -> int | None:
        """How many notes there are, where the names alone tell (one a text file), else None."""
        count = 0
        for path in self.paths:
            for file in self._files(path) if os.path.isdir(path) else [path]:
                if file == STDIN or self._format(file) != "txt":
                    return None
                count += 1
        return count

    def __iter__(self) -> Iterator[Note | Reject]:
        self.skipped = 0
        seen: set[str] = set()
        for item in self._items():
            if isinstance(item, Note):
                if item.note_id in seen:
                    source = item.metadata["source_file"]
                    yield Reject(item.note_id, "duplicate id: an earlier note of the batch has it", source)
                    continue
                seen.add(item.note_id)
            yield item

    def _items(self) -> Iterator[Note | Reject]:
        for path in self.paths:
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
        reader = FORMATS[self._format(path) or "txt"]
        try:
            with open(path, "rb") as stream:
                yield from _sourced(reader(stream, os.path.basename(path), self.options), shown)
        except OSError as error:
            yield _unopened(shown, error)

    def _standard_input(self) -> Iterator[Note | Reject]:
        stream = sys.stdin.buffer
        assert isinstance(stream, BufferedReader)
        kind = self.format or ("jsonl" if re.match(rb'\s*\{\s*"', stream.peek(64)) else "txt")
        yield from _sourced(FORMATS[kind](stream, "stdin", self.options), "stdin")

    def _format(self, path: str) -> str | None:
        ending = os.path.splitext(path)[1][1:].lower()
        return self.format or (ending if ending in FORMATS else None)

    def _files(
        self, folder: str, onerror: Callable[[OSError], None] | None = None, count: bool = False
    ) -> Iterator[str]:
        excluded = {os.path.abspath(path) for path in self.exclude}
        for where, folders, files in os.walk(folder, onerror=onerror):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                path = os.path.join(where, name)
                ending = os.path.splitext(name)[1][1:].lower()
                if name.startswith(".") or os.path.abspath(path) in excluded or not os.path.isfile(path):
                    continue
                if ending in FORMATS and self.format in (None, ending):
                    yield path
                elif count:
                    self.skipped += 1


def _sourced(items: Iterator[Note | Reject], shown: str) -> Iterator[Note | Reject]:
    """Name the file on every item."""
    for item in items:
        if isinstance(item, Note):
            yield replace(item, metadata={**item.metadata, "source_file": shown})
        else:
            yield replace(item, source=shown)


def _unopened(shown: str, error: OSError) -> Reject:
    return Reject(shown, f"cannot be read ({type(error).__name__})", shown)
