"""The real command in a process of its own: inputs, outputs, exit status, and what goes to which stream."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import ROOT, Command

NOTE = (
    "PROCEDURE: Left breast wire localization\n\nTECHNIQUE: Informed consent was obtained. Time-out was performed. "
    "Under ultrasound guidance, a Kopans wire was placed through the mass in the left breast at 2:00. Post-procedure "
    "mammogram shows the wire in the mass.\n\nCOMPLICATIONS: None.\n"
)


def lines(data: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in data.splitlines()]


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note-1.txt"
    path.write_text(NOTE, encoding="utf-8")
    return path


def test_a_note_in_a_result_out(extractor: Command, note: Path) -> None:
    done = extractor("run", note)
    assert done.returncode == 0, done.stderr
    (result,) = lines(done.stdout)
    assert result["note_id"] == "note-1"
    assert result["procedure"]["type"] == "localization"  # type: ignore[index]
    assert done.stderr == b""


def test_corpus_folder_to_a_file(extractor: Command, corpus: Path, tmp_path: Path) -> None:
    done = extractor("run", corpus / "s01", "-o", "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stdout == b""
    found = [result["note_id"] for result in lines((tmp_path / "out.jsonl").read_bytes())]
    assert found == sorted(path.stem for path in (corpus / "s01").glob("*.txt"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl"]


def test_same_results_whatever_the_way_in(extractor: Command, corpus: Path, tmp_path: Path) -> None:
    paths = sorted((corpus / "s05").glob("*.txt"))[:6]
    notes = [(path.stem, path.read_bytes().decode()) for path in paths]
    jsonl = "".join(json.dumps({"note_id": i, "text": t}) + "\n" for i, t in notes)
    (tmp_path / "n.jsonl").write_text(jsonl)
    with open(tmp_path / "n.csv", "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["ID", "Report"])
        table.writerows(notes)
    expected = extractor("run", *paths).stdout
    assert len(lines(expected)) == 6
    assert extractor("run", "n.jsonl").stdout == expected
    assert extractor("run", "-", stdin=jsonl.encode()).stdout == expected
    assert extractor("run", "n.csv", "--id-column", "ID", "--text-column", "Report").stdout == expected


def test_standard_input_is_a_note_unless_it_is_json_lines(extractor: Command) -> None:
    (result,) = lines(extractor("run", "-", stdin=NOTE.encode()).stdout)
    assert result["note_id"] == "stdin"


def test_csv_out(extractor: Command, note: Path, tmp_path: Path) -> None:
    assert extractor("run", note, "-o", "out.csv").returncode == 0
    (row,) = csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8"), newline=""))
    assert row["note_id"] == "note-1"


BAD: dict[str, bytes] = {
    "binary.txt": b"\x7fELF\0\0\0\xff",
    "half.txt": b"left \xed\xa0\x80 breast",
    "huge.txt": b"left breast wire. " * 1_200_000,
    "latin.txt": b"5\xb0 left breast",
    "nul.txt": b"left\0breast",
}
HONEST: dict[str, bytes] = {
    "blank.txt": b" \n\t\r\n",
    "empty.txt": b"",
    "spanish.txt": "Se explica a la paciente el resultado de la densitometría ósea. Sin hallazgos.".encode(),
}
GOOD: dict[str, bytes] = {
    "crlf.txt": NOTE.replace("\n", "\r\n").encode(),
    "good.txt": NOTE.encode(),
    "mark.txt": b"\xef\xbb\xbf" + NOTE.encode(),
    "utf16.txt": NOTE.encode("utf-16"),
}


def test_bad_notes_cost_only_themselves(extractor: Command, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, data in {**BAD, **HONEST, **GOOD}.items():
        (folder / name).write_bytes(data)
    (folder / "z.jsonl").write_bytes(
        b'{"note_id": "z1", "text": ""}\nno json\n{"note_id": "z1", "text": "twice"}\n'
        b'{"note_id": "z2", "text": "\\ud800"}\n'
    )
    done = extractor("run", folder, "-o", "out.jsonl")
    assert done.returncode == 1
    results = {str(r["note_id"]): r for r in lines((tmp_path / "out.jsonl").read_bytes())}
    rejects = lines((tmp_path / "out.jsonl.rejects.jsonl").read_bytes())
    assert set(results) == {Path(name).stem for name in [*HONEST, *GOOD]} | {"z1"}
    assert [r["id"] for r in rejects] == [*(Path(name).stem for name in sorted(BAD)), "z.jsonl:2", "z1", "z2"]
    assert all(r["reason"] for r in rejects)
    for reject in rejects:
        assert f"not read: {reject['id']}".encode() in done.stderr
    for name in [*(Path(name).stem for name in HONEST), "z1"]:
        assert results[name]["recommendation"]["disposition"] == "not_reportable"  # type: ignore[index]
    texts = {"crlf": NOTE.replace("\n", "\r\n"), "good": NOTE, "mark": NOTE, "utf16": NOTE}
    for name, text in texts.items():
        written = json.dumps(results[name], separators=(",", ":"))
        quotes = re.findall(r'"start":(\d+),"end":(\d+),"text":("(?:[^"\\]|\\.)*")', written)
        assert quotes
        assert all(text[int(start) : int(end)] == json.loads(words) for start, end, words in quotes)


def test_a_note_of_a_megabyte_is_read(extractor: Command, tmp_path: Path) -> None:
    (tmp_path / "big.txt").write_text(NOTE + "The patient was comfortable. " * 35_000)
    done = extractor("run", "big.txt")
    assert done.returncode == 0, done.stderr
    assert len(lines(done.stdout)) == 1


def test_stale_rejects_go(extractor: Command, note: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xff")
    assert extractor("run", "bad.txt", note, "-o", "out.jsonl").returncode == 1
    assert (tmp_path / "out.jsonl.rejects.jsonl").exists()
    assert extractor("run", note, "-o", "out.jsonl").returncode == 0
    assert not (tmp_path / "out.jsonl.rejects.jsonl").exists()


@pytest.mark.parametrize(
    "args",
    [
        ["run"],
        ["run", "missing.txt"],
        ["run", "note-1.txt", "-o", "out.xlsx"],
        ["run", "note-1.txt", "-o", "no/such/out.jsonl"],
        ["run", "note-1.txt", "--policy", "invented"],
        ["run", "note-1.txt", "--format", "docx"],
        ["run", "note-1.txt", "--encoding", "klingon"],
        ["run", "n.jsonl", "-o", "n.jsonl"],
        ["run", "note-1.txt", "--no-such-option"],
        ["show"],
        ["show", "missing.txt"],
        ["show", "n.jsonl", "--id", "b"],
        ["evaluate", "."],
        ["no-such-command"],
    ],
)
def test_usage(extractor: Command, note: Path, tmp_path: Path, args: list[str]) -> None:
    (tmp_path / "n.jsonl").write_text('{"note_id": "a", "text": ""}\n')
    done = extractor(*args)
    assert done.returncode == 2, done.stderr
    assert done.stdout == b"" or args == ["run"]
    assert done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to stand for a full disk")
def test_output_that_cannot_be_written(extractor: Command, note: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "extractor", "run", str(note)],
            stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert b"could not be written" in done.stderr


def test_a_batch_that_is_stopped_writes_no_output_and_can_go_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "extractor", "run", "-", "--format", "jsonl", "-o", str(tmp_path / "out.jsonl")]
    # a shell that runs the tests in its background has them ignore what is sent here
    heeds = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, cwd=ROOT, preexec_fn=heeds) as running:
        assert running.stdin
        assert running.stderr
        running.stdin.write(b'no json\n{"note_id": "a", "text": ""}\n')
        running.stdin.flush()
        running.stderr.readline()  # the reject of the first line: the batch has begun and waits for more
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
        assert b"Traceback" not in running.stderr.read()
    assert not (tmp_path / "out.jsonl").exists()
    given = b'no json\n{"note_id": "a", "text": ""}\n{"note_id": "b", "text": ""}\n'
    done = subprocess.run([*command, "--resume"], input=given, stderr=subprocess.PIPE, cwd=ROOT, check=False)
    assert done.returncode == 1, done.stderr
    assert [result["note_id"] for result in lines((tmp_path / "out.jsonl").read_bytes())] == ["a", "b"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "out.jsonl.rejects.jsonl"]


def test_progress_on_a_terminal_only(note: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "extractor", "run", *[str(note)], "-o", str(tmp_path / "o.jsonl")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd=ROOT, check=False)
    os.close(theirs)
    shown = os.read(ours, 100_000)
    os.close(ours)
    assert done.returncode == 0
    assert b"reading notes" in shown
    assert b"1 note: 1" in shown


def test_show_in_the_terminal(extractor: Command, note: Path) -> None:
    done = extractor("show", note)
    assert done.returncode == 0, done.stderr
    shown = done.stdout.decode()
    assert "Kopans" in shown
    assert "evidence:" in shown
    assert "Documentation" in shown


def test_show_as_a_page(extractor: Command, note: Path, tmp_path: Path) -> None:
    done = extractor("show", note, "--html", "page.html")
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert "Kopans" in html


def test_show_one_of_many(extractor: Command, tmp_path: Path) -> None:
    (tmp_path / "n.jsonl").write_text('{"note_id": "a", "text": "one"}\n{"note_id": "b", "text": "two"}\n{broken\n')
    assert "two" in extractor("show", "n.jsonl", "--id", "b").stdout.decode()
    assert extractor("show", "n.jsonl", "--id", "n.jsonl:3").returncode == 1


def test_evaluate_by_style_and_from_results(extractor: Command, corpus: Path, tmp_path: Path) -> None:
    assert extractor("run", corpus / "s02", "-o", "out.jsonl").returncode == 0
    live = extractor("evaluate", corpus / "s02", "--json", "--by-style")
    stored = extractor("evaluate", corpus / "s02", "--results", "out.jsonl", "--json", "--by-style")
    assert live.returncode == stored.returncode == 0, live.stderr
    assert live.stdout == stored.stdout
    table = json.loads(live.stdout)
    assert set(table) == {"all", "s02"}
    assert table["all"]["evidence.offsets"]["accuracy"] == 1.0
    words = extractor("evaluate", corpus / "s02", "--results", "out.jsonl", "--errors", "0").stdout.decode()
    assert re.search(r"disposition +\d\.\d{3}", words)


def test_a_name_in_a_note_is_nowhere_but_in_the_result(extractor: Command, tmp_path: Path) -> None:
    """A canary wherever a note's words could leak: a good note, and one of every kind that is refused."""
    canary = "Quillfeather-Ashgrove"
    folder = tmp_path / "notes"
    folder.mkdir()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    (folder / "a.txt").write_text(f"Patient: {canary}\n{NOTE}Signed: Dr. {canary}\n")
    (folder / "b.txt").write_bytes(f"{canary} \xff".encode("latin-1"))
    (folder / "c.jsonl").write_text(f'{{"note_id": "c", "text": "{canary} \\ud800"}}\n{{"note_id": "x", {canary}\n')
    (folder / "d.csv").write_text(f'note_id,text\nd,{canary},{canary}\n"{canary}\n')
    done = extractor("run", folder, "-o", "out.jsonl", env={"TMPDIR": str(temporary), "PYTHONWARNINGS": "always"})
    assert done.returncode == 1
    assert canary.encode() not in done.stdout + done.stderr
    found = [path.name for path in tmp_path.rglob("*") if path.is_file() and canary.encode() in path.read_bytes()]
    assert sorted(found) == ["a.txt", "b.txt", "c.jsonl", "d.csv", *(["out.jsonl"] if "out.jsonl" in found else [])]
    assert list(temporary.iterdir()) == []
    rejects = (tmp_path / "out.jsonl.rejects.jsonl").read_text()
    assert canary not in rejects
    assert len(rejects.splitlines()) == 5


def test_help_imports_nothing_heavy() -> None:
    """How soon it answers is measured by `tests.benchmarks.startup`; what would make it late is named here."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "extractor", "--help"], capture_output=True, cwd=ROOT, check=True
    )
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.decode().splitlines()}
    assert b"evaluate" in done.stdout
    assert "extractor" in imported
    assert not imported & {"spacy", "medspacy", "pydantic", "sklearn", "numpy", "scipy", "pyarrow", "sqlalchemy"}


def test_importing_the_package_is_free() -> None:
    code = "import sys, extractor; print(sorted({'spacy', 'medspacy', 'pydantic', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True, text=True)
    assert done.stdout == "[]\n"


def test_version(extractor: Command) -> None:
    assert extractor("--version").stdout == b"extractor 0.1.0\n"
