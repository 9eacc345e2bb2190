"""The tables, as SQLAlchemy sees them; the migrations build the same, and a test compares the two.

Times are UTC, as text of fixed width (`2026-03-02T14:05:09.123456Z`): they sort as they read, and both databases give
back what was put in. Text of notes stands in tables of its own, so that the worklist never reads through it.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

TIME = String(27)


FILTERED = ("disposition", "claim_verdict", "assignee", "site")


def _note() -> Column[int]:
    return Column("note", Integer, ForeignKey("notes.number", ondelete="CASCADE"), nullable=False, index=True)


notes = Table(
    "notes",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("note_id", String(200), nullable=False, unique=True),
    Column("site", String(80), nullable=False, server_default=""),
    Column("provider", String(120), nullable=False, server_default=""),
    Column("service_date", String(10)),
    Column("received_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    # What the worklist shows and sorts by, taken from the current result when it is stored.
    Column("text_version", Integer, nullable=False),
    Column("result", Integer, nullable=False),
    Column("disposition", String(20), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("severity", String(12), nullable=False, server_default=""),
    Column("worst_flag", String(60), nullable=False, server_default=""),
    Column("flag_count", Integer, nullable=False, server_default="0"),
    Column("missing", Integer, nullable=False, server_default="0"),
    Column("codes", String(200), nullable=False, server_default=""),
    Column("confidence", Float),
    Column("claim_verdict", String(12), nullable=False, server_default=""),
    Column("claim_over", Integer, nullable=False, server_default="0"),
    Column("claim_under", Integer, nullable=False, server_default="0"),
    # Where the review stands.
    Column("state", String(12), nullable=False, server_default="open"),
    Column("outcome", String(12), nullable=False, server_default=""),
    Column("final_codes", String(200), nullable=False, server_default=""),
    Column("first_by", String(80), nullable=False, server_default=""),
    Column("assignee", String(80), nullable=False, server_default=""),
    Column("revision", Integer, nullable=False, server_default="1"),
    # These three hold whatever a filter looks at, in the order of the worklist: a page or a count reads no row for it.
    Index("ix_notes_worklist", "state", "priority", "received_at", "number", *FILTERED),
    Index("ix_notes_all_by_priority", "priority", "received_at", "number", "state", *FILTERED),
    Index("ix_notes_disposition", "state", *FILTERED),
    Index("ix_notes_received", "received_at", "number"),
    Index("ix_notes_lacking", "site", "provider", "missing"),
)

# What the search looks at, in lower case and apart from the notes, so that looking through all of it is quick.
search = Table(
    "search",
    metadata,
    Column("note", Integer, ForeignKey("notes.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("words", Text, nullable=False),
)

texts = Table(
    "texts",
    metadata,
    Column("id", Integer, primary_key=True),
    _note(),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("at", TIME, nullable=False),
    UniqueConstraint("note", "version"),
)

results = Table(
    "results",
    metadata,
    Column("id", Integer, primary_key=True),
    _note(),
    Column("text_version", Integer, nullable=False),
    Column("engine", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", TIME, nullable=False),
    UniqueConstraint("note", "text_version", "engine"),
)

flags = Table(
    "flags",
    metadata,
    Column("id", Integer, primary_key=True),
    _note(),
    Column("flag", String(60), nullable=False),
    Column("element", String(40)),
    Column("severity", String(12), nullable=False),
    Column("month", String(7), nullable=False, server_default=""),
    Index("ix_flags_flag", "flag", "note"),
    Index("ix_flags_month", "flag", "month"),
)

claim_lines = Table(
    "claim_lines",
    metadata,
    Column("id", Integer, primary_key=True),
    _note(),
    Column("line", Integer, nullable=False),
    Column("code", String(5), nullable=False),
    Column("units", Integer, nullable=False),
    Column("modifiers", String(40), nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    _note(),
    Column("result", Integer, nullable=False),
    Column("kind", String(12), nullable=False, index=True),
    Column("actor", String(80), nullable=False),
    Column("at", TIME, nullable=False, index=True),
    # What the form carried: the same form sent twice is one decision.
    Column("token", String(64), nullable=False, unique=True),
    Column("reason_code", String(40), nullable=False, server_default=""),
    Column("comment", Text, nullable=False, server_default=""),
    Column("codes", String(200), nullable=False, server_default=""),
    Column("recommended", String(200), nullable=False, server_default=""),
    Column("disposition", String(20), nullable=False, server_default=""),
    Column("field", String(60), nullable=False, server_default=""),
    Column("value", String(200), nullable=False, server_default=""),
    Column("start", Integer),
    Column("end", Integer),
    Column("before", Text, nullable=False),
    Column("undoes", Integer, unique=True),
    Column("undone", Boolean, nullable=False, server_default="0"),
)

queries = Table(
    "queries",
    metadata,
    Column("id", Integer, primary_key=True),
    _note(),
    Column("flag", String(60), nullable=False, server_default=""),
    Column("status", String(12), nullable=False, index=True),
    Column("body", Text, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("sent_at", TIME),
    Column("answered_at", TIME),
    Column("answer", Text),
    Column("before_result", Integer),
    Column("after_result", Integer),
    Column("revision", Integer, nullable=False, server_default="1"),
)

samples = Table(
    "samples",
    metadata,
    Column("id", Integer, primary_key=True),
    _note(),
    Column("drawn_by", String(80), nullable=False),
    Column("drawn_at", TIME, nullable=False),
    Column("first_reviewer", String(80), nullable=False),
    Column("disposition", String(20), nullable=False),
    Column("recommended", String(200), nullable=False),
    Column("first_codes", String(200), nullable=False),
    Column("reviewed_by", String(80)),
    Column("reviewed_at", TIME),
    Column("codes", String(200)),
    UniqueConstraint("note"),
)

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("role", String(12), nullable=False),
    Column("password", String(200), nullable=False),
    Column("active", Boolean, nullable=False, server_default="1"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", TIME),
    Column("created_at", TIME, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user", Integer, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", TIME, nullable=False),
    Column("seen_at", TIME, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("role", String(12), nullable=False),
    Column("active", Boolean, nullable=False, server_default="1"),
    Column("created_at", TIME, nullable=False),
)

answers = Table(
    "answers",
    metadata,
    # Answers given under an idempotency key, kept so that a repeated request gets the same one.
    Column("key", String(64), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", TIME, nullable=False, index=True),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("service", String(60), nullable=False),
    Column("card", String(64), nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("reason_code", String(40), nullable=False, server_default=""),
    Column("comment", Text, nullable=False, server_default=""),
    Column("outcome_at", String(40), nullable=False),
    Column("at", TIME, nullable=False),
    UniqueConstraint("service", "card", "outcome", "outcome_at"),
)

seen_tokens = Table(
    "seen_tokens",
    metadata,
    # Identifiers of tokens that were used, until they expire: a replayed token is refused by every worker.
    Column("jti", String(64), primary_key=True),
    Column("expires_at", TIME, nullable=False, index=True),
)

trail = Table(
    "trail",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", TIME, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("object", String(80), nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

trail_head = Table(
    "trail_head",
    metadata,
    # One row: where the chain ends. Rows cut off its end are missed here.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)
