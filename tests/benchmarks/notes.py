"""Notes for measurements: the gold notes again and again, each with words of its own."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SYLLABLES = ("ba", "ko", "ri", "lun", "ter", "mos", "va", "del", "nir", "qua", "sto", "phe", "wyn", "ach", "oll")


def gold() -> list[str]:
    """The texts of the gold notes, in order of name."""
    return [path.read_bytes().decode() for path in sorted((ROOT / "annotations").glob("corpus*/*/*.txt"))]


def varied(count: int) -> Iterator[tuple[str, str]]:
    """`count` ids and texts: gold notes with a name, a number and a date that no other note has."""
    texts, made = gold(), random.Random(20260301)
    for number in range(count):
        name = "".join(made.choices(_SYLLABLES, k=4)).capitalize()
        head = f"Patient: {name}, MRN {made.randrange(10**8):08d}, page {1 + number % 28}\n\n"
        yield f"n{number:07d}", head + texts[number % len(texts)]


def write(path: Path, count: int) -> None:
    """The varied notes as JSON lines."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for note_id, text in varied(count):
            file.write(json.dumps({"note_id": note_id, "text": text}) + "\n")
