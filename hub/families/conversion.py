"""What sinks that tell ad platforms what became of a lead share: which dispositions, hashing, ids and windows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from hub.lead import Lead, Rejected
from hub.outcome import Disposition
from hub.sink import HttpBatchSink


class ConversionSink(HttpBatchSink):
    """A sink that is sent a lead each time it comes to a disposition for the first time; no route names it.

    `lead.occasion` says which disposition, when, and what it is worth. The id of the event, `lead.delivery.key`, is the
    same on every attempt; `repeatable` says whether the platform heeds it. Authors write `request` and `response` as
    for every batch sink, and say in `wants` whether the platform can know the lead.
    """

    class Config(HttpBatchSink.Config):
        """Which dispositions are told, and under which names."""

        events: dict[Disposition, str] = Field(
            description="Dispositions that are told, each with the platform's name for the event."
        )
        everybody: bool = Field(
            False,
            description="Tell of leads without a click id or lead id of this platform too, by hashed e-mail and phone.",
        )

        window_days: float = Field(7, gt=0, le=90, description="How old an outcome may be when it is told, in days.")

    config: Config

    def wants(self, lead: Lead) -> bool:
        """Return whether the platform can know this lead: by its own click id or lead id. Pure."""
        raise NotImplementedError

    def refuse(self, lead: Lead) -> Rejected | None:
        """Refuse an outcome that is too old for the platform."""
        if lead.occasion is None:
            return Rejected("There is no outcome to tell: conversion sinks stand in no route.")
        if self.clock.now() - lead.occasion.at > timedelta(days=self.config.window_days):
            said = f"The outcome is older than the {self.config.window_days:g} days of `window_days`."
            return Rejected(said, "too_old")
        return None

    def event(self, lead: Lead) -> str:
        """Return the platform's name for the lead's outcome."""
        assert lead.occasion is not None
        return self.config.events.get(lead.occasion.disposition, lead.occasion.disposition)

    def key(self, lead: Lead) -> str:
        """Return the id of the event, equal on every attempt; two outcomes of one lead may share a batch."""
        return lead.delivery.key


def touched(lead: Lead, *names: str) -> str | None:
    """Return the first of these fields that a touch of the lead has, the newest touch first; None for none."""
    touches = (lead.touch, lead.first_touch)
    return next((touch.fields[name] for name in names for touch in touches if touch.fields.get(name)), None)


def given_by(lead: Lead, sources: Collection[str]) -> str | None:
    """Return the platform's own id of a lead that one of these sources handed over, the newest first; None for none."""
    touches = [touch for touch in (lead.touch, lead.first_touch) if touch.source in sources]
    return next((said for touch in touches if (said := touch.fields.get("platform_lead_id"))), None)


def worth(lead: Lead) -> dict[str, Any]:
    """Return `value` and `currency` of the lead's outcome; empty where it is worth nothing known."""
    occasion = lead.occasion
    return {"value": occasion.value, "currency": occasion.currency} if occasion and occasion.value is not None else {}


def hashed(value: str | None) -> str | None:
    """Return the SHA-256 of a value in lower-case hex; None for nothing."""
    return hashlib.sha256(value.encode()).hexdigest() if value else None


def plain_email(email: str | None) -> str | None:
    """Return an address as platforms hash it: trimmed, in lower case."""
    return email.strip().lower() or None if email else None


def gmail_email(email: str | None) -> str | None:
    """Return an address as Google hashes it: without dots before the sign in Gmail's own domains."""
    said = plain_email(email)
    name, _, domain = (said or "").partition("@")
    return f"{name.replace('.', '')}@{domain}" if domain in ("gmail.com", "googlemail.com") else said


def digits(phone: str | None) -> str | None:
    """Return an E.164 number without its plus, as Meta and others hash it."""
    return re.sub(r"\D", "", phone) or None if phone else None


def plain_name(name: str | None) -> str | None:
    """Return a name as platforms hash it: in lower case, without blanks at its ends and without punctuation."""
    return re.sub(r"[^\w\s]|_", "", name).strip().lower() or None if name else None


def milliseconds(at: datetime) -> int:
    """Return a time as milliseconds since 1970."""
    return round(at.timestamp() * 1000)
