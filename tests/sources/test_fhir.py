"""FHIR R4 as servers send it: attachments, narratives, Bundles, bulk lines, faults."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.note import Note
from extractor.sources import Inputs, Options, Reject, fhir

Resource = dict[str, Any]


def data(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def form(text: str | bytes, kind: str | None = "text/plain") -> Resource:
    return {"contentType": kind, "data": data(text)} if kind else {"data": data(text)}


def report(**more: Any) -> Resource:
    given: Resource = {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "code": {"text": "US wire localization"},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-03-01T10:15:00Z",
        "resultsInterpreter": [{"display": "Jo Smith, MD"}],
        **more,
    }
    return {key: value for key, value in given.items() if value is not None}


def document(*forms: Resource, **more: Any) -> Resource:
    return {
        "resourceType": "DocumentReference",
        "id": "d1",
        "status": "current",
        "docStatus": "final",
        "type": {"coding": [{"display": "Procedure note"}]},
        "subject": {"reference": "Patient/p"},
        "content": [{"attachment": each} for each in forms],
        **more,
    }


def div(html: str) -> Resource:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{html}</div>'}


def composition(*sections: Resource, **more: Any) -> Resource:
    return {
        "resourceType": "Composition",
        "id": "c1",
        "status": "final",
        "type": {"text": "Procedure note"},
        "date": "2026-03-02",
        "author": [{"reference": "Practitioner/x"}],
        "title": "WIRE LOCALIZATION",
        "section": list(sections),
        **more,
    }


def bundle(*resources: Resource, kind: str = "collection") -> Resource:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": each} for each in resources]}


PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"family": "Quillfeather"}]}
PERSON = {"resourceType": "Practitioner", "id": "x", "name": [{"family": "Jones", "given": ["Al"]}]}
BINARY = {"resourceType": "Binary", "id": "b", "contentType": "text/plain", "data": data("from the binary")}
OBSERVATION = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"text": "x"},
    "valueString": "seen",
}


def read(resource: Any, **options: object) -> list[Note | Reject]:
    raw = resource if isinstance(resource, bytes) else json.dumps(resource).encode()
    return list(fhir.read_json(io.BytesIO(raw), "f.json", Options(**options)))  # type: ignore[arg-type]


def lines(*resources: Any) -> list[Note | Reject]:
    raw = b"\n".join(each if isinstance(each, bytes) else json.dumps(each).encode() for each in resources)
    return list(fhir.read_ndjson(io.BytesIO(raw), "f.ndjson", Options()))


SECTION = {"title": "Technique", "text": div("<p>A wire was placed.</p>")}
READS: dict[str, tuple[Any, str, str]] = {
    "plain text": (report(presentedForm=[form("left\r\n  breast 😀")]), "left\r\n  breast 😀", "presentedForm[0]"),
    "charset of the attachment": (
        report(presentedForm=[form("5\xb0".encode("latin-1"), "text/plain; charset=ISO-8859-1")]),
        "5°",
        "presentedForm[0]",
    ),
    "plain text before HTML": (
        report(presentedForm=[form("<p>no</p>", "text/html"), form("yes")]),
        "yes",
        "presentedForm[1]",
    ),
    "HTML when the plain text is broken": (
        report(presentedForm=[{"contentType": "text/plain", "data": "%%"}, form("<p>yes</p>", "text/html")]),
        "yes",
        "presentedForm[1]",
    ),
    "HTML": (
        report(
            presentedForm=[
                form(
                    "<html><head><title>x</title><style>p{}</style></head><body><h1>TECHNIQUE</h1>"
                    "<p>left&nbsp;breast<br/>two  \n words</p><script>no</script></body>",
                    "text/html",
                )
            ]
        ),
        "TECHNIQUE\n\nleft\xa0breast\ntwo words",
        "presentedForm[0]",
    ),
    "preformatted HTML": (
        report(presentedForm=[form("<pre>a\n  b\n\nc</pre>", "text/html")]),
        "a\n  b\n\nc",
        "presentedForm[0]",
    ),
    "no content type, tags": (report(presentedForm=[form("<div>a</div>", None)]), "a", "presentedForm[0]"),
    "no content type, text": (report(presentedForm=[form("a < b", None)]), "a < b", "presentedForm[0]"),
    "broken lines of base64": (
        report(presentedForm=[{"contentType": "text/plain", "data": "bGVm\r\ndA== "}]),
        "left",
        "presentedForm[0]",
    ),
    "PDF beside text": (
        report(presentedForm=[form(b"%PDF", "application/pdf"), form("text")]),
        "text",
        "presentedForm[1]",
    ),
    "narrative and conclusion": (report(text=div("<p>one</p>"), conclusion="two"), "one\ntwo", "conclusion"),
    "conclusion that the narrative repeats": (
        report(text=div("<p>one two</p>"), conclusion="one  two"),
        "one two",
        "text.div",
    ),
    "conclusion alone": (report(conclusion="two"), "two", "conclusion"),
    "contained observations": (
        report(
            contained=[OBSERVATION, {**OBSERVATION, "id": "q", "valueString": "placed"}],
            result=[{"reference": "#o"}, {"reference": "#q"}],
        ),
        "seen\nplaced",
        "result[1].resolve().valueString",
    ),
    "a document": (document(form("left")), "left", "content[0].attachment"),
    "second attachment readable": (document(form(b"", "image/png"), form("left")), "left", "content[1].attachment"),
    "attachment in a Binary": (
        bundle(document({"contentType": "text/plain", "url": "Binary/b"}), BINARY, PATIENT),
        "from the binary",
        "entry[0].resource.content[0].attachment",
    ),
    "attachment in a contained Binary": (
        document({"url": "#b"}, contained=[BINARY]),
        "from the binary",
        "content[0].attachment",
    ),
    "a Binary": (BINARY, "from the binary", "Binary"),
    "sections": (
        composition(SECTION, {"title": "Plan:", "section": [{"title": "Next", "text": div("surgery")}]}),
        "WIRE LOCALIZATION\n\nTechnique:\nA wire was placed.\n\nPlan:\n\nNext:\nsurgery",
        "section[1].section[0].text.div",
    ),
    "a composition with a narrative only": (composition(text=div("all")), "WIRE LOCALIZATION\nall", "text.div"),
    "a document bundle": (
        bundle(composition(SECTION), PATIENT, PERSON, kind="document"),
        "WIRE LOCALIZATION\n\nTechnique:\nA wire was placed.",
        "entry[0].resource.section[0].text.div",
    ),
    "a bundle in a bundle": (
        bundle(bundle(report(conclusion="in"))),
        "in",
        "entry[0].resource.entry[0].resource.conclusion",
    ),
    "a search without a match beside it": (
        bundle({"resourceType": "OperationOutcome", "issue": []}, report(conclusion="in"), kind="searchset"),
        "in",
        "entry[1].resource.conclusion",
    ),
    "byte order mark": (b"\xef\xbb\xbf" + json.dumps(report(conclusion="é")).encode(), "é", "conclusion"),
}


@pytest.mark.parametrize("name", READS)
def test_reads(name: str) -> None:
    resource, expected, last = READS[name]
    found = read(resource)
    assert len(found) == 1
    assert isinstance(found[0], Note), found
    assert found[0].text == expected
    places = found[0].metadata["places"]
    assert places[-1][1:] == (len(expected), last)
    assert all(a[1] <= b[0] for a, b in zip(places, places[1:], strict=False))


DEEP: Resource = report(conclusion="x")
for _ in range(30):
    DEEP = bundle(DEEP)
REFUSES: dict[str, tuple[Any, str, str]] = {
    "wrong base64": (report(presentedForm=[{"contentType": "text/plain", "data": "a$b="}]), "r1", "not valid base64"),
    "a PDF": (report(presentedForm=[form(b"%PDF", "application/pdf")], conclusion="summary"), "r1", "no text or HTML"),
    "an address": (document({"contentType": "text/plain", "url": "https://h.example/1"}), "d1", "not in the document"),
    "no data": (document({"contentType": "text/plain"}), "d1", "no data"),
    "other bytes": (report(presentedForm=[form(b"\xff")]), "r1", "not valid UTF-8"),
    "unknown charset": (
        report(presentedForm=[form("x", "text/plain; charset=klingon")]),
        "r1",
        "unknown character set",
    ),
    "nothing in it": (report(), "r1", "no text"),
    "entered in error": (report(status="entered-in-error", conclusion="x"), "r1", "entered in error"),
    "document in error": (document(form("x"), status="entered-in-error"), "d1", "entered in error"),
    "unknown resource": ({"resourceType": "Sonnet", "id": "s"}, "s", "holds no report"),
    "a patient": (PATIENT, "p", "holds no report"),
    "no resource": ({"note_id": "a", "text": "x"}, "f", "no FHIR resource"),
    "a string": (b'"x"', "f", "no FHIR resource"),
    "no JSON": (b"{\nx", "f.json", "not valid JSON (at line 2)"),
    "too deep": (b"[" * 9_000, "f.json", "not valid JSON"),
    "bundles too deep": (DEEP, "f", "too deep"),
    "a bundle of nothing": (bundle(), "f", "holds no report"),
    "a bundle of context": (bundle(PATIENT, PERSON), "f", "holds no report"),
    "entries that are none": ({"resourceType": "Bundle", "entry": {"a": 1}}, "f", "no list"),
    "too large": (report(presentedForm=[form("x" * 1001)]), "r1", "larger than the limit"),
    "a file too large": (report(conclusion="x" * 20_000), "f.json", "larger than"),
    "half a character": (report(conclusion="\ud800"), "r1", "lone surrogate"),
    "NUL": (report(presentedForm=[form("a\0b")]), "r1", "NUL"),
    "an unknown entry": (bundle(PATIENT, {"resourceType": "Sonnet"}), "f.entry[1].resource", "holds no report"),
    "sections of no shape": (composition("x", {"title": 5}, title=None), "c1", "no text"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", REFUSES)
def test_refuses_by_name(name: str) -> None:
    resource, note_id, reason = REFUSES[name]
    (item,) = read(resource, max_bytes=1000)
    assert isinstance(item, Reject), item
    assert item.id == note_id
    assert reason in item.reason
    assert "Quillfeather" not in item.reason


def test_a_bad_line_costs_only_itself() -> None:
    found = lines(
        report(conclusion="one"), b"{", b"", PATIENT, b"\xff{}", document(form("two")), {"resourceType": "Sonnet"}
    )
    shown = [(i.note_id, i.text) if isinstance(i, Note) else (i.id, i.reason) for i in found]
    assert shown == [
        ("r1", "one"),
        ("f.ndjson:2", "not valid JSON (at column 1)"),
        ("f.ndjson:5", "not valid UTF-8"),
        ("d1", "two"),
        ("f.ndjson:7", "a resource of a type that holds no report"),
    ]


def test_what_is_known_besides() -> None:
    (note,) = read(report(conclusion="x"))
    assert isinstance(note, Note)
    assert note.metadata == {
        "format": "fhir",
        "message_id": "DiagnosticReport/r1",
        "report_status": "final",
        "date_of_service": "2026-03-01",
        "author": "Jo Smith, MD",
        "order_text": "US wire localization",
        "patient": "Patient/p",
        "places": ((0, 1, "conclusion"),),
    }
    (note,) = read(bundle(composition(SECTION, event=[{"period": {"start": "2026-03-01"}}]), PERSON, kind="document"))
    assert isinstance(note, Note)
    assert (note.metadata["author"], note.metadata["date_of_service"]) == ("Jones, Al", "2026-03-01")


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        (report(status="preliminary", conclusion="x"), "preliminary"),
        (report(status="partial", conclusion="x"), "preliminary"),
        (report(status="amended", conclusion="x"), "corrected"),
        (report(status="appended", conclusion="x"), "addendum"),
        (report(status="unheard-of", conclusion="x"), None),
        (document(form("x"), docStatus="preliminary"), "preliminary"),
        (document(form("x"), docStatus=None), None),
        (composition(SECTION, status="preliminary"), "preliminary"),
    ],
)
def test_status(resource: Resource, status: str | None) -> None:
    (note,) = read(resource)
    assert isinstance(note, Note)
    assert note.metadata.get("report_status") == status


def test_the_id_is_the_resource_s_or_an_identifier() -> None:
    (one,) = read(report(id=None, identifier=[{"system": "x"}, {"value": "ACC-1"}], conclusion="x"))
    (two,) = read(report(id=None, conclusion="x"))
    assert isinstance(one, Note)
    assert isinstance(two, Note)
    assert (one.note_id, two.note_id) == ("ACC-1", "f")


def test_one_report_in_two_resources_is_read_once(tmp_path: Path) -> None:
    """As real feeds send it: the DiagnosticReport in HTML, the DocumentReference in plain text, of one patient."""
    first = report(presentedForm=[form("<p>left breast</p><p>wire</p>", "text/html")])
    same, other = document(form("left breast\nwire")), document(form("left breast\nwire"), id="d2")
    other["subject"] = {"reference": "Patient/another"}
    path = tmp_path / "f.ndjson"
    path.write_text("\n".join(map(json.dumps, [first, same, other])))
    items = list(Inputs([str(path)]))
    assert [getattr(each, "duplicate", None) for each in items] == [None, True, None]
    path.write_text(json.dumps({**first, "status": "preliminary"}) + "\n" + json.dumps(same))
    assert [type(each) for each in Inputs([str(path)])] == [Note, Note]  # the final word is no copy of the first one


def test_json_of_other_kinds_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "gold.json").write_text('{"note_id": "a"}')
    (tmp_path / "r.json").write_text(json.dumps(report(conclusion="x")))
    inputs = Inputs([str(tmp_path)])
    assert [each.note_id for each in inputs if isinstance(each, Note)] == ["r1"]
    assert inputs.skipped == 1


def test_the_samples_are_fhir() -> None:
    """An independent library takes the messages of this file for FHIR (R4B: these resources are R4's)."""
    pytest.importorskip("fhir.resources", reason="the extra feedtest judges the samples")
    from fhir.resources.R4B import get_fhir_model_class

    checked = 0
    for resource, _, _ in READS.values():
        if isinstance(resource, dict):
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)
            checked += 1
    assert checked > 20


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")))
def test_any_text_survives_the_round_trip(text: str) -> None:
    (note,) = read(report(presentedForm=[form(text)]))
    assert isinstance(note, Note)
    assert note.text == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["entry", "resource", "content", "attachment", "section", "text", "div", "data"]), inner
        )
    ),
    max_leaves=20,
)


@given(
    st.sampled_from(["Bundle", *fhir.REPORTS]),
    st.dictionaries(
        st.sampled_from(
            [
                "entry",
                "content",
                "presentedForm",
                "section",
                "text",
                "subject",
                "id",
                "identifier",
                "code",
                "event",
                "author",
                "context",
                "contained",
                "title",
                "status",
                "conclusion",
                "data",
            ]
        ),
        JSON,
    ),
)
def test_any_shape_is_a_note_or_a_reject(kind: str, resource: Resource) -> None:
    for item in read({"resourceType": kind, **resource}):
        assert isinstance(item, Note | Reject)
