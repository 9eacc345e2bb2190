"""Reading a gold corpus for training: what the rules make of each note, and whether it is right.

The rules' results are those of the rules alone; nothing here knows a model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from extractor import evaluate as e
from extractor.coding.model import Recommendation
from extractor.findings import Findings
from extractor.learning import tasks
from extractor.learning.features import Seen, see
from extractor.note import Note


@dataclass(slots=True)
class Case:
    """One gold note as the rules read it. `gold` and `rules` hold the classes of note tasks; `lesion_gold` those of
    lesion tasks by (task, index of the rules' lesion)."""

    note_id: str
    style: str
    sha256: str
    findings: Findings
    made: Recommendation
    seen: Seen
    right: bool
    gold_ready: bool
    rules: dict[str, str] = field(default_factory=dict)
    gold: dict[str, str] = field(default_factory=dict)
    lesion_gold: dict[tuple[str, int], str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        return self.made.disposition == "ready"


def cases(notes: Iterable[e.GoldNote]) -> list[Case]:
    """Every note of the corpus as the rules read it, in the order of the corpus."""
    from extractor.api import load
    from extractor.normalize import normalize

    rules = load(models=False)
    made = []
    for each in notes:
        note = Note(each.note_id, each.text)
        _, findings, recommendation, _ = rules.judge(note)
        result = rules.result(note, findings, recommendation).to_dict()
        seen = see(normalize(each.text).text, each.text, findings, recommendation)
        right = _right(each, result)
        case = Case(
            each.note_id, each.style, hashlib.sha256(each.text.encode("utf-8")).hexdigest(), findings, recommendation,
            seen, right, each.gold["recommendation"]["disposition"] == "ready",
        )  # fmt: skip
        _label(case, each)
        made.append(case)
    return made


def _right(note: e.GoldNote, result: e.Record) -> bool:
    """Whether disposition and codes are those of the gold record."""
    rates = e.score([note], {note.note_id: result}).rates
    return all(rates[name].right == rates[name].of for name in ("disposition", "codes.exact") if name in rates)


def _label(case: Case, note: e.GoldNote) -> None:
    for task in tasks.NOTE_TASKS:
        rule, gold = (
            tasks.rule_value(task, case.findings),
            tasks.gold_value(task, case.findings, note.gold),
        )
        if rule is not None and gold is not None:
            case.rules[task], case.gold[task] = rule, gold
    for want, got in e.paired(list(note.gold["lesions"]), list(tasks.as_record(case.findings))):
        if want and got:
            for task in tasks.LESION_TASKS:
                case.lesion_gold[task, got["number"] - 1] = str(want[task])


def digest(made: Sequence[Case], notes: Sequence[e.GoldNote]) -> str:
    """Digest of the training data: ids, texts and gold records."""
    import json

    total = hashlib.sha256()
    for case, note in zip(made, notes, strict=True):
        total.update(f"{case.note_id}\0{case.sha256}\0{json.dumps(note.gold, sort_keys=True)}\0".encode())
    return "sha256:" + total.hexdigest()


def read(folder: Path) -> list[e.GoldNote]:
    """The gold notes of a corpus. Raises ValueError for one that is too small to train on."""
    notes = list(e.read_corpus(folder))
    styles = {note.style for note in notes}
    if len(styles) < 4 or len(notes) < 60:
        raise ValueError(
            f"{len(notes)} gold notes in {len(styles)} styles: training needs at least 60 notes in four styles, "
            "because models are judged on styles that they never saw"
        )
    return notes
