"""Whatever comes in comes out: as the note it was, or as one reject."""

from __future__ import annotations

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from extractor.note import Note
from extractor.sources import Options, Reject, delimited, jsonl, text

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
IDS = TEXTS.filter(str.strip)


@given(st.binary())
def test_any_bytes_are_one_note_or_one_reject(data: bytes) -> None:
    (item,) = text.read(io.BytesIO(data), "f.txt", Options())
    if isinstance(item, Note):
        assert data.decode("utf-8-sig" if data[:2] not in (b"\xff\xfe", b"\xfe\xff") else "utf-16") == item.text


@given(st.lists(st.tuples(IDS, TEXTS)))
def test_jsonl_round_trip(notes: list[tuple[str, str]]) -> None:
    data = "".join(json.dumps({"note_id": i, "text": t}, ensure_ascii=False) + "\n" for i, t in notes).encode()
    assert list(jsonl.read(io.BytesIO(data), "f", Options())) == [Note(i, t) for i, t in notes]


@given(st.lists(st.tuples(IDS, TEXTS)), st.sampled_from(["utf-8", "utf-16"]))
def test_csv_round_trip(notes: list[tuple[str, str]], encoding: str) -> None:
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(["note_id", "text"])
    writer.writerows(notes)
    data = table.getvalue().encode(encoding)
    assert list(delimited.read(io.BytesIO(data), "f", Options())) == [Note(i, t) for i, t in notes]


@given(st.lists(st.binary().map(lambda line: line.replace(b"\n", b""))))
def test_a_jsonl_line_is_a_note_a_reject_or_blank(lines: list[bytes]) -> None:
    good = json.dumps({"note_id": "good", "text": "x"}).encode()
    data = good + b"\n" + b"\n".join([*lines, good])
    items = list(jsonl.read(io.BytesIO(data), "f", Options()))
    assert items[0] == items[-1] == Note("good", "x")
    shown = sum(1 for line in lines if line.decode("utf-8", "surrogateescape").strip())
    assert len(items) == shown + 2


@given(st.binary())
def test_any_csv_bytes_end_without_an_error(data: bytes) -> None:
    for item in delimited.read(io.BytesIO(b"note_id,text\n" + data), "f", Options()):
        assert isinstance(item, Note | Reject)


@given(st.text(alphabet='a",\n\r ', max_size=60), st.integers(1, 40))
def test_a_record_over_the_limit_ends_where_it_would_have(body: str, limit: int) -> None:
    """What an oversized record loses is its text, never the place where the next one begins."""

    def ends(of: int) -> list[tuple[int, int]]:
        lines = delimited._Lines(iter(io.StringIO(body, newline="\n")), of)
        rows = csv.reader(lines, strict=True)
        found = []
        while True:
            lines.taken = 0
            try:
                found.append((len(next(rows)), lines.number))
            except csv.Error:
                found.append((-1, lines.number))
            except StopIteration:
                return found

    assert ends(limit) == ends(10_000)
