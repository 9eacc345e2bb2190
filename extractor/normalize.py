"""Text as it comes, made even for matching, with a map back to the note as it was given.

Notes arrive with HL7 escapes, tildes for line breaks, typographic quotes and dashes, doubled line spacing and odd
spaces. `normalize` evens these out; every offset that leaves the package goes back through `Normalized.span`. This
module knows characters and nothing of medicine.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from extractor import patterns

_ONE_TO_ONE = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‐‑‒–—―−⁃", "-"),
        **dict.fromkeys(
            "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
        ),
        **dict.fromkeys("\x00\x0b\x0c\ufeff\u200b\u200c\u200d\u00ad\x1c\x1d\x1e\x1f\x7f", " "),
        **dict.fromkeys("\u0085\u2028\u2029", "\n"),
        **dict.fromkeys("☐□▢◻❏❑", "□"),
        **dict.fromkeys("☑☒✅✓✔■◼⊠", "■"),
        **dict.fromkeys("•●◦‣▪·", "•"),
        "×": "x",
        "½": "5",
        "：": ":",
    }
)
_HL7 = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}
_SPECIAL = patterns.compile(
    r"\\\.(?:br|sp\d*|in[+-]?\d*|ti[+-]?\d*|fi|nf|ce)\\\r?\n?|\\([FSTRE])\\|\\(?:H|N)\\|\r\n?|&(amp|lt|gt|nbsp|quot);"
)
_ENTITY = {"amp": "&", "lt": "<", "gt": ">", "nbsp": " ", "quot": '"'}
_TILDE_LINE = patterns.compile(r"~[ \t]*(?:\r?\n|$)")


@dataclass(frozen=True, slots=True)
class Normalized:
    """Evened text. `starts`/`shifts` describe the map: from normalised position `starts[i]` on, the original position
    is the normalised one plus `shifts[i]`. All positions are Unicode code points."""

    text: str
    starts: list[int] = field(default_factory=list)
    shifts: list[int] = field(default_factory=list)

    def position(self, index: int) -> int:
        """Original position of the character at normalised `index`."""
        if not self.starts:
            return index
        i = bisect_right(self.starts, index) - 1
        return index + (self.shifts[i] if i >= 0 else 0)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Original half-open span of a non-empty normalised span; the text between its outer characters is included."""
        return self.position(start), self.position(end - 1) + 1


def replace(text: str, edits: list[tuple[int, int, str]]) -> Normalized:
    """Apply sorted, disjoint replacements (none longer than what it replaces) and keep the map: the first character
    of a replacement maps to the first replaced, the last to the last."""
    out: list[str] = []
    starts: list[int] = []
    shifts: list[int] = []
    at = length = 0
    for start, end, new in edits:
        out.append(text[at:start])
        length += start - at
        out.append(new)
        if new:
            starts.append(length)
            shifts.append(start - length)
            if len(new) > 1:
                starts.append(length + len(new) - 1)
                shifts.append(end - 1 - (length + len(new) - 1))
            length += len(new)
        starts.append(length)
        shifts.append(end - length)
        at = end
    out.append(text[at:])
    return Normalized("".join(out), starts, shifts)


def _double_spaced(text: str) -> bool:
    """Whether nearly every line is followed by an empty one, as some feeds print."""
    lines = text.strip("\n").split("\n")
    if len(lines) < 12:
        return False
    filled = [i for i, line in enumerate(lines) if line.strip()]
    alone = sum(1 for a, b in zip(filled, filled[1:], strict=False) if b == a + 2)
    return alone > 0.7 * (len(filled) - 1) and all(len(lines[i]) <= 100 for i in filled)


# Of every two line ends one goes, so that an empty line between paragraphs stays one.
_DOUBLED_END = patterns.compile(r"(\n[ \t]*)\n")


# A ruled line needs no more signs than this to be one; a tokenizer peels longer runs sign by sign, in quadratic time.
_RUN_OF_SIGNS = patterns.compile(r"(?:(?![\s~])[\W_]){400,}|[ \t]{400,}")
_RUN = 200
_SIGNS = patterns.compile(r"[\W_]{200}")  # any long run holds such a one from a multiple of 200 on


# An HL7 message as it came over the line: the report is in its OBX segments, one printed line each.
_SEGMENT = patterns.compile(
    r"^(?:OBX\|\d*\|[A-Z]{0,3}\|[^|\n]*\|[^|\n]*\||(?:MSH|EVN|PID|PD1|PV1|PV2|ORC|OBR|TXA|DG1|AL1|ZDS)\|[^\n]*)|\|{2,}[A-Z]?\|*$",
    re.M,
)


def _message(plain: Normalized) -> Normalized:
    """The printed lines of a message; the text itself where it is none."""
    if not plain.text.lstrip().startswith("MSH|"):
        return plain
    return compose(plain, replace(plain.text, [(*m.span(), "") for m in _SEGMENT.finditer(plain.text)]))


def normalize(text: str) -> Normalized:
    """Even out `text`. The result is never longer than the input, and each of its characters comes from one place."""
    plain = text.translate(_ONE_TO_ONE)
    edits = []
    if any(_SIGNS.match(plain, at) for at in range(0, len(plain), _RUN)):
        edits = [(m.start() + _RUN, m.end(), "") for m in _RUN_OF_SIGNS.finditer(plain)]
    if "\\" in plain or "\r" in plain or "&" in plain:
        for m in _SPECIAL.finditer(plain):
            if m[1]:
                edits.append((m.start(), m.end(), _HL7[m[1]]))
            elif m[2]:
                edits.append((m.start(), m.end(), _ENTITY[m[2]]))
            elif m[0].startswith("\\") and m[0][1] in "HN":
                edits.append((m.start(), m.end(), ""))
            else:
                edits.append((m.start(), m.end(), "\n"))
    edits.sort()
    one_line = "\n" not in plain.strip()
    if plain.count("~") >= 3 and (
        len(_TILDE_LINE.findall(plain)) >= 2 or one_line and len(patterns.findall(r"~(?!\s*\d)", plain)) >= 3
    ):
        # the feed separates lines by repetitions; a tilde is then a line break also in the middle of a printed line
        taken = {i for a, b, _ in edits for i in range(a, b)}
        breaks = [m.span() for m in patterns.finditer(r"~\r?\n?", plain) if m.start() not in taken]
        covered = {i for a, b in breaks for i in range(a, b)}
        edits = sorted([*(e for e in edits if e[0] not in covered), *((a, b, "\n") for a, b in breaks)])
    first = _message(replace(plain, edits) if edits else Normalized(plain))
    if not _double_spaced(first.text):
        return first
    second = replace(first.text, [(*m.span(1), "") for m in _DOUBLED_END.finditer(first.text)])
    return compose(first, second)


def compose(first: Normalized, second: Normalized) -> Normalized:
    """The map of two passes as one."""
    if not first.starts:
        return second
    points = sorted(set(second.starts) | {0} | set(_pull(first.starts, second)))
    return Normalized(second.text, points, [first.position(second.position(p)) - p for p in points])


def _pull(points: list[int], second: Normalized) -> list[int]:
    """Where the breakpoints of the first pass lie in the text of the second."""
    out: list[int] = []
    n = len(second.text)
    for p in points:
        lo, hi = 0, n
        while lo < hi:
            mid = (lo + hi) // 2
            if second.position(mid) < p:
                lo = mid + 1
            else:
                hi = mid
        if lo < n:
            out.append(lo)
    return out
