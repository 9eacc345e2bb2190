"""Offsets survive every format: the words of every span are the same before and after, in every unit."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.annotations import Document, Span, formats, labelstudio
from extractor.annotations.offsets import UNITS, Ruler, located
from extractor.annotations.standoff import AnnotationError

# What breaks offsets: characters beyond the BMP, combining marks, CRLF, lone CR, odd line separators, tabs.
ALPHABET = ["a", "B", " ", "é", "e\u0301", "😀", "𝒳", "👩‍⚕️", "\r\n", "\n", "\r", "\t", "\u2028", "\x85", "#", ";", "T1"]
TEXTS = st.lists(st.sampled_from(ALPHABET), min_size=1, max_size=40).map("".join)
LABELS = st.sampled_from(["guidance", "laterality", "device", "complications"])


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(TEXTS)
    spans = set()
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        # Evidence neither begins nor ends with a line break, which brat could not write.
        if text[start] != "\n" and text[end - 1] != "\n":
            spans.add(Span(start, end, draw(LABELS), draw(st.sampled_from([None, "rule.a"]))))
    ordered = sorted(spans, key=lambda s: (s.start, s.end, s.label, s.rule or ""))
    return Document("n-1", text, tuple(ordered), {"note_id": "n-1", "evidence": {}})


def there_and_back(document: Document, name: str, unit: str | None, folder: Path) -> Document:
    out = folder / f"out.{name}"
    formats.write([document], out, name, unit)  # type: ignore[arg-type]
    (back,) = formats.read(out, name, unit)  # type: ignore[arg-type]
    return back


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", ["standoff", "label-studio", "prodigy", "doccano", "brat", "docbin"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents())
def test_every_format_brings_back_the_same_document(tmp_path: Path, name: str, unit: str, document: Document) -> None:
    back = there_and_back(document, name, unit, tmp_path)
    assert back.text == document.text
    assert [(s.start, s.end, s.label) for s in back.spans] == [(s.start, s.end, s.label) for s in document.spans]
    assert back.record == document.record
    if name != "doccano":  # its labels have no room for the rule
        assert back.spans == document.spans


@settings(deadline=None)
@given(text=TEXTS, unit=st.sampled_from(UNITS), crlf=st.booleans())
def test_a_ruler_is_its_own_inverse(text: str, unit: str, crlf: bool) -> None:
    ruler = Ruler(text, unit, crlf)  # type: ignore[arg-type]
    for position in range(len(text) + 1):
        back = ruler.back(ruler.out(position))
        assert back == position or (crlf and text[min(back or 0, position) : max(back or 0, position)] == "\r")


@settings(deadline=None)
@given(document=documents())
def test_utf16_offsets_are_those_of_a_browser(document: Document) -> None:
    ruler, units = Ruler(document.text, "utf-16"), document.text.encode("utf-16-le")
    for span in document.spans:
        cut = units[2 * ruler.out(span.start) : 2 * ruler.out(span.end)]
        assert cut.decode("utf-16-le") == document.surface(span)


def test_inside_a_character_is_no_position() -> None:
    assert Ruler("a😀b", "utf-16").back(2) is None
    assert Ruler("a😀b", "utf-8").back(5) == 2
    assert Ruler("ab", "code-points").back(3) is None


def test_a_tool_that_counts_otherwise_is_found_out_by_its_words() -> None:
    text = "😀 left\r\nbreast, 😀 wire"
    at = text.index("wire")
    for unit in UNITS:
        for crlf in (False, True):
            ruler = Ruler(text, unit, crlf)
            spans = [(ruler.out(at), ruler.out(at + 4), "wire")]
            assert located("n", text, spans, "code-points") == [(at, at + 4)]
    # A browser shows CRLF as one line feed, and so writes the words.
    ruler = Ruler(text, "utf-16", crlf_as_lf=True)
    start = text.index("left")
    end = text.index(",")
    assert located("n", text, [(ruler.out(start), ruler.out(end), "left\nbreast")], "utf-16") == [(start, end)]


def test_words_that_stand_nowhere_are_refused_and_not_quoted() -> None:
    with pytest.raises(AnnotationError) as caught:
        located("n-7", "left breast", [(0, 4, "secret")], "code-points")
    assert "n-7" in str(caught.value)
    assert "secret" not in str(caught.value)
    with pytest.raises(AnnotationError):
        located("n-7", "😀", [(0, 2, None)], "code-points")  # without words no other unit is guessed


def test_a_changed_text_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    formats.write([Document("n-1", "left breast", (Span(0, 4, "laterality"),))], out, "standoff")
    out.write_text(out.read_text().replace("breast", "Breast"))
    with pytest.raises(AnnotationError, match="digest"):
        list(formats.read(out, "standoff"))


def test_spans_outside_the_note_are_refused() -> None:
    for start, end in ((0, 99), (3, 3), (-1, 2)):
        with pytest.raises(AnnotationError):
            Document("n-1", "left", (Span(start, end, "laterality"),))


def test_label_studio_has_predictions_for_a_program_and_annotations_for_a_person(tmp_path: Path) -> None:
    spans = (Span(0, 4, "laterality", "side.left"),)
    proposed = Document("n-1", "left", spans, {"note_id": "n-1"}, "extractor 9", 0.75)
    out = tmp_path / "tasks.json"
    formats.write([proposed, Document("n-2", "left", spans)], out, "label-studio")
    first, second = json.loads(out.read_text())
    assert first["predictions"][0]["model_version"] == "extractor 9"
    assert first["predictions"][0]["score"] == 0.75
    assert "annotations" not in first
    assert "predictions" not in second
    assert list(formats.read(out, "label-studio")) == [proposed, Document("n-2", "left", spans)]
    # What a person corrects wins over the proposal, and a cancelled annotation does not count.
    value = {"start": 1, "end": 3, "text": "ef", "labels": ["device"]}
    first["annotations"] = [
        {"result": [{"type": "labels", "value": value}]},
        {"was_cancelled": True, "result": []},
    ]
    out.write_text(json.dumps([first]))
    (corrected,) = formats.read(out, "label-studio")
    assert corrected.spans == (Span(1, 3, "device"),)
    assert corrected.origin is None
    assert 'value="device"' in labelstudio.interface(["device"])


def test_prodigy_passes_over_what_was_rejected(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    tasks = [{"text": "left", "spans": [], "answer": answer} for answer in ("accept", "reject", "ignore")]
    out.write_text("".join(json.dumps(task) + "\n" for task in tasks))
    assert [document.note_id for document in formats.read(out, "prodigy")] == ["1"]


def test_doccano_after_a_change_and_in_its_other_shape(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    changed = {"text": "left wire", "label": [[0, 4, "laterality"], [5, 9, "device"]], "words": ["left"]}
    relations = {"id": 9, "text": "left", "entities": [{"start_offset": 0, "end_offset": 4, "label": "laterality"}]}
    out.write_text(json.dumps(changed) + "\n" + json.dumps(relations) + "\n")
    first, second = formats.read(out, "doccano")
    assert first.spans == (Span(0, 4, "laterality"), Span(5, 9, "device"))
    assert (second.note_id, second.spans) == ("9", (Span(0, 4, "laterality"),))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents())
def test_omop_rows_stand_where_they_say(tmp_path: Path, document: Document) -> None:
    out = tmp_path / "note_nlp.csv"
    formats.write([document], out, "omop", day=date(2026, 3, 2))
    with open(out, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(document.spans)
    for row, span in zip(rows, document.spans, strict=True):
        assert document.text[int(row["offset"]) :].startswith(row["lexical_variant"])
        assert row["lexical_variant"] == document.surface(span)[:250]
        assert row["lexical_variant"] in row["snippet"]
        assert row["nlp_date"] == "2026-03-02"
        assert f"label={span.label};" in row["term_modifiers"]


@pytest.mark.parametrize("name", formats.READ[1:])
def test_what_is_of_no_format_is_named_without_its_words(tmp_path: Path, name: str) -> None:
    path = tmp_path / "in"
    if name == "brat":
        path.mkdir()
        (path / "n.txt").write_text("private")
        (path / "n.ann").write_text("T1 private\n")
    else:
        path.write_text('{"private": [}\n')
    with pytest.raises(AnnotationError) as caught:
        list(formats.read(path, name))
    assert "private" not in str(caught.value)


def test_an_id_that_is_no_file_name_is_refused(tmp_path: Path) -> None:
    for name in ("corpus", "brat"):
        with pytest.raises(AnnotationError, match="name of a file"):
            formats.write([Document("../n", "left", (), {"evidence": {}})], tmp_path / name, name)
