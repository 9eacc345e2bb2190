"""Pages of the desk: login, worklist, note, earlier versions, and the forms by which reviewers decide.

Each form is checked for where it comes from, does one thing in one transaction with its row of the audit trail, and
leads on to a page; what cannot be done is said on the page it was asked on.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from pydantic import AfterValidator
from sqlalchemy import Connection

from extractor import explain
from extractor.result import SEVERITIES, Result
from extractor.web.desk import fields as f
from extractor.web.desk import marks as m
from extractor.web.desk.render import page, query
from extractor.web.identity import COOKIE, LOCAL, Visit, set_cookie, visit
from extractor.web.problem import Halt
from extractor.web.store import Store, decisions, notes, queries, trail, users, worklist
from extractor.web.store.decisions import Decision, Refused, Stale

router = APIRouter(include_in_schema=False)
Here = Annotated[Visit, Depends(visit)]
# NUL is no text, and PostgreSQL does not store it.
Text = Annotated[str, AfterValidator(lambda words: words.replace("\0", "")), Form()]
Number = Annotated[int, Path(ge=1, le=2_147_483_647)]


EMPTY = dict.fromkeys(("kind", "reason_code", "comment", "codes", "field", "value"), "")
"""What a form holds before anything is written into it."""


def store_of(request: Request) -> Store:
    """The store of the server."""
    return request.app.state.store  # type: ignore[no-any-return]


def chosen(given: Any) -> worklist.Filter:
    """The filter of the worklist in an address; what is no filter is passed over."""
    names = ("state", "disposition", "claim", "flag", "assignee", "site", "search", "order")
    values = {name: str(given[name]).replace("\0", "")[:200] for name in names if given.get(name)}
    number = str(given.get("page") or "1")
    return worklist.Filter(**values, page=int(number) if number.isdecimal() and len(number) < 7 else 1).checked()


@router.get("/login")
def login_page(request: Request) -> Response:
    return page(request, None, "login.html", error="")


@router.post("/login")
def login(request: Request, name: Text = "", password: Text = "") -> Response:
    with store_of(request).write() as connection:
        key = users.log_in(connection, name[:80], password[:1000])
    if key is None:
        return page(request, None, "login.html", 401, error="Name or password is wrong, or the name is locked for now.")
    response = RedirectResponse("/", 303)
    set_cookie(response, request.app.state.settings, key)
    return response


@router.post("/logout")
def logout(request: Request, who: Here, csrf: Text = "") -> Response:
    who.check(csrf)
    with store_of(request).write() as connection:
        users.log_out(connection, who.key)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response


@router.get("/")
def home(request: Request, who: Here) -> Response:
    wanted = chosen(request.query_params)
    with store_of(request).read() as connection:
        listed = worklist.page(connection, wanted)
        choices = known(request, connection, worklist.choices)
    return page(request, who, "worklist.html", wanted=wanted, given=wanted.query(), listed=listed, choices=choices)


def known(
    request: Request, connection: Connection, choices: Callable[[Connection], dict[str, list[str]]]
) -> dict[str, list[str]]:
    """What the filters of a page offer, from `choices`; a new site or flag may take half a minute to be among it."""
    kept: dict[object, tuple[float, dict[str, list[str]]]] = request.app.state.choices
    at, found = kept.get(choices, (0.0, {}))
    if not any(found.values()) or time.monotonic() - at > 30:
        found = choices(connection)
        kept[choices] = (time.monotonic(), found)
    return found


@router.get("/notes/{number}")
def note(request: Request, who: Here, number: Number) -> Response:
    return draw(request, who, number, chosen(request.query_params))


def draw(request: Request, who: Visit, number: int, wanted: worklist.Filter, error: str = "", status: int = 200,
         kept: dict[str, str] | None = None) -> Response:  # fmt: skip
    """The page of a note. That it was opened is recorded before it is drawn; without the record there is no page."""
    store = store_of(request)
    with store.read() as connection:
        stored = notes.get(connection, number)
        before, after = worklist.neighbours(connection, wanted, stored.row)
        values = {
            "history": decisions.history(connection, number),
            "versions": notes.versions(connection, number),
            "asked": queries.of_note(connection, number),
            "last": decisions.newest(connection, number),
            "people": _people(request, connection, stored.row["assignee"]),
        }
    # Nobody who writes waits while all this is read.
    with store.write() as connection:
        trail.record(connection, who.user.name, "note.open", f"note:{number}", result=stored.row["result"])
    return page(
        request, who, "note.html", status, stored=stored, row=stored.row, current=True, before=before, after=after,
        wanted=wanted, given=wanted.query(), back=query(wanted.query())[1:], error=error,
        token=secrets.token_urlsafe(24), reasons=decisions.REASONS, kept=kept or EMPTY, **values,
        **seen(stored.text, stored.result),
    )  # fmt: skip


def _people(request: Request, connection: Connection, assignee: str) -> list[str]:
    """Who a note can be given to, and who has it."""
    names = {row["name"] for row in users.listed(connection) if row["active"]}
    if not request.app.state.settings.authentication:
        names.add(LOCAL.name)
    return sorted(names | ({assignee} - {""}))


def seen(text: str, result: Result) -> dict[str, Any]:
    """What the template of a note shows of a result: lines with marks, flags worst first, conflicts before them."""
    ordered = sorted(enumerate(result.flags, 1), key=lambda pair: SEVERITIES.index(pair[1].severity))
    conflicts = [(n, flag) for n, flag in ordered if flag.id in notes.CONFLICTS or flag.id.startswith("conflicting-")]
    return {
        "result": result,
        "lines": m.lines(text, m.marks(result)),
        "flags": [pair for pair in ordered if pair not in conflicts],
        "conflicts": conflicts,
        "fields": f.fields(result),
        "findings": list(enumerate(result.audit.findings, 1)) if result.audit else [],
    }


@router.get("/notes/{number}/versions/{version}")
def earlier(request: Request, who: Here, number: Number, version: Number) -> Response:
    with store_of(request).write() as connection:
        stored = notes.get(connection, number)
        text, result = notes.version(connection, number, version)
        trail.record(connection, who.user.name, "note.open", f"note:{number}", result=version)
        versions = notes.versions(connection, number)
    shown = notes.Stored(stored.row, text, result, stored.claim)
    return page(
        request, who, "note.html", stored=shown, row=stored.row, current=False, before=None, after=None,
        wanted=worklist.Filter(), given={}, back="", error="", token="", reasons={}, kept=EMPTY, history=[],
        versions=versions, asked=[], last=None, people=[], **seen(text, result),
    )  # fmt: skip


@router.post("/notes/{number}/decide")
def decide(
    request: Request, who: Here, number: Number, kind: Text = "", csrf: Text = "", token: Text = "",
    revision: Text = "",
    reason_code: Text = "", comment: Text = "", codes: Text = "", field: Text = "", value: Text = "", start: Text = "",
    end: Text = "", back: Text = "",
) -> Response:  # fmt: skip
    who.check(csrf)
    wanted = chosen(dict(parse_qsl(back)))
    kept = {"kind": kind, "reason_code": reason_code, "comment": comment, "codes": codes}
    kept |= {"field": field, "value": value}
    settings = request.app.state.settings
    try:
        with store_of(request).write() as connection:
            before = notes.get(connection, number)
            if kind == "undo":
                decisions.undo(connection, who.user.name, number, token, _number(revision), who.user.may("lead"))
            else:
                if kind == "mark":
                    _check_field(before.result, field, value)
                made = Decision(
                    kind, token, _number(revision), reason_code, comment[:4000], codes[:1000], field, value,
                    _offset(start), _offset(end),
                )  # fmt: skip
                decisions.decide(connection, who.user.name, number, made, settings.two_person)
            following = worklist.neighbours(connection, wanted, before.row)[1]
    except Refused as error:
        return draw(request, who, number, wanted, str(error), 409 if isinstance(error, Stale) else 422, kept)
    onward = number if kind in ("mark", "undo") else following
    address = f"/notes/{onward}" if onward else "/"
    return RedirectResponse(address + query(wanted.query(), done=kind), 303)


def _check_field(result: Result, name: str, value: str) -> None:
    known = f.field(result, name)
    if known is None:
        raise Refused("choose the field that is wrong")
    if known.choices and value.replace(" ", "_") not in known.choices and value not in known.choices:
        raise Refused(f"choose what {known.label} should be: {', '.join(known.choices)}")


def _number(written: str) -> int:
    return int(written) if written.isdecimal() and len(written) < 10 else -1


def _offset(written: str) -> int | None:
    return int(written) if written.isdecimal() and len(written) < 10 else None


@router.post("/notes/{number}/assign")
def assign(
    request: Request, who: Here, number: Number, csrf: Text = "", assignee: Text = "", back: Text = ""
) -> Response:
    who.check(csrf)
    if assignee not in ("", who.user.name):
        who.need("lead")
    with store_of(request).write() as connection:
        if assignee not in ("", who.user.name, *_people(request, connection, "")):
            raise Halt(422, "There is no such user, or they may no longer log in.")
        decisions.assign(connection, who.user.name, number, assignee.strip())
    return RedirectResponse(f"/notes/{number}" + query(chosen(dict(parse_qsl(back))).query(), done="assign"), 303)


@router.get("/rules/{term}")
def rule(request: Request, who: Here, term: str) -> Response:
    try:
        text = explain.explain(term)
    except explain.UnknownTerm:
        raise Halt(404, "Nothing is known under this name.") from None
    return page(request, who, "rule.html", term=term, text=text)


@router.get("/trail")
def trail_page(request: Request, who: Here, before: str = "", check: str = "") -> Response:
    who.need("lead")
    with store_of(request).read() as connection:
        rows = trail.rows(connection, _offset(before))
        faults = trail.verify(connection) if check else None
    return page(request, who, "trail.html", rows=rows, faults=faults)


@router.get("/healthz")
def alive() -> Response:
    return PlainTextResponse("ok\n")
