"""The work behind the components: text in, page out. Each step is a function on the page, so that every component can be used
alone. Knows no spaCy."""

from __future__ import annotations

from functools import cache

from extractor import lexicon
from extractor.nlp import assertion, marks, matching, numbers, pieces, sections
from extractor.nlp.matching import PhraseTree
from extractor.nlp.page import Page, Piece


@cache
def tree() -> PhraseTree:
    return PhraseTree(r for r in lexicon.load() if r.label != "section")


@cache
def headings() -> sections.Headings:
    return sections.Headings(lexicon.load())


def _words(page: Page) -> tuple[list[str], list[int], list[int]]:
    if page.words is None:
        page.words = matching.scan(page.lower)
    return page.words


def add_pieces(page: Page) -> None:
    page.pieces = [Piece(i, a, b, block) for i, (a, b, block) in enumerate(pieces.split(page.text))]
    page.index()


def add_concepts(page: Page) -> None:
    page.blank, page.checked = marks.find(page.text)
    page.mentions = tree().find(page.text, *_words(page))
    page.found = True


def add_numbers(page: Page) -> None:
    words, starts, _ = _words(page)
    found = numbers.find(page.text, words, starts)
    taken = [m for m in found if m.label in ("date", "time", "dose")]
    if taken:
        spans = {i for m in taken for i in range(m.start, m.end)}
        page.mentions = [m for m in page.mentions if m.start not in spans]
    page.mentions = sorted([*page.mentions, *found], key=lambda m: (m.start, -m.end))
    place(page)


def place(page: Page) -> None:
    """Give every piece its mentions."""
    for piece in page.pieces:
        piece.mentions = []
    for m in page.mentions:
        m.piece = page.piece_at(m.start)
        page.pieces[m.piece].mentions.append(m)


def add_sections(page: Page) -> None:
    sections.assign(page, headings())


def add_assertion(page: Page) -> None:
    assertion.decide(page)


def annotate(text: str) -> Page:
    """All steps on a (normalised) text."""
    page = Page(text)
    add_pieces(page)
    add_concepts(page)
    add_numbers(page)
    add_sections(page)
    add_assertion(page)
    return page
