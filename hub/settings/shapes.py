"""The shapes of what people write in hub.yaml: durations, zones, regions, networks, names."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
Name = Annotated[str, Field(pattern=NAME)]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def duration(value: Any) -> Any:
    """Return the seconds in a text such as 30s, 5m, 2h or 7d; anything else as it is."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d|w)\s*", value)
        if not found:
            raise ValueError(f"{value!r} is not a duration; write it as 30s, 5m, 2h or 7d")
        return float(found[1]) * _UNITS[found[2]]
    return value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"{value!r} is not a time zone; write it as Asia/Shanghai or Europe/Berlin")
    return value


def _region(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", value):
        raise ValueError(f"{value!r} is not a country code; write two capital letters such as CN, US or DE")
    return value


def _network(value: str) -> str:
    ip_network(value, strict=False)
    return value


Duration = Annotated[float, BeforeValidator(duration), Field(gt=0)]
"""Seconds; written as 30s, 5m, 2h or 7d."""
Zone = Annotated[str, AfterValidator(_zone)]
Region = Annotated[str, AfterValidator(_region)]
Network = Annotated[str, AfterValidator(_network)]
Host = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.:-]{0,253}$")]
"""The name or address of a host, in lower case, without a port."""
Reference = Annotated[str, Field(pattern=r"^\$\{[a-z_]+:[^}]+\}$")]
"""A secret by reference, never itself: the text of hub.yaml is kept in the database."""


class Section(BaseModel):
    """A section of hub.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
