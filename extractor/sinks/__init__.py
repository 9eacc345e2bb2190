"""Where results go: JSON lines, CSV, Parquet or SQLite, to a file or to standard output, and the rejects beside it.

Knows the result's shape and nothing of how it was made. A file appears under its name only when it is whole.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from extractor.result import Result
from extractor.sinks import flat, parquet, sqlite, worklist
from extractor.sources.common import Reject

Writer = Callable[[Result], None]


def _json_lines(stream: IO[str]) -> Writer:
    def write(result: Result) -> None:
        stream.write(result.to_json() + "\n")

    return write


@contextmanager
def _as_text(writer: Callable[[IO[str]], Writer], path: Path) -> Iterator[Writer]:
    with open(path, "w", encoding="utf-8", newline="") as file:
        yield writer(file)


FORMATS: dict[str, Callable[[Path], AbstractContextManager[Writer]]] = {
    "jsonl": partial(_as_text, _json_lines),
    "csv": partial(_as_text, flat.writer),
    "parquet": parquet.writer,
    "sqlite": sqlite.writer,
}
"""Writer to a file by format; the format is the ending of the output's name."""

_NEEDS = {"parquet": "pyarrow"}


def format_of(out: Path | None) -> str:
    """The format that an output's ending names (`jsonl` for standard output). Raises ValueError for an unknown one, and
    for one whose library is not installed."""
    ending = out.suffix[1:].lower() if out else "jsonl"
    if ending not in FORMATS:
        raise ValueError(f"unknown ending: {out} (known: {', '.join('.' + name for name in FORMATS)})")
    if ending in _NEEDS and find_spec(_NEEDS[ending]) is None:
        raise ValueError(f"writing {out} needs {_NEEDS[ending]}: install extractor[{ending}]")
    return ending


@contextmanager
def results(out: Path | None) -> Iterator[Writer]:
    """A writer of results to `out` (None: JSON lines on standard output). Nothing stays of a run that raises."""
    kind = format_of(out)
    if out is None:
        stream = sys.stdout
        # Results are UTF-8 with the line ends of JSON lines wherever they run.
        stream.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
        yield _json_lines(stream)
        stream.flush()
        return
    with whole(out) as temporary, FORMATS[kind](temporary) as write:
        yield write


@contextmanager
def worklist_to(out: Path, link: str) -> Iterator[Writer]:
    """A writer of the worklist to `out`; `link` as in `worklist.writer`."""
    with atomic(out) as file:
        yield worklist.writer(file, link)


@contextmanager
def rejects(out: Path | None) -> Iterator[Callable[[Reject], None]]:
    """A writer of rejects to the file beside `out`. Where there are none, no such file stays, not even an old one."""
    lines: list[str] = []
    yield lambda reject: lines.append(reject_line(reject))
    if out is None:
        return
    if lines:
        with atomic(rejects_path(out)) as file:
            file.writelines(lines)
    else:
        rejects_path(out).unlink(missing_ok=True)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A new file beside `path` that takes its name when the block ends well, and leaves nothing behind otherwise."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


@contextmanager
def atomic(path: Path) -> Iterator[IO[str]]:
    """A text file that takes the name `path` when the block ends well, and leaves nothing behind otherwise."""
    with whole(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        yield file


def rejects_path(out: Path) -> Path:
    """Where the rejects of a run with output `out` are written."""
    return out.with_name(out.name + ".rejects.jsonl")


def reject_line(reject: Reject) -> str:
    """One line of JSON: id, reason, source file and its line. Plain ASCII, as ids may hold what UTF-8 cannot."""
    fields = {"id": reject.id, "reason": reject.reason, "source": reject.source, "line": reject.line}
    return json.dumps({**fields, "duplicate": True} if reject.duplicate else fields) + "\n"


def _umask() -> int:
    # mkstemp makes files for the owner only; a finished output is as readable as any file the user makes. The mask can
    # only be read by setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
