"""HL7 v2 messages as senders make them: separators, escapes, several reports, corrections, attachments, faults."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.note import Note
from extractor.sources import Inputs, Options, Reject, hl7v2

MSH = "MSH|^~\\&|RIS|H|CODING|H|20260302||ORU^R01|M1|P|2.5.1"


def obr(number: str = "A1", status: str = "F", order: str = "19285^US WIRE LOC LEFT^C4") -> str:
    return f"OBR|1|P1^X|{number}|{order}|||20260301101500||||||||||||||||||{status}|||||||55&Smith&Jo"


def obx(text: str, number: int = 1, kind: str = "TX", status: str = "F") -> str:
    return f"OBX|{number}|{kind}|19285&GDT||{text}||||||{status}"


def message(*segments: str, msh: str = MSH, end: str = "\r") -> bytes:
    return (end.join([msh, "PID|1||77^^^H^MR||Quillfeather^Ann", *segments]) + end).encode()


def read(data: bytes, **options: object) -> list[Note | Reject]:
    return list(hl7v2.read(io.BytesIO(data), "f.hl7", Options(**options)))  # type: ignore[arg-type]


def text(data: bytes) -> str:
    (note,) = read(data)
    assert isinstance(note, Note), note
    places = note.metadata["places"]
    assert places
    assert all(0 <= start <= end <= len(note.text) for start, end, _ in places)
    assert all(a[1] <= b[0] for a, b in zip(places, places[1:], strict=False))
    return note.text


OTHER = "MSH$%*!@$RIS$H$CODING$H$20260302$$ORU%R01$M1$P$2.5.1"
ED = "OBX|1|ED|X||^{}^{}^{}^{}||||||F"
MDM = "MSH|^~\\&|RIS|H|CODING|H|20260302||MDM^T02^MDM_T02|M1|P|2.5.1"
TXA = "TXA|1|OP|TX|20260301|||||9^Jones^Al|||DOC7||||{}"

READS = {
    "one line an OBX": (message(obr(), obx("one"), obx("two", 2)), "one\ntwo"),
    "formatted line breaks": (message(obr(), obx("one\\.br\\two\\.br\\\\.br\\three", kind="FT")), "one\ntwo\n\nthree"),
    "leading and trailing spaces": (message(obr(), obx("  one  "), obx("   two", 2)), "  one  \n   two"),
    "trailing space ends the message": ((MSH + "\r" + obr() + "\rOBX|1|TX|||last  ").encode(), "last  "),
    "an empty OBX is an empty line": (message(obr(), obx("one"), obx("", 2), obx("two", 3)), "one\n\ntwo"),
    "repetitions are lines": (message(obr(), obx("one~two~~three")), "one\ntwo\n\nthree"),
    "escaped separators": (message(obr(), obx("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f")), "a|b^c&d~e\\f"),
    "raw component signs in text": (message(obr(), obx("x ^ y & z")), "x ^ y & z"),
    "hexadecimal": (message(obr(), obx("5\\XC2B0\\ \\X0D0A\\ \\XB0\\")), "5° \r\n °"),
    "highlighting": (message(obr(), obx("a \\H\\bold\\N\\ b")), "a bold b"),
    "vertical and horizontal space": (message(obr(), obx("a\\.sp2\\b\\.sk3\\c\\.in+4\\d\\.ce\\e")), "a\n\nb   cd\ne"),
    "unknown escapes pass": (message(obr(), obx("a \\Zx\\ \\.zz\\ C:\\temp b")), "a \\Zx\\ \\.zz\\ C:\\temp b"),
    "other separators": (
        message("OBR$1$$A1", "OBX$1$TX$$$a | b^c !F! !T! !.br!d*e$$$$$$F", msh=OTHER).replace(
            b"PID|1||77", b"PID$1$$7"
        ),
        "a | b^c $ @ \nd\ne",
    ),
    "no escape character": (message(obr(), obx("a\\.br\\b"), msh=MSH.replace("^~\\&", "^~")), "a\\.br\\b"),
    "line feeds between segments": (message(obr(), obx("one"), obx("two", 2), end="\n"), "one\ntwo"),
    "both between segments": (message(obr(), obx("one"), obx("two", 2), end="\r\n"), "one\ntwo"),
    "a raw line break in a field": (message(obr(), "OBX|1|TX|||one\ntwo\n\n  three"), "one\ntwo\n\n  three"),
    "frame of the wire protocol": (b"\x0b" + message(obr(), obx("one")) + b"\x1c\r", "one"),
    "batch envelope": (b"FHS|^~\\&|x\rBHS|^~\\&|x\r" + message(obr(), obx("one")) + b"BTS|1\rFTS|1\r", "one"),
    "latin-1 by MSH-18": (message(obr(), obx("5\xb0"), msh=MSH + "||||||8859/1").decode().encode("latin-1"), "5°"),
    "notes under observations": (message(obr(), obx("one"), "NTE|1|L|remark\\.br\\two"), "one\nremark\ntwo"),
    "the placer's note is no text": (message(obr(), "NTE|1|P|please hurry", obx("one")), "one"),
    "values beside the text": (message(obr(), "OBX|1|NM|D||5|mm", obx("one", 2), "OBX|3|CE|R||4^B^L"), "one"),
    "deleted and withdrawn lines": (
        message(obr(), obx("x", status="D"), obx("one", 2), obx("y", 3, status="W")),
        "one",
    ),
    "addendum of the same order": (message(obr(), obx("one"), obr(), obx("ADDENDUM: two")), "one\nADDENDUM: two"),
    "encapsulated text": (
        message(obr(), ED.format("TEXT", "plain", "Base64", base64.b64encode("öne\ntwo".encode()).decode())),
        "öne\ntwo",
    ),
    "encapsulated HTML": (
        message(obr(), ED.format("TEXT", "HTML", "A", "<p>left &lt;b&gt;</p><p>two</p>".replace("&", "\\T\\"))),
        "left <b>\n\ntwo",
    ),
    "encapsulated in hex": (message(obr(), ED.format("TEXT", "plain", "Hex", b"one".hex())), "one"),
    "a document": (message("EVN|T02", TXA.format("AU"), obx("one"), obx("two", 2), msh=MDM), "one\ntwo"),
    "characters beyond the first plane": (message(obr(), obx("left 😀 breast")), "left 😀 breast"),
}


@pytest.mark.parametrize("name", READS)
def test_reads(name: str) -> None:
    data, expected = READS[name]
    assert text(data) == expected


LARGE = obx("x" * 2000)
REFUSES = {
    "wrong base64": (message(obr(), ED.format("TEXT", "plain", "Base64", "a$b")), "A1", "not valid base64"),
    "wrong hex": (message(obr(), ED.format("TEXT", "plain", "Hex", "0g")), "A1", "not valid hex"),
    "a PDF": (message(obr(), ED.format("AP", "PDF", "Base64", "JVBERi0=")), "A1", "PDF, RTF and images"),
    "a cancelled report": (message(obr(status="X"), obx("one")), "A1", "cancelled"),
    "a withdrawn document": (
        message(TXA.format("AU"), obx("x"), msh=MDM.replace("T02", "T11")),
        "M1",
        "takes a document",
    ),
    "no text": (message(obr(), "OBX|1|NM|D||5|mm"), "M1", "no text of a report"),
    "an admission": (message("PV1|1", msh=MSH.replace("ORU^R01", "ADT^A08")), "M1", "holds no report"),
    "no message": (b"Left breast wire localization\rnothing else\r", "f.hl7:1", "does not begin with MSH"),
    "no separators": (b"MSHRISH\robx\r", "f.hl7:1", "no separators"),
    "one sign for two separators": (message(obr(), obx("x^^y"), msh=MSH.replace("^~", "^^")), "f.hl7:1", "be parsed"),
    "too large": (message(obr(), *[LARGE] * 50), "f.hl7:1", "larger than the limit"),
    "a note too large": (message(obr(), LARGE), "A1", "larger than the limit"),
    "other bytes": (message(obr(), obx("one")).replace(b"one", b"\xff"), "f.hl7:1", "not valid UTF-8"),
    "wrong character set": (
        message(obr(), obx("one"), msh=MSH + "||||||ASCII").replace(b"one", b"\xff"),
        "f.hl7:1",
        "not valid UTF-8",
    ),
    "NUL": (message(obr(), obx("a\\X00\\b")), "A1", "NUL"),
}


@pytest.mark.parametrize("name", REFUSES)
def test_refuses_by_name_and_goes_on(name: str) -> None:
    data, note_id, reason = REFUSES[name]
    found = read(data + message(obr("Z9"), obx("last")), max_bytes=1000)
    assert isinstance(found[0], Reject)
    assert (found[0].id, reason in found[0].reason) == (note_id, True), found[0]
    assert "Quillfeather" not in found[0].reason
    assert isinstance(found[-1], Note)
    assert (found[-1].note_id, found[-1].text) == ("Z9", "last")


def test_what_is_known_besides() -> None:
    (note,) = read(message("ORC|RE", obr(), obx("one"), obx("two~three", 2)))
    assert isinstance(note, Note)
    known = dict(note.metadata)
    assert known.pop("patient") == "77^^^H^MR"
    assert known == {
        "format": "hl7",
        "report_status": "final",
        "date_of_service": "2026-03-01",
        "author": "Smith, Jo",
        "order_text": "US WIRE LOC LEFT",
        "message_id": "M1",
        "places": ((0, 3, "OBX[1].5[1]"), (4, 7, "OBX[2].5[1]"), (8, 13, "OBX[2].5[2]")),
    }
    assert note.note_id == "A1"


def test_two_reports_in_one_message() -> None:
    found = read(message(obr("A1"), obx("one"), obr("A2", order="^MRI^"), obx("two")))
    assert [(n.note_id, n.text, n.metadata["order_text"]) for n in found if isinstance(n, Note)] == [
        ("A1", "one", "US WIRE LOC LEFT"),
        ("A2", "two", "MRI"),
    ]


def test_orders_without_text_lend_their_names() -> None:
    (note,) = read(message(obr("A1"), obx("one"), obr("A2", order="77065^DIAG MAMMO^C4")))
    assert isinstance(note, Note)
    assert note.metadata["order_text"] == "US WIRE LOC LEFT; DIAG MAMMO"


@pytest.mark.parametrize(
    ("order", "line", "status"),
    [
        ("P", "F", "preliminary"),
        ("F", "P", "preliminary"),
        ("R", "", "preliminary"),
        ("F", "F", "final"),
        ("C", "C", "corrected"),
        ("F", "C", "corrected"),
        ("", "", None),
        ("A", "F", "preliminary"),
    ],
)
def test_status_is_the_least_final_of_order_and_lines(order: str, line: str, status: str | None) -> None:
    (note,) = read(message(obr(status=order), obx("one", status=line)))
    assert isinstance(note, Note)
    assert note.metadata.get("report_status") == status


@pytest.mark.parametrize(("code", "status"), [("AU", "final"), ("DI", "preliminary"), ("PA", "preliminary")])
def test_status_and_author_of_a_document(code: str, status: str) -> None:
    (note,) = read(message(TXA.format("").rstrip("|") + f"|||||{code}", obx("one"), msh=MDM))
    assert isinstance(note, Note)
    assert note.note_id == "DOC7"
    assert note.metadata["report_status"] == status
    assert note.metadata["author"] == "Jones, Al"


def test_corrected_after_final_is_a_note_of_its_own_and_a_repeat_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "f.hl7").write_bytes(
        message(obr(status="P"), obx("left"))
        + message(obr(), obx("left"))
        + message(obr(), obx("left"))
        + message(obr(status="C"), obx("right"))
    )
    items = list(Inputs([str(tmp_path / "f.hl7")]))
    shown = [(i.note_id, i.text) if isinstance(i, Note) else (i.id, i.duplicate) for i in items]
    assert shown == [("A1", "left"), ("A1#2", "left"), ("A1", True), ("A1#3", "right")]


def test_equal_texts_of_two_people_are_two_reports(tmp_path: Path) -> None:
    one = message(obr("A1"), obx("same"))
    (tmp_path / "f.hl7").write_bytes(one + one.replace(b"|77^", b"|78^").replace(b"A1", b"A2"))
    assert [type(each) for each in Inputs([str(tmp_path / "f.hl7")])] == [Note, Note]


LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n\x0b\x1c"))
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}


def escaped(line: str) -> str:
    return "".join(_ESCAPES.get(c, c) for c in line)


@given(st.lists(LINES, min_size=1), st.sampled_from(["obx", "br", "repetition"]), st.sampled_from(["\r", "\n", "\r\n"]))
def test_any_text_survives_the_round_trip(lines: list[str], layout: str, end: str) -> None:
    """Whichever way a sender breaks lines, the text is the one that was sent, and every place holds its line."""
    if layout == "obx":
        segments = [obx(escaped(line), n) for n, line in enumerate(lines, 1)]
    else:
        segments = [obx({"br": "\\.br\\", "repetition": "~"}[layout].join(map(escaped, lines)), kind="FT")]
    (note,) = read(message(obr(), *segments, end=end))
    assert isinstance(note, Note)
    assert note.text == "\n".join(lines)
    if layout != "br":
        assert [note.text[start:stop] for start, stop, _ in note.metadata["places"]] == lines


@given(st.binary(max_size=200))
def test_any_bytes_end_without_an_error(data: bytes) -> None:
    for item in read(MSH.encode() + b"\r" + data):
        assert isinstance(item, Note | Reject)


@given(st.text(alphabet="|^~\\&OBRXTMSHP\r\n1.", max_size=120))
def test_any_structure_ends_without_an_error(data: str) -> None:
    for item in read(message(data)):
        assert isinstance(item, Note | Reject)
