"""The result is the contract: its keys, their order, its closed values."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from extractor.coding import Candidate, CodeLine, Companion, DiagnosisLine, Recommendation
from extractor.coding.model import Cause
from extractor.documentation import Flag, Query
from extractor.result import Result, build_result
from tests.samples import NOTE, findings, quote

LINE = CodeLine("19283", 1, ["LT"], [1], "First lesion under stereotactic guidance.", ["cpt.localization.first"])
PROVENANCE = {
    "extractor": "0.1.0",
    "ruleset": "cpt-2026",
    "policy": "cpt",
    "models": {},
    "text_sha256": "00",
    "profile": "default",
    "notice": "Edition cpt-2026.",
}


def recommendation() -> Recommendation:
    return Recommendation(
        "ready",
        codes=[LINE],
        diagnoses=[DiagnosisLine("R92.1", "A finding.", ["diagnosis.finding"], quote("calcifications"), ("side",))],
        candidates=[Candidate("if the side is right", [LINE])],
        confidence=0.5,
        causes=[Cause("out-of-scope", "A reason.", [])],
        companions=[Companion(("76098",), "separate", "A radiograph of the specimen.", ["companion.specimen"])],
    )


def flag() -> Flag:
    query = Query("Clarification", "Was consent obtained?", quote("Kopans wire"), ["Yes", "No"], "Answer below.")
    rules = ["documentation.consent"]
    return Flag("missing-consent", "consent", "compliance", "Consent is not documented.", (), query, rules)


def result() -> Result:
    return build_result(NOTE, findings(), recommendation(), [flag()], PROVENANCE)


def test_json_has_the_keys_of_the_contract_in_order() -> None:
    shown = json.loads(result().to_json())
    assert list(shown) == [
        "schema_version", "note_id", "procedure", "lesions", "lesion_count", "complications", "documentation",
        "recommendation", "flags", "provenance", "date_of_service",
    ]  # fmt: skip
    assert list(shown["lesions"][0])[:12] == [
        "number", "site", "laterality", "guidance", "tomosynthesis", "devices", "target", "location", "biopsied",
        "outcome", "evidence",
    ]  # fmt: skip
    assert shown["lesions"][0]["evidence"].keys() >= {"laterality", "guidance", "target", "location", "outcome"}
    assert list(shown["recommendation"])[:5] == ["disposition", "codes", "diagnoses", "candidates", "confidence"]
    assert list(shown["flags"][0]) == ["id", "element", "severity", "message", "evidence", "query", "rules"]
    assert list(shown["provenance"])[:5] == ["extractor", "ruleset", "policy", "models", "text_sha256"]


def test_values() -> None:
    shown = result().to_dict()
    assert shown["recommendation"]["codes"] == [
        {
            "code": "19283", "units": 1, "modifiers": ["LT"], "lesions": [1],
            "rationale": "First lesion under stereotactic guidance.", "rules": ["cpt.localization.first"],
        }
    ]  # fmt: skip
    assert len(shown["documentation"]) == 16
    by_element = {each["element"]: each for each in shown["documentation"]}
    assert by_element["consent"]["status"] == "missing"
    assert by_element["time_out"]["status"] == "not_applicable"  # never judged
    assert [each["value"] for each in by_element["laterality"]["readings"]] == ["left", 2]
    assert shown["flags"][0]["query"]["options"] == ["Yes", "No"]


def test_every_quote_is_the_text_at_its_offsets() -> None:
    def quotes(node: Any) -> Any:
        if isinstance(node, dict):
            if {"start", "end", "text"} <= node.keys():
                yield node
            for value in node.values():
                yield from quotes(value)
        elif isinstance(node, list):
            for value in node:
                yield from quotes(value)

    found = list(quotes(result().to_dict()))
    assert len(found) >= 9
    assert all(NOTE.text[q["start"] : q["end"]] == q["text"] for q in found)


def test_json_can_be_read_back() -> None:
    assert Result.model_validate_json(result().to_json()) == result()


def test_same_input_same_bytes() -> None:
    assert result().to_json() == result().to_json()


@pytest.mark.parametrize("broken", ["procedure_type", "status"])
def test_what_breaks_the_contract_is_refused(broken: str) -> None:
    bad = findings()
    setattr(bad, broken, "invented")
    with pytest.raises(ValidationError):
        build_result(NOTE, bad, recommendation(), [], PROVENANCE)


def test_a_result_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        result().lesion_count = 2  # type: ignore[misc]


def test_audit_is_added_where_there_was_a_claim() -> None:
    finding = SimpleNamespace(
        id="addon-wrong-primary", direction="over", line=2, message="m", rules=["ncci.addon.19282"], evidence=()
    )
    audited = result().with_audit(SimpleNamespace(verdict="disagree", findings=[finding]))
    assert json.loads(audited.to_json())["audit"] == {
        "verdict": "disagree",
        "findings": [
            {"id": "addon-wrong-primary", "direction": "over", "line": 2, "message": "m", "rules": ["ncci.addon.19282"],
             "evidence": []}
        ],
    }  # fmt: skip


def test_building_and_writing_is_quick() -> None:
    made, raised, found = recommendation(), [flag()], findings()
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(200):
            build_result(NOTE, found, made, raised, PROVENANCE).to_json()
        best = min(best, (time.perf_counter() - start) / 200)
    assert best < 0.002  # a fifth of a millisecond where measured; room for slow machines
