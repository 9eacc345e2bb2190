"""What the commands share: options, messages on standard error, the batch with its progress, output and rejects."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from extractor.api import Extractor
    from extractor.batch import Tally
    from extractor.sources import Inputs, Reject

Paths = Annotated[
    list[str], typer.Argument(metavar="PATH...", help="Files, folders (read recursively), or - for standard input.")
]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="OUT", help="Where results go: .jsonl, .csv, .parquet or .sqlite."),
]
Policy = Annotated[str, typer.Option(metavar="NAME", help="Coding policy: cpt, medicare, source-card, or a file.")]
Profile = Annotated[str, typer.Option(metavar="NAME", help="Documentation profile: default, or a file.")]
NoModels = Annotated[bool, typer.Option("--no-models", help="The rules alone: no model judges, no confidence.")]
Models = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Models of your own, from `extractor train`.")
]
Promise = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Of all notes, at least this share is not to end ready with wrong codes."),
]
Workers = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, help="Worker processes (default: the cores; 0: none, and no guard)."),
]
Timeout = Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Give a note up after this (0: never).")]
Memory = Annotated[int, typer.Option(metavar="MB", min=0, help="Memory a worker may take (0: no limit; Linux only).")]
Format = Annotated[
    str | None, typer.Option(metavar="FORMAT", help="Format of the input (txt, jsonl, csv, ...), whatever its ending.")
]
IdColumn = Annotated[str, typer.Option(metavar="NAME", help="Column or key of the note's id.")]
TextColumn = Annotated[str, typer.Option(metavar="NAME", help="Column or key of the note's text.")]
Encoding = Annotated[
    str | None, typer.Option(metavar="NAME", help="Encoding of the input (default: UTF-8, or UTF-16 by its mark).")
]
MaxBytes = Annotated[int, typer.Option(metavar="N", min=1, help="Reject notes larger than this.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar and no summary.")]

MAX_BYTES = 10_000_000

T = TypeVar("T")


def say(message: str) -> None:
    """One line on standard error; control characters in it are shown, not sent to the terminal."""
    # Standard error writes what its encoding lacks as escapes; only control characters are left to take care of.
    print("".join(c if c.isprintable() else repr(c)[1:-1] for c in message), file=sys.stderr)


def fail(message: str, status: int = 2) -> NoReturn:
    """Say what is wrong and leave with `status`."""
    say(f"extractor: {message}")
    raise typer.Exit(status)


def load_options(
    policy: str, profile: str, no_models: bool = False, promise: float | None = None, models: Path | None = None
) -> dict[str, Any]:
    """The arguments of `extractor.load` by those of a command, or a usage error where they exclude each other."""
    if no_models and models is not None:
        fail("--no-models and --models cannot be used together")
    chosen = not no_models and (str(models) if models else True)
    return {"policy": policy, "profile": profile, "models": chosen, "promise": promise}


def load_extractor(
    policy: str, profile: str, no_models: bool = False, promise: float | None = None, models: Path | None = None
) -> Extractor:
    """The extractor, or a usage error where policy, profile, models or promise cannot be used."""
    from extractor.api import load

    try:
        return load(**load_options(policy, profile, no_models, promise, models))
    except (OSError, ValueError) as error:
        fail(str(error))


def open_inputs(
    paths: list[str],
    out: Path | None = None,
    format: str | None = None,
    id_column: str = "note_id",
    text_column: str = "text",
    encoding: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> Inputs:
    """The inputs, checked; a usage error where they cannot be a batch."""
    import codecs

    from extractor.checkpoint import part, record_path, rejects_part
    from extractor.sinks import rejects_path
    from extractor.sources import FORMATS, InputError, Inputs, Options

    if format is not None and format not in FORMATS:
        fail(f"unknown format: {format} (known: {', '.join(FORMATS)})")
    if encoding is not None:
        try:
            codecs.lookup(encoding)
        except LookupError:
            fail(f"unknown encoding: {encoding}")
    inputs = Inputs(
        paths,
        Options(id_column, text_column, max_bytes, encoding),
        format,
        exclude=[out, rejects_path(out), part(out), rejects_part(out), record_path(out)] if out else [],
    )
    try:
        inputs.check()
    except InputError as error:
        fail(str(error))
    return inputs


def say_summary(
    inputs: Inputs, tally: Tally, out: Path | None, quiet: bool, seconds: float | None = None, read: int = 0
) -> None:
    """What a batch came to, unless it goes to a pipe; `read`: how many notes of it were read in `seconds`."""
    if quiet or not (out or sys.stderr.isatty()):
        return
    passed = f" ({inputs.skipped} files of other endings passed over)" if inputs.skipped else ""
    say(f"{tally}{passed}{f' -> {out}' if out else ''}")
    for line in tally.details():
        say(line)
    if seconds is not None and read:
        say(f"  rate: {read / max(seconds, 0.001):.0f} notes a second, {seconds:.1f} s")


def check_output(inputs: Inputs, out: Path | None) -> None:
    """A usage error where `out` cannot be an output of a batch over `inputs`."""
    from extractor import sinks

    if out is None:
        return
    try:
        sinks.format_of(out)
    except ValueError as error:
        fail(str(error))
    if not out.parent.is_dir():
        fail(f"no such folder: {out.parent}")
    if out.is_dir():
        fail(f"is a folder: {out}")
    if any(path != "-" and out.exists() and out.samefile(path) for path in inputs.paths):
        fail(f"the output is also an input: {out}")


def say_reject(reject: Reject) -> None:
    """Name one reject on standard error."""
    where = f" (line {reject.line})" if reject.line and not reject.id.endswith(f":{reject.line}") else ""
    say(f"{'read once' if reject.duplicate else 'not read'}: {reject.id}{where}: {reject.reason}")


@contextmanager
def bar(inputs: Inputs, quiet: bool, done: int = 0) -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal, with the rate and the time left; nothing in a pipe. Call it once a note."""
    if quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    import time

    from rich.console import Console
    from rich.progress import BarColumn, Progress, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    # Where the names alone do not tell how many notes there are, the bar is of bytes.
    total, began, count = inputs.total(), time.monotonic(), done

    class Notes(TextColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{count:,}" if total is None else f"{count:,}/{total:,}")

    class Rate(TextColumn):
        def render(self, task: Task) -> Text:
            seconds = time.monotonic() - began
            return Text(f"{(count - done) / seconds:.0f}/s" if count > done and seconds > 1 else "")

    columns = (TextColumn("reading notes"), BarColumn(), Notes(""), Rate(""), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        at = inputs.taken() if total is None else done
        task = shown.add_task("", total=(inputs.size() or None) if total is None else total, completed=at)

        def advance() -> None:
            nonlocal count
            count += 1
            shown.update(task, completed=inputs.taken() if total is None else count)

        yield advance
