"""Sections 2, 4.4 and 7 of the coding rules, as the worked examples of the tables."""

import pytest

from extractor.coding import load_tables
from extractor.coding.examples import failures

TABLES = load_tables()
EXAMPLES = {example["id"]: example for example in TABLES.examples}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name):
    assert failures(EXAMPLES[name], TABLES) == []


def test_every_scenario_and_counting_rule_has_an_example():
    assert {f"scenario-{n}" for n in range(1, 41)} <= EXAMPLES.keys()
    assert {f"unit-{n}" for n in range(1, 11)} <= EXAMPLES.keys()
    counted = {name.split("-")[0] for name in EXAMPLES if name.startswith("R")}
    # R13 and R19 are about a second procedure of one provider: their pairs are tested below.
    assert {f"R{n}" for n in range(1, 22)} - counted == {"R13", "R19"}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("19083", "19285"),
        ("19084", "19282"),
        ("19086", "19287"),
        ("19283", "19281"),
        ("19285", "19281"),
        ("19285", "19283"),
        ("19287", "19285"),
        ("19282", "19283"),
        ("19284", "19285"),
        ("19286", "19287"),
        ("19288", "19281"),
        ("10035", "19286"),
        ("10036", "19284"),
        ("19285", "10036"),
        ("19287", "10035"),
        ("19288", "10036"),
        ("19081", "10036"),
        ("10021", "19283"),
        ("19301", "19288"),
        ("19318", "19281"),
        ("19283", "76942"),
        ("10036", "77012"),
        ("19281", "77065"),
        ("19282", "77067"),
        ("19085", "76098"),
    ],
)
def test_pair_is_in_force(one, two):
    assert TABLES.pairs[one, two].indicator == 1
    assert (two, one) not in TABLES.pairs


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("19283", "77065"),
        ("19288", "77066"),
        ("19283", "76098"),
        ("19285", "88305"),
        ("19120", "19283"),
        ("19125", "19283"),
        ("19126", "19285"),
        ("19101", "19281"),
        ("19294", "19283"),
        ("19283", "19284"),
        ("19282", "19284"),
        ("19300", "10035"),
        ("19081", "77065"),
        ("19288", "19286"),
    ],
)
def test_pair_is_absent(one, two):
    assert (one, two) not in TABLES.pairs
    assert (two, one) not in TABLES.pairs


def test_ended_pairs_count_for_their_dates_only():
    assert ("19120", "19283") in load_tables("2019-12-31").pairs
    assert ("19120", "19283") not in load_tables("2020-01-01").pairs
