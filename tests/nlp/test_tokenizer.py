"""The tokenizer that remembers cuts as medspaCy's does."""

from __future__ import annotations

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokenizer import Tokenizer

from extractor.nlp import hazards, tokenizer
from tests.benchmarks.notes import gold

PLAIN = st.text("abcdefghimnstvxyzABDMNS", max_size=5)
PARTS = [
    *("a.m.", "p.m", "can't", "cannot", "1.5cm", "mg", "Dr.", "(", ")", "/", "-", "US$", "e.g.", ".", "...", "10am"),
    *("wasn't", "'s", "'", '"', "https://x.org/a?b=1", "x@y.z", "o'clock", "3:00", "A", "b", "c.", "12:00N+4", "é"),
    *(" ", "  ", "\n", "\t", "\u00a0", "\u3000", "\x1c", "\u2028", "left", "breast,", "[x]", "__", "#2", "🙂"),
]


@pytest.fixture(scope="module")
def both() -> tuple[Tokenizer, Tokenizer]:
    medspacy, nlp = hazards.medspacy(), spacy.blank("en")
    return medspacy.components.create_medspacy_tokenizer(nlp), tokenizer.create(nlp, medspacy)


def cut(made: Tokenizer, text: str) -> list[tuple[str, str]]:
    return [(token.text, token.whitespace_) for token in made(text)]


def test_the_shipped_notes(both: tuple[Tokenizer, Tokenizer]) -> None:
    assert [text for text in gold() if cut(both[0], text) != cut(both[1], text)] == []


@given(text=st.lists(st.sampled_from(PARTS) | PLAIN | st.sampled_from(",.;: "), max_size=12).map("".join))
def test_any_text(both: tuple[Tokenizer, Tokenizer], text: str) -> None:
    """Twice, so that what was kept from the first reading is asked for too."""
    expected = cut(both[0], text)
    assert cut(both[1], text) == expected
    assert cut(both[1], text) == expected
    assert both[1](text).text == text


def test_a_special_case_added_later_is_heeded() -> None:
    medspacy, nlp = hazards.medspacy(), spacy.blank("en")
    made = tokenizer.create(nlp, medspacy)
    assert cut(made, "stereobx") == [("stereobx", "")]
    made.add_special_case("stereobx", [{"ORTH": "stereo"}, {"ORTH": "bx"}])
    assert cut(made, "stereobx") == [("stereo", ""), ("bx", "")]
