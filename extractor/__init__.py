"""extractor: reads breast localization procedure notes and says what was done, which codes the text supports, what is
missing and what to ask, each with the words that prove it.

The names below are the public Python interface. They are looked up when first used, so that importing the package (or
asking the command line for help) costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.api import Extractor, extract, extract_all, load
    from extractor.note import Note, UnreadableNote
    from extractor.result import Result
    from extractor.web.client import Client

__version__ = "0.1.0"

__all__ = ["Client", "Extractor", "Note", "Result", "UnreadableNote", "__version__", "extract", "extract_all", "load"]

_HOME = {
    "Extractor": "extractor.api",
    "extract": "extractor.api",
    "extract_all": "extractor.api",
    "load": "extractor.api",
    "Note": "extractor.note",
    "UnreadableNote": "extractor.note",
    "Result": "extractor.result",
    "Client": "extractor.web.client",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'extractor' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
