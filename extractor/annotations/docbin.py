"""spaCy's DocBin: one Doc a note, spans in `doc.spans["sc"]`, id and record in `doc.user_data`.

Tokens are cut at the edges of every span, so that no span is moved to fit a tokenizer; `doc.text` is the note's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from extractor.annotations.standoff import AnnotationError, Document, Span

KEY = "sc"
_TOKEN = re.compile(r"\w+|[^\w\s]|\s+")


def write(documents: Iterable[Document], path: Path) -> int:
    """One file with all notes; the number of notes."""
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    vocab, packed, count = Vocab(), DocBin(store_user_data=True), 0
    for document in documents:
        packed.add(_doc(document, vocab))
        count += 1
    packed.to_disk(path)
    return count


def read(path: Path) -> Iterator[Document]:
    """The notes of a file."""
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    try:
        docs = list(DocBin().from_disk(path).get_docs(Vocab()))
    except Exception as error:
        raise AnnotationError(f"{path.name}: no DocBin of spaCy ({type(error).__name__})") from None
    for number, doc in enumerate(docs, 1):
        data = doc.user_data
        spans = [
            Span(span.start_char, span.end_char, span.label_, span.id_ or None) for span in doc.spans.get(KEY, [])
        ]
        yield Document(
            str(data.get("note_id") or number),
            doc.text,
            tuple(spans),
            data.get("record"),
            data.get("origin"),
            data.get("score"),
        )


def _doc(document: Document, vocab: Any) -> Any:
    from spacy.tokens import Doc
    from spacy.tokens import Span as TokenSpan

    edges = sorted({0, len(document.text)}.union(*((span.start, span.end) for span in document.spans)))
    words: list[str] = []
    first: dict[int, int] = {}
    for start, end in zip(edges, edges[1:], strict=False):
        first[start] = len(words)
        words += _TOKEN.findall(document.text, start, end)
    first[len(document.text)] = len(words)
    doc = Doc(vocab, words=words, spaces=[False] * len(words))
    doc.spans[KEY] = [
        TokenSpan(doc, first[span.start], first[span.end], label=span.label, span_id=span.rule or "")
        for span in document.spans
    ]
    kept = {"note_id": document.note_id, "record": document.record, "origin": document.origin, "score": document.score}
    doc.user_data.update({name: value for name, value in kept.items() if value is not None})
    return doc
