"""The store on SQLite and PostgreSQL: schema, versions, decisions, queries, users, and the audit trail's chain."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, insert, select, text, update

from extractor.note import Note
from extractor.web.reading import Reader
from extractor.web.store import Store, StoreError, decisions, notes, open_store, queries, schema, trail, users, worklist
from extractor.web.store.decisions import REASONS, Decision, Refused, Stale
from tests.web.conftest import fill, gold_texts

TOKEN = "token-of-a-form-{:04}"


def row(store: Store, number: int) -> notes.Stored:
    with store.read() as connection:
        return notes.get(connection, number)


def decide(
    store: Store, number: int, kind: str, actor: str = "ann", n: int = 1, two: bool = False, **more: object
) -> int:
    revision = row(store, number).row["revision"]
    wanted = Decision(kind, TOKEN.format(n), revision, **more)  # type: ignore[arg-type]
    with store.write() as connection:
        return decisions.decide(connection, actor, number, wanted, two)


def test_migrations_make_the_tables_of_the_schema(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []


def test_open_again_keeps_everything(sqlite: Store, reads: Reader) -> None:
    fill(sqlite, reads)
    again = open_store(sqlite.engine.url.render_as_string(hide_password=False))
    with again.read() as connection:
        assert notes.count(connection) == len(gold_texts())
    again.close()


def test_file_is_for_its_owner_only(sqlite: Store) -> None:
    assert Path(sqlite.engine.url.database or "").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("url", "says"),
    [("nonsense", "not understood"), ("mysql://x/y", "no support"), ("sqlite://", "needs a file"),
     ("sqlite:////no/such/folder/x.db", "cannot be written"),
     ("postgresql://nobody:secret@127.0.0.1:1/none", "cannot be opened")],
)  # fmt: skip
def test_store_that_cannot_be_opened_says_what_to_do(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_same_text_is_kept_and_a_new_text_is_a_new_version(store: Store, reads: Reader) -> None:
    (note_id, words), *_ = gold_texts().items()
    number = fill(store, reads, {note_id: words})[note_id]
    decide(store, number, "send_back", comment="wait for the addendum")
    with store.write() as connection:
        assert notes.put(connection, "x", note_id, words, reads.read(Note(note_id, words)))[1] == "same"
    assert row(store, number).row["state"] == "sent_back"
    longer = words + "\nADDENDUM: Consent was obtained.\n"
    with store.write() as connection:
        assert notes.put(connection, "x", note_id, longer, reads.read(Note(note_id, longer)))[1] == "text"
    stored = row(store, number)
    assert (stored.row["state"], stored.row["text_version"], stored.text) == ("open", 2, longer)
    with store.read() as connection:
        versions = notes.versions(connection, number)
        assert [v["text_version"] for v in versions] == [2, 1]
        assert notes.version(connection, number, versions[1]["id"])[0] == words


def test_worklist_filters_counts_and_neighbours(store: Store, reads: Reader) -> None:
    fill(store, reads)
    with store.read() as connection:
        chosen = worklist.Filter()
        page = worklist.page(connection, chosen)
        assert page.total == len(page.rows) == len(gold_texts())
        assert [r["priority"] for r in page.rows] == sorted(r["priority"] for r in page.rows)
        for before, here, after in zip(page.rows, page.rows[1:], page.rows[2:], strict=False):
            assert worklist.neighbours(connection, chosen, here) == (before["number"], after["number"])
        first = page.rows[0]
        found = worklist.page(connection, worklist.Filter(search=first["note_id"][2:]))
        assert first["number"] in [r["number"] for r in found.rows]
        assert worklist.page(connection, worklist.Filter(search="%")).total == 0
        for name, count in page.dispositions.items():
            assert worklist.page(connection, worklist.Filter(disposition=name)).total == count
        flag = first["worst_flag"]
        assert first["number"] in [r["number"] for r in worklist.page(connection, worklist.Filter(flag=flag)).rows]


@pytest.mark.parametrize(
    ("written", "stored"),
    [("19283-LT", "19283-LT"), (" 19283 lt ,19284-LT-59 x2", "19283-LT, 19284-LT-59 ×2"), ("", ""), ("g0279", "G0279")],
)
def test_codes_as_reviewers_write_them(written: str, stored: str) -> None:
    assert decisions.parse_codes(written) == stored


@pytest.mark.parametrize("written", ["1928", "19283-L", "19283 x0", "<script>", "19283/LT", "192833"])
def test_codes_that_are_none_are_refused(written: str) -> None:
    with pytest.raises(Refused):
        decisions.parse_codes(written)


def test_decisions_and_undo(store: Store, reads: Reader) -> None:
    number = next(iter(fill(store, reads).values()))
    decide(store, number, "change", n=1, reason_code="reading", comment="the wire is left", codes="19281-LT")
    assert (row(store, number).row["state"], row(store, number).row["final_codes"]) == ("done", "19281-LT")
    with pytest.raises(Refused, match="finished"):
        decide(store, number, "accept", n=2)
    with store.write() as connection, pytest.raises(Refused, match="somebody else"):
        decisions.undo(connection, "bob", number, TOKEN.format(3), row(store, number).row["revision"])
    with store.write() as connection:
        decisions.undo(connection, "ann", number, TOKEN.format(3), row(store, number).row["revision"])
    assert (row(store, number).row["state"], row(store, number).row["final_codes"]) == ("open", "")
    with store.write() as connection, pytest.raises(Refused, match="no decision"):
        decisions.undo(connection, "ann", number, TOKEN.format(4), row(store, number).row["revision"])
    with store.read() as connection:
        assert [d["kind"] for d in decisions.history(connection, number)] == ["undo", "change"]
        assert trail.verify(connection) == []


@pytest.mark.parametrize(
    "more",
    [{"kind": "change", "codes": "19281-LT", "comment": "x"},
     {"kind": "change", "codes": "19281", "reason_code": "rule"},
     {"kind": "send_back"}, {"kind": "mark"}, {"kind": "mark", "field": "L1.guidance", "start": 3},
     {"kind": "mark", "field": "L1.guidance", "start": 3, "end": 10**7}, {"kind": "nonsense"}],
)  # fmt: skip
def test_decisions_without_their_reasons_are_refused(sqlite: Store, reads: Reader, more: dict[str, object]) -> None:
    number = next(iter(fill(sqlite, reads).values()))
    with pytest.raises(Refused):
        decide(sqlite, number, **more)  # type: ignore[arg-type]
    assert row(sqlite, number).row["revision"] == 2


def test_second_person_has_to_be_another_one(store: Store, reads: Reader) -> None:
    number = next(iter(fill(store, reads).values()))
    decide(store, number, "accept", n=1, two=True)
    assert row(store, number).row["state"] == "second"
    with pytest.raises(Refused, match="another one"):
        decide(store, number, "accept", n=2, two=True)
    decide(store, number, "accept", actor="bob", n=3, two=True)
    assert row(store, number).row["state"] == "done"


def test_codes_that_the_second_person_changes_wait_for_another_one(store: Store, reads: Reader) -> None:
    number = next(iter(fill(store, reads).values()))
    decide(store, number, "accept", n=1, two=True)
    change = {"codes": "19281-RT", "reason_code": next(iter(REASONS)), "comment": "the other row"}
    decide(store, number, "change", actor="bob", n=2, two=True, **change)
    assert row(store, number).row["state"] == "second"
    with pytest.raises(Refused, match="another one"):
        decide(store, number, "accept", actor="bob", n=3, two=True)
    decide(store, number, "accept", n=4, two=True)
    assert row(store, number).row["state"] == "done"
    assert row(store, number).row["final_codes"].startswith("19281-RT")


def test_a_decision_changed_in_the_database_is_found(store: Store, reads: Reader) -> None:
    """One that was undone is as it was; one with other codes or another name is not."""
    first, second = list(fill(store, reads).values())[:2]
    decide(store, first, "accept", n=1)
    decide(store, second, "accept", n=2)
    with store.write() as connection:
        connection.execute(update(schema.decisions).where(schema.decisions.c.note == first).values(undone=True))
        assert trail.verify(connection) == []
        connection.execute(update(schema.decisions).where(schema.decisions.c.note == second).values(codes="99999-LT"))
        (fault,) = trail.verify(connection)
    assert "was changed since" in fault.message


def test_a_form_sent_twice_is_one_decision_and_an_old_page_decides_nothing(store: Store, reads: Reader) -> None:
    number = next(iter(fill(store, reads).values()))
    revision = row(store, number).row["revision"]
    wanted = Decision("accept", TOKEN.format(1), revision)
    made: list[int] = []
    failed: list[Exception] = []

    def send() -> None:
        try:
            with store.write() as connection:
                made.append(decisions.decide(connection, "ann", number, wanted))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(set(made)) == 1
    with store.write() as connection, pytest.raises(Stale):
        decisions.decide(connection, "bob", number, Decision("send_back", TOKEN.format(2), revision, comment="x"))
    with store.read() as connection:
        assert len(decisions.history(connection, number)) == 1
        assert trail.verify(connection) == []


def test_query_is_linted_before_it_is_sent(store: Store, reads: Reader) -> None:
    number = next(iter(fill(store, reads).values()))
    stored = row(store, number)
    flag = next(f for f in stored.result.flags if f.query)
    assert flag.query
    with store.write() as connection:
        query = queries.draft(connection, "ann", number, flag.id, flag.query.model_dump())
        assert queries.draft(connection, "ann", number, flag.id, flag.query.model_dump()) == query
        leading = {**flag.query.model_dump(), "question": "Was it 19281, so that we get paid?"}
        queries.edit(connection, "ann", query, leading, 1)
        assert {f.id for f in queries.send(connection, "ann", query, 2)} >= {"code-word", "payment-word"}
        queries.edit(connection, "ann", query, flag.query.model_dump(), 2)
        assert queries.send(connection, "ann", query, 3) == []
        with pytest.raises(Refused):
            queries.edit(connection, "ann", query, leading, 4)
    assert row(store, number).row["state"] == "queried"


def test_trail_shows_a_changed_a_removed_and_a_cut_off_row(store: Store, reads: Reader) -> None:
    number = next(iter(fill(store, reads).values()))
    decide(store, number, "accept")
    trail_, seq = schema.trail, schema.trail.c.seq
    with store.read() as connection:
        assert trail.verify(connection) == []
        rows = list(connection.execute(select(trail_).order_by(seq)).mappings())
    with store.write() as connection:
        connection.execute(update(trail_).where(seq == 2).values(actor="somebody else"))
        assert [(f.seq, f.message) for f in trail.verify(connection)] == [(2, "was changed")]
        connection.execute(update(trail_).where(seq == 2).values(actor=rows[1]["actor"]))
        assert trail.verify(connection) == []
        connection.execute(delete(trail_).where(seq == 3))
        assert trail.verify(connection)
        connection.execute(trail_.insert().values(rows[2]))
        connection.execute(delete(trail_).where(seq == len(rows)))
        assert [f.seq for f in trail.verify(connection)] == [len(rows) - 1]


def test_what_cannot_be_recorded_does_not_happen(store: Store, reads: Reader) -> None:
    number = next(iter(fill(store, reads).values()))
    with store.write() as connection:
        connection.execute(text("ALTER TABLE trail RENAME TO gone"))
    with pytest.raises(Exception, match="trail"):
        decide(store, number, "accept")
    with store.write() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO trail"))
    assert row(store, number).row["state"] == "open"
    with store.read() as connection:
        assert decisions.history(connection, number) == []


def test_no_word_of_a_note_in_the_trail(store: Store, reads: Reader) -> None:
    canary = "Xyloquenna"
    number = fill(store, reads, {"n-1": f"Patient {canary}. A wire was placed in the left breast."})["n-1"]
    decide(store, number, "mark", field="L1.laterality", value="left", comment=f"says {canary}", start=0, end=9)
    decide(store, number, "send_back", n=2, comment=f"ask Dr. {canary}")
    with store.read() as connection:
        assert canary not in repr(list(trail.rows(connection)))


def test_users_log_in_and_are_locked_out(store: Store) -> None:
    with store.write() as connection:
        assert not users.any_users(connection)
        users.add(connection, "test", "ann", "lead", "a long password")
        key = users.log_in(connection, "ann", "a long password")
        assert key
        found = users.of_session(connection, key, timedelta(minutes=15), timedelta(hours=12))
        assert found
        assert (found[0].name, found[0].may("lead"), found[0].may("admin")) == ("ann", True, False)
        assert users.of_session(connection, key, timedelta(seconds=-1), timedelta(hours=12)) is None
        assert users.log_in(connection, "nobody", "a long password") is None
        for _ in range(users.FAILURES):
            assert users.log_in(connection, "ann", "wrong") is None
        assert users.log_in(connection, "ann", "a long password") is None
        users.deactivate(connection, "test", "ann")
        assert users.of_session(connection, key, timedelta(minutes=15), timedelta(hours=12)) is None
        token = users.add_token(connection, "test", "ris", "reviewer")
        assert users.of_token(connection, token) == users.User("token:ris", "reviewer")
        users.revoke_token(connection, "test", "ris")
        assert users.of_token(connection, token) is None
        for secret in (key, token, "a long password"):
            for table in (schema.users, schema.sessions, schema.tokens):
                assert secret not in repr(connection.execute(select(table)).all())


def test_purge_leaves_the_trail(store: Store, reads: Reader) -> None:
    number, other, *_ = fill(store, reads).values()
    decide(store, number, "accept")
    with store.write() as connection:
        users.add(connection, "test", "ann", "lead", "a long password")
        assert users.log_in(connection, "ann", "a long password")
        kept = {"key": "k", "request": "r", "status": 200, "body": '{"note_id": "n"}', "at": "2026-01-01"}
        connection.execute(insert(schema.answers).values(kept))
        assert notes.purge(connection, "cron", "2026-01-02") == 0
        assert [connection.execute(select(t)).all() == [] for t in (schema.answers, schema.sessions)] == [True, False]
        assert notes.purge(connection, "admin", "9999") == 1
        assert connection.execute(select(schema.sessions)).all() == []
        assert connection.execute(select(schema.search).where(schema.search.c.note == number)).all() == []
        with pytest.raises(notes.UnknownNote):
            notes.get(connection, number)
        assert notes.get(connection, other)
        assert trail.verify(connection) == []


def test_the_search_follows_what_changes(store: Store, reads: Reader) -> None:
    note_id, words = next(iter(gold_texts().items()))
    with store.write() as connection:
        number, _ = notes.put(
            connection, "x", note_id, words, reads.read(Note(note_id, words)), None, "Nord_1", "Dr. Élodie %"
        )

    def found(search: str) -> bool:
        with store.read() as connection:
            return worklist.page(connection, worklist.Filter(state="all", search=search)).total == 1

    decide(store, number, "change", codes="10036-RT", reason_code="rule", comment="x")
    assert all(map(found, (note_id.upper(), note_id[1:], "10036", "nord_1", "NORD_", "éLODIE", "%")))
    assert not any(map(found, ("nordx1", "elodie", "10036-LT", "\\")))
    with store.write() as connection:
        decisions.undo(connection, "ann", number, TOKEN.format(9), row(store, number).row["revision"])
    assert not found("10036")


def test_many_and_few_are_found_alike(
    store: Store, reads: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the notes that fit are named or looked up, pages, counts and neighbours are the same."""
    fill(store, reads)
    with store.read() as connection:
        flags = list(connection.execute(select(schema.flags.c.flag).distinct()).scalars())
        both = [(flag, search) for flag in ("", *flags) for search in ("", "s0")]
        chosen = [worklist.Filter(state="all", flag=flag, search=search) for flag, search in both]

        def seen() -> list[object]:
            made: list[object] = []
            for each in chosen:
                page = worklist.page(connection, each)
                made.append(([r["number"] for r in page.rows], page.total, page.dispositions))
                made += [worklist.neighbours(connection, each, r) for r in page.rows]
            return made

        few = seen()
        monkeypatch.setattr(worklist, "FEW", 0)
        assert seen() == few


def test_a_store_of_the_first_version_is_brought_up(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    from extractor.web.store.engine import MIGRATIONS

    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO notes "
            "(note_id, provider, received_at, updated_at, text_version, result, disposition, priority) "
            "VALUES ('N-1', 'Dr. ÉLODIE', 'a', 'a', 1, 1, 'query', 0)"
        )
        for flag in ("missing-consent", "missing-time-out", "diagnosis-unspecified"):
            connection.exec_driver_sql(f"INSERT INTO flags (note, flag, severity) VALUES (1, '{flag}', 'quality')")
    engine.dispose()
    opened = open_store(f"sqlite:///{tmp_path / 'old.db'}")
    with opened.read() as connection:
        found = worklist.page(connection, worklist.Filter(search="élodie", flag="missing-consent"))
        assert [row["missing"] for row in found.rows] == [2]
    opened.close()


def test_a_store_of_a_newer_version_is_left_alone(sqlite: Store) -> None:
    with sqlite.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version"):
        open_store(sqlite.engine.url.render_as_string(hide_password=False))
