"""Training on a small corpus: the same files twice, whole styles held out, and faults of the corpus named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from extractor.learning import fitting, gather, promise, tasks, training
from extractor.learning.train import train
from tests.conftest import ROOT, Command

STYLES = ("s01", "s02", "s11", "s15")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen notes of each of four styles."""
    folder = tmp_path_factory.mktemp("corpus")
    for style in STYLES:
        (source,) = (ROOT / "annotations").glob(f"corpus*/{style}")
        for path in sorted(source.glob(f"{style}-*.txt"))[:15]:
            shutil.copy(path, folder)
            shutil.copy(path.with_suffix(".json"), folder)
    return folder


@pytest.fixture(scope="module")
def trained(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    train(small, folder, 0.9)
    return folder


def test_training_twice_gives_the_same_files(small: Path, trained: Path, tmp_path: Path) -> None:
    train(small, tmp_path / "again", 0.9)
    first = {path.name: path.read_bytes() for path in trained.iterdir()}
    second = {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_what_was_trained_is_used(extractor: Command, small: Path, trained: Path, tmp_path: Path) -> None:
    note = next(small.glob("s15-*.txt"))
    done = extractor("run", note, "--models", trained)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    manifest = json.loads((trained / "manifest.json").read_text())
    assert result["provenance"]["models"] == manifest["files"]
    assert result["provenance"]["promise"] == manifest["promise"] == 0.9
    assert 0 <= result["recommendation"]["confidence"] <= 1
    assert {each["style"] for each in manifest["held_out"]} == set(STYLES)


def test_no_model_that_judges_a_style_has_seen_it(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = gather.cases(gather.read(small))
    bench = training.Bench(cases)
    seen: list[set[str]] = []
    fit = fitting.fit

    def spy(given: fitting.Design, rows: object, *args: object) -> fitting.Fitted:
        seen.append(set(given.styles[rows]))
        return fit(given, rows, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(fitting, "fit", spy)
    answers = bench.answers("kind", ["s15"])
    assert seen == [set(STYLES) - {"s15"}]
    assert {cases[answer.row.case].style for answer in answers} == {"s15"}


def test_words_of_one_clinic_cannot_be_learned() -> None:
    rows = [{"w:house": 1.0, "w:wire": float(n % 2)} for n in range(10)] + [{"w:wire": 1.0} for _ in range(30)]
    styles = ["a"] * 10 + ["b"] * 10 + ["c"] * 10 + ["d"] * 10
    made = fitting.design(rows, styles)
    assert made.names == ["w:wire"]
    model = fitting.fit(made, np.arange(40), ["x"] * 10 + ["y"] * 30, 1.0)
    assert model.probabilities(made.matrix).shape == (40, 2)


def test_a_doubt_must_be_right_every_second_time() -> None:
    def answer(rule: str, gold: str, sure: float) -> training.Answer:
        return training.Answer(training.Row(0, None, rule, gold), ["a", "b"], np.array([1 - sure, sure]))

    good = [answer("a", "b", 0.9)] * 3 + [answer("a", "a", 0.6)] * 4
    assert training.doubt_threshold(good) == 0.7
    assert training.doubt_threshold([answer("a", "a", 0.9)]) is None
    assert training.doubt_threshold([answer("b", "b", 0.9)]) is None


def test_a_corpus_too_small_or_a_promise_too_high_is_refused(
    extractor: Command, small: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="at least 60 notes"):
        gather.read(ROOT / "annotations" / "corpus" / "s01")
    done = extractor("train", ROOT / "annotations" / "corpus" / "s01", "-o", "m")
    assert done.returncode == 2
    done = extractor("train", small, "-o", "m", "--promise", "0.999")
    assert done.returncode == 2
    assert b"can promise at most" in done.stderr
    assert not (tmp_path / "m").exists()


def test_the_gold_classes_are_those_of_the_rules() -> None:
    """A class that only one of both knows would make every answer a disagreement."""
    cases = gather.cases(gather.read(ROOT / "annotations")[::6])
    for task in tasks.NOTE_TASKS:
        gold = {case.gold[task] for case in cases if task in case.gold}
        rules = {case.rules[task] for case in cases if task in case.rules}
        assert gold & rules
        assert not any("not_applicable" in value for value in gold | rules)


def test_the_card_and_the_figures_agree(trained: Path) -> None:
    figures = json.loads((trained / "figures.json").read_text())
    card = (trained / "MODEL_CARD.md").read_text()
    assert f"{figures['calibration']['ece']:.4f}" in card
    assert "synthetic" in card
    manifest = json.loads((trained / "manifest.json").read_text())
    held = [promise.HeldOut(**each) for each in manifest["held_out"]]
    assert figures["threshold"] == promise.threshold(held, manifest["promise"])
    assert figures["recommendation"]["all"]["of"] == len(held) == 60
