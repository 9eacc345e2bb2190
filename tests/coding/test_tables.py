"""Loading, validating, choosing and comparing tables."""

import shutil
from datetime import date

import pytest

from extractor.coding import TableError, load_policy, load_tables
from extractor.coding.examples import findings_of
from extractor.coding.tables import FOLDER, parse_date
from extractor.coding.tables.compare import check, diff
from extractor.coding.tables.schema import SCHEMA


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "tables", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return tmp_path / "tables"


def change(folder, name, old, new):
    path = folder / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_shipped_tables_are_valid_and_their_examples_hold():
    assert check() == []


def test_every_row_has_source_and_confidence():
    for name, rows in load_tables().raw.items():
        for row in rows:
            if name != "sources":
                assert row["source"]
                assert row["confidence"]
            if "effective" in SCHEMA[name] and SCHEMA[name]["effective"].required:
                assert isinstance(row["effective"], date)


def test_all_errors_at_once_with_file_and_row(folder):
    change(folder, "mue", "mai = 2", "mai = 9")
    change(folder, "ptp", "indicator = 1", "indicatr = 1")
    change(folder, "codes", 'confidence = "SEEN-2"', 'confidence = "SURE"')
    (folder / "addons.toml").unlink()
    (folder / "extra.toml").write_text("x = 1\n", encoding="utf-8")
    errors = check(folder)
    assert any(e.startswith("mue.toml: row 1: 'mai' is 9") for e in errors)
    assert any(e.startswith("ptp.toml: row 1: unknown key 'indicatr'") for e in errors)
    assert any(e == "ptp.toml: row 1: 'indicator' is missing" for e in errors)
    assert any(e.startswith("codes.toml: row 1: 'confidence' is 'SURE'") for e in errors)
    assert "addons.toml: the file is missing" in errors
    assert "extra.toml: unknown table file" in errors
    with pytest.raises(TableError):
        load_tables(folder=folder)


@pytest.mark.parametrize(
    ("name", "old", "new", "error"),
    [
        ("mue", '"S-MUE"', '"S-NOWHERE"', "source 'S-NOWHERE' is not in sources.toml"),
        ("ptp", '"19283"', '"19999"', "which codes.toml does not describe"),
        ("editions", "effective = 2020-01-01", "effective = 2020-02-01", "no edition between"),
        ("examples", 'side = "right"', 'sides = "right"', "lesion 1: unknown key 'sides'"),
        ("deleted", '"19304"', '"19303"', "19303 is also a current code"),
        ("codes", "[[row]]", "[[rows]]", "unknown key 'rows'"),
        ("codes", "kind =", "kind", "no TOML"),
        ("mue", "ended", "ended", None),
    ][:7],
)
def test_fault(folder, name, old, new, error):
    change(folder, name, old, new)
    assert any(error in e for e in check(folder))


def test_a_row_twice_for_the_same_dates(folder):
    path = folder / "mue.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "\n[[row]]" + text.split("[[row]]")[1], encoding="utf-8")
    assert any("is also in row 1 for the same dates" in e for e in check(folder))


def test_examples_fail_when_a_table_is_wrong(folder):
    change(folder, "addons", 'addon = "19284"', 'addon = "19294"')
    assert check(folder)


@pytest.mark.parametrize(
    ("day", "edition"),
    [
        ("2014-01-01", "cpt-2014"),
        ("2019-12-31", "cpt-2014"),
        ("2024-07-01", "cpt-2024"),
        ("2025-12-31", "cpt-2025"),
        ("2026-11-22", "cpt-2026"),
        ("2031-01-01", "cpt-2026"),
        (None, "cpt-2026"),
        ("cpt-2025", "cpt-2025"),
        (date(2022, 5, 5), "cpt-2020"),
    ],
)
def test_date_of_service_picks_the_edition(day, edition):
    assert load_tables(day).edition.name == edition


def test_result_says_edition_and_age():
    notice = load_tables("2026-11-22").notice("2026-11-22")
    assert "cpt-2026" in notice
    assert "addons of 2024-06-03, 902 days before 2026-11-22" in notice
    assert "No edition covers 2031-01-01" in load_tables("2031-01-01").notice("2031-01-01")
    assert "did not exist on 1999-01-01" in load_tables("1999-01-01").notice("1999-01-01")
    assert "No date of service" in load_tables().notice()


def test_unknown_edition():
    with pytest.raises(TableError, match="cpt-1999"):
        load_tables("cpt-1999")


def test_rows_follow_the_date_within_an_edition():
    assert ("inflammatory_carcinoma", "confirmed") not in load_tables("2025-09-30").diagnoses
    assert ("inflammatory_carcinoma", "confirmed") in load_tables("2025-10-01").diagnoses


def test_diff_names_rows_and_recoded_notes(folder):
    change(folder, "addons", 'primaries = ["19283"]', 'primaries = ["19281"]')
    change(folder, "mue", "practitioner = 2", "practitioner = 1")
    one_side = {"id": "x", "lesions": [{"side": "left", "guidance": "ultrasound"}] * 3}
    notes = [findings_of(one_side), findings_of({"id": "y", "lesions": one_side["lesions"][:1]})]
    difference = diff(FOLDER, folder, notes, load_policy())
    changed = {(c.table, c.row): c for c in difference.changes}
    assert changed["addons", "19284"].fields == {"primaries": (["19283"], ["19281"])}
    assert changed["mue", "19286"].fields == {"practitioner": (2, 1)}
    assert [n.note_id for n in difference.recoded] == ["example x"]
    assert difference.recoded[0].before.startswith("ready 19285-LT + 19286-LT x2")
    assert difference.recoded[0].after.startswith("review")
    assert "mue: 19286: changed" in str(difference)


def test_diff_of_editions():
    rows = {(c.table, c.row, c.kind) for c in diff("cpt-2014", "cpt-2026").changes}
    assert ("ptp", "19120 19283", "removed") in rows
    assert diff("cpt-2026", "cpt-2026").changes == ()


@pytest.mark.parametrize(
    "words",
    [
        "2025-03-06",
        "2025-03-06T10:11",
        "20250306",
        "03/06/2025",
        "3/6/25",
        "March 6, 2025",
        "Mar 6 2025",
        "6 March 2025",
        "06-MAR-2025",
        "6th Mar 2025",
    ],
)
def test_dates_as_reports_write_them(words):
    assert parse_date(words) == date(2025, 3, 6)


@pytest.mark.parametrize("words", [None, "", "Tuesday", "99/99/2025", "***", "13 o'clock", "2025"])
def test_what_is_no_date(words):
    assert parse_date(words) is None


def test_day_first_where_the_month_would_be_over_twelve():
    assert parse_date("25/03/2025") == date(2025, 3, 25)
