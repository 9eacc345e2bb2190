"""Every gold record, read as findings, must get the gold disposition and codes."""

from pathlib import Path

import pytest

from extractor.coding import load_policy, load_tables, recommend
from extractor.coding.gold import findings_of, records

CORPUS = Path(__file__).parents[2] / "annotations" / "corpus"
GOLD = list(records(CORPUS))
TABLES, POLICY = load_tables(), load_policy()


def lines(codes):
    plain = [c if isinstance(c, dict) else {"code": c.code, "units": c.units, "modifiers": c.modifiers} for c in codes]
    return sorted((c["code"], c["units"], tuple(sorted(c["modifiers"]))) for c in plain)


@pytest.mark.skipif(not GOLD, reason="needs annotations/corpus")
def test_gold_records():
    wrong = []
    for gold in GOLD:
        made, want = recommend(findings_of(gold), POLICY, TABLES), gold["recommendation"]
        if (made.disposition, lines(made.codes)) != (want["disposition"], lines(want["codes"])):
            wrong.append((gold["note_id"], made.disposition, lines(made.codes), made.reasons))
    assert wrong == []
