"""Tables of cases as pytest parameters: rows named by their words, and known faults marked rather than deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from _pytest.mark import ParameterSet


def rows(table: Sequence[tuple[Any, ...]], faults: Mapping[str, str] | None = None) -> list[ParameterSet]:
    """The rows of a table. A row whose words hold a key of `faults` is expected to fail, for the reason given there.

    Raises ValueError where a key fits no row or several, so that a mark never outlives its row.
    """
    faults = faults or {}
    counts = {key: sum(key in _words(row) for row in table) for key in faults}
    if set(counts.values()) - {1}:
        raise ValueError(f"faults and how many rows they fit: {counts}")
    out: list[ParameterSet] = []
    for row in table:
        words = _words(row)
        marks = [pytest.mark.xfail(strict=False, reason=reason) for key, reason in faults.items() if key in words]
        name = " ".join(words.split())[:90]
        out.append(pytest.param(*row, marks=marks, id=name.encode("ascii", "replace").decode()))
    return out


def _words(row: tuple[Any, ...]) -> str:
    return " ".join(str(value) for value in row)
