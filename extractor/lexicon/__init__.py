"""The lexicon: every word and phrase the extractor knows, as data files, one concept a file.

Files are TOML, written for people who do not program. A phrase is words; `{a,b}` stands for alternatives (an empty
one allowed, also inside a word: `deploy{ed,ing,}`) and `[word]` for an optional part. All files are validated when
loaded and all errors are reported at once. This module knows nothing of spaCy or of what the words are used for.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import product
from typing import Any

FILES = (
    "guidance",
    "laterality",
    "devices",
    "targets",
    "locations",
    "actions",
    "complications",
    "documentation",
    "procedures",
    "diagnoses",
    "organs",
    "assertion",
    "sections",
    "counting",
    "speech",
)
_RULE_KEYS = {"id", "label", "value", "phrases", "source", "comment", "case"}
_LIMIT = 4000  # literals one phrase may stand for


class LexiconError(ValueError):
    """All that is wrong with the lexicon files: file, rule and reason, a line each."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry. `label` is the concept, `value` its value; `attrs` holds the further keys of the entry; `literals`
    are word tuples in lower case (in given case where `case` is true)."""

    id: str
    label: str
    value: str
    literals: tuple[tuple[str, ...], ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    case: bool = False
    file: str = ""
    version: str = ""
    source: str = ""


_PART = re.compile(r"\{([^{}]*)\}|\[([^\[\]]*)\]|([^{}\[\]]+)|(.)", re.S)
_WORD = re.compile(r"[A-Za-z]+|\d+|[^\sA-Za-z\d]")


def expand(phrase: str) -> Iterator[str]:
    """All literals a phrase stands for. Raises ValueError for unbalanced braces or too many literals."""
    parts: list[list[str]] = []
    total = 1
    for alternatives, optional, plain, stray in _PART.findall(phrase):
        if stray:
            raise ValueError(f"unbalanced {stray!r}")
        if plain:
            parts.append([plain])
        elif optional:
            parts.append([*(o for o in optional.split("|")), ""])
        else:
            parts.append(alternatives.split(","))
        total *= len(parts[-1])
    if total > _LIMIT:
        raise ValueError(f"stands for {total} literals, more than {_LIMIT}")
    for choice in product(*parts):
        yield " ".join("".join(choice).split())


def words(literal: str) -> tuple[str, ...]:
    """The words of a literal as the matcher compares them: hyphens and spaces separate, letters and digits part."""
    return tuple(w for w in _WORD.findall(literal) if w != "-")


def _rules(name: str, errors: list[str]) -> list[Rule]:
    path = resources.files(__package__).joinpath(f"{name}.toml")
    if not path.is_file():
        errors.append(f"{name}.toml: file is missing")
        return []
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        errors.append(f"{name}.toml: {e}")
        return []
    return parse(name, data, errors)


def parse(name: str, data: dict[str, Any], errors: list[str]) -> list[Rule]:
    """Rules of one file's data; what is wrong is appended to `errors`."""
    for key in data.keys() - {"version", "source", "attributes", "rule", "comment"}:
        errors.append(f"{name}.toml: unknown key {key!r}")
    version, source = data.get("version"), data.get("source")
    if not isinstance(version, str) or not isinstance(source, str):
        errors.append(f"{name}.toml: version and source must be given as text")
    allowed = set(data.get("attributes", ()))
    out: list[Rule] = []
    for n, row in enumerate(data.get("rule", ()), 1):
        where = f"{name}.toml: rule {n} ({row.get('id', 'no id')})"
        for key in row.keys() - _RULE_KEYS - allowed:
            errors.append(f"{where}: unknown key {key!r}")
        missing = [k for k in ("id", "label", "value", "phrases") if not row.get(k)]
        if missing:
            errors.append(f"{where}: {', '.join(missing)} missing")
            continue
        wrong = [k for k in ("id", "label", "value") if not isinstance(row[k], str)]
        if wrong or not isinstance(row["phrases"], list) or not all(isinstance(p, str) for p in row["phrases"]):
            errors.append(f"{where}: {', '.join(wrong) or 'phrases'} must be text (phrases: a list of texts)")
            continue
        literals: dict[tuple[str, ...], None] = {}
        for phrase in row["phrases"]:
            try:
                for literal in expand(phrase):
                    split_words = words(literal if row.get("case") else literal.lower())
                    if split_words:
                        literals[split_words] = None
            except ValueError as e:
                errors.append(f"{where}: phrase {phrase!r}: {e}")
        attrs = {k: row[k] for k in allowed if k in row}
        out.append(
            Rule(
                row["id"],
                row["label"],
                row["value"],
                tuple(literals),
                attrs,
                bool(row.get("case")),
                name,
                str(version),
                row.get("source", source) or "",
            )
        )
    if not out:
        errors.append(f"{name}.toml: no rules")
    return out


@cache
def load() -> tuple[Rule, ...]:
    """All rules of all files. Raises LexiconError naming everything that is wrong."""
    errors: list[str] = []
    rules = [r for name in FILES for r in _rules(name, errors)]
    seen: dict[str, str] = {}
    for r in rules:
        if r.id in seen:
            errors.append(f"{r.file}.toml: id {r.id} also stands in {seen[r.id]}.toml")
        seen[r.id] = r.file
    if errors:
        raise LexiconError("the lexicon cannot be used:\n" + "\n".join(errors))
    return tuple(rules)


def by_id(rule_id: str) -> Rule | None:
    """The rule of that id, or None."""
    return next((r for r in load() if r.id == rule_id), None)
