"""SQLite: the flat columns a row a note, the whole result beside them as JSON, and a table each for what is many.

Knows the result's shape only. Tables: `results` (columns of `flat.COLUMNS`, `result`), `lesions`, `codes`, `diagnoses`,
`flags`, `elements`; all refer to `results.number`, which counts the notes of the batch from 1.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from extractor.result import Result
from extractor.sinks import flat

TABLES: dict[str, tuple[tuple[str, ...], Callable[[Result], list[tuple[object, ...]]]]] = {
    "lesions": (
        ("lesion", "site", "laterality", "guidance", "tomosynthesis", "target", "clock", "quadrant", "region",
         "distance_from_nipple_cm", "depth", "biopsied", "outcome", "devices"),
        lambda r: [
            (x.number, x.site, x.laterality, x.guidance, x.tomosynthesis, x.target, x.location.clock,
             x.location.quadrant, x.location.region, x.location.distance_from_nipple_cm, x.location.depth,
             x.biopsied, x.outcome,
             " ".join(f"{d.type or '?'}:{'?' if d.count is None else d.count}" for d in x.devices))
            for x in r.lesions
        ],
    ),
    "codes": (
        ("code", "units", "modifiers", "lesions", "rationale"),
        lambda r: [
            (x.code, x.units, " ".join(x.modifiers), " ".join(map(str, x.lesions)), x.rationale)
            for x in r.recommendation.codes
        ],
    ),
    "diagnoses": (("code", "rationale"), lambda r: [(x.code, x.rationale) for x in r.recommendation.diagnoses]),
    "flags": (
        ("flag", "element", "severity", "message", "question"),
        lambda r: [(x.id, x.element, x.severity, x.message, x.query.question if x.query else None) for x in r.flags],
    ),
    "elements": (("element", "status"), lambda r: [(x.element, x.status) for x in r.documentation]),
}  # fmt: skip
"""Table by name: its columns after `number`, and its rows for one result."""


@contextmanager
def writer(path: Path) -> Iterator[Callable[[Result], None]]:
    """A writer of results to a new database at `path`, which is whole when the block ends."""
    with closing(sqlite3.connect(path)) as base:
        # The file takes its name only when it is whole, so a journal of its own would guard nothing.
        base.execute("PRAGMA journal_mode = OFF")
        base.execute("PRAGMA synchronous = OFF")
        columns = ", ".join(f'"{name}"' for name in flat.COLUMNS)
        base.execute(f"CREATE TABLE results (number INTEGER PRIMARY KEY, {columns}, result TEXT NOT NULL)")
        for table, (names, _) in TABLES.items():
            listed = ", ".join(f'"{name}"' for name in names)
            base.execute(f"CREATE TABLE {table} (number INTEGER NOT NULL REFERENCES results, {listed})")
        number = 0

        def write(result: Result) -> None:
            nonlocal number
            number += 1
            values = [number, *(read(result) for _, read in flat.COLUMNS.values()), result.to_json()]
            base.execute(f"INSERT INTO results VALUES ({', '.join('?' * len(values))})", values)
            for table, (names, rows) in TABLES.items():
                marks = ", ".join("?" * (len(names) + 1))
                base.executemany(f"INSERT INTO {table} VALUES ({marks})", [(number, *row) for row in rows(result)])

        yield write
        base.execute("CREATE INDEX results_note_id ON results (note_id)")
        for table in TABLES:
            base.execute(f"CREATE INDEX {table}_number ON {table} (number)")
        base.commit()
