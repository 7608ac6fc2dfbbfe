"""What hub.yaml may say about people's data: how long it is kept, and what becomes of those who asked to be erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from hub.settings.shapes import Duration, Name, Section

DAY = 86_400.0
SHORTEST_UNDELIVERED = 30 * DAY
FIVE_YEARS = 1_827 * DAY

Requirement = Literal["email", "phone", "sms", "wechat", "separate"]
"""A channel, or a consent that names the very sink."""


def _unhurried(value: float) -> float:
    if value < SHORTEST_UNDELIVERED:
        raise ValueError("what was never delivered is kept for at least 30d")
    return value


Undelivered = Annotated[Duration, AfterValidator(_unhurried)]


class PeriodSettings(Section):
    """How long things are kept; none: for ever."""

    bodies: Duration | None = Field(
        None, description="Raw bodies of settled submissions; afterwards they cannot be replayed."
    )
    leads: Duration | None = Field(None, description="Leads nothing happened with: everything personal of them goes.")
    attempts: Duration | None = Field(None, description="What was noted of attempts at deliveries that are settled.")
    quarantine: Undelivered | None = Field(
        None, description="Submissions that wait for a person; an alarm comes a week before they go."
    )
    dead: Undelivered | None = Field(
        None, description="Deliveries that were given up, refused or held; an alarm comes a week before they go."
    )


class RetentionSettings(PeriodSettings):
    """How long data is kept; leads under a legal hold stay, and nothing undelivered goes without an alarm before."""

    consent: Duration = Field(
        FIVE_YEARS, description="Consent records whose lead is gone, where `privacy.evidence` keeps them."
    )
    sources: Mapping[Name, PeriodSettings] = Field(
        default_factory=dict, description="Other times for what came from one source."
    )

    def of(self, source: str, kind: str) -> float | None:
        """Return how many seconds a kind of data of a source is kept; None: for ever."""
        own = self.sources.get(source)
        if own is not None and kind in own.model_fields_set:
            found: float | None = getattr(own, kind)
            return found
        common: float | None = getattr(self, kind)
        return common


class PrivacySettings(Section):
    """What becomes of people who asked to be erased, and of the evidence that they agreed."""

    returning: Literal["suppress", "consent"] = Field(
        "suppress",
        description="When an erased person sends a new form with a consent: suppress it and tell the operator, or "
        "take them in again.",
    )
    evidence: Literal["hashes", "keep"] = Field(
        "hashes",
        description="What retention leaves of consent records when it purges their lead: hashes, or the whole record "
        "for `retention.consent`, as 16 CFR 310.5 asks of telemarketers. Erasing a person leaves hashes.",
    )
