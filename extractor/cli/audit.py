"""`extractor audit`: every result compared with the draft claim lines of its note."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli import common as c
from extractor.cli import run

if TYPE_CHECKING:
    from extractor.audit import ClaimLine
    from extractor.batch import Tally
    from extractor.note import Note
    from extractor.sources import Inputs, Reject

Claims = Annotated[
    Path, typer.Option(metavar="CLAIMS", help="Draft claim lines, .csv or .jsonl: note_id, code, units, modifiers.")
]


def command(
    paths: c.Paths,
    claims: Claims,
    output: c.Out = None,
    policy: c.Policy = "cpt",
    profile: c.Profile = "default",
    no_models: c.NoModels = False,
    promise: c.Promise = None,
    models: c.Models = None,
    format: c.Format = None,
    id_column: c.IdColumn = "note_id",
    text_column: c.TextColumn = "text",
    encoding: c.Encoding = None,
    max_bytes: c.MaxBytes = c.MAX_BYTES,
    workers: c.Workers = None,
    timeout: c.Timeout = 120.0,
    memory: c.Memory = 4096,
    resume: run.Resume = False,
    worklist: run.Worklist = None,
    link: run.Link = "notes/{note_id}",
    quiet: c.Quiet = False,
) -> None:
    """Read notes and compare each result with the draft claim lines for that note, over- and under-coding alike.

    A note without claim lines is compared with an empty claim; claim lines without a note are named as not read.
    """
    from extractor.workers import Setup

    inputs = c.open_inputs(paths, output, format, id_column, text_column, encoding, max_bytes)
    by_note = _read_claims(claims)
    options = c.load_options(policy, profile, no_models, promise, models)
    limits = timeout or None, memory * 2**20 or None
    setup = Setup(options, run.processes(workers), *limits, load="extractor.api:load_auditor")
    items = _with_claims(inputs, by_note, claims.name)
    decisive = {**options, "claims": str(claims)}
    tally = run.batch(inputs, items, setup, decisive, output, resume, worklist, link, quiet)
    if not quiet:
        _print_summary(tally)
    raise typer.Exit(1 if tally.rejects else 0)


def _read_claims(path: Path) -> dict[str, list[ClaimLine]]:
    from extractor.audit.claims import ClaimError, read_claims

    try:
        return read_claims(path)
    except ClaimError as error:
        for each in error.errors:
            c.say(each)
        c.fail(f"the claims have {len(error.errors)} faults; nothing was read")
    except (OSError, UnicodeError) as error:
        c.fail(f"the claims cannot be read ({type(error).__name__}): {path}")


def _with_claims(inputs: Inputs, by_note: dict[str, list[ClaimLine]], name: str) -> Iterator[Note | Reject]:
    """The items of `inputs`, each note with its claim, then a reject for every claim whose note was not among them."""
    from dataclasses import replace

    from extractor.sources import Reject

    left = dict.fromkeys(by_note)
    for item in inputs:
        if isinstance(item, Reject):
            left.pop(item.id, None)
            yield item
        else:
            left.pop(item.note_id, None)
            yield replace(item, metadata={**item.metadata, "claim": tuple(by_note.get(item.note_id, ()))})
    for note_id in left:
        yield Reject(note_id, f"{len(by_note[note_id])} claim lines, but no such note", name)


def _print_summary(tally: Tally) -> None:
    from extractor.audit import summary_of

    found: dict[tuple[str, str], int] = {}
    for key, count in tally.audited.items():
        kind, _, direction = key.partition(" ")
        found[kind, direction] = count
    summary = summary_of(tally.verdicts, found)
    share = "" if summary.agreement is None else f" (agreement {summary.agreement:.1%} of those judged)"
    c.say(f"audit: {summary.agree} agree, {summary.disagree} disagree, {summary.cannot_judge} cannot be judged{share}")
    for kind, directions in summary.findings.items():
        c.say(f"  {kind}: " + ", ".join(f"{count} {direction}" for direction, count in sorted(directions.items())))
    c.say("  all: " + ", ".join(f"{count} {direction}" for direction, count in summary.directions.items()))
