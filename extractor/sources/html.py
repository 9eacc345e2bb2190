"""HTML of a report as plain text, for the attachments and narratives of FHIR and for encapsulated HL7 data.

Knows tags and characters, nothing of medicine. Scripts and styles are dropped, blocks and rows become lines, cells are
parted by a tab; inside `pre` white space stays as it is.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset(
    (
        "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "div", "dl", "dt",
        "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main",
        "nav", "ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "title", "tr", "ul",
    )
)  # fmt: skip
_DROPPED = frozenset(("script", "style", "template", "head"))
_SPACE = re.compile(r"[ \t\r\n\f]+")


class _Text(HTMLParser):
    """Collects the lines; only the current one is open."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.line: list[str] = []
        self.pre = 0
        self.dropped = 0
        self.blank = False

    def end_line(self) -> None:
        text = "".join(self.line)
        self.line = []
        if not self.pre:
            text = text.strip(" ")
        if text or self.pre:
            if self.blank and self.lines:
                self.lines.append("")
            self.lines.append(text)
            self.blank = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self.dropped += 1
        if tag in _BLOCKS:
            if self.line or (tag == "br" and self.pre):
                self.end_line()
            # A paragraph or heading stands apart, as it does on the screen.
            self.blank = self.blank or tag in ("p", "h1", "h2", "h3", "h4", "h5", "h6", "table")
        if tag in ("td", "th") and "".join(self.line).strip():
            self.line.append("\t")
        if tag == "pre":
            self.pre += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED and self.dropped:
            self.dropped -= 1
        if tag in _BLOCKS and tag != "br" and self.line:
            self.end_line()
        if tag == "pre" and self.pre:
            self.pre -= 1

    def handle_data(self, data: str) -> None:
        if self.dropped:
            return
        if self.pre:
            first, *rest = data.split("\n")
            self.line.append(first)
            for each in rest:
                self.end_line()
                self.line.append(each)
            return
        data = _SPACE.sub(" ", data)
        if data.startswith(" ") and (not self.line or self.line[-1].endswith((" ", "\t"))):
            data = data[1:]
        if data:
            self.line.append(data)


def text_of(html: str) -> str:
    """The text that a browser would show, line by line. Never raises: what is no tag is text."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    parser.end_line()
    return "\n".join(parser.lines)
