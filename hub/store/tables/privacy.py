"""What the law asks to be kept of people: consent, who was erased, and what may not be deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import counted, json, time


class ConsentRow(SQLModel, table=True):
    """What a person said about being contacted, once; what is said later is a row of its own, this one stays.

    Only `lead` follows its submission when leads are joined or taken apart, and sealing replaces what is personal by
    one keyed hash. An empty channel or recipient means all of them.
    """

    __tablename__ = "consent"
    __table_args__ = (sa.Index("consent_lead", "lead", "id"), sa.Index("consent_submission", "submission"))
    id: int | None = counted()
    lead: str | None = None
    submission: str | None = None  # none: said by link, by hand or through the API
    source: str | None = None
    state: str  # given, withdrawn, unknown
    at: datetime = time(null=False)
    channel: str = ""  # email, phone, sms, wechat
    recipient: str = ""  # a sink
    by: str = ""  # form, link, or whose key it was
    name: str | None = None  # whose word it is, so that the record stands when the lead is gone
    contact: str | None = None
    wording: str | None = Field(default=None, sa_type=sa.Text)
    wording_hash: str | None = None  # which version of the wording
    address: str | None = None
    user_agent: str | None = None
    page_url: str | None = None
    form: str | None = None
    certificate: str | None = None  # a TrustedForm address or a Jornaya token
    sealed: str | None = None  # keyed hash of what this row said before it was blanked
    sealed_at: datetime | None = time()


class ErasureRow(SQLModel, table=True):
    """One person's erasure: what was done, with ids, numbers and keyed hashes only. `state`: running, done."""

    __tablename__ = "erasure"
    __table_args__ = (sa.Index("erasure_state", "state"),)
    id: str = Field(primary_key=True)
    at: datetime = time(null=False)
    by: str = ""
    state: str = "running"
    key_id: str = ""  # which key made the marks
    leads: list[str] | None = json()
    counts: dict[str, int] | None = json()
    kept: list[dict[str, Any]] | None = json()  # what the law kept, and why
    places: list[dict[str, Any]] | None = json()  # sinks, files and imports that hold the person, and what became of it
    due_at: datetime | None = time()  # when sinks that could not be told are told again
    tries: int = 0
    scrubbed_at: datetime | None = time()  # when the bytes were gone from the database's files
    done_at: datetime | None = time()
    lifted_at: datetime | None = time()  # the person may come back


class TombstoneRow(SQLModel, table=True):
    """The keyed hash of an exact key of an erased person: what comes with it again is not taken in."""

    __tablename__ = "tombstone"
    __table_args__ = (sa.Index("tombstone_erasure", "erasure"),)
    mark: str = Field(primary_key=True)
    erasure: str
    key_id: str
    at: datetime = time(null=False)


class HoldRow(SQLModel, table=True):
    """A lead that retention may not touch, and whose consent records stay whole, until the hold is lifted."""

    __tablename__ = "legal_hold"
    lead: str = Field(primary_key=True)
    at: datetime = time(null=False)
    by: str = ""
    reason: str = ""
