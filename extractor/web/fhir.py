"""FHIR R4: `POST /fhir/$extract` takes reports and answers with a Bundle of what extractor says about them.

Shapes a result as resources and judges nothing. Every resource carries the label that software asserted it, evidence
as an extension with offsets into the text that was read, and provenance that names program, rules and text.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool

from extractor import __version__
from extractor.note import Note, UnreadableNote
from extractor.result import Flag, Quote, Result
from extractor.sources.common import Options, Reject
from extractor.sources.fhir import read_json
from extractor.web import identity
from extractor.web.problem import MEDIA_TYPE as MEDIA
from extractor.web.reading import NotRead
from extractor.web.store import queries
from extractor.web.store.users import User

MEDIA_TYPE = "application/fhir+json"
LOCAL = "urn:x-extractor:"
LABEL = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "AIAST",
    "display": "Artificial Intelligence asserted",
}
CPT = "http://www.ama-assn.org/go/cpt"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SEVERITY = {"blocking": "high", "coding": "high", "compliance": "moderate", "quality": "low"}
UNKNOWN = {"display": "not known to extractor"}
FIELDS = ("laterality", "guidance", "target", "site", "outcome")

Resource = dict[str, Any]

_token = HTTPBearer(auto_error=False, description="A token of `extractor users token`.")
router = APIRouter(prefix="/fhir", dependencies=[Depends(_token)])
Caller = Annotated[User, Depends(identity.program)]
_OUTCOMES: dict[int | str, dict[str, Any]] = {
    status: {"description": name, "content": dict.fromkeys((MEDIA_TYPE, MEDIA), {"schema": {"type": "object"}})}
    for status, name in ((400, "No request"), (401, "No token"), (403, "Refused"), (413, "Too large"),
                         (421, "Wrong host"), (422, "No report that can be read"), (429, "Too many requests"),
                         (503, "Busy"), (504, "Not in time"))
}  # fmt: skip


@router.post(
    "/$extract", operation_id="fhirExtract", response_class=Response,
    responses={200: {"description": "A Bundle", "content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}, **_OUTCOMES},
    openapi_extra={"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}},
)  # fmt: skip
async def extract(request: Request, who: Caller) -> Response:
    """Read the reports of a DiagnosticReport, DocumentReference, Composition or Bundle. Nothing is stored."""
    body = await request.body()
    return await run_in_threadpool(_extract, request, body)


def _extract(request: Request, body: bytes) -> Response:
    settings = request.app.state.settings
    made: list[Resource] = []
    issues: list[str] = []
    count = 0
    for item in read_json(io.BytesIO(body), "request", Options(max_bytes=settings.max_note)):
        count += 1
        if count > settings.max_notes:
            return outcome(413, f"A request holds at most {settings.max_notes} reports.", "too-long")
        if isinstance(item, Reject):
            issues.append(item.reason)
            continue
        try:
            result = request.app.state.reader.read(item)
        except UnreadableNote as error:
            issues.append(error.reason)
        except NotRead as error:
            code = {503: "throttled", 504: "timeout"}.get(error.status, "exception")
            return outcome(error.status, error.detail, code, {"Retry-After": "5"} if error.status == 503 else None)
        else:
            request.app.state.metrics.notes.labels(result.recommendation.disposition).inc()
            made += resources(item, result)
    if not made:
        return outcome(422, "; ".join(sorted(set(issues))[:5]) or "there is no report in it", "invalid")
    entries = [{"fullUrl": each.pop("_url"), "resource": each} for each in made]
    if issues:
        partly = _outcome(sorted(set(issues)), "incomplete")
        entries.append({"fullUrl": _url("issues", str(issues)), "resource": partly})
    bundle = {"resourceType": "Bundle", "type": "collection", "timestamp": _now(), "meta": _meta(), "entry": entries}
    return Response(json.dumps(bundle), media_type=MEDIA_TYPE)


def outcome(status: int, detail: str, code: str, headers: dict[str, str] | None = None) -> Response:
    """An error as FHIR says it."""
    return Response(json.dumps(_outcome([detail or "refused"], code, "error")), status, headers, MEDIA_TYPE)


def _outcome(details: Sequence[str], code: str, severity: str = "warning") -> Resource:
    issues = [{"severity": severity, "code": code, "diagnostics": detail[:500]} for detail in details]
    return {"resourceType": "OperationOutcome", "issue": issues}


def resources(note: Note, result: Result) -> list[Resource]:
    """What a result says, as resources; each holds its address within the Bundle under `_url`."""
    seed = f"{note.note_id}\0{result.provenance.text_sha256}"
    subject = _subject(note)
    device = _device(seed, result)
    made = [*_observations(seed, note, result, subject), *_issues(seed, result, subject, device["_url"])]
    if result.recommendation.codes:
        made.append(_claim(seed, result, subject))
    for flag in result.flags:
        if flag.query is not None:
            made += _query(seed, flag, subject, device["_url"])
    return [*made, device, _provenance(seed, note, result, [each["_url"] for each in made], device["_url"])]


def _observations(seed: str, note: Note, result: Result, subject: Resource | None) -> Iterator[Resource]:
    def observation(name: str, value: Any, quotes: Sequence[Quote]) -> Resource:
        part = name.split(".")[-1]
        code = {"coding": [{"system": f"{LOCAL}field", "code": part}], "text": name.replace("_", " ")}
        made = _resource("Observation", seed, name, status="preliminary", code=code, extension=_evidence(quotes))
        if subject:
            made["subject"] = subject
        if isinstance(value, bool):
            made["valueBoolean"] = value
        elif isinstance(value, int):
            made["valueInteger"] = value
        elif value is None:
            made["dataAbsentReason"] = _concept("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown")
        else:
            made["valueCodeableConcept"] = _concept(f"{LOCAL}{part}", value)
        return made

    yield observation("procedure.type", result.procedure.type, result.procedure.evidence)
    if result.procedure.status:
        yield observation("procedure.status", result.procedure.status, result.procedure.evidence)
    yield observation("lesion_count", result.lesion_count, [])
    for lesion in result.lesions:
        for name in FIELDS:
            yield observation(f"lesion {lesion.number}.{name}", getattr(lesion, name), lesion.evidence.get(name, []))
        for number, device in enumerate(lesion.devices, 1):
            yield observation(f"lesion {lesion.number}.device {number}.device_type", device.type, device.evidence)
            yield observation(f"lesion {lesion.number}.device {number}.device_count", device.count, device.evidence)
    yield observation(
        "complications.documented", result.complications.documented, result.complications.evidence
    )
    for number, item in enumerate(result.complications.items, 1):
        yield observation(f"complication {number}.complication", item.type, item.evidence)


def _issues(seed: str, result: Result, subject: Resource | None, device: str) -> Iterator[Resource]:
    for number, flag in enumerate(result.flags, 1):
        made = _resource(
            "DetectedIssue", seed, f"issue {number}", status="preliminary", severity=SEVERITY[flag.severity],
            code=_concept(f"{LOCAL}flag", flag.id), detail=flag.message, author={"reference": device},
            extension=_evidence(flag.evidence),
        )  # fmt: skip
        yield made | ({"patient": subject} if subject else {})


def _claim(seed: str, result: Result, subject: Resource | None) -> Resource:
    diagnoses = [
        {"sequence": n, "diagnosisCodeableConcept": _concept(ICD, line.code)}
        for n, line in enumerate(result.recommendation.diagnoses, 1)
    ]
    items = [
        {
            "sequence": n,
            "productOrService": _concept(CPT, line.code),
            **({"modifier": [_concept(f"{LOCAL}modifier", each) for each in line.modifiers]} if line.modifiers else {}),
            "quantity": {"value": line.units},
        }
        for n, line in enumerate(result.recommendation.codes, 1)
    ]
    return _resource(
        "Claim", seed, "claim", status="draft", use="claim", created=_now(), patient=subject or UNKNOWN,
        provider=UNKNOWN, type=_concept("http://terminology.hl7.org/CodeSystem/claim-type", "professional"),
        priority=_concept("http://terminology.hl7.org/CodeSystem/processpriority", "normal"),
        insurance=[{"sequence": 1, "focal": True, "coverage": UNKNOWN}], diagnosis=diagnoses, item=items,
    )  # fmt: skip


def _query(seed: str, flag: Flag, subject: Resource | None, device: str) -> Iterator[Resource]:
    assert flag.query is not None
    words = queries.as_text(flag.query.model_dump())
    message = _resource(
        "Communication", seed, f"message {flag.id}", status="preparation", sender={"reference": device},
        payload=[{"contentString": words}], extension=_evidence(flag.query.indicators),
    )  # fmt: skip
    task = _resource(
        "Task", seed, f"task {flag.id}", status="draft", intent="proposal", description=flag.query.title,
        code=_concept(f"{LOCAL}task", "documentation-query"), focus={"reference": message["_url"]}, authoredOn=_now(),
    )  # fmt: skip
    if subject:
        message["subject"] = subject
        task["for"] = subject
    yield from (message, task)


def _device(seed: str, result: Result) -> Resource:
    made = result.provenance
    versions = [("program", __version__), ("tables", made.ruleset), ("policy", made.policy)]
    versions += [(f"model {name}", digest) for name, digest in made.models.items()]
    return _resource(
        "Device", seed, "device", deviceName=[{"name": "extractor", "type": "model-name"}],
        type=_concept(f"{LOCAL}device", "note-reading-software"),
        version=[{"type": {"text": name}, "value": value} for name, value in versions],
    )  # fmt: skip


def _provenance(seed: str, note: Note, result: Result, targets: list[str], device: str) -> Resource:
    source = {"identifier": {"system": f"{LOCAL}text-sha256", "value": result.provenance.text_sha256}}
    return _resource(
        "Provenance", seed, "provenance", target=[{"reference": each} for each in targets], recorded=_now(),
        reason=[{"coding": [LABEL]}],
        agent=[{"type": _concept("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "assembler"),
                "who": {"reference": device}}],
        entity=[{"role": "source", "what": source | {"display": note.note_id[:200]}}],
    )  # fmt: skip


def _resource(kind: str, seed: str, name: str, **content: Any) -> Resource:
    filled = {key: value for key, value in content.items() if value not in (None, [], {})}
    return {"resourceType": kind, "_url": _url(seed, f"{kind} {name}"), "meta": _meta(), **filled}


def _meta() -> Resource:
    return {"security": [LABEL]}


def _evidence(quotes: Sequence[Quote]) -> list[Resource]:
    def part(name: str, kind: str, value: Any) -> Resource:
        return {"url": name, f"value{kind}": value}

    return [
        {
            "url": f"{LOCAL}evidence",
            "extension": [
                part("start", "Integer", quote.start),
                part("end", "Integer", quote.end),
                part("text", "String", quote.text),
                *([part("section", "Code", quote.section)] if quote.section else []),
                *([part("rule", "String", quote.rule)] if quote.rule else []),
            ],
        }
        for quote in quotes
        if quote.text.strip()
    ]


def _concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}], "text": str(code).replace("_", " ")}


def _subject(note: Note) -> Resource | None:
    patient = note.metadata.get("patient")
    return {"reference": patient} if isinstance(patient, str) and patient else None


def _url(*seed: str) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, chr(0).join(seed))}"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


