"""The worklist: filters, search, order, counts, pages, and what comes before and after a note.

Reads the narrow table of notes only, by its indexes; never a text or a result. Neighbours are found by key, not by
counting, so that the next note costs the same wherever it stands.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, exists, func, select, tuple_
from sqlalchemy.sql.elements import literal

from extractor.web.store.engine import Row, many
from extractor.web.store.schema import flags, notes, search

n = notes.c
STATES = ("open", "second", "queried", "sent_back", "done", "all")
DISPOSITIONS = ("ready", "query", "review", "not_reportable")
CLAIMS = ("agree", "disagree", "cannot_judge", "none")
ORDERS: dict[str, tuple[Column[Any], ...]] = {
    "worst": (n.priority, n.received_at, n.number),
    "oldest": (n.received_at, n.number),
    "newest": (n.received_at, n.number),
    "note": (n.note_id,),
}
PAGE = 50
FEW = 1_000
"""Notes that are named one by one in a statement."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What the worklist shows. Empty strings mean everything; `search` looks at ids, codes, provider and site."""

    state: str = "open"
    disposition: str = ""
    claim: str = ""
    flag: str = ""
    assignee: str = ""
    site: str = ""
    search: str = ""
    order: str = "worst"
    page: int = 1

    def checked(self) -> Filter:
        """The same with unknown values put back to the default."""
        return replace(
            self,
            state=self.state if self.state in STATES else "open",
            disposition=self.disposition if self.disposition in DISPOSITIONS else "",
            claim=self.claim if self.claim in CLAIMS else "",
            order=self.order if self.order in ORDERS else "worst",
            page=max(1, self.page),
        )

    def query(self) -> dict[str, str]:
        """What differs from the default, as the parameters of an address."""
        plain = Filter()
        names = ("state", "disposition", "claim", "flag", "assignee", "site", "search", "order", "page")
        return {name: str(getattr(self, name)) for name in names if getattr(self, name) != getattr(plain, name)}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the worklist with the counts around it."""

    rows: list[Row]
    total: int
    states: dict[str, int]
    dispositions: dict[str, int]

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition in two forms: for a walk along an index to the next note, and for going through all of them."""

    walked: ColumnElement[bool]
    whole: ColumnElement[bool]


def conditions(connection: Connection, chosen: Filter) -> dict[str, Condition]:
    """The filter as conditions, by what they are about."""
    wanted: dict[str, ColumnElement[bool]] = {}
    if chosen.state != "all":
        wanted["state"] = n.state == chosen.state
    if chosen.disposition:
        wanted["disposition"] = n.disposition == chosen.disposition
    if chosen.claim:
        wanted["claim"] = n.claim_verdict == ("" if chosen.claim == "none" else chosen.claim)
    if chosen.assignee:
        wanted["assignee"] = n.assignee == ("" if chosen.assignee == "-" else chosen.assignee)
    if chosen.site:
        wanted["site"] = n.site == chosen.site
    found = {name: Condition(each, each) for name, each in wanted.items()}
    if chosen.flag:
        found["flag"] = _among(connection, flags.c.note, flags.c.flag == chosen.flag)
    if chosen.search:
        holds = search.c.words.contains(chosen.search.lower(), autoescape=True)
        found["search"] = _among(connection, search.c.note, holds)
    return found


def _among(connection: Connection, number: Column[int], holds: ColumnElement[bool]) -> Condition:
    """That a note is one of those for which something holds in another table; a few are named, so that nothing is
    looked for twice.
    """
    few = connection.execute(select(number).where(holds).limit(FEW + 1)).scalars().all()
    if len(few) <= FEW:
        return Condition(n.number.in_(few), n.number.in_(few))
    # The offset keeps PostgreSQL from looking up note after note, in the hope that a page is soon full.
    return Condition(exists().where(number == n.number, holds), n.number.in_(select(number).where(holds).offset(0)))


def page(connection: Connection, chosen: Filter) -> Page:
    """One page, with how many notes there are in each state and, under the filter, of each disposition."""
    where = conditions(connection, chosen)
    # First which notes, by an index alone, then their rows.
    which = _ordered(select(n.number).where(*(each.walked for each in where.values())), chosen.order)
    numbers = connection.execute(which.limit(PAGE).offset((chosen.page - 1) * PAGE)).scalars().all()
    listed = many(connection, _ordered(select(notes).where(n.number.in_(numbers)), chosen.order))
    states: Counter[str] = Counter()
    dispositions: Counter[str] = Counter()
    # One walk over one index gives both counts, as long as nothing but state and disposition is chosen.
    for state, disposition, count in connection.execute(
        select(n.state, n.disposition, func.count()).group_by(n.state, n.disposition)
    ):
        states[state] += count
        dispositions[disposition] += count if chosen.state in (state, "all") else 0
    if where.keys() - {"state", "disposition"}:
        others = [each.whole for name, each in where.items() if name != "disposition"]
        counted = select(n.disposition, func.count()).where(*others)
        dispositions = Counter({name: int(c) for name, c in connection.execute(counted.group_by(n.disposition))})
    total = dispositions[chosen.disposition] if chosen.disposition else dispositions.total()
    return Page(listed, total, dict(states), {name: count for name, count in dispositions.items() if count})


def neighbours(connection: Connection, chosen: Filter, row: Row) -> tuple[int | None, int | None]:
    """Numbers of the notes before and after `row` under a filter, whether or not `row` still fits it."""
    where = conditions(connection, chosen)
    return _beside(connection, chosen, where, row, False), _beside(connection, chosen, where, row, True)


def _beside(
    connection: Connection, chosen: Filter, where: dict[str, Condition], row: Row, after: bool
) -> int | None:
    columns = ORDERS[chosen.order]
    up = (chosen.order != "newest") == after
    here = tuple_(*(literal(row[column.name], column.type) for column in columns))
    beyond = tuple_(*columns) > here if up else tuple_(*columns) < here
    order = [column.asc() if up else column.desc() for column in columns]
    fits = [each.walked for each in where.values()]
    wanted = select(n.number).where(*fits, beyond).order_by(*order).limit(1)
    return connection.execute(wanted).scalar_one_or_none()


def _ordered(wanted: Select[Any], order: str) -> Select[Any]:
    down = order == "newest"
    return wanted.order_by(*(column.desc() if down else column.asc() for column in ORDERS[order]))


def choices(connection: Connection) -> dict[str, list[str]]:
    """The values that the filters offer: assignees, sites and flags that occur."""
    found = {
        "assignee": select(n.assignee).distinct().where(n.assignee != ""),
        "site": select(n.site).distinct().where(n.site != ""),
        "flag": select(flags.c.flag).distinct(),
    }
    return {name: sorted(connection.execute(wanted).scalars()) for name, wanted in found.items()}
