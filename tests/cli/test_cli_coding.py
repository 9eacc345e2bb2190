"""The commands about codes: audit, explain, tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_cli import NOTE, lines
from tests.conftest import Command


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note-1.txt"
    path.write_text(NOTE, encoding="utf-8")
    return path


def claims(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "claims.csv"
    path.write_text("\n".join(["note_id,code,units,modifiers", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("rows", "verdict", "direction"),
    [
        (["note-1,19285,1,LT"], "agree", None),
        (["note-1,19285,1,RT"], "disagree", None),
        (["note-1,19285,1,LT", "note-1,19286,1,LT"], "disagree", "over"),
        ([], "disagree", "under"),
        (["note-1,19291,1,LT"], "disagree", "invalid"),
    ],
)
def test_audit(
    extractor: Command, note: Path, tmp_path: Path, rows: list[str], verdict: str, direction: str | None
) -> None:
    done = extractor("audit", note, "--claims", claims(tmp_path, *rows), "-o", "out.jsonl")
    assert done.returncode == 0, done.stderr
    (result,) = lines((tmp_path / "out.jsonl").read_bytes())
    audit = json.loads(json.dumps(result["audit"]))
    assert audit["verdict"] == verdict
    assert direction is None or direction in {finding["direction"] for finding in audit["findings"]}
    assert b"audit: " in done.stderr


def test_claim_lines_without_a_note_are_named(extractor: Command, note: Path, tmp_path: Path) -> None:
    path = claims(tmp_path, "note-1,19285,1,LT", "other,19285,1,LT", "other,19286,1,LT")
    done = extractor("audit", note, "--claims", path, "-o", "out.jsonl")
    assert done.returncode == 1
    (reject,) = lines((tmp_path / "out.jsonl.rejects.jsonl").read_bytes())
    assert reject["id"] == "other"
    assert "2 claim lines" in str(reject["reason"])


def test_faulty_claims_are_all_named_and_nothing_is_written(extractor: Command, note: Path, tmp_path: Path) -> None:
    path = claims(tmp_path, "note-1,19285,none,LT", ",19285,1,LT", "note-1,1928,1,")
    done = extractor("audit", note, "--claims", path, "-o", "out.jsonl")
    assert done.returncode == 2
    assert all(f"line {number}:".encode() in done.stderr for number in (2, 3, 4))
    assert not (tmp_path / "out.jsonl").exists()
    assert extractor("audit", note, "--claims", "missing.csv").returncode == 2


def test_explain_says_why_19282_is_not_the_add_on_of_19283(extractor: Command) -> None:
    done = extractor("explain", "19282")
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert "19284" in text
    assert "not the add-on of 19283" in text


def test_explain_what_nobody_knows(extractor: Command) -> None:
    done = extractor("explain", "no.such.rule")
    assert done.returncode == 2
    assert b"no.such.rule" in done.stderr


def test_every_rule_of_a_result_can_be_explained(extractor: Command, corpus: Path) -> None:
    from extractor.explain import explain

    rules: set[str] = set()
    for result in lines(extractor("run", corpus / "s01").stdout):
        made = json.loads(json.dumps(result))
        for part in (made["recommendation"]["codes"], made["recommendation"]["diagnoses"], made["flags"]):
            rules.update(rule for each in part for rule in each["rules"])
    assert rules
    for rule in sorted(rules):
        assert explain(rule)


def test_tables_check(extractor: Command, tmp_path: Path) -> None:
    assert extractor("tables", "check").returncode == 0
    (tmp_path / "empty").mkdir()
    done = extractor("tables", "check", "empty")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) > 5  # every missing file, not the first


def test_tables_diff(extractor: Command) -> None:
    assert extractor("tables", "diff", "cpt-2026", "cpt-2026", "--rows-only").stdout.startswith(b"No row differs")
    assert extractor("tables", "diff", "cpt-2026", "invented", "--rows-only").returncode == 2
