"""How far a batch has come, so that it can go on after any end: the results so far, the rejects so far, and one record
that says how much of both counts.

Beside OUT stand `OUT.part` (results as JSON lines), `OUT.rejects.jsonl.part` and `OUT.checkpoint`. The record is
replaced as a whole after what it counts is on disk; what stands beyond it is cut off on the way back in. Knows files
and digests, and nothing of what a result says.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO

from extractor import __version__, sinks
from extractor.batch import Tally
from extractor.note import Note
from extractor.result import Result
from extractor.sources.common import Reject

BLOCK = 256
BLOCK_SECONDS = 5.0

_START = b"\0" * 32


class ResumeError(ValueError):
    """The batch cannot be resumed. The message says why and what to do."""


@dataclass(slots=True)
class _Record:
    """What is on disk and counts. `chain` is the digest of all items consumed, each linked to the one before."""

    versions: dict[str, str]
    items: int = 0
    chain: str = _START.hex()
    size: int = 0
    rejects_size: int = 0
    tally: dict[str, Any] = field(default_factory=dict)
    complete: bool = False


def part(out: Path) -> Path:
    """The results so far, as JSON lines whatever the format of `out`."""
    return out.with_name(out.name + ".part")


def rejects_part(out: Path) -> Path:
    """The rejects so far."""
    return out.with_name(out.name + ".rejects.jsonl.part")


def record_path(out: Path) -> Path:
    """The record of how far the batch has come."""
    return out.with_name(out.name + ".checkpoint")


def versions(options: dict[str, Any]) -> dict[str, str]:
    """Digests of all that decides a result: the program, its data (rules, tables, lexicon), its models, and the
    options, with the files that these name."""
    program, data, models = hashlib.sha256(__version__.encode()), hashlib.sha256(), hashlib.sha256()
    for name, content in _package_files():
        of = program if name.endswith(".py") else models if "models/" in name else data
        of.update(f"{name}\0{len(content)}\0".encode() + content)
    given = hashlib.sha256()
    for name, value in sorted(options.items()):
        given.update(f"{name}={value}\0".encode())
        if isinstance(value, str | Path) and Path(value).exists():
            for file in sorted(Path(value).rglob("*")) if Path(value).is_dir() else [Path(value)]:
                if file.is_file():
                    given.update(file.read_bytes())
    found = {"program": program, "rules and tables": data, "models": models, "options": given}
    return {name: digest.hexdigest() for name, digest in found.items()}


def _package_files() -> Iterator[tuple[str, bytes]]:
    root = Path(str(resources.files("extractor")))
    folders = [root]
    # From a clone the models stand beside the package; an installed one has them within.
    if (root.parent / "models").is_dir() and (root.parent / "pyproject.toml").exists():
        folders.append(root.parent / "models")
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder.parent).as_posix()
            if path.is_file() and "__pycache__" not in name and not name.startswith("extractor/corpus"):
                yield name, path.read_bytes()


def link(chain: bytes, item: Note | Reject) -> bytes:
    """The chain with one more item: its id and text, and the status that its source gave it."""
    if isinstance(item, Note):
        parts = ["note", item.note_id, item.text, str(item.metadata.get("report_status"))]
    else:
        parts = ["reject", item.id, item.reason, str(item.line)]
    digest = hashlib.sha256(chain)
    for each in parts:
        raw = each.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little") + raw)
    return digest.digest()


class Journal:
    """The files of one batch while it runs. Made by `begin`."""

    def __init__(self, out: Path, record: _Record) -> None:
        self.out = out
        self.record = record
        self.tally = Tally.from_dict(record.tally)
        self._chain = bytes.fromhex(record.chain)
        self._items = record.items
        # What is complete may have become its output already, and is not opened again.
        self._files: list[BinaryIO] = []
        if not record.complete:
            self._files = [_at(part(out), record.size), _at(rejects_part(out), record.rejects_size)]
        self._since = time.monotonic()

    def skip(self, items: Iterator[Note | Reject]) -> None:
        """Take what the record counts off `items`. Raises ResumeError where these are not the items it counted."""
        chain = _START
        for _ in range(self.record.items):
            item = next(items, None)
            if item is None:
                break
            chain = link(chain, item)
        if chain != self._chain:
            raise ResumeError("the input is not what it was: run again without --resume")

    def add(self, key: bytes, line: bytes | None, reject: bytes | None) -> None:
        """One more item: the chain with it, and its result or its reject."""
        results, rejects = self._files
        if line is not None:
            results.write(line)
        if reject is not None:
            rejects.write(reject)
        self._chain = key
        self._items += 1
        if self._items - self.record.items >= BLOCK or time.monotonic() - self._since > BLOCK_SECONDS:
            self.commit()

    @property
    def chain(self) -> bytes:
        """The chain as far as items were added."""
        return self._chain

    def commit(self, complete: bool = False) -> None:
        """Make everything so far count. Raises OSError where the disk does not take it."""
        for file in self._files:
            file.flush()
            os.fsync(file.fileno())
        self.record.items, self.record.chain = self._items, self._chain.hex()
        self.record.size, self.record.rejects_size = (file.tell() for file in self._files)
        self.record.tally, self.record.complete = self.tally.to_dict(), complete
        _write_record(self.out, self.record)
        self._since = time.monotonic()

    def close(self) -> None:
        """Close the files, as they are."""
        for file in self._files:
            # What a full disk did not take is not counted by the record, and is cut off at the next start.
            with suppress(OSError):
                file.close()

    def finish(self, worklist: Path | None = None, link: str = "") -> None:
        """Turn the parts into the outputs, and remove what a further run would resume. Can be repeated after a kill."""
        if not self.record.complete:
            self.commit(complete=True)
        self.close()
        results, rejects = part(self.out), rejects_part(self.out)
        if results.exists():
            if worklist is not None:
                with sinks.worklist_to(worklist, link) as write:
                    _each_result(results, write)
            if sinks.format_of(self.out) == "jsonl":
                os.replace(results, self.out)
            else:
                with sinks.results(self.out) as write:
                    _each_result(results, write)
        if rejects.exists():
            if self.record.rejects_size:
                os.replace(rejects, sinks.rejects_path(self.out))
            else:
                sinks.rejects_path(self.out).unlink(missing_ok=True)
        self.remove()

    def remove(self) -> None:
        """Remove the record and the parts."""
        for path in (part(self.out), rejects_part(self.out), record_path(self.out)):
            path.unlink(missing_ok=True)


def begin(out: Path, wanted: dict[str, str], resume: bool) -> Journal:
    """The journal of a batch, anew or as it was left. Without a record there is nothing to resume, and it begins anew.

    Raises ResumeError where the record was made by another program, other rules or other options.
    """
    record = _read_record(out) if resume else None
    if record is not None:
        changed = [name for name, digest in wanted.items() if record.versions.get(name) != digest]
        if changed:
            raise ResumeError(
                f"the batch was begun with other {' and other '.join(changed)}; results of both must not stand in one "
                "output: run again without --resume"
            )
        # A complete batch may have lost its parts to its output already.
        sizes = ((part(out), record.size), (rejects_part(out), record.rejects_size))
        short = [path for path, size in sizes if _size(path) < size]
        if short and not record.complete:
            raise ResumeError(f"the results so far are missing or cut short ({short[0].name}): run without --resume")
    else:
        record_path(out).unlink(missing_ok=True)
        record = _Record(wanted)
    return Journal(out, record)


def _each_result(path: Path, write: sinks.Writer) -> None:
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            write(Result.model_validate_json(line))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _at(path: Path, size: int) -> BinaryIO:
    """The file opened for writing after its first `size` bytes, the rest cut off."""
    file = open(path, "r+b" if path.exists() else "w+b")  # noqa: SIM115 - the journal closes it
    file.truncate(size)
    file.seek(size)
    return file


def _read_record(out: Path) -> _Record | None:
    path = record_path(out)
    if not path.exists():
        return None
    try:
        return _Record(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise ResumeError(f"{path.name} is no record of a batch: run again without --resume") from None


def _write_record(out: Path, record: _Record) -> None:
    path = record_path(out)
    temporary = path.with_name(f".{path.name}.tmp")
    fields = {name: getattr(record, name) for name in _Record.__slots__}
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(fields, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
