"""What `explain` says of everything that a result can name."""

import pytest

from extractor.coding import load_policy, load_tables, recommend
from extractor.coding.examples import findings_of
from extractor.explain import UnknownTerm, explain, terms

TABLES = load_tables()


@pytest.mark.parametrize("term", terms(TABLES))
def test_every_term(term):
    text = explain(term)
    assert "cpt-2026" in text
    assert term.split(" ")[0].lower() in text.lower()


def test_every_rule_that_coding_names():
    named = set()
    for example in TABLES.examples:
        made = recommend(findings_of(example), load_policy(example.get("policy", "cpt")), TABLES)
        lines = [
            *made.codes,
            *made.diagnoses,
            *made.causes,
            *made.companions,
            *(x for c in made.candidates for x in c.codes),
        ]
        named |= {rule for line in lines for rule in line.rules}
    for rule in named:
        assert explain(rule)


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("19295", "Never a seed code"),
        ("26", "PC/TC indicator 0"),
        ("XU", "XS"),
        ("ncci.ptp.19285.19283", "column two"),
        ("ncci.mue.19283", "absolute"),
        ("207RH0000X", "2085R0202X"),
        ("C50.411", "upper outer"),
        ("missing-guidance", "blocking"),
        ("contralateral", "modifier_50"),
        ("cpt.localization.count", "Worked examples"),
        ("dcis", "D05.11"),
        ("modifier.XE", "session"),
        ("deleted.19290", "2014-01-01"),
        ("medicare", "XS"),
    ],
)
def test_words(term, words):
    assert words in explain(term)


def test_unknown_term_names_what_is_near():
    with pytest.raises(UnknownTerm) as raised:
        explain("cpt.localisation.first")
    assert "cpt.localization.first" in raised.value.near
