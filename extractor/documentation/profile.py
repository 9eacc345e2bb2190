"""Documentation profiles: which elements a site expects and how severe each gap is, read from a file and validated.

Knows no findings. Elements that block a code cannot be made optional or milder: a code without them would be a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from extractor.coding.tables.schema import read_settings
from extractor.findings import ELEMENTS, Element

Severity = Literal["blocking", "coding", "compliance", "quality"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
BLOCKING: tuple[Element, ...] = ("device_deployment", "guidance", "laterality", "lesion_count")
FOLDER = Path(__file__).parent / "profiles"

FLAGS = (
    "site-open",
    "guidance-title-only",
    "policy-tomosynthesis-only",
    "policy-guidance-without-code",
    "policy-discontinued",
    "policy-partial",
    "policy-units-over-mue",
    "policy-dye-only",
    "preliminary-report",
    "value-without-evidence",
    "date-before-family",
    "nothing-placed",
    "header-body-mismatch",
    "complication-reported",
    "diagnosis-unspecified",
    "low-confidence",
    "obsolete-code-in-note",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """How severe a problem is at this site and whether the physician is asked. `required` False: no flag at all."""

    severity: Severity
    query: bool = False
    required: bool = True


@dataclass(frozen=True)
class Profile:
    name: str
    title: str
    low_confidence: float
    elements: Mapping[Element, Entry]
    conflicts: Mapping[Element, Entry]
    flags: Mapping[str, Entry]


def profile_names() -> list[str]:
    """The profiles that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_profile(name_or_path: str | Path = "default") -> Profile:
    """A profile by its name or from a file. Raises TableError with every fault of the file."""
    path = Path(name_or_path)
    return _load(path if path.suffix == ".toml" else FOLDER / f"{name_or_path}.toml")


@lru_cache(maxsize=32)
def _load(path: Path) -> Profile:
    content = read_settings(path, "profile", profile_names(), profile_errors)
    elements = {cast(Element, key): Entry(**entry) for key, entry in content["elements"].items()}
    return Profile(
        content["name"],
        content["title"],
        float(content["low_confidence"]),
        elements,
        {**elements, **{cast(Element, key): Entry(**entry) for key, entry in content.get("conflicts", {}).items()}},
        {key: Entry(**entry) for key, entry in content["flags"].items()},
    )


def profile_errors(where: str, content: Mapping[str, Any]) -> list[str]:
    """Every fault of a profile's content."""
    keys = ("name", "title", "low_confidence", "elements", "conflicts", "flags")
    errors = [f"{where}: unknown key {key!r}; known are {', '.join(keys)}" for key in content if key not in keys]
    errors += [f"{where}: {key!r} is missing" for key in keys if key != "conflicts" and key not in content]
    threshold = content.get("low_confidence", 0)
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        errors.append(f"{where}: 'low_confidence' must be a number between 0 and 1")
    for section, known in (("elements", ELEMENTS), ("conflicts", ELEMENTS), ("flags", FLAGS)):
        entries = content.get(section, {})
        if not isinstance(entries, dict):
            errors.append(f"{where}: {section}: must be a table")
            continue
        if section != "conflicts":
            errors += [f"{where}: {section}: {name!r} is missing" for name in known if name not in entries]
        for name, entry in entries.items():
            if name not in known:
                errors.append(f"{where}: {section}: unknown key {name!r}")
            else:
                errors += _entry_errors(f"{where}: {section}: {name}", name, entry)
    return errors


def _entry_errors(where: str, name: str, entry: Any) -> list[str]:
    if not isinstance(entry, dict):
        return [f"{where}: must be a table with severity and query"]
    errors = [f"{where}: unknown key {key!r}" for key in entry if key not in ("severity", "query", "required")]
    if entry.get("severity") not in SEVERITIES:
        errors.append(f"{where}: severity is {entry.get('severity')!r}, allowed are {', '.join(SEVERITIES)}")
    errors += [
        f"{where}: {key!r} must be true or false"
        for key in ("query", "required")
        if not isinstance(entry.get(key, True), bool)
    ]
    if name in BLOCKING + ("site-open", "guidance-title-only") and (
        entry.get("severity") != "blocking" or entry.get("required") is False
    ):
        errors.append(f"{where}: always blocks and is always required")
    return errors
