"""What stands behind a rule, a code, a modifier, a diagnosis, a specialty, a policy or a flag: text, source, edition,
examples.

Reads the tables, the policies and the profile; decides nothing. What it prints is what the tables say, with where
they have it from and how sure that is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any

from extractor.coding.policy import SETTINGS, load_policy, policy_names
from extractor.coding.tables import Tables, load_tables
from extractor.documentation.profile import load_profile

CONFIDENCE = {
    "DATA": "read in a CMS data file",
    "SEEN": "read in the named source",
    "SEEN-2": "read in a secondary source",
    "GK": "general knowledge, not found in a source",
    "INFER": "inferred from the other facts",
}
FLAG_RULES = {
    "site-open": "cpt.site",
    "guidance-title-only": "documentation.guidance",
    "policy-tomosynthesis-only": "policy.tomosynthesis_only",
    "policy-guidance-without-code": "policy.guidance_without_code",
    "policy-discontinued": "modifier.discontinued",
    "policy-partial": "policy.partial",
    "policy-units-over-mue": "ncci.mue",
    "policy-dye-only": "policy.dye_only",
    "preliminary-report": "documentation.preliminary",
    "header-body-mismatch": "documentation.header",
    "obsolete-code-in-note": "documentation.obsolete_code",
    "complication-reported": "diagnosis.complication",
    "low-confidence": "documentation.confidence",
    "diagnosis-unspecified": "documentation.specificity",
    "value-without-evidence": "coding.evidence",
    "date-before-family": "coding.edition",
    "nothing-placed": "coding.nothing_placed",
}


class UnknownTerm(LookupError):
    """Nothing is known under a name; `near` holds names that look like it."""

    def __init__(self, term: str, near: list[str]) -> None:
        self.term, self.near = term, near
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        super().__init__(f"nothing is known of {term!r}{hint}")


def explain(term: str, tables: Tables | None = None) -> str:
    """A text for a person. Raises UnknownTerm."""
    tables = tables or load_tables()
    asked = term.strip()
    for look in (_rule, _code, _deleted, _modifier, _policy, _setting, _flag, _diagnosis, _taxonomy, _concept):
        parts = look(asked, tables)
        if parts:
            parts = [*parts, *_card(asked, tables)]
            return "\n".join([*parts, "", f"Edition {tables.edition.name}: {tables.edition.note}"])
    card = _card(asked, tables)
    if card:
        return "\n".join([*card, "", f"Edition {tables.edition.name}: {tables.edition.note}"])
    raise UnknownTerm(asked, difflib.get_close_matches(asked, terms(tables), n=3, cutoff=0.6))


def terms(tables: Tables | None = None) -> list[str]:
    """Everything that can be asked for, apart from rules of single codes and pairs."""
    tables = tables or load_tables()
    diagnoses = {code for row in tables.diagnoses.values() for code in _codes_of(row)}
    names: set[str] = (
        set(tables.rules) | set(tables.codes) | set(tables.deleted) | set(tables.modifiers) | set(tables.taxonomy)
    )
    names |= diagnoses | set(policy_names()) | set(SETTINGS) | set(FLAG_RULES) | {row["term"] for row in tables.card}
    return sorted(names)


def _rule(term: str, tables: Tables) -> list[str]:
    row = tables.rules.get(term)
    if row:
        return [term, "", row["text"], "", *_from(row, tables), *_examples(lambda e: term in e["rules"], tables)]
    for pattern, look in _SINGLE:
        match = re.fullmatch(pattern, term)
        if match:
            return look(term, match, tables)
    return []


def _add_on_rule(term: str, match: re.Match[str], tables: Tables) -> list[str]:
    add_on = tables.addons.get(match[1])
    if add_on is None:
        return []
    text = (
        f"{add_on.code} is an add-on code, accepted beside {' or '.join(add_on.primaries)} and nothing else "
        f"(type {add_on.type} edit)."
    )
    return [term, "", text, *_why_not_beside(add_on.code, tables), "", *_from(add_on, tables)]


def _pair_rule(term: str, match: re.Match[str], tables: Tables) -> list[str]:
    pair = tables.pairs.get((match[1], match[2]))
    if pair is None:
        return []
    lift = {
        0: "No modifier lifts it.",
        1: "59 or an X modifier on a truly different lesion, side or session lifts it.",
        9: "It is no longer applied.",
    }
    text = (
        f"{pair.one} is column one and {pair.two} column two: on one claim of one provider {pair.two} is "
        f"denied. Reason: {pair.reason}."
    )
    return [term, "", text, lift[pair.indicator], "", *_from(pair, tables)]


def _limit_rule(term: str, match: re.Match[str], tables: Tables) -> list[str]:
    limit = tables.limits.get(match[1])
    if limit is None:
        return []
    kind = {1: "a limit of the line", 2: "absolute per day", 3: "per day, open to appeal"}[limit.mai]
    text = (
        f"{match[1]}: {limit.practitioner} units on a practitioner's claim, {limit.outpatient_hospital} in "
        f"an outpatient hospital; {kind}."
    )
    row = next(r for r in tables.raw["mue"] if match[1] in r["codes"])
    return [term, "", text, "", *_from(row, tables)]


def _modifier_rule(term: str, match: re.Match[str], tables: Tables) -> list[str]:
    return _modifier(match[1], tables)


def _deleted_rule(term: str, match: re.Match[str], tables: Tables) -> list[str]:
    return _deleted(match[1], tables)


_SINGLE: list[tuple[str, Callable[[str, re.Match[str], Tables], list[str]]]] = [
    (r"ncci\.addon\.(\w{5})", _add_on_rule),
    (r"ncci\.ptp\.(\w{5})\.(\w{5})", _pair_rule),
    (r"ncci\.mue\.(\w{5})", _limit_rule),
    (r"modifier\.([0-9A-Z]{2})", _modifier_rule),
    (r"deleted\.(\w{5})", _deleted_rule),
]


def _code(term: str, tables: Tables) -> list[str]:
    code = tables.codes.get(term.upper())
    if code is None:
        return []
    parts = [code.code, "", code.meaning]
    add_on = tables.addons.get(code.code)
    if add_on:
        parts.append(f"Add-on code: accepted beside {' or '.join(add_on.primaries)} only.")
        parts += _why_not_beside(code.code, tables)
    elif code.row:
        row = tables.rows[code.row]
        parts.append(
            f"Each further lesion of its row is {row.additional}, the only add-on code of the family that is "
            f"accepted beside it."
        )
        others = [
            o
            for o in tables.codes.values()
            if o.role == code.role and o.position == "additional" and o.code != row.additional
        ]
        for other in sorted(others, key=lambda o: o.code):
            parts.append(
                f"Not {other.code}: that is {_plain(other.modality)} guidance and is accepted beside "
                f"{tables.primary_of[other.code]} only."
            )
    limit = tables.limits.get(code.code)
    if limit:
        kind = {1: "per line", 2: "absolute per day", 3: "per day, open to appeal"}[limit.mai]
        parts.append(
            f"Units: {limit.practitioner} on a practitioner's claim, {limit.outpatient_hospital} in an "
            f"outpatient hospital; {kind}."
        )
    fee = tables.fees.get(code.code)
    if fee:
        split = "26 and TC never stand on it" if fee.pctc == 0 else "it has a professional and a technical component"
        side = "50 could be paid" if fee.bilateral == 1 else "50 is not paid"
        parts.append(
            f"Fee schedule: global {fee.global_days}; PC/TC {fee.pctc}, {split}; bilateral {fee.bilateral}, "
            f"{side}; assistant {fee.assistant}."
        )
    parts += _pair_lines(code.code, tables)
    raw = next(r for r in tables.raw["codes"] if r["code"] == code.code)
    parts += ["", *_from(raw, tables)]
    return parts + _examples(lambda e: any(line.startswith(code.code) for line in e.get("codes", ())), tables)


def _why_not_beside(code: str, tables: Tables) -> list[str]:
    """Why an additional-lesion code of the family is not accepted beside the first-lesion codes of other rows."""
    ours = tables.codes.get(code)
    if ours is None or ours.row is None:
        return []
    parts = []
    for row in sorted(tables.rows.values(), key=lambda r: r.first):
        other = tables.codes[row.first]
        if other.role == ours.role and row.additional and row.name != ours.row:
            parts.append(
                f"It is not the add-on of {row.first}: {code} belongs to {_plain(ours.modality)} guidance, "
                f"{row.first} to {_plain(other.modality)}; "
                f"the additional lesion after {row.first} is {row.additional}."
            )
    return parts


def _plain(modality: str | None) -> str:
    return {"mri": "MR", "any": "any imaging"}.get(modality or "", modality or "")


def _pair_lines(code: str, tables: Tables) -> list[str]:
    under = sorted(two for one, two in tables.pairs if one == code)
    over = sorted(one for one, two in tables.pairs if two == code)
    parts = []
    if under:
        parts.append(f"Column one over: {', '.join(under)}.")
    if over:
        parts.append(f"Column two under: {', '.join(over)}.")
    return parts


def _deleted(term: str, tables: Tables) -> list[str]:
    gone = tables.deleted.get(term.upper())
    if gone is None:
        return []
    text = f"Deleted on {gone.deleted_on}. It meant: {gone.meaning}"
    return [
        gone.code,
        "",
        text,
        f"Now: {', '.join(gone.successors)}. {gone.note}",
        "It is never recommended; a claim line with it is invalid.",
        "",
        *_from(gone, tables),
    ]


def _modifier(term: str, tables: Tables) -> list[str]:
    known = tables.modifiers.get(term.upper())
    if known is None:
        return []
    return [
        f"Modifier {known.modifier}",
        "",
        known.meaning,
        f"On first-lesion lines: {known.family}; on additional-lesion lines: {known.addon}.",
        f"Right: {known.right}",
        f"Wrong: {known.wrong}",
        "",
        *_from(known, tables),
    ]


def _policy(term: str, tables: Tables) -> list[str]:
    if term not in policy_names():
        return []
    policy = load_policy(term)
    parts = [f"Policy {policy.name}", "", policy.title + "."]
    parts += [f"{name} = {getattr(policy, name)}  ({setting.meaning})" for name, setting in SETTINGS.items()]
    for first, further in policy.add_ons.items():
        row = next((r for r in tables.rows.values() if r.first == first), None)
        parts.append(
            f"Additional lesion after {first}: {further}"
            + (f", where the CMS add-on edits accept {row.additional}." if row else ".")
        )
    parts += policy.notices
    parts += [tables.rules[rule]["text"] for rule in policy.notice_rules]
    if term == "source-card":
        parts += ["", "The card, row by row:"] + [_card_line(row) for row in tables.card]
    return [*parts, "", *_from(policy, tables)]


def _setting(term: str, tables: Tables) -> list[str]:
    setting = SETTINGS.get(term)
    if setting is None:
        return []
    parts = [
        f"Policy setting {term}",
        "",
        setting.meaning,
        f"Allowed: {', '.join(setting.allowed)}. Default: {setting.default}.",
    ]
    parts += [f"{name}: {getattr(load_policy(name), term)}" for name in policy_names()]
    row = tables.rules[setting.rule]
    return [*parts, "", row["text"], "", *_from(row, tables)]


def _flag(term: str, tables: Tables) -> list[str]:
    kind, _, name = term.partition("-")
    profile = load_profile()
    element = name.replace("-", "_")
    if kind in ("missing", "conflicting") and any(element == known for known in profile.elements):
        entry = next(
            e for k, e in (profile.elements if kind == "missing" else profile.conflicts).items() if k == element
        )
        rule = f"documentation.{element}"
    elif term in FLAG_RULES:
        entry, rule = profile.flags[term], FLAG_RULES[term]
    else:
        return []
    row = tables.rules[rule]
    asked = "a query is drafted where the record can be quoted" if entry.query else "no query is drafted"
    return [
        f"Flag {term}",
        "",
        row["text"],
        f"Severity in the default profile: {entry.severity}; {asked}.",
        "",
        *_from(row, tables),
    ]


def _diagnosis(term: str, tables: Tables) -> list[str]:
    code = term.upper()
    rows = [row for row in tables.diagnoses.values() if code in _codes_of(row)]
    parts: list[str] = []
    for row in rows:
        where = ", ".join(_places_of(row, code))
        parts += [
            f"{code}: {row['meaning']}{f' ({where})' if where else ''}. Given for: {row['concept']}, "
            f"{row['certainty']}.",
            *_from(row, tables),
        ]
    return parts and [code, "", *parts]


def _codes_of(row: Mapping[str, Any]) -> set[str]:
    codes = {row[key] for key in ("code", "none") if key in row}
    for key in ("sides", "right", "left"):
        codes |= set(row.get(key, {}).values())
    return codes


def _places_of(row: Mapping[str, Any], code: str) -> list[str]:
    places = [side for side, given in row.get("sides", {}).items() if given == code]
    for side in ("right", "left"):
        places += [f"{side} {place}" for place, given in row.get(side, {}).items() if given == code]
    return [place.replace(" none", ", place not stated").replace("none", "side not stated") for place in places]


def _taxonomy(term: str, tables: Tables) -> list[str]:
    row = tables.taxonomy.get(term.upper())
    return (
        [row["code"], "", f"{row['specialty']}.", *([row["note"]] if "note" in row else []), "", *_from(row, tables)]
        if row
        else []
    )


def _concept(term: str, tables: Tables) -> list[str]:
    rows = [row for (concept, _), row in tables.diagnoses.items() if concept == term]
    parts: list[str] = []
    for row in rows:
        parts += [f"{row['meaning']} ({row['certainty']}): {', '.join(sorted(_codes_of(row)))}", *_from(row, tables)]
    return parts and [f"Diagnosis concept {term}", "", *parts]


def _card(term: str, tables: Tables) -> list[str]:
    rows = [row for row in tables.card if row["term"].split(" ")[0] == term.upper() or row["term"] == term]
    return ["", "On the source card:", *(_card_line(row) for row in rows)] if rows else []


def _card_line(row: Mapping[str, Any]) -> str:
    return f"{row['term']}: the card says: {row['claim']} Verdict: {row['verdict']}. {row['answer']}"


def _from(row: Any, tables: Tables) -> list[str]:
    """Source, confidence and dates of a row."""

    def get(name: str) -> Any:
        return row.get(name) if isinstance(row, Mapping) else getattr(row, name, None)

    parts = []
    for key in get("source") or ():
        source = tables.sources.get(key)
        if source:
            parts.append(f"Source {key}: {source['title']} ({source['where']})")
    confidence = get("confidence")
    if confidence:
        parts.append(f"Confidence {confidence}: {CONFIDENCE[confidence]}.")
    begins, ends = get("effective"), get("ended")
    if begins:
        parts.append(f"In force from {begins}{f' to {ends}' if ends else ''}.")
    return parts


def _examples(wanted: Callable[[Mapping[str, Any]], bool], tables: Tables, most: int = 6) -> list[str]:
    chosen = [e for e in tables.examples if wanted(e)][:most]
    lines = [
        f"  {e['id']}: {e['text']} -> {e['disposition']}{' ' + ', '.join(e['codes']) if e.get('codes') else ''}"
        for e in chosen
    ]
    return ["", "Worked examples:", *lines] if lines else []
