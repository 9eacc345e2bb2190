"""The spaCy components: sentences, sections, concepts, assertion and numbers, by the names of their entry points.

Each works in the pipeline of `extractor.load` and, added by name, in a medspaCy pipeline that somebody already has. They share the page
of the document (`doc._.extractor_page`), and leave their results as spaCy and medspaCy users expect them: sentence
boundaries, the span group `extractor`, `span._.assertion`, and medspaCy's own attributes. Knows spaCy; decides nothing itself.
"""


from bisect import bisect_left, bisect_right
from typing import Any

from spacy.attrs import SENT_START
from spacy.language import Language
from spacy.tokens import Doc, Span

from extractor.nlp import engine, hazards
from extractor.nlp.page import Mention, Page

GROUP = "extractor"
ORDER = ("extractor_sentences", "extractor_concepts", "extractor_numbers", "extractor_sections", "extractor_assertion")


def _mention(span: Span) -> Mention | None:
    found: dict[tuple[int, int, str], Mention] = span.doc.user_data.get("extractor_spans", {})
    return found.get((span.start, span.end, span.label_))


def _extensions() -> None:
    if not Doc.has_extension("extractor_page"):
        Doc.set_extension("extractor_page", default=None)
    if not Span.has_extension("assertion"):
        Span.set_extension("assertion", getter=lambda s: m.assertion if (m := _mention(s)) else None)
        Span.set_extension("assertion_cue", getter=lambda s: m.cue if (m := _mention(s)) else None)
        Span.set_extension("concept_value", getter=lambda s: m.value if (m := _mention(s)) else None)
        Span.set_extension("rule_id", getter=lambda s: m.rule if (m := _mention(s)) else None)
        Span.set_extension("note_section", getter=lambda s: m.section if (m := _mention(s)) else None)


def page_of(doc: Doc) -> Page:
    """The page of a document, made when first asked for."""
    page: Page | None = doc.user_data.get("extractor_page_object")
    if page is None or page.text != doc.text:
        page = Page(doc.text)
        doc.user_data["extractor_page_object"] = page
        doc._.extractor_page = page
    return page


class _Component:
    """A component without settings: `work` does its step on the page."""

    def __init__(self, nlp: Language, name: str) -> None:
        hazards.medspacy()
        _extensions()
        self.name = name

    def __call__(self, doc: Doc) -> Doc:
        self.work(doc, page_of(doc))
        return doc

    def work(self, doc: Doc, page: Page) -> None:
        raise NotImplementedError

    # nothing to store: the lexicon ships with the package
    def to_bytes(self, **_: Any) -> bytes:
        return b""

    def from_bytes(self, _: bytes, **__: Any) -> "_Component":
        return self

    def to_disk(self, *_: Any, **__: Any) -> None:
        return None

    def from_disk(self, *_: Any, **__: Any) -> "_Component":
        return self


class Sentences(_Component):
    """Sentence and line boundaries; sets `token.is_sent_start`."""

    def work(self, doc: Doc, page: Page) -> None:
        engine.add_pieces(page)
        if not len(doc):
            return
        values = [-1] * len(doc)
        values[0] = 1
        starts = [t.idx for t in doc]
        for piece in page.pieces:
            at = bisect_left(starts, piece.start)
            if at < len(values):
                values[at] = 1
        doc.from_array([SENT_START], _column(values))


def _column(values: list[int]) -> Any:
    import numpy

    return numpy.array(values, dtype="int64").astype("uint64").reshape(-1, 1)


class Concepts(_Component):
    """Lexicon concepts; fills the span group `extractor`."""

    def work(self, doc: Doc, page: Page) -> None:
        if not page.pieces:
            engine.add_pieces(page)
        engine.add_concepts(page)


class Numbers(_Component):
    """Dates, clock positions, distances, sizes and the like."""

    def work(self, doc: Doc, page: Page) -> None:
        engine.add_numbers(page)
        starts = [t.idx for t in doc]
        found: dict[tuple[int, int, str], Mention] = {}
        spans = []
        for m in page.mentions:
            a = bisect_right(starts, m.start) - 1
            b = bisect_left(starts, m.end)
            if a < 0 or b <= a:
                continue
            key = (a, b, m.label)
            if key not in found:
                found[key] = m
                spans.append(Span(doc, a, b, label=m.label))
        doc.user_data["extractor_spans"] = found
        doc.spans[GROUP] = spans


class Sections(_Component):
    """The section of every sentence."""

    def work(self, doc: Doc, page: Page) -> None:
        engine.add_sections(page)


class Assertion(_Component):
    """One assertion value a mention, mirrored to medspaCy's attributes."""

    def work(self, doc: Doc, page: Page) -> None:
        engine.add_assertion(page)
        mirror = {"absent": "is_negated", "historical": "is_historical", "hypothetical": "is_hypothetical", "planned": "is_hypothetical", "other_person": "is_family", "uncertain": "is_uncertain"}
        found: dict[tuple[int, int, str], Mention] = doc.user_data.get("extractor_spans", {})
        for span in doc.spans.get(GROUP, ()):
            m = found.get((span.start, span.end, span.label_))
            name = mirror.get(m.assertion) if m is not None else None
            if name is not None and span.has_extension(name):
                span._.set(name, True)


_ASSIGNS = {
    "extractor_sentences": (["token.is_sent_start", "doc._.extractor_page"], []),
    "extractor_concepts": (["doc.spans", "doc._.extractor_page"], ["doc._.extractor_page"]),
    "extractor_numbers": (["doc.spans"], ["doc._.extractor_page"]),
    "extractor_sections": (["doc._.extractor_page", "span._.note_section"], ["doc._.extractor_page"]),
    "extractor_assertion": (["span._.assertion"], ["doc._.extractor_page"]),
}


@Language.factory("extractor_sentences", assigns=_ASSIGNS["extractor_sentences"][0], requires=_ASSIGNS["extractor_sentences"][1])
def sentences(nlp: Language, name: str) -> Sentences:
    return Sentences(nlp, name)


@Language.factory("extractor_concepts", assigns=_ASSIGNS["extractor_concepts"][0], requires=_ASSIGNS["extractor_concepts"][1])
def concepts(nlp: Language, name: str) -> Concepts:
    return Concepts(nlp, name)


@Language.factory("extractor_numbers", assigns=_ASSIGNS["extractor_numbers"][0], requires=_ASSIGNS["extractor_numbers"][1])
def numbers(nlp: Language, name: str) -> Numbers:
    return Numbers(nlp, name)


@Language.factory("extractor_sections", assigns=_ASSIGNS["extractor_sections"][0], requires=_ASSIGNS["extractor_sections"][1])
def sections(nlp: Language, name: str) -> Sections:
    return Sections(nlp, name)


@Language.factory("extractor_assertion", assigns=_ASSIGNS["extractor_assertion"][0], requires=_ASSIGNS["extractor_assertion"][1])
def assertion(nlp: Language, name: str) -> Assertion:
    return Assertion(nlp, name)
