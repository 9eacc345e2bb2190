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
    left = dict(faults or {})
    out: list[ParameterSet] = []
    for row in table:
        words = " ".join(str(value) for value in row)
        keys = [key for key in left if key in words]
        if len(keys) > 1:
            raise ValueError(f"several faults fit one row: {keys}")
        marks = [pytest.mark.xfail(strict=False, reason=left.pop(keys[0]))] if keys else []
        name = " ".join(words.split())[:90]
        out.append(pytest.param(*row, marks=marks, id=name.encode("ascii", "replace").decode()))
    if left:
        raise ValueError(f"faults that fit no row: {list(left)}")
    return out
