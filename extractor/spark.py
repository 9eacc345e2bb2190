"""Notes of a Spark DataFrame, read where they lie: `extract` gives a DataFrame of results.

Calls the one function that maps a note to a result and holds no rule. Each Python worker of Spark loads one extractor
when its first batch comes, and keeps it. Needs pyspark, pandas and pyarrow, the extra `spark`; the lexicon, the tables
and the models come with the installed package, so the executors need nothing but the wheel.

On one machine::

    from pyspark.sql import SparkSession
    from extractor.spark import extract

    spark = SparkSession.builder.master("local[2]").getOrCreate()
    notes = spark.read.parquet("notes.parquet")
    extract(notes, text="report", note_id="accession").write.parquet("results.parquet")

On a cluster the same lines run where the session is given; install the wheel on the executors first (a cluster library,
or an archive of an environment by `spark.archives`), and choose partitions of some thousand notes:
`extract(notes.repartition(400))`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from extractor.sinks import schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from extractor.api import Extractor

REASON = "reject_reason"
"""The column after those of the Parquet sink: why a row could not be read; then all but `note_id` is null."""


def ddl() -> str:
    """The schema of the DataFrame that `extract` gives: that of the Parquet sink, and REASON."""
    return f"{schema.ddl()}, `{REASON}` string"


def extract(
    df: DataFrame, text: str = "text", note_id: str = "note_id", status: str | None = None, **options: Any
) -> DataFrame:
    """A result for every row of `df`, in a DataFrame of the schema `ddl()`; no row vanishes.

    `text` and `note_id` name the columns of the note and its id, `status` one that says `preliminary` where the
    report is.
    `options` are those of `extractor.load` (policy, profile, models). A row whose note cannot be read has its reason,
    without words of the note, in `reject_reason`. Equal ids are not looked for: rows lie on many machines.
    """
    wanted = [note_id, text, *([status] if status else [])]
    return df.select(*wanted).mapInPandas(_mapper(tuple(sorted(options.items()))), ddl())


def _mapper(options: tuple[tuple[str, Any], ...]) -> Callable[[Iterable[Any]], Iterable[Any]]:
    def batches(frames: Iterable[Any]) -> Iterator[Any]:
        import pandas

        from extractor.spark import REASON, row  # imported where it runs: nothing but names travels
        from extractor.spark import loaded as load

        extractor = load(options)
        names = [*schema.result_type().fields, REASON]
        for frame in frames:
            rows = [row(extractor, *values) for values in frame.itertuples(index=False, name=None)]
            yield pandas.DataFrame({name: pandas.Series([each[name] for each in rows], dtype=object) for name in names})

    return batches


@cache
def loaded(options: tuple[tuple[str, Any], ...]) -> Extractor:
    """The extractor of this Python worker."""
    from extractor.api import load

    return load(**dict(options))


def row(extractor: Extractor, note_id: object, text: object, status: object = None) -> Mapping[str, Any]:
    """One row of the result: a record of the schema, or the reason why there is none."""
    from extractor.batch import outcomes
    from extractor.note import Note, UnreadableNote
    from extractor.sources.common import Options, Reject, make_note

    options = Options()
    given = note_id.item() if hasattr(note_id, "item") else note_id
    try:
        note = make_note(given, text, {"report_status": status} if isinstance(status, str) else {}, options)
    except UnreadableNote as error:
        return _rejected(given, error.reason)
    outcome = next(outcomes([Note(note.note_id, note.text, note.metadata)], extractor.extract))
    if isinstance(outcome, Reject):
        return _rejected(outcome.id, outcome.reason)
    return {**schema.record(outcome), REASON: None}


def _rejected(note_id: object, reason: str) -> dict[str, Any]:
    shown = None if note_id is None else str(note_id)
    return {**dict.fromkeys(schema.result_type().fields), "note_id": shown, REASON: reason}
