"""Coding: from findings to claim lines, by tables and a policy. Sees findings, never text."""

from extractor.coding.model import Candidate, Cause, CodeLine, Companion, DiagnosisLine, Recommendation
from extractor.coding.policy import SETTINGS, Policy, load_policy, policy_names
from extractor.coding.recommendation import recommend
from extractor.coding.tables import TableError, Tables, load_tables

__all__ = [
    "SETTINGS",
    "Candidate",
    "Cause",
    "CodeLine",
    "Companion",
    "DiagnosisLine",
    "Policy",
    "Recommendation",
    "TableError",
    "Tables",
    "load_policy",
    "load_tables",
    "policy_names",
    "recommend",
]
