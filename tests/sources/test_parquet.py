"""Parquet in, row by row: what is broken costs its row, or says where the file ends."""

from __future__ import annotations

import datetime
import io
from typing import Any

import pytest

from extractor.note import Note
from extractor.sources import Options, Reject, parquet

pa = pytest.importorskip("pyarrow", reason="the extra parquet")
pq = pytest.importorskip("pyarrow.parquet", reason="the extra parquet")


def written(table: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def read(data: bytes, **options: object) -> list[Note | Reject]:
    return list(parquet.read(io.BytesIO(data), "f.parquet", Options(**options)))  # type: ignore[arg-type]


def test_reads_in_order_and_keeps_plain_columns() -> None:
    table = pa.table(
        {
            "note_id": ["a", "b"],
            "text": ["left\r\n😀", ""],
            "date": [datetime.date(2026, 3, 1), None],
            "status": ["final", None],
            "tags": [["x"], []],
        }
    )
    assert read(written(table)) == [
        Note("a", "left\r\n😀", {"date": "2026-03-01", "status": "final"}),
        Note("b", "", {}),
    ]


def test_types_and_names_of_columns() -> None:
    table = pa.table({"id": pa.array([1, 2]), "report": pa.array(["x", "y"]).dictionary_encode()})
    assert read(written(table), id_column="id", text_column="report") == [Note("1", "x", {}), Note("2", "y", {})]


def test_many_rows_over_many_groups() -> None:
    table = pa.table({"note_id": [str(n) for n in range(1000)], "text": ["x"] * 1000})
    found = read(written(table, row_group_size=70))
    assert [note.note_id for note in found if isinstance(note, Note)] == [str(n) for n in range(1000)]


def test_a_bad_row_costs_only_itself() -> None:
    text = pa.array([b"one", b"\xff", None, b"x" * 50, b"last"], pa.binary()).view(pa.string())
    table = pa.table({"note_id": ["a", "b", "c", "d", "e"], "text": text})
    found = [
        (i.note_id, i.text) if isinstance(i, Note) else (i.id, i.reason) for i in read(written(table), max_bytes=20)
    ]
    assert found == [
        ("a", "one"),
        ("f.parquet:2", "row holds a value that is not valid UTF-8"),
        ("c", "text is missing or no string"),
        ("d", "larger than the limit of 20 bytes"),
        ("e", "last"),
    ]


def test_a_file_broken_in_the_middle_says_from_where() -> None:
    table = pa.table({"note_id": [str(n) for n in range(4000)], "text": [f"note {n} " * 20 for n in range(4000)]})
    whole = written(table, row_group_size=1000, compression="zstd", write_statistics=False)
    file = pq.ParquetFile(io.BytesIO(whole))
    start = file.metadata.row_group(2).column(1).data_page_offset
    broken = whole[:start] + b"\0" * 2000 + whole[start + 2000 :]
    found = read(broken)
    assert isinstance(found[-1], Reject)
    assert "from this row on" in found[-1].reason
    assert [note.note_id for note in found[:-1] if isinstance(note, Note)] == [str(n) for n in range(len(found) - 1)]
    assert len(found) > 1000


@pytest.mark.parametrize("data", [b"", b"PAR1", b"note_id,text\na,b\n", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_no_parquet(data: bytes) -> None:
    assert read(data) == [Reject("f.parquet", "no Parquet file, or a broken one", "f.parquet")]


def test_cut_off() -> None:
    data = written(pa.table({"note_id": ["a"], "text": ["x"]}))
    assert read(data[:-10]) == [Reject("f.parquet", "no Parquet file, or a broken one", "f.parquet")]


def test_columns_that_are_not_there() -> None:
    (item,) = read(written(pa.table({"id": ["a"], "text": ["x"]})))
    assert isinstance(item, Reject)
    assert "exactly one column note_id" in item.reason
