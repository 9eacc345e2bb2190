"""The Python way in: a note goes in, its result comes out.

The one place where reading, coding and documentation meet. Holds no rule of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor import __version__
from extractor.audit import ClaimLine, audit
from extractor.coding import Policy, Recommendation, Tables, load_policy, load_tables, recommend
from extractor.dates import parse_date, settled
from extractor.documentation import Profile, flags, load_profile
from extractor.findings import Findings
from extractor.normalize import normalize
from extractor.note import Note, check_text
from extractor.pipeline import read
from extractor.result import Result, build_result

if TYPE_CHECKING:
    from extractor.learning.judge import Models


@dataclass(frozen=True, slots=True)
class Extractor:
    """A pipeline with the policy and the profile that it applies, and the models that judge; `load` builds one."""

    policy: Policy
    profile: Profile
    models: Models | None = None

    def read(self, note: Note) -> tuple[Findings, Recommendation, Tables]:
        """What the note says and what codes it supports, with the tables of its date of service."""
        findings = read(note)
        # What the source knows about the report's status counts like a remark in the text, but has no words to quote.
        findings.preliminary_in_feed = note.metadata.get("report_status") == "preliminary"
        if findings.date_of_service is not None:
            known = note.metadata.get("date_of_service")
            day = settled(findings.date_of_service, findings.dates, known if isinstance(known, str) else None)
            findings.date_of_service = day or findings.date_of_service
        # What was misread as a date must not stop a note: it counts as unknown, and the result says so.
        tables = load_tables(parse_date(findings.date_of_service))
        made = recommend(findings, self.policy, tables)
        if self.models is not None:
            made = self.models.apply(normalize(note.text).text, note.text, findings, made, self.policy, tables)
        return findings, made, tables

    def extract(self, note: str | Note, note_id: str = "note") -> Result:
        """The result of one note. Raises UnreadableNote for text with NUL or half characters."""
        note, findings, recommendation, _ = self.judge(note, note_id)
        return self.result(note, findings, recommendation)

    def audited(self, note: Note, claim: Sequence[ClaimLine] | None) -> Result:
        """The result of one note with the comparison of its draft claim.

        An empty claim claims nothing; without one (None) there is no comparison. Raises as `extract` does.
        """
        note, findings, recommendation, tables = self.judge(note)
        result = self.result(note, findings, recommendation)
        if claim is None:
            return result
        return result.with_audit(audit(findings, recommendation, claim, tables, self.policy))

    def judge(self, note: str | Note, note_id: str = "note") -> tuple[Note, Findings, Recommendation, Tables]:
        """The parts of a result before they are put together, for callers that compare a claim with them."""
        if isinstance(note, str):
            note = Note(note_id, note)
        check_text(note.text)
        return note, *self.read(note)

    def result(self, note: Note, findings: Findings, recommendation: Recommendation) -> Result:
        """Put the parts together."""
        provenance = {
            "extractor": __version__,
            "ruleset": recommendation.ruleset,
            "policy": recommendation.policy,
            "models": dict(self.models.digests) if self.models else {},
            "text_sha256": hashlib.sha256(note.text.encode("utf-8")).hexdigest(),
            "profile": self.profile.name,
            "notice": recommendation.notice,
            "promise": self.models.promise if self.models else None,
            "threshold": self.models.threshold if self.models else None,
        }
        return build_result(note, findings, recommendation, flags(findings, recommendation, self.profile), provenance)

    def extract_all(
        self, notes: Iterable[str | Note], on_error: Callable[[str | Note, Exception], Any] | None = None
    ) -> Iterator[Result]:
        """The results of many notes, in their order; a plain string gets its number (from 1) as id.

        A note that cannot be read raises, unless `on_error` is given: it is then called with the note and the
        exception, and the next note follows.
        """
        for number, note in enumerate(notes, 1):
            try:
                result = self.extract(note, str(number))
            except Exception as error:
                if on_error is None:
                    raise
                on_error(note, error)
            else:
                yield result


@dataclass(frozen=True, slots=True)
class Auditor:
    """An extractor for workers, to which a claim comes with its note: `claim` in its metadata, as `audited` takes it.

    A note without the key claims nothing.
    """

    extractor: Extractor

    def extract(self, note: Note) -> Result:
        """The result of one note. Raises as Extractor.extract does."""
        return self.extractor.audited(note, note.metadata.get("claim", ()))


def load_auditor(**options: Any) -> Auditor:
    """`load`, for results with an audit."""
    return Auditor(load(**options))


def load(
    policy: str = "cpt", profile: str = "default", models: bool | str | Path = True, promise: float | None = None
) -> Extractor:
    """An extractor ready to read. `policy` and `profile` are names that the package knows, or paths of TOML files.

    `models`: True for those of the package, False for the rules alone, or the folder of others. `promise`: of all notes
    like those of the training corpus, at least this share does not end `ready` with wrong codes (between 0 and 1; None:
    the share that the models were stored with).

    Builds the pipeline and reads the code tables now: what is wrong with them is no fault of the first note, and it
    costs no more than the next. Raises FileNotFoundError or ValueError for a policy, a profile, a table, a lexicon or a
    model file that is missing, not valid or altered, and ValueError for a promise that the training notes cannot prove.
    """
    from extractor.pipeline import load as load_pipeline

    load_pipeline()
    load_tables()
    judge = None
    if models is not False:
        # Imported here: without models nothing of scikit-learn is loaded.
        from extractor.learning.judge import load as load_models

        judge = load_models(None if models is True else Path(models), promise)
    return Extractor(load_policy(policy), load_profile(profile), judge)


@cache
def _default() -> Extractor:
    return load()


def extract(note: str | Note, note_id: str = "note") -> Result:
    """The result of one note under the default policy and profile. See Extractor.extract."""
    return _default().extract(note, note_id)


def extract_all(
    notes: Iterable[str | Note], on_error: Callable[[str | Note, Exception], Any] | None = None
) -> Iterator[Result]:
    """The results of many notes under the default policy and profile. See Extractor.extract_all."""
    return _default().extract_all(notes, on_error)
