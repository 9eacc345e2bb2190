"""Every source on what it should read and on what it must refuse, each as bytes."""

from __future__ import annotations

import codecs
import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from extractor.note import Note
from extractor.sources import InputError, Inputs, Options, Reject, delimited, jsonl, text

Reader = Callable[..., Iterator[Note | Reject]]


def read(reader: Reader, data: bytes, **options: object) -> list[Note | Reject]:
    return list(reader(io.BytesIO(data), "f.x", Options(**options)))  # type: ignore[arg-type]


def ids_and_texts(items: list[Note | Reject]) -> list[tuple[str, str]]:
    return [(i.note_id, i.text) if isinstance(i, Note) else (i.id, f"REJECT {i.reason}") for i in items]


class TestText:
    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            (b"left\r\nbreast\r", "left\r\nbreast\r"),  # line ends stay: offsets are into the text as given
            (b"", ""),
            (b" \n\t", " \n\t"),
            (codecs.BOM_UTF8 + "é".encode(), "é"),
            (codecs.BOM_UTF16_LE + "wire\r\n".encode("utf-16-le"), "wire\r\n"),
            (codecs.BOM_UTF16_BE + "wire 😀".encode("utf-16-be"), "wire 😀"),
            ("mama izquierda, guía ecográfica".encode(), "mama izquierda, guía ecográfica"),
        ],
    )
    def test_reads(self, data: bytes, expected: str) -> None:
        assert read(text.read, data) == [Note("f", expected, {})]

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"breast \xff\xfe", "not valid UTF-8 (at byte 7)"),
            (b"\x89PNG\r\n\x1a\n\0\0", "binary data"),
            (b"left\0breast", "contains NUL (at character 4)"),
            ("left".encode("utf-16-le"), "contains NUL"),  # no mark: could be anything
            (codecs.BOM_UTF16_LE + b"\x00\xd8a\x00", "not valid UTF-16-LE"),  # half a character
            (b"x" * 1001, "larger than the limit of 1,000 bytes"),
        ],
    )
    def test_refuses(self, data: bytes, reason: str) -> None:
        (item,) = read(text.read, data, max_bytes=1000)
        assert isinstance(item, Reject)
        assert reason in item.reason
        assert item.id == "f"

    def test_other_encoding_by_option(self) -> None:
        assert read(text.read, b"5\xb0 \xe9", encoding="cp1252") == [Note("f", "5° é", {})]

    def test_limit_counts_bytes(self) -> None:
        assert isinstance(read(text.read, ("é" * 500).encode(), max_bytes=1000)[0], Note)
        assert isinstance(read(text.read, ("é" * 501).encode(), max_bytes=1000)[0], Reject)


class TestJsonLines:
    def test_reads_in_order_and_keeps_the_rest_as_metadata(self) -> None:
        data = b'{"note_id": "a", "text": "x\\r\\ny", "date": "2026-01-02"}\n\n{"note_id": 7, "text": ""}'
        assert read(jsonl.read, data) == [Note("a", "x\r\ny", {"date": "2026-01-02"}), Note("7", "", {})]

    def test_a_bad_line_costs_only_itself(self) -> None:
        lines = [
            b'{"note_id": "a", "text": "one"}',
            b"{not json",
            b"[1, 2]",
            b'{"text": "no id"}',
            b'{"note_id": "b"}',
            b'{"note_id": "c", "text": 5}',
            b'{"note_id": " ", "text": "x"}',
            b'{"note_id": true, "text": "x"}',
            b'{"note_id": "d", "text": "half \\ud83d character"}',
            b'{"note_id": "e", "text": "nul \\u0000"}',
            b'{"note_id": "f", "text": "\xff"}',
            b'{"note_id": "half \\udc00", "text": "x"}',
            b'{"note_id": "g", "text": "' + b"x" * 300 + b'"}',
            b"[" * 100_000,
            b'{"note_id": "z", "text": "last \\ud83d\\ude00"}',
        ]
        found = ids_and_texts(read(jsonl.read, b"\n".join(lines), max_bytes=200))
        assert found == [
            ("a", "one"),
            ("f.x:2", "REJECT line is not valid JSON (at column 2)"),
            ("f.x:3", "REJECT line is not a JSON object"),
            ("f.x:4", "REJECT note_id is missing or no string"),
            ("b", "REJECT text is missing or no string"),
            ("c", "REJECT text is missing or no string"),
            ("f.x:7", "REJECT note_id is empty"),
            ("f.x:8", "REJECT note_id is missing or no string"),
            ("d", "REJECT contains a lone surrogate (at character 5)"),
            ("e", "REJECT contains NUL (at character 4): binary data, not text"),
            ("f.x:11", "REJECT not valid UTF-8"),
            ("f.x:12", "REJECT note_id contains a lone surrogate (at character 5)"),
            ("g", "REJECT larger than the limit of 200 bytes"),
            ("f.x:14", "REJECT larger than the limit of 200 bytes"),
            ("z", "last 😀"),
        ]

    def test_deep_nesting_is_a_reject(self) -> None:
        (item,) = read(jsonl.read, b"[" * 100_000)
        assert isinstance(item, Reject)
        assert "JSON" in item.reason

    def test_utf16_and_names_of_keys(self) -> None:
        data = ('{"id": "a", "report": "é"}\n' * 1).encode("utf-16")
        assert read(jsonl.read, data, id_column="id", text_column="report") == [Note("a", "é", {})]

    def test_utf16_that_breaks_off_names_the_rest(self) -> None:
        data = '{"note_id": "a", "text": "x"}\n{"note_id": "b", "text": "y"}\n'.encode("utf-16")[:-3]
        found = ids_and_texts(read(jsonl.read, data))
        # How much of the file is decoded ahead is not said; that something is missing is.
        assert found[-1][1] == "REJECT from this line on the file cannot be decoded"


class TestDelimited:
    def test_reads_quoted_lines_and_metadata(self) -> None:
        data = b'note_id,date,text\r\na,2026,"left\r\nbreast, ""L"""\r\n\r\nb,,\r\n'
        assert read(delimited.read, data) == [
            Note("a", 'left\r\nbreast, "L"', {"date": "2026"}),
            Note("b", "", {"date": ""}),
        ]

    def test_a_bad_row_costs_only_itself(self) -> None:
        data = (
            b"note_id,text\na,one\nb\nc,x,y\n,no id\nd,\xff\n"
            + b'e,"'
            + b'x, ""\n' * 40_000
            + b'"\nf,"bad"quote\ng,last\n'
        )
        found = ids_and_texts(read(delimited.read, data, max_bytes=1000))
        assert found == [
            ("a", "one"),
            ("f.x:3", "REJECT row has 1 fields, the header 2"),
            ("f.x:4", "REJECT row has 3 fields, the header 2"),
            ("f.x:5", "REJECT note_id is empty"),
            ("f.x:6", "REJECT not valid UTF-8"),
            ("f.x:7", "REJECT larger than the limit of 1,000 bytes"),
            ("f.x:40008", "REJECT row is not valid CSV"),
            ("g", "last"),
        ]

    def test_a_quote_that_never_closes_says_how_far_it_reached(self) -> None:
        found = ids_and_texts(read(delimited.read, b'note_id,text\na,"open\nb,two\nc,three\n'))
        assert found == [("f.x:2", "REJECT row is not valid CSV (up to line 4)")]

    @pytest.mark.parametrize("header", [b"", b"id,text\n", b"note_id,text,text\n", b"\xff\n"])
    def test_a_header_without_the_columns(self, header: bytes) -> None:
        (item,) = read(delimited.read, header + b"a,b\n")
        assert isinstance(item, Reject)
        assert "column" in item.reason

    def test_names_of_columns_and_bom(self) -> None:
        data = codecs.BOM_UTF8 + b"mrn,report\n1,x\n"
        assert read(delimited.read, data, id_column="mrn", text_column="report") == [Note("1", "x", {})]

    def test_a_large_note_is_read(self) -> None:
        body = "left breast wire\n" * 60_000
        (note,) = read(delimited.read, f'note_id,text\na,"{body}"\n'.encode())
        assert isinstance(note, Note)
        assert note.text == body


class TestInputs:
    def test_folder_is_read_recursively_in_order_of_name(self, tmp_path: Path) -> None:
        for name in ("b/2.txt", "b/1.txt", "a.txt", "c.jsonl", "skip.pdf", ".hidden.txt", ".git/x.txt"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text('{"note_id": "j", "text": "x"}' if name.endswith("jsonl") else name)
        inputs = Inputs([str(tmp_path)])
        found = list(inputs)
        assert [note.note_id for note in found if isinstance(note, Note)] == ["a", "j", "1", "2"]
        assert [note.metadata["source_file"] for note in found if isinstance(note, Note)][2] == "b/1.txt"
        assert inputs.skipped == 1
        assert inputs.total() is None

    def test_how_much_was_taken_is_known_while_it_is_read(self, tmp_path: Path) -> None:
        line = '{"note_id": "%d", "text": "' + "x" * 5000 + '"}\n'
        (tmp_path / "a.jsonl").write_text("".join(line % n for n in range(100)))
        (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress("".join(line % n for n in range(100, 200)).encode()))
        (tmp_path / "c.txt").write_text("x")
        inputs = Inputs([str(tmp_path)])
        assert inputs.size() == sum(path.stat().st_size for path in tmp_path.iterdir())
        taken = [inputs.taken() for _ in inputs]
        assert taken == sorted(taken)
        assert 0 < taken[0] < taken[50] < taken[99] <= taken[100] <= inputs.taken() == inputs.size()
        assert Inputs(["-", str(tmp_path)]).size() == 0

    def test_a_second_note_of_an_id_is_refused_and_named(self, tmp_path: Path) -> None:
        for name in ("a/n.txt", "b/n.txt"):
            (tmp_path / name).parent.mkdir()
            (tmp_path / name).write_text("x")
        first, second = Inputs([str(tmp_path)])
        assert isinstance(first, Note)
        assert second == Reject("n", "duplicate id: an earlier note of the batch has it", "b/n.txt")

    def test_the_output_in_an_input_folder_is_no_input(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("x")
        (tmp_path / "out.jsonl").write_text("{}")
        assert len(list(Inputs([str(tmp_path)], exclude=[tmp_path / "out.jsonl"]))) == 1

    def test_a_broken_link_and_a_vanished_file_lose_nothing_else(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("x")
        (tmp_path / "b.txt").write_text("y")
        items = iter(Inputs([str(tmp_path)]))
        assert isinstance(next(items), Note)
        (tmp_path / "b.txt").unlink()
        gone = list(items)
        assert all(isinstance(each, Reject) and "cannot be read" in each.reason for each in gone)

    @pytest.mark.parametrize("name", ["missing.txt", "odd.docx", "empty"])
    def test_what_cannot_be_a_batch(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "odd.docx").write_text("x")
        (tmp_path / "empty").mkdir()
        with pytest.raises(InputError):
            Inputs([str(tmp_path / name)]).check()

    def test_format_overrides_the_ending(self, tmp_path: Path) -> None:
        path = tmp_path / "feed.log"
        path.write_text(json.dumps({"note_id": "a", "text": "x"}))
        inputs = Inputs([str(path)], format="jsonl")
        inputs.check()
        assert [type(each) for each in inputs] == [Note]
