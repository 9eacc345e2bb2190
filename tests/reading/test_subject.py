"""Notes of other work leave early, and with the result that the whole way would have given."""

from __future__ import annotations

from pathlib import Path

import pytest

import extractor
from extractor import lexicon, pipeline, reading
from extractor.nlp import dictation
from extractor.nlp.components import page_of
from extractor.normalize import normalize
from extractor.note import Note
from extractor.reading import subject
from tests.irrelevant import irrelevant

COUNT = 1500


def whole_way(note: Note) -> reading.Findings:
    """Findings by every component and by reading, whatever the note is about."""
    source = dictation.even(normalize(note.text))
    return reading.read(page_of(pipeline.load()(source.text)), source, note.text, note.note_id)


@pytest.fixture(scope="module")
def others() -> list[str]:
    texts = [text for text in irrelevant(COUNT) if not subject.named(text)]
    assert len(texts) > COUNT // 2
    return texts


def test_the_result_is_that_of_the_whole_way_byte_for_byte(
    others: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = extractor.load(models=False)
    early = [made.extract(text).to_json() for text in others]
    monkeypatch.setattr(extractor.api, "read", whole_way)
    assert [made.extract(text).to_json() for text in others] == early


def test_it_says_not_reportable_and_nothing_that_is_not_so(others: list[str]) -> None:
    made = extractor.load(models=False)
    for text in others:
        result = made.extract(text)
        assert (result.procedure.type, result.recommendation.disposition) == ("other", "not_reportable")
        assert result.recommendation.reasons == [
            "The document reports no localization or image-guided biopsy of the breast."
        ]
        assert not result.lesions
        assert not result.flags
        assert {element.status for element in result.documentation} == {"not_applicable"}
        assert result.provenance.text_sha256
        assert result.provenance.ruleset


def test_reading_all_of_it_comes_to_the_same(others: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """But for evidence of what does not apply, and but for notes whose wire, clip or needle of other work would count
    for one of the breast: these are why the rule is one of reading and not of speed alone."""
    made = extractor.load(models=False)
    early = [made.extract(text) for text in others]
    monkeypatch.setattr(subject, "named", lambda text: True)
    same = 0
    for text, one in zip(others, early, strict=True):
        read = made.extract(text)
        if read.procedure.type == "other":
            same += 1
            assert (read.recommendation, read.flags, read.lesions) == (one.recommendation, one.flags, one.lesions)
            assert [e.status for e in read.documentation] == [e.status for e in one.documentation]
    assert same > 0.6 * len(others)


def test_no_note_of_the_corpus_leaves_early(corpus: Path) -> None:
    """Nor one of the tests: every note that reports something has a word of its subject, and so do those beside it."""
    folders = (corpus, corpus.parent / "corpus2", Path(__file__).parents[1] / "notes")
    paths = [path for folder in folders for path in folder.rglob("*.txt")]
    assert len(paths) > 180
    for path in paths:
        text = path.read_bytes().decode()
        assert subject.named(dictation.even(normalize(text)).text), path.name


def _own() -> list[tuple[str, str]]:
    """Words of the lexicon that only notes in scope have."""
    labels = {"site", "site_breast", "quadrant", "localization_noun"}
    devices = {"radioactive_seed", "magnetic_seed", "radar_reflector", "rfid_tag", "seed", "pellet"}
    found = []
    for rule in lexicon.load():
        if rule.label in labels or (rule.label == "device" and rule.value in devices):
            found += [(rule.id, " ".join(literal)) for literal in rule.literals]
    return found


def test_every_word_of_the_subject_in_the_lexicon_counts() -> None:
    assert [each for each in _own() if not subject.named(each[1])] == []


SHORT = [
    "LT WIRE LOC 2:00",
    "BRST: clip",
    "Magseed deployed.",
    "Scout x1 placed under US",
    "R UOQ. Wire in.",
    "Kopans in mass",
    "wire, 4 cm FN",
    "CPT 19285 x 1",
    "WIRE PLACEMENT, LEFT",
    "clip in inguinal lymph node",
    "I-125 source placed",
    "breast" + chr(0x200B) + " wire",
]


@pytest.mark.parametrize("text", SHORT)
def test_a_short_note_is_read(text: str) -> None:
    assert subject.named(dictation.even(normalize(text)).text)
