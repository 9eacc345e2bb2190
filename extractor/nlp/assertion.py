"""Assertion: one value a mention, with the cue that decided it.

A mention is present, absent, historical, planned, hypothetical, somebody else's, uncertain, ordered (a title) or blank (an unfilled
choice). Sections give the start value, cues in the clause change it. Scope ends at the clause. Knows words and layout; what a
present device means for a lesion is reading's business.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from extractor.nlp.page import Assertion, Mention, Page, Piece

_CLAUSE = re.compile(
    r";|\.\s|\s-{1,2}\s|\b(?:but|however|although|though|whereas|while|yet|except|otherwise|aside from|apart from|other than|which resolved|whereupon)\b"
    r"|,?\s+and\s+(?=(?:the|a|an|she|he|patient|pt|it|this|that|there|then|was|were|i|we|no|all|both|each|one|two|three|another|second|wire|its|her|his|went|left|sent|tolerated|not)\b)"
    r"|,\s+(?=(?:the|a|an|she|he|then|there|this|it|which|who|where|was|were|i|we|showing|demonstrating|no|not|and|patient|pt|with no|without|both|one|so|after|before|since|because|as)\b)"
    r"|:\s|\s\|\s|(?<=[\s,;])(?=#\d\b)|(?<=\s)(?=\(\d\)\s)|(?<=\S)[ \t]{3,}(?=\S)",
    re.I,
)
_SECTION_VALUE: dict[str, Assertion] = {
    "title": "ordered", "order": "ordered", "history": "historical", "family": "other_person", "comparison": "historical",
    "plan": "planned",
}
_RANK = {"blank": 9, "other_person": 8, "hypothetical": 7, "absent": 6, "planned": 5, "historical": 4, "uncertain": 3}
_TARGETS = {"action", "complication", "device", "guidance", "target", "procedure", "consent", "time_out", "anesthesia", "site", "side", "clock",
            "complication_none", "complication_word", "complication_trouble", "localization_noun", "quadrant", "region", "fn", "bracket", "position", "diagnosis", "excision", "proven", "surgical"}
_WEAK_TO_HISTORY = {"side", "site", "target", "clock", "quadrant", "region", "fn", "diagnosis", "bracket", "position"}
_REACH = 70  # code points a backward or historical cue reaches


def decide(page: Page) -> None:
    """Set `assertion` and `cue` of every mention of the page."""
    for piece in page.pieces:
        _clauses(page, piece)
        if piece.mentions:
            _piece(page, piece)


def _clauses(page: Page, piece: Piece) -> None:
    piece.clauses = [piece.start, *(m.end() if m[0].strip() in (":", ";", "") else m.start() + (len(m[0]) - len(m[0].lstrip(" ,"))) for m in _CLAUSE.finditer(page.text, piece.content, piece.end))]


def _piece(page: Page, piece: Piece) -> None:
    cues: list[Mention] = []
    base = _SECTION_VALUE.get(piece.section, "present")
    for m in piece.mentions:
        m.clause = bisect_right(piece.clauses, m.start) - 1
        m.section = piece.section
        m.assertion = "blank" if page.blank and page.is_blank(m.start, m.end) else base
        if m.label in ("cue", "answer") and m.assertion != "blank":
            cues.append(m)
    ends = [c for c in cues if c.attrs["direction"] == "end"]
    for cue in cues:
        direction = cue.attrs["direction"]
        if direction == "end":
            continue
        value = cue.value
        if value == "planned" and re.match(r"\s*(?:not\b|n't)", page.lower[cue.end : cue.end + 6]):
            continue  # "could not be reached" tells what happened
        if value in ("absent", "absent_field") and any(e.value == "none" and e.start <= cue.start and cue.end <= e.end for e in ends):
            continue
        for m in piece.mentions:
            if m.label not in _TARGETS or m is cue or (m.start < cue.end and cue.start < m.end and (m.label != "action" or m.start <= cue.start and cue.end <= m.end and m.end - m.start > cue.end - cue.start)):
                continue
            if direction == "forward":
                if m.start < cue.start:
                    continue
                if value == "absent" or value == "uncertain":
                    if m.clause != cue.clause or any(e.value != "none" and cue.end <= e.start < m.start for e in ends):
                        continue
                elif value == "historical":
                    if m.clause != cue.clause or m.start - cue.end > _REACH or m.label in _WEAK_TO_HISTORY and m.start - cue.end > 25:
                        continue
                elif value == "planned" and m.clause != cue.clause and m.start - cue.end > 2 * _REACH:
                    continue
            elif direction == "backward":
                if m.end > cue.start + (0 if m.label != "action" else len(page.text)) and m.start >= cue.start:
                    if m.label != "action" or m.start > cue.end:
                        continue
                if m.clause != cue.clause:
                    if value != "absent_field" or m.clause != cue.clause - 1 or ":" not in page.text[m.end : cue.start]:
                        continue
                if value == "absent_field":
                    gap = page.text[m.end : cue.start]
                    if m.label in ("complication_none",) or not re.fullmatch(r"\s*[:=\-.]+\s*(?:\[[xX]\]|\([xX]\)|■)?\s*|\s{2,}", gap):
                        continue
                elif value in ("historical", "planned") and (cue.start - m.end > _REACH or value == "historical" and m.label in _WEAK_TO_HISTORY):
                    continue
                elif value == "absent" and cue.start - m.end > _REACH:
                    continue
            elif direction == "sentence_part":
                if m.label in ("consent", "time_out", "anesthesia"):
                    continue
                if not _same_sentence_part(page, cue, m):
                    continue
            new: Assertion = "absent" if value == "absent_field" else value
            if value == "historical" and m.label in ("side", "site") and base == "present" and direction == "forward" and m.start - cue.end > 25:
                continue
            if _RANK.get(new, 0) > _RANK.get(m.assertion, 0):
                m.assertion = new
                m.cue = cue.rule


def _same_sentence_part(page: Page, cue: Mention, m: Mention) -> bool:
    """A relative named in a sentence takes what follows up to a semicolon or the next sentence."""
    if m.start < cue.start:
        gap = page.text[m.end : cue.start]
        return len(gap) < 40 and not re.search(r"[;.]|\band\b", gap)
    return ";" not in page.text[cue.end : m.start]
