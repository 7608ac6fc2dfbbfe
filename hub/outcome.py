"""What became of a lead, in our own closed list, and the occasion of telling somebody."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Disposition(StrEnum):
    """What became of a lead: our own closed list; every vendor's words map onto it."""

    NEW = "new"
    CONTACTED = "contacted"
    NO_ANSWER = "no_answer"
    QUALIFIED = "qualified"
    OPPORTUNITY = "opportunity"
    WON = "won"
    LOST = "lost"
    UNQUALIFIED = "unqualified"
    DUPLICATE = "duplicate"
    INVALID = "invalid"
    RETURNED = "returned"
    UNKNOWN = "unknown"


class Occasion(BaseModel):
    """What a sink of outcomes is told: what became of the lead, when, and what it is worth there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    disposition: Disposition
    at: datetime
    value: float | None = None
    currency: str | None = None
