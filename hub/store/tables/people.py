"""Who has a lead and why, what each rep was owed, how long the prospect waits, and what is to be done when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import counted, json, time


class CareRow(SQLModel, table=True):
    """One round of a lead: who has it, since when, and the legs of its way from submit to the first human answer.

    A person who comes again with new interest after an answer begins a new round; `current` is the newest one.
    """

    __tablename__ = "care"
    __table_args__ = (
        sa.Index("care_lead", "lead", "round", unique=True),
        sa.Index("care_owner", "owner", "closed_at"),
        sa.Index("care_team", "team", "id"),
        sa.Index(
            "care_pool", "pool", "id",
            sqlite_where=sa.text("current = 1 AND closed_at IS NULL"),
            postgresql_where=sa.text("current AND closed_at IS NULL"),
        ),
        sa.Index("care_domain", "domain", "id"),
        sa.Index("care_firm", "firm", "id"),
        sa.Index("care_start", "started_at"),
        # open rounds are counted and filtered within the two below, without a look at each
        sa.Index(
            "care_due", "due_at", "id", "team", "owner",
            sqlite_where=sa.text("current = 1 AND closed_at IS NULL AND test = 0 AND responded_at IS NULL"),
            postgresql_where=sa.text("current AND closed_at IS NULL AND NOT test AND responded_at IS NULL"),
        ),
        sa.Index(
            "care_quiet", "team", "since", "touched_at", "pool", "responded_at", "breached_at", "current", "closed_at",
            "test",
            sqlite_where=sa.text("current = 1 AND closed_at IS NULL AND test = 0"),
            postgresql_where=sa.text("current AND closed_at IS NULL AND NOT test"),
        ),
        sa.Index(
            "care_pool_lead", "pool", "lead",
            sqlite_where=sa.text("current = 1 AND pool IS NOT NULL"),
            postgresql_where=sa.text("current AND pool IS NOT NULL"),
        ),
        sa.Index(
            "care_disposition", "disposition", "lead",
            sqlite_where=sa.text("current = 1 AND disposition IS NOT NULL"),
            postgresql_where=sa.text("current AND disposition IS NOT NULL"),
        ),
    )  # fmt: skip
    id: int | None = counted()
    lead: str
    round: int = 1
    current: bool = True
    source: str
    flow: str = ""
    route: str | None = None
    grade: str | None = None
    test: bool = False
    revision: int | None = None  # the configuration that decided
    team: str | None = None
    owner: str | None = None
    pool: str | None = None
    since: datetime = time(null=False)  # when that owner got it, or it came into that pool
    turns: int = 0  # owners so far
    former: dict[str, str] | None = json()  # by former owner: when they lost it
    domain: str | None = None  # of the company's own mail or web address
    firm: str | None = None  # key of the company's name
    started_at: datetime = time(null=False)  # when the prospect submitted
    received_at: datetime = time(null=False)
    decided_at: datetime = time(null=False)
    delivered_at: datetime | None = time()  # when the first sink had it
    accepted_at: datetime | None = time()
    responded_at: datetime | None = time()
    responded_by: str | None = None
    target: float | None = None  # seconds a first response may take
    calendar: str | None = None  # in whose working time; none: all hours
    due_at: datetime | None = time()
    breached_at: datetime | None = time()
    waited: float | None = None  # working seconds from submit to response
    held: float | None = None  # seconds of that in which the hub could not hand it on
    touched_at: datetime | None = time()  # the last thing a person did with it
    disposition: str | None = None
    disposed_at: datetime | None = time()
    reason: str | None = Field(default=None, sa_type=sa.Text)
    closed_at: datetime | None = time()  # won, lost, or no lead at all
    rung: int = 0  # rungs of the ladder that were taken with this owner
    handed_on: int = 0  # how often a ladder took it from its owner
    embargo_until: datetime | None = time()  # nobody may claim it before
    protected_until: datetime | None = time()  # it is not recycled before


class OwnershipRow(SQLModel, table=True):
    """What happened to who has a lead; append-only, and all that fairness is reckoned from.

    `act`: assigned, transferred, claimed, pooled, returned, recycled, reassigned, inherited,
    credited, viewed.
    """

    __tablename__ = "ownership"
    __table_args__ = (
        sa.Index("ownership_lead", "lead", "id"),
        sa.Index("ownership_team", "team", "at", "owner"),
        sa.Index("ownership_owner", "owner", "at"),
        sa.Index("ownership_pool", "pool", "act", "at"),
    )
    id: int | None = counted()
    at: datetime = time(null=False)
    act: str
    lead: str | None = None
    owner: str | None = None  # who has it now; who was credited
    former: str | None = None  # who had it
    team: str | None = None
    pool: str | None = None
    former_pool: str | None = None
    gained: int = 0  # 1: the owner got a lead that counts for caps
    turn_of: str | None = None  # dealt by turns: on whose; the owner may stand in for them
    roster: str | None = None  # and who could have had it, with which shares
    credit: float = 0.0  # of a person's hand: leads that the owner is owed on top
    strategy: str | None = None
    reason: str | None = Field(default=None, sa_type=sa.Text)
    by: str | None = None  # who did it; none: leadhub
    submission: str | None = None
    revision: int | None = None
    undone: bool = False  # the deal was taken back: it counts neither as received nor as owed


class RosterRow(SQLModel, table=True):
    """Who could have had a lead, and the share of each."""

    __tablename__ = "roster"
    digest: str = Field(primary_key=True)
    shares: dict[str, Any] | None = json()


class ShareRow(SQLModel, table=True):
    """How many leads a rep of a team was dealt by turns, and how many they were entitled to."""

    __tablename__ = "share"
    team: str = Field(primary_key=True)
    member: str = Field(primary_key=True)
    received: int = 0
    entitled: float = Field(default=0.0, sa_type=sa.Double)


class TurnRow(SQLModel, table=True):
    """How often turns were taken; who deals on what is no longer true is told by it."""

    __tablename__ = "turn"
    name: str = Field(primary_key=True)
    number: int = 0


class AbsenceRow(SQLModel, table=True):
    """A time in which a rep takes no leads, and who takes them instead."""

    __tablename__ = "absence"
    __table_args__ = (sa.Index("absence_member", "member", "since"),)
    id: int | None = counted()
    member: str
    since: datetime = time(null=False)
    until: datetime | None = time()  # none: until they say that they are back
    cover: str | None = None
    reason: str | None = None
    by: str | None = None
    begun_at: datetime | None = time()  # when it was told that it began
    ended_at: datetime | None = time()


class TimerRow(SQLModel, table=True):
    """Something that is due at a moment unless something happens before; made anew from where the lead stands."""

    __tablename__ = "timer"
    __table_args__ = (sa.Index("timer_due", "due_at", "id"), sa.Index("timer_lead", "lead"))
    id: int | None = counted()
    lead: str
    kind: str  # target, rung, recycle, reminder, silent
    number: int = 0  # which rung, rule or reminder
    due_at: datetime = time(null=False)
    taken_until: datetime | None = time()


class NoticeRow(SQLModel, table=True):
    """Something that people are told through a chat or mail sink."""

    __tablename__ = "notice"
    __table_args__ = (
        sa.Index(
            "notice_due", "due_at",
            sqlite_where=sa.text("state = 'ready'"), postgresql_where=sa.text("state = 'ready'"),
        ),
    )  # fmt: skip
    id: str = Field(primary_key=True)
    sink: str
    lead: str | None = None
    kind: str
    data: dict[str, Any] | None = json()
    state: str = "ready"  # ready, sent, failed
    created_at: datetime = time(null=False)
    due_at: datetime | None = time()
    tries: int = 0
    reason: str | None = None


class TaskRow(SQLModel, table=True):
    """Something a rep has to do with a lead."""

    __tablename__ = "task"
    __table_args__ = (
        sa.Index("task_owner", "owner", "due_at"),
        sa.Index("task_lead", "lead"),
        sa.Index(
            "task_due", "due_at", "id",
            sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL"),
        ),
    )  # fmt: skip
    id: int | None = counted()
    lead: str
    owner: str | None = None  # none: whoever has the lead
    text: str = Field(sa_type=sa.Text)
    due_at: datetime = time(null=False)
    created_at: datetime = time(null=False)
    by: str | None = None  # none: a reminder of the team
    done_at: datetime | None = time()
    done_by: str | None = None
