"""A worklist that is quick with many notes: indexes that hold what filters look at, a table of its own for the search,
and the number of missing elements beside each note.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FILTERED = ["disposition", "claim_verdict", "assignee", "site"]
TOGETHER = 2_000


def upgrade() -> None:
    op.create_table(
        "search",
        sa.Column("note", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["note"], ["notes.number"], name=op.f("fk_search_note"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("note", name=op.f("pk_search")),
    )
    op.add_column("notes", sa.Column("missing", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        "UPDATE notes SET missing = "
        "(SELECT count(*) FROM flags WHERE flags.note = notes.number AND flags.flag LIKE 'missing-%')"
    )
    _fill_search()
    for table, name in (
        ("notes", "ix_notes_worklist"), ("notes", "ix_notes_all_by_priority"), ("notes", "ix_notes_assignee"),
        ("notes", "ix_notes_disposition"),
        ("flags", "ix_flags_flag"), ("flags", "ix_flags_month"),
    ):  # fmt: skip
        op.drop_index(name, table)
    order = ["priority", "received_at", "number"]
    op.create_index("ix_notes_worklist", "notes", ["state", *order, *FILTERED])
    op.create_index("ix_notes_all_by_priority", "notes", [*order, "state", *FILTERED])
    op.create_index("ix_notes_disposition", "notes", ["state", *FILTERED])
    op.create_index("ix_notes_lacking", "notes", ["site", "provider", "missing"])
    op.create_index("ix_flags_flag", "flags", ["flag", "note"])
    op.create_index("ix_flags_month", "flags", ["flag", "month"])


def _fill_search() -> None:
    """Lower case is that of Python, as in a search: databases differ in it."""
    connection = op.get_bind()
    names = ("note_id", "codes", "final_codes", "provider", "site")
    notes = sa.table("notes", sa.column("number"), *(sa.column(name) for name in names))
    search = sa.table("search", sa.column("note"), sa.column("words"))
    last = 0
    while True:
        wanted = sa.select(notes).where(notes.c.number > last).order_by(notes.c.number).limit(TOGETHER)
        rows = connection.execute(wanted).mappings().all()
        if not rows:
            return
        filled = [{"note": r["number"], "words": "\n".join(str(r[name]) for name in names).lower()} for r in rows]
        connection.execute(sa.insert(search), filled)
        last = rows[-1]["number"]
