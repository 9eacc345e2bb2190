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


@pytest.mark.parametrize(("status", "disposition"), [("preliminary", "review"), ("final", "ready"), (None, "ready")])
def test_a_feed_s_preliminary_status_reaches_the_result(status: str | None, disposition: str) -> None:
    """As the words PRELIMINARY REPORT in the text would, and without a quote that the note does not hold."""
    known = {"report_status": status, "order_text": "US WIRE LOC RIGHT", "patient": "Quillfeather"} if status else {}
    result = extractor.extract(Note("a", NOTE, known))
    assert result.recommendation.disposition == disposition
    flags = [flag for flag in result.flags if flag.id == "preliminary-report"]
    assert [flag.evidence for flag in flags] == ([[]] if status == "preliminary" else [])
    assert bool(result.recommendation.codes) == (disposition == "ready")
    if status:
        assert result.source is not None
        assert (result.source.report_status, result.source.order_text) == (status, "US WIRE LOC RIGHT")
        assert [lesion.laterality for lesion in result.lesions] == ["left"]  # the order is no part of the note
    assert ("source" in result.to_dict()) == bool(status)
    assert "Quillfeather" not in result.to_json()


def test_evidence_leads_back_to_the_segment() -> None:
    places = ((0, 10, "OBX[1].5[1]"), (11, len(NOTE), "OBX[2].5[1]"))
    result = extractor.extract(Note("a", NOTE, {"format": "hl7", "places": places}))
    assert {result.place(quote) for quote in result.lesions[0].evidence["guidance"]} == {"OBX[2].5[1]"}
    assert extractor.extract(NOTE).place(result.flags[0].evidence[0] if result.flags[0].evidence else
                                         result.lesions[0].evidence["guidance"][0]) is None  # fmt: skip
