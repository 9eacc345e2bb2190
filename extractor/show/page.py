"""The page: one HTML file without script or outside assets, drawn from escaped text."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from extractor.note import Note
from extractor.result import Quote, Result
from extractor.show import view


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("extractor.show", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["words"] = view.words
    return environment.get_template("page.html.jinja")


def page(note: Note, result: Result) -> str:
    """The page of one note."""
    return _template().render(
        note=note,
        result=result,
        pieces=view.pieces(note.text, view.marks(result)),
        kinds=view.KINDS,
        kind_names=view.KIND_NAMES,
        meaning=view.DISPOSITIONS[result.recommendation.disposition],
        status_marks=view.STATUS_MARKS,
        code_text=view.code_text,
        device_text=view.device_text,
        guidance_text=view.guidance_text,
        location_text=view.location_text,
        anchor=_anchor,
    )


def _anchor(quotes: list[Quote]) -> str | None:
    """The address of the first of some evidence on the page."""
    return f"#at{quotes[0].start}" if quotes else None
