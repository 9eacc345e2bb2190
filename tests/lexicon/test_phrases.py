"""The words the lexicon knows, in the spellings of the field: each must be found whole, with its label and value."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import pytest

from tests.nlp.doc import doc_of, mentions
from tests.tables import rows

# words, label, value
PHRASES = [
    # guidance
    ("stereotactic guidance", "guidance", "stereotactic"), ("stereotactically", "guidance", "stereotactic"), ("stereo guidance", "guidance", "stereotactic"),
    ("tomosynthesis guidance", "guidance", "tomosynthesis"), ("DBT guidance", "guidance", "tomosynthesis"),
    ("mammographic guidance", "guidance", "mammographic"), ("mammographic control", "guidance", "mammographic"),
    ("ultrasound guidance", "guidance", "ultrasound"), ("sonographic guidance", "guidance", "ultrasound"), ("US guidance", "guidance", "ultrasound"), ("U/S guidance", "guidance", "ultrasound"),
    ("MRI guidance", "guidance", "mri"), ("MR guidance", "guidance", "mri"), ("magnetic resonance guidance", "guidance", "mri"),
    ("CT guidance", "guidance", "ct"), ("fluoroscopic guidance", "guidance", "fluoroscopic"),
    # devices and brands
    ("wire", "device", "wire"), ("hookwire", "device", "wire"), ("hook-wire", "device", "wire"), ("Kopans", "device", "wire"), ("Hawkins", "device", "wire"), ("Homer", "device", "wire"), ("Sadowsky", "device", "wire"), ("DuaLok", "device", "wire"),
    ("clip", "device", "clip"), ("tissue marker", "device", "clip"), ("biopsy marker", "device", "clip"), ("HydroMARK", "device", "clip"), ("UltraClip", "device", "clip"), ("Tumark", "device", "clip"), ("SecurMark", "device", "clip"), ("marker clip", "device", "clip"),
    ("I-125 seed", "device", "radioactive_seed"), ("iodine-125 seed", "device", "radioactive_seed"), ("I125 seed", "device", "radioactive_seed"), ("radioactive seed", "device", "radioactive_seed"), ("125-I seed", "device", "radioactive_seed"),
    ("Magseed", "device", "magnetic_seed"), ("magnetic seed", "device", "magnetic_seed"), ("Pintuition", "device", "magnetic_seed"), ("MOLLI", "device", "magnetic_seed"),
    ("SAVI SCOUT", "device", "radar_reflector"), ("SAVI SCOUT reflector", "device", "radar_reflector"), ("radar reflector", "device", "radar_reflector"),
    ("LOCalizer tag", "device", "rfid_tag"), ("RFID tag", "device", "rfid_tag"),
    ("methylene blue", "device", "dye"), ("carbon suspension", "device", "carbon"), ("charcoal", "device", "carbon"),
    # targets
    ("mass", "target", "mass"), ("nodule", "target", "mass"), ("tumour", "target", "mass"), ("microcalcifications", "target", "calcifications"), ("calcs", "target", "calcifications"),
    ("architectural distortion", "target", "architectural_distortion"), ("asymmetry", "target", "asymmetry"), ("non-mass enhancement", "target", "enhancement"), ("NME", "target", "enhancement"), ("axillary lymph node", "target", "lymph_node"),
    # places
    ("upper outer quadrant", "quadrant", "upper outer"), ("UOQ", "quadrant", "upper outer"), ("upper-outer quadrant", "quadrant", "upper outer"), ("superolateral", "quadrant", "upper outer"), ("lower inner quadrant", "quadrant", "lower inner"), ("LIQ", "quadrant", "lower inner"),
    ("retroareolar", "region", "region"), ("subareolar", "region", "region"), ("posterior depth", "depth", "depth"), ("axillary tail", "site", "breast"), ("axilla", "site", "axilla"),
    # complications, British and American
    ("hematoma", "complication", "hematoma"), ("haematoma", "complication", "hematoma"), ("haemorrhage", "complication", "bleeding"), ("vasovagal reaction", "complication", "vasovagal"), ("vaso-vagal episode", "complication", "vasovagal"), ("pneumothorax", "complication", "pneumothorax"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "label", "value"), rows(PHRASES))
@pytest.mark.parametrize("write", [str, str.upper, str.lower, lambda s: s.replace(" ", "\n", 1)], ids=["given", "capitals", "small", "wrapped"])
def test_phrase(words: str, label: str, value: str, write: object) -> None:
    written = write(words)  # type: ignore[operator]
    found = mentions(doc_of(f"It was the {written} that was described in the report of that day."), label)
    assert {m._.concept_value for m in found} == {value}
    assert all(m._.rule_id for m in found)
    assert " ".join(max((m.text for m in found), key=len).lower().split()) == words.lower()


# recognition errors and dictation habits
HEARD = [
    ("o clock", "The mass at 10 o clock in the left breast.", "clock"),
    ("hook wire", "A hook wire was placed.", "device"),
    ("vaso vagal", "She had a vaso vagal episode.", "complication"),
    ("time out", "A time out was performed.", "time_out"),
    ("calc's", "The calcs in the left breast.", "target"),
]


@pytest.mark.parametrize(("name", "sentence", "label"), rows(HEARD))
def test_heard(name: str, sentence: str, label: str) -> None:
    assert len(mentions(doc_of(sentence), label)) == 1


NOTHING = ["wireless", "clipped", "seedy", "massive", "amass", "leftover", "writer", "upright", "bright", "copyright", "clipart"]


@pytest.mark.parametrize("words", NOTHING)
def test_parts_of_words_are_no_words(words: str) -> None:
    assert mentions(doc_of(f"It was {words} as described."), "device", "target", "side") == []
