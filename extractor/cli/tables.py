"""`extractor tables`: validates the code tables, and shows what a new edition changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli import common as c

if TYPE_CHECKING:
    from extractor.findings import Findings

app = typer.Typer(help="Validates and compares the code tables.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Folder of tables (default: those of the package).")
    ] = None,
) -> None:
    """Validate every row and every worked example; exit status 1 when there are faults."""
    from extractor.coding.tables.compare import check as faults

    found = faults(folder)
    for fault in found:
        c.say(fault)
    if found:
        raise typer.Exit(1)
    typer.echo("The tables are valid.")


@app.command()
def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="An edition, a date of service, or a folder of tables.")],
    b: Annotated[str, typer.Argument(metavar="B", help="What to compare it with.")],
    corpus: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Gold notes to code both ways (default: the package's).")
    ] = None,
    rows_only: Annotated[bool, typer.Option("--rows-only", help="Read no notes.")] = False,
    policy: c.Policy = "cpt",
) -> None:
    """List the rows that change from A to B, and the notes that would be coded differently."""
    from extractor.coding import TableError, load_policy
    from extractor.coding.tables.compare import diff as compare

    try:
        typer.echo(str(compare(a, b, [] if rows_only else _findings(corpus), load_policy(policy))))
    except (TableError, OSError, ValueError) as error:
        c.fail(str(error))


def _findings(corpus: Path | None) -> list[Findings]:
    from extractor.evaluate import default_corpus, read_corpus
    from extractor.note import Note
    from extractor.pipeline import read

    notes = list(read_corpus(corpus or default_corpus()))
    if not notes:
        c.fail(f"no gold notes (.txt with .json beside it) in {corpus}")
    return [read(Note(each.note_id, each.text)) for each in notes]
