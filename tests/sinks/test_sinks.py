"""Outputs: whole or not there, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path

import pytest

from extractor import sinks
from extractor.note import Note
from extractor.result import build_result
from extractor.sinks import flat
from extractor.sources import Reject
from tests.result.test_result import PROVENANCE, flag, recommendation, result
from tests.samples import NOTE, findings


def test_jsonl_is_one_line_a_note(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with sinks.results(out) as write:
        write(result())
        write(result())
    lines = out.read_bytes().split(b"\n")
    assert len(lines) == 3
    assert lines[2] == b""
    assert json.loads(lines[0])["note_id"] == "n-1"


def test_csv_columns_and_values(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with sinks.results(out) as write:
        write(result())
    with open(out, encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert list(row) == list(flat.COLUMNS)
    assert row["codes"] == "19283-LT"
    assert row["missing"] == "consent"
    assert row["conflicting"] == "laterality"
    assert row["devices"] == "wire:1"
    assert row["candidates"] == "if the side is right: 19283-LT"
    assert row["audit_verdict"] == ""


@pytest.mark.parametrize("note_id", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_csv_runs_no_formula(note_id: str) -> None:
    table = io.StringIO(newline="")
    note = Note(note_id, NOTE.text)
    flat.writer(table)(build_result(note, findings(), recommendation(), [flag()], PROVENANCE))
    table.seek(0)
    assert [row["note_id"] for row in csv.DictReader(table)] == ["'" + note_id]


def test_nothing_stays_of_a_run_that_fails(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("earlier")

    def fail() -> None:
        with sinks.results(out) as write:
            write(result())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert out.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [out]


def test_a_written_file_is_as_readable_as_any(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    with sinks.atomic(tmp_path / "out.jsonl"):
        pass
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_rejects_stand_beside_the_output_and_go_when_there_are_none(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    beside = tmp_path / "out.jsonl.rejects.jsonl"
    with sinks.rejects(out) as write:
        write(Reject("half \udc80 id", "reason", "f.jsonl", 3))
    assert json.loads(beside.read_text(encoding="ascii")) == {
        "id": "half \udc80 id", "reason": "reason", "source": "f.jsonl", "line": 3,
    }  # fmt: skip
    with sinks.rejects(out):
        pass
    assert not beside.exists()


def test_unknown_ending() -> None:
    with pytest.raises(ValueError, match="unknown ending"):
        sinks.format_of(Path("out.xlsx"))
