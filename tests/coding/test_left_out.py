"""A lesion that was read is coded, or the result says why it is not: none falls out of a result that is ready."""

from __future__ import annotations

from pathlib import Path

import pytest

import extractor
from extractor.coding.policy import load_policy
from extractor.coding.tables.schema import TableError

HEAD = (
    "EXAM: {exam}\nDATE OF SERVICE: {date}\n\nCONSENT: Signed. Time-out done.\n\nTECHNIQUE: {technique}\n\n"
    "COMPLICATIONS: None.\n"
)
NODE = (
    "Under ultrasound guidance after lidocaine a reflector was placed in the 2:00 left breast mass and another in the "
    "biopsied left axillary lymph node. Mammogram shows both reflectors in place."
)
LUMP = (
    "Under ultrasound guidance after lidocaine a wire was placed in the 9:00 right breast mass. By palpation alone a "
    "second wire was placed in the lump at 3:00 of the left breast. Mammogram shows both wires in place."
)


@pytest.mark.parametrize(
    ("exam", "date", "technique", "disposition"),
    [
        ("Localization of left breast mass and left axillary node", "2026-06-20", NODE, "ready"),
        # the soft tissue codes came in 2016
        ("Localization of left breast mass and left axillary node", "2015-06-20", NODE, "review"),
        ("Wire localization, both breasts", "2026-06-20", LUMP, "review"),
    ],
)
def test_no_lesion_falls_out(exam: str, date: str, technique: str, disposition: str) -> None:
    result = extractor.extract(HEAD.format(exam=exam, date=date, technique=technique))
    coded = {number for line in result.recommendation.codes for number in line.lesions}
    assert result.recommendation.disposition == disposition
    assert disposition == "review" or coded == {lesion.number for lesion in result.lesions}


@pytest.mark.parametrize("pair", ['19283 = "19290"', '19283 = "99999"', '19284 = "19282"', '1928X = "19284"'])
def test_a_policy_pairs_codes_in_force_only(pair: str, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        f'name = "own"\ntitle = "Own"\nsource = ["S1"]\nconfidence = "HIGH"\n\n[add_ons]\n{pair}\n', encoding="utf-8"
    )
    with pytest.raises(TableError, match="add_ons"):
        load_policy(file)
