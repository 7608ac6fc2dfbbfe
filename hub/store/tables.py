"""The tables. Work is rows: submissions to run, deliveries to send; everything else says what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.types import Json, Utc


def _time(*, null: bool = True, index: bool = False) -> Any:
    return Field(default=None, sa_type=Utc, nullable=null, index=index)


def _json() -> Any:
    return Field(default=None, sa_type=Json, nullable=True)


_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite counts only INTEGER keys up by itself


def _counted() -> Any:
    return Field(default=None, primary_key=True, sa_type=_BIG)


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
        sa.Index("submission_lead", "lead"),
        sa.Index("submission_state", "state", "id"),
    )
    id: str = Field(primary_key=True)
    source: str
    kind: str = "http"  # http: parse the body; row: it is a raw lead as JSON; part: so, still to be completed
    received_at: datetime = _time(null=False)
    state: str = "received"
    body: bytes = Field(sa_type=sa.LargeBinary)
    headers: dict[str, str] | None = _json()
    url: str | None = None
    client: str | None = None
    digest: str | None = None  # SHA-256 of the body, for senders without an id
    key: str | None = None  # the source's own id
    idempotency_key: str | None = None
    completed: str | None = Field(
        default=None, sa_type=sa.Text
    )  # what a second call to the vendor added, as a raw lead
    candidate: str | None = Field(default=None, sa_type=sa.Text)  # the lead as this submission alone says it
    lead: str | None = None
    duplicate_of: str | None = None
    parent: str | None = None  # the submission that held several leads
    import_id: str | None = Field(default=None, index=True)
    problems: list[dict[str, Any]] | None = _json()
    reason: str | None = None
    test: bool = False
    possible_duplicate: bool = False
    tries: int = 0
    due_at: datetime | None = _time()  # received ones are run again after this time: a lease, or a wait
    done_at: datetime | None = _time()


class LeadRow(SQLModel, table=True):
    """The golden record; `body` is the whole lead as JSON, the columns beside it are for finding it."""

    __tablename__ = "lead"
    __table_args__ = (
        sa.Index("lead_email", "email"),
        sa.Index("lead_phone", "phone"),
        sa.Index("lead_owner", "owner", "id"),
    )
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
    submitted_at: datetime | None = _time()
    created_at: datetime = _time(null=False)
    updated_at: datetime = _time(null=False)
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
    __table_args__ = (sa.Index("touch_lead", "lead"), sa.Index("touch_campaign", "campaign", "at"))
    submission: str = Field(primary_key=True)
    lead: str
    source: str
    at: datetime = _time(null=False)
    campaign: str | None = None
    medium: str | None = None
    origin: str | None = None  # utm_source, else the source's name
    cost: float | None = None
    currency: str | None = None
    test: bool = False
    fields: dict[str, str] | None = _json()
    tags: dict[str, str] | None = _json()


class DecisionRow(SQLModel, table=True):
    """What a run decided and why: every step's outcome, every rule's verdict, who was considered."""

    __tablename__ = "decision"
    __table_args__ = (sa.Index("decision_lead", "lead", "id"), sa.Index("decision_submission", "submission"))
    id: int | None = _counted()
    submission: str
    lead: str | None = None
    kind: str = "run"  # run, replay
    flow: str
    revision: int | None = None
    status: str
    at: datetime = _time(null=False)
    body: str = Field(sa_type=sa.Text)


class SuggestionRow(SQLModel, table=True):
    """Two leads that may be one person; a person decides."""

    __tablename__ = "suggestion"
    __table_args__ = (sa.Index("suggestion_pair", "lead", "other", unique=True),)
    id: int | None = _counted()
    lead: str
    other: str
    score: float
    reasons: list[str] | None = _json()
    state: str = "open"  # open, joined, separate
    at: datetime = _time(null=False)


class MergeRow(SQLModel, table=True):
    """One step of a lead's lineage: a submission that went into a known lead, or two leads that were joined."""

    __tablename__ = "lead_merge"
    __table_args__ = (sa.Index("merge_lead", "lead"), sa.Index("merge_other", "other"))
    id: int | None = _counted()
    lead: str
    other: str | None = None  # the lead that was joined into it
    submission: str | None = None
    at: datetime = _time(null=False)
    why: str | None = None
    moved: list[str] | None = _json()  # the submissions that came along with `other`
    undone_at: datetime | None = _time()


class DeliveryRow(SQLModel, table=True):
    """One lead owed to one sink. `state`: ready, sending, sent, rejected, unclear, dead, superseded."""

    __tablename__ = "delivery"
    __table_args__ = (
        sa.Index("delivery_once", "lead", "sink", "version", unique=True),
        sa.Index(
            "delivery_due",
            "sink",
            "due_at",
            sqlite_where=sa.text("state = 'ready'"),
            postgresql_where=sa.text("state = 'ready'"),
        ),
        sa.Index(
            "delivery_lease",
            "lease_until",
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        ),
        sa.Index("delivery_state", "state", "sink", "id"),
    )
    id: str = Field(primary_key=True)
    lead: str
    sink: str
    version: int
    key: str
    route: str = ""
    submission: str
    sentence: str = ""  # why it goes there, for whoever reads the message
    state: str = "ready"
    priority: int = 0  # first attempts go before retries, retries before replays
    attempts: int = 0
    rescues: int = 0  # how often a process died while holding it
    unclear: bool = False  # an earlier attempt may have arrived
    test: bool = False
    created_at: datetime = _time(null=False)
    due_at: datetime | None = _time()
    lease_until: datetime | None = _time()
    lease_by: str | None = None
    fence: int = 0
    done_at: datetime | None = _time()
    ref: str | None = None
    outcome: str | None = None
    reason: str | None = None


class AttemptRow(SQLModel, table=True):
    """One try at a delivery: the row is written before the first byte goes out."""

    __tablename__ = "attempt"
    __table_args__ = (sa.Index("attempt_delivery", "delivery", "number", "fence", unique=True),)
    id: int | None = _counted()
    delivery: str
    number: int
    fence: int
    started_at: datetime = _time(null=False)
    ended_at: datetime | None = _time()
    outcome: str | None = None
    reason: str | None = None
    ms: float | None = None


class EventRow(SQLModel, table=True):
    """What happened; append-only."""

    __tablename__ = "event"
    __table_args__ = (sa.Index("event_lead", "lead"), sa.Index("event_kind", "kind", "id"))
    id: int | None = _counted()
    at: datetime = _time(null=False)
    kind: str
    lead: str | None = None
    submission: str | None = None
    source: str | None = None
    sink: str | None = None
    data: dict[str, Any] | None = _json()


class CursorRow(SQLModel, table=True):
    """How far a poll has come, and how it went; committed together with the page's leads."""

    __tablename__ = "cursor"
    source: str = Field(primary_key=True)
    value: str | None = Field(default=None, sa_type=sa.Text)
    polled_at: datetime | None = _time()
    seen: int = 0
    new: int = 0
    failed_at: datetime | None = _time()
    reason: str | None = None
    platform_count: int | None = None  # reconciliation: what the platform says it holds
    our_count: int | None = None
    counted_at: datetime | None = _time()


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
    counts: dict[str, int] | None = _json()
    started_at: datetime = _time(null=False)
    ended_at: datetime | None = _time()
    reason: str | None = None


class RevisionRow(SQLModel, table=True):
    """A configuration that ran."""

    __tablename__ = "config_revision"
    id: int | None = _counted()
    digest: str = Field(index=True)
    text: str = Field(sa_type=sa.Text)
    published_at: datetime = _time(null=False)
    published_by: str = ""
    diff: str | None = Field(default=None, sa_type=sa.Text)


class KeyRow(SQLModel, table=True):
    """An API key; only its hash is kept."""

    __tablename__ = "api_key"
    id: str = Field(primary_key=True)
    digest: str = Field(unique=True)
    role: str
    source: str | None = None
    created_at: datetime = _time(null=False)
    last_used_at: datetime | None = _time()
    revoked_at: datetime | None = _time()


class RotationRow(SQLModel, table=True):
    """How many leads a member of a team was given on one day; an empty day is the sum of all."""

    __tablename__ = "rotation"
    team: str = Field(primary_key=True)
    member: str = Field(primary_key=True)
    day: str = Field(primary_key=True, default="")
    given: int = 0


class SinkRow(SQLModel, table=True):
    """Whether a sink is paused, and why."""

    __tablename__ = "sink_state"
    sink: str = Field(primary_key=True)
    paused_at: datetime | None = _time()
    reason: str | None = None


class FieldRow(SQLModel, table=True):
    """A field a source has sent: a new one appearing is schema drift."""

    __tablename__ = "source_field"
    source: str = Field(primary_key=True)
    field: str = Field(primary_key=True)
    first_seen_at: datetime = _time(null=False)
