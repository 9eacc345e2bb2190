"""What programs send and get over HTTP, beside the result itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from extractor.note import UnreadableNote, check_text
from extractor.result import Result
from extractor.web.problem import Problem


def _clean(text: str) -> str:
    try:
        return check_text(text)
    except UnreadableNote:
        raise ValueError("holds NUL or half a character") from None


Clean = Annotated[str, AfterValidator(_clean)]
NoteId = Annotated[Clean, Field(min_length=1, max_length=200, pattern=r"\S")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NoteIn(_In):
    """A note to be read. Offsets in the result are Unicode code points of `text` as given."""

    note_id: NoteId = "note"
    text: Clean


class Line(_In):
    """One draft claim line."""

    code: str = Field(pattern=r"^[0-9A-Z]{5}$")
    units: int = Field(default=1, ge=1, le=999)
    modifiers: list[Annotated[str, Field(pattern=r"^[0-9A-Z]{2}$")]] = Field(default=[], max_length=4)


class NotesIn(_In):
    """Several notes."""

    notes: list[NoteIn] = Field(min_length=1, max_length=1000)


class AuditIn(NoteIn):
    """A note with its draft claim; no lines is an empty claim."""

    claim: list[Line] = Field(max_length=50)


class WorkIn(_In):
    """A note for the worklist. A note of the same id and text keeps its review."""

    note_id: NoteId
    text: Clean
    claim: list[Line] | None = Field(default=None, max_length=50)
    site: Annotated[Clean, Field(max_length=80)] = ""
    provider: Annotated[Clean, Field(max_length=120)] = ""


class DecisionIn(_In):
    """A decision on a note. `revision` is that of the note as it was read."""

    kind: Literal["accept", "change", "send_back", "undo"]
    revision: int = Field(ge=0, le=2_147_483_647)
    reason_code: str = Field(default="", max_length=40, pattern=r"^[a-z_]*$")
    comment: Annotated[Clean, Field(max_length=4000)] = ""
    codes: Annotated[Clean, Field(max_length=1000)] = ""


class Read(BaseModel):
    """The outcome of one note of several: its result, or why there is none."""

    note_id: str
    result: Result | None = None
    problem: Problem | None = None


class ReadAll(BaseModel):
    results: list[Read]


class Put(BaseModel):
    """Where a note stands in the store; `change` is `new`, `text`, `result` or `same`."""

    number: int
    change: str
    disposition: str


class Row(BaseModel):
    """One row of the worklist."""

    number: int
    note_id: str
    site: str
    provider: str
    service_date: str | None
    received_at: str
    updated_at: str
    disposition: str
    severity: str
    worst_flag: str
    flag_count: int
    codes: str
    claim_verdict: str
    claim_over: int
    claim_under: int
    state: str
    outcome: str
    final_codes: str
    assignee: str
    revision: int


class Work(BaseModel):
    """A page of the worklist."""

    notes: list[Row]
    total: int
    page: int
    pages: int


class Whole(BaseModel):
    """A note of the worklist with its current text and result."""

    note: Row
    text: str
    result: Result


class Decided(BaseModel):
    """A decision that was made and where the note stands after it."""

    decision: int
    note: Row


class Past(BaseModel):
    """One decision of the past."""

    id: int
    kind: str
    actor: str
    at: str
    reason_code: str
    comment: str
    codes: str
    recommended: str
    undone: bool


class History(BaseModel):
    decisions: list[Past]


class Health(BaseModel):
    """`ok` when the store answers and the extractor is loaded."""

    status: Literal["ok"]


class Versions(BaseModel):
    """What is running."""

    extractor: str
    schema_version: str
    ruleset: str
    policy: str
    profile: str
    store: str


Json = dict[str, Any]
