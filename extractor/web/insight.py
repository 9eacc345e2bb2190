"""What the reviews show: agreement by field and code, acceptance, automation and its sampled precision, gaps, queries.

Reads the store and counts; judges nothing. A share always comes with what it is a share of, and a sampled one with
its interval.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from extractor.web.store import decisions as d
from extractor.web.store import trail
from extractor.web.store.decisions import Refused
from extractor.web.store.engine import Row, many, now, one
from extractor.web.store.schema import decisions, flags, notes, queries, samples

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of`, with the 95 % interval of Wilson."""

    name: str
    hits: int
    of: int

    @property
    def value(self) -> float | None:
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound; 0 and 1 where nothing was counted."""
        if not self.of:
            return 0.0, 1.0
        z, n, p = 1.959964, self.of, self.hits / self.of
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Insight:
    """The figures of the page."""

    notes: int
    reviewed: int
    automation: Share
    acceptance: Share
    precision: Share
    waiting: int
    by_disposition: list[Share]
    by_field: list[Share]
    by_code: list[Share]
    reasons: list[tuple[str, int]]
    months: list[str]
    gaps: dict[str, list[Share]]
    by_site: list[Share]
    by_provider: list[Share]
    open_queries: int
    turnaround: list[float]

    @property
    def median_days(self) -> float | None:
        return median(self.turnaround) if self.turnaround else None


def insight(connection: Connection) -> Insight:
    """All figures, over everything that is in the store."""
    n = notes.c
    states = dict(_pairs(connection, select(n.disposition, func.count()).group_by(n.disposition)))
    total = sum(states.values())
    standing = many(
        connection,
        select(decisions.c.kind, decisions.c.disposition, decisions.c.recommended, decisions.c.codes,
               decisions.c.reason_code, decisions.c.field)
        .where(decisions.c.undone.is_(False), decisions.c.kind.in_(("accept", "change", "mark"))),
    )  # fmt: skip
    made = [row for row in standing if row["kind"] != "mark"]
    reasons = Counter(row["reason_code"] for row in made if row["reason_code"])
    accepted = sum(1 for row in made if row["codes"] == row["recommended"])
    months, gaps = _gaps(connection)
    asked = many(connection, select(queries.c.status, queries.c.sent_at, queries.c.answered_at))
    sampled = many(connection, select(samples.c.recommended, samples.c.codes, samples.c.reviewed_at))
    judged = [row for row in sampled if row["reviewed_at"]]
    return Insight(
        notes=total,
        reviewed=len(made),
        automation=Share("ready without a question", states.get("ready", 0), total),
        acceptance=Share("accepted as recommended", accepted, len(made)),
        precision=Share("right", sum(1 for r in judged if same(r["codes"], r["recommended"])), len(judged)),
        waiting=len(sampled) - len(judged),
        by_disposition=_accepted(made, lambda row: row["disposition"].replace("_", " ")),
        by_field=_fields([row["field"] for row in standing if row["kind"] == "mark"], len(made)),
        by_code=_accepted(made, lambda row: row["recommended"][:5] or "no code"),
        reasons=[(d.REASONS.get(key, key), count) for key, count in reasons.most_common()],
        months=months,
        gaps=gaps,
        by_site=_lacking(connection, "site"),
        by_provider=_lacking(connection, "provider"),
        open_queries=sum(1 for row in asked if row["status"] == "sent"),
        turnaround=sorted(_days(row["sent_at"], row["answered_at"]) for row in asked if row["answered_at"]),
    )  # fmt: skip


def _pairs(connection: Connection, wanted: Select[Any]) -> list[tuple[str, int]]:
    return [(str(name), int(count)) for name, count in connection.execute(wanted)]


def _accepted(made: list[Row], group: Callable[[Row], str]) -> list[Share]:
    hits: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for row in made:
        name = group(row)
        of[name] += 1
        hits[name] += row["codes"] == row["recommended"]
    return [Share(name, hits[name], count) for name, count in of.most_common(12)]


def _fields(marked: list[str], reviewed: int) -> list[Share]:
    wrong = Counter(re.sub(r"^L\d+\.", "", field).replace("_", " ") for field in marked)
    return [Share(name, max(0, reviewed - count), reviewed) for name, count in wrong.most_common(12)]


def _gaps(connection: Connection) -> tuple[list[str], dict[str, list[Share]]]:
    """Missing elements by month of service: the months, and for the most frequent elements their share in each."""
    wanted = select(flags.c.month, flags.c.flag, func.count()).where(flags.c.flag.like("missing-%"))
    counted: dict[tuple[str, str], int] = {}
    for month, flag, count in connection.execute(wanted.group_by(flags.c.month, flags.c.flag)):
        counted[month, flag] = int(count)
    month = func.substr(func.coalesce(notes.c.service_date, notes.c.received_at), 1, 7)
    totals = dict(_pairs(connection, select(month, func.count()).group_by(month)))
    months = sorted(totals)[-MONTHS:]
    often = Counter[str]()
    for (_, flag), count in counted.items():
        often[flag] += count
    return months, {
        flag.removeprefix("missing-").replace("-", " "): [
            Share(m, counted.get((m, flag), 0), totals[m]) for m in months
        ]
        for flag, _ in often.most_common(5)
    }


def _lacking(connection: Connection, column: str) -> list[Share]:
    """Share of notes that lack at least one element, by site or provider."""
    by = notes.c[column]
    totals = dict(_pairs(connection, select(by, func.count()).where(by != "").group_by(by)))
    lacking = (
        select(by, func.count(flags.c.note.distinct()))
        .join(flags, flags.c.note == notes.c.number)
        .where(by != "", flags.c.flag.like("missing-%"))
        .group_by(by)
    )
    found = dict(_pairs(connection, lacking))
    largest = sorted(totals, key=lambda name: -totals[name])[:12]
    return [Share(name, found.get(name, 0), totals[name]) for name in largest]


def _days(sent: str, answered: str) -> float:
    form = "%Y-%m-%dT%H:%M:%S.%fZ"
    return (datetime.strptime(answered, form) - datetime.strptime(sent, form)).total_seconds() / 86_400


def same(one_: str, other: str) -> bool:
    """Whether two writings of codes are the same claim, whatever the order of their lines and modifiers."""
    def parts(written: str) -> list[list[str]]:
        return sorted(sorted(line.replace(" ", "-").split("-")) for line in written.split(", ") if line)

    return parts(one_) == parts(other)


def draw_sample(connection: Connection, actor: str, size: int) -> int:
    """Draw up to `size` finished notes that were `ready`, at random, for a blind second review; how many."""
    drawn = select(samples.c.note)
    wanted = select(notes).where(
        notes.c.state == "done", notes.c.disposition == "ready", notes.c.number.not_in(drawn)
    )
    found = many(connection, wanted)
    chosen = random.SystemRandom().sample(found, min(size, len(found)))
    for row in chosen:
        first = d.newest(connection, row["number"])
        connection.execute(
            insert(samples).values(
                note=row["number"], drawn_by=actor, drawn_at=now(), first_reviewer=first["actor"] if first else "",
                disposition=row["disposition"], recommended=row["codes"], first_codes=row["final_codes"],
            )
        )  # fmt: skip
    trail.record(connection, actor, "sample.draw", "samples", size=len(chosen))
    return len(chosen)


def next_sample(connection: Connection, actor: str) -> Row | None:
    """The next drawn note that somebody else reviewed first, or None."""
    wanted = select(samples).where(samples.c.reviewed_at.is_(None), samples.c.first_reviewer != actor)
    return one(connection, wanted.order_by(samples.c.id).limit(1))


def review_sample(connection: Connection, actor: str, sample: int, codes: str) -> None:
    """Record the codes of the blind review. Raises Refused."""
    row = one(connection, select(samples).where(samples.c.id == sample))
    if row is None or row["reviewed_at"]:
        raise Refused("this sample is reviewed or was never drawn")
    if row["first_reviewer"] == actor:
        raise Refused("the first reviewer cannot be the second one")
    connection.execute(
        update(samples)
        .where(samples.c.id == sample)
        .values(reviewed_by=actor, reviewed_at=now(), codes=d.parse_codes(codes))
    )
    trail.record(connection, actor, "sample.review", f"note:{row['note']}", sample=sample)

