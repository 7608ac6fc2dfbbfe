"""What sinks that tell ad platforms what became of a lead share: which dispositions, hashing, ids and windows."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import Field

from hub.lead import Lead, Rejected
from hub.outcome import Disposition
from hub.sink import HttpBatchSink


class ConversionSink(HttpBatchSink):
    """A sink that is sent a lead each time it comes to a disposition for the first time; no route names it.

    `lead.occasion` says which disposition, when, and what it is worth. Authors write `request` and `response` as for
    every batch sink, and say in `wants` whether the platform can know the lead.
    """

    window: ClassVar[timedelta] = timedelta(days=7)  # how old an outcome may be, by the platform's documentation
    repeatable = True  # the id of an event is the same on every attempt

    class Config(HttpBatchSink.Config):
        """Which dispositions are told, and under which names."""

        events: dict[Disposition, str] = Field(
            description="Dispositions that are told, each with the platform's name for the event."
        )
        everybody: bool = Field(
            False,
            description="Tell of leads without a click id or lead id of this platform too, by hashed e-mail and phone.",
        )

    config: Config

    def wants(self, lead: Lead) -> bool:
        """Return whether the platform can know this lead: by its own click id or lead id. Pure."""
        raise NotImplementedError

    def refuse(self, lead: Lead) -> Rejected | None:
        """Refuse an outcome that is too old for the platform."""
        if lead.occasion is None:
            return Rejected("There is no outcome to tell: conversion sinks stand in no route.")
        if self.clock.now() - lead.occasion.at > self.window:
            return Rejected(f"The outcome is older than the {self.window.days} days the platform takes.", "too_old")
        return None

    def event(self, lead: Lead) -> str:
        """Return the platform's name for the lead's outcome."""
        assert lead.occasion is not None
        return self.config.events[lead.occasion.disposition]

    def key(self, lead: Lead) -> str:
        """Return the id of the event, equal on every attempt; two outcomes of one lead may share a batch."""
        return lead.delivery.key


def hashed(value: str | None) -> str | None:
    """Return the SHA-256 of a value in lower-case hex; None for nothing."""
    return hashlib.sha256(value.encode()).hexdigest() if value else None


def plain_email(email: str | None) -> str | None:
    """Return an address as platforms hash it: trimmed, in lower case."""
    return email.strip().lower() or None if email else None


def gmail_email(email: str | None) -> str | None:
    """Return an address as Google hashes it: without dots and what follows a plus in Gmail's own domains."""
    said = plain_email(email)
    name, _, domain = (said or "").partition("@")
    if domain in ("gmail.com", "googlemail.com"):
        said = f"{name.partition('+')[0].replace('.', '')}@{domain}"
    return said


def digits(phone: str | None) -> str | None:
    """Return an E.164 number without its plus, as Meta and others hash it."""
    return re.sub(r"\D", "", phone) or None if phone else None


def plain_name(name: str | None) -> str | None:
    """Return a name as platforms hash it: in lower case, without blanks at its ends and without punctuation."""
    return re.sub(r"[^\w\s]|_", "", name).strip().lower() or None if name else None


def milliseconds(at: datetime) -> int:
    """Return a time as milliseconds since 1970."""
    return round(at.timestamp() * 1000)
