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

_RUNS = re.compile(r"(\S+)( ?)(\s*)")  # a word, the space that belongs to it, and more white space, a token of its own
_MOST = 50_000  # words kept; a batch holds fewer until the pipeline is renewed


class Remembering:
    """A tokenizer for `nlp.tokenizer` that keeps the tokens of each word between white space; all else (rules, storing)
    is that of the tokenizer given. What it keeps is not stored with it."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.vocab = tokenizer.vocab
        self._kept: dict[str, tuple[str, ...]] = {}
        self._exceptions = frozenset(tokenizer.rules)

    def __call__(self, text: str) -> Doc:
        words: list[str] = []
        spaces: list[bool] = []
        kept = self._kept
        before = len(text) - len(text.lstrip())
        if before:
            words.append(text[:before])
            spaces.append(False)
        for run, space, more in _RUNS.findall(text, before):
            tokens = kept.get(run) or self._tokens(run)
            if len(tokens) == 1:
                words.append(tokens[0])
            else:
                words.extend(tokens)
                spaces.extend([False] * (len(tokens) - 1))
            spaces.append(space == " ")
            if more:
                words.append(more)
                spaces.append(False)
        return Doc(self.vocab, words, spaces)

    def _tokens(self, run: str) -> tuple[str, ...]:
        # no prefix, suffix or infix is made of plain letters only, and a stop after small letters is a suffix of its own;
        # the exceptions ("cannot", "Dr.") are among the rules
        stem = run[:-1] if run[-1] in ",;:" or run[-1] == "." and run[-2:-1].islower() else run
        if stem.isascii() and stem.isalpha() and not {stem, run} & self._exceptions:
            tokens = (stem, run[-1]) if stem != run else (run,)
        else:
            tokens = tuple(token.text for token in self.tokenizer(run))
        if len(self._kept) < _MOST:
            self._kept[run] = tokens
        return tokens

    def forget(self) -> None:
        """Forget the words kept so far."""
        self._kept.clear()

    def add_special_case(self, string: str, substrings: Any) -> None:
        """As `Tokenizer.add_special_case`; what was kept is forgotten."""
        self.tokenizer.add_special_case(string, substrings)
        self._kept.clear()
        self._exceptions = frozenset(self.tokenizer.rules)

    def __getattr__(self, name: str) -> Any:
        if name in ("tokenizer", "__setstate__"):  # asked for before a copy has its own
            raise AttributeError(name)
        return getattr(self.tokenizer, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return Remembering, (self.tokenizer,)


def create(nlp: Language, medspacy: Any) -> Remembering:
    """medspaCy's tokenizer for a pipeline, as one that remembers. `medspacy` is the imported package."""
    return Remembering(medspacy.components.create_medspacy_tokenizer(nlp))
