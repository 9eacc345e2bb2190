"""Offsets of other tools: what counts UTF-16 units (browsers, Java), UTF-8 bytes or code points, with CRLF or without.

Converts between them and the package's own offsets, and refuses rather than guesses: a converted span counts only when
the words that the tool wrote beside it stand there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, get_args

from extractor.annotations.standoff import AnnotationError

Unit = Literal["code-points", "utf-16", "utf-8"]
UNITS: tuple[Unit, ...] = get_args(Unit)

_CRLF = re.compile(r"\r\n")


class Ruler:
    """Positions of one text in one unit. `out` takes a code point position, `back` gives it again."""

    def __init__(self, text: str, unit: Unit, crlf_as_lf: bool = False) -> None:
        widths = {"code-points": None, "utf-16": _utf16, "utf-8": _utf8}
        if unit not in widths:
            raise ValueError(f"unknown unit of offsets: {unit} (known: {', '.join(UNITS)})")
        width = widths[unit]
        if crlf_as_lf and "\r\n" not in text:
            crlf_as_lf = False
        if not crlf_as_lf and (width is None or text.isascii()):
            self._positions: list[int] | None = None
            self._length = len(text)
            return
        positions, at = [0], 0
        for number, character in enumerate(text):
            if not (crlf_as_lf and character == "\r" and text[number + 1 : number + 2] == "\n"):
                at += 1 if width is None else width(character)
            positions.append(at)
        self._positions = positions
        self._length = len(text)
        self._index = {position: number for number, position in enumerate(positions)}

    def out(self, position: int) -> int:
        """A code point position in this unit."""
        return position if self._positions is None else self._positions[position]

    def back(self, position: int) -> int | None:
        """The code point position of one in this unit; None where it lies outside or inside a character."""
        if self._positions is None:
            return position if 0 <= position <= self._length else None
        return self._index.get(position)


def _utf16(character: str) -> int:
    return 2 if character > "\uffff" else 1


def _utf8(character: str) -> int:
    return len(character.encode("utf-8"))


def located(
    note_id: str, text: str, spans: Sequence[tuple[int, int, str | None]], unit: Unit
) -> list[tuple[int, int]]:
    """Code point offsets of spans that a tool gave as (start, end, words or None) in `unit`.

    Where words are given and do not stand there, the other units and texts with CRLF counted as one character are
    tried, for all spans of the note together. Raises AnnotationError when none of them fits all.
    """
    others: list[tuple[Unit, bool]] = [(each, crlf) for crlf in (False, True) for each in UNITS]
    for tried, crlf in [(unit, False), (unit, True), *others]:
        ruler = Ruler(text, tried, crlf)
        found = [(ruler.back(start), ruler.back(end)) for start, end, _ in spans]
        if all(
            a is not None and b is not None and a < b and (words is None or _same(text[a:b], words))
            for (a, b), (_, _, words) in zip(found, spans, strict=True)
        ):
            return [(a, b) for a, b in found if a is not None and b is not None]
        if all(words is None for _, _, words in spans):
            break  # nothing to tell a wrong unit by: only the one that was named may be taken
    raise AnnotationError(
        f"{note_id}: offsets and words of its spans disagree in every unit; was the note changed after it was exported?"
    )


def _same(ours: str, theirs: str) -> bool:
    return ours == theirs or _CRLF.sub("\n", ours) == _CRLF.sub("\n", theirs)
