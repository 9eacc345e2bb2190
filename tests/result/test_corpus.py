"""What the contract promises of every result, on every gold note."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import extractor
from extractor.evaluate import GoldNote, default_corpus, read_corpus
from extractor.note import Note

GOLD = list(read_corpus(default_corpus()))


@cache
def result_of(note_id: str) -> dict[str, Any]:
    (gold,) = (each for each in GOLD if each.note_id == note_id)
    return extractor.extract(Note(note_id, gold.text)).to_dict()


def each_note(test: Any) -> Any:
    return pytest.mark.parametrize("gold", GOLD, ids=lambda gold: gold.note_id)(test)


def values_and_evidence(result: dict[str, Any]) -> Iterator[tuple[str, Any, list[Any]]]:
    """Every value that must be proved, with its evidence."""
    if result["procedure"]["type"] != "other":
        yield "procedure", result["procedure"]["type"], result["procedure"]["evidence"]
    for lesion in result["lesions"]:
        for name in ("laterality", "guidance", "target"):
            yield f"lesion {lesion['number']} {name}", lesion[name], lesion["evidence"][name]
        for name, value in lesion["location"].items():
            yield f"lesion {lesion['number']} {name}", value, lesion["evidence"]["location"]
        if lesion["outcome"] in ("placed", "failed"):
            yield f"lesion {lesion['number']} outcome", lesion["outcome"], lesion["evidence"]["outcome"]
        for device in lesion["devices"]:
            yield f"lesion {lesion['number']} device", device["type"], device["evidence"]
    for item in result["complications"]["items"]:
        yield "complication", item["type"], item["evidence"]
    if result["complications"]["documented"]:
        yield "complications", True, result["complications"]["evidence"]
    for element in result["documentation"]:
        # How many lesions there are may follow from the lesions, and that a conflict exists from its readings.
        if element["status"] == "present" and element["element"] != "lesion_count":
            yield f"element {element['element']}", "present", element["evidence"]


@each_note
def test_no_value_without_evidence(gold: GoldNote) -> None:
    lacking = [
        name
        for name, value, evidence in values_and_evidence(result_of(gold.note_id))
        if value is not None and not evidence
    ]
    assert lacking == []


@each_note
def test_codes_only_where_ready_and_candidates_elsewhere(gold: GoldNote) -> None:
    made = result_of(gold.note_id)["recommendation"]
    assert bool(made["codes"]) == (made["disposition"] == "ready")
    assert made["disposition"] in ("query", "review") or made["candidates"] == []
    assert made["disposition"] == "ready" or made["reasons"]


@each_note
def test_flags_are_worst_first_and_agree_with_the_elements(gold: GoldNote) -> None:
    result = result_of(gold.note_id)
    order = ["blocking", "coding", "compliance", "quality"]
    ranks = [order.index(flag["severity"]) for flag in result["flags"]]
    assert ranks == sorted(ranks)
    lacking = {
        f"{each['status']}-{each['element']}".replace("_", "-")
        for each in result["documentation"]
        if each["status"] in ("missing", "conflicting")
    }
    raised = {flag["id"] for flag in result["flags"] if flag["id"].startswith(("missing-", "conflicting-"))}
    assert raised <= lacking | {"missing-laterality", "missing-guidance", "missing-lesion-count"}
