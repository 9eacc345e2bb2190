"""A failure inside the extractor costs its note and tells nobody the note's words."""

from __future__ import annotations

import pytest

from extractor.batch import Tally, outcomes
from extractor.note import Note, UnreadableNote
from extractor.result import Result
from extractor.sources import Reject
from tests.result.test_result import result


def process(note: Note) -> Result:
    if "break" in note.text:
        raise ValueError(f"cannot handle {note.text!r}")
    if "half" in note.text:
        raise UnreadableNote("contains half a character")
    if "deep" in note.text:
        raise RecursionError
    return result()


def test_failures_become_rejects_and_the_batch_goes_on() -> None:
    items = [Note("a", "x"), Note("b", "break Quillfeather"), Reject("c", "was unreadable"), Note("d", "half"),
             Note("e", "deep", {"source_file": "e.txt"}), Note("f", "y")]  # fmt: skip
    found = list(outcomes(items, process))
    assert [type(each) for each in found] == [Result, Reject, Reject, Reject, Reject, Result]
    assert found[1] == Reject("b", "the extractor failed on this note (ValueError)")
    assert found[2] == items[2]
    assert found[3] == Reject("d", "contains half a character")
    assert found[4] == Reject("e", "the extractor failed on this note (RecursionError)", "e.txt")
    tally = Tally()
    for each in found:
        tally.add(each)
    assert str(tally) == "2 notes: 2 ready; 4 could not be read"


def test_a_person_who_stops_the_batch_stops_it() -> None:
    def stop(_: Note) -> Result:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(outcomes([Note("a", "x")], stop))
