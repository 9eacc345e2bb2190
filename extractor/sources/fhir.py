"""FHIR R4: the reports in DiagnosticReport, DocumentReference, Composition, Binary and Bundle, as JSON or NDJSON.

Knows resources and nothing of medicine; fetches nothing. Text comes from attachments (plain text, HTML) before
narratives, and every run of it keeps the path of its element. Resources that hold no report are passed over where they
stand beside one; a report that cannot be read is a reject.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from extractor.note import Note, UnreadableNote
from extractor.sources.common import (
    LINE_EXTRA,
    LINE_FACTOR,
    Options,
    Reject,
    decode,
    limited_lines,
    make_note,
    text_stream,
    too_large,
    undecodable,
)
from extractor.sources.feed import Body, Status, day, from_base64, metadata
from extractor.sources.html import text_of

Resource = dict[str, Any]

REPORTS = ("DiagnosticReport", "DocumentReference", "Composition", "Binary")
_CONTEXT = frozenset(
    (
        "Account", "AllergyIntolerance", "Appointment", "BodyStructure", "CarePlan", "CareTeam", "Claim",
        "ClinicalImpression", "CodeSystem", "Communication", "CommunicationRequest", "Condition", "Consent",
        "Coverage", "DetectedIssue", "Device", "DeviceRequest", "DeviceUseStatement", "Encounter", "Endpoint",
        "EpisodeOfCare", "FamilyMemberHistory", "Flag", "Goal", "Group", "HealthcareService", "ImagingStudy",
        "Immunization", "Invoice", "List", "Location", "Media", "Medication", "MedicationAdministration",
        "MedicationDispense", "MedicationRequest", "MedicationStatement", "MessageHeader", "Observation",
        "OperationOutcome", "Organization", "Parameters", "Patient", "Practitioner", "PractitionerRole",
        "Procedure", "Provenance", "Questionnaire", "QuestionnaireResponse", "RelatedPerson", "RiskAssessment",
        "Schedule", "ServiceRequest", "Slot", "Specimen", "Task", "ValueSet",
    )
)  # fmt: skip
_STATUS: dict[str, Status] = {
    **dict.fromkeys(("registered", "partial", "preliminary"), "preliminary"), "final": "final",
    **dict.fromkeys(("amended", "corrected"), "corrected"), "appended": "addendum",
    **dict.fromkeys(("cancelled", "entered-in-error"), "cancelled"),
}  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_DEPTH = 20


@dataclass(slots=True)
class _Context:
    """The resources that references of one document can point to, by `Type/id` and by full URL."""

    options: Options
    known: dict[str, Resource] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)

    def add(self, resource: Resource, url: object = None) -> None:
        if isinstance(url, str):
            self.known[url] = resource
        if isinstance(resource.get("id"), str):
            self.known[f"{resource.get('resourceType')}/{resource['id']}"] = resource

    def find(self, reference: object, holder: Resource) -> Resource | None:
        """The resource that a reference names: one contained in `holder` or one of the same Bundle."""
        if not isinstance(reference, str):
            return None
        if reference.startswith("#"):
            return next((r for r in _dicts(holder, "contained") if r.get("id") == reference[1:]), None)
        found = self.known.get(reference) or self.known.get("/".join(reference.split("/")[-2:]))
        if found is not None:
            self.used.add(id(found))
        return found


def read_json(stream: BinaryIO, name: str, options: Options) -> Iterator[Note | Reject]:
    """The reports of one JSON document: a resource, a Bundle or a list of resources."""
    limit = 10 * options.max_bytes
    data = stream.read(limit + 1)
    try:
        if len(data) > limit:
            raise UnreadableNote(f"larger than {limit:,} bytes; such an export is read as .ndjson")
        loaded = _json(decode(data, options.encoding))
    except UnreadableNote as error:
        yield Reject(name, error.reason, name)
        return
    stem = name.rsplit(".", 1)[0] or name
    many = loaded if isinstance(loaded, list) else [loaded]
    for number, resource in enumerate(many, 1):
        where = stem if len(many) == 1 else f"{name}:{number}"
        yield from _document(resource, where, name, None, options, alone=len(many) == 1)


def read_ndjson(stream: BinaryIO, name: str, options: Options) -> Iterator[Note | Reject]:
    """The reports of a bulk export, a resource a line; a line that cannot be read costs only itself."""
    lines = limited_lines(text_stream(stream, options.encoding), options.max_bytes * LINE_FACTOR + LINE_EXTRA)
    number = 0
    while True:
        number += 1
        where = f"{name}:{number}"
        try:
            line = next(lines)
            if line is None:
                raise UnreadableNote(too_large(options))
            if not line.strip():
                continue
            if undecodable(line):
                raise UnreadableNote("not valid UTF-8")
            resource = _json(line)
        except StopIteration:
            return
        except UnicodeError:
            yield Reject(where, "from this line on the file cannot be decoded", name, number)
            return
        except UnreadableNote as error:
            yield Reject(where, error.reason, name, number)
            continue
        yield from _document(resource, where, name, number, options, alone=False)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        at = ""
        if isinstance(error, json.JSONDecodeError):
            at = f" (at line {error.lineno})" if "\n" in text.strip() else f" (at column {error.colno})"
        raise UnreadableNote(f"not valid JSON{at}") from None


def _document(
    resource: Any, where: str, name: str, line: int | None, options: Options, alone: bool
) -> Iterator[Note | Reject]:
    context = _Context(options)
    try:
        entries = list(_entries(resource, "", context))
    except UnreadableNote as error:
        yield Reject(where, error.reason, name, line)
        return
    found = False
    # Binaries last: only then is it known which of them are attachments of another resource.
    for entry, path in sorted(entries, key=lambda each: each[0].get("resourceType") == "Binary"):
        kind = str(entry.get("resourceType"))
        # What an attachment pointed to has been read with it.
        if kind in _CONTEXT and not (alone and len(entries) == 1) or id(entry) in context.used:
            continue
        found = True
        yield _note(entry, path, where, name, line, context)
    if not found and alone:
        yield Reject(where, "the document holds no report", name, line)


def _entries(resource: Any, path: str, context: _Context, depth: int = 0) -> Iterator[tuple[Resource, str]]:
    """The resources of a document with their paths; a Bundle gives those of its entries."""
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(kind, str):
        raise UnreadableNote("no FHIR resource (no resourceType)")
    if kind != "Bundle":
        context.add(resource)
        yield resource, path
        return
    if depth > _DEPTH:
        raise UnreadableNote("Bundles within Bundles, too deep")
    entries = resource.get("entry", [])
    if not isinstance(entries, list):
        raise UnreadableNote("the entries of the Bundle are no list")
    for index, entry in enumerate(entries):
        inner = entry.get("resource") if isinstance(entry, dict) else None
        if inner is None:  # a deletion or a bare link of a transaction
            continue
        if isinstance(inner, dict):
            context.add(inner, entry.get("fullUrl"))
        yield from _entries(inner, f"{path}.entry[{index}].resource".lstrip("."), context, depth + 1)


def _note(resource: Resource, path: str, where: str, name: str, line: int | None, context: _Context) -> Note | Reject:
    kind = str(resource["resourceType"])
    note_id = _id(resource) or (f"{where}.{path}" if path else where)
    try:
        if kind not in _READERS:
            raise UnreadableNote("a resource of a type that holds no report")
        status = _status(resource)
        if status == "cancelled":
            raise UnreadableNote("the report was cancelled or entered in error")
        body = Body()
        _READERS[kind](resource, f"{path}." if path else "", body, context)
        if not body.places:
            raise UnreadableNote("the resource holds no text of a report")
        known = {
            "message_id": f"{kind}/{resource['id']}" if _id(resource) and _id(resource) == resource.get("id") else None,
            "report_status": status,
            "date_of_service": _date(resource),
            "author": _author(resource, context),
            "order_text": _order(resource),
            "patient": _reference(resource.get("subject")),
        }
        return make_note(note_id, body.text, metadata("fhir", body, **known), context.options)
    except UnreadableNote as error:
        return Reject(note_id, error.reason, name, line)


def _diagnostic_report(resource: Resource, path: str, body: Body, context: _Context) -> None:
    forms = [(form, f"{path}presentedForm[{index}]") for index, form in enumerate(_dicts(resource, "presentedForm"))]
    if forms:
        _attachment(forms, resource, body, context)
        return
    _narrative(resource, path, body)
    conclusion = resource.get("conclusion")
    if isinstance(conclusion, str) and " ".join(conclusion.split()) not in " ".join(body.text.split()):
        body.add(conclusion, f"{path}conclusion")
    if not body.places:
        for index, each in enumerate(_dicts(resource, "result")):
            observation = context.find(each.get("reference"), resource)
            value = observation.get("valueString") if observation else None
            if isinstance(value, str):
                body.add(value, f"{path}result[{index}].resolve().valueString")


def _document_reference(resource: Resource, path: str, body: Body, context: _Context) -> None:
    forms = [
        (content["attachment"], f"{path}content[{index}].attachment")
        for index, content in enumerate(_dicts(resource, "content"))
        if isinstance(content.get("attachment"), dict)
    ]
    if forms:
        _attachment(forms, resource, body, context)
    else:
        _narrative(resource, path, body)


def _composition(resource: Resource, path: str, body: Body, context: _Context) -> None:
    title = resource.get("title")
    if isinstance(title, str) and title.strip():
        body.add(title, f"{path}title")
    before = len(body.places)
    for section, at in _sections_with_paths(resource, path):
        title = section.get("title")
        if isinstance(title, str) and title.strip():
            # A heading as reports print it.
            body.add(title if title.rstrip().endswith(":") else f"{title}:", f"{at}.title", "\n\n")
        _narrative(section, f"{at}.", body)
    if len(body.places) == before:
        _narrative(resource, path, body)


def _binary(resource: Resource, path: str, body: Body, context: _Context) -> None:
    attachment = {"contentType": resource.get("contentType"), "data": resource.get("data")}
    _attachment([(attachment, path.removesuffix(".") or "Binary")], resource, body, context)


_READERS: dict[str, Callable[[Resource, str, Body, _Context], None]] = {
    "DiagnosticReport": _diagnostic_report,
    "DocumentReference": _document_reference,
    "Composition": _composition,
    "Binary": _binary,
}


def _attachment(forms: list[tuple[Resource, str]], holder: Resource, body: Body, context: _Context) -> None:
    """The text of the best of several forms of one report: plain text before HTML. Raises UnreadableNote with the
    reason of the first where none can be read; a narrative is no substitute, as it may be a mere summary."""
    ranked = sorted(forms, key=lambda form: _rank(form[0]))
    errors: list[UnreadableNote] = []
    for form, path in ranked:
        try:
            text = _attached_text(form, holder, context)
        except UnreadableNote as error:
            errors.append(error)
        else:
            body.add(text, path)
            return
    raise errors[0]


def _rank(form: Resource) -> int:
    kind = _content_type(form)[0]
    return 0 if kind == "text/plain" else 1 if "html" in kind else 2


def _content_type(form: Resource) -> tuple[str, str | None]:
    """Type without parameters, and the charset."""
    given = form.get("contentType")
    if not isinstance(given, str):
        return "", None
    kind, *parameters = (part.strip() for part in given.split(";"))
    charset = next((p.partition("=")[2].strip("\"' ") for p in parameters if p.lower().startswith("charset=")), None)
    return kind.lower(), charset


def _attached_text(form: Resource, holder: Resource, context: _Context) -> str:
    kind, charset = _content_type(form)
    if kind and not kind.startswith("text/") and kind != "application/xhtml+xml" or kind in ("text/rtf", "text/xml"):
        raise UnreadableNote("an attachment is no text or HTML (PDF, RTF, CDA and images are not read)")
    data = form.get("data")
    if data is None:
        binary = context.find(form.get("url"), holder)
        if binary is None or binary.get("resourceType") != "Binary":
            raise UnreadableNote("an attachment has no data, and what it points to is not in the document")
        data = binary.get("data")
        if not kind:
            kind, charset = _content_type(binary)
    if not isinstance(data, str):
        raise UnreadableNote("an attachment has no data")
    raw = from_base64(data, context.options)
    try:
        text = decode(raw, charset)
    except LookupError:
        raise UnreadableNote("an attachment names an unknown character set") from None
    return text_of(text) if "html" in kind or (not kind and text.lstrip()[:1] == "<") else text


def _narrative(holder: Resource, path: str, body: Body) -> None:
    text = holder.get("text")
    div = text.get("div") if isinstance(text, dict) else None
    if isinstance(div, str):
        found = text_of(div)
        if found.strip():
            body.add(found, f"{path}text.div")


def _sections_with_paths(holder: Resource, path: str, depth: int = 0) -> Iterator[tuple[Resource, str]]:
    if depth > _DEPTH:
        raise UnreadableNote("sections within sections, too deep")
    for index, section in enumerate(_dicts(holder, "section")):
        at = f"{path}section[{index}]"
        yield section, at
        yield from _sections_with_paths(section, f"{at}.", depth + 1)


def _dicts(holder: Resource, key: str) -> list[Resource]:
    """The objects in a list; what is no list or no object is passed over, as its index would mislead."""
    value = holder.get(key)
    return [each if isinstance(each, dict) else {} for each in value] if isinstance(value, list) else []


def _status(resource: Resource) -> Status | None:
    """The least final of `status` and `docStatus`; the status of a DocumentReference is that of the entry only."""
    given = [resource.get("docStatus")]
    if resource["resourceType"] != "DocumentReference" or resource.get("status") == "entered-in-error":
        given.append(resource.get("status"))
    found = [_STATUS[each] for each in given if isinstance(each, str) and each in _STATUS]
    order = ("cancelled", "preliminary", "corrected", "addendum", "final")
    return min(found, key=order.index, default=None)


def _id(resource: Resource) -> str | None:
    given = resource.get("id")
    if isinstance(given, str) and _ID.fullmatch(given):
        return given
    identifiers = resource.get("identifier")
    for each in identifiers if isinstance(identifiers, list) else [identifiers]:
        value = each.get("value") if isinstance(each, dict) else None
        if isinstance(value, str) and _ID.fullmatch(value):
            return value
    return None


def _date(resource: Resource) -> str | None:
    period = resource.get("effectivePeriod")
    context = resource.get("context")
    event = next(iter(_dicts(resource, "event")), None)
    if isinstance(context, dict):
        period = context.get("period")
    elif event:
        period = event.get("period")
    return day(resource.get("effectiveDateTime")) or day(period.get("start") if isinstance(period, dict) else None)


def _reference(value: object) -> str | None:
    found = value.get("reference") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _author(resource: Resource, context: _Context) -> str | None:
    for key in ("resultsInterpreter", "author", "performer"):
        for each in _dicts(resource, key):
            shown = each.get("display")
            if isinstance(shown, str) and shown.strip():
                return shown.strip()
            person = context.find(each.get("reference"), resource)
            for name in _dicts(person, "name") if person else []:
                given = name.get("given")
                parts = [name.get("family"), *(given if isinstance(given, list) else [])]
                joined = ", ".join(part for part in parts if isinstance(part, str))
                if joined:
                    return joined
    return None


def _order(resource: Resource) -> str | None:
    for key in ("code", "type"):
        concept = resource.get(key)
        if isinstance(concept, dict):
            names = [concept.get("text"), *(coding.get("display") for coding in _dicts(concept, "coding"))]
            for name in names:
                if isinstance(name, str) and name.strip():
                    return name.strip()
    return None
