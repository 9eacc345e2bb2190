"""The components by name in somebody else's pipeline, each alone and together; stored, loaded and in two processes."""
# ruff: noqa: E501 - programs of a host as they stand

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest
import spacy
from spacy.language import Language

from extractor.nlp.components import ORDER
from tests.hazards.host import host
from tests.tables import rows

TEXT = (
    "EXAM: Left breast wire localization\n\nCLINICAL HISTORY: Hematoma after biopsy.\n\nTECHNIQUE: Under ultrasound guidance a "
    "Kopans wire was placed through the mass in the left breast at 2:00. No hematoma. A second wire was not placed.\n"
)


def pipeline() -> Language:
    nlp = spacy.blank("en")
    for name in ORDER:
        nlp.add_pipe(name)
    return nlp


def seen(nlp: Language, text: str = TEXT) -> list[tuple[str, str, str, str]]:
    doc = nlp(text)
    return [(m.text, m.label_, m._.note_section, m._.assertion) for m in doc.spans["extractor"]]


NAMES = f"NAMES = {list(ORDER)!r}\n"

FOREIGN = """
import warnings
warnings.simplefilter("ignore")
import medspacy
nlp = medspacy.load(medspacy_enable={enable!r})
for name in {names!r}:
    nlp.add_pipe(name)
doc = nlp(NOTE)
print(json.dumps({{
    "pipes": nlp.pipe_names,
    "sentences": [s.text.strip() for s in doc.sents] if doc.has_annotation("SENT_START") else [],
    "spans": [[m.text, m.label_, m._.assertion] for m in doc.spans["extractor"]] if "extractor" in doc.spans else [],
    "imported": "extractor" in sys.modules,
}}))
"""


def test_by_name_in_a_medspacy_pipeline(tmp_path: Path) -> None:
    """Nothing of the package is imported by hand: the entry points find it."""
    if not {entry.name for entry in entry_points(group="spacy_factories")} >= set(ORDER):
        pytest.skip("the package is not installed, so it has no entry points")
    found, _ = host(FOREIGN.format(enable=["medspacy_tokenizer"], names=list(ORDER)), tmp_path)
    assert found["pipes"][-5:] == list(ORDER)
    assert ["Kopans wire", "device", "present"] in found["spans"]
    assert ["hematoma", "complication", "absent"] in found["spans"]
    assert "COMPLICATIONS: None." in found["sentences"]


def test_beside_the_components_of_medspacy(tmp_path: Path) -> None:
    """With medspaCy's own matcher, context and sections in the same pipeline, both keep working."""
    code = NAMES + """
import warnings
warnings.simplefilter("ignore")
import extractor.nlp.components
import medspacy
from medspacy.target_matcher import TargetRule
nlp = medspacy.load(medspacy_enable=["medspacy_tokenizer"])
for name in NAMES:
    nlp.add_pipe(name)
nlp.add_pipe("medspacy_target_matcher").add([TargetRule("hematoma", "PROBLEM")])
nlp.add_pipe("medspacy_context")
nlp.add_pipe("medspacy_sectionizer")
doc = nlp(NOTE)
print(json.dumps([[[e.text, e.label_, e._.is_negated] for e in doc.ents], [m._.assertion for m in doc.spans["extractor"] if m.text == "hematoma"]]))
"""
    ents, assertions = host(code, tmp_path)[0]
    assert ["hematoma", "PROBLEM", True] in ents
    assert set(assertions) == {"absent"}


ALONE_FAULTS = {
    "extractor_numbers": "needs the sentences and does not make them",
}


@pytest.mark.parametrize("name", [p for n in ORDER for p in rows([(n,)], {k: v for k, v in ALONE_FAULTS.items() if k == n})])
def test_each_alone(name: str) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe(name)
    doc = nlp(TEXT)
    assert doc.text == TEXT
    if name == "extractor_sentences":
        assert len(list(doc.sents)) == 5
    if name == "extractor_concepts":
        assert ("Kopans wire", "device") in [(m.text, m.label_) for m in doc.spans["extractor"]]
    if name == "extractor_numbers":
        assert [(m.text, m.label_) for m in doc.spans["extractor"]] == [("2:00", "clock")]
    if name == "extractor_sections":
        assert doc._.extractor_page is not None


def test_mirrors_medspacys_attributes(tmp_path: Path) -> None:
    code = NAMES + """
import warnings
warnings.simplefilter("ignore")
import extractor.nlp.components
import medspacy
nlp = medspacy.load(medspacy_enable=["medspacy_tokenizer"])
for name in NAMES:
    nlp.add_pipe(name)
nlp.add_pipe("medspacy_context")
doc = nlp(NOTE)
print(json.dumps([[m.text, m._.is_negated] for m in doc.spans["extractor"] if m.label_ in ("complication", "device")]))
"""
    found = host(code, tmp_path)[0]
    assert ["hematoma", True] in found
    assert ["Kopans wire", False] in found


def test_what_a_component_needs_is_declared_and_met() -> None:
    analysis = pipeline().analyze_pipes()
    assert [problem for problems in analysis["problems"].values() for problem in problems] == []
    assert all(analysis["summary"][name]["assigns"] for name in ORDER)


def test_stored_on_disk_and_loaded(tmp_path: Path) -> None:
    nlp = pipeline()
    nlp.to_disk(tmp_path / "model")
    again = spacy.load(tmp_path / "model")
    assert again.pipe_names == list(ORDER)
    assert seen(again) == seen(nlp)


def test_stored_in_bytes_and_loaded() -> None:
    nlp = pipeline()
    again = pipeline().from_bytes(nlp.to_bytes())
    assert seen(again) == seen(nlp)


def test_a_document_stored_and_loaded() -> None:
    nlp = pipeline()
    doc = nlp(TEXT)
    again = spacy.tokens.Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert [(m.text, m.label_) for m in again.spans["extractor"]] == [(m.text, m.label_) for m in doc.spans["extractor"]]
    assert [s.text for s in again.sents] == [s.text for s in doc.sents]


def test_two_processes_give_what_one_gives(tmp_path: Path) -> None:
    code = NAMES + """
import extractor.nlp.components
import spacy
def main():
    nlp = spacy.blank("en")
    for name in NAMES:
        nlp.add_pipe(name)
    texts = [NOTE, "A wire was placed.", "", "No hematoma."] * 2
    def rows(docs):
        return [[[m.text, m.label_, m._.assertion] for m in doc.spans["extractor"]] for doc in docs]
    one = rows(nlp.pipe(texts))
    two = rows(nlp.pipe(texts, n_process=2, batch_size=2))
    print(json.dumps([one, two]))
if __name__ == "__main__":
    main()
"""
    one, two = host(code, tmp_path)[0]
    assert one == two
    assert ["hematoma", "complication", "absent"] in one[0]


def test_a_document_keeps_no_page_of_another_text() -> None:
    nlp = pipeline()
    first, second = nlp("A wire was placed."), nlp("A clip was placed.")
    assert [m.text for m in first.spans["extractor"] if m.label_ == "device"] == ["wire"]
    assert [m.text for m in second.spans["extractor"] if m.label_ == "device"] == ["clip"]


def test_twice_through_the_pipeline_gives_the_same() -> None:
    nlp = pipeline()
    assert seen(nlp) == seen(nlp)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "☃", "wire"])
def test_texts_of_next_to_nothing(text: str) -> None:
    assert pipeline()(text).text == text
