"""`extractor annotations`: gold notes checked, converted to and from annotation tools, compared and counted."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from extractor.cli import common as c

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extractor.annotations import Document

app = typer.Typer(
    help="Checks, converts, compares and counts annotated notes.", no_args_is_help=True, rich_markup_mode=None
)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of notes (.txt) with gold records (.json).")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command()
def check(folder: Folder) -> None:
    """Validate every record and name every fault; exit status 1 when there are any."""
    from extractor.annotations.check import check_folder

    _folder(folder)
    notes, faults = check_folder(folder)
    for fault in faults:
        c.say(str(fault))
    if not notes:
        c.fail(f"no notes (.txt) in {folder}")
    if faults:
        c.say(f"{len(faults)} faults in {notes} notes")
        raise typer.Exit(1)
    typer.echo(f"{notes} notes: no faults.")


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="Annotated notes: a file, or a folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Where they go: a file, or a folder for corpus and brat.")],
    to: Annotated[
        str, typer.Option(metavar="FORMAT", help="corpus, standoff, label-studio, prodigy, doccano, brat, docbin, omop")
    ],
    from_: Annotated[str, typer.Option("--from", metavar="FORMAT", help="Any of these but omop.")] = "corpus",
    results: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Export these results (.jsonl) as pre-annotations of the notes of SOURCE."),
    ] = None,
    read_offsets: Annotated[
        str | None, typer.Option(metavar="UNIT", help="code-points, utf-16 or utf-8 (default: as the tool counts).")
    ] = None,
    write_offsets: Annotated[str | None, typer.Option(metavar="UNIT", help="The same for OUT.")] = None,
    nlp_date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date of processing for omop (default: today).")
    ] = None,
) -> None:
    """Convert annotations from one tool's format to another's; spans stay where they are."""
    from extractor.annotations import formats
    from extractor.annotations.offsets import UNITS
    from extractor.annotations.standoff import AnnotationError

    for unit in (read_offsets, write_offsets):
        if unit is not None and unit not in UNITS:
            c.fail(f"unknown unit of offsets: {unit} (known: {', '.join(UNITS)})")
    if not source.exists():
        c.fail(f"no such file or folder: {source}")
    if out.exists() and out.samefile(source):
        c.fail("OUT is SOURCE: nothing is converted in place")
    try:
        documents: Iterable[Document] = formats.read(source, from_, read_offsets)  # type: ignore[arg-type]
        if results is not None:
            documents = _proposals(documents, results)
        day = nlp_date.date() if nlp_date else None
        # All are read before anything is written: a fault in the last note leaves no half of a file.
        count = formats.write(list(documents), out, to, write_offsets, day)  # type: ignore[arg-type]
    except (AnnotationError, ValueError) as error:
        c.fail(str(error) if isinstance(error, AnnotationError) or "format" in str(error) else type(error).__name__)
    except OSError as error:
        c.fail(f"could not be read or written ({type(error).__name__}: {error.strerror})", 3)
    c.say(f"{count} notes -> {out}")


@app.command()
def agree(
    first: Annotated[Path, typer.Argument(metavar="FIRST", help="Folder with the first annotator's records.")],
    second: Annotated[Path, typer.Argument(metavar="SECOND", help="Folder with the second's, by the same note ids.")],
    as_json: Json = False,
) -> None:
    """Compare two annotators: kappa by field, F1 by list, every disagreement. Exit status 1 when they share no note."""
    import json

    from extractor.annotations.agree import agreement, read_records

    _folder(first)
    _folder(second)
    try:
        made = agreement(read_records(first), read_records(second))
    except (ValueError, KeyError, TypeError) as error:
        c.fail(f"a record cannot be compared ({type(error).__name__}): run `extractor annotations check` first")
    if as_json:
        typer.echo(json.dumps(made.table(), indent=1))
    else:
        _print_agreement(made.table())
    raise typer.Exit(0 if made.notes else 1)


@app.command()
def stats(folder: Folder, by_style: Annotated[bool, typer.Option("--by-style")] = False, as_json: Json = False) -> None:
    """Count what a corpus holds."""
    import json

    from extractor.annotations.standoff import AnnotationError, read_corpus
    from extractor.annotations.stats import by_style as grouped
    from extractor.annotations.stats import statistics

    _folder(folder)
    try:
        documents = list(read_corpus(folder))
        groups = {"all": documents, **(grouped(documents) if by_style else {})}
        tables = {name: statistics(each) for name, each in groups.items()}
    except (AnnotationError, ValueError, KeyError, TypeError) as error:
        c.fail(f"the corpus cannot be counted ({type(error).__name__}): run `extractor annotations check` first")
    if as_json:
        typer.echo(json.dumps(tables, indent=1))
        return
    for name, table in tables.items():
        typer.echo(f"== {name}")
        for key, value in table.items():
            shown = "  ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
            typer.echo(f"  {key:26s} {shown}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a gold record."""
    from extractor.annotations import json_schema

    typer.echo(json_schema(), nl=False)


def _folder(path: Path) -> None:
    if not path.is_dir():
        c.fail(f"no such folder: {path}")


def _proposals(documents: Iterable[Document], path: Path) -> Iterator[Document]:
    """The results of a file on the notes that they were made from; notes without a result stay as they are."""
    from pydantic import ValidationError

    from extractor.annotations.standoff import AnnotationError, of_result
    from extractor.result import Result

    made: dict[str, Result] = {}
    with open(path, encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            try:
                result = Result.model_validate_json(line)
            except ValidationError:
                raise AnnotationError(f"{path.name}: line {number} is no result of this version") from None
            made[result.note_id] = result
    for document in documents:
        result_of = made.pop(document.note_id, None)
        yield of_result(document.text, result_of) if result_of else document
    if made:
        raise AnnotationError(f"{path.name}: {len(made)} results belong to no note of SOURCE ({next(iter(made))}, ...)")


def _print_agreement(table: dict[str, Any]) -> None:
    typer.echo(f"{table['notes']} notes annotated by both")
    for side in ("only_first", "only_second"):
        if table[side]:
            typer.echo(f"  {side.replace('_', ' ')}: {', '.join(table[side])}")
    for name, each in table["fields"].items():
        value = "      –" if each["kappa"] is None else f"{each['kappa']:7.3f}"
        typer.echo(f"  {name:40s} kappa {value}  ({each['agree']}/{each['of']})")
    for name, each in table["lists"].items():
        both, first, second = each["both"], each["first_only"], each["second_only"]
        typer.echo(f"  {name:40s} F1    {each['f1']:7.3f}  ({both} both, {first} and {second} alone)")
    for each in table["disagreements"]:
        typer.echo(f"  ! {each['note_id']}: {each['field']}: {each['first']} | {each['second']}")
