"""The same notes give the same results whichever way they come in and however many processes read them."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from extractor.note import Note
from extractor.sources import Inputs
from tests.conftest import ROOT, Command

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
    ways = [("jsonl", 1), ("jsonl", 2), ("csv", 2), ("hl7", 2), ("ndjson", 1), ("bundle", 0)]
    if _has_pyarrow():
        made["parquet"] = _parquet(tmp_path, sorted(notes(corpus), key=lambda note: f"{note[0]}.txt"))
        ways.append(("parquet", 2))
    for name, workers in ways:
        assert results(made[name], workers) == expected, name


def _has_pyarrow() -> bool:
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def _parquet(folder: Path, given: list[tuple[str, str]]) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"note_id": [i for i, _ in given], "text": [t for _, t in given]}), folder / "n.parquet")
    return "n.parquet"


MORTAL = """
import ctypes, os, sys
if os.geteuid() == 0:
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: gone with the next program
        if libc.prctl(24, capability, 0, 0, 0):
            sys.exit(os.strerror(ctypes.get_errno()))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""A program that runs Python as a user whom permissions bind, root among them."""


def mortal(folder: Path, *args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", MORTAL, "-m", "extractor", *map(str, args)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


FAULTS = {
    "no permission": "cannot be read (PermissionError)",
    "broken parquet": "no Parquet file, or a broken one",
    "truncated gzip": "from here on the compressed file cannot be read (EOFError)",
    "invalid UTF-8": "not valid UTF-8 (at byte 5)",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_file_costs_only_itself(tmp_path: Path, fault: str) -> None:
    """Named with its reason, the notes before and after it read, status 1."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("one")
    (folder / "z.txt").write_text("two")
    if fault == "no permission":
        (folder / "m.txt").write_text("x")
        (folder / "m.txt").chmod(0)
    elif fault == "broken parquet":
        pytest.importorskip("pyarrow", reason="the extra parquet")
        (folder / "m.parquet").write_bytes(b"PAR1" + b"\0" * 50)
    elif fault == "truncated gzip":
        packed = gzip.compress(b"left breast wire localization" * 50)
        (folder / "m.txt.gz").write_bytes(packed[:-9])
    else:
        (folder / "m.txt").write_bytes(b"left \xff breast")
    done = mortal(tmp_path, "run", folder, "-o", "out.jsonl", "--no-models", "--workers", "1")
    assert done.returncode == 1, done.stderr
    assert [json.loads(line)["note_id"] for line in (tmp_path / "out.jsonl").read_text().splitlines()] == ["a", "z"]
    (reject,) = (json.loads(line) for line in (tmp_path / "out.jsonl.rejects.jsonl").read_text().splitlines())
    assert reject["reason"] == FAULTS[fault]
    assert reject["id"].startswith("m")


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of folders are POSIX")
def test_an_output_where_nobody_may_write_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "out").mkdir(mode=0o555)
    done = mortal(tmp_path, "run", "a.txt", "-o", "out/o.jsonl", "--no-models", "--workers", "0")
    assert done.returncode == 3
    assert "the output could not be written (PermissionError" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_a_note_that_its_worker_does_not_survive_costs_only_itself(tmp_path: Path) -> None:
    """Through the command: a worker killed, one that leaves, hangs, and runs out of memory."""
    faults = {
        "die": "the worker died on this note (signal 9)",
        "leave": "the worker died on this note (exit status 3)",
        "hang-inside": "the note took longer than 2 seconds",
        "eat at-once": "the worker ran out of memory on this note",
    }
    texts = [text for fault in faults for text in ("fine", fault)] + ["fine"]
    lines = [json.dumps({"note_id": f"n{n}", "text": text}) for n, text in enumerate(texts)]
    (tmp_path / "n.jsonl").write_text("\n".join(lines))
    command = [sys.executable, "-m", "tests.run.fakes", "run", "n.jsonl", "-o", "o.jsonl", "--timeout", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    ids = [json.loads(line)["note_id"] for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert ids == ["n0", "n2", "n4", "n6", "n8"]
    rejects = [json.loads(line) for line in (tmp_path / "o.jsonl.rejects.jsonl").read_text().splitlines()]
    assert [(each["id"], each["reason"]) for each in rejects] == list(
        zip(["n1", "n3", "n5", "n7"], faults.values(), strict=True)
    )
