"""Compressed files, archives and patterns of names; what is cut off is said, and what came before it is kept."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from extractor.note import Note
from extractor.sources import InputError, Inputs, Reject
from extractor.sources.seen import Seen

LINES = [json.dumps({"note_id": f"n{i}", "text": os.urandom(40).hex()}) for i in range(5000)]
DATA = "\n".join(LINES).encode()
PACK: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def items(*paths: Path, **options: object) -> list[Note | Reject]:
    inputs = Inputs([str(path) for path in paths], **options)  # type: ignore[arg-type]
    inputs.check()
    return list(inputs)


@pytest.mark.parametrize("ending", PACK)
def test_a_packed_file_reads_as_the_file(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"n.jsonl.{ending}").write_bytes(PACK[ending](DATA))
    (tmp_path / f"one.txt.{ending}").write_bytes(PACK[ending](b"left"))
    found = items(tmp_path)
    assert [note.note_id for note in found if isinstance(note, Note)] == [*(f"n{i}" for i in range(5000)), "one"]


@pytest.mark.parametrize("ending", PACK)
def test_a_cut_off_file_keeps_what_came_before(tmp_path: Path, ending: str) -> None:
    packed = PACK[ending](DATA)
    (tmp_path / f"n.jsonl.{ending}").write_bytes(packed[: len(packed) * 3 // 4])
    (tmp_path / "z.txt").write_bytes(b"last")
    *read, broken, last = items(tmp_path)
    assert isinstance(last, Note)
    assert isinstance(broken, Reject)
    assert "compressed file cannot be read" in broken.reason
    assert [n.note_id for n in read if isinstance(n, Note)] == [f"n{i}" for i in range(len(read))]
    assert len(read) > 100 or ending == "bz2"  # bzip2 unpacks in large blocks


@pytest.mark.parametrize("ending", [*PACK, "zip"])
def test_what_is_not_packed_at_all(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"n.jsonl.{ending}" if ending != "zip" else tmp_path / "n.zip").write_bytes(DATA[:500])
    (item,) = items(tmp_path)
    assert isinstance(item, Reject)
    assert "compressed file cannot be read" in item.reason


def test_an_archive_member_by_member(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "night.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b/two.txt", "two")
        archive.writestr("../one.txt", "one")
        archive.writestr("n.jsonl", '{"note_id": "j", "text": "x"}')
        archive.writestr("scan.pdf", "%PDF")
        archive.writestr("__MACOSX/one.txt", "no")
    inputs = Inputs([str(tmp_path / "night.zip")])
    inputs.check()
    found = list(inputs)
    assert [note.note_id for note in found if isinstance(note, Note)] == ["two", "one", "j"]
    assert [note.metadata["source_file"] for note in found if isinstance(note, Note)][0] == "night.zip:b/two.txt"
    assert inputs.skipped == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["night.zip"]


def test_a_damaged_member_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "night.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.txt", "one one one")
        archive.writestr("b.txt", "two")
    path.write_bytes(path.read_bytes().replace(b"one one one", b"one 0ne one"))
    bad, good = items(path)
    assert isinstance(bad, Reject)
    assert bad.id == "night.zip:a.txt"
    assert isinstance(good, Note)


def test_patterns(tmp_path: Path) -> None:
    for name in ("a/1.txt", "b/2.txt", "b/3.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [n.note_id for n in items(tmp_path / "*" / "*.txt") if isinstance(n, Note)] == ["1", "2"]
    assert [n.note_id for n in items(tmp_path / "**" / "2.*") if isinstance(n, Note)] == ["2"]
    (tmp_path / "odd[1].txt").write_text("x")
    assert [n.note_id for n in items(tmp_path / "odd[1].txt") if isinstance(n, Note)] == ["odd[1]"]
    with pytest.raises(InputError, match="no file matches"):
        items(tmp_path / "*.hl7")


def test_parquet_is_not_packed_again(tmp_path: Path) -> None:
    (tmp_path / "n.parquet.gz").write_bytes(b"")
    with pytest.raises(InputError, match="unpack it first"):
        items(tmp_path / "n.parquet.gz")


def test_seen_is_a_set() -> None:
    seen = Seen()
    keys = [str(n).encode() for n in range(20_000)]
    assert all(seen.add(key) for key in keys)
    assert not any(seen.add(key) for key in keys)
    assert all(key in seen for key in keys)
    assert b"other" not in seen
