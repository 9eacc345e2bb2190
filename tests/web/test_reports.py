"""Insight, the blind second review and export: figures by hand, files that the rest of the package reads."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from extractor.annotations.check import check_folder
from extractor.web import insight as i
from extractor.web.desk.reports import charge_lines, file_name
from extractor.web.reading import Reader
from extractor.web.store import Store, decisions, notes
from extractor.web.store.decisions import Decision, Refused, parse_codes
from tests.web.conftest import Desk, fill


def decide(store: Store, number: int, kind: str, actor: str, **more: str) -> None:
    with store.write() as connection:
        revision = notes.get(connection, number).row["revision"]
        token = f"{kind}-{actor}-{number}-token-of-a-form"
        decisions.decide(connection, actor, number, Decision(kind, token, revision, **more))  # type: ignore[arg-type]


def test_interval_is_wilsons() -> None:
    low, high = i.Share("x", 8, 10).interval
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert i.Share("x", 0, 0).interval == (0.0, 1.0)
    assert i.Share("x", 0, 0).value is None


def test_figures_are_those_of_the_decisions(store: Store, reads: Reader) -> None:
    numbers = list(fill(store, reads).values())
    with store.read() as connection:
        ready = [n for n in numbers if notes.get(connection, n).row["disposition"] == "ready"]
    assert len(ready) >= 2
    for number in ready[1:]:
        decide(store, number, "accept", "ann")
    decide(store, ready[0], "mark", "ann", field="L1.guidance", value="mri")
    decide(store, ready[0], "change", "ann", codes="19287-LT", reason_code="reading", comment="it was MR")
    with store.write() as connection:
        seen = i.insight(connection)
        assert (seen.notes, seen.automation.hits, seen.reviewed) == (len(numbers), len(ready), len(ready))
        assert (seen.acceptance.hits, seen.acceptance.of) == (len(ready) - 1, len(ready))
        assert [(s.name, s.of - s.hits) for s in seen.by_field] == [("guidance", 1)]
        assert seen.reasons == [("The note was read wrong", 1)]
        assert i.draw_sample(connection, "lea", 50) == len(ready)
        assert i.draw_sample(connection, "lea", 50) == 0
        assert i.next_sample(connection, "ann") is None
        first = i.next_sample(connection, "bob")
        assert first
        with pytest.raises(Refused):
            i.review_sample(connection, "ann", first["id"], "")
        i.review_sample(connection, "bob", first["id"], first["recommended"].replace(" ×", " x"))
        second = i.next_sample(connection, "bob")
        assert second
        i.review_sample(connection, "bob", second["id"], "10035-LT")
        precision = i.insight(connection).precision
        assert (precision.hits, precision.of) == (1, 2)


def test_pages_and_the_blind_review_shows_no_code(desk: Desk) -> None:
    for number in range(1, 7):
        desk.decide(number, "accept")
    csrf = desk.hidden(desk.get("/export").text)["csrf"]
    assert desk.get("/insight").status_code == 200
    assert desk.client.post("/insight/sample", data={"csrf": csrf, "size": "9"}).status_code == 303
    # On this machine there is one person, who was the first reviewer.
    assert "Nothing to review" in desk.get("/second-review").text


def test_exports_are_read_by_the_rest_of_the_package(desk: Desk, tmp_path: Path) -> None:
    desk.decide(1, "mark", field="documentation.consent", value="present")
    for number in range(1, 7):
        desk.decide(number, "accept")
    csrf = desk.hidden(desk.get("/export").text)["csrf"]
    charges = list(csv.DictReader(io.StringIO(desk.client.post("/export/charges.csv", data={"csrf": csrf}).text)))
    with desk.store.read() as connection:
        lines = sum(len(charge_lines(notes.get(connection, n).row["final_codes"])) for n in range(1, 7))
    assert len(charges) == lines > 0
    work = list(csv.DictReader(io.StringIO(desk.client.post("/export/worklist.csv", data={"csrf": csrf}).text)))
    assert len(work) == 6
    packed = desk.client.post("/export/annotations.zip", data={"csrf": csrf}).content
    zipfile.ZipFile(io.BytesIO(packed)).extractall(tmp_path)
    count, faults = check_folder(tmp_path / "reviewed")
    assert count == 6
    assert [fault for fault in faults if "Extra inputs" in str(fault) or "Field required" in str(fault)] == []
    with desk.store.read() as connection:
        name = notes.get(connection, 1).row["note_id"]
    assert "consent" not in json.loads((tmp_path / "reviewed" / f"{name}.json").read_text())["documentation"]["missing"]
    assert desk.client.post("/export/nothing", data={"csrf": csrf}).status_code == 404
    assert desk.client.post("/export/charges.csv", data={}).status_code == 403


def test_charge_lines_are_those_that_were_written() -> None:
    assert charge_lines(parse_codes("19283 LT 59, 19284-LT x2")) == [("19283", ["LT", "59"], 1), ("19284", ["LT"], 2)]
    assert charge_lines("") == []


@pytest.mark.parametrize("note_id", ["../x", "/etc/x", "a b", "", ".", "x" * 200, "a\\b"])
def test_no_id_becomes_a_path(note_id: str) -> None:
    assert file_name(note_id).startswith("note-")


def test_formulas_in_ids_are_defused(sqlite: Store, reads: Reader) -> None:
    fill(sqlite, reads, {"=cmd|'/C calc'!A0": "A wire was placed."})
    desk = Desk(sqlite, reads)
    csrf = desk.hidden(desk.get("/export").text)["csrf"]
    said = desk.client.post("/export/worklist.csv", data={"csrf": csrf}).text
    assert "\r\n'=cmd" in said
