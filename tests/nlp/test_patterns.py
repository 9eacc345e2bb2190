"""Patterns that look for their letters first answer as `re` does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor import extract, patterns
from tests.benchmarks.notes import gold
from tests.tables import rows

NEEDS = [
    (r"\bwire\b", {"wire"}),
    (r"wires?", {"wire"}),
    (r"(?:wire|seed)s?\b", {"wire", "seed"}),
    (r"re-?identif\w+", {"re-identif", "reidentif"}),
    (r"\b(?:cop(?:ied|y)|pulled)\b", {"copied", "copy", "pulled"}),
    (r"(?:prior|previous(?:ly)?)\s+biops\w*", {"biops"}),
    (r"[lr]t\s+breast", {"breast"}),
    (r"(?<!no )hematoma(?! seen)", {"hematoma"}),
    (r"(?:x|\d)\s*", set()),
    (r"(?:wire|\d+)", set()),
    (r"(?:wire)?", set()),
    (r"(?:wire)+\d", {"wire"}),
    (r"", set()),
    (r"\bTO\s*done", {"done"}),
    (r"(?:^|\n)seed\S", {"seed"}),
    (r"[^\W\d]seed", {"seed"}),
    (r"(?P<A>seed)\b", {"seed"}),
]
WORDS = [
    "wire",
    "Wires",
    "SEED",
    "copied",
    "copy",
    "re-identified",
    "prior",
    "biopsy",
    "no ",
    " ",
    "3",
    "\n",
    "hematoma",
    "ſeed",
    "İ",
]


@pytest.mark.parametrize(("expression", "literals"), rows(NEEDS))
def test_needs(expression: str, literals: set[str]) -> None:
    """Whoever holds none of these cannot match; of several such sets the most telling is taken."""
    found = set(patterns.Pattern(expression, re.I).literals)
    assert found == {word for word in literals if not any(o != word and o in word for o in literals)}


@given(st.sampled_from(NEEDS), st.lists(st.sampled_from(WORDS)).map("".join), st.integers(0, 5), st.integers(0, 30))
def test_answers_are_those_of_re(row: tuple[str, set[str]], text: str, start: int, end: int) -> None:
    made, plain = patterns.Pattern(row[0], re.I), re.compile(row[0], re.I)
    assert repr(made.search(text, start, end)) == repr(plain.search(text, start, end))
    assert list(map(repr, made.finditer(text, start, end))) == list(map(repr, plain.finditer(text, start, end)))
    assert made.findall(text) == plain.findall(text)
    assert made.sub("_", text) == plain.sub("_", text)


def test_no_pattern_of_the_package_misses_a_match() -> None:
    """Each pattern made so far, on every line of every shipped note and on its parts."""
    for text in gold()[::8]:
        extract(text)
    lines = sorted({line for text in gold() for line in text.split("\n")})[::3]
    missed = set()
    for made in list(patterns._made.values()):
        if not made.literals and made._lower is None:
            continue  # asks nothing before the expression itself
        plain = re.compile(made.pattern, made.flags)
        for line in lines:
            if plain.search(line) and not made.search(line) or plain.search(line, 9) and not made.search(line, 9):
                missed.add(made.pattern)
    assert missed == set()
    assert sum(1 for made in patterns._made.values() if made.literals) > 100
