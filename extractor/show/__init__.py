"""One result for a person to read: in the terminal and as a self-contained page.

Works from the note's text and its result alone, and decides nothing.
"""

from extractor.show.page import page
from extractor.show.terminal import print_result

__all__ = ["page", "print_result"]
