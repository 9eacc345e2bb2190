"""The fields of a result that a reviewer can mark as wrong: name, words, value, and the values it could have.

Reads a result and the closed values of findings; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from extractor import findings as f
from extractor.result import Result
from extractor.show import view

_COUNTS = ("0", "1", "2", "3", "4", "5", "6", "not documented")
_YES_NO = ("true", "false")


@dataclass(frozen=True, slots=True)
class Field:
    """`name` is `L1.guidance`, `procedure.type`, `documentation.consent` and the like; no choices: any words."""

    name: str
    label: str
    value: str
    choices: tuple[str, ...] = ()
    group: str = "Note"


def fields(result: Result) -> list[Field]:
    """Every field of a result, lesions first."""
    found = [
        Field("procedure.type", "Procedure", _said(result.procedure.type), get_args(f.ProcedureType)),
        Field("procedure.status", "Status", _said(result.procedure.status), get_args(f.ProcedureStatus)),
        Field("lesion_count", "Number of lesions", _said(result.lesion_count), _COUNTS),
        Field("complications.documented", "Complications documented", _said(result.complications.documented), _YES_NO),
        Field("complications.items", "Complications", _items(result), get_args(f.ComplicationType)),
        Field("date_of_service", "Date of service", result.date_of_service or ""),
    ]
    for lesion in result.lesions:
        found += _of_lesion(lesion)
    status = get_args(f.ElementStatus)
    found += [
        Field(f"documentation.{e.element}", view.words(e.element), _said(e.status), status, "Documentation")
        for e in result.documentation
    ]
    return [*found, Field("other", "Something else", "")]


def field(result: Result, name: str) -> Field | None:
    """One field by its name."""
    return next((each for each in fields(result) if each.name == name), None)


def _of_lesion(lesion: Any) -> Iterator[Field]:
    group, at = f"Lesion {lesion.number}", f"L{lesion.number}"
    closed = {
        "laterality": get_args(f.Laterality),
        "guidance": get_args(f.Guidance),
        "target": get_args(f.Target),
        "site": get_args(f.Site),
        "outcome": get_args(f.Outcome),
    }
    for name, values in closed.items():
        yield Field(f"{at}.{name}", view.words(name), _said(getattr(lesion, name)), (*values, "not documented"), group)
    yield Field(f"{at}.tomosynthesis", "tomosynthesis", _said(lesion.tomosynthesis), _YES_NO, group)
    yield Field(f"{at}.biopsied", "biopsied", _said(lesion.biopsied), _YES_NO, group)
    yield Field(f"{at}.location", "location", view.location_text(lesion.location), (), group)
    devices = ", ".join(view.device_text(device) for device in lesion.devices) or "none"
    yield Field(f"{at}.devices", "devices", devices, get_args(f.DeviceType), group)
    yield Field(f"{at}.lesion", "the lesion as a whole", "", ("no such lesion", "same as another lesion"), group)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return view.words(value)


def _items(result: Result) -> str:
    return ", ".join(view.words(item.type) for item in result.complications.items) or "none"
