"""The settings a hub.yaml may hold, section by section; unknown keys are errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hub.rules import Expression

NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
Name = Annotated[str, Field(pattern=NAME)]

RETRY_DELAYS = ("5s", "30s", "2m", "10m", "30m", "1h", "2h", "4h", "8h", "12h", "20h", "24h")
DEFAULT_STEPS = ("map", "normalize", "validate", "dedupe", "enrich", "score", "route", "assign", "deliver")

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def _duration(value: Any) -> Any:
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


Duration = Annotated[float, BeforeValidator(_duration), Field(gt=0)]
"""Seconds; written as 30s, 5m, 2h or 7d."""
Zone = Annotated[str, AfterValidator(_zone)]
Region = Annotated[str, AfterValidator(_region)]
Network = Annotated[str, AfterValidator(_network)]


class Section(BaseModel):
    """A section of hub.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class HubSettings(Section):
    """Settings of the hub as a whole."""

    name: str = Field("leadhub", description="What people call this hub.")
    database: str = Field("sqlite:///data/hub.db", description="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DB.")
    region: Region | None = Field(None, description="Country that phone numbers without a country code belong to.")
    time_zone: Zone = Field("UTC", description="Time zone for people: reports, file times without a zone.")
    language: Literal["en", "zh"] = Field("en", description="Language of messages to people.")
    public_url: str | None = Field(None, description="Address senders and links use, such as https://leads.acme.com.")
    allow_networks: tuple[Network, ...] = Field(
        (), description="Networks outgoing requests may reach although they are not public."
    )
    trusted_proxies: tuple[Network, ...] = Field((), description="Proxies whose X-Forwarded-For is believed.")
    max_body: int = Field(1 << 20, gt=0, description="Largest request body in bytes.")
    head_within: Duration = Field(10.0, description="How long a request's headers may take to arrive.")
    body_within: Duration = Field(30.0, description="How long a request's body may take to arrive.")
    answer_within: Duration = Field(
        0.5, description="How long an answer waits for the pipeline so that it can name the lead."
    )
    workers: int = Field(64, gt=0, description="Deliveries in flight in this process.")

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone as an object."""
        return ZoneInfo(self.time_zone)


class DedupeSettings(Section):
    """What a source wants when a lead is known already."""

    policy: Literal["merge", "reject", "reroute"] = Field("merge", description="What happens to a known person.")
    within: Duration | None = Field(None, description="Only leads seen in that time count as known; none: ever.")


class SourceSettings(Section):
    """One source: what every source may say, and `config` for its connector."""

    connector: str = Field(description="Which connector reads it.")
    enabled: bool = Field(True, description="Switch a source off without deleting it.")
    tags: Mapping[str, str] = Field(default_factory=dict, description="Tags every lead of this source carries.")
    region: Region | None = Field(None, description="Country of phone numbers without a country code.")
    time_zone: Zone | None = Field(None, description="Time zone of times without one.")
    trust: int = Field(50, ge=0, le=100, description="Whose value wins when two sources disagree; higher wins.")
    mapping: str | None = Field(None, description="Mapping to use; none: the source's name, then its connector's.")
    every: Duration | None = Field(None, description="How often it is polled, or its folder looked into.")
    dedupe: DedupeSettings | None = Field(None, description="What happens to known leads, instead of the flow's.")
    test: bool = Field(False, description="Treat every lead of this source as a test.")
    rate: float | None = Field(None, gt=0, description="Most submissions a second before senders are told to wait.")
    config: Mapping[str, Any] = Field(default_factory=dict, description="Settings of the connector.")


class SinkSettings(Section):
    """One sink: what every sink may say, and `config` for its connector."""

    connector: str = Field(description="Which connector writes it.")
    enabled: bool = Field(True, description="Switch a sink off; its leads wait.")
    rate: float | None = Field(None, ge=0, description="Sends a second; 0: no limit; none: the connector's own.")
    concurrency: int | None = Field(None, gt=0, description="Sends in flight; none: the connector's own.")
    batch: int | None = Field(None, gt=0, description="Most leads in one send; none: the connector's own.")
    retry: tuple[Duration, ...] = Field(
        RETRY_DELAYS, validate_default=True, description="Waits between attempts; after the last one it is dead."
    )
    on_unclear: Literal["auto", "repeat", "hold"] = Field(
        "auto", description="What to do when a send may have arrived; auto: repeat where that is safe, else once."
    )
    config: Mapping[str, Any] = Field(default_factory=dict, description="Settings of the connector.")


class CalendarSettings(Section):
    """Working time."""

    time_zone: Zone = Field("UTC", description="Time zone of the hours.")
    hours: str = Field("Mon-Fri 09:00-18:00", description="Working hours.")
    holidays: str | None = Field(None, description="Country whose holidays are free.")


class MemberSettings(Section):
    """A rep in a team."""

    name: str = Field(description="The rep's name, as sinks know it.")
    weight: float = Field(1.0, gt=0, description="Share of the team's leads, relative to the others.")
    daily_cap: int | None = Field(None, gt=0, description="Most leads a day.")
    active: bool = Field(True, description="Whether the rep takes leads now.")
    takes: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="What the rep is for, by field of the lead, such as {language: [zh, en]}."
    )


class TeamSettings(Section):
    """A group that takes leads."""

    calendar: str | None = Field(None, description="The team's working time.")
    strategy: str = Field("round_robin", description="How the next rep is chosen.")
    members: tuple[MemberSettings, ...] = Field((), description="The reps.")


class RouteSettings(Section):
    """A rule, who gets the lead, and where it goes."""

    name: str = Field(description="What people call the route.")
    when: Expression | None = Field(None, description="CEL expression; none: every lead.")
    assign: Mapping[Literal["team"], str] | None = Field(None, description="The team that takes the lead.")
    respond_within: Duration | None = Field(None, description="How soon a first response is owed.")
    to: tuple[str, ...] = Field((), description="The sinks it is delivered to.")

    @property
    def team(self) -> str | None:
        """Return the name of the team, if any."""
        return self.assign.get("team") if self.assign else None


class StepSettings(Section):
    """One step of a flow and its options."""

    name: str
    options: Mapping[str, Any] = Field(default_factory=dict)


class FlowSettings(Section):
    """Which sources, which ordered steps, which routes."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True)

    name: str = Field(description="What people call the flow.")
    sources: tuple[str, ...] = Field(alias="from", description="The sources it takes leads from.")
    match: Literal["first", "all"] = Field("first", description="Whether the first match takes a lead, or all.")
    steps: tuple[StepSettings, ...] = Field(
        tuple(StepSettings(name=name) for name in DEFAULT_STEPS), description="What happens to a lead, in order."
    )
    routes: tuple[RouteSettings, ...] = Field((), description="Where leads go.")

    @model_validator(mode="before")
    @classmethod
    def _plain_steps(cls, data: Any) -> Any:
        """Accept `score` and `score: {options}` as people write them."""
        if isinstance(data, dict) and isinstance(data.get("steps"), list):
            data = {**data, "steps": [_step(entry) for entry in data["steps"]]}
        return data


def _step(entry: Any) -> Any:
    if isinstance(entry, str):
        return {"name": entry}
    if isinstance(entry, dict) and len(entry) == 1 and "name" not in entry:
        name, options = next(iter(entry.items()))
        return {"name": name, "options": options or {}}
    return entry


class Settings(Section):
    """A whole hub.yaml."""

    hub: HubSettings = Field(default_factory=HubSettings, description="The hub as a whole.")
    sources: Mapping[Name, SourceSettings] = Field(default_factory=dict, description="Where leads come from.")
    sinks: Mapping[Name, SinkSettings] = Field(default_factory=dict, description="Where leads go.")
    calendars: Mapping[Name, CalendarSettings] = Field(default_factory=dict, description="Working times.")
    teams: Mapping[Name, TeamSettings] = Field(default_factory=dict, description="Who takes leads.")
    flows: tuple[FlowSettings, ...] = Field((), description="How leads travel.")

    def flow_of(self, source: str) -> FlowSettings | None:
        """Return the flow that takes this source's leads."""
        return next((flow for flow in self.flows if source in flow.sources), None)


class Environment(BaseSettings):
    """What the environment may say; it wins over hub.yaml."""

    model_config = SettingsConfigDict(env_prefix="LEADHUB_", extra="ignore")

    config: str = Field("hub.yaml", description="The configuration file.")
    database: str | None = Field(None, description="Database address, instead of hub.yaml's.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8400, description="Port to listen on.")
    url: str | None = Field(None, description="Address of a running hub that commands talk to.")
    key: str | None = Field(None, description="API key that commands use.")
