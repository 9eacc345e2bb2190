"""The Python way in."""

from __future__ import annotations

import pytest

import extractor
from extractor import Note, Result, UnreadableNote
from tests.cli.test_cli import NOTE


def test_extract_from_a_string_and_from_a_note() -> None:
    result = extractor.extract(NOTE, note_id="a")
    assert isinstance(result, Result)
    assert result.note_id == "a"
    assert extractor.extract(Note("a", NOTE)) == result
    assert result.provenance.extractor == extractor.__version__
    assert len(result.provenance.text_sha256) == 64


def test_extract_all_keeps_order_and_numbers_strings() -> None:
    found = extractor.extract_all(iter([NOTE, Note("b", ""), NOTE]))
    assert [result.note_id for result in found] == ["1", "b", "3"]


def test_a_bad_note_raises_or_is_handed_over() -> None:
    notes = [Note("a", "x"), Note("b", "half \ud800"), Note("c", "y")]
    with pytest.raises(UnreadableNote, match="lone surrogate"):
        list(extractor.extract_all(notes))
    failed: list[object] = []
    found = extractor.extract_all(notes, on_error=lambda note, error: failed.append((note, type(error))))
    assert [result.note_id for result in found] == ["a", "c"]
    assert failed == [(notes[1], UnreadableNote)]


def test_policy_by_name() -> None:
    assert extractor.load(policy="medicare").extract(NOTE).provenance.policy == "medicare"
    with pytest.raises((OSError, ValueError)):
        extractor.load(policy="invented")


def test_public_names() -> None:
    assert set(extractor.__all__) <= set(dir(extractor))
    for name in extractor.__all__:
        assert getattr(extractor, name)
    with pytest.raises(AttributeError):
        _ = extractor.invented
