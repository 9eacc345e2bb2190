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

from sqlalchemy import Column, ColumnElement, Connection, Select, case, func, insert, select, update

from extractor.web.store import decisions as d
from extractor.web.store import trail
from extractor.web.store.decisions import Refused
from extractor.web.store.engine import Row, many, now, one
from extractor.web.store.notes import MISSING
from extractor.web.store.schema import decisions, feedback, flags, notes, queries, samples

MONTHS = 12
CARD_REASONS = {
    "documented-elsewhere": "It is documented elsewhere in the record",
    "not-applicable": "It does not apply to this procedure",
    "will-addend": "I will add it in an addendum",
    "disagree": "The report says it; it was read wrong",
}
"""Why a physician may override a card of CDS Hooks, as the card offers it."""
_month = func.substr(func.coalesce(notes.c.service_date, notes.c.received_at), 1, 7)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which notes the figures are about: those of a site, of a provider, of a month of service (`2026-03`)."""

    site: str = ""
    provider: str = ""
    month: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """The scope as conditions on a note."""
        wanted = []
        if self.site:
            wanted.append(notes.c.site == self.site)
        if self.provider:
            wanted.append(notes.c.provider == self.provider)
        if self.month:
            wanted.append(_month == self.month)
        return wanted

    def within(self, number: Column[int]) -> list[ColumnElement[bool]]:
        """The scope as a condition on what belongs to a note; none where it is everything."""
        wanted = self.conditions()
        return [number.in_(select(notes.c.number).where(*wanted))] if wanted else []


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
    cards: list[Share]
    card_reasons: list[tuple[str, int]]

    @property
    def median_days(self) -> float | None:
        return median(self.turnaround) if self.turnaround else None


def insight(connection: Connection, scope: Scope | None = None) -> Insight:
    """All figures, over the notes of `scope`; what came of cards is not known by note, and always over all."""
    scope, n = scope or Scope(), notes.c
    counted = select(n.disposition, func.count()).where(*scope.conditions()).group_by(n.disposition)
    states = dict(_pairs(connection, counted))
    total = sum(states.values())
    standing = many(
        connection,
        select(decisions.c.kind, decisions.c.disposition, decisions.c.recommended, decisions.c.codes,
               decisions.c.reason_code, decisions.c.field)
        .where(decisions.c.undone.is_(False), decisions.c.kind.in_(("accept", "change", "mark")),
               *scope.within(decisions.c.note)),
    )  # fmt: skip
    made = [row for row in standing if row["kind"] != "mark"]
    reasons = Counter(row["reason_code"] for row in made if row["reason_code"])
    accepted = sum(1 for row in made if row["codes"] == row["recommended"])
    months, gaps = _gaps(connection, scope)
    of_query = select(queries.c.status, queries.c.sent_at, queries.c.answered_at)
    asked = many(connection, of_query.where(*scope.within(queries.c.note)))
    of_sample = select(samples.c.recommended, samples.c.codes, samples.c.reviewed_at)
    sampled = many(connection, of_sample.where(*scope.within(samples.c.note)))
    cards, card_reasons = _cards(connection)
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
        by_site=_lacking(connection, "site", scope),
        by_provider=_lacking(connection, "provider", scope),
        open_queries=sum(1 for row in asked if row["status"] == "sent"),
        turnaround=sorted(_days(row["sent_at"], row["answered_at"]) for row in asked if row["answered_at"]),
        cards=cards,
        card_reasons=card_reasons,
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


def _gaps(connection: Connection, scope: Scope) -> tuple[list[str], dict[str, list[Share]]]:
    """Missing elements by month of service: the months, and for the most frequent elements their share in each."""
    # As bounds the beginning is looked up in the index, whatever the order of letters of the database.
    missing = (flags.c.flag >= MISSING, flags.c.flag < MISSING[:-1] + chr(ord(MISSING[-1]) + 1))
    wanted = select(flags.c.month, flags.c.flag, func.count()).where(*missing, *scope.within(flags.c.note))
    counted: dict[tuple[str, str], int] = {}
    for month, flag, count in connection.execute(wanted.group_by(flags.c.flag, flags.c.month)):
        counted[month, flag] = int(count)
    totals = dict(_pairs(connection, select(_month, func.count()).where(*scope.conditions()).group_by(_month)))
    months = sorted(totals)[-MONTHS:]
    often = Counter[str]()
    for (_, flag), count in counted.items():
        often[flag] += count
    return months, {
        flag.removeprefix(MISSING).replace("-", " "): [Share(m, counted.get((m, flag), 0), totals[m]) for m in months]
        for flag, _ in often.most_common(5)
    }


def _lacking(connection: Connection, column: str, scope: Scope) -> list[Share]:
    """Share of notes that lack at least one element, by site or provider."""
    by = notes.c[column]
    lack = func.sum(case((notes.c.missing > 0, 1), else_=0))
    wanted = select(by, func.count(), lack).where(by != "", *scope.conditions()).group_by(by)
    found = [Share(name, int(lacking), int(count)) for name, count, lacking in connection.execute(wanted)]
    return sorted(found, key=lambda share: (-share.of, share.name))[:12]


def _cards(connection: Connection) -> tuple[list[Share], list[tuple[str, int]]]:
    """What physicians did with the cards at their reports: the share accepted by service, the reasons against."""
    outcomes: dict[str, Counter[str]] = {}
    wanted = select(feedback.c.service, feedback.c.outcome, func.count())
    for service, outcome, count in connection.execute(wanted.group_by(feedback.c.service, feedback.c.outcome)):
        outcomes.setdefault(service, Counter())[outcome] += int(count)
    shares = [Share(name.replace("-", " "), c["accepted"], c.total()) for name, c in sorted(outcomes.items())]
    overridden = select(feedback.c.reason_code, func.count()).where(feedback.c.outcome == "overridden")
    counted = Counter(dict(_pairs(connection, overridden.group_by(feedback.c.reason_code))))
    return shares, [(CARD_REASONS.get(code, "no reason given"), count) for code, count in counted.most_common()]


def choices(connection: Connection) -> dict[str, list[str]]:
    """The sites, providers and months that there are figures for; months newest first."""
    found = {
        name: sorted(connection.execute(select(notes.c[name]).distinct().where(notes.c[name] != "")).scalars())
        for name in ("site", "provider")
    }
    months = connection.execute(select(_month).distinct()).scalars()
    return {**found, "month": sorted(months, reverse=True)}


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

