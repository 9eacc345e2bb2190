"""Parquet: a row a note, its columns chosen by name; the other columns of plain values become metadata.

Reads a few rows at a time. Needs pyarrow, the extra `parquet`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any, BinaryIO

from extractor.note import Note, UnreadableNote
from extractor.sources.common import Options, Reject, make_note

_ROWS = 64


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Note | Reject]:
    """The notes in `stream`, in order; a row that cannot be read costs only itself, a broken part the rest."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(stream, pre_buffer=False)
        columns = list(file.schema_arrow.names)
    except (pa.ArrowException, OSError, ValueError):
        yield Reject(name, "no Parquet file, or a broken one", name)
        return
    absent = [column for column in (options.id_column, options.text_column) if columns.count(column) != 1]
    if absent:
        yield Reject(name, f"the file has not exactly one column {' and one '.join(absent)}", name)
        return
    number = 0
    batches = file.iter_batches(batch_size=_ROWS)
    while True:
        try:
            batch = next(batches, None)
            if batch is None:
                return
        except (pa.ArrowException, OSError, ValueError):
            yield Reject(f"{name}:{number + 1}", "from this row on the file cannot be read", name, number + 1)
            return
        for index in range(batch.num_rows):
            number += 1
            try:
                row = {key: batch.column(at)[index].as_py() for at, key in enumerate(columns)}
            except (pa.ArrowException, ValueError):  # UnicodeError is a ValueError
                yield Reject(f"{name}:{number}", "row holds a value that is not valid UTF-8", name, number)
                continue
            yield _note(row, f"{name}:{number}", name, number, options)


def _note(row: dict[str, Any], where: str, name: str, number: int, options: Options) -> Note | Reject:
    note_id = where
    try:
        given, text = row.pop(options.id_column), row.pop(options.text_column)
        make_note(given, "", {}, options)
        note_id = str(given)
        return make_note(given, text, {key: _plain(value) for key, value in row.items() if _is_plain(value)}, options)
    except UnreadableNote as error:
        return Reject(note_id, error.reason, name, number)


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool | datetime.date)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value
