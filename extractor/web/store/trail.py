"""The audit trail: who did what to what, when, each row chained to the one before it by its hash.

A row is written in the transaction of what it records: if it cannot be written, the thing does not happen. It holds
numbers, names of users and digests, never a word of a note, a comment or an answer.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from extractor.web.store.engine import Row, many, now
from extractor.web.store.schema import decisions, trail, trail_head

FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class Fault:
    """A place where the chain does not hold; `seq` is the number of the row."""

    seq: int
    message: str


def record(connection: Connection, actor: str, action: str, thing: str, **detail: Any) -> None:
    """Add a row within the writing transaction of `connection`."""
    head = connection.execute(select(trail_head.c.seq, trail_head.c.hash).where(trail_head.c.id == 1)).one_or_none()
    seq, previous = (head.seq + 1, head.hash) if head else (1, FIRST)
    row: dict[str, Any] = {
        "seq": seq,
        "at": now(),
        "actor": actor,
        "action": action,
        "object": thing,
        "detail": json.dumps(detail, sort_keys=True, separators=(",", ":")),
        "previous": previous,
    }
    row["hash"] = _hash(row)
    connection.execute(insert(trail).values(row))
    if head:
        connection.execute(update(trail_head).where(trail_head.c.id == 1).values(seq=seq, hash=row["hash"]))
    else:
        connection.execute(insert(trail_head).values(id=1, seq=seq, hash=row["hash"]))


def digest(value: Any) -> str:
    """A digest that stands in the trail for content that may not."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def of_decision(row: Row) -> str:
    """The digest of a row of the decisions, but for whether it was undone since."""
    return digest({name: value for name, value in row.items() if name != "undone"})


def verify(connection: Connection) -> list[Fault]:
    """Every place where the chain is broken, and every decision that is no longer as the chain saw it.

    Empty where nothing was changed, inserted or cut off. Decisions that were purged are not missed.
    """
    faults = []
    expected, previous = 1, FIRST
    seen: dict[int, tuple[int, str]] = {}
    for row in many(connection, select(trail).order_by(trail.c.seq)):
        if row["seq"] != expected:
            faults.append(Fault(row["seq"], f"rows {expected} to {row['seq'] - 1} are missing"))
        if row["previous"] != previous:
            faults.append(Fault(row["seq"], "does not follow the row before it"))
        if _hash(row) != row["hash"]:
            faults.append(Fault(row["seq"], "was changed"))
        if row["action"].startswith("decision."):
            detail = json.loads(row["detail"])
            if "row" in detail:
                seen[detail["decision"]] = row["seq"], detail["row"]
        expected, previous = row["seq"] + 1, row["hash"]
    head = connection.execute(select(trail_head.c.seq, trail_head.c.hash).where(trail_head.c.id == 1)).one_or_none()
    if (head.seq, head.hash) != (expected - 1, previous) if head else expected > 1:
        faults.append(Fault(expected - 1, "is not where the chain ended: rows were cut off or the end was changed"))
    for row in many(connection, select(decisions)):
        seq, then = seen.get(row["id"], (0, ""))
        if seq and of_decision(row) != then:
            faults.append(Fault(seq, f"tells of decision {row['id']}, which was changed since"))
    return faults


def after(connection: Connection, seq: int, limit: int = 1000) -> list[Row]:
    """The rows that follow number `seq`, oldest first."""
    return many(connection, select(trail).where(trail.c.seq > seq).order_by(trail.c.seq).limit(limit))


def rows(connection: Connection, before: int | None = None, limit: int = 100) -> list[Row]:
    """The newest rows, newest first; `before`: only rows with smaller numbers."""
    wanted = select(trail).order_by(trail.c.seq.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(trail.c.seq < before)
    return many(connection, wanted)


def _hash(row: Row) -> str:
    chained = [row[key] for key in ("seq", "at", "actor", "action", "object", "detail", "previous")]
    return hashlib.sha256(json.dumps(chained, ensure_ascii=True).encode()).hexdigest()
