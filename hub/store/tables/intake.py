"""What came in, as it came: submissions, polls, files and the fields a source has sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import json, time


class SubmissionRow(SQLModel, table=True):
    """A thing a source handed over, as received. `state`: received, done, duplicate, quarantined, rejected, undone."""

    __tablename__ = "submission"
    __table_args__ = (
        sa.Index("submission_key", "source", "key", unique=True),
        sa.Index("submission_idempotency", "source", "idempotency_key", unique=True),
        sa.Index("submission_digest", "source", "digest"),
        sa.Index(
            "submission_due",
            "due_at",
            sqlite_where=sa.text("state = 'received'"),
            postgresql_where=sa.text("state = 'received'"),
        ),
        sa.Index("submission_lead", "lead", "state", "id"),
        sa.Index("submission_state", "state", "id"),
        sa.Index(
            "submission_import",
            "import_id",
            "id",
            sqlite_where=sa.text("import_id IS NOT NULL"),
            postgresql_where=sa.text("import_id IS NOT NULL"),
        ),
        *(
            sa.Index(
                f"submission_{name}", name,
                sqlite_where=sa.text(f"{name} IS NOT NULL"), postgresql_where=sa.text(f"{name} IS NOT NULL"),
            )
            for name in ("duplicate_of", "parent")
        ),
    )  # fmt: skip
    id: str = Field(primary_key=True)
    source: str
    kind: str = (
        "http"  # http: parse the body; trial: so, as a test; row: it is a raw lead as JSON; part: to be completed
    )
    received_at: datetime = time(null=False)
    state: str = "received"
    body: bytes = Field(sa_type=sa.LargeBinary)
    headers: dict[str, str] | None = json()
    url: str | None = None
    client: str | None = None
    digest: str | None = None  # SHA-256 of the body, for senders without an id
    key: str | None = None  # the source's own id
    idempotency_key: str | None = None
    completed: str | None = Field(
        default=None, sa_type=sa.Text
    )  # what a second call to the vendor added, as a raw lead
    corrections: dict[str, Any] | None = json()  # by field: what a person put by hand in the place of what it says
    candidate: str | None = Field(default=None, sa_type=sa.Text)  # the lead as this submission alone says it
    lead: str | None = None
    duplicate_of: str | None = None
    parent: str | None = None  # the submission that held several leads
    import_id: str | None = None
    problems: list[dict[str, Any]] | None = json()
    reason: str | None = None
    test: bool = False
    possible_duplicate: bool = False
    tries: int = 0
    due_at: datetime | None = time()  # received ones are run again after this time: a lease, or a wait
    done_at: datetime | None = time()


class CursorRow(SQLModel, table=True):
    """How far a poll has come, and how it went; committed together with the page's leads."""

    __tablename__ = "cursor"
    source: str = Field(primary_key=True)
    value: str | None = Field(default=None, sa_type=sa.Text)
    polled_at: datetime | None = time()
    seen: int = 0
    new: int = 0
    failed_at: datetime | None = time()
    reason: str | None = None
    platform_count: int | None = None  # reconciliation: what the platform says it holds
    our_count: int | None = None
    counted_at: datetime | None = time()


class ImportRow(SQLModel, table=True):
    """One reading of a file; `rows` is how many are committed, where a resumed import goes on."""

    __tablename__ = "file_import"
    __table_args__ = (sa.Index("import_file", "source", "digest"),)
    id: str = Field(primary_key=True)
    source: str
    name: str
    digest: str
    state: str = "running"  # running, done, failed, undone
    rows: int = 0
    counts: dict[str, int] | None = json()
    started_at: datetime = time(null=False)
    ended_at: datetime | None = time()
    reason: str | None = None
    mapping: str | None = Field(default=None, sa_type=sa.Text)  # of this import alone; none: that of its source
    problems: list[dict[str, Any]] | None = json()  # how many rows have each, with one as an example
    merged: int | None = None  # accepted rows that were about somebody known, also from a row before them


class FieldRow(SQLModel, table=True):
    """A field a source has sent: a new one appearing is schema drift."""

    __tablename__ = "source_field"
    source: str = Field(primary_key=True)
    field: str = Field(primary_key=True)
    first_seen_at: datetime = time(null=False)
