"""CDS Hooks 2.0: a service that tells a physician what a report lacks while it can still be put right.

A card asks and never names a code, a payment or a quality score: it is a query, and the query's own linter decides
whether it may be shown. Callers prove who they are by a signed token of an issuer on the allow-list; its keys are
configured, and an address of keys in a token is never fetched.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import jwt
from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from extractor.documentation.linter import lint
from extractor.note import Note
from extractor.result import Flag, Result
from extractor.sources.common import Options
from extractor.sources.fhir import read_json
from extractor.web import problem
from extractor.web.api.models import Clean
from extractor.web.insight import CARD_REASONS
from extractor.web.problem import Halt
from extractor.web.settings import Client, Settings
from extractor.web.store import trail
from extractor.web.store.engine import as_time, now, one
from extractor.web.store.schema import feedback, seen_tokens

ALGORITHMS = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA")
LEEWAY, LONGEST = 30, 3600
MOST_CARDS = 8
REPORT = "DiagnosticReport/{{context.diagnosticReportId}}"
OF_ENCOUNTER = "DiagnosticReport?encounter={{context.encounterId}}&_sort=-date&_count=5"
OF_PATIENT = "DiagnosticReport?patient={{context.patientId}}&_sort=-date&_count=3"
SERVICES: dict[str, dict[str, Any]] = {
    "report-sign": {
        "hook": "org.extractor.report-sign",
        "title": "Breast localization: report check at signing",
        "description": "Says what a localization report lacks or contradicts, before it is signed.",
        "prefetch": {"report": REPORT},
        "usageRequirements": "Context: userId, patientId, and diagnosticReportId or the draft itself as draftReport.",
    },
    "encounter-documentation": {
        "hook": "encounter-discharge",
        "title": "Breast localization: reports of this encounter",
        "description": "Says what the encounter's localization reports lack or contradict.",
        "prefetch": {"reports": OF_ENCOUNTER},
    },
    "patient-documentation": {
        "hook": "patient-view",
        "title": "Breast localization: recent reports of this patient",
        "description": "Says what the patient's recent localization reports lack or contradict.",
        "prefetch": {"reports": OF_PATIENT},
    },
}

router = APIRouter(prefix="/cds-services")
_ERRORS = problem.documented(400, 401, 403, 404, 412, 413, 421, 422, 429, 500, 503, 504)
Service = Annotated[str, Path(max_length=60)]


class HookRequest(BaseModel):
    """A call of a service. What else a client sends is passed over."""

    model_config = ConfigDict(extra="ignore")

    hook: str = Field(max_length=200)
    hookInstance: uuid.UUID
    context: dict[str, Any]
    prefetch: dict[str, Any] | None = None


class OverrideReason(BaseModel):
    """Why a card was not followed."""

    model_config = ConfigDict(extra="ignore")

    reason: dict[str, Any] | None = None
    userComment: Annotated[Clean, Field(max_length=4000)] | None = None


class Answer(BaseModel):
    """What became of one card."""

    model_config = ConfigDict(extra="ignore")

    card: Annotated[Clean, Field(min_length=1, max_length=64)]
    outcome: Literal["accepted", "overridden"]
    outcomeTimestamp: Annotated[Clean, Field(min_length=1, max_length=40)]
    overrideReason: OverrideReason | None = None


class Feedback(BaseModel):
    """What became of several cards; the same report twice is one."""

    feedback: list[Answer] = Field(min_length=1, max_length=100)


@router.get("", operation_id="cdsServices", responses=problem.documented(421, 429))
def discovery() -> dict[str, Any]:
    """The services that there are."""
    return {"services": [{"id": name, **about} for name, about in SERVICES.items()]}


@router.post("/{service}", operation_id="cdsCall", responses=_ERRORS)
def call(request: Request, service: Service, sent: HookRequest) -> dict[str, Any]:
    """Cards for the gaps of the reports in the prefetch; none where nothing is missing."""
    about = _service(service)
    caller(request)
    if sent.hook != about["hook"]:
        raise Halt(400, f"This service answers the hook {about['hook']}.")
    reports = _reports(service, sent)
    cards: list[dict[str, Any]] = []
    for note in _notes(request.app.state.settings, reports):
        result = request.app.state.reader.read(note)
        request.app.state.metrics.notes.labels(result.recommendation.disposition).inc()
        cards += _cards(note, result, str(sent.hookInstance))
    return {"cards": cards[:MOST_CARDS]}


def _service(name: str) -> dict[str, Any]:
    if name not in SERVICES:
        raise Halt(404, "There is no such service.")
    return SERVICES[name]


_REPORTS = ("Bundle", "DiagnosticReport", "DocumentReference", "Composition")


def _reports(service: str, sent: HookRequest) -> Any:
    """The reports that came along. Raises Halt with 412 where they are missing."""
    draft = sent.context.get("draftReport")
    if service == "report-sign" and isinstance(draft, dict):
        return draft
    key = next(iter(SERVICES[service]["prefetch"]))
    found = None if sent.prefetch is None else sent.prefetch.get(key)
    # a prefetch that failed may come as an OperationOutcome: no cards would say that nothing is missing
    if not isinstance(found, dict) or found.get("resourceType") not in _REPORTS:
        raise Halt(412, f"The prefetch {key} is missing: {SERVICES[service]['prefetch'][key]}.")
    return found


def _notes(settings: Settings, reports: Any) -> Iterator[Note]:
    """What can be read of the reports; one that cannot be read says nothing on a gap, so it gets no card."""
    if isinstance(reports, dict) and reports.get("resourceType") == "Bundle" and not reports.get("entry"):
        return
    data = json.dumps(reports).encode()
    found = read_json(io.BytesIO(data), "report", Options(max_bytes=settings.max_note))
    yield from (item for item in found if isinstance(item, Note))


def _cards(note: Note, result: Result, instance: str) -> Iterator[dict[str, Any]]:
    for flag in result.flags:
        # The linter has the last word: nothing that leads or names a code reaches the person who signs.
        if flag.query is not None and not lint(flag.query.model_dump(), note.text):
            yield _card(note, flag, instance)


def _card(note: Note, flag: Flag, instance: str) -> dict[str, Any]:
    assert flag.query is not None
    query = flag.query
    name = uuid.uuid5(uuid.NAMESPACE_OID, f"{instance}\0{note.note_id}\0{flag.id}")
    quotes = "\n".join(f"> {_markdown(' '.join(quote.text.split()))}\n" for quote in query.indicators)
    options = "\n".join(f"- {_markdown(option)}" for option in query.options)
    detail = "\n\n".join(part for part in ("The report says:", quotes, query.question, options) if part)
    task = {
        "resourceType": "Task",
        "status": "draft",
        "intent": "proposal",
        "description": f"{query.title}: {query.question}",
    }
    patient = note.metadata.get("patient")
    if isinstance(patient, str) and patient:
        task["for"] = {"reference": patient}  # type: ignore[assignment]
    return {
        "uuid": str(name),
        "summary": query.title[:139],
        "detail": f"{detail}\n\n{query.response_instruction}",
        "indicator": "warning" if flag.severity == "blocking" else "info",
        "source": {"label": "extractor: report completeness"},
        "selectionBehavior": "at-most-one",
        "suggestions": [
            {
                "label": "Remind me to add an addendum",
                "uuid": str(uuid.uuid5(name, "addendum")),
                "actions": [{"type": "create", "description": "A task to complete the report", "resource": task}],
            }
        ],
        "overrideReasons": [
            {"code": code, "system": "urn:x-extractor:override-reason", "display": display}
            for code, display in CARD_REASONS.items()
        ],
    }


def _markdown(words: str) -> str:
    """Words of a report with everything escaped that a card's reader could take for mark-up."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+-.!|~&" else c for c in words)


@router.post("/{service}/feedback", operation_id="cdsFeedback", responses=_ERRORS)
def answered(request: Request, service: Service, sent: Feedback) -> Response:
    """What became of cards. The same report again changes nothing."""
    _service(service)
    who = caller(request)
    with request.app.state.store.write() as connection:
        fresh = 0
        for answer in sent.feedback:
            key = {
                "service": service, "card": answer.card, "outcome": answer.outcome,
                "outcome_at": answer.outcomeTimestamp,
            }  # fmt: skip
            if one(connection, select(feedback.c.id).where(*(feedback.c[n] == v for n, v in key.items()))):
                continue
            reason = answer.overrideReason
            code = str((reason.reason or {}).get("code") or "") if reason else ""
            values = {
                **key, "reason_code": code if code in CARD_REASONS else "", "at": now(),
                "comment": (reason.userComment or "") if reason else "",
            }  # fmt: skip
            connection.execute(insert(feedback).values(values))
            fresh += 1
        if fresh:
            trail.record(connection, who, "cds.feedback", f"service:{service}", cards=fresh)
    return JSONResponse({})


def caller(request: Request) -> str:
    """Which issuer calls. Raises Halt with 401 for a token that is missing, unknown, altered, expired or replayed."""
    settings: Settings = request.app.state.settings
    if not (settings.cds_required or settings.cds_clients or settings.authentication):
        return "local"
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _refused("A signed token is needed.")
    try:
        client, claims = _verified(settings, token.strip(), f"{settings.address}{request.url.path}")
    except (jwt.PyJWTError, KeyError, ValueError, TypeError):
        raise _refused("The token is not accepted.") from None
    _use_once(request, client, claims)
    return client.issuer[:80]


def _verified(settings: Settings, token: str, audience: str) -> tuple[Client, dict[str, Any]]:
    """The client that signed and what it says. The algorithm is the key's, never the token's choice."""
    header = jwt.get_unverified_header(token)
    issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    client = next((each for each in settings.cds_clients if each.issuer == issuer), None)
    if client is None or header.get("alg") not in ALGORITHMS:
        raise jwt.InvalidIssuerError
    key = jwt.PyJWK(client.keys[header["kid"]], algorithm=client.keys[header["kid"]].get("alg") or header["alg"])
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=[key.algorithm_name], audience=audience, issuer=client.issuer, leeway=LEEWAY,
        options={"require": ["iss", "aud", "exp", "iat", "jti"], "strict_aud": True},
    )  # fmt: skip
    if claims["exp"] - claims["iat"] > LONGEST or not isinstance(claims["jti"], str):
        raise jwt.InvalidTokenError
    if client.tenant is not None and claims.get("tenant") != client.tenant:
        raise jwt.InvalidTokenError
    return client, claims


def _use_once(request: Request, client: Client, claims: dict[str, Any]) -> None:
    digest = hashlib.sha256(json.dumps([client.issuer, claims["jti"]]).encode()).hexdigest()
    expires = as_time(datetime.fromtimestamp(min(claims["exp"], time.time() + LONGEST) + LEEWAY + 1, UTC))
    try:
        with request.app.state.store.write() as connection:
            connection.execute(delete(seen_tokens).where(seen_tokens.c.expires_at < now()))
            connection.execute(insert(seen_tokens).values(jti=digest, expires_at=expires))
    except IntegrityError:
        raise _refused("The token was used before.") from None


def _refused(detail: str) -> Halt:
    return Halt(401, detail, {"WWW-Authenticate": "Bearer"})


