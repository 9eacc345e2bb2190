"""The gold record as a model: what `annotations/GUIDELINE.md` says in words, checkable, and its JSON Schema.

Holds the shape and the closed values only. What must hold between the parts of a record, and between a record and its
note, is in `check`.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from extractor import findings as f

Disposition = Literal["ready", "query", "review", "not_reportable"]
Quoted = Literal["guidance", "laterality", "device", "complications"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class GoldProcedure(_Part):
    """What was done in this session; `status` is null for the type `other` only."""

    type: f.ProcedureType
    status: f.ProcedureStatus | None


class GoldDevice(_Part):
    """Devices of one type left for one lesion; `type` null: not named, `count` null: cannot be read."""

    type: f.DeviceType | None
    count: int | None = Field(ge=1)


class GoldLesion(_Part):
    """One target localized, biopsied or attempted, in the order of the note."""

    site: f.Site | None
    laterality: f.Laterality | None
    guidance: f.Guidance | None
    devices: list[GoldDevice]
    target: f.Target | None
    biopsied: bool
    outcome: f.Outcome | None


class GoldComplications(_Part):
    """`documented`: the note says there were none, or that there was one."""

    documented: bool
    items: list[f.ComplicationType]


class GoldDocumentation(_Part):
    """Elements that the note lacks or contradicts."""

    missing: list[f.Element]
    conflicting: list[f.Element]


class GoldLine(_Part):
    """One claim line: a code and side."""

    code: str = Field(pattern=r"^\d{5}$")
    units: int = Field(ge=1)
    modifiers: list[Literal["RT", "LT", "59", "XS", "XE", "XP", "XU"]]


class GoldRecommendation(_Part):
    """`codes` is filled for `ready` only."""

    disposition: Disposition
    codes: list[GoldLine]


class GoldRecord(_Part):
    """The gold record of one note. Every value of `evidence` is an exact substring of the note."""

    note_id: str = Field(min_length=1)
    procedure: GoldProcedure
    lesions: list[GoldLesion]
    lesion_count: int | None = Field(ge=0)
    complications: GoldComplications
    documentation: GoldDocumentation
    recommendation: GoldRecommendation
    evidence: dict[Quoted, str]
    rationale: str


def json_schema() -> str:
    """The JSON Schema (2020-12) of the record, as it stands in `annotations/record.schema.json`."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **GoldRecord.model_json_schema(),
    }
    return json.dumps(schema, indent=1) + "\n"
