"""Parquet, SQLite and the worklist: what goes in comes out, with its types."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from extractor import sinks
from extractor.note import Note
from extractor.result import Result, build_result
from extractor.sinks import flat, schema, worklist
from tests.result.test_result import PROVENANCE, flag, recommendation, result
from tests.samples import NOTE, findings


def fed() -> Result:
    """A result whose note came from a feed."""
    known = {"format": "hl7", "report_status": "final", "order_text": "=US LOC", "places": ((0, 9, "OBX[1].5[1]"),)}
    note = Note("n/2 é", NOTE.text, known)
    return build_result(note, findings(), recommendation(), [flag()], PROVENANCE)


def write(out: Path, *given: Result) -> None:
    with sinks.results(out) as each:
        for one in given:
            each(one)


def test_the_schema_has_every_field_of_the_contract() -> None:
    names = list(json.loads(fed().to_json()))
    assert [*names[:-1], "audit", "source"] == list(schema.result_type().fields)
    assert schema.ddl().startswith("`schema_version` string, `note_id` string, `procedure` struct<`type`: string")
    assert "`evidence`: map<string, array<struct<`start`: bigint, `end`: bigint, `text`: string" in schema.ddl()
    assert "`readings`: array<struct<`value`: string" in schema.ddl()


class TestParquet:
    @pytest.fixture(autouse=True)
    def _needs_pyarrow(self) -> None:
        pytest.importorskip("pyarrow", reason="the extra parquet")

    def test_round_trip_with_types(self, tmp_path: Path) -> None:
        import pyarrow.parquet as pq

        write(tmp_path / "o.parquet", result(), fed())
        table = pq.read_table(tmp_path / "o.parquet")
        assert table.schema.equals(schema.arrow())
        rows: list[dict[str, Any]] = table.to_pylist(maps_as_pydicts="strict")
        assert rows == [schema.record(result()), schema.record(fed())]
        assert rows[1]["lesions"][0]["location"]["distance_from_nipple_cm"] == 6.0
        assert rows[1]["source"]["places"] == [{"start": 0, "end": 9, "path": "OBX[1].5[1]"}]
        assert rows[0]["source"] is None
        assert [path.name for path in tmp_path.iterdir()] == ["o.parquet"]

    def test_a_batch_of_nothing_and_a_batch_over_several_groups(self, tmp_path: Path) -> None:
        import pyarrow.parquet as pq

        write(tmp_path / "none.parquet")
        assert pq.read_table(tmp_path / "none.parquet").num_rows == 0
        write(tmp_path / "many.parquet", *[result()] * 2500)
        assert pq.ParquetFile(tmp_path / "many.parquet").num_row_groups == 3
        assert pq.read_table(tmp_path / "many.parquet", columns=["note_id"]).num_rows == 2500


def test_records_hold_what_the_json_holds() -> None:
    """Nothing is lost or made up on the way to columns; only a value of no one type becomes a string."""
    shown, kept = json.loads(fed().to_json()), schema.record(fed())
    for element in shown["documentation"]:
        for reading in element["readings"]:
            if not isinstance(reading["value"], str):
                reading["value"] = json.dumps(reading["value"])
    assert kept == {**shown, "audit": None}


def test_sqlite(tmp_path: Path) -> None:
    write(tmp_path / "o.sqlite", result(), fed())
    with closing(sqlite3.connect(tmp_path / "o.sqlite")) as base:
        base.row_factory = sqlite3.Row
        one, two = (dict(row) for row in base.execute("SELECT * FROM results ORDER BY number"))
        assert (one["note_id"], two["note_id"], two["codes"]) == ("n-1", "n/2 é", "19283-LT")
        assert list(one)[1:-1] == list(flat.COLUMNS)
        assert Result.model_validate_json(two["result"]) == fed()
        joined = "SELECT r.note_id, c.code, c.modifiers, l.laterality, l.distance_from_nipple_cm, f.flag "
        joined += "FROM results r JOIN codes c USING (number) JOIN lesions l USING (number) JOIN flags f USING (number)"
        rows = [tuple(row) for row in base.execute(joined)]
        assert rows == [
            ("n-1", "19283", "LT", "left", 6.0, "missing-consent"),
            ("n/2 é", "19283", "LT", "left", 6.0, "missing-consent"),
        ]
        assert base.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_worklist(tmp_path: Path) -> None:
    with sinks.worklist_to(tmp_path / "w.csv", "http://desk/notes/{note_id}") as each:
        each(result())
        each(fed())
    with open(tmp_path / "w.csv", encoding="utf-8", newline="") as file:
        one, two = csv.DictReader(file)
    assert list(one) == list(worklist.COLUMNS)
    assert (one["disposition"], one["codes"], one["top_flag"]) == ("ready", "19283-LT", "missing-consent")
    assert (one["severity"], one["question"]) == ("compliance", "Was consent obtained?")
    assert (one["date_of_service"], one["status"], one["ordered"]) == ("2026-03-02", "", "")
    assert (two["status"], two["ordered"]) == ("final", "'=US LOC")
    assert two["link"] == "http://desk/notes/n%2F2%20%C3%A9"


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet", "sqlite"])
def test_nothing_stays_of_a_run_that_fails(tmp_path: Path, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow", reason="the extra parquet")
    out = tmp_path / f"o.{ending}"
    out.write_text("earlier")

    def fail() -> None:
        with sinks.results(out) as each:
            each(result())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert out.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [out]
