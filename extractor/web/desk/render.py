"""Drawing the pages: templates that escape everything, and the small words that they use."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from extractor import __version__
from extractor.show import view
from extractor.web.identity import Visit, set_cookie

HERE = Path(__file__).parent

STATES = {
    "open": "Open",
    "second": "Second look",
    "queried": "Queried",
    "sent_back": "Sent back",
    "done": "Done",
    "all": "All",
}
SEVERITIES = {"blocking": "Blocking", "coding": "Coding", "compliance": "Compliance", "quality": "Quality"}
VERDICTS = {"agree": "agrees", "disagree": "differs", "cannot_judge": "cannot be judged", "": "no claim"}
DIGESTS = ("content", "text_sha256", "sha256")
FLAG_WORDS = {"header-body-mismatch": "title against body"}
DONE = {
    "accept": "Accepted.", "change": "Codes changed.", "mark": "Field marked as wrong.", "send_back": "Sent back.",
    "undo": "Taken back.", "assign": "Assigned.", "saved": "Query saved.", "sent": "Query marked as sent.",
    "answered": "Answer recorded; the note was read anew.", "sampled": "Sample drawn.", "reviewed": "Review recorded.",
    "user_added": "User added.", "user_changed": "Role changed; the user has to log in again.",
    "password_set": "Password set; the user has to log in again.", "user_off": "The user can no longer log in.",
    "user_on": "The user can log in again.", "token_off": "The token lets nobody in any more.",
}  # fmt: skip


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"words": view.words, "age": age, "day": day, "flag": flag_words, "percent": percent,
                            "details": details}  # fmt: skip
    environment.globals |= {
        "version": __version__, "states": STATES, "severities": SEVERITIES, "verdicts": VERDICTS, "done_words": DONE,
        "kinds": view.KINDS, "kind_names": view.KIND_NAMES, "dispositions": view.DISPOSITIONS,
        "status_marks": view.STATUS_MARKS, "device_text": view.device_text, "guidance_text": view.guidance_text,
        "location_text": view.location_text, "code_line": view.code_text, "query": query,
    }  # fmt: skip
    return environment


def page(request: Request, visit: Visit | None, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of the desk; it gives a new browser its session."""
    settings = request.app.state.settings
    done = request.query_params.get("done", "")
    drawn = _environment().get_template(template).render(
        visit=visit, settings=settings, path=request.url.path, done=DONE.get(done, ""), **values
    )  # fmt: skip
    response = HTMLResponse(drawn, status)
    if visit is not None and visit.fresh:
        set_cookie(response, settings, visit.key)
    return response


def query(given: dict[str, str], **more: Any) -> str:
    """The parameters of an address with some of them set, or left out where they are empty."""
    merged = {**given, **{name: str(value) for name, value in more.items()}}
    left = {name: value for name, value in merged.items() if value}
    return f"?{urlencode(left)}" if left else "?"


def age(at: str) -> str:
    """How long ago a time of the store was: `3 d`, `5 h`, `2 min`."""
    then = datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "now"


def day(at: str | None) -> str:
    """A time of the store as date and minute, in UTC."""
    return f"{at[:10]} {at[11:16]}" if at else ""


def flag_words(flag: str) -> str:
    """The id of a flag as words."""
    return FLAG_WORDS.get(flag, flag.removeprefix("policy-").replace("-", " "))


def details(written: str) -> str:
    """The detail of a row of the audit trail as words; digests are cut."""
    pairs = json.loads(written).items()
    return ", ".join(f"{name.replace('_', ' ')} {value[:12] if name in DIGESTS else value}" for name, value in pairs)


def percent(share: float | None) -> str:
    """A share as a figure, or a dash where there is none."""
    return "–" if share is None else f"{share:.1%}"
