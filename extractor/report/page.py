"""The page of the report, drawn from escaped text: no script, no outside asset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from extractor import __version__
from extractor import evaluate as e
from extractor.learning.promise import HeldOut, calibration_error
from extractor.report import numbers, plots
from extractor.result import Quote
from extractor.show import view

SHOWN = 40
"""How many notes with errors, and how many doubtful ones, the page shows unless told otherwise."""


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("extractor.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html.jinja")


def report(
    notes: Sequence[e.GoldNote],
    found: Mapping[str, e.Record],
    held_out: Iterable[HeldOut] = (),
    shown: int = SHOWN,
) -> str:
    """The page for results on a gold corpus. `held_out` are the confidences of training notes by models that never saw
    their style; without them a training note is judged by models that know it, which flatters, and the page says so.

    Raises PlotsMissing without matplotlib.
    """
    styles = e.by_style(notes)
    groups: dict[str, Sequence[e.GoldNote]] = {"all": notes}
    if len(styles) > 1:
        groups |= styles
    judged = numbers.judged(notes, found, held_out)
    pairs = numbers.pairs(judged)
    return _template().render(
        version=__version__,
        groups={name: len(each) for name, each in groups.items()},
        fields=numbers.fields(groups, found),
        guidance=_drawn(plots.confusion(numbers.guidance(notes, found), "Guidance by lesion", "guidance")),
        disposition=_drawn(plots.confusion(numbers.disposition(notes, found), "Disposition", "disposition")),
        risk=_drawn(plots.risk_coverage(pairs)) if pairs else None,
        reliability=_drawn(plots.reliability(pairs)) if pairs else None,
        ece=calibration_error(pairs),
        confident=len(pairs),
        held_out=sum(each.held_out for each in judged),
        erring=[_entry(each) for each in numbers.erring(judged, shown)],
        wrong=sum(bool(each.misses) for each in judged),
        doubtful=[_entry(each) for each in numbers.doubtful(judged, shown)],
        kinds=view.KINDS,
        kind_names=view.KIND_NAMES,
    )


def _drawn(svg: str) -> Markup:
    # Drawn from numbers and closed values alone: nothing of a note is in it.
    return Markup(svg)


def _entry(each: numbers.Judged) -> dict[str, Any]:
    """One note for the page: what is wrong, what raised doubt, and its text with the evidence marked."""
    made = each.result.recommendation
    gold = each.note.gold["recommendation"]
    marks = list(view.marks(each.result))
    return {
        "id": each.note.note_id,
        "confidence": each.confidence,
        "right": each.right,
        "gold": _codes(gold["disposition"], gold["codes"]),
        "got": _codes(made.disposition, [line.model_dump() for line in made.codes]),
        "misses": [(miss.metric, _plain(miss.want), _plain(miss.got)) for miss in each.misses],
        "doubts": [flag.message for flag in each.result.flags if flag.id == "low-confidence"],
        "rationale": each.note.gold.get("rationale", ""),
        "pieces": view.pieces(each.note.text, [*marks, *_gold_marks(each.note)]),
    }


def _gold_marks(note: e.GoldNote) -> list[tuple[str, Quote]]:
    """The first place of every quote of the gold record."""
    kinds = {"laterality": "side", "complications": "complication"}
    found = []
    for label, words in (note.gold.get("evidence") or {}).items():
        at = note.text.find(words)
        if at >= 0 and words:
            kind = kinds.get(label, label if label in view.KINDS else "documentation")
            found.append((kind, Quote(start=at, end=at + len(words), text=words)))
    return found


def _codes(disposition: str, codes: Iterable[Mapping[str, Any]]) -> str:
    lines = ["-".join([c["code"], *c["modifiers"]]) + (f" ×{c['units']}" if c["units"] != 1 else "") for c in codes]
    return f"{disposition.replace('_', ' ')} {' '.join(lines)}".strip()


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{'-'.join(_flat(key))} ×{count}" for key, count in value.items()) or "nothing"
    return "not stated" if value is None else str(value)


def _flat(key: Any) -> list[str]:
    return [key[0], *key[1]] if isinstance(key, tuple) else [str(key)]
