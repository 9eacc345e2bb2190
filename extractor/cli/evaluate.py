"""`extractor evaluate`: scores on a gold corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from extractor.cli import common as c

if TYPE_CHECKING:
    from extractor.api import Extractor
    from extractor.evaluate import GoldNote, Record, Scores


def command(
    corpus: Annotated[
        Path | None,
        typer.Argument(metavar="[CORPUS]", help="Folder of gold notes (default: the corpus of the package)."),
    ] = None,
    results: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Score these results (.jsonl) instead of reading the notes now.")
    ] = None,
    by_style: Annotated[bool, typer.Option("--by-style", help="Figures of each style (clinic) as well.")] = False,
    errors: Annotated[int, typer.Option(metavar="N", min=0, help="List up to N errors of each figure.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON, without the errors.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write a page (.html) with plots and errors.")
    ] = None,
    policy: c.Policy = "cpt",
    profile: c.Profile = "default",
    no_models: c.NoModels = False,
    promise: c.Promise = None,
    models: c.Models = None,
) -> None:
    """Score the extractor on a gold corpus: every field, by style, with the errors listed."""
    import json

    from extractor import evaluate as e

    try:
        folder = corpus or e.default_corpus()
        notes = list(e.read_corpus(folder))
    except (OSError, ValueError, KeyError) as error:
        c.fail(f"the corpus cannot be read ({type(error).__name__})")
    if not notes:
        c.fail(f"no gold notes (.txt with .json beside it) in {folder}")
    if results is None:
        found, rejects = _read_notes(notes, c.load_extractor(policy, profile, no_models, promise, models))
    else:
        try:
            found, rejects = e.read_results(results), 0
        except (OSError, ValueError, KeyError, TypeError) as error:
            c.fail(f"the results cannot be read ({type(error).__name__}): {results}")
    if report is not None:
        _write_report(report, notes, found, errors, models)
    groups = {"all": notes, **(e.by_style(notes) if by_style else {})}
    scores = {name: e.score(group, found) for name, group in groups.items()}
    if as_json:
        typer.echo(json.dumps({name: each.table() for name, each in scores.items()}, indent=1))
    else:
        for name, each in scores.items():
            _print_table(name, each)
        _print_misses(scores["all"], errors)
    raise typer.Exit(1 if rejects else 0)


def _read_notes(notes: list[GoldNote], extractor: Extractor) -> tuple[dict[str, Record], int]:
    from extractor.batch import outcomes
    from extractor.note import Note
    from extractor.sources import Reject

    found: dict[str, Record] = {}
    rejects = 0
    for outcome in outcomes((Note(each.note_id, each.text) for each in notes), extractor.extract):
        if isinstance(outcome, Reject):
            rejects += 1
            c.say_reject(outcome)
        else:
            found[outcome.note_id] = outcome.to_dict()
    return found, rejects


def _write_report(
    out: Path, notes: list[GoldNote], found: dict[str, Record], errors: int, models: Path | None
) -> None:
    from pydantic import ValidationError

    from extractor.learning import judge, store
    from extractor.report import report
    from extractor.report.plots import PlotsMissing
    from extractor.sinks import atomic

    if not out.parent.is_dir():
        c.fail(f"no such folder: {out.parent}")
    try:
        held_out = judge.held_out(models or store.default_folder())
    except store.ModelError:
        held_out = []  # results without models have no confidence to hold out
    try:
        text = report(notes, found, held_out if _judged(found) else [], max(errors, 1))
    except PlotsMissing as error:
        c.fail(str(error))
    except ValidationError:
        c.fail("the results are not of this version: run the extractor again")
    try:
        with atomic(out) as file:
            file.write(text)
    except OSError as error:
        c.fail(f"the report could not be written ({type(error).__name__}: {error.strerror})", 3)
    c.say(f"report written: {out}")


def _judged(found: dict[str, Record]) -> bool:
    return any((each.get("recommendation") or {}).get("confidence") is not None for each in found.values())


def _print_table(name: str, scores: Scores) -> None:
    typer.echo(f"== {name}: {scores.notes} notes")
    lines: dict[str, str] = {
        metric: f"{rate.accuracy:.3f}  ({rate.right}/{rate.of})" for metric, rate in scores.rates.items()
    }
    for metric, o in scores.overlaps.items():
        lines[metric] = f"P {o.precision:.3f}  R {o.recall:.3f}  F1 {o.f1:.3f}  ({o.gold} in gold)"
    for metric in sorted(lines):
        typer.echo(f"  {metric:28s} {lines[metric]}")


def _print_misses(scores: Scores, limit: int) -> None:
    shown: dict[str, int] = {}
    for miss in sorted(scores.misses, key=lambda each: each.metric):
        shown[miss.metric] = shown.get(miss.metric, 0) + 1
        if shown[miss.metric] <= limit:
            typer.echo(f"  ! {miss.metric:26s} {miss.note_id}: want {_plain(miss.want)}, got {_plain(miss.got)}")


def _plain(value: Any) -> str:
    """Counts of devices and code lines as words: `wirex2`, `19283-LTx1`."""
    if not isinstance(value, dict):
        return str(value)
    names = ("-".join([key[0], *key[1]]) if isinstance(key, tuple) else key for key in value)
    return " ".join(f"{name}x{count}" for name, count in zip(names, value.values(), strict=True)) or "nothing"
