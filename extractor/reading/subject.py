"""Whether a note can be in scope at all: whether any word of it belongs to the breast or to localizing.

Most notes of a hospital are of other work. One that holds no such word is `other`, and nothing further is read from it: a
guide wire in a vein, a clip in the bowel or a needle in the pleura is no localization. Words that other work shares (wire,
clip, marker, needle, biopsy, mass, left) say nothing here. Knows words and no sentence.
"""

from __future__ import annotations

import re

STEMS = (
    # the organ, what is only in it, and how it is looked at
    "breast", "brst", "mamm", "intramam", "nipple", "areol", "axill", "tail of spence", "pectoral", "quadrant", "clock",
    "superolateral", "superomedial", "inferolateral", "inferomedial", "duct", "lobular", "fibroaden", "phyllod", "papill",
    "radial scar", "dcis", "lcis", "in situ", "invasive", "atypia", "adenosis", "calcif", "calcs", "microcal", "calcium",
    "distortion", "asymmetr", "birads", "bi-rads", "bi rads", "parenchym", "nonmass", "non-mass", "non mass",
    "craniocaudal", "paddle", "alphanumeric", "stereo", "sterio", "sterotac", "tomo", "sweep",
    # where else a device goes for an excision, and the excision
    "lymph", "node", "nodal", "adenopathy", "soft tissue", "lumpectom", "mastectom", "quadrantectom", "excis", "seroma",
    "specimen radiograph", "specimen x", "specimen film", "specimen imag", "surgical specimen",
    # localizing, and the devices that serve nothing else
    "locali", "locat", "needle loc", "wire loc", "wire place", "wire insert", "wire deploy", "wire mark", "needle mark",
    "clip place", "clip insert", "marker", "marking", "tagging", "bracket", "hook", "kopans", "homer", "hawkins", "dualok",
    "dua lok", "barbed", "seed", "reflector", "scout", "savi", "sirius", "rfid", "radiofrequency",
    "radio frequency", "radar", "infrared", "electromagnetic", "microimpulse", "paramagnetic", "magnetized", "magnetic tag",
    "magnetic tissue", "mag seat", "mag sead", "pintuition", "molli", "molly", "endomag", "magtrace", "r f i d", "brachy",
    "one two", "one twenty", "pellet", "fiducial", "radioact", "radio act", "iodine", "carbon", "charcoal", "methylene",
    "isosulfan", "lymphazurin", "patent blue", "indigo", "dye",
)  # fmt: skip
"""Letters that stand in any note in scope, in lower case, also within a word."""

_WORDS = re.compile(
    # short words and codes, alone
    r"\b(?:125|refls?|tags?|br|ax|loc|locs|lcn|nl|wl|fn|dbt|uoq|uiq|loq|liq|outer|inner|lateral|medial|adh|alh|fea|idc|ilc|cals|calc)\b"
    r"|\b[lr](?:uoq|uiq|loq|liq)\b|\b(?:19[0123]\d\d|1003[56]|7703[12]|7705[1-9]|7706[567]|g020\d|g0279)\b"
)


def named(text: str) -> bool:
    """Whether `text` (evened) has a word of the breast or of localizing."""
    lower = text.lower()
    return any(stem in lower for stem in STEMS) or _WORDS.search(lower) is not None
