"""Notes in the store: a text, its versions, the results on them, the draft claim, and what the worklist shows of it.

Stores what the extractor said and judges nothing of it. The row of the worklist is derived from the result alone, so
that it can be made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from extractor.dates import parse_date
from extractor.result import SEVERITIES, CodeLine, Result
from extractor.web.store import trail
from extractor.web.store.engine import Row, added, many, now, one
from extractor.web.store.schema import (
    answers,
    claim_lines,
    decisions,
    flags,
    notes,
    queries,
    results,
    samples,
    search,
    sessions,
    texts,
)

MISSING = "missing-"
"""What the ids of flags for missing elements begin with."""
SEARCHED = ("note_id", "codes", "final_codes", "provider", "site")
CONFLICTS = ("header-body-mismatch", "guidance-title-only", "conflicting-laterality")


class UnknownNote(LookupError):
    """There is no note of this number or id."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A note with its current text and result."""

    row: Row
    text: str
    result: Result
    claim: list[Row]

    @property
    def number(self) -> int:
        return int(self.row["number"])


def engine_of(result: Result) -> str:
    """What made a result, in one line: the same line on the same text means the same result."""
    made = result.provenance
    models = hashlib.sha256(json.dumps(made.models, sort_keys=True).encode()).hexdigest()[:12]
    return f"{made.extractor}/{made.ruleset}/{made.policy}/{made.profile}/{models}"[:200]


def code_text(lines: Sequence[CodeLine]) -> str:
    """`19283-LT, 19284-LT ×2`: code lines as the worklist shows them and reviewers write them."""
    shown = []
    for line in lines:
        units = f" ×{line.units}" if line.units != 1 else ""
        shown.append("-".join([line.code, *line.modifiers]) + units)
    return ", ".join(shown)


def summary(result: Result) -> dict[str, Any]:
    """The columns of the worklist that a result decides."""
    flags_ = sorted(result.flags, key=lambda flag: SEVERITIES.index(flag.severity))
    worst = flags_[0] if flags_ else None
    findings = result.audit.findings if result.audit else []
    under = sum(1 for finding in findings if finding.direction == "under")
    return {
        "service_date": service_date(result),
        "disposition": result.recommendation.disposition,
        "priority": priority(result),
        "severity": worst.severity if worst else "",
        "worst_flag": worst.id[:60] if worst else "",
        "flag_count": len(flags_),
        "missing": sum(1 for flag in flags_ if flag.id.startswith(MISSING)),
        "codes": code_text(result.recommendation.codes)[:200],
        "confidence": result.recommendation.confidence,
        "claim_verdict": result.audit.verdict if result.audit else "",
        "claim_over": len(findings) - under,
        "claim_under": under,
    }


def service_date(result: Result) -> str | None:
    """The date of service as `YYYY-MM-DD`, or None where the note has none that can be read."""
    found = parse_date(result.date_of_service)
    return found.isoformat() if found else None


def priority(result: Result) -> int:
    """Where a note stands in the worklist; smaller comes first. Title against body and contradicted sides lead."""
    ids = {flag.id for flag in result.flags}
    severities = {flag.severity for flag in result.flags}
    if ids.intersection(CONFLICTS):
        return 0
    if result.audit and result.audit.verdict == "disagree":
        return 1
    if "blocking" in severities or result.recommendation.disposition == "query":
        return 2
    if result.recommendation.disposition == "review":
        return 3
    if "coding" in severities:
        return 4
    return 6 if result.recommendation.disposition == "not_reportable" else 5


def put(
    connection: Connection,
    actor: str,
    note_id: str,
    text: str,
    result: Result,
    claim: Sequence[Any] | None = None,
    site: str = "",
    provider: str = "",
    reason: str = "import",
) -> tuple[int, str]:
    """Store a note and its result; returns its number and `new`, `same`, `result` (a new result on the same text) or
    `text` (a new text). A review that was finished is opened again by a new text only.
    """
    at = now()
    old = one(connection, select(notes).where(notes.c.note_id == note_id))
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    if old is None:
        values: dict[str, Any] = {"note_id": note_id, "site": site[:80], "provider": provider[:120], "received_at": at}
        values |= {"updated_at": at, "text_version": 1, "result": 0, **summary(result)}
        number = added(connection, insert(notes).values(values))
        version, change = 1, "new"
        _add_text(connection, number, version, text, digest, reason, at)
    else:
        number, version = old["number"], old["text_version"]
        current = connection.execute(
            select(texts.c.sha256).where(texts.c.note == number, texts.c.version == version)
        ).scalar_one()
        change = "same"
        if current != digest:
            version, change = version + 1, "text"
            _add_text(connection, number, version, text, digest, reason, at)
    if claim is not None:
        _put_claim(connection, number, claim)
    stored, fresh = _add_result(connection, number, version, result, at)
    if change == "same" and old is not None and (fresh or stored != old["result"]):
        change = "result"
    if change != "same":
        _make_current(connection, number, version, stored, result, at, reopen=change == "text")
        index(connection, number)
        trail.record(
            connection, actor, f"note.{reason}", f"note:{number}", change=change, text_sha256=digest, result=stored
        )
    return number, change


def index(connection: Connection, number: int) -> None:
    """Bring what the search looks at up to date with the row of a note."""
    row = connection.execute(select(*(notes.c[name] for name in SEARCHED)).where(notes.c.number == number)).one()
    connection.execute(delete(search).where(search.c.note == number))
    connection.execute(insert(search).values(note=number, words=searched(row)))


def searched(parts: Iterable[str]) -> str:
    """The words of a note that the search looks at; `parts` are those named in SEARCHED."""
    return "\n".join(parts).lower()


def _add_text(
    connection: Connection, number: int, version: int, text: str, digest: str, reason: str, at: str
) -> None:
    connection.execute(
        insert(texts).values(note=number, version=version, text=text, sha256=digest, reason=reason, at=at)
    )


def _add_result(connection: Connection, number: int, version: int, result: Result, at: str) -> tuple[int, bool]:
    engine, body = engine_of(result), result.to_json()
    same = one(
        connection,
        select(results.c.id, results.c.body).where(
            results.c.note == number, results.c.text_version == version, results.c.engine == engine
        ),
    )
    if same is None:
        made = insert(results).values(note=number, text_version=version, engine=engine, body=body, at=at)
        return added(connection, made), True
    if same["body"] != body:
        connection.execute(update(results).where(results.c.id == same["id"]).values(body=body, at=at))
    return same["id"], same["body"] != body


def _make_current(
    connection: Connection, number: int, version: int, stored: int, result: Result, at: str, reopen: bool
) -> None:
    values: dict[str, Any] = {**summary(result), "text_version": version, "result": stored, "updated_at": at}
    if reopen:
        values |= {"state": "open", "outcome": "", "final_codes": "", "first_by": ""}
    connection.execute(
        update(notes).where(notes.c.number == number).values(**values, revision=notes.c.revision + 1)
    )
    connection.execute(delete(flags).where(flags.c.note == number))
    if result.flags:
        month = (service_date(result) or at)[:7]
        connection.execute(
            insert(flags),
            [
                {"note": number, "flag": f.id[:60], "element": f.element, "severity": f.severity, "month": month}
                for f in result.flags
            ],
        )


def _put_claim(connection: Connection, number: int, claim: Sequence[Any]) -> None:
    connection.execute(delete(claim_lines).where(claim_lines.c.note == number))
    if claim:
        connection.execute(
            insert(claim_lines),
            [
                {"note": number, "line": n, "code": c.code, "units": c.units, "modifiers": " ".join(c.modifiers)[:40]}
                for n, c in enumerate(claim, 1)
            ],
        )


def get(connection: Connection, number: int) -> Stored:
    """A note by its number. Raises UnknownNote."""
    row = one(connection, select(notes).where(notes.c.number == number))
    if row is None:
        raise UnknownNote(f"no note {number}")
    text = connection.execute(
        select(texts.c.text).where(texts.c.note == number, texts.c.version == row["text_version"])
    ).scalar_one()
    body = connection.execute(select(results.c.body).where(results.c.id == row["result"])).scalar_one()
    claim = select(claim_lines).where(claim_lines.c.note == number).order_by(claim_lines.c.line)
    return Stored(row, text, Result.model_validate_json(body), many(connection, claim))


def number_of(connection: Connection, note_id: str) -> int:
    """The number of the note with this id. Raises UnknownNote."""
    number = connection.execute(select(notes.c.number).where(notes.c.note_id == note_id)).scalar_one_or_none()
    if number is None:
        raise UnknownNote("no note of this id")
    return int(number)


def versions(connection: Connection, number: int) -> list[Row]:
    """Every result on a note, newest first, with the version and the reason of the text it read."""
    wanted = (
        select(results.c.id, results.c.text_version, results.c.engine, results.c.at, texts.c.reason)
        .join(texts, (texts.c.note == results.c.note) & (texts.c.version == results.c.text_version))
        .where(results.c.note == number)
        .order_by(results.c.id.desc())
    )
    return many(connection, wanted)


def version(connection: Connection, number: int, result: int) -> tuple[str, Result]:
    """The text and the result of one version. Raises UnknownNote."""
    found = connection.execute(
        select(texts.c.text, results.c.body)
        .join(results, (texts.c.note == results.c.note) & (texts.c.version == results.c.text_version))
        .where(results.c.id == result, results.c.note == number)
    ).one_or_none()
    if found is None:
        raise UnknownNote("no such version")
    return found.text, Result.model_validate_json(found.body)


def purge(connection: Connection, actor: str, before: str, most: int = 200) -> int:
    """Delete up to `most` finished notes last touched before the time `before`, with their texts, results and
    decisions; how many. With the last of them go sessions, and answers kept for repeated requests, of that time.

    The trail keeps that they were there, by number and digest.
    """
    wanted = select(notes.c.number).where(notes.c.updated_at < before, notes.c.state == "done").limit(most)
    numbers = list(connection.execute(wanted).scalars())
    for number in numbers:
        for table in (queries, samples, decisions, claim_lines, flags, search, results, texts):
            connection.execute(delete(table).where(table.c.note == number))
        connection.execute(delete(notes).where(notes.c.number == number))
        trail.record(connection, actor, "note.purge", f"note:{number}")
    if numbers:
        trail.record(connection, actor, "store.purge", "store", notes=len(numbers), before=before)
    if len(numbers) < most:
        connection.execute(delete(sessions).where(sessions.c.seen_at < before))
        connection.execute(delete(answers).where(answers.c.at < before))
    return len(numbers)


def count(connection: Connection) -> int:
    """How many notes there are."""
    return int(connection.execute(select(func.count()).select_from(notes)).scalar_one())
