"""Compressed files as streams: gzip, bzip2, xz, and the members of a zip archive, each under its own name.

Knows bytes, nothing of what they hold. Nothing is unpacked to disk, and memory stays bounded whatever the ratio.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

ENDINGS = ("gz", "bz2", "xz", "zip")

BROKEN: tuple[type[Exception], ...] = (
    EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What reading a broken, truncated or encrypted file raises, beside OSError."""

_OPENERS: dict[str, Callable[[BinaryIO], object]] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}


def split(name: str) -> tuple[str, str | None]:
    """A file's name without the ending of its compression, and that ending (None: not compressed)."""
    stem, dot, ending = name.rpartition(".")
    return (stem, ending.lower()) if dot and ending.lower() in ENDINGS else (name, None)


@contextmanager
def opened(path: str, ending: str | None) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The uncompressed bytes of the file at `path`, which is no zip archive; and the file itself, whose position says
    how much of it was taken."""
    with open(path, "rb") as raw:
        if ending is None:
            yield raw, raw
            return
        with cast(BinaryIO, _OPENERS[ending](raw)) as stream:
            yield stream, raw


def members(path: str) -> list[str]:
    """Names of the files in a zip archive, in their order, without hidden ones. Raises one of BROKEN."""
    with zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
    return [name for name in names if not any(_hidden(part) for part in name.split("/"))]


@contextmanager
def member(path: str, name: str) -> Iterator[BinaryIO]:
    """The bytes of one file in a zip archive."""
    with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
        yield cast(BinaryIO, stream)


def _hidden(part: str) -> bool:
    return part.startswith((".", "__MACOSX")) and part not in (".", "..")
