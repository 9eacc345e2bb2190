"""Sections: which part of the note a piece stands in.

A heading is looked up among the lexicon's headings; what stands before the first one and reads like an exam line is the title.
Knows the layout of reports; what a section means for a statement is `assertion`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from extractor import patterns
from extractor.lexicon import Rule, words
from extractor.nlp.page import UNKNOWN as _UNKNOWN
from extractor.nlp.page import Mention, Page, Piece

_LEAD = patterns.compile(r"[\s*•>#=_-]*(?:\(?\d{1,2}[.)]\s+)?[\s*•>]*")
_HEADED = patterns.compile(
    r"([A-Za-z#/][A-Za-z0-9 /&#()'.,\n-]{0,58}?)\s*(?:(:)(?!\d\d)|(\.{3,})|(\t|[ ]{2,})|(\s-{1,2}\s)|(\n|$))"
)
FINITE = patterns.compile(
    r"\b(?:was|were|is|are|be|been|has|had|have|will|did|does|placed|obtained|performed|advanced|deployed|underwent|gave|given|signed|tolerated|"
    r"shows?|showed|demonstrates?|identified|presents?|agreed|released|left in|lies|seen|noted|came|went|brought)\b",
    re.I,
)
_ADDENDUM = patterns.compile(
    r"[\s*=#-]*(?P<end>end\s+(?:of\s+)?)?(?:late\s+|radiology\s+|report\s+|corrected\s+|clinical\s+)?(?:addendum|addenda|late entry|amendment|corrected report)\b(?!\s+(?:at\s+(?:the\s+)?(?:bottom|end|foot)|below|see|to\s+follow|follows|is|was|will)\b)[^.:\n]{0,12}?(?:\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|[\d:\s,#*()/-]|at\b|[ap]\.?m\.?|by\b|dr\.?\b|\([A-Z .]{1,8}\))*[\s:*.=-]*",
    re.I,
)
_NOISE = patterns.compile(r"[^A-Za-z0-9#/()+.' -]+")
_SIGNATURE_LINE = patterns.compile(
    r"(?:\b(?:M\.?\s?D|D\.?\s?O|M\.?B\.?B\.?S|F\.?R\.?C\.?R|PA-?C|N\.?P|FACR|FRANZCR|FACS|Ph\.?D)\b\.?|^/?es/?\b|electronically signed|e-?signed|dictated|/[a-z]{2,3}\b\s*$)",
    re.I,
)


_OPENS_HISTORY = patterns.compile(
    r"\W*(?:status\s+post|s/p\b|history\s+of|hx\s+of|h/o\b|known\s+history|\d{1,3}[- ]?(?:y/?o|yo|year|yr|f\b|m\b))",
    re.I,
)
_ENDS = patterns.compile(r"[\s*=#-]*end\s+(?:of\s+)?addendum", re.I)


class Headings:
    """The lexicon's headings by their words."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_words: dict[tuple[str, ...], Rule] = {}
        for rule in rules:
            if rule.label == "section":
                for literal in rule.literals:
                    self._by_words.setdefault(literal, rule)

    def find(self, heading: str) -> Rule | None:
        """The rule of a heading, tried whole and without a trailing date, side or number."""
        key = words(_NOISE.sub(" ", heading).lower().strip(" .-#"))
        while key:
            rule = self._by_words.get(key)
            if rule is not None:
                return rule
            if key[-1] in _TRAILING or key[-1].isdigit():
                key = key[:-1]
            elif len(key) > 1 and key[0] in _LEADING:
                key = key[1:]
            else:
                return None
        return None


_TRAILING = {
    "left",
    "right",
    "breast",
    "lt",
    "rt",
    "(",
    ")",
    "#",
    "/",
    ",",
    ".",
    "l",
    "r",
    "bilateral",
    "both",
    "all",
    "today",
    "done",
    "s",
    "am",
    "pm",
    "a",
    "b",
    "c",
    "d",
    "every",
    "lesions",
    "report",
}
_LEADING = {"left", "right", "the", "breast", "final", "radiology", "mammography", "#"}


def _heading(page: Page, piece: Piece, headings: Headings) -> Rule | None:
    """The rule of the heading that opens a piece, found once."""
    if piece.rule is _UNKNOWN:
        piece.rule = _find_heading(page, piece, headings)
    return piece.rule  # type: ignore[return-value]


def _find_heading(page: Page, piece: Piece, headings: Headings) -> Rule | None:
    text = page.text
    marked = _ADDENDUM.match(text, piece.start, piece.end)
    if marked:
        piece.heading = marked.span()
        piece.content = marked.end()
        return headings.find("impression" if marked["end"] else "addendum")
    at = _LEAD.match(text, piece.start, piece.end).end()  # type: ignore[union-attr]
    m = _HEADED.match(text, at, piece.end)
    rule = headings.find(m[1]) if m else None
    if m is None or rule is None:
        return _capital_heading(page, piece, headings, at)
    if m[2] or m[3]:
        pass
    elif m[4] or m[5]:
        # a gap or a dash makes a heading only where a field's value follows
        if rule.attrs.get("scope") == "major" and len(m[1]) < 4:
            return None
    elif (
        not (m[1].isupper() or m.end() >= piece.end)
        or m[1].endswith((".", ","))
        or patterns.search(r"\d/\d|\d{4}", m[1])
    ):
        return None
    if not m[2] and not m[3] and m.end() < piece.end and "\n" in m[0] and not m[1].isupper():
        return None
    piece.heading = (at, m.end(1))
    piece.content = min(m.end(), piece.end)
    return rule


_CAPITALS = patterns.compile(
    r"((?:[A-Z]{4,}|AND|/)(?:[ /]+(?:[A-Z]{3,}|OF))*)[ \n]+(?!(?:of|was|were|is|and|as)\b)(?=[a-z0-9])"
)
_WITHOUT_COLON = {"history", "comparison", "technique", "findings", "impression", "complications", "plan"}


def _capital_heading(page: Page, piece: Piece, headings: Headings, at: int) -> Rule | None:
    """A heading in capitals that runs on into its text in small letters, without a colon: `IMPRESSION successful placement`."""
    m = _CAPITALS.match(page.text, at, piece.end)
    rule = headings.find(m[1]) if m else None
    if m is None or rule is None or rule.value not in _WITHOUT_COLON:
        return None
    piece.heading = m.span(1)
    piece.content = m.end()
    return rule


def assign(page: Page, headings: Headings) -> None:
    """Give every piece its section. One pass; a field's section ends with its lines, a major one with the next heading."""
    major = "front"
    current = "front"
    field_block = -1
    empty_field = False
    addendum = 0
    previous: Piece | None = None
    body_started = False
    history_inline = False
    item = 0
    for piece in page.pieces:
        rule = _heading(page, piece, headings)
        new_block = previous is None or piece.block != previous.block
        if rule is not None:
            kind, scope = rule.value, rule.attrs.get("scope", "field")
            value = page.text[piece.content : piece.end].strip(" .\n:*")
            if (
                kind == "technique"
                and value
                and piece.heading is not None
                and page.lower[piece.heading[0] :].startswith("proc")
                and _nominal_title(page, piece, body_started)
            ):
                kind, scope = "title", "field"
            elif kind == "addendum":
                addendum += 1
            elif kind == "signature" and page.lower.startswith("tech", piece.heading[0] if piece.heading else 0):
                # "TECH:" before a name is the technologist, before what was done the technique
                if any(
                    m.label in ("anesthesia", "guidance", "device", "consent", "time_out")
                    or m.label == "action"
                    and m.value == "advance"
                    for m in piece.mentions
                ):
                    kind, scope, body_started = "technique", "major", True
            if addendum and kind == "impression" and _ENDS.match(page.text, piece.start, piece.end):
                addendum, kind, scope, current, major, field_block = 0, "front", "major", "front", "front", -1
            if kind in ("technique", "findings", "impression") and scope == "major":
                body_started = True
            if kind == "history" and value and _in_form(page, piece, headings):
                scope = "field"
            if addendum and kind not in ("addendum", "signature"):
                kind = "addendum" if kind in ("technique", "comment") else kind
            current = kind
            if scope == "major":
                item = _item(page, piece)
                major = kind
                history_inline = bool(value)
                field_block = -1
            else:
                field_block = piece.block
                empty_field = not value
        elif field_block >= 0:
            # a field without a value takes the lines below it; one with a value ends with its line
            wrapped_sentence = previous is not None and _continues(page, previous, piece)
            if (
                current in ("title", "date", "side", "signature", "header")
                and FINITE.search(page.text, piece.start, piece.end)
                and not wrapped_sentence
            ):
                current, field_block = major, -1
            elif not (empty_field and not new_block) and not wrapped_sentence:
                if not (
                    empty_field
                    and new_block
                    and previous is not None
                    and previous.heading
                    and previous.content >= previous.end
                ):
                    current, field_block = major, -1
        if rule is None and field_block < 0 and new_block:
            if major in ("history", "comparison", "family") and history_inline:
                major = current = "technique"
                body_started = True
            elif major == "front":
                current = "front"
        if item and (rule is None or rule.attrs.get("scope") != "major") and _item(page, piece) > item:
            # the next numbered paragraph of a report whose paragraphs are numbered
            item = 0
            if major in ("history", "comparison", "family"):
                major = "technique"
                current = current if rule is not None else "technique"
                field_block = field_block if rule is not None else -1
                body_started = True
        piece.section = current
        piece.major = major
        piece.addendum = addendum
        if addendum and current in ("technique", "front"):
            piece.section = "addendum"
        previous = piece
    _front(page)
    for piece in page.pieces:
        if (
            piece.section in ("technique", "findings")
            and piece.heading is None
            and _OPENS_HISTORY.match(page.text, piece.start, piece.end)
        ):
            piece.section = "history"
    _resume(page)
    _told_as_findings(page)
    _copied(page)
    _signatures(page)


_ITEM = patterns.compile(r"\s*\(?(\d{1,2})[.)]\s+\S")


def _item(page: Page, piece: Piece) -> int:
    """The number of a numbered paragraph that a piece opens; 0 where it opens none."""
    m = _ITEM.match(page.text, piece.start, piece.end)
    return int(m[1]) if m and page.text[max(0, piece.start - 1) : piece.start] in ("", "\n", " ") else 0


def _nominal_title(page: Page, piece: Piece, body_started: bool) -> bool:
    """`PROCEDURE: Stereotactic wire localization, left breast` is an exam line; `PROCEDURE: Consent was obtained.` is not."""
    value = page.text[piece.content : piece.end]
    if body_started or len(value) > 170 or FINITE.search(value):
        return False
    return any(
        m.label in ("procedure", "localization_noun", "document") and m.start >= piece.content for m in piece.mentions
    )


_DONE = patterns.compile(
    r"\b(?:was|were)\s+(?:\w+\s+)?(?:delivered|deployed|placed|released|inserted|left|positioned|localized|localised|put|advanced|directed)\b|\bno\s+(?:immediate\s+)?complications?\b|guided\s+(?:placement|localization|insertion)\s+of\b",
    re.I,
)
_LONG_AGO = patterns.compile(
    r"\b(?:prior|previous(?:ly)?|ago|outside|biops\w*|elsewhere|history|19\d\d|20[01]\d|last|earlier|on\s+\d{1,2}/\d|by\s+dr|under\s+case|separate(?:ly)?)\b",
    re.I,
)


def _resume(page: Page) -> None:
    """A report in one paragraph goes from the indication to the procedure without a heading."""
    block = -1
    for piece in page.pieces:
        if piece.section in ("history", "comparison") and piece.heading is None:
            text = page.text[piece.start : piece.end]
            if (
                block == piece.block
                or any(m.start - piece.start < 16 and _begins(page, m) for m in piece.mentions)
                and not _LONG_AGO.search(text)
                or _DONE.search(text)
                and not _LONG_AGO.search(text)
                and any(m.label in ("device", "complication_none", "complication_word") for m in piece.mentions)
            ):
                piece.section = "technique"
                block = piece.block
        elif piece.heading is not None:
            if piece.section in ("history", "comparison", "family"):
                block = -1
            elif piece.section in ("consent", "time_out", "anesthesia", "guidance", "device"):
                block = piece.block


def _told_as_findings(page: Page) -> None:
    """Where a note has no part of its own for the technique, its findings tell of it, from the consent or the anesthetic on."""
    if any(p.section == "technique" and p.heading is not None for p in page.pieces):
        return
    telling = False
    for piece in page.pieces:
        if piece.heading is not None:
            telling = False
        if piece.section != "findings":
            continue
        telling = telling or any(_begins(page, m) for m in piece.mentions)
        if telling:
            piece.section = "technique"


def _begins(page: Page, m: Mention) -> bool:
    """Whether a word is of the session itself, though no heading has said that the history ends."""
    if m.label not in ("consent", "time_out", "anesthesia"):
        return False
    return page.lower[m.start : m.end] not in ("local", "general", "brief", "pause", "la", "surgery")


_COPIED = patterns.compile(
    r"\b(?:cop(?:ied|y)[- ]?forward|copied\s+(?:from|forward|in)|[(\[,]\s*copied|copied\s*[)\]:]|carried\s+forward|pulled\s+from|from\s+(?:the\s+)?(?:last|previous|prior|earlier)\s+(?:visit|note|report|encounter)|imported\s+from|per\s+(?:prior|previous|radiology)\s+(?:note|report))\b",
    re.I,
)


def _copied(page: Page) -> None:
    """What a note says it copied from another is that other day's, up to the next heading or block."""
    block = -1
    places = _COPIED.places(page.lower)
    where = None if places is None else {page.piece_at(at) for at in places}
    for piece in page.pieces:
        if block == piece.block and (
            piece.heading is None
            or piece.section in ("target", "location", "device", "guidance", "side", "count")
            or '"' in page.text[piece.start : piece.end]
        ):
            piece.section = "history"
            continue
        block = -1
        if where is not None and piece.index not in where:
            continue
        if _COPIED.search(page.text, piece.start, min(piece.end, piece.start + 120)) and piece.section not in (
            "title",
            "signature",
        ):
            piece.section = "history"
            block = piece.block


def _in_form(page: Page, piece: Piece, headings: Headings) -> bool:
    """Whether a headed line stands among other headed lines of its block, as the fields of a form do."""
    near = [
        p for p in page.pieces[max(0, piece.index - 2) : piece.index + 3] if p.block == piece.block and p is not piece
    ]
    return (
        sum(
            1
            for p in near
            if "\n" in page.text[min(p.start, piece.start) : max(p.end, piece.end)]
            and (p.heading or _heading(page, p, headings))
        )
        >= 2
    )


def _continues(page: Page, previous: Piece, piece: Piece) -> bool:
    """Whether a sentence follows the previous one on the same line, as the second sentence of a field does."""
    return "\n" not in page.text[previous.end : piece.start] and previous.block == piece.block


def _front(page: Page) -> None:
    """What stands before the first major heading: exam lines are the title, the rest is the body."""
    started = False
    titled = -1
    for piece in page.pieces:
        if piece.section == "title" and titled < 0:
            titled = piece.block
        if piece.section != "front":
            started = started or piece.section not in (
                "title",
                "order",
                "header",
                "date",
                "side",
                "signature",
                "document_date",
                "addendum",
            )
            continue
        text = page.text[piece.start : piece.end]
        short = len(text) <= 150
        kinds = {m.label for m in piece.mentions}
        nominal = not FINITE.search(text) and (not text.endswith(".") or len(text) < 90)
        if text.endswith(".") and kinds & {"consent", "time_out", "anesthesia"}:
            # no exam line or printed header tells of consent and anesthetic
            started = True
            piece.section = "technique"
        elif (
            titled >= 0
            and piece.block > titled
            and len(text) > 24
            and text.endswith(".")
            and not text.isupper()
            and kinds & {"target", "diagnosis", "size"}
        ):
            # a sentence on the lesion, below the exam line, is no exam line
            started = True
            piece.section = "technique"
        elif (
            not started
            and short
            and nominal
            and kinds & {"procedure", "localization_noun", "document", "device"}
            and piece.index < 12
        ):
            piece.section = "title"
            titled = piece.block if titled < 0 else titled
        elif not started and short and nominal and piece.index < 8 and not kinds & {"action", "complication", "target"}:
            piece.section = "title" if text.isupper() and kinds & {"guidance", "side"} else "header"
        else:
            started = True
            piece.section = "technique"


def _signatures(page: Page) -> None:
    """Closing lines with a name and a degree are signatures, whatever section they trail."""
    total = len(page.pieces)
    for piece in page.pieces[-8:] if total > 8 else page.pieces:
        if not piece.index:
            continue  # a note does not open with whoever signed it
        if piece.section in ("impression", "technique", "findings", "plan", "complications", "title", "comment"):
            text = page.text[piece.start : piece.end]
            if (
                len(text) < 140
                and _SIGNATURE_LINE.search(text)
                and piece.heading is None
                and not any(
                    m.label in ("device", "target", "complication", "complication_none") for m in piece.mentions
                )
            ):
                piece.section = "signature"
