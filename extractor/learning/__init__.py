"""The second reader: models that know when the rules are likely wrong.

`train` and what it calls need a gold corpus; the extractor itself only loads what training left in `models/` and calls
`judge`. Models never make a result less careful: they doubt, propose and give a probability, and set no code.
"""

from __future__ import annotations
