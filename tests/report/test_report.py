"""The report: whole, self-contained, escaped, readable without colour, and its numbers those of the scores."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import extractor as package
from extractor import evaluate as e
from extractor.learning.promise import HeldOut
from extractor.note import Note
from extractor.report import numbers, plots, report
from tests.conftest import ROOT, Command

pytest.importorskip("matplotlib", reason="plots need the extra report")
CORPUS = ROOT / "annotations" / "corpus-2" / "s15"


@pytest.fixture(scope="module")
def notes() -> list[e.GoldNote]:
    return list(e.read_corpus(CORPUS))


@pytest.fixture(scope="module")
def found(notes: list[e.GoldNote]) -> dict[str, e.Record]:
    results = package.extract_all(Note(note.note_id, note.text) for note in notes)
    return {result.note_id: result.to_dict() for result in results}


@pytest.fixture(scope="module")
def page(notes: list[e.GoldNote], found: dict[str, e.Record]) -> str:
    return report(notes, found)


class Structure(HTMLParser):
    """Tags, attributes and ids of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href"):
                self.addresses.append(value or "")


def test_the_page_is_self_contained(page: str) -> None:
    structure = Structure()
    structure.feed(page)
    assert "script" not in structure.tags
    assert "link" not in structure.tags
    assert structure.tags.count("svg") == 4
    assert all(address.startswith("#") for address in structure.addresses)
    assert len(structure.ids) == len(set(structure.ids))
    assert {address[1:] for address in structure.addresses} <= set(structure.ids)


def test_figures_are_those_of_the_scores(
    notes: list[e.GoldNote], found: dict[str, e.Record], page: str
) -> None:
    table = numbers.fields({"all": notes}, found)
    scores = e.score(notes, found)
    for name, rate in scores.rates.items():
        share = table[name]["all"]
        assert share.value == rate.accuracy
        assert share.low is not None
        assert share.low <= rate.accuracy <= (share.high or 0)
        assert str(share) in page
    confusion = numbers.disposition(notes, found)
    right = sum(count for (gold, read), count in confusion.items() if gold == read)
    assert (right, confusion.total()) == (scores.rates["disposition"].right, len(notes))


def test_every_note_with_an_error_is_shown_with_its_evidence(
    notes: list[e.GoldNote], found: dict[str, e.Record], page: str
) -> None:
    wrong = {miss.note_id for miss in e.score(notes, found).misses}
    shown = set(re.findall(r'<article id="([^"]+)"', page))
    assert shown == wrong
    assert page.count("<mark") >= len(wrong)


def test_the_words_of_a_note_are_escaped(notes: list[e.GoldNote]) -> None:
    evil = "<script>alert('x')</script> & <b>left</b>\nA wire was placed."
    gold = {**notes[0].gold, "note_id": "z-1", "evidence": {}, "rationale": "<i>why</i>"}
    note = e.GoldNote(evil, gold)
    text = report([note], {"z-1": package.extract(evil, "z-1").to_dict()})
    assert "<script" not in text
    assert "<i>why" not in text
    assert "&lt;script&gt;" in text


def test_held_out_confidence_wins_over_that_of_models_that_know_the_note(
    notes: list[e.GoldNote], found: dict[str, e.Record]
) -> None:
    import hashlib

    sha = hashlib.sha256(notes[0].text.encode()).hexdigest()
    held = HeldOut(notes[0].note_id, "s15", sha, 0.1234, True, False, False, True)
    judged = numbers.judged(notes, found, [held])
    assert judged[0].confidence == 0.1234
    assert judged[0].held_out
    assert not judged[0].right
    assert not judged[1].held_out
    assert numbers.doubtful(judged, 1)[0].note is notes[0]


def test_without_models_there_is_nothing_to_calibrate(notes: list[e.GoldNote]) -> None:
    alone = package.load(models=False)
    found = {n.note_id: alone.extract(Note(n.note_id, n.text)).to_dict() for n in notes[:3]}
    text = report(notes[:3], found)
    assert "No model judged these results" in text
    assert text.count("<svg") == 2


def test_plots_are_the_same_twice_and_without_colour() -> None:
    pairs = [(0.9, True), (0.95, True), (0.6, False), (0.2, False)]
    confusion = numbers.Confusion({("mri", "mri"): 3, ("mri", "ultrasound"): 1})
    for draw in (
        lambda: plots.risk_coverage(pairs),
        lambda: plots.reliability(pairs),
        lambda: plots.confusion(confusion, "Guidance", "g"),
    ):
        first = draw()
        assert first == draw()
        for colour in re.findall(r"#([0-9a-f]{6})", first):
            assert len({colour[:2], colour[2:4], colour[4:]}) == 1, colour
        assert re.search(r"<text", first)


def test_the_command(extractor: Command, tmp_path: Path) -> None:
    done = extractor("evaluate", CORPUS, "--report", "out.html", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["all"]["disposition"]["of"] == 26
    assert (tmp_path / "out.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert extractor("evaluate", CORPUS, "--report", "no/out.html").returncode == 2
