"""Who the leads are: golden records, identities, touches, and what was decided, joined and suggested."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import counted, json, time


class LeadRow(SQLModel, table=True):
    """The golden record; `body` is the whole lead as JSON, the columns beside it are for finding it."""

    __tablename__ = "lead"
    __table_args__ = (
        sa.Index("lead_email", "email"),
        sa.Index("lead_phone", "phone"),
        sa.Index("lead_owner", "owner", "id"),
        sa.Index("lead_source", "source", "id"),
        sa.Index("lead_grade", "grade", "id"),
        sa.Index("lead_country", "country", "id"),
        sa.Index("lead_team", "team", "id"),
        sa.Index("lead_created", "created_at"),
        sa.Index(
            "lead_state", "state", "id",
            sqlite_where=sa.text("state <> 'open'"), postgresql_where=sa.text("state <> 'open'"),
        ),
        sa.Index(
            "lead_merged", "merged_into",
            sqlite_where=sa.text("merged_into IS NOT NULL"), postgresql_where=sa.text("merged_into IS NOT NULL"),
        ),
        sa.Index("lead_test", "id", sqlite_where=sa.text("test = 1"), postgresql_where=sa.text("test")),
    )  # fmt: skip
    id: str = Field(primary_key=True)
    version: int = 1
    state: str = "open"  # open, merged, erased
    merged_into: str | None = None
    source: str
    flow: str | None = None
    full_name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    country: str | None = None
    score: float | None = None
    grade: str | None = None
    team: str | None = None
    owner: str | None = None
    test: bool = False
    submitted_at: datetime | None = time()
    created_at: datetime = time(null=False)
    updated_at: datetime = time(null=False)
    body: str = Field(sa_type=sa.Text)


class IdentityRow(SQLModel, table=True):
    """A normalized key of a lead. An exact key belongs to one lead only: that index makes one lead per person."""

    __tablename__ = "identity"
    __table_args__ = (
        sa.Index(
            "identity_exact", "key", unique=True, sqlite_where=sa.text("exact"), postgresql_where=sa.text("exact")
        ),
        sa.Index("identity_lead", "lead"),
    )
    key: str = Field(primary_key=True)
    lead: str = Field(primary_key=True)
    exact: bool = True
    submission: str | None = None


class TouchRow(SQLModel, table=True):
    """The marketing side of a submission; immutable, survives merges."""

    __tablename__ = "touch"
    __table_args__ = (
        sa.Index("touch_lead", "lead", "submission"),
        sa.Index("touch_campaign", "campaign", "at"),
        sa.Index(
            "touch_campaign_lead", "campaign", "lead",
            sqlite_where=sa.text("campaign IS NOT NULL"), postgresql_where=sa.text("campaign IS NOT NULL"),
        ),
        sa.Index("touch_at", "at", "lead"),
    )  # fmt: skip
    submission: str = Field(primary_key=True)
    lead: str
    source: str
    at: datetime = time(null=False)
    campaign: str | None = None
    medium: str | None = None
    origin: str | None = None  # utm_source, else the source's name
    cost: float | None = None
    currency: str | None = None
    test: bool = False
    fields: dict[str, str] | None = json()
    tags: dict[str, str] | None = json()


class DecisionRow(SQLModel, table=True):
    """What a run decided and why: every step's outcome, every rule's verdict, who was considered."""

    __tablename__ = "decision"
    __table_args__ = (sa.Index("decision_lead", "lead", "id"), sa.Index("decision_submission", "submission"))
    id: int | None = counted()
    submission: str
    lead: str | None = None
    kind: str = "run"  # run, replay
    flow: str
    revision: int | None = None
    status: str
    at: datetime = time(null=False)
    body: str = Field(sa_type=sa.Text)


class SuggestionRow(SQLModel, table=True):
    """Two leads that may be one person; a person decides."""

    __tablename__ = "suggestion"
    __table_args__ = (
        sa.Index("suggestion_pair", "lead", "other", unique=True),
        sa.Index("suggestion_state", "state", "id"),
    )
    id: int | None = counted()
    lead: str
    other: str
    score: float
    reasons: list[str] | None = json()
    state: str = "open"  # open, joined, separate
    at: datetime = time(null=False)


class MergeRow(SQLModel, table=True):
    """One step of a lead's lineage: a submission that went into a known lead, or two leads that were joined."""

    __tablename__ = "lead_merge"
    __table_args__ = (sa.Index("merge_lead", "lead", "id"), sa.Index("merge_other", "other"))
    id: int | None = counted()
    lead: str
    other: str | None = None  # the lead that was joined into it
    submission: str | None = None
    at: datetime = time(null=False)
    why: str | None = None
    moved: list[str] | None = json()  # the submissions that came along with `other`
    undone_at: datetime | None = time()
