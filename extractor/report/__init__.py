"""The report of an evaluation: one self-contained page with figures, plots, errors and the notes most in doubt.

Knows gold records, results and figures; nothing of how a result was made. The page holds notes, so it is as
confidential as they are.
"""

from __future__ import annotations

from extractor.report.page import report

__all__ = ["report"]
