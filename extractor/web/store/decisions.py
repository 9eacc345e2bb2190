"""Decisions of reviewers: accept, change, mark a field wrong, send back, undo; and who a note is assigned to.

A decision is added, never changed: undoing adds another one. Each carries the token of its form, so that the same
form sent twice is one decision, and the revision it was made on, so that nobody decides on what has changed meanwhile.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from extractor.result import CodeLine
from extractor.web.store import trail
from extractor.web.store.engine import Row, added, many, now, one
from extractor.web.store.notes import UnknownNote, code_text, index
from extractor.web.store.schema import decisions, notes, texts

KINDS = ("accept", "change", "mark", "send_back", "undo")
REASONS = {
    "reading": "The note was read wrong",
    "rule": "The coding rule does not fit this case",
    "payer": "The payer or the site decides differently",
    "claim": "The draft claim is right",
    "record": "Something outside this note decides",
    "incomplete": "The documentation does not support it yet",
    "other": "Other (say which in the comment)",
}
_STATE = ("state", "outcome", "final_codes", "first_by")


class Refused(ValueError):
    """The decision cannot be made; the message says why and what to do."""


class Stale(Refused):
    """The note was changed by somebody else since the page was drawn."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a form asks for. `revision` is that of the note when the form was drawn."""

    kind: str
    token: str
    revision: int
    reason_code: str = ""
    comment: str = ""
    codes: str = ""
    field: str = ""
    value: str = ""
    start: int | None = None
    end: int | None = None


def parse_codes(written: str) -> str:
    """Codes as a reviewer writes them (`19283-LT, 19284 LT x2`), as the store holds them. Raises Refused."""
    lines: list[CodeLine] = []
    for part in (p.strip() for p in re.split(r"[,;\n]+", written)):
        if not part:
            continue
        found = re.fullmatch(r"([0-9A-Za-z]{5})((?:[- ]+(?![xX]\d)[0-9A-Za-z]{2})*)\s*(?:[x×*]\s*([1-9]\d?))?", part)
        if found is None:
            raise Refused(f"line {len(lines) + 1} of the codes is not understood; write them as 19283-LT, 19284-LT x2")
        modifiers = [m.upper() for m in re.split(r"[- ]+", found[2]) if m]
        code, units = found[1].upper(), int(found[3] or 1)
        lines.append(CodeLine(code=code, units=units, modifiers=modifiers, lesions=[], rationale="", rules=[]))
    text = code_text(lines)
    if len(text) > 200:
        raise Refused("these are more codes than one claim of this kind can hold")
    return text


def decide(connection: Connection, actor: str, number: int, wanted: Decision, two_person: bool = False) -> int:
    """Make a decision; its id. The same token again gives the same id and changes nothing.

    Raises UnknownNote, Stale, or Refused with what to do.
    """
    if wanted.kind not in ("accept", "change", "mark", "send_back"):
        raise Refused("unknown kind of decision")
    if not re.fullmatch(r"[0-9A-Za-z_-]{16,64}", wanted.token):
        raise Refused("the form has no token; load the page again")
    known = _by_token(connection, number, wanted.token)
    if known is not None:
        return known
    row = _current(connection, number, wanted.revision)
    values, after = _effect(connection, actor, row, wanted, two_person)
    return _add(connection, actor, row, wanted.kind, wanted.token, values, after)


def undo(connection: Connection, actor: str, number: int, token: str, revision: int, anyone: bool = False) -> int:
    """Take back the newest decision on a note; the id of the undoing. `anyone`: also somebody else's.

    Raises UnknownNote, Stale, or Refused where there is nothing to undo or it is not the actor's.
    """
    known = _by_token(connection, number, token)
    if known is not None:
        return known
    row = _current(connection, number, revision)
    last = newest(connection, number)
    if last is None:
        raise Refused("there is no decision to undo")
    if last["actor"] != actor and not anyone:
        raise Refused("this decision is somebody else's; ask them or a lead to undo it")
    if last["result"] != row["result"]:
        raise Refused("the note was read anew since; decide again instead")
    connection.execute(update(decisions).where(decisions.c.id == last["id"]).values(undone=True))
    before = {name: value for name, value in json.loads(last["before"]).items() if name in _STATE}
    return _add(connection, actor, row, "undo", token, {"undoes": last["id"]}, before)


def newest(connection: Connection, number: int) -> Row | None:
    """The newest decision on a note that stands, or None."""
    wanted = (
        select(decisions)
        .where(decisions.c.note == number, decisions.c.kind != "undo", decisions.c.undone.is_(False))
        .order_by(decisions.c.id.desc())
        .limit(1)
    )
    return one(connection, wanted)


def history(connection: Connection, number: int) -> list[Row]:
    """Every decision on a note, newest first, undone ones and undoings among them."""
    wanted = select(decisions).where(decisions.c.note == number).order_by(decisions.c.id.desc())
    return many(connection, wanted)


def assign(connection: Connection, actor: str, number: int, assignee: str) -> None:
    """Give a note to somebody; empty for nobody. Raises UnknownNote."""
    done = connection.execute(update(notes).where(notes.c.number == number).values(assignee=assignee[:80]))
    if done.rowcount != 1:
        raise UnknownNote(f"no note {number}")
    trail.record(connection, actor, "note.assign", f"note:{number}", assignee=assignee[:80])


def _by_token(connection: Connection, number: int, token: str) -> int | None:
    wanted = select(decisions.c.id, decisions.c.note).where(decisions.c.token == token)
    found = connection.execute(wanted).one_or_none()
    if found is not None and found.note != number:
        raise Refused("this token belongs to a decision on another note; load the page again")
    return None if found is None else int(found.id)


def _current(connection: Connection, number: int, revision: int) -> Row:
    row = one(connection, select(notes).where(notes.c.number == number))
    if row is None:
        raise UnknownNote(f"no note {number}")
    if row["revision"] != revision:
        raise Stale("this note was changed since you opened it; look at it again before you decide")
    return row


def _effect(
    connection: Connection, actor: str, row: Row, wanted: Decision, two_person: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of the decision, and those of the note after it."""
    if wanted.kind == "mark":
        return _mark(connection, row, wanted), {}
    if row["state"] == "done":
        raise Refused("this review is finished; undo it first")
    comment = wanted.comment.strip()
    if wanted.kind == "send_back":
        if not comment:
            raise Refused("say in the comment what is to be done before the note comes back")
        return {"comment": comment}, {"state": "sent_back", "outcome": "", "final_codes": "", "first_by": ""}
    second = row["state"] == "second"
    if second and row["first_by"] == actor:
        raise Refused("the second person has to be another one")
    values = {"comment": comment, "codes": row["final_codes"] if second else row["codes"]}
    outcome = row["outcome"] if second else "accepted"
    if wanted.kind == "change":
        if wanted.reason_code not in REASONS:
            raise Refused("choose a reason for the change")
        if not comment:
            raise Refused("say in the comment why the codes are changed")
        values |= {"codes": parse_codes(wanted.codes), "reason_code": wanted.reason_code}
        if values["codes"] == row["codes"]:
            raise Refused("these are the codes that are recommended; accept them instead")
        outcome = "changed"
    after = {"outcome": outcome, "final_codes": values["codes"]}
    # codes that a second person changed are the proposal of one person again
    agreed = second and values["codes"] == row["final_codes"]
    if two_person and not agreed:
        return values, {**after, "state": "second", "first_by": actor}
    return values, {**after, "state": "done"}


def _mark(connection: Connection, row: Row, wanted: Decision) -> dict[str, Any]:
    if not wanted.field:
        raise Refused("choose the field that is wrong")
    start, end = wanted.start, wanted.end
    if (start is None) != (end is None):
        raise Refused("select the words in the text again")
    if start is not None and end is not None:
        length = len(
            connection.execute(
                select(texts.c.text).where(texts.c.note == row["number"], texts.c.version == row["text_version"])
            ).scalar_one()
        )
        if not 0 <= start < end <= length:
            raise Refused("the selected words are not in the text; select them again")
    return {
        "field": wanted.field[:60], "value": wanted.value[:200], "start": start, "end": end,
        "comment": wanted.comment.strip(),
    }  # fmt: skip


def _add(
    connection: Connection,
    actor: str,
    row: Row,
    kind: str,
    token: str,
    values: Mapping[str, Any],
    after: Mapping[str, Any],
) -> int:
    at = now()
    content = {
        "note": row["number"], "result": row["result"], "kind": kind, "actor": actor, "at": at, "token": token,
        "recommended": row["codes"], "disposition": row["disposition"],
        "before": json.dumps({name: row[name] for name in _STATE}), **values,
    }  # fmt: skip
    number = added(connection, insert(decisions).values(content))
    changed = {**after, "updated_at": at, "revision": row["revision"] + 1}
    connection.execute(update(notes).where(notes.c.number == row["number"]).values(changed))
    if "final_codes" in changed:
        index(connection, row["number"])
    # The comment may quote the note, so the trail holds a digest by which `trail.verify` finds a changed row.
    kept = one(connection, select(decisions).where(decisions.c.id == number))
    assert kept is not None
    trail.record(
        connection, actor, f"decision.{kind}", f"note:{row['number']}", decision=number, row=trail.of_decision(kept)
    )
    return number
