"""Input that is no note, or none the product can read, through the real command: a clear error or an honest answer, nothing lost."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import json
from pathlib import Path

import pytest

from extractor.note import Note
from extractor.pipeline import read
from tests.conftest import Command

GOOD = "EXAM: Left breast wire localization\nTECHNIQUE: After 1% lidocaine, under ultrasound guidance a wire was placed at the mass in the left breast.\n"

# a file's bytes, and whether it is refused (else it has a result)
FILES: dict[str, tuple[bytes, bool]] = {
    "a-good.txt": (GOOD.encode(), False),
    "b-empty.txt": (b"", False),
    "c-blank.txt": (b" \t\r\n\n ", False),
    "d-binary.txt": (bytes(range(256)) * 40, True),
    "e-nul.txt": (GOOD.encode() + b"\0", True),
    "f-surrogate.txt": (GOOD.encode() + b"\xed\xa0\x80", True),
    "g-crlf.txt": (GOOD.replace("\n", "\r\n").encode(), False),
    "h-utf16le.txt": (GOOD.encode("utf-16"), False),
    "i-utf16be.txt": (b"\xfe\xff" + GOOD.encode("utf-16-be"), False),
    "j-large.txt": (b"The patient was comfortable. " * 725_000, True),
    "k-spanish.txt": ("TÉCNICA: Bajo guía ecográfica se colocó un arpón en el nódulo de la mama izquierda. COMPLICACIONES: Ninguna.".encode(), False),
    "l-html.txt": (b"<html><body><p>404 Not Found</p></body></html>", False),
    "m-rtf.txt": (rb"{\rtf1\ansi\deff0 {\fonttbl {\f0 Courier;}} \f0\fs24 }", False),
    "n-german.txt": (b"Unter sonographischer Kontrolle wurde ein Draht in den Herd der linken Brust eingebracht. Keine Komplikationen.", False),
    "o-json.txt": (b'{"resourceType": "Patient", "id": "1"}', False),
    "p-png.txt": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", True),
    "q-controls.txt": (b"\x01\x02\x03 \x1b[31mred\x1b[0m", False),
    "r-bidi.txt": ("\u202eleft breast wire\u202c".encode(), False),
    "z-good.txt": (GOOD.encode(), False),
}
LINES = [
    (b'{"note_id": "l1", "text": "x"}', "l1", False),
    (b"no json", "lines.jsonl:2", True),
    (b'{"note_id": "l1", "text": "again"}', "l1", True),
    (b'{"note_id": "l3", "text": "\\ud800"}', "l3", True),
    (b'{"note_id": "l4", "text": "a\\u0000b"}', "l4", True),
    (b'{"note_id": "l5"}', "l5", True),
    (b'{"note_id": "l6", "text": 7}', "l6", True),
    (b"[1, 2]", "lines.jsonl:8", True),
    (b"\xff\xfe\x00", "lines.jsonl:9", True),
    (b'{"note_id": "l10", "text": ""}', "l10", False),
]


def read_lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_every_file_comes_out_once(extractor: Command, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, (data, _) in FILES.items():
        (folder / name).write_bytes(data)
    done = extractor("run", "notes", "-o", "out.jsonl")
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    results = {str(r["note_id"]): r for r in read_lines(tmp_path / "out.jsonl")}
    rejects = {str(r["id"]): r for r in read_lines(tmp_path / "out.jsonl.rejects.jsonl")}
    assert list(results) == sorted(Path(name).stem for name, (_, refused) in FILES.items() if not refused)
    assert sorted(rejects) == sorted(Path(name).stem for name, (_, refused) in FILES.items() if refused)
    assert [name for name, reject in rejects.items() if not reject["reason"] or f"not read: {name}:" not in done.stderr.decode()] == []
    same = [results[name]["recommendation"] for name in ("a-good", "g-crlf", "h-utf16le", "i-utf16be", "z-good")]
    assert {json.dumps([each["disposition"], each["codes"]]) for each in same} == {json.dumps([same[0]["disposition"], same[0]["codes"]])}  # type: ignore[index]
    assert same[0]["codes"]  # type: ignore[index]
    for name in ("b-empty", "c-blank", "l-html", "m-rtf", "o-json", "q-controls"):
        assert results[name]["recommendation"]["disposition"] == "not_reportable", name  # type: ignore[index]
    for name in ("k-spanish", "n-german", "r-bidi"):
        assert results[name]["recommendation"]["disposition"] != "ready", name  # type: ignore[index]


def test_every_line_comes_out_once(extractor: Command, tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_bytes(b"\n".join(line for line, _, _ in LINES) + b"\n")
    done = extractor("run", "lines.jsonl", "-o", "out.jsonl")
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert [r["note_id"] for r in read_lines(tmp_path / "out.jsonl")] == [name for _, name, refused in LINES if not refused]
    assert [r["id"] for r in read_lines(tmp_path / "out.jsonl.rejects.jsonl")] == [name for _, name, refused in LINES if refused]


LANGUAGES = [
    "Se realizó localización con arpón guiada por estereotaxia de microcalcificaciones en mama derecha. Sin complicaciones.",
    "Repérage échoguidé par harpon d'une masse du sein gauche. Pas de complication.",
    "Onder echogeleide werd een jodiumzaadje geplaatst in de linker borst.",
    "Sob controle ecográfico, fio metálico foi posicionado no nódulo da mama esquerda.",
    "在超声引导下于左乳肿块处放置定位导丝。",
    "تم وضع سلك توجيه في الثدي الأيسر تحت الموجات فوق الصوتية.",
]


@pytest.mark.parametrize("text", LANGUAGES)
def test_another_language_is_never_read_as_complete(text: str) -> None:
    found = read(Note("n", text))
    assert not (found.procedure_type == "localization" and found.lesions and found.lesions[0].guidance and found.lesions[0].laterality)


ODD = ["", " ", "\n", "a", "*", "\ufeff", "\u200b\u200b", "\u0301", "🩻" * 50, "A" * 5000, "\n" * 5000, "left " * 500, "ﬁ ß ſ İ ı", "\x1b[0m", "a\u2028b", ": : :", "[x]", "[[[]]]", "1.", "***", "(", "\\", "\\.br\\", "~", "&amp"]


@pytest.mark.parametrize("text", ODD, ids=[repr(text[:12]) for text in ODD])
def test_odd_texts_are_read_and_are_nothing(text: str) -> None:
    found = read(Note("n", text))
    assert found.procedure_type == "other"
    assert found.lesions == []
