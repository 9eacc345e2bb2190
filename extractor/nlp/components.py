"""The spaCy components: sentences, sections, concepts, assertion and numbers, by the names of their entry points.

Each works in the pipeline of `extractor.load` and, added by name, in a medspaCy pipeline that somebody already has. They share the page
of the document (`doc._.extractor_page`), and leave their results as spaCy and medspaCy users expect them: sentence
boundaries, the span group `extractor`, `span._.assertion`, and medspaCy's own attributes. Knows spaCy; decides nothing itself.
"""

from bisect import bisect_left, bisect_right
from typing import Any

from spacy.attrs import IDX, SENT_START
from spacy.language import Language
from spacy.tokens import Doc, Span

from extractor.nlp import engine, hazards
from extractor.nlp.page import Mention, Page

GROUP = "extractor"
ORDER = ("extractor_sentences", "extractor_concepts", "extractor_numbers", "extractor_sections", "extractor_assertion")


FIELDS = ("value", "rule", "section", "assertion", "cue")
_PAGE = "extractor_page"  # in doc.user_hooks: it lives with the document and is never serialised


def _field(name: str) -> Any:
    """A reader of one field of a span's mention, from what travels with the document (plain lists in `user_data`)."""
    at = FIELDS.index(name) + 3

    def read(span: Span) -> Any:
        for row in span.doc.user_data.get("extractor_mentions", ()):
            if row[0] == span.start and row[1] == span.end and row[2] == span.label_:
                return row[at]
        return None

    return read


def _rows(doc: Doc, page: Page) -> list[tuple[Span, Mention]]:
    """Fill the span group and the list that travels with the document, from the page's mentions; both of each."""
    starts = _starts(doc, page)
    found: dict[tuple[int, int, str], Mention] = {}
    for m in page.mentions:
        a = bisect_right(starts, m.start) - 1
        b = bisect_left(starts, m.end)
        if 0 <= a < b:
            found.setdefault((a, b, m.label), m)
    spans = [Span(doc, a, b, label=label) for a, b, label in found]
    doc.spans[GROUP] = spans
    doc.user_data["extractor_mentions"] = [
        [a, b, label, m.value, m.rule, m.section, m.assertion, m.cue] for (a, b, label), m in found.items()
    ]
    return list(zip(spans, found.values(), strict=True))


def _starts(doc: Doc, page: Page) -> list[int]:
    if page.token_starts is None:
        page.token_starts = doc.to_array([IDX]).ravel().tolist() if len(doc) else []
    return page.token_starts


def _extensions() -> None:
    if not Doc.has_extension("extractor_page"):
        Doc.set_extension("extractor_page", getter=lambda doc: doc.user_hooks.get(_PAGE))
    if not Span.has_extension("assertion"):
        for extension, name in (
            ("assertion", "assertion"),
            ("assertion_cue", "cue"),
            ("concept_value", "value"),
            ("rule_id", "rule"),
            ("note_section", "section"),
        ):
            Span.set_extension(extension, getter=_field(name))


def page_of(doc: Doc, text: str | None = None) -> Page:
    """The page of a document, made when first asked for. `text` is that of the document where it is at hand."""
    hooks: dict[str, Any] = doc.user_hooks
    page: Page | None = hooks.get(_PAGE)
    if page is None:
        page = Page(doc.text if text is None else text)
        hooks[_PAGE] = page
    return page


def _prepared(page: Page) -> Page:
    """The page with its pieces and concepts; a component added alone makes what it builds on."""
    if not page.pieces:
        engine.add_pieces(page)
    if not page.found:
        engine.add_concepts(page)
        engine.place(page)
    return page


class _Component:
    """A component without settings: `work` does its step on the page."""

    def __init__(self, nlp: Language, name: str) -> None:
        hazards.medspacy()
        _extensions()
        self.name = name
        self._nlp = nlp

    @property
    def last(self) -> bool:
        """Whether no further component of this package follows, so that the results must be handed over now."""
        own = [name for name, pipe in self._nlp.pipeline if isinstance(pipe, _Component)]
        return not own or own[-1] == self.name

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
        starts = _starts(doc, page)
        values = [-1] * len(doc)
        values[0] = 1
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
        _prepared(page)
        if self.last:
            _rows(doc, page)


class Numbers(_Component):
    """Dates, clock positions, distances, sizes and the like."""

    def work(self, doc: Doc, page: Page) -> None:
        engine.add_numbers(_prepared(page))
        if self.last:
            _rows(doc, page)


class Sections(_Component):
    """The section of every sentence."""

    def work(self, doc: Doc, page: Page) -> None:
        engine.add_sections(_prepared(page))
        if self.last:
            _rows(doc, page)


class Assertion(_Component):
    """One assertion value a mention, mirrored to medspaCy's attributes."""

    def work(self, doc: Doc, page: Page) -> None:
        engine.add_assertion(_prepared(page))
        for span, mention in _rows(doc, page):
            name = _MIRROR.get(mention.assertion)
            if name is not None and span.has_extension(name):
                span._.set(name, True)


_MIRROR = {
    "absent": "is_negated",
    "historical": "is_historical",
    "hypothetical": "is_hypothetical",
    "planned": "is_hypothetical",
    "other_person": "is_family",
    "uncertain": "is_uncertain",
}
_ASSIGNS = {
    "extractor_sentences": (["token.is_sent_start", "doc._.extractor_page"], []),
    "extractor_concepts": (["doc.spans", "doc._.extractor_page"], ["doc._.extractor_page"]),
    "extractor_numbers": (["doc.spans"], ["doc._.extractor_page"]),
    "extractor_sections": (["doc._.extractor_page", "span._.note_section"], ["doc._.extractor_page"]),
    "extractor_assertion": (["span._.assertion"], ["doc._.extractor_page"]),
}


@Language.factory(
    "extractor_sentences", assigns=_ASSIGNS["extractor_sentences"][0], requires=_ASSIGNS["extractor_sentences"][1]
)
def sentences(nlp: Language, name: str) -> Sentences:
    return Sentences(nlp, name)


@Language.factory(
    "extractor_concepts", assigns=_ASSIGNS["extractor_concepts"][0], requires=_ASSIGNS["extractor_concepts"][1]
)
def concepts(nlp: Language, name: str) -> Concepts:
    return Concepts(nlp, name)


@Language.factory(
    "extractor_numbers", assigns=_ASSIGNS["extractor_numbers"][0], requires=_ASSIGNS["extractor_numbers"][1]
)
def numbers(nlp: Language, name: str) -> Numbers:
    return Numbers(nlp, name)


@Language.factory(
    "extractor_sections", assigns=_ASSIGNS["extractor_sections"][0], requires=_ASSIGNS["extractor_sections"][1]
)
def sections(nlp: Language, name: str) -> Sections:
    return Sections(nlp, name)


@Language.factory(
    "extractor_assertion", assigns=_ASSIGNS["extractor_assertion"][0], requires=_ASSIGNS["extractor_assertion"][1]
)
def assertion(nlp: Language, name: str) -> Assertion:
    return Assertion(nlp, name)
