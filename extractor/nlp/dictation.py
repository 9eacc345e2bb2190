"""Dictation made readable: spoken punctuation becomes signs, common recognition slips become the words that were meant.

Works on evened text and keeps the map, so that evidence still shows what the note says. The slips are lexicon data
(`speech.toml`, label `slip`). Spoken punctuation is only read where a note uses it throughout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from extractor import lexicon, patterns
from extractor.normalize import Normalized, compose, replace

_MARKS = {
    "period": ".",
    "full stop": ".",
    "comma": ",",
    "colon": ":",
    "semicolon": ";",
    "new paragraph": "\n\n",
    "next paragraph": "\n\n",
    "new line": "\n",
    "next line": "\n",
    "slash": "/",
    "hyphen": "-",
}
_SPOKEN = patterns.compile(
    r"[ \n]+(period|full stop|comma|colon|semicolon|new paragraph|next paragraph|new line|next line|slash|hyphen)\b(?!\s+of\b)",
    re.I,
)
_STOPS = patterns.compile(r"(?:period|full stop|comma|new paragraph)\b", re.I)
_NEXT = patterns.compile(r"([.\n])(\s*)([a-z])")


# a recognizer that sets points but no capitals
_LOWER = patterns.compile(
    r"(?<=[a-z]{3}[.])(?<!lat[.])(?<!med[.])(?<!ant[.])(?<!post[.])(?<!sup[.])(?<!inf[.])(?<!approx[.])(?<!incl[.])(?<!dept[.])(?<!surg[.])(?<!resp[.])"
    r"(?<!calc[.])(?<!calcs[.])(?<!mammo[.])(?<!tech[.])(?<!diag[.])(?<!std[.])(?<!dist[.])(?<!arch[.])(?<!prev[.]) ([a-z])(?=[a-z]+ )"
)
_HABIT = 2  # sentences that begin in lower case


@cache
def _slips() -> tuple[patterns.Pattern, dict[str, str]]:
    words: dict[str, str] = {}
    for rule in lexicon.load():
        if rule.label == "slip":
            for literal in rule.literals:
                words[" ".join(literal)] = rule.value
    pattern = patterns.compile(
        r"\b(" + "|".join(re.escape(w).replace(r"\ ", r"\s+") for w in sorted(words, key=len, reverse=True)) + r")\b",
        re.I,
    )
    return pattern, words


# a scanner reads 0 for O and 1 for l: a word of letters is meant where the lexicon knows it; and in a note where it did,
# O for 0 and l for 1 in numbers, c for o in words, and a space inside a word
_FIGURE_BESIDE = re.compile(r"[01][A-Za-z]|[A-Za-z][01]")
_SCANNED = patterns.compile(r"\b(?=[A-Za-z]*[01])(?=[A-Za-z01]*[A-Za-z]{2})[A-Za-z01]{4,}\b")
_WRAPPED = patterns.compile(r"\b([A-Za-z]{2,})(-[ \t]*\n[ \t]*)([A-Za-z]{2,})\b")


_NUMBER = patterns.compile(
    r"(?<![A-Za-z0-9])(?=[\dOl.:/-]*\d)(?=[\dOl.:/-]*[Ol])[\dOl]{1,4}(?:[.:/-][\dOl]{1,4})*(?![A-Za-z0-9])|(?<![A-Za-z0-9])l(?=%| ?(?:cm|mm|cc|ml)\b)"
)
_FIGURES = str.maketrans("Ol", "01")
_WORD = patterns.compile(r"\b(?=[A-Za-z]*(?:[CcOo]|rn|[A-Z]l))[A-Za-z]{4,}\b")
_BROKEN = patterns.compile(r"\b([A-Za-z]{2,8})( )([a-z]{3,})\b")


@cache
def _vocabulary() -> frozenset[str]:
    return frozenset(w for rule in lexicon.load() for literal in rule.literals for w in literal if len(w) > 3)


def _scanned(text: str) -> list[tuple[int, int, str]]:
    """The corrections of a note that went through a scanner; none where no word shows that it did."""
    known = _vocabulary()
    edits = []
    for m in _SCANNED.finditer(text):
        word = next((w for w in _readings(m[0]) if w.lower() in known), None)
        if word:
            edits.append((m.start(), m.end(), word))
    if len(edits) < _HABIT:
        return edits
    edits.extend((m.start(), m.end(), m[0].translate(_FIGURES)) for m in _NUMBER.finditer(text))
    for m in _WORD.finditer(text):
        if m[0].lower() not in known:
            word = next((w for w in _readings(m[0]) if w.lower() in known), None)
            if word:
                edits.append((m.start(), m.end(), word))
    for m in _BROKEN.finditer(text):
        if (m[1] + m[3]).lower() in known and m[3].lower() not in known:
            edits.append((m.start(2), m.end(2), ""))
    return edits


def _readings(word: str) -> Iterator[str]:
    """What a scanned word may have been, the likeliest first."""
    capital = word.upper() == word.replace("l", "L")
    for one in ("l", "i"):
        meant = word.replace("0", "o").replace("1", one)
        if capital:
            meant = meant.replace("l", "I") if "l" in word else meant
            meant = meant.upper()
        yield meant
    if word.isalpha():
        yield word.replace("rn", "m")
        for i, sign in enumerate(word):
            if sign in _SWAP:
                yield word[:i] + _SWAP[sign] + word[i + 1 :]


_SWAP = {"c": "o", "o": "c", "C": "O", "O": "C"}


def even(source: Normalized) -> Normalized:
    """The text as it was meant; unchanged (the same object) where nothing was dictated."""
    pattern, words = _slips()
    edits: list[tuple[int, int, str]] = []
    text = source.text
    if len(_STOPS.findall(text)) >= 3:
        for m in _SPOKEN.finditer(text):
            new = _MARKS[m[1].lower()]
            if len(new) <= m.end() - m.start():
                edits.append((m.start(), m.end(), new))
    taken = {i for a, b, _ in edits for i in range(a, b)}
    evened = " ".join(text.lower().split())
    for m in pattern.finditer(text) if any(word in evened for word in words) else ():
        new = words[" ".join(m[0].lower().split())]
        if len(new) <= m.end() - m.start() and m.start() not in taken and m.end() - 1 not in taken:
            edits.append((m.start(), m.end(), new.upper() if m[0].isupper() else new))
    if _FIGURE_BESIDE.search(text) and _SCANNED.search(text):
        edits.extend(e for e in _scanned(text) if e[0] not in taken and e[1] - 1 not in taken)
    if "-\n" in text:
        known = _vocabulary()
        for m in _WRAPPED.finditer(text):
            if (
                (m[1] + m[3]).lower() in known
                and not (m[1].lower() in known and m[3].lower() in known)
                and not any(i in taken for i in (m.start(2), m.end(2) - 1))
            ):
                edits.append((m.start(2), m.end(2), ""))
    low = len(_LOWER.findall(text)) >= _HABIT
    if not edits:
        return Normalized(_capitals(text), source.starts, source.shifts) if low else source
    edits.sort()
    spoken = bool(taken)
    meant = replace(text, edits)
    if spoken:
        # sentences then begin in lower case; a capital lets them be seen, and takes no more room
        meant = Normalized(_NEXT.sub(lambda m: m[1] + m[2] + m[3].upper(), meant.text), meant.starts, meant.shifts)
    if low:
        meant = Normalized(_capitals(meant.text), meant.starts, meant.shifts)
    return compose(source, meant)


def _capitals(text: str) -> str:
    """The text with a capital at each sentence; no longer and no shorter."""
    return _LOWER.sub(lambda m: " " + m[1].upper(), text)
