"""The routes for programs: extract, audit, worklist, decisions, health, versions, metrics.

Each checks who calls and how much was sent, and calls the reader or the store. A change takes an idempotency key: the
same key with the same body gets the same answer and changes nothing again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import PlainTextResponse, Response
from fastapi.security import HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Connection, insert, select, text

from extractor import __version__
from extractor.audit import ClaimLine
from extractor.coding import load_tables
from extractor.note import Note, UnreadableNote
from extractor.result import SCHEMA_VERSION, Result
from extractor.web import identity, problem
from extractor.web.api import models as m
from extractor.web.problem import Halt
from extractor.web.reading import NotRead, Reads
from extractor.web.store import Store, decisions, notes, trail, worklist
from extractor.web.store.decisions import Decision, Refused, Stale
from extractor.web.store.engine import now, one
from extractor.web.store.schema import answers
from extractor.web.store.users import User

ALWAYS = (400, 401, 403, 413, 421, 422, 429, 500, 503, 504)
router = APIRouter(
    prefix="/api/v1",
    dependencies=[Depends(HTTPBearer(auto_error=False, description="A token of `extractor users token`."))],
    responses=problem.documented(*ALWAYS),
)
Caller = Annotated[User, Depends(identity.program)]
Number = Annotated[int, Path(ge=1, le=2_147_483_647)]
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


def _reader(request: Request) -> Reads:
    return request.app.state.reader  # type: ignore[no-any-return]


def _store(request: Request) -> Store:
    return request.app.state.store  # type: ignore[no-any-return]


def read(request: Request, note: m.NoteIn | m.WorkIn, claim: list[m.Line] | None = None) -> Result:
    """The result of a note within the limits. Raises Halt, UnreadableNote or NotRead."""
    limit = request.app.state.settings.max_note
    if len(note.text) * 4 > limit and len(note.text.encode()) > limit:
        raise Halt(413, f"A note holds at most {limit:,} bytes.")
    result = _reader(request).read(Note(note.note_id, note.text), lines(note.note_id, claim))
    request.app.state.metrics.notes.labels(result.recommendation.disposition).inc()
    return result


def lines(note_id: str, claim: list[m.Line] | None) -> list[ClaimLine] | None:
    """Draft claim lines as the audit takes them; None where no claim was sent."""
    if claim is None:
        return None
    return [ClaimLine(note_id, c.code, c.units, tuple(c.modifiers), n) for n, c in enumerate(claim, 1)]


def _json(result: Result) -> Response:
    return Response(result.to_json(), media_type="application/json")


@router.post("/extract", response_model=Result, operation_id="extract")
def extract(request: Request, who: Caller, note: m.NoteIn) -> Response:
    """Read one note. Nothing is stored."""
    return _json(read(request, note))


@router.post("/extract/batch", response_model=m.ReadAll, operation_id="extractBatch")
def extract_batch(request: Request, who: Caller, notes_in: m.NotesIn) -> m.ReadAll:
    """Read several notes, in order. A note that cannot be read costs only itself. Nothing is stored."""
    limit = request.app.state.settings.max_notes
    if len(notes_in.notes) > limit:
        raise Halt(413, f"A request holds at most {limit} notes.")
    done = []
    for note in notes_in.notes:
        try:
            done.append(m.Read(note_id=note.note_id, result=read(request, note)))
        except (Halt, NotRead) as halt:
            done.append(_unread(note.note_id, halt.status, halt.detail))
        except UnreadableNote as error:
            done.append(_unread(note.note_id, 422, f"The text cannot be read: it {error.reason}."))
    return m.ReadAll(results=done)


def _unread(note_id: str, status: int, detail: str) -> m.Read:
    return m.Read(note_id=note_id, problem=problem.Problem(title="Not read", status=status, detail=detail))


@router.post("/audit", response_model=Result, operation_id="audit")
def audit(request: Request, who: Caller, note: m.AuditIn) -> Response:
    """Read one note and compare its draft claim with it, over and under. Nothing is stored."""
    return _json(read(request, note, note.claim))


@router.get("/worklist", response_model=m.Work, operation_id="worklist")
def work(
    request: Request, who: Caller, state: str = "open", disposition: str = "", claim: str = "", flag: str = "",
    assignee: str = "", site: str = "", search: str = "", order: str = "worst",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> m.Work:  # fmt: skip
    """A page of the worklist. Unknown values of filters mean everything; `state` is open unless told."""
    given = {"state": state, "disposition": disposition, "claim": claim, "flag": flag, "assignee": assignee,
             "site": site, "search": search, "order": order}  # fmt: skip
    clean = {name: value.replace("\0", "")[:200] for name, value in given.items()}
    chosen = worklist.Filter(**clean, page=page).checked()
    with _store(request).read() as connection:
        found = worklist.page(connection, chosen)
    return m.Work(notes=[_row(row) for row in found.rows], total=found.total, page=page, pages=found.pages)


@router.post("/notes", response_model=m.Put, operation_id="putNote", responses=problem.documented(409))
def put(request: Request, who: Caller, note: m.WorkIn, idempotency_key: Key) -> Response:
    """Read a note and put it into the worklist."""
    known = _answered(request, who, idempotency_key, note)
    if known is not None:
        return known
    result = read(request, note, note.claim)

    def change(connection: Connection) -> m.Put:
        number, kind = notes.put(
            connection, who.name, note.note_id, note.text, result, lines(note.note_id, note.claim), note.site,
            note.provider,
        )  # fmt: skip
        return m.Put(number=number, change=kind, disposition=result.recommendation.disposition)

    return _once(request, who, idempotency_key, note, change)


@router.get("/notes/{number}", response_model=m.Whole, operation_id="getNote", responses=problem.documented(404))
def whole(request: Request, who: Caller, number: Number) -> m.Whole:
    """A note of the worklist with its text and result."""
    with _store(request).read() as connection:
        stored = notes.get(connection, number)
    with _store(request).write() as connection:
        trail.record(connection, who.name, "note.open", f"note:{number}", result=stored.row["result"])
    return m.Whole(note=_row(stored.row), text=stored.text, result=stored.result)


@router.get(
    "/notes/{number}/decisions", response_model=m.History, operation_id="decisions", responses=problem.documented(404)
)
def history(request: Request, who: Caller, number: Number) -> m.History:
    """Every decision on a note, newest first."""
    with _store(request).write() as connection:
        notes.get(connection, number)
        found = decisions.history(connection, number)
        trail.record(connection, who.name, "note.history", f"note:{number}")
    return m.History(decisions=[m.Past(**{name: row[name] for name in m.Past.model_fields}) for row in found])


@router.post(
    "/notes/{number}/decisions", response_model=m.Decided, operation_id="decide",
    responses=problem.documented(404, 409),
)  # fmt: skip
def decide(request: Request, who: Caller, number: Number, wanted: m.DecisionIn, idempotency_key: Key) -> Response:
    """Accept, change with a reason, send back, or undo."""
    known = _answered(request, who, idempotency_key, wanted)
    if known is not None:
        return known
    token = _digest(who.name, str(number), idempotency_key)

    def change(connection: Connection) -> m.Decided:
        if wanted.kind == "undo":
            made = decisions.undo(connection, who.name, number, token, wanted.revision, who.may("lead"))
        else:
            decision = Decision(wanted.kind, token, wanted.revision, wanted.reason_code, wanted.comment, wanted.codes)
            made = decisions.decide(connection, who.name, number, decision, request.app.state.settings.two_person)
        return m.Decided(decision=made, note=_row(notes.get(connection, number).row))

    return _once(request, who, idempotency_key, wanted, change)


@router.get("/health", response_model=m.Health, operation_id="health")
def health(request: Request) -> m.Health:
    """Whether the server can work: the store answers."""
    with _store(request).read() as connection:
        connection.execute(text("SELECT 1"))
    return m.Health(status="ok")


@router.get("/versions", response_model=m.Versions, operation_id="versions")
def versions(request: Request, who: Caller) -> m.Versions:
    """What is running: program, code tables, policy, profile, kind of store."""
    made = _reader(request)
    return m.Versions(
        extractor=__version__, schema_version=SCHEMA_VERSION, ruleset=load_tables().edition.name,
        policy=made.policy, profile=made.profile, store=_store(request).engine.dialect.name,
    )  # fmt: skip


@router.get("/metrics", response_class=PlainTextResponse, operation_id="metrics")
def metrics(request: Request, who: Caller) -> Response:
    """Counts and times in the form of Prometheus."""
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _row(row: Any) -> m.Row:
    return m.Row(**{name: row[name] for name in m.Row.model_fields})


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _keyed(request: Request, who: User, key: str, body: Any) -> tuple[str, str]:
    return _digest(who.name, request.url.path, key), _digest(body.model_dump_json())


def _answered(
    request: Request, who: User, key: str, body: Any, connection: Connection | None = None
) -> Response | None:
    """The answer that was given under this key. Raises Halt where it was given to another body."""
    digest, asked = _keyed(request, who, key, body)
    wanted = select(answers).where(answers.c.key == digest)
    if connection is None:
        with _store(request).read() as reading:
            found = one(reading, wanted)
    else:
        found = one(connection, wanted)
    if found is None:
        return None
    if found["request"] != asked:
        raise Halt(409, "This idempotency key was used for another request; choose a new one.")
    return Response(found["body"], found["status"], {"Idempotent-Replay": "true"}, "application/json")


def _once(request: Request, who: User, key: str, body: Any, change: Callable[[Connection], Any]) -> Response:
    """Make a change and keep its answer, in one transaction, unless it was made already."""
    digest, asked = _keyed(request, who, key, body)
    try:
        with _store(request).write() as connection:
            known = _answered(request, who, key, body, connection)
            if known is not None:
                return known
            said = json.dumps(change(connection).model_dump())
            kept = {"key": digest, "request": asked, "status": 200, "body": said, "at": now()}
            connection.execute(insert(answers).values(kept))
    except Stale as error:
        raise Halt(409, str(error)) from None
    except Refused as error:
        raise Halt(422, str(error)) from None
    return Response(said, media_type="application/json")
