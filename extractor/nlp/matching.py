"""Phrase matching over words: a tree of the lexicon's literals, walked once over the text.

Words are runs of letters, runs of digits or single signs; hyphens, single line breaks and single or double spaces between words do not
matter, so "left\\nbreast", "left  breast" and "left-breast" are one phrase. Empty lines and table gaps end a phrase. The
longest literal of each label wins. Works on any tokenisation, and in time linear in the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from extractor import patterns
from extractor.lexicon import Rule
from extractor.nlp.page import Mention

_SCAN = patterns.compile(r"[^\W\d_]+|\d+|\n[ \t]*\n|(?<=\S)(?: {3,}|\t)(?=\S)|[^\w\s-]|(?<=\d)-(?=\d)|_+")
_END = "\0"


def scan(lower: str) -> tuple[list[str], list[int], list[int]]:
    """(words, starts, ends) of a text in lower case; what ends a phrase stands there as an empty word."""
    found = list(_SCAN.finditer(lower))
    words = ["" if m[0][0] in "\n \t_" else m[0] for m in found]
    return words, [m.start() for m in found], [m.end() for m in found]


class PhraseTree:
    """Literals of rules as a tree; `find` gives the mentions in a text."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._plain: dict[str, Any] = {}
        self._cased: dict[str, Any] = {}
        for rule in rules:
            root = self._cased if rule.case else self._plain
            for literal in rule.literals:
                node = root
                for word in literal:
                    node = node.setdefault(word, {})
                node.setdefault(_END, []).append(rule)
        self._cased_first = {word.lower() for word in self._cased}

    def find(self, text: str, words: list[str], starts: list[int], ends: list[int]) -> list[Mention]:
        """Mentions in order of start, from the words of the text as `scan` gives them."""
        out: list[Mention] = []
        self._walk(self._plain, words, starts, ends, out)
        if self._cased and not self._cased_first.isdisjoint(words):
            cased = [text[a:b] for a, b in zip(starts, ends, strict=True)]
            self._walk(self._cased, cased, starts, ends, out)
        out.sort(key=lambda m: (m.start, -m.end))
        return out

    @staticmethod
    def _walk(root: dict[str, Any], words: list[str], starts: list[int], ends: list[int], out: list[Mention]) -> None:
        n = len(words)
        free: dict[str, int] = {}
        get = root.get
        for i in range(n):
            node = get(words[i])
            if node is None:
                continue
            best: dict[str, tuple[int, Rule]] | None = None
            j = i
            while True:
                rules = node.get(_END)
                if rules is not None:
                    if best is None:
                        best = {}
                    for rule in rules:
                        best[rule.label] = (j, rule)
                j += 1
                if j >= n:
                    break
                node = node.get(words[j])
                if node is None:
                    break
            if best is None:
                continue
            for label, (last, rule) in best.items():
                if free.get(label, -1) >= i:
                    continue
                free[label] = last
                out.append(Mention(starts[i], ends[last], label, rule.value, rule.id, rule.attrs))
