"""The page: what the components have found on one note, as light values that reading works on.

A spaCy `Doc` carries one `Page` in `doc._.extractor_page`. Pieces are sentences or lines, mentions are words with a
concept, a section and an assertion. Positions are code points into `doc.text`. This module decides nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, Literal

Assertion = Literal[
    "present",
    "absent",
    "historical",
    "planned",
    "hypothetical",
    "other_person",
    "uncertain",
    "ordered",
    "blank",
]


UNKNOWN = object()  # a heading not looked for yet


class Mention:
    """Words that carry a concept. `label` and `value` are those of the lexicon rule (or of a number pattern)."""

    __slots__ = ("assertion", "attrs", "clause", "cue", "end", "label", "piece", "rule", "section", "start", "value")

    def __init__(self, start: int, end: int, label: str, value: Any, rule: str, attrs: dict[str, Any]) -> None:
        self.start = start
        self.end = end
        self.label = label
        self.value = value
        self.rule = rule
        self.attrs = attrs
        self.piece = -1
        self.clause = -1
        self.section = "technique"
        self.assertion: Assertion = "present"
        self.cue: str | None = None

    def __repr__(self) -> str:
        return f"<{self.label}={self.value} {self.start}-{self.end} {self.section}/{self.assertion}>"


class Piece:
    """A sentence, or a line of a form. `heading` is the heading's span where one opens the piece, `section` the kind of
    section it belongs to, `major` the enclosing major section, `block` the paragraph it stands in (addenda have
    `addendum` set to their number, counted from 1)."""

    __slots__ = (
        "addendum",
        "block",
        "clauses",
        "content",
        "end",
        "heading",
        "index",
        "major",
        "mentions",
        "rule",
        "section",
        "start",
    )

    def __init__(self, index: int, start: int, end: int, block: int) -> None:
        self.index = index
        self.start = start
        self.end = end
        self.block = block
        self.heading: tuple[int, int] | None = None
        self.rule: object = UNKNOWN
        self.content = start
        self.section = "technique"
        self.major = "technique"
        self.addendum = 0
        self.mentions: list[Mention] = []
        self.clauses: list[int] = []

    def __repr__(self) -> str:
        return f"<piece {self.index} {self.start}-{self.end} {self.section}>"


class Page:
    """Pieces, mentions and blank spans of one text."""

    __slots__ = ("_starts", "blank", "checked", "found", "lower", "mentions", "pieces", "text", "token_starts", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        lower = text.lower()
        if len(lower) != len(text):
            lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        self.lower = lower
        self.pieces: list[Piece] = []
        self.mentions: list[Mention] = []
        self.blank: list[tuple[int, int]] = []
        self.checked: list[tuple[int, int]] = []
        self._starts: list[int] = []
        self.found = False
        self.token_starts: list[int] | None = None
        # the words of the text and where they start and end, once they have been looked for (see matching.scan)
        self.words: tuple[list[str], list[int], list[int]] | None = None

    def index(self) -> None:
        """Make `piece_at` answer; called once the pieces stand."""
        self._starts = [p.start for p in self.pieces]

    def piece_at(self, position: int) -> int:
        """Number of the piece that holds or last precedes a position."""
        return max(bisect_right(self._starts, position) - 1, 0)

    def blanks(self, start: int, end: int) -> list[tuple[int, int]]:
        """The blank spans that overlap a span."""
        out = []
        for i in range(bisect_right(self.blank, (end, -1)) - 1, -1, -1):
            a, b = self.blank[i]
            if b <= start:
                break
            out.append((a, b))
        return out

    def is_blank(self, start: int, end: int) -> bool:
        """Whether the span lies in an unfilled placeholder or an unmarked choice."""
        i = bisect_right(self.blank, (start, len(self.text) + 1)) - 1
        return i >= 0 and self.blank[i][0] <= start and end <= self.blank[i][1]
