"""`extractor audit`: every result compared with the draft claim lines of its note."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli import common as c

if TYPE_CHECKING:
    from extractor.audit import Audit, AuditSummary, ClaimLine
    from extractor.note import Note
    from extractor.result import Result
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
    quiet: c.Quiet = False,
) -> None:
    """Read notes and compare each result with the draft claim lines for that note, over- and under-coding alike.

    A note without claim lines is compared with an empty claim; claim lines without a note are named as not read.
    """
    from extractor.audit import audit, summarize

    inputs = c.open_inputs(paths, output, format, id_column, text_column, encoding, max_bytes)
    c.check_output(inputs, output)
    by_note = _read_claims(claims)
    extractor = c.load_extractor(policy, profile, no_models, promise, models)
    audits: list[Audit] = []

    def process(note: Note) -> Result:
        note, findings, recommendation, tables = extractor.judge(note)
        compared = audit(findings, recommendation, by_note.get(note.note_id, []), tables, extractor.policy)
        result = extractor.result(note, findings, recommendation).with_audit(compared)
        audits.append(compared)
        return result

    tally = c.run_batch(inputs, process, output, quiet, _then_unclaimed(inputs, by_note, claims.name))
    if not quiet:
        _print_summary(summarize(audits))
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


def _then_unclaimed(inputs: Inputs, by_note: dict[str, list[ClaimLine]], name: str) -> Iterator[Note | Reject]:
    """The items of `inputs`, then a reject for every claim whose note was not among them."""
    from extractor.sources import Reject

    left = dict.fromkeys(by_note)
    for item in inputs:
        left.pop(item.id if isinstance(item, Reject) else item.note_id, None)
        yield item
    for note_id in left:
        yield Reject(note_id, f"{len(by_note[note_id])} claim lines, but no such note", name)


def _print_summary(summary: AuditSummary) -> None:
    share = "" if summary.agreement is None else f" (agreement {summary.agreement:.1%} of those judged)"
    c.say(f"audit: {summary.agree} agree, {summary.disagree} disagree, {summary.cannot_judge} cannot be judged{share}")
    for kind, directions in summary.findings.items():
        c.say(f"  {kind}: " + ", ".join(f"{count} {direction}" for direction, count in sorted(directions.items())))
    c.say("  all: " + ", ".join(f"{count} {direction}" for direction, count in summary.directions.items()))
