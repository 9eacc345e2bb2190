"""Parquet: a row a note, typed and nested as `schema` says, in row groups of a thousand.

Knows the result's shape only. Needs pyarrow, the extra `parquet`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extractor.result import SCHEMA_VERSION, Result
from extractor.sinks import schema

_ROWS = 1000


def _pairs(values: dict[str, Any]) -> list[tuple[str, Any]]:
    """A map as pyarrow takes it."""
    return list(values.items())


@contextmanager
def writer(path: Path) -> Iterator[Callable[[Result], None]]:
    """A writer of results to the file at `path`, which is whole when the block ends."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = schema.arrow().with_metadata({"extractor_schema": SCHEMA_VERSION})
    rows: list[dict[str, Any]] = []
    with pq.ParquetWriter(path, columns, compression="zstd") as file:

        def flush() -> None:
            if rows:
                file.write_batch(pa.RecordBatch.from_pylist(rows, schema=columns))
                rows.clear()

        def write(result: Result) -> None:
            rows.append(schema.record(result, _pairs))
            if len(rows) >= _ROWS:
                flush()

        yield write
        flush()
