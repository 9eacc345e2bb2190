"""`extractor import`, `users` and `store` as commands: what they load, refuse and keep to themselves."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import update

from extractor.web.store import notes, open_store, schema, worklist
from tests.conftest import CORPUS, Command


def test_import_reads_notes_and_takes_the_results_of_a_batch(extractor: Command, tmp_path: Path) -> None:
    folder = CORPUS / "s01"
    assert extractor("run", folder, "-o", tmp_path / "r.jsonl", "-q").returncode == 0
    first = json.loads((tmp_path / "r.jsonl").read_text().splitlines()[0])["note_id"]
    (tmp_path / "claims.csv").write_text(f"note_id,code,units,modifiers\n{first},19281,1,LT\n")
    made = extractor("import", folder, "--results", tmp_path / "r.jsonl", "--db", tmp_path / "a.db", "--site", "north")
    assert made.returncode == 0
    count = len(list(folder.glob("*.txt")))
    assert f"{count} new".encode() in made.stderr
    again = extractor("import", folder, "--db", tmp_path / "a.db", "--claims", tmp_path / "claims.csv")
    assert again.returncode == 0
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    with store.read() as connection:
        assert notes.count(connection) == count
        stored = notes.get(connection, notes.number_of(connection, first))
        assert [line["code"] for line in stored.claim] == ["19281"]
        assert stored.result.audit
        assert worklist.page(connection, worklist.Filter(site="north")).total == count
    store.close()


def test_result_of_another_text_is_not_taken(extractor: Command, tmp_path: Path) -> None:
    note = tmp_path / "n.txt"
    note.write_text("A wire was placed in the left breast under ultrasound guidance.")
    extractor("run", note, "-o", tmp_path / "r.jsonl", "-q")
    note.write_text("A wire was placed in the right breast under ultrasound guidance.")
    assert extractor("import", note, "--results", tmp_path / "r.jsonl", "--db", tmp_path / "a.db").returncode == 0
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    with store.read() as connection:
        assert notes.get(connection, 1).result.lesions[0].laterality == "right"
    store.close()


def test_what_cannot_be_read_is_named_and_stops_nothing(extractor: Command, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.txt").write_bytes(b"wire\0Xyloquenna")
    (tmp_path / "in" / "good.txt").write_text("A wire was placed.")
    made = extractor("import", tmp_path / "in", "--db", tmp_path / "a.db")
    assert made.returncode == 1
    assert b"not read: bad" in made.stderr
    assert b"1 new, 1 could not be loaded" in made.stderr
    assert b"Xyloquenna" not in made.stdout + made.stderr


def test_faults_of_usage_are_said_in_one_line(extractor: Command, tmp_path: Path) -> None:
    note = tmp_path / "n.txt"
    note.write_text("A wire was placed.")
    (tmp_path / "r.jsonl").write_text('{"note_id": "n"}\n')
    for args in (
        ("--db", "mysql://u:secret@h/x"),
        ("--db", "/no/such/folder/a.db"),
        ("--results", tmp_path / "r.jsonl"),
        ("--results", tmp_path / "none.jsonl"),
    ):
        made = extractor("import", note, *args)
        assert made.returncode == 2, args
        assert made.stderr.count(b"\n") == 1
        assert b"secret" not in made.stderr


def test_users_and_trail_from_the_command_line(extractor: Command, tmp_path: Path) -> None:
    db = ("--db", tmp_path / "a.db")
    assert extractor("users", "add", "ann", "--role", "lead", *db, stdin=b"short\n").returncode == 2
    assert extractor("users", "add", "ann", "--role", "lead", *db, stdin=b"long enough, really\n").returncode == 0
    assert extractor("users", "list", *db).stdout == b"ann\tlead\tactive\n"
    assert extractor("users", "token", "ris", *db).stdout.startswith(b"ext_")
    assert extractor("users", "deactivate", "bob", *db).returncode == 2
    assert extractor("store", "verify", *db).returncode == 0
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    with store.write() as connection:
        connection.execute(update(schema.trail).where(schema.trail.c.seq == 1).values(actor="x"))
    store.close()
    broken = extractor("store", "verify", *db)
    assert broken.returncode == 1
    assert b"row 1 was changed" in broken.stderr
    assert extractor("store", "purge", "--days", 30, *db).returncode == 0


def test_models_workers_and_promise_are_passed_on(extractor: Command, tmp_path: Path) -> None:
    note = tmp_path / "n.txt"
    note.write_text("TECHNIQUE: Under ultrasound guidance a wire was placed through the mass in the left breast.")
    made: dict[str, dict[str, object]] = {}
    for name, options in {
        "with": (), "alone": ("--no-models", "--workers", 0), "promise": ("--promise", 0.9, "--policy", "medicare"),
    }.items():  # fmt: skip
        assert extractor("import", note, "--db", tmp_path / f"{name}.db", *options).returncode == 0
        store = open_store(f"sqlite:///{tmp_path / f'{name}.db'}")
        with store.read() as connection:
            made[name] = notes.get(connection, 1).result.provenance.model_dump()
        store.close()
    assert made["with"]["models"]
    assert (made["alone"]["models"], made["alone"]["promise"]) == ({}, None)
    assert (made["promise"]["promise"], made["promise"]["policy"]) == (0.9, "medicare")


def test_options_that_cannot_be_used_are_said_in_one_line(extractor: Command, tmp_path: Path) -> None:
    note = tmp_path / "n.txt"
    note.write_text("A wire was placed.")
    faults = (
        ("--no-models", "--models", tmp_path), ("--models", tmp_path / "none"), ("--profile", "invented"),
        ("--promise", 2),
    )  # fmt: skip
    for command in (*(("import", note, *fault) for fault in faults), ("serve", *faults[0]), ("serve", *faults[1])):
        made = extractor(*command, "--db", tmp_path / "a.db")
        assert made.returncode == 2, command
        assert made.stderr.count(b"\n") == 1, made.stderr
