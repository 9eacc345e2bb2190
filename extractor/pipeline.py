"""The pipeline of one note: text in, Findings out.

Builds the medspaCy pipeline, evens the text, runs the components and hands the page to reading. Unseen words of a
note (names) must not stay in the vocabulary: where spaCy has memory zones they are used, elsewhere the pipeline is
built anew every `_RENEW` notes. A note without a word of the breast or of localizing is answered before all that.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.util import registry

from extractor.findings import Findings
from extractor.nlp import hazards
from extractor.normalize import normalize
from extractor.note import Note

_BARE = "extractor.bare_tokenizer.v1"
_RENEW = 2500
_state: dict[str, Any] = {"nlp": None, "notes": 0}


def _bare() -> Callable[[Language], Tokenizer]:
    """A tokenizer without exceptions, to be replaced: the one that spaCy would put here takes half the time of building
    a pipeline."""
    return lambda nlp: Tokenizer(nlp.vocab, token_match=nlp.Defaults.token_match)


def build() -> Language:
    """A medspaCy pipeline with medspaCy's tokenizer and this package's components."""
    medspacy = hazards.medspacy()
    import spacy

    from extractor.nlp import components, tokenizer

    registry.tokenizers.register(_BARE, func=_bare)
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": _BARE}}})
    nlp.tokenizer = tokenizer.create(nlp, medspacy)
    nlp.max_length = 30_000_000
    for name in components.ORDER:
        nlp.add_pipe(name)
    return nlp


def load() -> Language:
    """The process's pipeline, built when first asked for."""
    if _state["nlp"] is None or _state["notes"] >= _RENEW:
        if hasattr(_state["nlp"], "memory_zone"):
            _state["nlp"].tokenizer.forget()
        else:
            _state["nlp"] = build()
        _state["notes"] = 0
    return _state["nlp"]  # type: ignore[no-any-return]


def read(note: Note) -> Findings:
    """Findings of one note; all evidence points into its text as given."""
    from extractor import reading
    from extractor.nlp import dictation
    from extractor.nlp.components import page_of

    source = dictation.even(normalize(note.text))
    # Most notes of a hospital are of other work; reading would come to the same, at ten times the cost.
    if not reading.subject.named(source.text):
        return reading.nothing(note.note_id)
    nlp = load()
    _state["notes"] += 1
    zone = nlp.memory_zone() if hasattr(nlp, "memory_zone") else nullcontext()
    with zone:
        doc = nlp.make_doc(source.text)
        page = page_of(doc, source.text)
        nlp(doc)
        return reading.read(page, source, note.text, note.note_id)
