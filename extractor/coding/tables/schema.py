"""What a table file may hold: its columns, their kinds and their allowed values, and the check of a file against them.

Nothing here knows what a column means for coding. Every check goes on to the end and returns all errors at once, each
with the file, the row and what to do; a key that no column names is an error, because a misspelt key would otherwise
be a rule that silently does not exist.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

CONFIDENCE = ("DATA", "SEEN", "SEEN-2", "GK", "INFER")


class TableError(ValueError):
    """One or more faults in tables, policies or profiles; `errors` holds every one of them."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        super().__init__(f"{len(errors)} error{'s' if len(errors) != 1 else ''}:\n" + "\n".join(errors))


@dataclass(frozen=True)
class Column:
    """One key of a row. `kind` is a name in KINDS; `allowed` closes the values; `pattern` closes the form of a text."""

    kind: str = "text"
    required: bool = True
    allowed: tuple[Any, ...] = ()
    pattern: str = ""


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)


KINDS: dict[str, Callable[[Any], bool]] = {
    "text": lambda v: isinstance(v, str) and bool(v.strip()),
    "texts": _is_texts,
    "some_texts": lambda v: _is_texts(v) and bool(v),
    "whole": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "flag": lambda v: isinstance(v, bool),
    "date": lambda v: type(v) is date,
    "text_map": lambda v: isinstance(v, dict) and all(isinstance(x, str) and x for x in v.values()),
    "tables": lambda v: isinstance(v, list) and all(isinstance(x, dict) for x in v),
}

CODE = r"[0-9A-Z][0-9]{4}"
ICD = r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?"

PROVENANCE: dict[str, Column] = {
    "source": Column("some_texts"),
    "confidence": Column(allowed=CONFIDENCE),
    "effective": Column("date"),
    "ended": Column("date", required=False),
}

LATER: dict[str, Column] = {**PROVENANCE, "effective": Column("date", required=False)}
"""For rows that explain rather than decide: they hold for as long as nobody ends them."""

SCHEMA: dict[str, dict[str, Column]] = {
    "editions": {"edition": Column(pattern=r"[a-z0-9-]+"), "note": Column(), **PROVENANCE},
    "sources": {"key": Column(), "title": Column(), "where": Column()},
    "codes": {
        "code": Column(pattern=CODE),
        "kind": Column(allowed=("family", "neighbour")),
        "role": Column(
            allowed=(
                "localization",
                "biopsy",
                "soft_tissue",
                "unlisted",
                "biopsy_unguided",
                "surgery",
                "aspiration",
                "specimen_imaging",
                "mammography",
                "guidance",
                "pathology",
            )
        ),
        "modality": Column(required=False, allowed=("mammographic", "stereotactic", "ultrasound", "mri", "any")),
        "position": Column(required=False, allowed=("first", "additional")),
        "meaning": Column(),
        **PROVENANCE,
    },
    "addons": {
        "addon": Column(pattern=CODE),
        "primaries": Column("some_texts", pattern=CODE),
        "type": Column("whole", allowed=(1, 2, 3)),
        **PROVENANCE,
    },
    "ptp": {
        "column_one": Column("some_texts", pattern=CODE),
        "column_two": Column("some_texts", pattern=CODE),
        "indicator": Column("whole", allowed=(0, 1, 9)),
        "reason": Column(),
        "setting": Column(allowed=("both", "practitioner", "outpatient_hospital")),
        **PROVENANCE,
    },
    "mue": {
        "codes": Column("some_texts", pattern=CODE),
        "practitioner": Column("whole"),
        "outpatient_hospital": Column("whole"),
        "mai": Column("whole", allowed=(1, 2, 3)),
        **PROVENANCE,
    },
    "mpfs": {
        "codes": Column("some_texts", pattern=CODE),
        "global": Column(allowed=("000", "010", "090", "XXX", "YYY", "ZZZ", "MMM")),
        "pctc": Column("whole", allowed=tuple(range(10))),
        "multiple": Column("whole", allowed=tuple(range(10))),
        "bilateral": Column("whole", allowed=(0, 1, 2, 3, 9)),
        "assistant": Column("whole", allowed=(0, 1, 2, 9)),
        "rank": Column("number", required=False),
        **PROVENANCE,
    },
    "deleted": {
        "codes": Column("some_texts", pattern=CODE),
        "meaning": Column(),
        "deleted_on": Column("date"),
        "successors": Column("some_texts"),
        "note": Column(),
        **LATER,
    },
    "modifiers": {
        "modifier": Column(pattern=r"[0-9A-Z]{2}"),
        "meaning": Column(),
        "family": Column(allowed=("always", "conditional", "rarely", "never")),
        "addon": Column(allowed=("always", "conditional", "rarely", "never")),
        "right": Column(),
        "wrong": Column(),
        **LATER,
    },
    "diagnoses": {
        "concept": Column(pattern=r"[a-z_]+"),
        "certainty": Column(allowed=("confirmed", "history", "finding")),
        "meaning": Column(),
        "code": Column(required=False, pattern=ICD),
        "sides": Column("text_map", required=False, pattern=ICD),
        "right": Column("text_map", required=False, pattern=ICD),
        "left": Column("text_map", required=False, pattern=ICD),
        "none": Column(required=False, pattern=ICD),
        **PROVENANCE,
    },
    "taxonomy": {
        "code": Column(pattern=r"[0-9A-Z]{9}X"),
        "specialty": Column(),
        "note": Column(required=False),
        **LATER,
    },
    "card": {
        "table": Column(allowed=("modifiers", "specialties", "diagnoses", "related", "text")),
        "term": Column(),
        "claim": Column(),
        "verdict": Column(allowed=("right", "wrong", "misleading", "incomplete", "unsafe", "filler")),
        "answer": Column(),
        "use": Column("texts", required=False),
        "rules": Column("texts", required=False),
        **LATER,
    },
    "rules": {"id": Column(pattern=r"[a-z0-9_.-]+"), "text": Column(), **LATER},
    "examples": {
        "id": Column(pattern=r"[A-Za-z0-9.-]+"),
        "text": Column(),
        "rules": Column("texts"),
        "type": Column(required=False),
        "status": Column(required=False),
        "lesions": Column("tables", required=False),
        "missing": Column("texts", required=False),
        "conflicting": Column("texts", required=False),
        "count_open": Column("flag", required=False),
        "site_open": Column("flag", required=False),
        "preliminary": Column("flag", required=False),
        "facts": Column("texts", required=False),
        "policy": Column(required=False),
        "disposition": Column(allowed=("ready", "query", "review", "not_reportable")),
        "codes": Column("texts", required=False),
        "candidates": Column("texts", required=False),
        "companions": Column("texts", required=False),
        "absent": Column("texts", required=False),
        "source": Column("some_texts"),
        "confidence": Column(allowed=CONFIDENCE),
    },
}

EXAMPLE_LESION: dict[str, Column] = {
    "side": Column(required=False, allowed=("left", "right")),
    "guidance": Column(
        required=False,
        allowed=("stereotactic", "tomosynthesis", "mammographic", "ultrasound", "mri", "ct", "fluoroscopic", "none"),
    ),
    "site": Column(required=False, allowed=("breast", "axilla", "other_soft_tissue", "open")),
    "devices": Column("texts", required=False, pattern=r"[a-z_]+( x[0-9]+)?"),
    "target": Column(required=False),
    "tomosynthesis": Column("flag", required=False),
    "biopsied": Column("flag", required=False),
    "outcome": Column(required=False, allowed=("placed", "failed", "not_attempted", "open")),
}
"""A lesion of a worked example."""

HEAD: dict[str, Column] = {"name": Column(), "as_of": Column("date")}


def check_row(row: Mapping[str, Any], columns: Mapping[str, Column], where: str) -> list[str]:
    """Every fault of one row: unknown keys, missing keys, wrong kinds, values outside the closed set."""
    errors = [f"{where}: unknown key {key!r}; known are {', '.join(columns)}" for key in row if key not in columns]
    for key, column in columns.items():
        if key not in row:
            if column.required:
                errors.append(f"{where}: {key!r} is missing")
            continue
        value = row[key]
        if not KINDS[column.kind](value):
            errors.append(f"{where}: {key!r} must be {column.kind.replace('_', ' ')}")
            continue
        if column.allowed and value not in column.allowed:
            errors.append(f"{where}: {key!r} is {value!r}, allowed are {', '.join(map(str, column.allowed))}")
        if column.pattern:
            texts = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else [value]
            errors += [
                f"{where}: {key!r} holds {t!r}, which has not the form of one"
                for t in texts
                if not re.fullmatch(column.pattern, t)
            ]
    return errors


def read_settings(
    path: Path, kind: str, shipped: Sequence[str], faults: Callable[[str, dict[str, Any]], list[str]]
) -> dict[str, Any]:
    """The content of a file of settings (a policy, a profile). Raises TableError with each fault that `faults` finds in
    it, or with the names of the `shipped` ones where there is no such file.
    """
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except FileNotFoundError:
        raise TableError([f"{path.name}: no such {kind}; shipped are {', '.join(shipped)}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TableError([f"{path.name}: no TOML: {error}"]) from None
    errors = faults(path.name, content)
    if errors:
        raise TableError(errors)
    return content


def read_table(folder: Path, name: str) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    """Head, rows and errors of one table file. A file that is missing or is no TOML is an error, never an empty
    table.
    """
    path = folder / f"{name}.toml"
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except FileNotFoundError:
        return {}, [], [f"{path.name}: the file is missing"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return {}, [], [f"{path.name}: no TOML: {error}"]
    errors = [f"{path.name}: unknown key {key!r}" for key in content if key not in ("table", "row")]
    head = content.get("table")
    if not isinstance(head, dict):
        errors.append(f"{path.name}: [table] is missing")
        head = {}
    else:
        errors += check_row(head, HEAD, f"{path.name}: [table]")
        if head.get("name", name) != name:
            errors.append(f"{path.name}: [table] is called {head['name']!r}, the file {name!r}")
    rows = content.get("row", [])
    if not isinstance(rows, list) or not rows or not all(isinstance(r, dict) for r in rows):
        return head, [], [*errors, f"{path.name}: no [[row]]; a table without rows is an error"]
    for number, row in enumerate(rows, 1):
        where = f"{path.name}: row {number}"
        errors += check_row(row, SCHEMA[name], where)
        if name == "examples" and KINDS["tables"](row.get("lesions", [])):
            for at, lesion in enumerate(row.get("lesions", ()), 1):
                errors += check_row(lesion, EXAMPLE_LESION, f"{where}: lesion {at}")
        begins, ends = row.get("effective"), row.get("ended")
        if type(begins) is date and type(ends) is date and ends < begins:
            errors.append(f"{where}: ended {ends} before it was effective {begins}")
    return head, rows, errors
