"""`extractor run`: one result per note, by worker processes, to be resumed after any end; `audit` runs by the same."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from extractor.cli import common as c

if TYPE_CHECKING:
    from extractor.batch import Tally
    from extractor.checkpoint import Journal
    from extractor.note import Note
    from extractor.sources import Inputs, Reject
    from extractor.workers import Done, Setup

Resume = Annotated[bool, typer.Option("--resume", help="Go on where an unfinished run to the same OUT ended.")]
Worklist = Annotated[Path | None, typer.Option(metavar="FILE", help="Also write a coder's worklist (.csv).")]
Link = Annotated[
    str, typer.Option(metavar="URL", help="Address of a note in the worklist, with {note_id} where its id belongs.")
]

Outcomes = Callable[["Iterable[Note | Reject]"], "Iterator[Done | Reject]"]


def command(
    paths: c.Paths,
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
    resume: Resume = False,
    worklist: Worklist = None,
    link: Link = "notes/{note_id}",
    quiet: c.Quiet = False,
) -> None:
    """Read notes and write one result per note.

    Formats by ending: .txt (one note, its id is the file's name without the ending), .jsonl, .csv and .parquet
    (note_id, text), .hl7 (ORU, MDM), .json and .ndjson (FHIR R4); also packed as .gz, .bz2, .xz or .zip.
    Notes that cannot be read are named on standard error and in OUT.rejects.jsonl; the rest is written.
    """
    from extractor.workers import Setup

    inputs = c.open_inputs(paths, output, format, id_column, text_column, encoding, max_bytes)
    options = c.load_options(policy, profile, no_models, promise, models)
    setup = Setup(options, processes(workers), timeout or None, memory * 2**20 or None)
    tally = batch(inputs, inputs, setup, options, output, resume, worklist, link, quiet)
    raise typer.Exit(1 if tally.rejects else 0)


def processes(workers: int | None) -> int:
    """How many worker processes are meant."""
    return os.cpu_count() or 1 if workers is None else workers


def batch(
    inputs: Inputs,
    items: Iterable[Note | Reject],
    setup: Setup,
    decisive: dict[str, Any],
    output: Path | None,
    resume: bool,
    worklist: Path | None = None,
    link: str = "",
    quiet: bool = False,
) -> Tally:
    """All `items` (those of `inputs`, or more) read and written. `decisive`: the options on which results depend, which
    must be the same where a batch is resumed; a path among them stands for its content."""
    c.check_output(inputs, output)
    if output is None and (resume or worklist):
        c.fail("--resume and --worklist need an output (-o OUT)")
    if worklist is not None and not worklist.parent.is_dir():
        c.fail(f"no such folder: {worklist.parent}")
    if worklist is not None and output is not None and worklist.absolute() == output.absolute():
        c.fail(f"the worklist is also the output: {output}")
    with _terminated_as_interrupted(), _engine(setup) as outcomes:
        if output is None:
            return _to_stdout(inputs, items, outcomes, quiet)
        return _to_file(inputs, items, outcomes, output, decisive, resume, worklist, link, quiet)


@contextmanager
def _engine(setup: Setup) -> Iterator[Outcomes]:
    """What makes outcomes of notes: workers, or none. A usage error where policy, profile or models cannot be used."""
    from extractor.workers import Pool, WorkerError, in_this_process, loaded

    if setup.workers == 0:
        try:
            extract = loaded(setup)
        except (OSError, ValueError) as error:
            c.fail(str(error))
        yield lambda items: in_this_process(items, extract)
        return
    try:
        with Pool(setup) as pool:
            pool.start()
            yield pool.outcomes
    except WorkerError as error:
        c.fail(str(error))


def _to_stdout(inputs: Inputs, items: Iterable[Note | Reject], outcomes: Outcomes, quiet: bool) -> Tally:
    import sys

    from extractor.batch import Tally
    from extractor.sources import Reject

    tally, began = Tally(), time.monotonic()
    stream = sys.stdout
    stream.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    try:
        with c.bar(inputs, quiet) as advance:
            for outcome in outcomes(items):
                tally.add(outcome)
                if isinstance(outcome, Reject):
                    c.say_reject(outcome)
                else:
                    stream.write(outcome.line)
                advance()
            stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        c.fail(f"the output could not be written ({type(error).__name__}: {error.strerror})", 3)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    c.say_summary(inputs, tally, None, quiet, time.monotonic() - began, tally.results)
    return tally


def _to_file(
    inputs: Inputs,
    items: Iterable[Note | Reject],
    outcomes: Outcomes,
    out: Path,
    options: dict[str, Any],
    resume: bool,
    worklist: Path | None,
    link: str,
    quiet: bool,
) -> Tally:
    from extractor import checkpoint

    began = time.monotonic()
    try:
        journal = checkpoint.begin(out, checkpoint.versions(options), resume)
        done, left = journal.tally.results, iter(items)
        if not journal.record.complete:
            journal.skip(left)
            try:
                with c.bar(inputs, quiet, journal.record.items) as advance:
                    _read(left, outcomes, journal, advance)
            except KeyboardInterrupt:
                journal.commit()
                c.say(f"stopped after {journal.record.items} notes; the same command with --resume goes on from there")
                raise typer.Exit(130) from None
        journal.finish(worklist, link)
    except checkpoint.ResumeError as error:
        c.fail(str(error))
    except OSError as error:
        c.fail(
            f"the output could not be written ({type(error).__name__}: {error.strerror}); "
            "the same command with --resume goes on from where it ended",
            3,
        )
    c.say_summary(inputs, journal.tally, out, quiet, time.monotonic() - began, journal.tally.results - done)
    return journal.tally


def _read(items: Iterator[Note | Reject], outcomes: Outcomes, journal: Journal, advance: Callable[[], None]) -> None:
    """Everything that is left, into the journal. Outcomes come in the order of the items, one for each."""
    from extractor import checkpoint, sinks
    from extractor.sources import Reject

    keys: deque[bytes] = deque()

    def linked() -> Iterator[Note | Reject]:
        chain = journal.chain
        for item in items:
            chain = checkpoint.link(chain, item)
            keys.append(chain)
            yield item

    for outcome in outcomes(linked()):
        journal.tally.add(outcome)
        if isinstance(outcome, Reject):
            c.say_reject(outcome)
            journal.add(keys.popleft(), None, sinks.reject_line(outcome).encode())
        else:
            journal.add(keys.popleft(), outcome.line.encode(), None)
        advance()


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """A request to end ends the batch as Ctrl-C does: cleanly, with what is done."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
