"""A note through the components, as somebody sees it who has the spaCy document."""

from __future__ import annotations

import re

from spacy.tokens import Doc, Span

from extractor.normalize import normalize
from extractor.pipeline import load


def doc_of(text: str) -> Doc:
    """The document of a text, evened out as the pipeline does."""
    return load()(normalize(text).text)


def mentions(doc: Doc, *labels: str) -> list[Span]:
    """Mentions of these labels (of all, when none is named) in order."""
    return [span for span in doc.spans["extractor"] if not labels or span.label_ in labels]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
