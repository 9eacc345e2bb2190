"""The code tables: loaded, validated and looked up by date of service.

The files beside this module hold the rows; `schema` says what a row may hold, `compare` what two editions do
differently. Knows nothing of notes or findings. A set of tables is immutable and shared by every note of its period.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from extractor.coding.tables.schema import SCHEMA, TableError, read_table
from extractor.dates import parse_date, readings

__all__ = [
    "FOLDER",
    "AddOn",
    "Code",
    "DeletedCode",
    "Edition",
    "Fee",
    "Limit",
    "Modifier",
    "Pair",
    "Row",
    "TableError",
    "Tables",
    "load_tables",
    "parse_date",
    "validate",
]

FOLDER = Path(__file__).parent

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Edition:
    """The period of dates of service that the tables were chosen for."""

    name: str
    begins: date
    ends: date
    note: str


@dataclass(frozen=True, slots=True)
class Code:
    """A code of the family or a neighbour that claims hold beside it."""

    code: str
    kind: str
    role: str
    modality: str | None
    position: str | None
    meaning: str
    source: tuple[str, ...]
    confidence: str

    @property
    def row(self) -> str | None:
        """Name of the family row, such as `localization.stereotactic`."""
        return f"{self.role}.{self.modality}" if self.kind == "family" else None


@dataclass(frozen=True, slots=True)
class Row:
    """A first-lesion code and the code of every further lesion of the same row; None where the row has no add-on."""

    name: str
    first: str
    additional: str | None


@dataclass(frozen=True, slots=True)
class AddOn:
    code: str
    primaries: tuple[str, ...]
    type: int
    source: tuple[str, ...]
    confidence: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair edit: `two` is denied beside `one` unless the modifier is justified."""

    one: str
    two: str
    indicator: int
    reason: str
    setting: str
    source: tuple[str, ...]
    confidence: str


@dataclass(frozen=True, slots=True)
class Limit:
    """Units of one code a day, by claim setting. `mai` 2 is absolute, 3 open to appeal."""

    practitioner: int
    outpatient_hospital: int
    mai: int

    def units(self, claim: str) -> int:
        return self.outpatient_hospital if claim == "facility" else self.practitioner


@dataclass(frozen=True, slots=True)
class Fee:
    """Fee schedule indicators. `rank` orders codes by what they pay, so that an audit can tell over from under."""

    global_days: str
    pctc: int
    multiple: int
    bilateral: int
    assistant: int
    rank: float | None


@dataclass(frozen=True, slots=True)
class DeletedCode:
    code: str
    meaning: str
    deleted_on: date
    successors: tuple[str, ...]
    note: str
    source: tuple[str, ...]
    confidence: str


@dataclass(frozen=True, slots=True)
class Modifier:
    """`family` and `addon`: whether it belongs on a first-lesion and on an additional-lesion line of the family."""

    modifier: str
    meaning: str
    family: str
    addon: str
    right: str
    wrong: str
    source: tuple[str, ...]
    confidence: str


@dataclass(frozen=True)
class Tables:
    """All rows in force on the dates of one edition, indexed for look-up."""

    edition: Edition
    editions: tuple[Edition, ...]
    as_of: Mapping[str, date]
    codes: Mapping[str, Code]
    rows: Mapping[str, Row]
    addons: Mapping[str, AddOn]
    pairs: Mapping[tuple[str, str], Pair]
    limits: Mapping[str, Limit]
    fees: Mapping[str, Fee]
    deleted: Mapping[str, DeletedCode]
    modifiers: Mapping[str, Modifier]
    diagnoses: Mapping[tuple[str, str], Raw]
    taxonomy: Mapping[str, Raw]
    card: tuple[Raw, ...]
    rules: Mapping[str, Raw]
    examples: tuple[Raw, ...]
    sources: Mapping[str, Raw]
    primary_of: Mapping[str, str]
    raw: Mapping[str, tuple[Raw, ...]] = field(repr=False)

    def covers(self, day: date | None) -> bool:
        """Whether the family had begun on that day; an unknown day is taken for covered."""
        return day is None or day >= self.editions[0].begins

    def age_days(self, on: date) -> int:
        """Age on that day of the oldest of the tables that decide codes."""
        return (on - min(self.as_of[name] for name in ("codes", "addons", "ptp", "mue"))).days

    def notice(self, day: date | str | None = None) -> str:
        """Which edition was used and how old its tables were on the date of service (or at the end of the edition)."""
        asked = parse_date(day)
        on = asked or self.edition.ends
        parts = [f"Edition {self.edition.name} ({self.edition.begins} to {self.edition.ends})."]
        oldest = min(("addons", "ptp", "mue", "codes"), key=lambda name: self.as_of[name])
        age = self.age_days(on)
        if age >= 0:
            parts.append(f"Its oldest table is {oldest} of {self.as_of[oldest]}, {age} days before {on}.")
        else:
            parts.append(
                f"Its tables are younger than {on}; its oldest is {oldest} of {self.as_of[oldest]}, applied backwards."
            )
        if isinstance(day, str) and len(readings(day)) > 1:
            parts.append(f"The date {day} may mean two days; {asked} was taken for the choice of the tables alone.")
        if asked is None:
            parts.append("No date of service was read: the latest edition was taken.")
        elif asked > self.editions[-1].ends:
            parts.append(f"No edition covers {asked}; update the tables.")
        elif not self.covers(asked):
            parts.append(f"The code family did not exist on {asked}.")
        return " ".join(parts)

    def in_family(self, code: str) -> bool:
        found = self.codes.get(code)
        return found is not None and found.kind == "family"


@lru_cache(maxsize=8)
def _read(folder: Path) -> dict[str, tuple[Raw, list[Raw]]]:
    content: dict[str, tuple[Raw, list[Raw]]] = {}
    errors: list[str] = []
    for name in SCHEMA:
        head, rows, found = read_table(folder, name)
        content[name] = (head, rows)
        errors += found
    if folder.is_dir():
        errors += [f"{p.name}: unknown table file" for p in sorted(folder.glob("*.toml")) if p.stem not in SCHEMA]
    if not errors:
        errors = _cross_check({name: rows for name, (_, rows) in content.items()})
    if errors:
        raise TableError(errors)
    return content


def _cross_check(rows: Mapping[str, list[Raw]]) -> list[str]:
    """Faults that only show between files: unknown sources, codes no table describes, overlapping or missing rows."""
    errors: list[str] = []
    known = {row["key"] for row in rows["sources"]}
    for name, table in rows.items():
        for number, row in enumerate(table, 1):
            errors += [
                f"{name}.toml: row {number}: source {key!r} is not in sources.toml"
                for key in row.get("source", ())
                if key not in known
            ]
    codes = {row["code"]: row for row in rows["codes"]}
    for name, key in (
        ("ptp", "column_one"),
        ("ptp", "column_two"),
        ("addons", "primaries"),
        ("mue", "codes"),
        ("mpfs", "codes"),
    ):
        for number, row in enumerate(rows[name], 1):
            errors += [
                f"{name}.toml: row {number}: {key} names {code}, which codes.toml does not describe"
                for code in row[key]
                if code not in codes
            ]
    for code, row in codes.items():
        if row["kind"] == "family" and not ("modality" in row and "position" in row):
            errors.append(f"codes.toml: {code}: a code of the family needs modality and position")
        if row.get("position") == "additional" and not any(code == a["addon"] for a in rows["addons"]):
            errors.append(f"codes.toml: {code}: an additional-lesion code needs a row in addons.toml")
    deleted = {code for row in rows["deleted"] for code in row["codes"]}
    errors += [f"deleted.toml: {code} is also a current code in codes.toml" for code in sorted(deleted & codes.keys())]
    errors += _overlaps(rows)
    rules = {row["id"] for row in rows["rules"]}
    for name in ("examples", "card"):
        for number, row in enumerate(rows[name], 1):
            errors += [
                f"{name}.toml: row {number}: rule {r!r} is not in rules.toml"
                for r in row.get("rules", ())
                if r not in rules
            ]
    return errors


def _overlaps(rows: Mapping[str, list[Raw]]) -> list[str]:
    """Two rows that say something about the same thing on the same day."""
    errors: list[str] = []

    def keys(name: str, row: Raw) -> list[Any]:
        if name == "ptp":
            return [(one, two) for one in row["column_one"] for two in row["column_two"]]
        if name in ("mue", "mpfs", "deleted"):
            return list(row["codes"])
        plain = {
            "codes": "code",
            "addons": "addon",
            "modifiers": "modifier",
            "rules": "id",
            "taxonomy": "code",
            "editions": "edition",
            "sources": "key",
            "examples": "id",
        }
        if name == "diagnoses":
            return [(row["concept"], row["certainty"])]
        return [row[plain[name]]] if name in plain else []

    for name, table in rows.items():
        seen: dict[Any, list[tuple[int, date, date]]] = {}
        for number, row in enumerate(table, 1):
            begins, ends = row.get("effective", date.min), row.get("ended", date.max)
            for key in keys(name, row):
                for other, b, e in seen.get(key, ()):
                    if begins <= e and b <= ends:
                        errors.append(f"{name}.toml: row {number}: {key} is also in row {other} for the same dates")
                seen.setdefault(key, []).append((number, begins, ends))
    days = sorted((row["effective"], row.get("ended", date.max)) for row in rows["editions"])
    errors += [
        f"editions.toml: no edition between {end} and {begin}"
        for (_, end), (begin, _) in zip(days, days[1:], strict=False)
        if end + timedelta(days=1) != begin
    ]
    return errors


@lru_cache(maxsize=8)
def _breaks(folder: Path) -> list[date]:
    """The days on which any row begins or has just ended: between two of them all tables stay the same."""
    days = set()
    for _, rows in _read(folder).values():
        for row in rows:
            if "effective" in row:
                days.add(row["effective"])
            if "ended" in row:
                days.add(row["ended"] + timedelta(days=1))
    return sorted(days)


@lru_cache(maxsize=4096)
def _load(at: str | date | None, folder: Path) -> Tables:
    editions = sorted(
        (
            Edition(r["edition"], r["effective"], r.get("ended", date.max), r["note"])
            for r in _read(folder)["editions"][1]
        ),
        key=lambda e: e.begins,
    )
    if isinstance(at, str) and (any(e.name == at for e in editions) or parse_date(at) is None):
        named = next((e for e in editions if e.name == at), None)
        if named is None:
            raise TableError([f"editions.toml: no edition {at!r}; known are {', '.join(e.name for e in editions)}"])
        return _build(named, named.ends, folder)
    asked = parse_date(at) or editions[-1].ends
    day = min(max(asked, editions[0].begins), editions[-1].ends)
    edition = next(e for e in reversed(editions) if e.begins <= day)
    breaks = _breaks(folder)
    return _build(edition, breaks[max(bisect_right(breaks, day) - 1, 0)], folder)


@lru_cache(maxsize=64)
def _build(edition: Edition, day: date, folder: Path) -> Tables:
    content = _read(folder)

    def rows(name: str) -> list[Raw]:
        return [r for r in content[name][1] if r.get("effective", date.min) <= day <= r.get("ended", date.max)]

    codes = {
        r["code"]: Code(
            r["code"],
            r["kind"],
            r["role"],
            r.get("modality"),
            r.get("position"),
            r["meaning"],
            tuple(r["source"]),
            r["confidence"],
        )
        for r in rows("codes")
    }
    family: dict[str, Row] = {}
    for code in codes.values():
        if code.row and code.position == "first":
            further = next((c.code for c in codes.values() if c.row == code.row and c.position == "additional"), None)
            family[code.row] = Row(code.row, code.code, further)
    family["unlisted"] = Row("unlisted", "19499", None)
    all_editions = sorted(
        (Edition(r["edition"], r["effective"], r.get("ended", date.max), r["note"]) for r in content["editions"][1]),
        key=lambda e: e.begins,
    )
    return Tables(
        edition=edition,
        editions=tuple(all_editions),
        as_of={name: head["as_of"] for name, (head, _) in content.items()},
        codes=codes,
        rows=family,
        addons={
            r["addon"]: AddOn(r["addon"], tuple(r["primaries"]), r["type"], tuple(r["source"]), r["confidence"])
            for r in rows("addons")
        },
        pairs={
            (one, two): Pair(one, two, r["indicator"], r["reason"], r["setting"], tuple(r["source"]), r["confidence"])
            for r in rows("ptp")
            for one in r["column_one"]
            for two in r["column_two"]
        },
        limits={
            c: Limit(r["practitioner"], r["outpatient_hospital"], r["mai"]) for r in rows("mue") for c in r["codes"]
        },
        fees={
            c: Fee(r["global"], r["pctc"], r["multiple"], r["bilateral"], r["assistant"], r.get("rank"))
            for r in rows("mpfs")
            for c in r["codes"]
        },
        deleted={
            c: DeletedCode(
                c, r["meaning"], r["deleted_on"], tuple(r["successors"]), r["note"], tuple(r["source"]), r["confidence"]
            )
            for r in rows("deleted")
            for c in r["codes"]
        },
        modifiers={
            r["modifier"]: Modifier(
                r["modifier"],
                r["meaning"],
                r["family"],
                r["addon"],
                r["right"],
                r["wrong"],
                tuple(r["source"]),
                r["confidence"],
            )
            for r in rows("modifiers")
        },
        diagnoses={(r["concept"], r["certainty"]): r for r in rows("diagnoses")},
        taxonomy={r["code"]: r for r in rows("taxonomy")},
        card=tuple(rows("card")),
        rules={r["id"]: r for r in rows("rules")},
        examples=tuple(rows("examples")),
        sources={r["key"]: r for r in content["sources"][1]},
        primary_of={r["addon"]: r["primaries"][0] for r in rows("addons")},
        raw={name: tuple(rows(name)) if name != "editions" else tuple(content[name][1]) for name in SCHEMA},
    )


def load_tables(at: str | date | None = None, folder: Path | str | None = None) -> Tables:
    """The tables in force on a date of service (a date, its ISO form, or the name of an edition; None: the latest).

    Raises TableError with every fault of every file. A date after the last edition gets the last one, and `notice`
    says so.
    """
    return _load(at, Path(folder) if folder else FOLDER)


def validate(folder: Path | str | None = None) -> list[str]:
    """Every fault of the files in a folder, read afresh; empty when they can be used."""
    try:
        for cached in (_read, _breaks, _load, _build):
            cached.cache_clear()
        _read(Path(folder) if folder else FOLDER)
    except TableError as error:
        return error.errors
    return []
