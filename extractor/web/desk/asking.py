"""Pages of queries: drafted from a flag, edited, linted while typing, sent, answered, with the difference it made.

An answer is added to the note as an addendum and the note is read anew; reading is the extractor's, not done here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from extractor.audit import ClaimLine
from extractor.documentation.linter import lint
from extractor.note import Note
from extractor.result import Result
from extractor.web.desk.pages import Here, Number, Text, store_of
from extractor.web.desk.render import page
from extractor.web.problem import Halt
from extractor.web.reading import NotRead
from extractor.web.store import notes, queries, trail
from extractor.web.store.decisions import Refused, Stale

router = APIRouter(include_in_schema=False)
Many = Annotated[list[str], Form()]


@router.post("/notes/{number}/queries")
def draft(request: Request, who: Here, number: Number, csrf: Text = "", flag: Text = "") -> Response:
    who.check(csrf)
    with store_of(request).write() as connection:
        stored = notes.get(connection, number)
        place = int(flag) if flag.isdecimal() and len(flag) < 4 else 0
        flags = stored.result.flags
        asked = flags[place - 1].query if 0 < place <= len(flags) else None
        if asked is None:
            raise Halt(404, "There is no query for this flag.")
        made = queries.draft(connection, who.user.name, number, flags[place - 1].id, asked.model_dump())
    return RedirectResponse(f"/queries/{made}", 303)


@router.get("/queries/{query}")
def show(request: Request, who: Here, query: Number) -> Response:
    return draw(request, who, query)


def draw(
    request: Request, who: Any, query: int, error: str = "", status: int = 200, answer: str = ""
) -> Response:
    """The page of a query; `answer` is what was written into the form of the answer and is not recorded yet."""
    with store_of(request).write() as connection:
        row = queries.get(connection, query)
        stored = notes.get(connection, row["note"])
        trail.record(connection, who.user.name, "query.open", f"query:{query}", note=row["note"])
        difference = None
        if row["after_result"]:
            before = notes.version(connection, row["note"], row["before_result"])[1]
            difference = compare(before, notes.version(connection, row["note"], row["after_result"])[1])
    body = json.loads(row["body"])
    return page(
        request, who, "query.html", status, row=row, body=body, note=stored.row, error=error,
        faults=lint(body, stored.text) if row["status"] == "draft" else [], plain=queries.as_text(body),
        difference=difference, answer=answer,
    )  # fmt: skip


@router.post("/queries/{query}/lint")
def check(
    request: Request, who: Here, query: Number, csrf: Text = "", title: Text = "", question: Text = "",
    options: Text = "",
    response_instruction: Text = "", keep: Many = [],  # noqa: B006
) -> Response:  # fmt: skip
    who.check(csrf)
    with store_of(request).read() as connection:
        row = queries.get(connection, query)
        stored = notes.get(connection, row["note"])
    body = _written(row, title, question, options, response_instruction, keep)
    faults = [{"part": fault.part, "message": fault.message} for fault in lint(body, stored.text)]
    return JSONResponse({"faults": faults, "text": queries.as_text(body)})


@router.post("/queries/{query}")
def save(
    request: Request, who: Here, query: Number, csrf: Text = "", action: Text = "save", revision: Text = "",
    title: Text = "", question: Text = "", options: Text = "", response_instruction: Text = "",
    keep: Many = [],  # noqa: B006
) -> Response:  # fmt: skip
    who.check(csrf)
    at = int(revision) if revision.isdecimal() and len(revision) < 10 else -1
    try:
        with store_of(request).write() as connection:
            row = queries.get(connection, query)
            body = _written(row, title, question, options, response_instruction, keep)
            queries.edit(connection, who.user.name, query, body, at)
            faults = queries.send(connection, who.user.name, query, at + 1) if action == "send" else []
    except Refused as error:
        return draw(request, who, query, str(error), 409 if isinstance(error, Stale) else 422)
    if faults:
        return draw(request, who, query, "the query is saved, but cannot be sent before the faults are mended", 422)
    done = "sent" if action == "send" else "saved"
    return RedirectResponse(f"/queries/{query}?done={done}", 303)


def _written(
    row: Any, title: str, question: str, options: str, response_instruction: str, keep: list[str]
) -> dict[str, Any]:
    quotes = json.loads(row["body"])["indicators"]
    return {
        "title": title.strip(),
        "question": question.strip(),
        "options": [line.strip() for line in options.splitlines() if line.strip()],
        "response_instruction": response_instruction.strip(),
        "indicators": [quote for number, quote in enumerate(quotes) if str(number) in keep],
    }


@router.get("/queries/{query}/text")
def text(request: Request, who: Here, query: Number) -> Response:
    with store_of(request).write() as connection:
        row = queries.get(connection, query)
        trail.record(connection, who.user.name, "query.export", f"query:{query}", note=row["note"])
    named = {"Content-Disposition": f'attachment; filename="query-{query}.txt"'}
    return PlainTextResponse(queries.as_text(json.loads(row["body"])), headers=named)


@router.post("/queries/{query}/answer")
def answer(request: Request, who: Here, query: Number, csrf: Text = "", answer: Text = "") -> Response:
    who.check(csrf)
    store, reader = store_of(request), request.app.state.reader
    said = answer.strip().replace("\0", "")
    if not said:
        return draw(request, who, query, "write down the addendum as it stands in the record", 422)
    with store.read() as connection:
        row = queries.get(connection, query)
        stored = notes.get(connection, row["note"])
    longer = f"{stored.text.rstrip()}\n\nADDENDUM ({datetime.now(UTC):%m/%d/%Y}): {said}\n"
    claim = [
        ClaimLine(stored.row["note_id"], c["code"], c["units"], tuple(c["modifiers"].split()), c["line"])
        for c in stored.claim
    ]
    try:
        result = reader.read(Note(stored.row["note_id"], longer), claim if stored.result.audit else None)
    except NotRead as error:
        why = f"nothing is recorded yet: {error.detail[:1].lower()}{error.detail[1:].rstrip('.')}"
        return draw(request, who, query, why, error.status, said)
    try:
        with store.write() as connection:
            now = notes.get(connection, row["note"]).row
            if now["result"] != stored.row["result"]:
                raise Stale("the note was changed meanwhile; record the answer again")
            notes.put(connection, who.user.name, now["note_id"], longer, result, reason="addendum")
            after = notes.get(connection, row["note"]).row["result"]
            queries.answered(connection, who.user.name, query, said, now["result"], after)
    except Refused as error:
        return draw(request, who, query, str(error), 409, said)
    return RedirectResponse(f"/queries/{query}?done=answered", 303)


def compare(before: Result, after: Result) -> list[tuple[str, str, str]]:
    """What an answer changed: rows of what, before, after; only those that differ."""
    rows = [
        ("Disposition", before.recommendation.disposition, after.recommendation.disposition),
        ("Codes", notes.code_text(before.recommendation.codes), notes.code_text(after.recommendation.codes)),
    ]
    old, new = {f.id for f in before.flags}, {f.id for f in after.flags}
    rows.append(("Flags", ", ".join(sorted(old - new)), ", ".join(sorted(new - old))))
    status = {e.element: e.status for e in before.documentation}
    rows += [(e.element, status[e.element], e.status) for e in after.documentation]
    for number in range(max(len(before.lesions), len(after.lesions))):
        for name in ("laterality", "guidance", "target", "outcome"):
            pair = [str(getattr(r.lesions[number], name)) if number < len(r.lesions) else "" for r in (before, after)]
            rows.append((f"Lesion {number + 1} {name}", *pair))  # type: ignore[arg-type]
    return [row for row in rows if row[1] != row[2]]
