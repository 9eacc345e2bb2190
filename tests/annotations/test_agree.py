"""Kappa and F1 against values worked out by hand, and what the commands print."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from extractor.annotations.agree import agreement, kappa, read_records
from extractor.annotations.standoff import read_corpus
from extractor.annotations.stats import statistics
from tests.conftest import ROOT, Command

ANNOTATIONS = ROOT / "annotations"
PAIR = ANNOTATIONS / "corpus-2" / "s11"


def test_kappa_by_hand() -> None:
    # 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: observed 0.7, expected 0.5, kappa 0.4.
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([("y", "y")] * 5) is None  # one value throughout: agreement by chance alone
    assert kappa([]) is None
    assert kappa([("y", "n"), ("n", "y")]) == -1.0
    assert kappa([(None, None), ("y", "y")]) == 1.0


def test_a_record_agrees_with_itself_and_every_change_is_listed() -> None:
    first = read_records(PAIR)
    same = agreement(first, first)
    assert same.differ == []
    assert all(row["kappa"] in (1.0, None) for row in same.table()["fields"].values())
    second = copy.deepcopy(first)
    record = second["s11-001"]
    record["lesions"][0]["laterality"] = "right"  # type: ignore[index]
    record["documentation"]["missing"].append("consent")
    del second["s11-002"]
    made = agreement(first, second)
    assert made.only_first == ["s11-002"]
    assert {(d.note, d.field) for d in made.differ} == {
        ("s11-001", "lesion.laterality"),
        ("s11-001", "documentation.consent"),
        ("s11-001", "documentation.missing"),
    }
    table = made.table()
    assert table["fields"]["lesion.laterality"]["agree"] == table["fields"]["lesion.laterality"]["of"] - 1
    assert table["lists"]["documentation.missing"]["second_only"] == 1


def test_the_figures_kept_with_the_corpus_are_those_of_its_records() -> None:
    """What was settled changed one record; everything else in the file must follow from the records kept."""
    kept = json.loads((ANNOTATIONS / "corpus-2" / "AGREEMENT.json").read_text(encoding="utf-8"))
    made = agreement(read_records(ANNOTATIONS / "corpus-2"), read_records(ANNOTATIONS / "second-reading"))
    assert made.differ == []  # settled
    settled = {each["field"] for each in kept["disagreements"]}
    table = made.table()
    assert kept["notes"] == table["notes"]
    for name, row in table["fields"].items():
        assert name in settled or kept["fields"][name] == row


def test_statistics_count_what_is_there() -> None:
    documents = list(read_corpus(PAIR))
    table = statistics(documents)
    assert table["notes"] == len(documents) == sum(table["disposition"].values())
    assert table["spans"]["guidance"] == sum(any(s.label == "guidance" for s in d.spans) for d in documents)
    assert statistics([])["characters_per_note"] == 0


def test_the_commands(extractor: Command, tmp_path: Path) -> None:
    done = extractor("annotations", "check", PAIR)
    assert (done.returncode, done.stdout) == (0, b"26 notes: no faults.\n")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.txt").write_text("x")
    done = extractor("annotations", "check", "bad")
    assert done.returncode == 1
    assert b"a.txt: record: no gold record" in done.stderr
    done = extractor("annotations", "agree", PAIR, ANNOTATIONS / "second-reading" / "s11", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["notes"] == 26
    assert b"ready" in extractor("annotations", "stats", PAIR, "--by-style").stdout
    assert json.loads(extractor("annotations", "schema").stdout)["title"] == "GoldRecord"
    assert extractor("annotations", "check", "nowhere").returncode == 2


def test_results_export_as_pre_annotations(extractor: Command, tmp_path: Path) -> None:
    assert extractor("run", PAIR, "-o", "results.jsonl").returncode == 0
    args = ("annotations", "convert", PAIR, "tasks.json", "--to", "label-studio", "--results", "results.jsonl")
    done = extractor(*args)
    assert done.returncode == 0, done.stderr
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    assert len(tasks) == 26
    for task in tasks:
        (prediction,) = task["predictions"]
        text = task["data"]["text"]
        assert text.isascii() or any(ord(c) > 127 for c in text)
        units = text.encode("utf-16-le")
        for each in prediction["result"]:
            value = each["value"]
            assert units[2 * value["start"] : 2 * value["end"]].decode("utf-16-le") == value["text"]
        assert task["data"]["record"]["note_id"] == task["data"]["note_id"]
    # What an annotator leaves as it is comes back as a gold record that the check understands.
    done = extractor("annotations", "convert", "tasks.json", "gold", "--from", "label-studio", "--to", "corpus")
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in extractor("annotations", "check", "gold").stderr
    other = extractor("annotations", "convert", ANNOTATIONS / "corpus-2" / "s12", "t.json", *args[4:])
    assert other.returncode == 2
    assert not (tmp_path / "t.json").exists()
