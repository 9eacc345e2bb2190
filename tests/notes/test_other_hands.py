"""Notes of clinics the rules do not know: most may end as questions, none may be ready with wrong codes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

import extractor
from extractor.evaluate import GoldNote, read_corpus, score
from extractor.note import Note

FOLDER = Path(__file__).with_name("x01")


@cache
def notes() -> tuple[GoldNote, ...]:
    return tuple(read_corpus(FOLDER))


@cache
def results() -> dict[str, dict[str, object]]:
    return {note.note_id: json.loads(extractor.extract(Note(note.note_id, note.text)).to_json()) for note in notes()}


@pytest.mark.parametrize("metric", ["ready.precision", "evidence.offsets"])
def test_nothing_is_silently_wrong(metric: str) -> None:
    assert len(notes()) == 40
    row = score(notes(), results()).table()[metric]
    assert row["accuracy"] == 1.0


def test_a_note_that_is_not_ready_says_why() -> None:
    for note_id, result in results().items():
        recommendation = result["recommendation"]
        if recommendation["disposition"] in ("query", "review"):  # type: ignore[index]
            assert result["flags"], note_id
