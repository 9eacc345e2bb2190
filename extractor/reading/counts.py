"""How many lesions: what the note states, against what it describes.

A device count is not a lesion count. Two devices with no word on whether they bracket one lesion or mark two leave the count open; a
stated number that differs from the description is a contradiction unless an addendum settles it. Source: annotation guideline
(lesion_count); coding fact sheet, R1, R6, R7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractor import patterns
from extractor.nlp.page import Piece
from extractor.reading.words import Reader, number

_WORDS = "one|two|three|four|five|six|single|solitary|both|a single"
_NOUN = r"(?P<noun>lesions?|sites?|targets?|mass(?:es)?|areas?|foci|focus|groups?|clusters?|nodes?|nodules?|findings|abnormalit(?:y|ies)|cancers?|asymmetr(?:y|ies)|distortions?|tumou?rs?|segments?|spots?|carcinomas?|papillomas?|localizations|calcification\s+groups|regions?|span|malignanc(?:y|ies))"
_STATED = patterns.compile(
    rf"\b(?P<n>{_WORDS}|\d)\s+(?!of\b|or\b|to\b|and\b|at\b|view|wire|clip|seed|needle|cm|mm|fn\b|projection|o/c|o'|o\s+clock|cc\b|ml\b|mL\b|per\b|day|week|month|year)(?:(?!wires?\b|clips?\b|seeds?\b|reflectors?\b|needles?\b|markers?\b|tags?\b|views?\b|and\b|or\b|of\b|for\b|in\b|with\b|on\b|at\b|devices?\b|one\b|pass(?:es)?\b|through\b|their\b|o/c\b|clock\b|cc\b|ml\b|per\b|cm\b|mm\b|images?\b|the\b|core\b|cores\b|placed\b)[a-z0-9/'-]+,?\s+){{0,4}}?{_NOUN}\b",
    re.I,
)
_FIELD = patterns.compile(
    r"(?:^|\n|\s{2,}|\|)\s*(?:[-*•]\s*)?(?:\d{1,2}\.\s+)?(?:\b(?:lesions?|targets?|sites?|nodes?|masses|areas)(?:\s*\(s\))?(?:\s+(?:locali[sz]ed|this|session|marked|treated|today|targeted|count|in|total))*|#\s*(?:of\s+)?(?:lesions?|targets?|sites?)|(?:number|no\.?|count)\s+of\s+(?:lesions?|targets?|sites?)[^:\n]{0,24}|lesion\s+count)\s*(?::|\.{3,}|\s{3,}|=)\s*(?P<n>one|two|three|four|five|single|\d)\b(?![/:.]\d|\s*(?:cm|mm|o'|%|[a-z]+\s+(?:right|left|breast)))",
    re.I,
)
_SIDE_SUM = patterns.compile(
    r"\b(?P<n>one|two|three|\d)\s+(?:\w+\s+){0,2}?(?:on|in)?\s*(?:the\s+)?(?P<s>right|left)\b", re.I
)


@dataclass(slots=True)
class Stated:
    value: int
    span: tuple[int, int, str, str]
    piece: Piece
    strength: int
    noun: str


def stated(r: Reader) -> list[Stated]:
    """Numbers of lesions that the note states for this session; strength 3 a count field, 2 an impression, 1 the text."""
    if r.stated is None:
        r.stated = _stated(r)
    return r.stated


def _stated(r: Reader) -> list[Stated]:
    out: list[Stated] = []
    for piece in r.page.pieces:
        if piece.section in (
            "history",
            "comparison",
            "family",
            "plan",
            "signature",
            "date",
            "header",
            "order",
            "title",
        ):
            continue
        text = r.text
        if "/" in r.piece_text(piece) and r.page.blanks(piece.start, piece.end):
            continue
        field = _FIELD.search(text[piece.start : piece.end]) if r.may(_FIELD, piece) else None
        if field and not r.page.is_blank(piece.start + field.start("n"), piece.start + field.end("n")):
            value = number(field["n"])
            if value and not patterns.search(
                r"\b(?:biops|planned|scheduled|separation|seed|wire|apart)", field[0], re.I
            ):
                out.append(
                    Stated(
                        value,
                        (
                            piece.start + field.start("n") - 1 if field.start("n") else piece.start,
                            piece.start + field.end(),
                            piece.section,
                            "count.field",
                        ),
                        piece,
                        3,
                        "lesions",
                    )
                )
        elif (
            piece.section == "count"
            and piece.heading
            and patterns.match(r"(?:lesion|number|#|target|site|no)", r.lower[piece.heading[0] : piece.heading[1]])
        ):
            m = patterns.match(r"\W*(\d|one|two|three|four)\b", r.lower[piece.content : piece.end])
            if m and not r.page.is_blank(piece.content + m.start(1), piece.content + m.end(1)):
                out.append(
                    Stated(
                        number(m[1]) or 0,
                        (piece.start, piece.content + m.end(), piece.section, "count.field"),
                        piece,
                        3,
                        "lesions",
                    )
                )
        for m in _STATED.finditer(text, piece.start, piece.end) if r.may(_STATED, piece) else ():
            value = number(m["n"])
            around = text[max(piece.start, m.start() - 40) : m.start()]
            if (
                not value
                or r.page.is_blank(m.start(), m.end())
                or patterns.search(
                    r"\b(?:prior|previous|no|without|if|of\s+the|either|any|at\s+least|more\s+than|\d|one\s+\w+,?(?:\s+and)?)\s*$",
                    around,
                    re.I,
                )
            ):
                continue
            if patterns.search(r"\b(?:bx|biops)\w*\b", m[0], re.I):
                continue
            if not piece.addendum and any(
                x.label in ("target", "device")
                and x.assertion in ("planned", "hypothetical", "other_person", "absent", "historical")
                and m.start() <= x.start < m.end()
                for x in piece.mentions
            ):
                continue
            out.append(
                Stated(
                    value,
                    (m.start(), m.end(), piece.section, "count.stated"),
                    piece,
                    2 if piece.section == "impression" else 1,
                    m["noun"].lower(),
                )
            )
    return out


def titled(r: Reader) -> list[tuple[int, tuple[int, int, str, str]]]:
    """Numbers of lesions in the title, which names what was meant to be done."""
    return [
        (value, (m.start(), m.end(), p.section, "count.title"))
        for p in r.page.pieces
        if p.section == "title" and r.may(_STATED, p)
        for m in _STATED.finditer(r.text, p.start, p.end)
        if (value := number(m["n"])) and not r.page.is_blank(m.start(), m.end())
    ]


_OPEN = patterns.compile(
    r"\b(?:(?:do|does|did|could|can)\s*(?:not|n't)\s+(?:know|tell|say|determine|decide)|don'?t\s+know|not\s+(?:sure|known|certain|clear|stated|specified|determined)"
    r"|unclear|uncertain|unsure|unknown|undetermined|cannot\s+(?:tell|say|be\s+(?:told|determined|said))|(?:difficult|hard|impossible)\s+to\s+(?:say|tell))\b"
    r"[^.\n]{0,60}?\b(?:one|single|same|contiguous|continuous)\b[^.]{0,50}?\b(?:or|versus|vs)\b[^.]{0,30}?\b(?:two|three|2|3|separate|several|distinct|different)\b",
    re.IGNORECASE,
)


def open_question(r: Reader) -> list[tuple[int, int, str, str]]:
    """Words by which the author says that one or several lesions is not known."""
    return [
        (m.start(), m.end(), p.section, "count.open")
        for p in r.holding(_OPEN)
        if p.section not in ("plan", "family")
        for m in _OPEN.finditer(r.text, p.start, p.end)
    ]


def bracketed(r: Reader) -> list[tuple[int, int, str, str]]:
    """Words that say several devices mark one lesion."""
    out = []
    for m in r.all("bracket"):
        piece = r.piece(m)
        if (
            m.assertion in ("planned", "absent", "hypothetical", "historical", "other_person", "blank")
            and piece.section != "title"
        ):
            continue
        word = r.words_of(m).lower()
        if (
            word.startswith("bracket")
            or "same" in word
            or patterns.search(r"both|either|ends|single|one\b", word)
            or patterns.search(r"anterior|posterior|medial|lateral|superior|inferior|extent|span", word)
        ):
            # a picklist that offers "bracket / separate" without a choice says nothing
            if patterns.search(
                r"bracket[^.\n]{0,30}/|/\s*[^.\n]{0,20}bracket|\bor\b[^.]{0,30}(?:separate|two|mark)|\bwhether\b|separate[^.\n]{0,20}/",
                r.piece_text(piece),
            ):
                continue
            out.append((m.start, m.end, m.section, m.rule))
    return out


def sum_of_sides(r: Reader, piece: Piece) -> int | None:
    """`two right and one left` as three."""
    found = {m["s"].lower(): number(m["n"]) or 0 for m in _SIDE_SUM.finditer(r.text, piece.start, piece.end)}
    return sum(found.values()) if len(found) == 2 else None
