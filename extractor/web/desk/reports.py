"""Pages of insight, of the blind second review, and of export."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, select

from extractor.findings import ELEMENTS
from extractor.result import Result
from extractor.sinks.flat import defused
from extractor.web import audit_events
from extractor.web import insight as i
from extractor.web.desk.fields import fields
from extractor.web.desk.marks import lines
from extractor.web.desk.pages import Here, Number, Text, known, store_of
from extractor.web.desk.render import page
from extractor.web.store import decisions, notes, trail
from extractor.web.store.decisions import Refused
from extractor.web.store.engine import Row, many
from extractor.web.store.schema import notes as table

router = APIRouter(include_in_schema=False)


@router.get("/insight")
def insight_page(request: Request, who: Here, site: str = "", provider: str = "", month: str = "") -> Response:
    scope = i.Scope(*(each.replace("\0", "")[:200] for each in (site, provider, month)))
    with store_of(request).read() as connection:
        seen, choices = i.insight(connection, scope), known(request, connection, i.choices)
    return page(request, who, "insight.html", seen=seen, scope=scope, choices=choices)


@router.post("/insight/sample")
def sample(request: Request, who: Here, csrf: Text = "", size: Text = "20") -> Response:
    who.check(csrf)
    who.need("lead")
    wanted = int(size) if size.isdecimal() and len(size) < 5 else 20
    with store_of(request).write() as connection:
        i.draw_sample(connection, who.user.name, wanted)
    return RedirectResponse("/insight?done=sampled", 303)


@router.get("/second-review")
def blind(request: Request, who: Here) -> Response:
    return _blind(request, who)


def _blind(request: Request, who: Any, error: str = "", status: int = 200) -> Response:
    """The next note of the sample: its text, and nothing of what extractor or the first reviewer made of it."""
    with store_of(request).write() as connection:
        row = i.next_sample(connection, who.user.name)
        text = ""
        if row is not None:
            text = notes.get(connection, row["note"]).text
            trail.record(connection, who.user.name, "note.open", f"note:{row['note']}", sample=row["id"])
    return page(request, who, "blind.html", status, row=row, lines=lines(text, []), error=error)


@router.post("/second-review/{number}")
def reviewed(request: Request, who: Here, number: Number, csrf: Text = "", codes: Text = "") -> Response:
    who.check(csrf)
    try:
        with store_of(request).write() as connection:
            i.review_sample(connection, who.user.name, number, codes)
    except Refused as error:
        return _blind(request, who, str(error), 422)
    return RedirectResponse("/second-review?done=reviewed", 303)


@router.get("/export")
def export_page(request: Request, who: Here) -> Response:
    with store_of(request).read() as connection:
        count = len(_done(connection))
    return page(request, who, "export.html", count=count)


@router.post("/export/{what}")
def export(request: Request, who: Here, what: str, csrf: Text = "") -> Response:
    """A file: `charges.csv`, `worklist.csv`, `annotations.zip` or `trail.ndjson`. That it was taken is recorded."""
    who.check(csrf)
    who.need("lead" if what in ("annotations.zip", "trail.ndjson") else "reviewer")
    makers = {
        "charges.csv": _charges, "worklist.csv": _worklist, "annotations.zip": _annotations, "trail.ndjson": _trail
    }  # fmt: skip
    if what not in makers:
        return page(request, who, "error.html", 404, title="Not found", detail="There is no such export.")
    with store_of(request).write() as connection:
        content = makers[what](connection)
        trail.record(connection, who.user.name, f"export.{what}", "store", sha256=sha256(content).hexdigest())
    kinds = {"zip": "application/zip", "csv": "text/csv; charset=utf-8", "ndjson": "application/fhir+ndjson"}
    kind = kinds[what.rpartition(".")[2]]
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{what}"'})


def _done(connection: Connection) -> list[Row]:
    return many(connection, select(table).where(table.c.state == "done").order_by(table.c.number))


def _csv(header: list[str], rows: Iterator[list[Any]]) -> bytes:
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n")
    write.writerow(header)
    write.writerows([defused(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def charge_lines(codes: str) -> list[tuple[str, list[str], int]]:
    """The lines of codes as the store writes them: code, modifiers, units."""
    found = []
    for line in filter(None, codes.split(", ")):
        name, _, units = line.partition(" ×")
        code, *modifiers = name.split("-")
        found.append((code, modifiers, int(units or 1)))
    return found


def _charges(connection: Connection) -> bytes:
    def rows() -> Iterator[list[Any]]:
        for row in _done(connection):
            made = decisions.newest(connection, row["number"])
            for number, (code, modifiers, units) in enumerate(charge_lines(row["final_codes"]), 1):
                yield [row["note_id"], row["service_date"] or "", number, code, units, " ".join(modifiers),
                       row["outcome"], made["actor"] if made else "", made["at"] if made else ""]  # fmt: skip

    header = ["note_id", "service_date", "line", "code", "units", "modifiers", "outcome", "decided_by", "decided_at"]
    return _csv(header, rows())


def _worklist(connection: Connection) -> bytes:
    names = ["note_id", "site", "provider", "service_date", "state", "outcome", "disposition", "severity", "worst_flag",
             "flag_count", "codes", "final_codes", "claim_verdict", "claim_over", "claim_under", "assignee",
             "received_at"]  # fmt: skip
    rows = many(connection, select(table).order_by(table.c.number))
    return _csv(names, ([row[name] for name in names] for row in rows))


def _trail(connection: Connection) -> bytes:
    """The audit trail, one AuditEvent a line."""
    lines: list[str] = []
    last = 0
    while rows := trail.after(connection, last):
        lines += map(audit_events.line, rows)
        last = rows[-1]["seq"]
    return "".join(lines).encode()


def _annotations(connection: Connection) -> bytes:
    """Reviewed notes as a folder of gold notes: the result, put right where reviewers marked it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for row in _done(connection):
            stored = notes.get(connection, row["number"])
            marked = [
                each
                for each in reversed(decisions.history(connection, row["number"]))
                if each["kind"] == "mark" and not each["undone"] and each["result"] == row["result"]
            ]
            name = file_name(row["note_id"])
            made = record(stored.result, marked, row["final_codes"])
            archive.writestr(f"reviewed/{name}.txt", stored.text)
            written = json.dumps(made | {"note_id": name}, indent=1, ensure_ascii=False)
            archive.writestr(f"reviewed/{name}.json", written)
    return out.getvalue()


def file_name(note_id: str) -> str:
    """A name for a note's files; a digest where its id could be a path."""
    safe = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", note_id)
    return note_id if safe else f"note-{sha256(note_id.encode()).hexdigest()[:16]}"


def record(result: Result, marked: list[Row], final_codes: str) -> dict[str, Any]:
    """The gold record of a reviewed note. Marks whose field has no place in a record stand in its rationale."""
    status = {e.element: e.status for e in result.documentation}
    made: dict[str, Any] = {
        "note_id": result.note_id,
        "procedure": {"type": result.procedure.type, "status": result.procedure.status},
        "lesions": [
            {
                "site": lesion.site, "laterality": lesion.laterality, "guidance": lesion.guidance,
                "devices": [{"type": device.type, "count": device.count} for device in lesion.devices],
                "target": lesion.target, "biopsied": lesion.biopsied, "outcome": lesion.outcome,
            }
            for lesion in result.lesions
        ],
        "lesion_count": result.lesion_count,
        "complications": {
            "documented": result.complications.documented,
            "items": list(dict.fromkeys(item.type for item in result.complications.items)),
        },
    }  # fmt: skip
    left = [f"{m['field']}: {m['value'] or m['comment']}" for m in marked if not _apply(made, status, result, m)]
    lines_ = charge_lines(final_codes)
    disposition = result.recommendation.disposition
    if lines_ and disposition != "ready":
        disposition = "ready"
    made["documentation"] = {
        key: [name for name in ELEMENTS if status.get(name) == key] for key in ("missing", "conflicting")
    }
    codes = [{"code": code, "units": units, "modifiers": modifiers} for code, modifiers, units in lines_]
    made["recommendation"] = {"disposition": disposition, "codes": codes if disposition == "ready" else []}
    made["evidence"] = _evidence(result)
    made["rationale"] = "; ".join(["Reviewed at the desk.", *left])
    return made


def _apply(made: dict[str, Any], status: dict[Any, Any], result: Result, mark: Row) -> bool:
    """Put one marked field right; False where it has no place in the record or the value is none."""
    name, value = mark["field"], mark["value"].replace(" ", "_")
    known = next((field for field in fields(result) if field.name == name), None)
    if known is None or value not in {choice.replace(" ", "_") for choice in known.choices}:
        return False
    said: Any = {"not_documented": None, "true": True, "false": False}.get(value, value)
    group, _, part = name.partition(".")
    lesion = re.fullmatch(r"L(\d+)", group)
    if group == "documentation":
        status[part] = said
    elif group == "procedure":
        made["procedure"][part] = said
    elif name == "lesion_count":
        made["lesion_count"] = None if said is None else int(said)
    elif name == "complications.documented":
        made["complications"]["documented"] = said
    elif lesion and part in ("laterality", "guidance", "target", "site", "outcome", "biopsied"):
        place = [each.number for each in result.lesions].index(int(lesion[1]))
        made["lesions"][place][part] = said
    else:
        return False
    return True


def _evidence(result: Result) -> dict[str, str]:
    found: dict[str, str] = {}
    for lesion in result.lesions:
        for name in ("guidance", "laterality"):
            for quote in lesion.evidence.get(name, [])[:1]:
                found.setdefault(name, quote.text)
        for device in lesion.devices:
            for quote in device.evidence[:1]:
                found.setdefault("device", quote.text)
    for quote in result.complications.evidence[:1]:
        found["complications"] = quote.text
    return found
