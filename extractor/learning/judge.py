"""Judging one note with trained models: how sure the recommendation is, what the models doubt, what they would propose.

Loads what training left and knows no gold record. Models only ever make a result more careful: a doubt about what
decides the code, or too little confidence, turns `ready` into `review`; what the rules did not find becomes a
candidate, never a code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from extractor.coding import Policy, Tables
from extractor.coding.lines import case_of, code_lines, coded_lesions
from extractor.coding.model import Candidate, Cause, Recommendation
from extractor.findings import Evidences, Findings, Lesion
from extractor.learning import confidence, fitting, store, tasks
from extractor.learning.features import Features, Seen, see
from extractor.learning.promise import DECIMALS, HeldOut, threshold

SURE = 0.95
"""From this probability on, what a model reads where the rules found nothing is worth a candidate."""
FLAG = "low-confidence"
RULE = "documentation.confidence"
CONFIDENCE = "confidence"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A model's answer to one question: its own reading, that reading's probability, and that of the rules' reading."""

    task: str
    lesion: int | None
    rule: str
    best: str
    sure: float
    support: float


Weights = tuple[list[str], fitting.Fitted]


class _Bank:
    """Several models over the same features as one matrix: a row a feature, a column a class."""

    def __init__(self, models: Mapping[str, Weights]) -> None:
        parts = dict(models)
        names = sorted(set().union(*(names for names, _ in parts.values()))) if parts else []
        self.index = {name: row for row, name in enumerate(names)}
        width = sum(len(model.classes) for _, model in parts.values())
        self.weights, self.offsets = np.zeros((len(names), width)), np.zeros(width)
        self.slices: dict[str, tuple[slice, list[str]]] = {}
        at = 0
        for task, (own, model) in parts.items():
            where = slice(at, at + len(model.classes))
            if own:
                self.weights[[self.index[name] for name in own], where] = model.weights.T
            self.offsets[where] = model.offsets
            self.slices[task] = where, model.classes
            at = where.stop

    def answers(self, features: Features) -> dict[str, dict[str, float]]:
        """Probabilities by task and class."""
        known = [(self.index[name], value) for name, value in features.items() if name in self.index]
        rows, values = [row for row, _ in known], np.array([value for _, value in known])
        scores = values @ self.weights[rows] + self.offsets if known else self.offsets
        found = {}
        for task, (where, classes) in self.slices.items():
            line = fitting.probabilities(scores[None, where])[0]
            found[task] = dict(zip(classes, line.tolist(), strict=True))
        return found


@dataclass(frozen=True, slots=True)
class Models:
    """Trained models, the threshold of the promise that was asked of them, and the digests of their files."""

    note: _Bank
    lesion: _Bank
    stack: tuple[list[str], fitting.Fitted]
    doubt_at: Mapping[str, float]
    promise: float
    threshold: float
    digests: Mapping[str, str]

    def judge(self, text: str, note: str, findings: Findings, made: Recommendation) -> tuple[float, list[Opinion]]:
        """The probability that the recommendation is right, and every model's opinion. `text` is the evened text,
        `note` the text as given."""
        seen = see(text, note, findings, made)
        opinions = self._opinions(findings, seen)
        support: dict[str, float] = {}
        for each in opinions:
            support[each.task] = min(support.get(each.task, 1.0), each.support)
        names, model = self.stack
        row = confidence.inputs(findings, made, seen, support)
        values = np.array([[row.get(name, 0.0) for name in names]])
        line = model.probabilities(values)[0]
        share = float(line[model.classes.index("True")]) if "True" in model.classes else 0.0
        return round(share, DECIMALS), opinions

    def _opinions(self, findings: Findings, seen: Seen) -> list[Opinion]:
        opinions = []
        for task, answer in self.note.answers(seen.note).items():
            rule = tasks.rule_value(task, findings)
            if rule is not None:
                opinions.append(_opinion(task, None, rule, answer))
        for index, features in enumerate(seen.lesions):
            for task, answer in self.lesion.answers(features).items():
                rule = tasks.lesion_value(task, findings.lesions[index])
                opinions.append(_opinion(task, index, rule, answer))
        return opinions

    def apply(
        self, text: str, note: str, findings: Findings, made: Recommendation, policy: Policy, tables: Tables
    ) -> Recommendation:
        """The recommendation made as careful as the models want it."""
        made.confidence, opinions = self.judge(text, note, findings, made)
        doubts = [each for each in opinions if self._doubts(each)]
        decisive = [_cause(each, findings) for each in doubts if each.task in tasks.DECISIVE]
        made.doubts = [_cause(each, findings) for each in doubts if each.task not in tasks.DECISIVE]
        if made.disposition != "ready":
            made.doubts = decisive + made.doubts
            if made.disposition == "query":
                made.candidates = made.candidates + self._proposals(opinions, findings, made, policy, tables)
            return made
        if made.confidence < self.threshold:
            decisive.append(
                Cause(
                    FLAG,
                    f"The models give this recommendation a probability of {made.confidence:.3f}; the promise of "
                    f"{self.promise:g} asks for {self.threshold:.3f}.",
                    [RULE],
                )
            )
        if not decisive:
            return made
        kept = Candidate("if the reading of the rules is confirmed", made.codes)
        return replace(made, disposition="review", codes=[], candidates=[kept], causes=decisive + made.causes)

    def _doubts(self, opinion: Opinion) -> bool:
        at = self.doubt_at.get(opinion.task)
        return at is not None and opinion.best != opinion.rule and opinion.sure >= at

    def _proposals(
        self, opinions: Sequence[Opinion], findings: Findings, made: Recommendation, policy: Policy, tables: Tables
    ) -> list[Candidate]:
        """The codes if what the rules did not find were what the models are sure of."""
        sure = [
            each
            for each in opinions
            if each.lesion is not None and each.rule == "None" and each.best != "None" and each.sure >= SURE
        ]
        if not sure:
            return []
        lesions: list[Lesion] = list(findings.lesions)
        for each in sure:
            assert each.lesion is not None
            values: dict[str, Any] = {each.task: each.best}
            lesions[each.lesion] = replace(lesions[each.lesion], **values)
        supposed = replace(findings, lesions=lesions)
        cases = [case_of(lesion) for lesion in coded_lesions(supposed)]
        if not cases or any(case.guidance is None or case.side is None for case in cases):
            return []
        lines = code_lines(cases, policy, tables)
        if not lines or any(candidate.codes == lines for candidate in made.candidates):
            return []
        said = ", ".join(f"{_where(each)} is {_plain(each.best)} (probability {each.sure:.2f})" for each in sure)
        return [Candidate(f"if {said}, which the models read and the rules did not find", lines)]


def _opinion(task: str, lesion: int | None, rule: str, answer: Mapping[str, float]) -> Opinion:
    best = max(answer, key=lambda name: (answer[name], name))
    return Opinion(task, lesion, rule, best, answer[best], answer.get(rule, confidence.FLOOR))


def _cause(opinion: Opinion, findings: Findings) -> Cause:
    """Doubt in words, with the words that the rules' reading rests on."""
    numbers: tuple[int, ...] = ()
    evidence: Evidences = ()
    if opinion.lesion is not None:
        lesion = findings.lesions[opinion.lesion]
        numbers, evidence = (lesion.number,), lesion.evidence.get(opinion.task, ())
    elif opinion.task.startswith("element."):
        element = opinion.task.removeprefix("element.")
        evidence = next((found.evidence for name, found in findings.elements.items() if name == element), ())
    readings = f"the rules read {_plain(opinion.rule)}, the models {_plain(opinion.best)}"
    if opinion.task == "count":
        readings = "the rules' number is one that the models take for wrong"
    return Cause(
        FLAG,
        f"Two readings of {_where(opinion)}: {readings} (probability {opinion.sure:.2f}).",
        [RULE],
        numbers,
        evidence,
    )


def _where(opinion: Opinion) -> str:
    name = tasks.name_of(opinion.task)
    return name if opinion.lesion is None else f"{name} of lesion {opinion.lesion + 1}"


def _plain(value: str) -> str:
    return {"None": "nothing", "True": "yes", "False": "no"}.get(value, value.replace("_", " "))


def load(folder: Path | None = None, promise: float | None = None) -> Models:
    """The trained models of `folder` (default: those of the package) under a promise (default: the one they were stored
    with).

    Raises ModelError where a file is missing or altered, ValueError for a promise that the training notes cannot prove.
    """
    files, manifest = store.verified(folder or store.default_folder())
    try:
        models = {name: fitting.of_weights(*store.weights(data, f"{name}.skops")) for name, data in files.items()}
        notes = _held_out(manifest)
        doubt_at = {str(task): float(at) for task, at in manifest["doubt_at"].items()}
        stack = models.pop(CONFIDENCE)
        lesion = {task: model for task, model in models.items() if task in tasks.LESION_TASKS}
        note = {task: model for task, model in models.items() if task in tasks.NOTE_TASKS}
        banks = _Bank(note), _Bank(lesion)
    except store.ModelError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise store.ModelError(
            f"the models are not of this version ({type(error).__name__}): train anew with `extractor train`"
        ) from None
    kept = float(manifest["promise"] if promise is None else promise)
    return Models(*banks, stack, doubt_at, kept, threshold(notes, kept), manifest["files"])


def held_out(folder: Path) -> list[HeldOut]:
    """The training notes of the models in `folder` as models judged them that never saw their style."""
    _, manifest = store.verified(folder)
    return _held_out(manifest)


def _held_out(manifest: Mapping[str, Any]) -> list[HeldOut]:
    return [HeldOut(**each) for each in manifest["held_out"]]
