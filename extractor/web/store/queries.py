"""Queries to the physician: drafted, edited, sent, answered.

Stores what was asked and answered. A query that breaks the rules of the linter is kept as a draft and cannot be sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from extractor.documentation.linter import LintError, lint
from extractor.web.store import trail
from extractor.web.store.decisions import Refused, Stale
from extractor.web.store.engine import Row, added, many, now, one
from extractor.web.store.notes import UnknownNote
from extractor.web.store.schema import notes, queries, texts

LONGEST = 20_000
PARTS = ("title", "question", "options", "response_instruction", "indicators")


def draft(connection: Connection, actor: str, number: int, flag: str, body: Mapping[str, Any]) -> int:
    """A new draft on a note; its id. An open draft for the same flag is taken up instead of a second one."""
    wanted = select(queries.c.id).where(
        queries.c.note == number, queries.c.flag == flag[:60], queries.c.status == "draft"
    )
    open_one = connection.execute(wanted).scalars().first()
    if open_one is not None and flag:
        return int(open_one)
    content = _body(body)
    values = {
        "note": number, "flag": flag[:60], "status": "draft", "body": json.dumps(content), "created_by": actor,
        "created_at": now(),
    }  # fmt: skip
    made = added(connection, insert(queries).values(values))
    trail.record(connection, actor, "query.draft", f"query:{made}", note=number, content=trail.digest(content))
    return made


def edit(connection: Connection, actor: str, query: int, body: Mapping[str, Any], revision: int) -> None:
    """Change a draft. Raises UnknownNote, Stale, or Refused where it was sent already."""
    row = get(connection, query)
    if row["revision"] != revision:
        raise Stale("this query was changed since you opened it; look at it again")
    if row["status"] != "draft":
        raise Refused("this query was sent; draft a new one instead")
    content = _body(body)
    _update(connection, query, row, body=json.dumps(content))
    trail.record(connection, actor, "query.edit", f"query:{query}", content=trail.digest(content))


def send(connection: Connection, actor: str, query: int, revision: int) -> list[LintError]:
    """Mark a draft as sent; nothing is done where the returned faults are not empty. Raises as `edit`."""
    row = get(connection, query)
    if row["status"] != "draft":
        raise Refused("this query was sent already")
    if row["revision"] != revision:
        raise Stale("this query was changed since you opened it; look at it again")
    faults = lint(json.loads(row["body"]), _text(connection, row["note"]))
    if faults:
        return faults
    _update(connection, query, row, status="sent", sent_at=now())
    connection.execute(
        update(notes)
        .where(notes.c.number == row["note"], notes.c.state != "done")
        .values(state="queried", revision=notes.c.revision + 1)
    )
    trail.record(connection, actor, "query.send", f"query:{query}", note=row["note"], content=trail.digest(row["body"]))
    return []


def answered(connection: Connection, actor: str, query: int, answer: str, before: int, after: int) -> None:
    """Record the answer of a sent query with the results before and after it. Raises UnknownNote or Refused."""
    row = get(connection, query)
    if row["status"] != "sent":
        raise Refused("only a query that was sent can be answered")
    _update(
        connection, query, row, status="answered", answered_at=now(), answer=answer, before_result=before,
        after_result=after,
    )  # fmt: skip
    trail.record(connection, actor, "query.answer", f"query:{query}", note=row["note"], content=trail.digest(answer))


def get(connection: Connection, query: int) -> Row:
    """One query. Raises UnknownNote."""
    row = one(connection, select(queries).where(queries.c.id == query))
    if row is None:
        raise UnknownNote(f"no query {query}")
    return row


def of_note(connection: Connection, number: int) -> list[Row]:
    """The queries on a note, newest first."""
    wanted = select(queries).where(queries.c.note == number).order_by(queries.c.id.desc())
    return many(connection, wanted)


def as_text(body: Mapping[str, Any]) -> str:
    """A query as plain text, to be copied into whatever sends it."""
    lines = [body["title"], "", "The record says:"]
    lines += [f'  "{" ".join(quote["text"].split())}"' for quote in body["indicators"]]
    lines += ["", body["question"]]
    lines += [f"  [ ] {option}" for option in body["options"]]
    return "\n".join([*lines, "", body["response_instruction"], ""])


def _update(connection: Connection, query: int, row: Row, **values: Any) -> None:
    connection.execute(
        update(queries).where(queries.c.id == query).values(**values, revision=row["revision"] + 1)
    )


def _text(connection: Connection, number: int) -> str:
    return str(
        connection.execute(
            select(texts.c.text)
            .join(notes, (notes.c.number == texts.c.note) & (notes.c.text_version == texts.c.version))
            .where(notes.c.number == number)
        ).scalar_one()
    )


def _body(body: Mapping[str, Any]) -> dict[str, Any]:
    content = {
        "title": str(body.get("title") or "").strip(),
        "question": str(body.get("question") or "").strip(),
        "options": [str(option).strip() for option in body.get("options") or () if str(option).strip()],
        "response_instruction": str(body.get("response_instruction") or "").strip(),
        "indicators": [
            {"start": int(q["start"]), "end": int(q["end"]), "text": str(q["text"])}
            for q in body.get("indicators") or ()
        ],
    }
    if len(json.dumps(content)) > LONGEST:
        raise Refused(f"the query is longer than {LONGEST:,} characters; shorten it")
    return content
