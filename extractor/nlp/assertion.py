"""Assertion: one value a mention, with the cue that decided it.

A mention is present, absent, historical, planned, hypothetical, somebody else's, uncertain, ordered (a title) or blank (an unfilled
choice). Sections give the start value, cues in the clause change it. Scope ends at the clause. Knows words and layout; what a
present device means for a lesion is reading's business.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from extractor import patterns
from extractor.nlp.page import Assertion, Mention, Page, Piece

# for text in lower case, since every sentence is gone through with it
_CLAUSE = re.compile(
    # the signs that an end can begin with first: most places are left after one look
    r"(?=[;.\s,:#(]|(?<!\w)[bhatwyeo])(?:;|\.\s|\s-{1,2}\s|\b(?:but|however|although|though|whereas|while|yet|except|otherwise|aside from|apart from|other than|which resolved|whereupon)\b"
    r"|,?\s+and\s+(?=(?:(?:mag\s?)?(?:seed|clip|reflector|tag|marker)\s+(?:number\b|\#|no\.|two\b|2\b)|the|a|an|she|he|patient|pt|it|this|that|there|then|was|were|i|we|no|all|both|each|one|two|three|another|second|wire|its|her|his|went|left|sent|tolerated|not)\b)"
    r"|,\s+(?=(?:(?:left|right|lt|rt)\s+(?:axilla|breast)\s+(?:level|at|the|there|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d)|the|a|an|she|he|then|there|this|it|which|who|where|was|were|i|we|showing|demonstrating|no|not|and|patient|pt|with no|without|both|one|so|after|before|since|because|as)\b)"
    r"|:\s|\s\|\s|(?<=\w)\s+(?=(?:indication|reason)\s+(?:is|was)\b)|(?<=[\s,;])(?=#\d\b)|(?<=\s)(?=\(\d\)\s)|(?<=\S)[ \t]{3,}(?=\S))"
)
_SECTION_VALUE: dict[str, Assertion] = {
    "title": "ordered",
    "order": "ordered",
    "history": "historical",
    "family": "other_person",
    "comparison": "historical",
    "plan": "planned",
}
_RANK = {"blank": 9, "other_person": 8, "hypothetical": 7, "absent": 6, "planned": 5, "historical": 4, "uncertain": 3}
_TARGETS = {
    "action",
    "complication",
    "device",
    "guidance",
    "target",
    "procedure",
    "consent",
    "time_out",
    "anesthesia",
    "site",
    "side",
    "clock",
    "complication_none",
    "complication_word",
    "complication_trouble",
    "localization_noun",
    "quadrant",
    "region",
    "fn",
    "bracket",
    "position",
    "diagnosis",
    "excision",
    "proven",
    "surgical",
}
_WEAK_TO_HISTORY = {"side", "site", "target", "clock", "quadrant", "region", "fn", "diagnosis", "bracket", "position"}
_RUN_ON = 500  # code points; no sentence of a written report is longer
_REACH = 70  # code points a backward or historical cue reaches


def decide(page: Page) -> None:
    """Set `assertion` and `cue` of every mention of the page."""
    for piece in page.pieces:
        _clauses(page, piece)
        if piece.mentions:
            _piece(page, piece)


def _clauses(page: Page, piece: Piece) -> None:
    piece.clauses = [
        piece.start,
        *(
            m.end() if m[0].strip() in (":", ";", "") else m.start() + (len(m[0]) - len(m[0].lstrip(" ,")))
            for m in _CLAUSE.finditer(page.lower, piece.content, piece.end)
        ),
    ]


def _piece(page: Page, piece: Piece) -> None:
    cues: list[Mention] = []
    base = _SECTION_VALUE.get(piece.section, "present")
    for m in piece.mentions:
        m.clause = bisect_right(piece.clauses, m.start) - 1
        m.section = piece.section
        m.assertion = "blank" if page.blank and page.is_blank(m.start, m.end) else base
        if piece.section == "consent" and m.label in ("complication", "device") and m.assertion == "present":
            m.assertion = "hypothetical"
        if m.label in ("cue", "answer") and m.assertion != "blank":
            cues.append(m)
    ends = [c for c in cues if c.attrs["direction"] == "end"]
    clauses: dict[int, list[Mention]] = {}
    for m in piece.mentions:
        if m.label in _TARGETS:
            clauses.setdefault(m.clause, []).append(m)
    ended: dict[int, list[Mention]] = {}
    for e in ends:
        ended.setdefault(e.clause, []).append(e)
    for cue in cues:
        direction = cue.attrs["direction"]
        if direction == "end":
            continue
        value = cue.value
        if value == "planned" and patterns.match(r"\s*(?:not\b|n't)", page.lower[cue.end : cue.end + 6]):
            continue  # "could not be reached" tells what happened
        if value in ("absent", "absent_field") and any(
            e.value == "none" and e.start <= cue.start and cue.end <= e.end for e in ended.get(cue.clause, ())
        ):
            continue
        reach = _reach(page, cue, piece, clauses, ended.get(cue.clause, []))
        new: Assertion = "absent" if value == "absent_field" else value
        for m in reach:
            if m is cue or (
                m.start < cue.end
                and cue.start < m.end
                and (
                    m.label != "action"
                    or m.start <= cue.start
                    and cue.end <= m.end
                    and m.end - m.start > cue.end - cue.start
                )
            ):
                continue
            if _RANK.get(new, 0) > _RANK.get(m.assertion, 0):
                m.assertion = new
                m.cue = cue.rule


def _reach(
    page: Page, cue: Mention, piece: Piece, clauses: dict[int, list[Mention]], ends: list[Mention]
) -> list[Mention]:
    """The mentions that a cue speaks of."""
    direction, value = cue.attrs["direction"], cue.value
    own = clauses.get(cue.clause, [])
    if direction == "both":
        return own
    if direction == "forward":
        if value == "planned":
            later = [m for c in range(cue.clause, cue.clause + 12) for m in clauses.get(c, ()) if m.start >= cue.start]
            return [
                m
                for m in later
                if m.clause == cue.clause or m.label != "complication" and m.start - cue.end <= 2 * _REACH
            ]
        after = [m for m in own if m.start >= cue.start]
        if value in ("absent", "uncertain"):
            stop = min((e.start for e in ends if e.value != "none" and e.start >= cue.end), default=piece.end)
            return [m for m in after if m.start <= stop]
        if value == "historical":
            return [m for m in after if m.start - cue.end <= (25 if m.label in _WEAK_TO_HISTORY else _REACH)]
        return after
    if direction == "backward":
        before = [m for m in own if m.start < cue.start or m.label == "action" and m.start <= cue.end]
        if value == "absent_field":
            nearby = [*clauses.get(cue.clause - 1, ()), *before]
            return [
                m
                for m in nearby
                if m.label != "complication_none"
                and _ANSWERS.fullmatch(page.text[m.end : cue.start])
                and (m.clause == cue.clause or ":" in page.text[m.end : cue.start])
            ]
        return [
            m
            for m in before
            if cue.start - m.end <= _REACH
            and not (value == "historical" and m.label in _WEAK_TO_HISTORY)
            and not (value == "planned" and m.label == "action" and m.value in ("stop", "cancel"))
        ]
    if direction == "noun":
        verb = max((m.end for m in own if m.label == "action" and m.end <= cue.start), default=piece.start)
        return [
            m
            for m in own
            if verb <= m.start < cue.start <= m.end + _REACH
            and m.label not in _WEAK_TO_HISTORY
            or m.label == "action"
            and cue.start <= m.start < cue.end
        ]
    if direction == "device":
        return [m for m in own if m.label == "device" and m.start < cue.start]
    if direction == "sentence_part":
        return [
            m
            for c in clauses.values()
            for m in c
            if m.label not in ("consent", "time_out", "anesthesia") and _same_sentence_part(page, cue, m)
        ]
    every = [m for c in clauses.values() for m in c]
    if piece.end - piece.start <= _RUN_ON:
        return every
    # dictation without a single point: the talk of risks is one statement of many
    return [m for m in every if m.start - cue.end <= 2 * _REACH and cue.start - m.end <= _REACH]


_ANSWERS = patterns.compile(r"\s*[:=\-.]+\s*(?:\[[xX]\]|\([xX]\)|■)?\s*|\s{2,}")


def _same_sentence_part(page: Page, cue: Mention, m: Mention) -> bool:
    """A relative named in a sentence takes what follows up to a semicolon or the next sentence."""
    if m.start < cue.start:
        gap = page.text[m.end : cue.start]
        return len(gap) < 40 and not patterns.search(r"[;.]|\band\b", gap)
    return ";" not in page.text[cue.end : m.start]
