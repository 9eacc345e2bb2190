"""medspaCy's tokenizer, asked once for each word.

Between white space a text is a row of words that come again from sentence to sentence, and spaCy goes through its
prefixes, suffixes and infixes anew for most of those with a sign. Here the tokens of a word are kept for as long as the
pipeline lives (it is renewed, see `extractor.pipeline`); the tokens are medspaCy's own. Knows no medicine.
"""

from __future__ import annotations

import re
from typing import Any

from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc

_RUNS = re.compile(r"\S+|\s+")
_MOST = 20_000  # words kept; a batch of one renewal holds fewer


class Remembering(Tokenizer):  # type: ignore[misc]  # spaCy gives it no type
    """A spaCy tokenizer that keeps the tokens of each word between white space."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        self._kept: dict[str, tuple[str, ...]] = {}  # first: the rules that come next are added as special cases
        super().__init__(*args, **settings)

    def __call__(self, text: str) -> Doc:
        words: list[str] = []
        spaces: list[bool] = []
        kept = self._kept
        for run in _RUNS.findall(text):
            tokens = kept.get(run)
            if tokens is None:
                if run.isspace():
                    if words and run[0] == " ":
                        spaces[-1] = True
                        run = run[1:]
                    if run:
                        words.append(run)
                        spaces.append(False)
                    continue
                tokens = self._tokens(run)
            words.extend(tokens)
            spaces.extend([False] * len(tokens))
        return Doc(self.vocab, words, spaces)

    def _tokens(self, run: str) -> tuple[str, ...]:
        # no prefix, suffix or infix is made of plain letters only; the exceptions ("cannot") are among the rules
        plain = run.isascii() and run.isalpha() and run not in self.rules
        tokens = (run,) if plain else tuple(token.text for token in super().__call__(run))
        if len(self._kept) < _MOST:
            self._kept[run] = tokens
        return tokens

    def add_special_case(self, string: str, substrings: Any) -> None:
        self._kept.clear()
        super().add_special_case(string, substrings)


def create(nlp: Language, medspacy: Any) -> Remembering:
    """medspaCy's tokenizer for a pipeline, as one that remembers. `medspacy` is the imported package."""
    made = medspacy.components.create_medspacy_tokenizer(nlp)
    return Remembering(
        nlp.vocab,
        made.rules,
        prefix_search=made.prefix_search,
        suffix_search=made.suffix_search,
        infix_finditer=made.infix_finditer,
        token_match=made.token_match,
        url_match=made.url_match,
    )
