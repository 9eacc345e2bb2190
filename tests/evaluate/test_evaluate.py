"""Figures of a fixed set of gold notes and (partly wrong) results, and the rules behind them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from extractor import evaluate as e

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def notes() -> list[e.GoldNote]:
    return list(e.read_corpus(HERE / "gold"))


def test_figures_equal_those_computed_independently(notes: list[e.GoldNote]) -> None:
    """`expected.json` comes from another implementation of the same metrics, over the same two inputs."""
    results = e.read_results(HERE / "results.jsonl")
    groups = {"all": notes, **e.by_style(notes)}
    assert {name: e.score(group, results).table() for name, group in groups.items()} == json.loads(
        (HERE / "expected.json").read_text(encoding="utf-8")
    )


def test_no_results_is_wrong_everywhere(notes: list[e.GoldNote]) -> None:
    scores = e.score(notes, {})
    assert scores.rates["disposition"].right == 0
    assert scores.rates["lesion.found"].right == 0
    assert scores.rates["codes.exact"].right == 0
    assert "ready.precision" not in scores.rates
    assert {miss.note_id for miss in scores.misses} == {note.note_id for note in notes}


def line(code: str, *modifiers: str, units: int = 1) -> dict[str, Any]:
    return {"code": code, "units": units, "modifiers": list(modifiers)}


@pytest.mark.parametrize(
    ("gold", "found", "exact"),
    [
        ([line("19283", "LT")], [line("19283", "LT")], True),
        ([line("19283", "LT")], [line("19283", "RT")], False),
        ([line("19283", "LT")], [line("19283")], False),
        # which of two sides came first is no error
        ([line("19283", "RT"), line("19284", "LT")], [line("19283", "LT"), line("19284", "RT")], True),
        ([line("19283", "RT"), line("19284", "LT")], [line("19283", "LT"), line("19284", "LT")], False),
        # the X modifiers say what 59 says
        ([line("19283", "RT", "59")], [line("19283", "XS", "RT")], True),
        ([line("19284", "RT", units=2)], [line("19284", "RT")], False),
        ([line("19284", "RT", units=2)], [line("19284", "RT"), line("19284", "RT")], True),
    ],
)
def test_which_code_lines_are_equal(gold: list[Any], found: list[Any], exact: bool) -> None:
    note = e.GoldNote(
        "",
        {
            "note_id": "a-1",
            "procedure": {"type": "other", "status": None},
            "lesions": [],
            "lesion_count": 0,
            "documentation": {"missing": [], "conflicting": []},
            "recommendation": {"disposition": "ready", "codes": gold},
        },
    )
    scores = e.score([note], {"a-1": {"recommendation": {"disposition": "ready", "codes": found}}})
    assert scores.rates["codes.exact"].right == exact
    assert scores.rates["ready.precision"].right == exact


def test_the_corpus_of_the_package_is_found(corpus: Path) -> None:
    assert e.default_corpus() == corpus
    assert len(list(e.read_corpus(corpus))) == len(list(corpus.rglob("*.txt")))
