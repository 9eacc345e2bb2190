"""Documentation: flags for what a note lacks or contradicts, and queries to the physician. Sees findings, never
text.
"""

from extractor.documentation.flags import Flag, flags
from extractor.documentation.linter import LintError, lint
from extractor.documentation.profile import Profile, load_profile, profile_names
from extractor.documentation.queries import Query, draft

__all__ = ["Flag", "LintError", "Profile", "Query", "draft", "flags", "lint", "load_profile", "profile_names"]
