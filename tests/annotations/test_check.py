"""The check finds every planted fault, all at once, and nothing in the corpora of the package."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from extractor.annotations import json_schema
from extractor.annotations.check import check_folder, check_record
from tests.conftest import ROOT

ANNOTATIONS = ROOT / "annotations"
TEXT = (ANNOTATIONS / "corpus-2" / "s11" / "s11-001.txt").read_bytes().decode()
RECORD: dict[str, Any] = json.loads((ANNOTATIONS / "corpus-2" / "s11" / "s11-001.json").read_text())


@pytest.mark.parametrize("name", ["corpus", "corpus-2"])
def test_the_corpora_have_no_faults(name: str) -> None:
    notes, faults = check_folder(ANNOTATIONS / name)
    assert notes > 150
    assert [str(fault) for fault in faults] == []


def test_the_schema_file_is_that_of_the_model_and_fits_every_record() -> None:
    stored = (ANNOTATIONS / "record.schema.json").read_text(encoding="utf-8")
    assert stored == json_schema()
    validator = jsonschema.Draft202012Validator(json.loads(stored))
    for path in sorted(ANNOTATIONS.glob("corpus*/*/*.json")):
        assert list(validator.iter_errors(json.loads(path.read_text(encoding="utf-8")))) == []
    assert list(validator.iter_errors({**RECORD, "lesion_count": "one"}))


FAULTS = {
    "lesion_count": lambda r: r.update(lesion_count=2),
    "procedure.status": lambda r: r["procedure"].update(status=None),
    "procedure.type": lambda r: r["lesions"][0].update(biopsied=True),
    "recommendation.codes": lambda r: r["recommendation"]["codes"][0].update(code="19281"),
    "recommendation.disposition": lambda r: r["lesions"][0].update(laterality=None),
    "evidence.device": lambda r: r["evidence"].update(device="words of no note"),
    "evidence.guidance": lambda r: r["evidence"].update(guidance=""),
    "documentation": lambda r: r["documentation"].update(missing=["consent"], conflicting=["consent"]),
    "documentation.missing": lambda r: r["documentation"].update(missing=["complications"]),
    "complications.documented": lambda r: r["complications"].update(documented=False, items=["hematoma"]),
    "lesions.0.devices": lambda r: r["lesions"][0].update(outcome="failed"),
    "lesions.0.guidance": lambda r: r["lesions"][0].update(guidance="sonographic"),
    "extra": lambda r: r.update(extra=1),
}


@pytest.mark.parametrize("field", FAULTS)
def test_a_planted_fault_is_found(field: str) -> None:
    assert list(check_record(RECORD, TEXT)) == []
    record = copy.deepcopy(RECORD)
    FAULTS[field](record)
    faults = list(check_record(record, TEXT))
    assert field in {fault.field for fault in faults}
    assert not any("words of no note" in str(fault) for fault in faults)


def test_all_faults_of_a_folder_come_at_once(tmp_path: Path) -> None:
    def note(name: str, text: bytes, record: str | None) -> None:
        (tmp_path / f"{name}.txt").write_bytes(text)
        if record is not None:
            (tmp_path / f"{name}.json").write_text(record)

    note("a", b"x", None)
    note("b", b"\xff", "{}")
    note("c", b"x", "{")
    note("d", b"x\0", "{}")
    note("e", TEXT.encode(), json.dumps(RECORD))
    note("f", b"", json.dumps([1]))
    notes, faults = check_folder(tmp_path)
    assert notes == 6
    assert {fault.note for fault in faults} == {"a.txt", "b.txt", "c.txt", "d.txt", "s11-001", "f.txt"}
