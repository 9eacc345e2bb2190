"""Claims files: CSV and JSONL, every fault at once, nothing lost."""

import pytest

from extractor.audit import ClaimError, ClaimLine, read_claims


def test_csv(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text(
        '\ufeffnote_id,code,units,modifiers\na,19283,1,RT 59\na,19284,,"RT,XS"\nb,19285,2,\n', encoding="utf-8"
    )
    assert read_claims(path) == {
        "a": [ClaimLine("a", "19283", 1, ("RT", "59"), 1), ClaimLine("a", "19284", 1, ("RT", "XS"), 2)],
        "b": [ClaimLine("b", "19285", 2, (), 1)],
    }


def test_jsonl(tmp_path):
    path = tmp_path / "claims.jsonl"
    path.write_text(
        '{"note_id": "a", "code": "g0279", "units": 1, "modifiers": ["LT"]}\n\n{"note_id": 7, "code": 19283}\n',
        encoding="utf-8",
    )
    assert read_claims(path) == {
        "a": [ClaimLine("a", "G0279", 1, ("LT",), 1)],
        "7": [ClaimLine("7", "19283", 1, (), 1)],
    }


def test_every_fault_with_its_line(tmp_path):
    path = tmp_path / "claims.jsonl"
    path.write_text(
        '{"code": "19283"}\nno json\n{"note_id": "a", "code": "1928"}\n{"note_id": "a", "code": "19283", "units": 0}\n'
        '{"note_id": "a", "code": "19283", "units": "many"}\n'
        '{"note_id": "a", "code": "19283", "modifiers": "RTLT"}\n[1]\n',
        encoding="utf-8",
    )
    with pytest.raises(ClaimError) as raised:
        read_claims(path)
    assert [e.split(": ", 1)[1] for e in raised.value.errors] == [
        "line 1: note_id is empty",
        "line 2: is no JSON",
        "line 3: code is not five letters or digits",
        "line 4: units is below 1",
        "line 5: units is not a whole number",
        "line 6: a modifier has not two characters",
        "line 7: is no object",
    ]


def test_missing_column(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("note,code\na,19283\n", encoding="utf-8")
    with pytest.raises(ClaimError, match="no column note_id"):
        read_claims(path)
