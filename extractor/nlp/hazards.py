"""medspaCy's side effects, kept out of the host.

Importing medspaCy silences every Python warning of the process and pulls in QuickUMLS, which pulls in nltk: a second and 60 MB for
components that are not used here. `medspacy()` imports it without either; PyRuSH's logger, which would print every token of
a note, is switched off.
"""

from __future__ import annotations

import sys
import warnings
from functools import cache
from types import ModuleType


@cache
def medspacy() -> ModuleType:
    """The medspaCy package, imported without changing warning filters and without QuickUMLS. Safe to call again."""
    stand_in = None
    if "quickumls" not in sys.modules and "medspacy" not in sys.modules:
        stand_in = ModuleType("quickumls")
        stand_in.spacy_component = None  # type: ignore[attr-defined]
        sys.modules["quickumls"] = stand_in
    try:
        with warnings.catch_warnings():
            import medspacy as package
    finally:
        if stand_in is not None and sys.modules.get("quickumls") is stand_in:
            del sys.modules["quickumls"]
    try:
        from loguru import logger
    except ImportError:
        pass
    else:
        logger.disable("PyRuSH")
    return package  # type: ignore[no-any-return]
