"""Both views: nothing of the note is lost, nothing of it is ever mark-up."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from extractor.note import Note
from extractor.result import Quote, Result, build_result
from extractor.show import page, print_result, view
from tests.result.test_result import PROVENANCE, flag, recommendation, result
from tests.samples import NOTE, findings


class Reader(HTMLParser):
    """Collects elements and the text inside the note's division, without the letters of the kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.note = ""
        self._inside = False
        self._letters = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        self.attributes |= given.keys()
        self.ids.add(given.get("id") or "")
        self.links.add(given.get("href") or "")
        self._inside = self._inside or (tag == "div" and given.get("class") == "note")
        self._letters = tag == "sup"

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "div"
        self._letters = False

    def handle_data(self, data: str) -> None:
        if self._inside and not self._letters:
            self.note += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def test_the_page_holds_the_whole_note_and_every_link_leads_somewhere() -> None:
    shown = read(page(NOTE, result()))
    assert shown.note.strip() == NOTE.text.strip()
    links = shown.links - {""}
    assert links
    assert {link.removeprefix("#") for link in links} <= shown.ids


def test_the_page_needs_nothing_from_outside() -> None:
    html = page(NOTE, result())
    assert "script" not in read(html).tags
    assert "http://" not in html.replace("http-equiv", "")
    assert "https://" not in html
    assert "default-src 'none'" in html


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }} {% raw %}",
        "</div></section><iframe src=//x>",
        "&lt;b&gt; &amp;",
        "' onmouseover='x",
    ],
)
def test_markup_in_a_note_is_text(attack: str) -> None:
    plain = read(page(NOTE, result()))
    note = Note(attack, NOTE.text + attack)
    shown = read(page(note, build_result(note, findings(), recommendation(), [flag()], PROVENANCE)))
    assert shown.tags == plain.tags
    assert shown.attributes == plain.attributes
    assert attack in shown.note


def test_readable_without_colour() -> None:
    html = page(NOTE, result())
    assert re.search(r"left breast</mark>|left breast<sup", html)
    for kind, letter in view.KINDS.items():
        assert f'<li class="key {kind}"><b>{letter}</b>' in html


def printed(note: Note, shown: Result, **options: object) -> str:
    stream = io.StringIO()
    print_result(note, shown, Console(file=stream, width=120, **options))  # type: ignore[arg-type]
    return stream.getvalue()


def test_terminal_marks_evidence_without_colour() -> None:
    text = printed(NOTE, result(), no_color=True, color_system=None)
    assert "«Under stereotactic guidance»[G]" in text
    assert "19283-LT" in text
    assert "missing-consent" in text
    assert "\x1b" not in text


def test_terminal_takes_no_orders_from_a_note() -> None:
    attack = "[bold red]x[/] [link=file:///x]y[/link] \x1b]0;title\x07 \x9b31m \x08"
    note = Note(attack, NOTE.text + attack)
    text = printed(note, build_result(note, findings(), recommendation(), [flag()], PROVENANCE), color_system=None)
    assert "[bold red]x[/]" in text
    assert not set(text) & set("\x1b\x07\x9b\x08")


spans = st.lists(st.tuples(st.sampled_from(list(view.KINDS)), st.integers(0, 30), st.integers(0, 30)))


@given(st.text(min_size=30, max_size=30), spans)
def test_pieces_joined_are_the_text(text: str, found: list[tuple[str, int, int]]) -> None:
    marks = [(kind, Quote(start=min(a, b), end=max(a, b), text="")) for kind, a, b in found]
    cut = view.pieces(text, marks)
    assert "".join(piece.text for piece in cut) == text
    for piece in cut:
        for at in range(piece.start, piece.start + len(piece.text)):
            assert set(piece.kinds) == {kind for kind, quote in marks if quote.start <= at < quote.end}
    starts = {quote.start for _, quote in marks if quote.start < quote.end}
    assert {piece.start for piece in cut if piece.anchor} == starts
