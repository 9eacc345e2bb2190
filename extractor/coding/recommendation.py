"""The one decision of coding: what findings support under a policy and a set of tables.

Sees findings, never text. The order is fixed: nothing to report, then what must be asked, then what a person must
decide, and only what passes all three is coded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from extractor.coding.companions import companions
from extractor.coding.diagnoses import diagnoses
from extractor.coding.lines import Case, case_of, code_lines, coded_lesions, out_of_scope, over_limit, row_name
from extractor.coding.model import Candidate, Cause, CodeLine, Recommendation
from extractor.coding.policy import Policy
from extractor.coding.questions import candidates, open_questions
from extractor.coding.stopped import stopped_candidates
from extractor.coding.tables import Tables
from extractor.dates import parse_date
from extractor.findings import Evidences, Findings, Lesion


def recommend(findings: Findings, policy: Policy, tables: Tables) -> Recommendation:
    """Disposition, codes, diagnoses and candidates for one note."""
    made = _decide(findings, policy, tables)
    made.ruleset, made.policy = tables.edition.name, policy.name
    made.notice = tables.notice(findings.date_of_service)
    for text in policy.notices:
        made.causes.append(Cause("policy-notice", text, list(policy.notice_rules)))
    return made


def _decide(findings: Findings, policy: Policy, tables: Tables) -> Recommendation:
    nothing = _nothing_to_report(findings)
    if nothing:
        return Recommendation("not_reportable", causes=nothing)
    judged = findings.status in ("completed", "partial", None)
    asks = open_questions(findings) if judged else []
    lesions = coded_lesions(findings)
    if not lesions and judged and not asks:
        asks = [
            Cause(
                "missing-device-deployment",
                "The note reports a procedure but no lesion that got a device or was sampled.",
                ["documentation.device_deployment"],
            )
        ]
    if asks:
        return Recommendation("query", candidates=candidates(findings, asks, policy, tables), causes=asks)
    cases = [case_of(lesion) for lesion in lesions]
    lines = code_lines(cases, policy, tables)
    decisions = _for_a_person(findings, lesions, cases, lines, policy, tables)
    dx = diagnoses(findings, policy, tables)
    beside = companions(findings, lines, tables)
    if decisions:
        return Recommendation(
            "review",
            diagnoses=dx,
            causes=decisions,
            companions=beside,
            candidates=_review_candidates(findings, cases, lines, decisions, policy, tables),
        )
    skipped = [_SKIPPED[rule](case.number) for case in cases if (rule := out_of_scope(case))]
    return Recommendation("ready", codes=lines, diagnoses=dx, causes=skipped, companions=beside)


def _nothing_to_report(findings: Findings) -> list[Cause]:
    if findings.procedure_type == "other":
        return [
            Cause(
                "out-of-scope",
                "The document reports no localization or image-guided biopsy of the breast.",
                ["scope.other"],
            )
        ]
    if findings.status == "cancelled":
        return [Cause("cancelled", "Called off before anesthetic or needle: nothing was begun.", ["scope.cancelled"])]
    guidance = findings.elements.get("guidance")
    if findings.site_open or (guidance and guidance.status == "conflicting"):
        return []
    attempted = [case_of(lesion) for lesion in findings.lesions if lesion.outcome != "not_attempted"]
    rules = [out_of_scope(case) for case in attempted]
    if attempted and all(rules):
        return [_SKIPPED[rule](case.number) for case, rule in zip(attempted, rules, strict=True) if rule]
    return []


def _unguided(number: int) -> Cause:
    return Cause(
        "unguided",
        f"Lesion {number} was reached by palpation or direct vision, without image guidance.",
        ["scope.unguided"],
        (number,),
    )


def _node_biopsy(number: int) -> Cause:
    return Cause(
        "node-biopsy",
        f"Lesion {number} is a biopsy outside the breast, which this family does not hold.",
        ["scope.node_biopsy"],
        (number,),
    )


_SKIPPED = {"scope.unguided": _unguided, "scope.node_biopsy": _node_biopsy}


def _for_a_person(
    findings: Findings,
    lesions: Sequence[Lesion],
    cases: Sequence[Case],
    lines: Sequence[CodeLine],
    policy: Policy,
    tables: Tables,
) -> list[Cause]:
    """Everything that makes the code a decision rather than a reading."""
    causes: list[Cause] = []
    if findings.status == "discontinued":
        causes.append(
            Cause(
                "policy-discontinued",
                "Begun and stopped with nothing placed: which modifier applies depends on why, and on whose "
                "claim it is.",
                ["modifier.discontinued"],
            )
        )
    if findings.status == "partial":
        causes.append(
            Cause("policy-partial", "At least one target got its device and at least one did not.", ["policy.partial"])
        )
    if findings.preliminary or findings.preliminary_in_feed:
        causes.append(
            Cause(
                "preliminary-report",
                "The report calls itself preliminary, a draft or not yet signed."
                if findings.preliminary
                else "The feed that brought the report marks it as preliminary.",
                ["documentation.preliminary"],
                (),
                findings.preliminary,
            )
        )
    relevant = cases or [case_of(lesion) for lesion in findings.lesions if lesion.outcome == "failed"]
    in_scope = [case for case in relevant if out_of_scope(case) is None]
    unplaced = [case for case in in_scope if case.guidance is not None and row_name(case, policy) is None]
    tomosynthesis = tuple(case.number for case in unplaced if case.guidance == "tomosynthesis")
    if tomosynthesis:
        causes.append(
            Cause(
                "policy-tomosynthesis-only",
                "Aimed by tomosynthesis alone, which no code names.",
                ["policy.tomosynthesis_only"],
                tomosynthesis,
                _evidence(findings, tomosynthesis, "guidance"),
            )
        )
    others = tuple(case.number for case in unplaced if case.guidance != "tomosynthesis")
    if others:
        causes.append(
            Cause(
                "policy-guidance-without-code",
                "No code names this guidance for this procedure.",
                ["policy.guidance_without_code"],
                others,
                _evidence(findings, others, "guidance"),
            )
        )
    bare = tuple(case.number for case in relevant if out_of_scope(case) == "scope.unguided")
    if bare and lines:
        causes.append(
            Cause(
                "low-confidence",
                f"Beside lesions that are coded, {len(bare)} was read as reached without image guidance and is not.",
                ["scope.unguided"],
                bare,
                _evidence(findings, bare, "guidance"),
            )
        )
    rowless = tuple(
        case.number for case in in_scope if (name := row_name(case, policy)) is not None and name not in tables.rows
    )
    if rowless:
        causes.append(
            Cause(
                "date-before-family",
                "The tables of the date of service hold no code for this site or guidance.",
                ["coding.edition"],
                rowless,
                findings.date_of_service_evidence,
            )
        )
    ink = tuple(case.number for case in in_scope if case.ink_only and not case.biopsied)
    if ink:
        causes.append(
            Cause("policy-dye-only", "Marked by dye or carbon alone, which leaves no device.", ["policy.dye_only"], ink)
        )
    for code, units, limit in over_limit(lines, policy, tables):
        causes.append(
            Cause(
                "policy-units-over-mue",
                f"{code}: {units} units, the limit is {limit} a day.",
                [f"ncci.mue.{code}"],
                tuple(sorted({n for line in lines if line.code == code for n in line.lesions})),
            )
        )
    unproven = tuple(
        lesion.number
        for lesion, case in zip(lesions, cases, strict=True)
        if out_of_scope(case) is None and not _proven(lesion)
    )
    if unproven:
        causes.append(
            Cause(
                "value-without-evidence",
                "Guidance or side was read without words that prove it.",
                ["coding.evidence"],
                unproven,
            )
        )
    if findings.doubts:
        causes.append(
            Cause(
                "low-confidence",
                "The note says more than the reading accounts for: "
                + "; ".join(str(doubt.value) for doubt in findings.doubts)
                + ".",
                ["reading.doubt"],
                (),
                tuple(e for doubt in findings.doubts for e in doubt.evidence),
            )
        )
    if not tables.covers(parse_date(findings.date_of_service)):
        causes.append(
            Cause(
                "date-before-family",
                "The date of service lies before the codes existed.",
                ["coding.edition"],
                (),
                findings.date_of_service_evidence,
            )
        )
    if not lines and not causes:
        causes.append(
            Cause(
                "nothing-placed",
                "The procedure is reported as done, but no lesion was placed or sampled.",
                ["coding.nothing_placed"],
            )
        )
    return causes


def _proven(lesion: Lesion) -> bool:
    return bool(lesion.evidence.get("guidance")) and bool(lesion.evidence.get("laterality"))


def _evidence(findings: Findings, numbers: Sequence[int], name: str) -> Evidences:
    return tuple(e for lesion in findings.lesions if lesion.number in numbers for e in lesion.evidence.get(name, ()))


def _review_candidates(
    findings: Findings,
    cases: Sequence[Case],
    lines: list[CodeLine],
    causes: Sequence[Cause],
    policy: Policy,
    tables: Tables,
) -> list[Candidate]:
    """What stands under each way of deciding the things that need a person."""
    ids = {cause.id for cause in causes}
    if "policy-discontinued" in ids:
        return stopped_candidates(findings, policy, tables)
    made: list[Candidate] = []
    if ids & {"policy-tomosynthesis-only", "policy-guidance-without-code"}:
        made += _guidance_candidates(cases, policy, tables)
    elif "policy-dye-only" in ids:
        without = [case for case in cases if not case.ink_only or case.biopsied]
        made.append(Candidate("if a track of dye or carbon counts as a localization device", lines))
        made.append(Candidate("if it does not", code_lines(without, policy, tables)))
    elif "policy-partial" in ids:
        made.append(Candidate("if only the lesions that got their device are reported", lines))
    elif "preliminary-report" in ids:
        made.append(Candidate("if the final report says the same", lines))
    elif "policy-units-over-mue" in ids:
        made.append(Candidate("if all units are reported, subject to denial above the limit", lines))
    elif lines:
        made.append(Candidate("if the facts are confirmed", lines))
    return made


def _guidance_candidates(cases: Sequence[Case], policy: Policy, tables: Tables) -> list[Candidate]:
    overlays = [
        (
            "if the payer wants the unlisted code",
            {"tomosynthesis_only": "19499", "tomosynthesis_biopsy": "19499", "ct_or_fluoroscopy": "19499"},
        ),
        (
            "if the payer takes tomosynthesis for stereotactic guidance",
            {"tomosynthesis_only": "19283", "tomosynthesis_biopsy": "19081"},
        ),
        (
            "if the payer takes tomosynthesis for mammographic guidance",
            {"tomosynthesis_only": "19281", "tomosynthesis_biopsy": "19499"},
        ),
    ]
    tomosynthesis = any(case.guidance == "tomosynthesis" for case in cases)
    made: list[Candidate] = []
    for condition, settings in overlays if tomosynthesis else overlays[:1]:
        lines = code_lines(cases, replace(policy, **settings), tables)  # type: ignore[arg-type]
        if lines and not any(lines == other.codes for other in made):
            made.append(Candidate(condition, lines))
    return made
