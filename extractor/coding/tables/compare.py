"""What a set of tables gets wrong in itself, and what another set changes: for whoever updates the tables.

`check` runs the validation and every worked example; `diff` lists changed rows, and the notes that would be coded
differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractor.coding.examples import failures, shown
from extractor.coding.model import Recommendation
from extractor.coding.policy import Policy, load_policy
from extractor.coding.recommendation import recommend
from extractor.coding.tables import FOLDER, TableError, Tables, load_tables, validate
from extractor.findings import Findings

KEYS: Mapping[str, tuple[str, ...]] = {
    "editions": ("edition",),
    "sources": ("key",),
    "codes": ("code",),
    "addons": ("addon",),
    "ptp": ("one", "two"),
    "mue": ("code",),
    "mpfs": ("code",),
    "deleted": ("code",),
    "modifiers": ("modifier",),
    "diagnoses": ("concept", "certainty"),
    "taxonomy": ("code",),
    "card": ("table", "term"),
    "rules": ("id",),
    "examples": ("id",),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One row that differs: `kind` is `added`, `removed` or `changed`; `fields` maps a key to its old and new value."""

    table: str
    row: str
    kind: str
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        text = f"{self.table}: {self.row}: {self.kind}"
        return text + "".join(f"\n    {key}: {old!r} -> {new!r}" for key, (old, new) in self.fields.items())


@dataclass(frozen=True, slots=True)
class Recoded:
    """A note that the two sets code differently."""

    note_id: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.note_id}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class Difference:
    changes: tuple[Change, ...]
    recoded: tuple[Recoded, ...]

    def __str__(self) -> str:
        lines = [str(change) for change in self.changes] or ["No row differs."]
        lines += ["", *(str(note) for note in self.recoded)] if self.recoded else ["", "No note is coded differently."]
        return "\n".join(lines)


def check(folder: Path | str | None = None) -> list[str]:
    """Every fault of a folder of tables: of its files, and of its worked examples under its latest edition."""
    errors = validate(folder)
    if errors:
        return errors
    tables = load_tables(folder=folder)
    found = []
    for example in tables.examples:
        try:
            found += [f"examples.toml: {example['id']}: {wrong}" for wrong in failures(example, tables)]
        except TableError as error:
            found += error.errors
        except (TypeError, ValueError, KeyError) as error:
            found.append(f"examples.toml: {example['id']}: cannot be read: {error}")
    return found


def open_tables(name: str | Path) -> Tables:
    """Tables by the name of an edition, a date of service, or a folder."""
    path = Path(name)
    return load_tables(folder=path) if path.is_dir() else load_tables(str(name), FOLDER)


def diff(
    a: Tables | str | Path, b: Tables | str | Path, findings: Iterable[Findings] = (), policy: Policy | None = None
) -> Difference:
    """Rows that differ from `a` to `b`, and which of the notes behind `findings` would be coded differently."""
    old, new = (tables if isinstance(tables, Tables) else open_tables(tables) for tables in (a, b))
    changes: list[Change] = []
    before, after = rows_of(old), rows_of(new)
    for table in KEYS:
        for key in sorted(before[table].keys() | after[table].keys()):
            was, now = before[table].get(key), after[table].get(key)
            if was is None or now is None:
                changes.append(Change(table, key, "added" if was is None else "removed"))
            elif was != now:
                keys = [k for k in sorted(was.keys() | now.keys()) if was.get(k) != now.get(k)]
                changes.append(Change(table, key, "changed", {k: (was.get(k), now.get(k)) for k in keys}))
    chosen = policy or load_policy()
    recoded = []
    for each in findings:
        first, second = (_answer(recommend(each, chosen, tables)) for tables in (old, new))
        if first != second:
            recoded.append(Recoded(each.note_id, first, second))
    return Difference(tuple(changes), tuple(recoded))


def rows_of(tables: Tables) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows in force, one for each code or pair, by table and key."""
    content: dict[str, dict[str, dict[str, Any]]] = {}
    for name, rows in tables.raw.items():
        content[name] = {}
        for row in rows:
            for single in _single(name, row):
                content[name][" ".join(str(single[k]) for k in KEYS[name])] = single
    return content


def _single(name: str, row: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Rows that name several codes, taken apart: regrouping them is no change."""
    if name == "ptp":
        rest = {k: v for k, v in row.items() if k not in ("column_one", "column_two")}
        return [{"one": one, "two": two, **rest} for one in row["column_one"] for two in row["column_two"]]
    if name in ("mue", "mpfs", "deleted"):
        rest = {k: v for k, v in row.items() if k != "codes"}
        return [{"code": code, **rest} for code in row["codes"]]
    return [dict(row)]


def _answer(made: Recommendation) -> str:
    lines = " + ".join(sorted(map(shown, made.codes)))
    diagnoses = ", ".join(line.code for line in made.diagnoses)
    return f"{made.disposition} {lines or 'no code'}{f' ({diagnoses})' if diagnoses else ''}"
