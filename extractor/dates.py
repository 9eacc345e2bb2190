"""Dates as reports write them: the one reader of them.

Figures alone may mean two days (03/04/2026); which, only the country of the writer, another date of the note or the
feed can tell, and what none of them tells stays open. Knows calendars, and nothing of notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Literal

Order = Literal["month", "day"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIGURES = re.compile(r"(?<!\d)(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4}|\d{2})(?!\d)")
_WRITTEN = (
    re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?!\d)"),
    _FIGURES,
    re.compile(r"(?P<m>[a-z]{3})[a-z]*\.?[\s-]+(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s,-]+(?P<y>\d{4})"),
    re.compile(r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s.-]*(?P<m>[a-z]{3})[a-z]*\.?[\s,-]*(?P<y>\d{4}|\d{2})(?!\d)"),
)


def parse_date(day: date | str | None) -> date | None:
    """A date from its ISO form or as reports write it, or None.

    Figures alone are read month first unless the first is over 12; whether that was a choice, `readings` tells. What is
    no date counts as unknown: a misread date must not stop a note.
    """
    return next(iter(readings(day)), None) if isinstance(day, str) else day


@lru_cache(maxsize=4096)
def readings(words: str) -> tuple[date, ...]:
    """Every day that `words` may mean, month first before day first; empty where they are no date."""
    for form in _WRITTEN:
        found = form.search(words.lower())
        if found is None:
            continue
        month, first, year = found["m"], int(found["d"]), int(found["y"])
        number = int(month) if month.isdigit() else _MONTHS.index(month) + 1 if month in _MONTHS else 0
        pairs = [(number, first)]
        if form is _FIGURES and number != first:
            pairs.append((first, number))
        elif number > 12:
            pairs = [(first, number)]
        days = [_date(year if year > 99 else 2000 + year, *pair) for pair in pairs]
        if any(days):
            return tuple(day for day in days if day)
    return ()


def settled(words: str, others: Iterable[str] = (), known: str | None = None) -> str | None:
    """`YYYY-MM-DD` of `words` where it is one day only: by itself, because it is the day `known` (ISO) from elsewhere,
    or because all `others` that show an order of their figures show the same one. None where it stays open."""
    days = readings(words)
    if len(days) == 1:
        return days[0].isoformat()
    for day in days:
        if day.isoformat() == known:
            return known
    orders = {found for other in others if (found := _order(other))}
    if len(days) == 2 and len(orders) == 1:
        return days[orders == {"day"}].isoformat()
    return None


def _order(words: str) -> Order | None:
    """The order of the figures of a date, where only one is possible."""
    found = _FIGURES.search(words)
    if found is None or len(readings(words)) != 1 or found["m"] == found["d"]:
        return None
    return "day" if int(found["m"]) > 12 else "month"


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
