"""The result of one note: the public, frozen shape that every sink, page and interface shows.

Built from findings, recommendation and flags, and knows none of the rules that made them. Field names and their order
are the contract; fields may be added, never renamed or dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from extractor import findings as f
from extractor.dates import settled

if TYPE_CHECKING:
    from extractor.coding import CodeLine as CodedLine
    from extractor.coding import Recommendation as Recommended
    from extractor.documentation import Flag as RaisedFlag
    from extractor.note import Note

SCHEMA_VERSION = "1.0"

Disposition = Literal["ready", "query", "review", "not_reportable"]
Severity = Literal["blocking", "coding", "compliance", "quality"]
Verdict = Literal["agree", "disagree", "cannot_judge"]
Direction = Literal["over", "under", "invalid"]

SEVERITIES: tuple[Severity, ...] = ("blocking", "coding", "compliance", "quality")
LESION_FIELDS = ("laterality", "guidance", "target", "location", "outcome", "site", "biopsied")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quote(_Model):
    """Words of the note: `text == note[start:end]` in Unicode code points."""

    start: int
    end: int
    text: str
    section: str | None = None
    rule: str | None = None


class Procedure(_Model):
    """What was done in this session; `status` is None for the type `other`."""

    type: f.ProcedureType
    status: f.ProcedureStatus | None
    evidence: list[Quote]


class Device(_Model):
    """Devices of one type left for one lesion; `count` is None where the note leaves it open."""

    type: f.DeviceType | None
    count: int | None
    name: str | None
    evidence: list[Quote]


class Location(_Model):
    """Place in the breast or axilla; distance in centimetres from the nipple."""

    clock: str | None
    quadrant: str | None
    region: str | None
    distance_from_nipple_cm: float | None
    depth: str | None


class Lesion(_Model):
    """One target that was localized, biopsied or attempted; `evidence` maps a field's name to its quotes."""

    number: int
    site: f.Site | None
    laterality: f.Laterality | None
    guidance: f.Guidance | None
    tomosynthesis: bool
    devices: list[Device]
    target: f.Target | None
    location: Location
    biopsied: bool
    outcome: f.Outcome | None
    evidence: dict[str, list[Quote]]


class Complication(_Model):
    """A complication that happened in this session."""

    type: f.ComplicationType
    evidence: list[Quote]


class Complications(_Model):
    """`documented`: the note says there were none or that there was one."""

    documented: bool
    items: list[Complication]
    evidence: list[Quote]


class Reading(_Model):
    """One of several things that the note says about one element."""

    value: str | int | float | bool | None
    evidence: list[Quote]


class DocumentedElement(_Model):
    """One documentation element; `readings` where the note contradicts itself, `lesions` that lack it."""

    element: f.Element
    status: f.ElementStatus
    evidence: list[Quote]
    readings: list[Reading]
    lesions: list[int]


class CodeLine(_Model):
    """One line of a claim that the note supports; `lesions` are numbers of the lesions it stands for."""

    code: str
    units: int
    modifiers: list[str]
    lesions: list[int]
    rationale: str
    rules: list[str]


class DiagnosisLine(_Model):
    """An ICD-10-CM code that the note's documented certainty supports; `unspecified`: what a finer code needs."""

    code: str
    rationale: str
    rules: list[str]
    evidence: list[Quote]
    unspecified: list[str]


class Candidate(_Model):
    """What the codes would be under one reading of what the note leaves open."""

    condition: str
    codes: list[CodeLine]


class Companion(_Model):
    """A service beside the coded one: `bundled` may not be billed with it, `separate` may where `condition` is met."""

    codes: list[str]
    status: Literal["bundled", "separate"]
    condition: str
    rules: list[str]


class Recommendation(_Model):
    """`codes` is filled for `ready` only; `confidence` is a probability, or None where no model judged; `reasons` say
    in words what decided the disposition."""

    disposition: Disposition
    codes: list[CodeLine]
    diagnoses: list[DiagnosisLine]
    candidates: list[Candidate]
    confidence: float | None
    reasons: list[str]
    companions: list[Companion]


class Query(_Model):
    """A drafted question to the physician; no `options` means an open question."""

    title: str
    question: str
    indicators: list[Quote]
    options: list[str]
    response_instruction: str


class Flag(_Model):
    """One problem of the note, worst first in a result."""

    id: str
    element: f.Element | None
    severity: Severity
    message: str
    evidence: list[Quote]
    query: Query | None
    rules: list[str]


class AuditFinding(_Model):
    """One difference between a draft claim and the note; `line` counts the note's claim lines from 1."""

    id: str
    direction: Direction
    line: int | None
    message: str
    rules: list[str]
    evidence: list[Quote]


class Audit(_Model):
    """How a draft claim compares with what the note supports."""

    verdict: Verdict
    findings: list[AuditFinding]


class Provenance(_Model):
    """What made the result: versions of program, rules, policy and models, and the digest of the text it read.

    `notice` says which edition of the code tables was taken for the date of service, and how old it is. `models`
    holds the digest of every model that judged, `promise` the share of notes of which they promise that they do not
    end `ready` with wrong codes, `threshold` the confidence that this asks for; all empty where no model judged.
    """

    extractor: str
    ruleset: str
    policy: str
    models: dict[str, str]
    text_sha256: str
    profile: str | None = None
    notice: str | None = None
    promise: float | None = None
    threshold: float | None = None


class Place(_Model):
    """The part of the message that a run of the text comes from, as a path (`OBX[3].5[1]`, `section[0].text.div`)."""

    start: int
    end: int
    path: str


class Source(_Model):
    """What the source of the note knew besides its text; none of it was read as part of the note.

    `report_status` is preliminary, final, corrected, addendum, cancelled or unknown; `order_text` is what was ordered,
    not what was done; `places` are in the order of the text.
    """

    format: str | None
    file: str | None
    message_id: str | None
    report_status: str | None
    date_of_service: str | None
    author: str | None
    order_text: str | None
    places: list[Place]


class Result(_Model):
    """All that the extractor says about one note. `date_of_service` is `YYYY-MM-DD`; None where the note has no date of
    the procedure, or one that may mean two days (03/04/2026) and nothing tells which: its words are the evidence of the
    element `procedure_date`."""

    schema_version: Literal["1.0"]
    note_id: str
    procedure: Procedure
    lesions: list[Lesion]
    lesion_count: int | None
    complications: Complications
    documentation: list[DocumentedElement]
    recommendation: Recommendation
    flags: list[Flag]
    provenance: Provenance
    date_of_service: str | None = None
    audit: Audit | None = None
    source: Source | None = None

    def to_json(self) -> str:
        """One line of JSON, keys in the order of the contract; `audit` only where there was a claim, `source` only
        where the source knew more than the text."""
        return self.model_dump_json(exclude=self._absent())

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return self.model_dump(mode="json", exclude=self._absent())

    def place(self, quote: Quote) -> str | None:
        """The segment or element in which the words of `quote` begin; None where the source has no parts."""
        places = self.source.places if self.source else []
        return next((each.path for each in places if each.start <= quote.start < each.end), None)

    def _absent(self) -> set[str]:
        return {name for name in ("audit", "source") if getattr(self, name) is None}

    def with_audit(self, audit: Any) -> Result:
        """This result with the comparison of its draft claim (an object with `verdict` and `findings`)."""
        findings = [
            AuditFinding(
                id=each.id,
                direction=each.direction,
                line=each.line,
                message=each.message,
                rules=list(each.rules),
                evidence=[Quote(**quote) for quote in _quotes(each.evidence)],
            )
            for each in audit.findings
        ]
        return self.model_copy(update={"audit": Audit(verdict=audit.verdict, findings=findings)})


def build_result(
    note: Note,
    findings: f.Findings,
    recommendation: Recommended,
    flags: Iterable[RaisedFlag],
    provenance: Mapping[str, Any],
) -> Result:
    """Put the parts together. Raises pydantic.ValidationError where a part breaks the contract."""
    # Plain dictionaries validated once by compiled code: quicker than building the models one by one in Python, and
    # nothing that breaks the contract can leave the package.
    return Result.model_validate(
        {
            "schema_version": SCHEMA_VERSION,
            "note_id": note.note_id,
            "procedure": {
                "type": findings.procedure_type,
                "status": findings.status,
                "evidence": _quotes(findings.procedure_evidence),
            },
            "lesions": [_lesion(each) for each in findings.lesions],
            "lesion_count": findings.lesion_count,
            "complications": {
                "documented": findings.complications_documented,
                "items": [{"type": c.type, "evidence": _quotes(c.evidence)} for c in findings.complications],
                "evidence": _quotes(findings.complications_evidence),
            },
            "documentation": [_element(name, findings.elements.get(name)) for name in f.ELEMENTS],
            "recommendation": _recommendation(recommendation),
            "flags": [_flag(each) for each in flags],
            "provenance": provenance,
            "date_of_service": settled(findings.date_of_service) if findings.date_of_service else None,
            "source": _source(note.metadata),
        }
    )


KNOWN_BY_SOURCE = ("message_id", "report_status", "date_of_service", "author", "order_text")
"""Keys of a note's metadata that its result repeats under `source`."""


def _source(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
    known = {name: value for name in KNOWN_BY_SOURCE if isinstance(value := metadata.get(name), str) and value}
    places = metadata.get("places", ())
    if not known and not places:
        return None
    return {
        "format": metadata.get("format"),
        "file": metadata.get("source_file"),
        **dict.fromkeys(KNOWN_BY_SOURCE),
        **known,
        "places": [{"start": start, "end": end, "path": path} for start, end, path in places],
    }


def _quotes(evidence: Sequence[f.Evidence]) -> list[dict[str, Any]]:
    return [{"start": e.start, "end": e.end, "text": e.text, "section": e.section, "rule": e.rule} for e in evidence]


def _lesion(lesion: f.Lesion) -> dict[str, Any]:
    at = lesion.location
    names = [*LESION_FIELDS, *(name for name in lesion.evidence if name not in LESION_FIELDS)]
    return {
        "number": lesion.number,
        "site": lesion.site,
        "laterality": lesion.laterality,
        "guidance": lesion.guidance,
        "tomosynthesis": lesion.tomosynthesis,
        "devices": [
            {"type": d.type, "count": d.count, "name": d.name, "evidence": _quotes(d.evidence)} for d in lesion.devices
        ],
        "target": lesion.target,
        "location": {
            "clock": at.clock,
            "quadrant": at.quadrant,
            "region": at.region,
            "distance_from_nipple_cm": at.distance_from_nipple_cm,
            "depth": at.depth,
        },
        "biopsied": lesion.biopsied,
        "outcome": lesion.outcome,
        "evidence": {name: _quotes(lesion.evidence.get(name, ())) for name in names},
    }


def _element(name: f.Element, found: f.ElementFinding | None) -> dict[str, Any]:
    if found is None:  # never judged: documentation is asked of completed or partial localizations only
        return {"element": name, "status": "not_applicable", "evidence": [], "readings": [], "lesions": []}
    return {
        "element": name,
        "status": found.status,
        "evidence": _quotes(found.evidence),
        "readings": [{"value": r.value, "evidence": _quotes(r.evidence)} for r in found.readings],
        "lesions": list(found.lesions),
    }


def _code_line(line: CodedLine) -> dict[str, Any]:
    return {
        "code": line.code,
        "units": line.units,
        "modifiers": list(line.modifiers),
        "lesions": list(line.lesions),
        "rationale": line.rationale,
        "rules": list(line.rules),
    }


def _recommendation(made: Recommended) -> dict[str, Any]:
    return {
        "disposition": made.disposition,
        "codes": [_code_line(line) for line in made.codes],
        "diagnoses": [
            {
                "code": d.code,
                "rationale": d.rationale,
                "rules": list(d.rules),
                "evidence": _quotes(d.evidence),
                "unspecified": list(d.unspecified),
            }
            for d in made.diagnoses
        ],
        "candidates": [
            {"condition": c.condition, "codes": [_code_line(line) for line in c.codes]} for c in made.candidates
        ],
        "confidence": made.confidence,
        "reasons": list(made.reasons),
        "companions": [
            {"codes": list(c.codes), "status": c.status, "condition": c.condition, "rules": list(c.rules)}
            for c in made.companions
        ],
    }


def _flag(flag: RaisedFlag) -> dict[str, Any]:
    query = flag.query
    return {
        "id": flag.id,
        "element": flag.element,
        "severity": flag.severity,
        "message": flag.message,
        "evidence": _quotes(flag.evidence),
        "query": query
        and {
            "title": query.title,
            "question": query.question,
            "indicators": _quotes(query.indicators),
            "options": list(query.options),
            "response_instruction": query.response_instruction,
        },
        "rules": list(flag.rules),
    }
