"""Formats by name: how each is read and written, and the unit in which its tool counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from extractor.annotations import brat, docbin, labelstudio, lines, omop, standoff
from extractor.annotations.offsets import Unit
from extractor.annotations.standoff import Document

READ = ("corpus", "standoff", "label-studio", "prodigy", "doccano", "brat", "docbin")
WRITE = (*READ, "omop")
UNIT: dict[str, Unit] = {"label-studio": "utf-16"}
"""Where a tool counts otherwise than in code points."""


def read(path: Path, name: str, unit: Unit | None = None) -> Iterator[Document]:
    """The documents at `path`. Raises AnnotationError for what is not of the format, OSError where it cannot read."""
    counted = unit or UNIT.get(name, "code-points")
    if name == "corpus":
        return standoff.read_corpus(path)
    if name == "label-studio":
        return labelstudio.read(path, counted)
    if name == "brat":
        return brat.read(path, counted)
    if name == "docbin":
        return docbin.read(path)
    if name in lines.SHAPES:
        return lines.read(path, name, counted)
    raise ValueError(f"unknown format to read: {name} (known: {', '.join(READ)})")


def write(
    documents: Iterable[Document], path: Path, name: str, unit: Unit | None = None, day: date | None = None
) -> int:
    """Write the documents to `path` (a folder for corpus and brat); the number of them."""
    counted = unit or UNIT.get(name, "code-points")
    if name == "corpus":
        return standoff.write_corpus(documents, path)
    if name == "label-studio":
        return labelstudio.write(documents, path, counted)
    if name == "brat":
        return brat.write(documents, path, counted)
    if name == "docbin":
        return docbin.write(documents, path)
    if name == "omop":
        return omop.write(documents, path, day or date.today())
    if name in lines.SHAPES:
        return lines.write(documents, path, name, counted)
    raise ValueError(f"unknown format to write: {name} (known: {', '.join(WRITE)})")
