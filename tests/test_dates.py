"""Dates of service: a day where the note or its source settles one, and no guess where nothing does."""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from pathlib import Path

import pytest

import extractor
from extractor.dates import parse_date, readings, settled
from extractor.note import Note
from tests.conftest import Command

SETTLED = [
    ("2026-03-04", (), None, "2026-03-04"),
    ("20260304", (), None, "2026-03-04"),
    ("March 4, 2026", (), None, "2026-03-04"),
    ("4 Mar 2026", (), None, "2026-03-04"),
    ("03/04/2026", (), None, None),
    ("3-4-26", (), None, None),
    ("03/14/2026", (), None, "2026-03-14"),
    ("14.03.2026", (), None, "2026-03-14"),
    ("03/03/2026", (), None, "2026-03-03"),
    ("03/04/2026", (), "2026-03-04", "2026-03-04"),
    ("03/04/2026", (), "2026-04-03", "2026-04-03"),
    ("03/04/2026", (), "2026-03-05", None),
    ("03/14/2026", (), "2026-03-15", "2026-03-14"),
    ("03/04/2026", ("02/27/2026",), None, "2026-03-04"),
    ("03/04/2026", ("27/02/2026",), None, "2026-04-03"),
    ("03/04/2026", ("27/02/2026", "02/27/2026"), None, None),
    ("03/04/2026", ("2026-02-27", "03/04/2026", "05/05/2026"), None, None),
    ("02/30/2026", (), None, None),
    ("31/02/2026", (), None, None),
    ("Tuesday", (), "2026-03-04", None),
]


@pytest.mark.parametrize(("words", "others", "known", "expected"), SETTLED)
def test_what_settles_a_date(words: str, others: tuple[str, ...], known: str | None, expected: str | None) -> None:
    assert settled(words, others, known) == expected


def test_the_one_reader_says_what_it_chose_from() -> None:
    assert readings("03/04/2026") == (date(2026, 3, 4), date(2026, 4, 3))
    assert parse_date("03/04/2026") == date(2026, 3, 4)
    assert readings("2026-03-04") == (date(2026, 3, 4),)
    assert readings("99/99/2026") == ()


NOTE = """EXAM: Ultrasound-guided wire localization, left breast
DATE OF PROCEDURE: {}
TECHNIQUE: Under ultrasound guidance a Kopans wire was placed through the mass in the left breast at 2:00.
{}"""


def test_the_column_holds_days_or_nothing_and_the_notice_says_so(extractor: Command, tmp_path: Path) -> None:
    given = {
        "open": (NOTE.format("03/04/2026", ""), None),
        "feed": (NOTE.format("03/04/2026", ""), "2026-04-03"),
        "other": (NOTE.format("03/04/2026", "COMPARISON: Mammogram of 02/27/2026."), None),
        "month": (NOTE.format("March 4, 2026", ""), None),
        "none": (NOTE.format("***", ""), None),
    }
    rows = [{"note_id": i, "text": t, **({"date_of_service": d} if d else {})} for i, (t, d) in given.items()]
    (tmp_path / "n.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for out in ("o.csv", "o.jsonl"):
        assert extractor("run", "n.jsonl", "-o", out, "--no-models", "--workers", 0).returncode == 0
    with open(tmp_path / "o.csv", encoding="utf-8", newline="") as file:
        found = {row["note_id"]: row["date_of_service"] for row in csv.DictReader(file)}
    assert found == {"open": "", "feed": "2026-04-03", "other": "2026-03-04", "month": "2026-03-04", "none": ""}
    results = {row["note_id"]: row for row in map(json.loads, (tmp_path / "o.jsonl").read_text().splitlines())}
    assert {i: row["date_of_service"] or "" for i, row in results.items()} == found
    said = "The date 03/04/2026 may mean two days; 2026-03-04 was taken for the choice of the tables alone."
    assert [i for i, row in results.items() if said in row["provenance"]["notice"]] == ["open"]
    (element,) = [e for e in results["open"]["documentation"] if e["element"] == "procedure_date"]
    assert [quote["text"] for quote in element["evidence"]] == ["03/04/2026"]


def test_every_result_of_the_corpus_has_a_day_or_none(corpus: Path) -> None:
    made, days = extractor.load(models=False), 0
    for path in sorted(corpus.glob("*/*.txt")):
        day = made.extract(Note(path.stem, path.read_bytes().decode())).date_of_service
        assert day is None or re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", day), path.name
        days += day is not None
    assert days > 60
