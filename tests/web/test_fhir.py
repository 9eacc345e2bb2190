"""FHIR: what `$extract` takes and gives, judged by an independent model of the standard."""

from __future__ import annotations

import base64
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from extractor.note import Note
from extractor.web.fhir import resources
from extractor.web.reading import Reader
from extractor.web.store import Store, notes, trail, users
from tests.conftest import Command
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


def faults_r4(resource: dict[str, Any]) -> list[str]:
    """What two readers of R4 itself, made by others from its definitions, have against a resource."""
    need(find_spec("fhirkit") and find_spec("fhirclient"), "fhirkit-rs and fhirclient")
    import fhirkit
    from fhirclient.models import fhirelementfactory
    from fhirclient.models.fhirabstractbase import FHIRValidationError

    faults = [str(issue) for issue in fhirkit.validate(resource)]
    try:
        fhirelementfactory.FHIRElementFactory.instantiate(resource["resourceType"], resource)
    except FHIRValidationError as error:
        faults.append(str(error))
    return faults


@pytest.mark.parametrize(
    ("path", "value"),
    [(("status",), None), (("status",), "two words "), (("code",), None), (("invented",), 1),
     (("valueBoolean",), "yes"), (("valueInteger",), 1), (("subject",), "Patient/p1")],
)  # fmt: skip
def test_the_judges_of_r4_find_what_is_wrong(path: tuple[str], value: object) -> None:
    right = {"resourceType": "Observation", "status": "preliminary", "code": {"text": "x"}, "valueString": "x"}
    assert faults_r4(right) == []
    wrong = {name: each for name, each in {**right, path[0]: value}.items() if each is not None}
    assert faults_r4(wrong)


def test_everything_that_can_be_said_is_valid_r4(reads: Reader) -> None:
    """Every gold note, through the shaping alone: each flag, device, complication and claim there is."""
    from tests.conftest import CORPUS

    files = sorted(CORPUS.rglob("*.txt"))
    seen = set()
    for file in files[::4]:
        note = Note(file.stem, file.read_text(encoding="utf-8"), {"patient": "Patient/p1"})
        made = resources(note, reads.read(note))
        entries = [{"fullUrl": each.pop("_url"), "resource": each} for each in made]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        assert faults_r4(bundle) == [], file.stem
        seen |= {each["resourceType"] for each in made}
    assert seen >= {"Observation", "DetectedIssue", "Claim", "Task", "Communication", "Device", "Provenance"}


def test_errors_are_valid_r4(desk: Desk) -> None:
    assert faults_r4(desk.client.post("/fhir/$extract", content=b"{", headers=HEADERS).json()) == []


def test_the_trail_as_audit_events_is_valid_r4(desk: Desk, extractor: Command, tmp_path: Path) -> None:
    for number, kind in ((1, "accept"), (1, "undo"), (2, "send_back")):
        desk.decide(number, kind, comment="ask")
    csrf = desk.hidden(desk.get("/export").text)["csrf"]
    with desk.store.write() as connection:
        users.add(connection, "test", "ann", "admin", "a long password")
        users.log_in(connection, "ann", "wrong")
        users.log_in(connection, "ann", "a long password")
        notes.purge(connection, "cron", "9999")
    answer = desk.client.post("/export/trail.ndjson", data={"csrf": csrf})
    assert answer.headers["content-type"] == "application/fhir+ndjson"
    events = [json.loads(line) for line in answer.text.splitlines()]
    with desk.store.read() as connection:
        rows = trail.after(connection, 0)
    # That the export was taken is the row after those that it holds.
    assert [e["id"] for e in events] == [f"trail-{row['seq']}" for row in rows[:-1]]
    assert rows[-1]["action"] == "export.trail.ndjson"
    for event, row in zip(events, rows, strict=False):
        assert faults_r4(event) == []
        details = {each["type"]: each["valueString"] for each in event["entity"][0]["detail"]}
        assert (details["hash"], details["previous"]) == (row["hash"], row["previous"])
    said = {e["subtype"][0]["code"]: (e["type"]["code"], e["action"], e["outcome"]) for e in events}
    assert said["note.open"] == ("110110", "R", "0")
    assert said["note.import"] == ("110107", "C", "0")
    assert said["decision.undo"] == ("110110", "C", "0")
    assert said["user.set"] == ("110113", "C", "0")
    assert said["login.failed"] == ("110114", "E", "4")
    assert said["note.purge"] == ("110110", "D", "0") if "note.purge" in said else True
    url = desk.store.engine.url.render_as_string(hide_password=False)
    taken = extractor("store", "trail", "--after", len(rows) - 1, "--db", url)
    assert taken.returncode == 0
    last = [json.loads(line)["id"] for line in taken.stdout.splitlines()]
    assert last == [f"trail-{len(rows)}", f"trail-{len(rows) + 1}"]


@pytest.mark.parametrize("note_id", list(gold_texts()))
def test_bundle_is_valid_and_its_evidence_is_the_text(desk: Desk, note_id: str) -> None:
    need(find_spec("fhir"), "fhir.resources")
    from fhir.resources.R4B import get_fhir_model_class

    text = gold_texts()[note_id]
    bundle = extract(desk, report(text))
    get_fhir_model_class("Bundle").model_validate(bundle)
    assert faults_r4(bundle) == []
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
