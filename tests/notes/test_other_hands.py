"""Notes of clinics the rules do not know: most may end as questions, none may be ready with wrong codes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

import extractor
from extractor.evaluate import GoldNote, read_corpus, score
from extractor.note import Note

FOLDERS = ["x01", "x02"]


@cache
def notes(folder: str) -> tuple[GoldNote, ...]:
    return tuple(read_corpus(Path(__file__).with_name(folder)))


@cache
def results(folder: str) -> dict[str, dict[str, object]]:
    return {
        note.note_id: json.loads(extractor.extract(Note(note.note_id, note.text)).to_json()) for note in notes(folder)
    }


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("metric", ["ready.precision", "evidence.offsets"])
def test_nothing_is_silently_wrong(folder: str, metric: str) -> None:
    assert len(notes(folder)) == 40
    row = score(notes(folder), results(folder)).table()[metric]
    assert row["accuracy"] == 1.0


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_note_that_is_not_ready_says_why(folder: str) -> None:
    for note_id, result in results(folder).items():
        recommendation = result["recommendation"]
        if recommendation["disposition"] in ("query", "review"):  # type: ignore[index]
            assert result["flags"], note_id
