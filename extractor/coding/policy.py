"""Payer policies: files of settings that overlay the tables, and what each setting may be.

A policy decides where coding instruction leaves room or payers differ. It knows no findings and makes no lines itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from extractor.coding.tables.schema import read_settings

FOLDER = Path(__file__).parent / "policies"


@dataclass(frozen=True)
class Setting:
    """One thing that payers decide: what it is about, the values it may have, and the one that holds when a file is
    silent.
    """

    meaning: str
    allowed: tuple[str, ...]
    default: str
    rule: str


SETTINGS: Mapping[str, Setting] = {
    "contralateral": Setting(
        "How one lesion in each breast under one modality is reported: first and additional code, or the first "
        "code with 50.",
        ("add_on", "modifier_50"),
        "add_on",
        "cpt.localization.contralateral",
    ),
    "distinct_modifier": Setting(
        "Which modifier marks a different lesion on the column-two line of a pair edit.",
        ("59", "XS"),
        "59",
        "modifier.distinct",
    ),
    "tomosynthesis_only": Setting(
        "What a localization aimed by tomosynthesis alone is: a decision for a person, the unlisted code, or a "
        "row of the family.",
        ("review", "19499", "19281", "19283"),
        "review",
        "policy.tomosynthesis_only",
    ),
    "tomosynthesis_biopsy": Setting(
        "What a biopsy aimed by tomosynthesis alone is.",
        ("review", "19499", "19081"),
        "review",
        "policy.tomosynthesis_only",
    ),
    "ct_or_fluoroscopy": Setting(
        "What a breast localization under CT or fluoroscopy is.",
        ("review", "19499"),
        "review",
        "policy.guidance_without_code",
    ),
    "claim": Setting(
        "Whose claim it is: it chooses the unit limits and, for a procedure that was stopped, 53 against 73, 74 or 52.",
        ("professional", "facility"),
        "professional",
        "modifier.discontinued",
    ),
    "additional_sides": Setting(
        "Whether additional-lesion lines carry RT and LT.",
        ("RT_LT", "none"),
        "RT_LT",
        "modifier.side",
    ),
    "imaging_mass": Setting(
        "Which diagnosis a mass gets that imaging found: the lump codes by side and quadrant, or the "
        "abnormal-imaging code.",
        ("N63", "R92.8"),
        "N63",
        "diagnosis.finding",
    ),
}


@dataclass(frozen=True)
class Policy:
    """A validated policy. `add_ons` overlays the additional-lesion code of a first-lesion code; `notices` go on every
    result.
    """

    name: str
    title: str
    contralateral: str = "add_on"
    distinct_modifier: str = "59"
    tomosynthesis_only: str = "review"
    tomosynthesis_biopsy: str = "review"
    ct_or_fluoroscopy: str = "review"
    claim: str = "professional"
    additional_sides: str = "RT_LT"
    imaging_mass: str = "N63"
    add_ons: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    notice_rules: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    confidence: str = ""


def policy_names() -> list[str]:
    """The policies that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_policy(name_or_path: str | Path = "cpt") -> Policy:
    """A policy by its name or from a file of one's own. Raises TableError with every fault of the file."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = FOLDER / f"{name_or_path}.toml"
    return _load(path)


@lru_cache(maxsize=32)
def _load(path: Path) -> Policy:
    content = read_settings(path, "policy", policy_names(), policy_errors)
    return Policy(
        name=content["name"],
        title=content["title"],
        add_ons=content.get("add_ons", {}),
        notices=tuple(content.get("notices", ())),
        notice_rules=tuple(content.get("notice_rules", ())),
        source=tuple(content["source"]),
        confidence=content["confidence"],
        **content.get("settings", {}),
    )


def _codes(place: str) -> set[str]:
    """The first codes, or the add-ons, of the rows in force today."""
    from extractor.coding.tables import load_tables

    return {getattr(row, place) for row in load_tables(None).rows.values() if getattr(row, place)}


def policy_errors(where: str, content: Mapping[str, Any]) -> list[str]:
    """Every fault of a policy's content."""
    errors: list[str] = []
    kinds: dict[str, type] = {
        "name": str,
        "title": str,
        "source": list,
        "confidence": str,
        "settings": dict,
        "add_ons": dict,
        "notices": list,
        "notice_rules": list,
    }
    errors += [f"{where}: unknown key {key!r}; known are {', '.join(kinds)}" for key in content if key not in kinds]
    errors += [
        f"{where}: {key!r} is missing" for key in ("name", "title", "source", "confidence") if key not in content
    ]
    errors += [
        f"{where}: {key!r} must be {kind.__name__}"
        for key, kind in kinds.items()
        if key in content and not isinstance(content[key], kind)
    ]
    settings = content.get("settings", {})
    for key, value in settings.items() if isinstance(settings, dict) else ():
        if key not in SETTINGS:
            errors.append(f"{where}: settings: unknown key {key!r}; known are {', '.join(SETTINGS)}")
        elif value not in SETTINGS[key].allowed:
            errors.append(f"{where}: settings: {key!r} is {value!r}, allowed are {', '.join(SETTINGS[key].allowed)}")
    add_ons = content.get("add_ons", {})
    for first, further in add_ons.items() if isinstance(add_ons, dict) else ():
        if not (isinstance(further, str) and len(first) == len(further) == 5):
            errors.append(f"{where}: add_ons: {first!r} must name one code of five characters")
        elif first not in _codes("first") or further not in _codes("additional"):
            errors.append(f"{where}: add_ons: {first!r} must open a row in force, {further!r} be an add-on")
    for key in ("notices", "notice_rules", "source"):
        if isinstance(content.get(key), list) and not all(isinstance(v, str) and v for v in content[key]):
            errors.append(f"{where}: {key!r} must hold texts")
    return errors
