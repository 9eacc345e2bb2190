"""The floor: what the product must reach on the gold notes, computed from the gold records each time.

The figures that the project promises stand here as thresholds; nothing measured is written in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import pytest

import extractor
from extractor.evaluate import GoldNote, Scores, default_corpus, read_corpus, score
from extractor.note import Note

FLOOR = {
    "procedure.type": 0.98,
    "procedure.status": 0.97,
    "lesion.found": 0.97,
    "lesion.laterality": 0.98,
    "lesion.guidance": 0.98,
    "lesion.device_type": 0.97,
    "lesion.device_count": 0.95,
    "lesion.target": 0.94,
    "lesion.site": 0.98,
    "lesion_count": 0.97,
    "complications.documented": 0.98,
    "complications.items": 0.95,
    "documentation.missing": 0.94,
    "documentation.conflicting": 0.92,
    "disposition": 0.96,
    "codes.exact": 0.97,
    "ready.precision": 1.0,
    "evidence.offsets": 1.0,
    "evidence.found": 0.95,
}


@cache
def corpus() -> tuple[GoldNote, ...]:
    return tuple(read_corpus(default_corpus()))


@cache
def results() -> dict[str, dict[str, object]]:
    return {note.note_id: json.loads(extractor.extract(Note(note.note_id, note.text)).to_json()) for note in corpus()}


@cache
def scores() -> Scores:
    return score(corpus(), results())


@pytest.mark.parametrize("metric", FLOOR)
def test_floor(metric: str) -> None:
    row = scores().table()[metric]
    figure = row.get("accuracy", row.get("f1"))
    assert figure is not None
    misses = [f"{m.note_id}: {m.want} / {m.got}" for m in scores().misses if m.metric == metric]
    assert figure >= FLOOR[metric], "\n".join([f"{metric} is {figure:.4f}", *misses])


def test_the_floor_is_one_of_measured_figures() -> None:
    table = scores().table()
    assert set(FLOOR) <= set(table)
    assert scores().notes == len(corpus()) > 150
    assert all(table[metric].get("of", table[metric].get("gold")) for metric in FLOOR)


def quotes(node: object) -> Iterator[dict[str, object]]:
    if isinstance(node, dict):
        if {"start", "end", "text"} <= node.keys():
            yield node
        for value in node.values():
            yield from quotes(value)
    elif isinstance(node, list):
        for value in node:
            yield from quotes(value)


def test_no_ready_result_has_a_blocking_flag_or_an_open_side() -> None:
    for note_id, result in results().items():
        made = result["recommendation"]
        assert isinstance(made, dict)
        flags = result["flags"]
        assert isinstance(flags, list)
        if made["disposition"] == "ready":
            assert made["codes"], note_id
            assert [f["id"] for f in flags if f["severity"] == "blocking"] == [], note_id
        else:
            assert made["codes"] == [], note_id


def test_every_value_that_is_not_null_shows_its_words() -> None:
    bare = []
    for note_id, result in results().items():
        lesions = result["lesions"]
        assert isinstance(lesions, list)
        for lesion in lesions:
            for name in ("laterality", "guidance", "target", "outcome"):
                if lesion[name] not in (None, "none", "not_attempted") and not lesion["evidence"].get(name):
                    bare.append((note_id, lesion["number"], name))
            bare += [(note_id, lesion["number"], d["type"]) for d in lesion["devices"] if not d["evidence"]]
        complications = result["complications"]
        assert isinstance(complications, dict)
        if complications["documented"] and not complications["evidence"]:
            bare.append((note_id, 0, "complications"))
    assert bare == []


def test_every_quote_is_made_of_whole_words() -> None:
    cut = []
    texts = {note.note_id: note.text for note in corpus()}
    for note_id, result in results().items():
        text = texts[note_id]
        for quote in quotes(result):
            start, end = quote["start"], quote["end"]
            assert isinstance(start, int)
            assert isinstance(end, int)
            assert text[start:end] == quote["text"]
            if text[start - 1 : start + 1].isalpha() and start or text[end - 1 : end + 1].isalpha() and end < len(text):
                cut.append((note_id, quote["text"], quote["rule"]))
    assert cut == []
