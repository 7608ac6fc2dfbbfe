"""What hub.yaml may say about alarms: who is told, when a silence is too long, how long before a credential ends."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from hub.settings.shapes import Duration, Section

DAY = 86_400.0


def _silence(value: Any) -> Any:
    if isinstance(value, str) and value not in ("auto", "off") and not value.strip()[:1].isdecimal():
        raise ValueError(f"{value!r} is neither auto nor off nor a time such as 40m")
    return value


Silence = Annotated[Literal["auto", "off"] | Duration, BeforeValidator(_silence)]
"""auto, off, or the seconds after which a source is too silent."""


class AlarmSettings(Section):
    """Who is told of what a person must look at."""

    to: tuple[str, ...] = Field((), description="Sinks that alarms go out through: chats and mail.")
    every: Duration = Field(300.0, description="Least time between two messages to one sink; one message tells all.")
    remind: Duration = Field(DAY, description="An open alarm that nobody acknowledged is told again after that time.")
    expiring: tuple[Duration, ...] = Field(
        (14 * DAY, 3 * DAY, DAY), description="How long before a credential ends it is told, each once."
    )
    dead: int = Field(10, gt=0, description="Dead deliveries of one sink that are an alarm; told again tenfold.")


class ReconcileSettings(Section):
    """How our leads are counted against the platforms' every night."""

    at: str = Field("03:30", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Time of day, in `hub.time_zone`.")
    window: Duration = Field(3 * DAY, description="How far back leads are counted.")
    overlap: Duration = Field(3600.0, description="How much before that is read again too, when leads are missing.")
