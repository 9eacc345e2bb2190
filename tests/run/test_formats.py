"""The same notes give the same results whichever way they come in and however many processes read them."""

from __future__ import annotations

import base64
import csv
import json
from pathlib import Path

import pytest

from extractor.note import Note
from extractor.sources import Inputs
from tests.conftest import Command

ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\r": "\\X0D\\", "\n": "\\.br\\"}


def notes(corpus: Path) -> list[tuple[str, str]]:
    paths = sorted(corpus.glob("*/*.txt"))[::15]
    found = [(path.stem, path.read_bytes().decode()) for path in paths]
    again = found[0][1].replace("\n", "\r\n") + "Another one."
    return [*found, ("crlf", again), ("odd", "  left ~ 5 | 6 ^ \\T\\ & 😀 é\n\n wire  \n")]


def write(folder: Path, given: list[tuple[str, str]]) -> dict[str, str]:
    """Every format that holds the notes, by name."""
    made = {"text": "txt", "jsonl": "n.jsonl", "csv": "n.csv", "hl7": "n.hl7", "ndjson": "n.ndjson", "bundle": "n.json"}
    (folder / "txt").mkdir()
    for note_id, text in given:
        (folder / "txt" / f"{note_id}.txt").write_bytes(text.encode())
    in_order = sorted(given, key=lambda note: f"{note[0]}.txt")
    (folder / "n.jsonl").write_text("".join(json.dumps({"note_id": i, "text": t}) + "\n" for i, t in in_order))
    with open(folder / "n.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("note_id", "text"), *in_order])
    reports = [
        {
            "resourceType": "DiagnosticReport",
            "id": note_id,
            "status": "final",
            "code": {"text": "ordered otherwise"},
            "presentedForm": [{"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode()}],
        }
        for note_id, text in in_order
    ]
    (folder / "n.ndjson").write_text("".join(json.dumps(each) + "\n" for each in reports))
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in reports]}
    (folder / "n.json").write_text(json.dumps(bundle))
    messages = []
    for number, (note_id, text) in enumerate(in_order):
        escaped = "".join(ESCAPES.get(c, c) for c in text)
        order = f"OBR|1||{note_id}|US^ordered otherwise" + "|" * 21 + "F"
        messages.append(f"MSH|^~\\&|||||||ORU^R01|M{number}|P|2.5\r{order}\rOBX|1|FT|||{escaped}||||||F\r")
    (folder / "n.hl7").write_bytes("".join(messages).encode())
    return made


def test_every_source_gives_the_same_notes(corpus: Path, tmp_path: Path) -> None:
    given = notes(corpus)
    expected = sorted(given, key=lambda note: f"{note[0]}.txt")
    made = write(tmp_path, given)
    if _has_pyarrow():
        made["parquet"] = _parquet(tmp_path, expected)
    for name, path in made.items():
        found = [(item.note_id, item.text) for item in Inputs([str(tmp_path / path)]) if isinstance(item, Note)]
        assert found == expected, name


def test_every_source_and_number_of_workers_gives_the_same_results(
    extractor: Command, corpus: Path, tmp_path: Path
) -> None:
    made = write(tmp_path, notes(corpus))

    def results(path: str, workers: int) -> list[dict[str, object]]:
        done = extractor("run", path, "--workers", workers, "--no-models")
        assert done.returncode == 0, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        for row in rows:
            row.pop("source", None)  # what the feed knew besides
        return rows

    expected = results(made["text"], 0)
    assert len(expected) > 10
    for name, workers in (("jsonl", 1), ("csv", 2), ("hl7", 2), ("ndjson", 1), ("bundle", 0)):
        assert results(made[name], workers) == expected, name


def _has_pyarrow() -> bool:
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def _parquet(folder: Path, given: list[tuple[str, str]]) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"note_id": [i for i, _ in given], "text": [t for _, t in given]}), folder / "n.parquet")
    return "n.parquet"


FAULTS = {
    "no permission": "cannot be read (PermissionError)",
    "broken parquet": "no Parquet file, or a broken one",
    "truncated gzip": "from here on the compressed file cannot be read (EOFError)",
    "invalid UTF-8": "not valid UTF-8 (at byte 5)",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_file_costs_only_itself(extractor: Command, tmp_path: Path, fault: str) -> None:
    """Named with its reason, the notes before and after it read, status 1."""
    import gzip
    import os

    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("one")
    (folder / "z.txt").write_text("two")
    if fault == "no permission":
        (folder / "m.txt").write_text("x")
        (folder / "m.txt").chmod(0)
        if os.access(folder / "m.txt", os.R_OK):
            pytest.skip("this user may read everything")
    elif fault == "broken parquet":
        pytest.importorskip("pyarrow", reason="the extra parquet")
        (folder / "m.parquet").write_bytes(b"PAR1" + b"\0" * 50)
    elif fault == "truncated gzip":
        packed = gzip.compress(b"left breast wire localization" * 50)
        (folder / "m.txt.gz").write_bytes(packed[:-9])
    else:
        (folder / "m.txt").write_bytes(b"left \xff breast")
    done = extractor("run", folder, "-o", "out.jsonl", "--no-models", "--workers", "1")
    assert done.returncode == 1, done.stderr
    assert [json.loads(line)["note_id"] for line in (tmp_path / "out.jsonl").read_text().splitlines()] == ["a", "z"]
    (reject,) = (json.loads(line) for line in (tmp_path / "out.jsonl.rejects.jsonl").read_text().splitlines())
    assert reject["reason"] == FAULTS[fault]
    assert reject["id"].startswith("m")
