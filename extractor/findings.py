"""What a note says, as facts: the one thing that reading hands to coding and documentation.

Everything here is a plain value. Nothing here knows spaCy, a lexicon, a code or a payer; the layers to the right
(coding, documentation, result) see these classes and never the note's text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

ProcedureType = Literal["localization", "biopsy", "biopsy_and_localization", "other"]
ProcedureStatus = Literal["completed", "partial", "discontinued", "cancelled"]
Site = Literal["breast", "axilla", "other_soft_tissue"]
Laterality = Literal["left", "right"]
Guidance = Literal["stereotactic", "tomosynthesis", "mammographic", "ultrasound", "mri", "ct", "fluoroscopic", "none"]
DeviceType = Literal[
    "wire",
    "clip",
    "radioactive_seed",
    "magnetic_seed",
    "radar_reflector",
    "rfid_tag",
    "pellet",
    "needle",
    "dye",
    "carbon",
    "other",
]
Target = Literal[
    "mass",
    "calcifications",
    "architectural_distortion",
    "asymmetry",
    "enhancement",
    "clip",
    "lymph_node",
    "other",
]
Outcome = Literal["placed", "failed", "not_attempted"]
ComplicationType = Literal[
    "hematoma",
    "bleeding",
    "vasovagal",
    "pneumothorax",
    "device_migration",
    "device_failure",
    "retained_fragment",
    "infection",
    "allergic_reaction",
    "severe_pain",
    "implant_rupture",
    "skin_injury",
    "lost_device",
    "other",
]
Element = Literal[
    "device_deployment",
    "guidance",
    "laterality",
    "lesion_count",
    "device_type",
    "target",
    "location",
    "indication",
    "complications",
    "post_placement_imaging",
    "stereotactic_technique",
    "consent",
    "time_out",
    "anesthesia",
    "provider_signature",
    "procedure_date",
]
ElementStatus = Literal["present", "missing", "conflicting", "not_applicable"]

ELEMENTS: tuple[Element, ...] = get_args(Element)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of the note that prove a statement.

    `start` and `end` are Unicode code points into the note as it was given (`text == note[start:end]`); `section` is
    the kind of section they stand in (`title`, `history`, `technique`, ...); `rule` is the id of the lexicon entry or
    reading rule that found them.
    """

    start: int
    end: int
    text: str
    section: str | None = None
    rule: str | None = None


Evidences = tuple[Evidence, ...]


@dataclass(slots=True)
class Device:
    """Devices of one type left in the patient for one lesion. `type` is None when a device was placed but not named,
    `count` None when it cannot be read. `name` is the brand or model in the note's words."""

    type: DeviceType | None
    count: int | None
    name: str | None = None
    evidence: Evidences = ()


@dataclass(slots=True)
class Location:
    """Where in the breast or axilla. `clock` is `H:MM` (or `H:MM-H:MM` for a span), `quadrant` one of
    `upper outer`, `upper inner`, `lower outer`, `lower inner`; `region` any other place name (half, retroareolar,
    level); distance in centimetres; `depth` `anterior`, `middle` or `posterior`."""

    clock: str | None = None
    quadrant: str | None = None
    region: str | None = None
    distance_from_nipple_cm: float | None = None
    depth: str | None = None

    def stated(self) -> bool:
        """Whether the note gives a place that satisfies the element `location` (depth alone does not)."""
        return any((self.clock, self.quadrant, self.region, self.distance_from_nipple_cm is not None))


@dataclass(slots=True)
class Lesion:
    """One target localized, biopsied or attempted in this session. `evidence` has lists for `laterality`, `guidance`,
    `site`, `target`, `location`, `outcome`, `biopsied`."""

    number: int
    site: Site | None = "breast"
    laterality: Laterality | None = None
    guidance: Guidance | None = None
    tomosynthesis: bool = False
    devices: list[Device] = field(default_factory=list)
    target: Target | None = None
    location: Location = field(default_factory=Location)
    biopsied: bool = False
    outcome: Outcome | None = None
    evidence: dict[str, Evidences] = field(default_factory=dict)

    @property
    def localized(self) -> bool:
        """Counts towards `lesion_count`: not biopsied, and placed or of unstated outcome."""
        return not self.biopsied and self.outcome in ("placed", None)


@dataclass(slots=True)
class Complication:
    type: ComplicationType
    evidence: Evidences = ()


@dataclass(slots=True)
class Reading:
    """One of several things the note says about one question, with the words that say it."""

    value: Any
    evidence: Evidences = ()


@dataclass(slots=True)
class ElementFinding:
    """One documentation element. `readings` is filled where the note contradicts itself or leaves a choice open;
    `lesions` holds the numbers of the lesions that lack the element (empty: it belongs to the note as a whole)."""

    element: Element
    status: ElementStatus
    evidence: Evidences = ()
    readings: list[Reading] = field(default_factory=list)
    lesions: tuple[int, ...] = ()


@dataclass(slots=True)
class Diagnosis:
    """A diagnosis or finding that the note gives as the reason. `concept` is a key of the diagnosis table (`dcis`,
    `lcis`, `invasive_carcinoma`, `mass`, `calcifications`, `papilloma`, ...); `certainty` is `confirmed` (stated as
    known or pathology-proven), `uncertain` (suspicious, possible, probable) or `history`; side as stated for it, or
    None."""

    concept: str
    certainty: Literal["confirmed", "uncertain", "history"]
    laterality: Laterality | None = None
    quadrant: str | None = None
    evidence: Evidences = ()


@dataclass(slots=True)
class Findings:
    """All that reading found in one note.

    `site_open` is True when the note leaves breast or axilla open. `preliminary`, `obsolete_codes`, `title_guidance`
    and `title_mismatch` carry the words that raise the flags of those names. `facts` holds further dated or named
    facts for coding, each with evidence: `post_placement_mammogram`, `specimen_radiograph`, `separate_unit`,
    `same_unit`, `uncertified_unit` (of the mammogram after placement),
    `palpable`, `surgeon_excises`, `sedation`, `contrast_reaction`, ... (absent key: not stated).
    `preliminary_in_feed`: the source of the note, not its text, marks it as preliminary. `date_of_service` is
    `YYYY-MM-DD`, or the words of the note where they may mean two days or none; `dates` are the words of all dates.
    """

    note_id: str
    procedure_type: ProcedureType = "other"
    status: ProcedureStatus | None = None
    procedure_evidence: Evidences = ()
    lesions: list[Lesion] = field(default_factory=list)
    lesion_count: int | None = 0
    lesion_count_readings: list[Reading] = field(default_factory=list)
    complications_documented: bool = False
    complications: list[Complication] = field(default_factory=list)
    complications_evidence: Evidences = ()
    elements: dict[Element, ElementFinding] = field(default_factory=dict)
    diagnoses: list[Diagnosis] = field(default_factory=list)
    date_of_service: str | None = None
    date_of_service_evidence: Evidences = ()
    dates: tuple[str, ...] = ()
    site_open: bool = False
    preliminary: Evidences = ()
    obsolete_codes: Evidences = ()
    title_guidance: Evidences = ()
    title_mismatch: Evidences = ()
    facts: dict[str, Evidences] = field(default_factory=dict)
    doubts: list[Reading] = field(default_factory=list)
    preliminary_in_feed: bool = False

    def missing(self) -> list[Element]:
        return [e for e, f in self.elements.items() if f.status == "missing"]

    def conflicting(self) -> list[Element]:
        return [e for e, f in self.elements.items() if f.status == "conflicting"]
