"""A name in a note is found nowhere but in the result: not in the vocabulary, logs, pickles, temporary files or errors."""
# ruff: noqa: E501 - programs of a host as they stand

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from extractor import pipeline
from extractor.note import Note
from extractor.pipeline import load, read
from tests.conftest import Command
from tests.hazards.host import CANARY, host

NAMES, RENEW = 420, 100


def test_names_do_not_pile_up_in_the_vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where spaCy has memory zones no name stays at all; elsewhere the pipeline is renewed and forgets."""
    monkeypatch.setattr(pipeline, "_RENEW", RENEW)
    names = [f"Qx{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}vint{chr(97 + i // 676)}" for i in range(NAMES)]
    for number, name in enumerate(names):
        read(Note(str(number), f"Patient {name}. A wire was placed in the left breast."))
    kept = [name for name in names if name in load().vocab.strings]
    assert len(kept) <= (0 if hasattr(load(), "memory_zone") else RENEW)
    assert names[0] not in load().vocab.strings
    assert names[0] not in load().tokenizer._kept


def test_pickles_of_an_extractor_hold_no_name(tmp_path: Path) -> None:
    code = f"""
import pickle
import extractor
made = extractor.load()
made.extract(NOTE)
print(json.dumps("{CANARY}".encode() in pickle.dumps(made)))
"""
    assert host(code, tmp_path)[0] is False


def test_a_batch_leaves_a_name_in_its_result_only(extractor: Command, tmp_path: Path) -> None:
    """The run reads notes that succeed and notes that fail, in a home and a temporary folder of its own."""
    home, temporary, notes = (tmp_path / name for name in ("home", "temporary", "notes"))
    for folder in (home, temporary, notes):
        folder.mkdir()
    good = f"EXAM: Wire localization\nTECHNIQUE: Dr. {CANARY} placed a wire in the left breast under ultrasound guidance.\n"
    (notes / "a.txt").write_text(good, encoding="utf-8")
    (notes / "b.txt").write_bytes(good.encode() + b"\0")
    (notes / "c.txt").write_bytes(good.encode() + b"\xff\xfe")
    (notes / "d.jsonl").write_text(f'{{"note_id": "d1", "text": "{CANARY}\n', encoding="utf-8")
    done = extractor(
        "run", "notes", "-o", "out.jsonl", env={"HOME": str(home), "TMPDIR": str(temporary), "XDG_CACHE_HOME": str(home)}
    )
    assert done.returncode == 1
    name = CANARY.encode()
    assert name not in done.stdout + done.stderr
    holders = [
        str(path.relative_to(tmp_path))
        for path in tmp_path.rglob("*")
        if path.is_file() and name in path.read_bytes() and path.parent != notes
    ]
    assert holders in ([], ["out.jsonl"])
    assert list(temporary.iterdir()) == []
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_a_failure_inside_does_not_quote_the_note(tmp_path: Path) -> None:
    code = f"""
import extractor.api
from extractor.batch import outcomes
from extractor.note import Note
def fails(note):
    raise ValueError("at the words " + note.text)
(reject,) = outcomes([Note("n", NOTE)], fails)
print(json.dumps("{CANARY}" in repr(reject)))
"""
    found, stderr = host(code, tmp_path)
    assert found is False
    assert CANARY not in stderr


def test_no_network_while_reading(tmp_path: Path) -> None:
    code = """
import socket
def refuse(*args, **kwargs):
    raise OSError("network")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
import extractor
print(json.dumps(extractor.extract(NOTE).procedure.type))
"""
    assert host(code, tmp_path)[0] == "localization"


def test_nothing_is_written_beside_the_result(tmp_path: Path) -> None:
    """Every file opened for writing while a note is read, seen by an audit hook of the interpreter."""
    code = """
import extractor
extractor.load()
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" and any(c in str(args[1]) for c in "wax+") else None)
extractor.extract(NOTE)
print(json.dumps([name for name in opened if name != "None"]))
"""
    opened = host(code, tmp_path)[0]
    assert opened == [], json.dumps(opened)
    assert os.listdir(tmp_path) == []
