"""FHIR: what `$extract` takes and gives, judged by an independent model of the standard."""

from __future__ import annotations

import base64
from importlib.util import find_spec
from typing import Any

import pytest

from extractor.web.reading import Reader
from extractor.web.store import Store
from tests.web.conftest import Desk, gold_texts, need

HEADERS = {"Content-Type": "application/fhir+json"}
CANARY = "Xyloquenna"


def report(text: str, **more: Any) -> dict[str, Any]:
    data = base64.b64encode(text.encode()).decode()
    return {
        "resourceType": "DiagnosticReport", "id": "r1", "status": "final", "code": {"text": "Breast localization"},
        "subject": {"reference": "Patient/p1"}, "presentedForm": [{"contentType": "text/plain", "data": data}], **more,
    }  # fmt: skip


def extract(desk: Desk, resource: Any) -> Any:
    answer = desk.client.post("/fhir/$extract", json=resource, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    return answer.json()


@pytest.mark.parametrize("note_id", list(gold_texts()))
def test_bundle_is_valid_and_its_evidence_is_the_text(desk: Desk, note_id: str) -> None:
    need(find_spec("fhir"), "fhir.resources")
    from fhir.resources.R4B import get_fhir_model_class

    text = gold_texts()[note_id]
    bundle = extract(desk, report(text))
    get_fhir_model_class("Bundle").model_validate(bundle)
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert {"Observation", "Device", "Provenance"} <= set(kinds)
    urls = {entry["fullUrl"] for entry in bundle["entry"]}
    assert len(urls) == len(kinds)
    quotes = 0
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert resource["meta"]["security"][0]["code"] == "AIAST"
        for extension in resource.get("extension", []):
            parts = {each["url"]: next(v for k, v in each.items() if k != "url") for each in extension["extension"]}
            assert text[parts["start"] : parts["end"]] == parts["text"]
            quotes += 1
        for target in resource.get("target", []):
            assert target["reference"] in urls
    assert quotes > 0
    assert [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Observation"][0]["subject"]


def test_claim_only_where_the_codes_are_ready_and_queries_name_none(desk: Desk) -> None:
    seen = {True: 0, False: 0}
    for note_id, text in gold_texts().items():
        result = desk.client.post("/api/v1/extract", json={"note_id": note_id, "text": text}).json()
        bundle = extract(desk, report(text))
        kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
        ready = bool(result["recommendation"]["codes"])
        assert kinds.count("Claim") == ready
        assert kinds.count("DetectedIssue") == len(result["flags"])
        assert kinds.count("Task") == kinds.count("Communication") == sum(1 for f in result["flags"] if f["query"])
        seen[ready] += 1
    assert all(seen.values())


def test_takes_document_reference_and_bundle_of_both(desk: Desk) -> None:
    text = gold_texts()["s01-002"]
    data = base64.b64encode(text.encode()).decode()
    document = {
        "resourceType": "DocumentReference", "status": "current",
        "content": [{"attachment": {"contentType": "text/plain", "data": data}}],
    }  # fmt: skip
    both = {"resourceType": "Bundle", "type": "collection",
            "entry": [{"resource": document}, {"resource": report(gold_texts()["s01-003"])}]}  # fmt: skip
    assert [e["resource"]["resourceType"] for e in extract(desk, document)["entry"]].count("Device") == 1
    assert [e["resource"]["resourceType"] for e in extract(desk, both)["entry"]].count("Device") == 2


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"resourceType": "Patient"}', b'{"text": "Xyloquenna"}', b"\xff", b"null", b"1"]
)
def test_what_holds_no_report_is_an_outcome(desk: Desk, body: bytes) -> None:
    answer = desk.client.post("/fhir/$extract", content=body, headers=HEADERS)
    assert answer.status_code == 422
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert CANARY not in answer.text


def test_needs_a_token_where_there_are_users(sqlite: Store, reads: Reader) -> None:
    desk = Desk(sqlite, reads, authentication=True)
    answer = desk.client.post("/fhir/$extract", json=report("x"), headers=HEADERS)
    assert (answer.status_code, answer.json()["resourceType"]) == (401, "OperationOutcome")
