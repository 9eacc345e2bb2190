"""The sixteen documentation elements: present, missing, conflicting or not applicable, with the words.

Judged on localized lesions only, and only for completed or partial localizations. An unfilled placeholder documents nothing. Source:
annotation guideline (documentation).
"""

from __future__ import annotations

import re

from extractor import patterns
from extractor.findings import ELEMENTS, Element, ElementFinding, ElementStatus, Evidences, Findings, Lesion, Reading
from extractor.nlp.page import Mention, Piece
from extractor.reading.complications import Outcome
from extractor.reading.lesions import Reading_
from extractor.reading.slots import Layout, active
from extractor.reading.words import Reader

_EMPTY = patterns.compile(r"[\s.:;,*_\-/()\[\]□<>]*(?:n/?a)?[\s.:;,*_\-/()\[\]□<>]*$", re.I)
_DEGREE = r"(?:M\.?\s?D\b\.?|D\.?O\b\.?|M\.?B\.?\s?B\.?\s?(?:S|Ch|Chir)\b\.?|MBChB|F\.?R\.?C\.?R\b\.?|FRANZCR|FRCPC|FRCS|F\.?A\.?C\.?[SR]\b\.?|PA-?C\b|P\.?A\.?-C|N\.?P\b\.?|APRN|DNP|CNP|ARNP|FFRRCSI|MRCP|MRCS|Ph\.?D|RRA|(?:CPT|CAPT|MAJ|LTC|COL|LCDR|CDR|LT\s+COL|Lt\s+Col|Maj|Capt|Col|LTJG)\b,?\s+(?:MC|USA|USN|USAF|MSC|USPHS)\b)"
_HAS_DEGREE = patterns.compile(_DEGREE)
_NAME = patterns.compile(
    rf"(?<![a-z])(?:(?:Dr\.?\s+)?[A-Z][\w.'-]*\.?,?\s+){{1,4}}(?:\([^)]{{2,30}}\)\s*)?,?\s*{_DEGREE}"
)
_NAME_DR = patterns.compile(
    r"\b(?:Dr\.?|DR\.?|Doctor|Prof\.?|Professor|Mr\.?|Miss|Ms\.?|Mrs\.?)\s+(?:[A-Z]\.?\s*){0,2}[A-Z][\w'-]+"
)
_ROLE = patterns.compile(
    r"\b(?:radiologist|operator|attending|resident|fellow|staff|performed\s+by|dictated\s*(?:by|:)|dictated|signed(?:\s+by)?|e-?signed|electronically\s+signed|read\s+by|reported\s+by|placed\s+by|interpreted\s+by|interpreting|provider|proceduralist|verified\s+by|done\s+by|consultant|performing|author|reporter|typed\s+for|verifier|/es/|es:|localized\s+by|reader|reporting|physician|by\s+me)\b",
    re.I,
)
_NOT_ROLE = patterns.compile(
    r"\b(?:refer\w*|ref|req\w*|order\w*|cc|copy|copies|copied|surgeon|surgery|for\s+dr|primary\s+care|pcp|discussed|called|notified|informed|phoned|gp|operate|operating|excision|lumpectomy|consent(?:ed)?\s+by|technologist|nurse|rn|rt\b|sent\s+to|told|aware|per\s+dr|requested|with\s+dr)\b",
    re.I,
)
_PRELIM = patterns.compile(
    r"\bpreliminary\b(?!\s+(?:scan|view|image|film|ultrasound|sonogra|mammo|evaluation|diagnosis|path|survey|touch|exam\w*\s+(?:of|with|was)|look))|\bprelim\b|\bdraft\b|\bnot\s+yet\s+(?:been\s+)?(?:reviewed|signed|verified|finali[sz]ed|authenticated|approved)|\bawaiting\s+(?:\w+\s+){0,3}(?:review|signature|authentication|verification|sign)|\bunsigned\b|\b(?:review|signature|attestation|verification|authentication|co-?sign\w*)\s+(?:is\s+)?pending|\bpending\s+(?:\w+\s+){0,2}(?:signature|attestation|verification|authentication|co-?sign|review\s+by)|\bunverified\b|\bwet\s+read(?:ing)?\b|\bnot\s+(?:a\s+)?final\b|\bnot\s+for\s+(?:billing|release)\b",
    re.I,
)
_NOT_PRELIM = patterns.compile(
    r"\bsupersed\w*|\breplac\w*|\bdraft\s+was\s+(?:edited|reviewed)|\bprior\s+to\b|\bno\s+longer\b|\bfinal(?:i[sz]ed)?\b.{0,30}prelim|resident'?s?\s+(?:draft|prelim)",
    re.I,
)
_SERVICE = patterns.compile(
    r"\b(?:breast|general|gen|thoracic|plastic|surgical)\s+(?:surgery|surg|oncology)\b(?!\s+(?:planned|scheduled|today|tomorrow|on|is|this|at|date))|\bdept|clinic\b|holding|requested\s+by",
    re.I,
)
_POSITION = patterns.compile(
    r"\b(?:within|through|travers\w+|transfix\w+|skewer\w*|pierc\w+|cross\w*|bisect\w*|adjacent|next\s+to|beside|alongside|abut\w*|touch\w*|inside|in\s+(?:the|its|good|satisfactory|appropriate|expected|proper|excellent|optimal|correct|adequate|acceptable|place\s+(?:within|at|in)|a\s+good)|at\s+(?:the|its|target)|beyond|past|deep\s+to|"
    r"posterior|anterior|medial|lateral|superior|inferior|(?:lat|med|ant|post|sup|inf)\s+to|dead\s+cent(?:er|re)|ctr|above|below|behind|distal|proximal|position(?:ed)?|located|cent(?:er|re)\w*|between|bracket\w*|straddl\w*|around|superimpos\w*|along|overl\w+|from|off|flank\w*|contact|caudal|cephalad|accurate\w*|on\s+target|middle|edge|margin|against|targets?|near|in\s+(?:lesion|mass|calcs?|calcification\w*|target|node|clip|tumou?r|satisf\w+)|into|spears?|satisfactor\w*|appropriate\w*|well[- ](?:placed|sited|positioned|centred|centered)|sited|over)\b",
    re.I,
)
_SHOWN = patterns.compile(
    r"\b(?:show\w*|demonstrat\w*|confirm\w*|reveal\w*|document\w*|seen|visible|visuali[sz]ed|view\w*|film\w*|image\w*|images|imaging|mammogra\w*|mammo\w*|sonogra\w*|ultrasound|us\b|u/s|uss|radiograph\w*|sequence\w*|series|scan\w*|sections?|picture\w*|sweep\w*|tomo\w*|dbt|mri?|(?<!\d )(?<!\d)(?:ct|cc|ml|lm|mlo)|craniocaudal|check\w*|post|after\w*|final\w*|verif\w*|echogenic|artifact|put(?:s)?|projection\w*|pics?)\b",
    re.I,
)
_TIP = patterns.compile(
    r"\b(?:wires?|hook\w*|tip|tips|barbs?|shaft|seeds?|reflectors?|scout|savi|magseeds?|clips?|markers?|tags?|localizers?|localisers?|devices?|pellets?|needles?|segment|hookwires?|molli|pintuition|it|they|both|coil|carbon|track|thick)\b",
    re.I,
)
_TIP_LOOSE = patterns.compile(
    _TIP.pattern + r"|\b(?:outer|first|second|third|former|latter|other)\b|\b[A-D]\b(?=\s+\d)", re.I
)
_DEPTH = patterns.compile(
    r"\b(?:depth|z)\b[^.]{0,40}\b(?:comput\w+|calculat\w+|determin\w+|obtained)|(?:comput\w+|calculat\w+|determin\w+|derived)\b[^.]{0,40}\b(?:depth|coordinates?|z[- ]?(?:value|axis)?|target)|\bcoordinates?\b[^.]{0,50}\b(?:comput\w+|calculat\w+|generat\w+|transmit\w+|transfer\w+|obtain\w+|determin\w+|select\w+|enter\w+|register\w+|sent|set|derived|dialed|dialled)|\bto\s+(?:the\s+)?(?:\w+\s+)?(?:calculated|computed|given)\s+coordinates|\bz\s*[:=]?\s*\d|\bdepth\s*(?:of|:|was|at|=)?\s*\d|\bto\s+\d+\s*mm\b|\bdriven\s+to\s+(?:the\s+)?coordinates|\bcoordinates\b",
    re.I,
)
_TARGETISH = patterns.compile(
    r"\b(?:target\w*|mass\w*|nodul\w*|calcif\w*|microcalc\w*|calcs?|distortion|asymmetr\w*|density|enhancement|nme|lesion\w*|node\w*|clip\w*|marker|group\w*|cluster\w*|focus|foci|tumou?r|cancer|carcinoma|cyst|fibroadenoma|area|segment|site|papilloma|finding|abnormality|position\w*|location\w*|satisfactor\w*|\d+(?:\.\d+)?\s*(?:mm|cm)|seroma|cortex|hilum|centre|center|scar|placement|edge|margin|satellite|one|each|its|opacity|lymph|coil)\b",
    re.I,
)
_BEFORE = patterns.compile(
    r"\b(?:before|prior\s+to)\s+(?:needle|device|wire|seed|release|deploy\w*|placement|each)", re.I
)


def judge(r: Reader, layout: Layout, f: Findings, a: Reading_, c: Outcome) -> dict[Element, ElementFinding]:
    """All sixteen elements. `not_applicable` throughout when the note is not a completed or partial localization."""
    judged = f.procedure_type in ("localization", "biopsy_and_localization") and f.status in ("completed", "partial")
    local = [x for x in f.lesions if x.localized] or [x for x in f.lesions if not x.biopsied]
    out: dict[Element, ElementFinding] = {}

    def put(
        element: Element,
        ok: bool | None,
        evidence: Evidences = (),
        readings: list[Reading] | None = None,
        lacking: tuple[int, ...] = (),
    ) -> None:
        status: ElementStatus = "not_applicable" if ok is None else ("present" if ok else "missing")
        if readings:
            status = "conflicting"
        out[element] = ElementFinding(element, status, evidence, readings or [], lacking if status == "missing" else ())

    def per_lesion(element: Element, good: list[bool], key: str, readings: list[Reading] | None = None) -> None:
        evidence = tuple(e for x in local for e in x.evidence.get(key, ()))
        put(
            element,
            all(good) if local else False,
            evidence,
            readings,
            tuple(x.number for x, g in zip(local, good, strict=True) if not g),
        )

    deployed = [x.outcome == "placed" for x in local]
    per_lesion("device_deployment", deployed, "outcome")
    per_lesion("guidance", [x.guidance is not None for x in local], "guidance", a.guidance_conflict)
    per_lesion("laterality", [x.laterality is not None for x in local], "laterality", a.side_conflict)
    put(
        "lesion_count",
        a.count_status != "missing",
        a.count_evidence,
        a.count_readings if a.count_status == "conflicting" else None,
    )
    if a.count_status == "missing":
        out["lesion_count"].readings = a.count_readings
    device_evidence = tuple(e for x in local for d in x.devices for e in d.evidence)
    put(
        "device_type",
        all(bool(x.devices) and all(d.type for d in x.devices) for x in local) if local else False,
        device_evidence,
    )
    per_lesion("target", [x.target is not None for x in local], "target")
    shared_place = len(local) > 1 and all(x.location.stated() for x in local)
    per_lesion("location", [x.location.stated() or shared_place for x in local], "location")
    put("indication", bool(found := indication(r)), r.evidence(found[:4]))
    complication_words = [m for ms in c.items.values() for m in ms] + c.denied
    conflict = None
    if c.conflict:
        conflict = [
            Reading("none", r.evidence(c.denied[:2])),
            *[Reading(k, r.evidence(v[:2])) for k, v in c.items.items()],
        ]
    put("complications", c.documented, r.evidence(complication_words), conflict)
    positions = post_placement(r, layout, f)
    put("post_placement_imaging", all(deployed) and positions[0], r.evidence(positions[1]))
    stereo = [x for x in local if x.guidance == "stereotactic"]
    words = stereotactic_technique(r)
    if stereo:
        put("stereotactic_technique", _stereo_each(r, layout, f, stereo, words), r.evidence(words[:6]))
    else:
        put("stereotactic_technique", None)
    put("consent", bool(found := consent(r)), r.evidence(found[:3]))
    put("time_out", bool(paused := time_out(r)), r.evidence(paused[:3]))
    put("anesthesia", bool(found := anesthesia(r)), r.evidence(found[:3]))
    put("provider_signature", bool(spans := signature(r)), r.evidence(spans[:3]))
    put("procedure_date", bool(found := procedure_date(r)), r.evidence(found[:2]))
    if not judged:
        return {e: ElementFinding(e, "not_applicable", out[e].evidence, out[e].readings) for e in ELEMENTS}
    return {e: out[e] for e in ELEMENTS}


def _filled(r: Reader, m: Mention) -> bool:
    """Whether a field's heading is followed by an answer; true for words in running text."""
    piece = r.piece(m)
    if piece.heading is None or not (piece.heading[0] <= m.start < piece.heading[1] + 1):
        # "Consent: [ ] yes" in the middle of a line
        after = patterns.match(r"\s*(?::|\.{3,})\s*([^\n]*)", r.text[m.end : piece.end])
        if after is None:
            return True
        start, end = m.end + after.start(1), m.end + after.end(1)
    else:
        start, end = piece.content, piece.end
        if start >= end:
            following = next(
                (p for p in r.page.pieces[piece.index + 1 : piece.index + 2] if p.section == piece.section), None
            )
            if following is None:
                return False
            start, end = following.start, following.end
    rest = list(r.text[start:end])
    for a, b in r.page.blanks(start, end):
        for i in range(max(a, start), min(b, end)):
            rest[i - start] = " "
    answer = "".join(rest)
    return not _EMPTY.fullmatch(answer) and not patterns.match(
        r"\W*(?:no\b|not\s+(?:obtained|done|performed|documented)|pending|none\b|unknown)", answer, re.I
    )


def consent(r: Reader) -> list[Mention]:
    out = []
    for m in r.all("consent"):
        if m.section in ("plan", "comparison", "family", "history") or m.assertion in (
            "absent",
            "planned",
            "historical",
            "other_person",
            "blank",
        ):
            if not (
                m.assertion == "planned"
                and patterns.search(r"\b(?:signed|obtained|gave|given|took|taken)\s+(?:\w+\s+){0,3}$", r.before(m, 40))
            ) and not (
                m.assertion == "planned"
                and patterns.match(r"[\w\s,()]{0,40}\b(?:was|were|obtained|signed|given|in\s+chart)\b", r.after(m, 60))
            ):
                continue
        if not _filled(r, m) or patterns.match(r"\s*(?:was|were|is)?\s*not\b", r.after(m, 12)) or _unticked(r, m):
            continue
        if patterns.search(r"\b(?:packet|consent\s+for\s+surgery|will|to\s+be)\b", r.after(m, 22)) or patterns.search(
            r"\bwill\s+(?:need\s+)?$", r.before(m, 12)
        ):
            continue
        out.append(m)
    return out


def _unticked(r: Reader, m: Mention) -> bool:
    """Whether the words are a label whose box, after it, is empty."""
    return bool(
        patterns.match(r"\s*(?:\w+\s*)?:?\s*(?:\[\s*\]|\(\s*\)|□)\s*(?:$|\n|\s{2,}|[A-Z])", r.text[m.end : m.end + 26])
    )


_TIME_OUT = patterns.compile(
    r"\b(?:id|identity|identification|name|wrist\s?band|patient|dob|pt)\b[^.\n]{0,60}?\b(?:sides?|sites?|laterality|breast|procedure)\b[^.\n]{0,60}?\b(?:checked|verified|confirmed|read\s+(?:back|aloud|out)|agreed|correct|matched|reviewed\s+aloud|compared)\b|\b(?:checked|verified|confirmed|confirming|verification\s+of)\b[^.\n]{0,40}?\b(?:patient|identity|name|id)\b[^.\n]{0,30}?\b(?:side|site|laterality|procedure|left|right|lt|rt)\b"
    r"|\b(?:went\s+(?:through|over)|ran\s+through|gone\s+(?:through|over)|stop[- ](?:and|&)[- ]check|check\s?list|read\s+(?:aloud|out|back))\b[^.\n]{0,60}?\b(?:name|identity|patient|id)\b[^.\n]{0,30}?\b(?:side|site|laterality|procedure|left|right|lt|rt)\b",
    re.I,
)


_TO = patterns.compile(
    r"\bTO\s*(?:done|x\s?\d|\d{4}\b|-\s*y\b|\[x\]|held|called|completed?|performed|w/\s*all)|[+&]\s*TO\b|\bT/O\b", re.I
)


def time_out(r: Reader) -> list[Mention | tuple[int, int, str, str]]:
    out: list[Mention | tuple[int, int, str, str]] = []
    for p in r.page.pieces:
        if p.section in ("technique", "time_out", "consent", "findings", "comment", "header", "side", "front"):
            for m in _TO.finditer(r.text, p.start, p.end) if r.may(_TO, p) else ():
                if "TO" in m[0] or "/" in m[0]:
                    out.append((m.start(), m.end(), p.section, "documentation.time_out.words"))
            for m in _TIME_OUT.finditer(r.text, p.start, p.end) if r.may(_TIME_OUT, p) else ():
                if not r.page.is_blank(m.start(), m.end()) and not patterns.search(
                    r"\b(?:not|will|to\s+be)\b", m[0], re.I
                ):
                    out.append((m.start(), m.end(), p.section, "documentation.time_out.words"))
    return out + [
        m
        for m in r.all("time_out")
        if m.section not in ("plan", "comparison", "history", "family")
        and m.assertion not in ("absent", "planned", "other_person", "blank")
        and _filled(r, m)
        and not patterns.search(r"\b(?:not|no)\s+$", r.before(m, 6))
        and not _unticked(r, m)
    ]


def anesthesia(r: Reader) -> list[Mention]:
    out = []
    for m in r.all("anesthesia"):
        if m.section in ("history", "comparison", "plan", "family") or m.assertion in (
            "planned",
            "other_person",
            "blank",
        ):
            continue
        around = r.lower[max(r.piece(m).start, m.start - 46) : min(r.piece(m).end, m.end + 30)]
        if patterns.search(r"\b(?:allerg\w*|reaction\s+to|intoleran\w*|sensitiv\w+\s+to)\b", around):
            continue
        word = r.words_of(m).lower()
        if word == "local" and not patterns.match(
            r"\s*(?:[:.\-]|\d|%|was|given|infilt|inject|\(|,|in\b|to\b|only|x\b)|\s{2,}", r.lower[m.end : m.end + 14]
        ):
            continue
        if word == "local" and patterns.match(
            r"\s*(?:[:.]*\s*)(?:recurrence|pain|staging|policy|protocol|site)", r.lower[m.end : m.end + 20]
        ):
            continue
        if word == "ga" and patterns.search(r"\d\W*$", around[: max(0, m.start - max(r.piece(m).start, m.start - 46))]):
            continue  # a needle's gauge
        if word == "frozen" or word == "freezing" and "freez" not in around:
            continue
        if (
            patterns.match(r"\s*[:.]", r.lower[m.end : m.end + 3])
            and not _filled(r, m)
            and not patterns.match(r"\W*(?:no\b|none\b|not\s+(?:used|needed|given))", r.lower[m.end : m.end + 24])
        ):
            continue
        out.append(m)
    return out


def indication(r: Reader) -> list[Mention]:
    out: list[Mention] = []
    for m in r.all("diagnosis", "proven", "excision"):
        if m.assertion in ("other_person", "absent", "blank"):
            continue
        if m.section in ("family", "comparison", "signature", "order"):
            continue
        text = r.lower[max(r.piece(m).start, m.start - 30) : min(r.piece(m).end, m.end + 30)]
        if m.label == "excision":
            word = r.words_of(m).lower()
            if word in ("surgery", "operation") and _SERVICE.search(text):
                continue
            if m.cue == "assertion.historical" or patterns.search(
                r"\b(?:s/p|status\s+post|prior|previous|19\d\d|20[01]\d|history\s+of|years?\s+ago|scar|bed)\b", text
            ):
                continue
            if (
                m.section in ("title",)
                or word == "removal"
                and "wire" in text
                or word == "theatre"
                and m.section == "signature"
            ):
                continue
        elif m.label == "proven":
            if m.section not in (
                "history",
                "technique",
                "impression",
                "target",
                "title",
                "findings",
                "device",
                "location",
                "comment",
            ) or r.words_of(m).lower() in ("known",):
                continue
        elif (
            m.section == "signature"
            or m.cue == "assertion.historical"
            and patterns.search(r"\b(?:history\s+of|status\s+post|s/p|personal)\b", text)
            or m.value == "invasive_carcinoma"
            and m.section == "title"
        ):
            continue
        out.append(m)
    return out


# what every match of _DEPTH holds, but for the axis alone
_DEPTH_WORDS = patterns.compile(r"depth|coordinate|comput|calculat|determin|derived|to\s+\d+\s*mm", re.I)


def stereotactic_technique(r: Reader) -> list[Mention | tuple[int, int, str, str]]:
    out: list[Mention | tuple[int, int, str, str]] = []
    words, starts, _ = r.page.words or ([], [], [])
    deep = {r.page.piece_at(start) for word, start in zip(words, starts, strict=True) if word == "z"}
    for m in r.all("guidance", "coordinates"):
        if m.section in ("history", "comparison", "title", "plan", "order") or not active(m):
            continue
        if m.label == "coordinates" or (m.value == "stereotactic" and m.attrs.get("tier") == "technique"):
            out.append(m)
    for p in r.page.pieces:
        if p.section in (
            "technique",
            "guidance",
            "location",
            "target",
            "device",
            "findings",
            "impression",
            "comment",
            "header",
        ):
            for d in _DEPTH.finditer(r.text, p.start, p.end) if p.index in deep or r.may(_DEPTH_WORDS, p) else ():
                if patterns.search(
                    r"signal|skin|reflector\s+depth|tag\s+depth|probe|handpiece", r.lower[p.start : p.end]
                ) and not patterns.search(r"comput|calcul|coordin", d[0], re.I):
                    continue
                if patterns.search(r"\bgrid\b|\bslice\b", r.lower[p.start : p.end]):
                    continue
                out.append((d.start(), d.end(), p.section, "documentation.stereotactic_technique"))
    return out


def _stereo_each(
    r: Reader, layout: Layout, f: Findings, stereo: list[Lesion], words: list[Mention | tuple[int, int, str, str]]
) -> bool:
    if not words:
        return False
    if len(stereo) < 2 or len(layout.slots) != len(f.lesions):
        return True
    covered: set[int] = set()
    for w in words:
        start = w.start if isinstance(w, Mention) else w[0]
        piece = r.page.pieces[r.page.piece_at(start)]
        if isinstance(w, Mention):
            clause = w.clause
        else:
            clause = max((i for i, c in enumerate(piece.clauses) if c <= start), default=0)
        who = layout.owner.get((piece.index, clause), ())
        if (
            not who
            or len(who) > 1
            or patterns.search(r"\b(?:each|both|all|every|paired|pairs|three|two)\b", r.piece_text(piece))
        ):
            return True
        covered.update(who)
    numbers = {x.number - 1 for x in stereo}
    return numbers <= covered


_NEEDLE_LEFT = patterns.compile(r"needle\s+(?:was\s+|is\s+)?left|needle\s+transfix|leaving\s+the\s+needle", re.I)


def post_placement(r: Reader, layout: Layout, f: Findings) -> tuple[bool, list[tuple[int, int, str, str]]]:
    """Whether each localized lesion has words on where its device sits after (or while) it was left; and those words."""
    found: list[tuple[int, int, str, str]] = []
    covered: set[int] = set()
    everyone = False
    n = len(f.lesions)
    local = {x.number - 1 for x in f.lesions if x.localized}
    for p in r.page.pieces:
        if p.section not in (
            "technique",
            "findings",
            "impression",
            "device",
            "location",
            "target",
            "comment",
            "guidance",
            "addendum",
            "complications",
            "plan",
        ) or not (r.may(_POSITION, p) and r.may(_TARGETISH, p)):
            continue
        bounds = [*p.clauses, p.end] if p.clauses else [p.start, p.end]
        whole = r.text[p.start : p.end]
        for k, (a, b) in enumerate(zip(bounds, bounds[1:], strict=False)):
            text = r.text[a:b]
            if not (r.may(_TIP, p) and _TIP.search(text) and _POSITION.search(text) and _TARGETISH.search(text)):
                if not (k and _POSITION.search(text) and _TARGETISH.search(text) and _SHOWN.search(whole)):
                    continue
            if not _is_check(r, p, k, a, text, whole):
                continue
            found.append((a, b, p.section, "documentation.position"))
            who = layout.owner.get((p.index, k), ())
            if (
                patterns.search(
                    r"\b(?:each|both|all|every|either|wires|seeds|clips|reflectors|tags|markers|devices|respective\w*|the\s+two|hooks|tips|in\s+the\s+three)\b",
                    text,
                    re.I,
                )
                or len(who) > 1
                or not who
            ):
                everyone = True
            covered.update(who)
        if (
            not (found and found[-1][0] >= p.start)
            and len(bounds) > 2
            and _TIP_LOOSE.search(whole)
            and _POSITION.search(whole)
            and _TARGETISH.search(whole)
            and _SHOWN.search(whole)
            and _is_check(r, p, 0, p.start, whole, whole)
        ):
            found.append((p.start, p.end, p.section, "documentation.position"))
            everyone = everyone or bool(
                patterns.search(r"\b(?:each|both|all|every|other|second|third|respective\w*)\b", whole, re.I)
            )
    if not found:
        return False, []
    if n <= 1 or everyone or len(layout.slots) != n:
        return True, found
    return local <= covered or len(found) >= len(local), found


_DEPLOYING = patterns.compile(
    r"\b(?:deploy\w*|releas\w*|placed|insert\w*|advanc\w*|engag\w*|left\s+in\s+place|fired|expelled|introduc\w*|directed|passed|positioned|unloaded|pushed|anchored|implanted)\b",
    re.I,
)
_RESULT = patterns.compile(
    r"\b(?:is|are|lies?|lying|sits?|pass(?:es|ing)|travers\w+|runs?|running|cross(?:es|ing)|skewers|shows?|showed|showing|seen|transfix\w+|pierc\w+|ends?|projects?|demonstrat\w+|confirm\w+|remains?|extends?|brackets?|was\s+(?:\d|within|seen|in\s|at\s|noted|located)|were\s+(?:within|seen|in\s|at\s|noted|located)|puts?|place\s+the|has\s+its|being|verified|documented|abuts|touches|revealed|to\s+be|lay|bisects?|through|noted|visible|visuali[sz]ed|straddle\w*|inside|within|beyond|past|mm|cm|millimet\w+|centimet\w+|good|satisfactor\w*|look\w*|position\w*|targets?|ok)\b",
    re.I,
)


def _is_check(r: Reader, p: Piece, k: int, a: int, text: str, whole: str) -> bool:
    """Whether words on a position tell of an image after placement, and not of the placement itself."""
    mentions = [m for m in p.mentions if m.clause == k]
    if any(m.label == "device" and m.assertion in ("planned", "hypothetical", "absent") for m in mentions):
        return False
    if patterns.search(
        r"\b(?:will\s+be|to\s+be\s+read|reported\s+separately|read\s+separately|separate\s+accession)\b", text, re.I
    ) and not _RESULT.search(text[:40]):
        return False
    if _BEFORE.search(text):
        return False
    shown = _SHOWN.search(text) or (k and _SHOWN.search(whole[: a - p.start])) or p.section == "findings"
    heading = r.lower[p.heading[0] : p.heading[1]] if p.heading else ""
    lead = whole[: a - p.start].rstrip()
    if (
        k
        and (lead.endswith(":") or text.startswith("- "))
        and len(lead) < 60
        and _SHOWN.search(lead)
        and not _DEPLOYING.search(text)
    ):
        return True
    if patterns.search(r"post|after|check|final|position|film|view|mammo|result|confirm|verif|cc|ml", heading):
        return bool(_RESULT.search(text) or patterns.search(r"\d\s*(?:mm|cm)|within|inside|in\s", text, re.I))
    deploying = _DEPLOYING.search(text)
    if deploying:
        late = patterns.search(r"\b(?:show\w*|confirm\w*|demonstrat\w*|verif\w*|seen|document\w*)\b", text, re.I)
        if not late:
            return False
        tail = (
            text[late.start() :]
            if late.start() > deploying.start() or not patterns.search(r"\b(?:before|prior)\b", text, re.I)
            else ""
        )
        return bool(tail and _POSITION.search(text) and not patterns.search(r"needle\s+(?:tip|position)", text, re.I))
    if patterns.search(r"\bneedle\b", text, re.I) and not patterns.search(
        r"\b(?:wire|hook|seed|clip|reflector|marker|tag|device|left|final|check|transfix|traverses)\b", text, re.I
    ):
        if not r.anywhere(_NEEDLE_LEFT):
            return False
    if p.section != "findings" and not _RESULT.search(text):
        return False
    if p.section == "findings" and not patterns.search(r"\bneedle\b", text, re.I):
        return True
    if p.section == "impression" and not shown:
        return bool(
            patterns.search(
                r"\b(?:position|adjacent|within|through|at\s+the\s+target|tip|displaced|mm|cm|bracket\w*)\b", text, re.I
            )
        ) and not patterns.search(r"\blocali[sz]ation\s+of\b", text, re.I)
    before = r.page.pieces[p.index - 1] if p.index else None
    if before is not None and before.block == p.block and before.section == p.section:
        # "Two view mammogram." and then where the device is
        said = r.text[before.start : before.end]
        if len(said) < 90 and _SHOWN.search(said) and not _DEPLOYING.search(said) and not _TIP.search(said):
            return True
    return bool(shown) or bool(
        patterns.search(
            r"\b(?:pass(?:es|ing)|travers\w+|transfix\w+|skewers|crosses|lies|sits|ends|runs|is\s+(?:\d|within|in\b|at\b|inside)|are\s+(?:\d|within|in\b|at\b|inside))\b",
            text,
            re.I,
        )
    )


_BY_WHOM = patterns.compile(
    r"\b(?:performed|placed|deployed|done|carried\s+out|localized|inserted|released|obtained)\b[^.;\n]{0,50}\bby\s+(?:the\s+)?(?:me,?\s+)?(?:\w+\s+){0,2}?(Dr\.?\s+[A-Z][\w'-]+)"
)


def signature(r: Reader) -> list[tuple[int, int, str, str]]:
    """Names of those who performed, dictated or signed."""
    out: list[tuple[int, int, str, str]] = []
    degrees = {r.page.piece_at(m.start()) for m in _HAS_DEGREE.finditer(r.text)}
    for p in r.page.pieces:
        text = r.text[p.start : p.end]
        line = text if len(text) < 220 else text[:220]
        for m in _NAME.finditer(r.text, p.start, p.end) if p.index in degrees else ():
            before = r.text[max(p.start, m.start() - 40) : m.start()]
            if (
                r.page.is_blank(m.start(), m.end())
                or _NOT_ROLE.search(before)
                and not patterns.search(r"\b(?:performed|signed|dictated|radiologist)\b", before, re.I)
            ):
                continue
            if (
                p.heading
                and _NOT_ROLE.search(r.text[p.heading[0] : p.heading[1]])
                and not (patterns.search("surgeon", r.text[p.heading[0] : p.heading[1]], re.I))
            ):
                continue
            if p.section in ("history", "comparison", "order", "plan") and not _ROLE.search(before):
                continue
            out.append((m.start(), m.end(), "signature", "documentation.signature"))
        if out and out[-1][0] >= p.start:
            continue
        role = _ROLE.search(line) if r.may(_ROLE, p) else None
        if role and p.section not in ("history", "comparison", "plan", "order"):
            for m in _NAME_DR.finditer(r.text, p.start, p.end):
                before = r.text[max(p.start, m.start() - 44) : m.start()]
                if _NOT_ROLE.search(before):
                    continue
                if (
                    p.section == "signature"
                    or _ROLE.search(before)
                    or patterns.match(
                        r"[^.\n]{0,30}\b(?:radiologist|attending|fellow|resident|performed|dictated|signed)",
                        r.text[m.end() : m.end() + 50],
                        re.I,
                    )
                ):
                    out.append((m.start(), m.end(), "signature", "documentation.signature"))
            if not (out and out[-1][0] >= p.start) and (p.section == "signature" or role.start() < 3):
                value = patterns.search(
                    r"(?:[:.]\s*|\bby\s+|/es/\s*|signed\s+|dictated\s+|\bme,\s*|\s{2,})((?:Dr\.?\s+)?(?:[A-Z][\w'-]*\.?,?\s+){1,3}?[A-Z][\w'-]+)",
                    r.text[p.start : p.end],
                )
                if (
                    value
                    and not r.page.is_blank(p.start + value.start(1), p.start + value.end(1))
                    and not patterns.search(
                        r"\b(?:Radiology|Report|Date|Final|Electronically|Attending|Resident|Review|Pending|Breast|Imaging|Service|Department)\b",
                        value[1],
                    )
                    and not (p.heading and _NOT_ROLE.search(r.text[p.heading[0] : p.heading[1]]))
                ):
                    out.append(
                        (p.start + value.start(1), p.start + value.end(1), "signature", "documentation.signature")
                    )
        elif p.section in ("technique",) and r.may(_BY_WHOM, p):
            for m in _BY_WHOM.finditer(r.text[p.start : p.end]):
                out.append((p.start + m.start(1), p.start + m.end(1), p.section, "documentation.signature"))
    return out or _closing_name(r) or _spoken_name(r)


_NAME_LINE = patterns.compile(
    r"^[\s*/-]*(?:(?:Dr|Mr|Mrs|Ms|Miss|Prof|Professor)\.?\s+)?(?:[A-Z]\.?\s*){0,3}[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+){0,3}(?:\s*\([\w .-]+\))?(?:\s*,\s*[\w /-]{2,50})?(?:\s*,\s*supervised\s+by.*)?[\s.]*$"
)
_NOT_NAME = patterns.compile(
    r"\b(?:Report|Final|Breast|Imaging|Impression|Radiology|Date|Hospital|Center|Centre|Partners|Department|Clinic|Signed|Page|Copy|Films|Theatre|None|Complications?|Disclaimer|Addendum|Yours|Dear|Kind|Regards|Status|Preliminary|End|Left|Right|Localization|Localisation|Mammogram|Biopsy|Procedure|Patient|Street|Road|Unit|Ward|Sent|Transcribed|Attestation|Pending|Category|Discharged|Home|Pathology|Stable)\b",
    re.I,
)


_SPOKEN_NAME = patterns.compile(
    r"\b(?:doctor|dr\.?)\s+(?P<d>[a-z]{3,})\s*\.?\s*$|\b(?:doctor|dr\.?|signed|dictated\s+by|read\s+by|reported\s+by|this\s+is)\s+(?:doctor\s+|dr\.?\s+)?(?P<a>[a-z]{3,}(?:\s+[a-z]{3,}){1,2})\b|\b(?P<b>[a-z]{3,}\s+[a-z]{3,})\s+MD\b|\b(?P<c>[a-z]{3,}\s+[a-z]{4,})\s*\.?\s*$",
    re.I,
)
_SPOKEN_FROM = patterns.compile(r"\bthis\s+is\s+(?:doctor|dr\.?)\s+(?P<a>\w+\s+\w+)\s+(?:dictating|speaking)", re.I)


def _spoken_name(r: Reader) -> list[tuple[int, int, str, str]]:
    """The name a dictation opens or closes with, which the typist may have left in lower case."""
    opening = _SPOKEN_FROM.search(r.text)
    if opening:
        return [(opening.start("a"), opening.end("a"), "signature", "documentation.signature.spoken")]
    if not r.page.pieces:
        return []
    last = r.page.pieces[-1]
    text = r.text[last.start : last.end]
    for m in _SPOKEN_NAME.finditer(text[-90:]):
        group = next(g for g in "dabc" if m[g])
        if group == "c" and (
            len(text) > 40
            or any(
                x.label in ("target", "device", "side", "action", "complication", "site_breast") for x in last.mentions
            )
        ):
            continue
        before = text[: max(0, len(text) - 90) + m.start()][-24:]
        if (
            _NOT_ROLE.search(before)
            or patterns.search(r"\b(?:with|for|by|to)\s*$", before)
            and not m[0].lower().startswith("dictated")
        ):
            continue
        base = last.end - min(90, len(text))
        return [(base + m.start(group), base + m.end(group), "signature", "documentation.signature.spoken")]
    return []


def _closing_name(r: Reader) -> list[tuple[int, int, str, str]]:
    """A name alone on one of the closing lines is whoever wrote the note."""
    body = [p for p in r.page.pieces if not p.addendum]
    out = []
    for p in body[-4:] if len(body) > 4 else body[1:]:
        text = r.text[p.start : p.end]
        if (
            len(text) > 90
            or p.heading
            or not _NAME_LINE.match(text)
            or _NOT_NAME.search(patterns.sub(r",.*", "", text))
            or not patterns.search(r"[a-z]", text)
        ):
            continue
        words_ = patterns.findall(r"[A-Z][\w'-]+", text)
        if len(words_) < 2 and not patterns.match(r"\W*(?:Dr|Mr|Mrs|Ms|Miss|Prof)\b", text):
            continue
        if (
            not patterns.match(r"\W*(?:Dr|Prof)\b", text)
            and any(
                m.label in ("target", "device", "side", "complication", "diagnosis", "guidance") for m in p.mentions
            )
            or _NOT_ROLE.search(text)
        ):
            continue
        out.append((p.start, p.end, "signature", "documentation.signature.name"))
    return out


def procedure_date(r: Reader) -> list[Mention]:
    """Dates that are the procedure's: date fields, titles and printed headers, not a dictation's, a history's or an addendum's."""
    out = []
    for m in r.all("date"):
        p = r.piece(m)
        if m.assertion == "blank" or r.page.is_blank(m.start, m.end) or p.addendum:
            continue
        before = r.before(m, 34)
        if patterns.search(
            r"\b(?:dob|born|birth|dict\.?|dictat\w*|transcri\w*|signed|d:|t:|dd:|dt:|printed|received|entered|verified|reported|lmp|expir\w*|lot|compar\w*|typed|prior|biops\w*|surgery|scheduled|core|finali[sz]ed|released|collected)\W*(?:on\s+|at\s+|date\W*)?$",
            before,
        ):
            continue
        if p.section in ("date", "title", "header", "order") or p.section == "signature" and p.index < 4:
            if patterns.search(r"\b(?:scheduled|surgery|lumpectomy)\b", before):
                continue
            out.append(m)
        elif p.section == "document_date":
            continue
        elif (
            p.section in ("technique", "history")
            and patterns.search(
                r"\b(?:met|attended|seen|saw|came|brought|morning\s+of|performed|placed|locali[sz]ed|on\s+the\s+(?:morning|day|afternoon))\b",
                before,
            )
            and not patterns.search(r"biops|core|mdt|mri|scan", r.piece_text(p)[:200])
        ):
            out.append(m)
        elif p.section in ("technique", "time_out", "consent", "front", "side") and (
            p.index < 4
            or patterns.search(
                r"(?:\bon|dated?|today,?|procedure(?:\s+date)?|exam(?:ination)?(?:\s+date)?|performed|dos|svc)\W*$",
                before,
            )
        ):
            if (
                patterns.search(r"\b(?:biops|prior|previous|mri|seen|demonstrat|mammogram)\w*[^.;]{0,24}$", before)
                and p.index >= 4
            ):
                continue
            out.append(m)
        elif p.section in ("impression", "signature") and patterns.search(
            r"(?:date\s+of\s+(?:procedure|service|exam)|dos|procedure\s+date|performed|placed|done)\W*(?:on\s+)?$",
            before,
        ):
            out.append(m)
    return out


def preliminary(r: Reader) -> list[tuple[int, int, str, str]]:
    """Words that call the report preliminary, a draft or not yet signed."""
    out = []
    for m in _PRELIM.finditer(r.text):
        piece = r.page.pieces[r.page.piece_at(m.start())]
        around = r.text[max(0, m.start() - 50) : m.end() + 50]
        if (
            _NOT_PRELIM.search(around)
            or r.page.is_blank(m.start(), m.end())
            and r.text[m.start() - 1 : m.start()] != "*"
        ):
            continue
        if piece.section in ("history", "comparison"):
            continue
        if (
            patterns.search(r"path\w*\s*(?:is\s+)?pending", around, re.I)
            and "review" not in m[0].lower()
            and "sign" not in m[0].lower()
            and "pending" in m[0].lower()
        ):
            continue
        out.append((m.start(), m.end(), piece.section, "policy.preliminary"))
    return out
