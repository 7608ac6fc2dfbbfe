"""The settings a hub.yaml may hold, section by section; unknown keys are errors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, model_validator

from hub.rules import Expression
from hub.settings.alarms import AlarmSettings, ReconcileSettings, Silence
from hub.settings.auction import AuctionSettings
from hub.settings.calendars import CalendarSettings as CalendarSettings
from hub.settings.campaigns import CampaignSettings, CostSettings
from hub.settings.people import MemberSettings as MemberSettings
from hub.settings.people import PoolSettings, ReviewSettings
from hub.settings.people import TeamSettings as TeamSettings
from hub.settings.plugins import PluginSettings
from hub.settings.privacy import PrivacySettings, Requirement, RetentionSettings
from hub.settings.shapes import NAME as NAME
from hub.settings.shapes import Duration as Duration
from hub.settings.shapes import Host as Host
from hub.settings.shapes import Name as Name
from hub.settings.shapes import Network as Network
from hub.settings.shapes import Reference as Reference
from hub.settings.shapes import Region as Region
from hub.settings.shapes import Section as Section
from hub.settings.shapes import Zone as Zone

RETRY_DELAYS = ("5s", "30s", "2m", "10m", "30m", "1h", "2h", "4h", "8h", "12h", "20h", "24h")
AUCTION_STEP = "auction"  # stands behind `route` where nobody names the steps of a flow that sells leads
CORRECT_STEP = "correct"  # stands behind `map` in a flow whose list does not name it
DEFAULT_STEPS = ("map", "correct", "normalize", "validate", "dedupe", "enrich", "score", "route", "assign", "deliver")


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
    trust: Mapping[Host, str] = Field(
        default_factory=dict,
        description="Certificates to trust for one host instead of the system's: its name, and a PEM file.",
    )
    trusted_proxies: tuple[Network, ...] = Field((), description="Proxies whose X-Forwarded-For is believed.")
    max_body: int = Field(1 << 20, gt=0, description="Largest request body in bytes.")
    head_within: Duration = Field(10.0, description="How long a request's headers may take to arrive.")
    body_within: Duration = Field(30.0, description="How long a request's body may take to arrive.")
    answer_within: Duration = Field(
        0.5, description="How long an answer waits for the pipeline so that it can name the lead."
    )
    per_client: int = Field(
        200, ge=0, description="Most requests of one client address that are answered at once; 0: no limit."
    )
    runner: Literal["local", "pgqueuer"] = Field(
        "local",
        description="Who calls for deliveries: each process by itself, or pgqueuer for several machines on PostgreSQL.",
    )
    lease: Duration = Field(90.0, ge=6, description="How long a delivery stays with a process that fell silent.")
    workers: int = Field(64, gt=0, description="Deliveries in flight in this process.")
    step_within: Duration = Field(
        60.0, description="How long a step of a plugin may take before its lead is set aside."
    )
    stalled_after: Duration = Field(
        60.0, description="How long the process may stand still, in a plugin that never returns, before it is ended."
    )
    audit_anchor: str = Field(
        "logs/audit.anchor",
        description="File the newest seal of the audit log is appended to every minute; best on another disk.",
    )
    listen_without_user: bool = Field(
        False, description="Listen on other addresses than this machine's own although no user has a password."
    )
    min_free: int = Field(
        200_000_000, ge=0, description="Bytes of disk that stay free: with less, the intake answers 503. SQLite only."
    )
    min_free_share: float = Field(0.05, ge=0, lt=1, description="The same as a share of the disk.")
    queue_age: Duration = Field(900.0, description="How long work may be overdue before polls and imports pause.")
    high_water: int = Field(
        200_000,
        gt=0,
        description="Overdue work that pauses polls and imports; with queue_age passed too, the intake answers 503.",
    )
    log: Literal["text", "json"] = Field("text", description="How log lines are written.")
    log_level: Literal["warning", "info"] = Field(
        "warning", description="info: a line for everything that happens; warning: only what is worth a look."
    )
    traces: str | None = Field(
        None, description="OTLP/HTTP address that traces go to, such as http://127.0.0.1:4318/v1/traces."
    )
    trace_share: float = Field(1.0, ge=0, le=1, description="Share of the submissions that are traced.")

    token_key: Reference | None = Field(
        None,
        description="Key that access tokens are stored encrypted with, such as `${env:TOKEN_KEY}`; none: in memory.",
    )
    alarms: AlarmSettings = Field(default_factory=AlarmSettings, description="Who is told that a person is needed.")
    reconcile: ReconcileSettings = Field(
        default_factory=ReconcileSettings, description="The nightly count against the platforms."
    )
    unsafe_storage: bool = Field(
        False, description="Start although the database may lose what was accepted: fsync off, a network file system."
    )

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
    needs_key: bool = Field(
        False,
        description="Take only what carries a key of this source: as `Authorization: Bearer KEY`, or at the end of "
        "the address, `/in/NAME/KEY`. `leadhub key create --role source --source NAME` makes one.",
    )
    networks: tuple[Network, ...] = Field((), description="Networks its senders call from; none: any.")
    cost: CostSettings | None = Field(None, description="What its leads cost; none: what each touch says.")
    silence: Silence = Field(
        "auto",
        description="When it is silent for too long: `auto` by what is usual in these hours, `off`, or a time: 40m.",
    )
    expires: date | None = Field(
        None, description="Day its token or key ends, such as 2026-12-31, where the vendor does not say."
    )
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
    requires_consent: bool | tuple[Requirement, ...] | None = Field(
        None,
        description="Consent without which nothing is delivered: true (any), or for each of these: email, phone, sms, "
        "wechat, separate (one that names this sink). None: not asked for, but a withdrawal stops what waits; false: "
        "never looked at.",
    )
    region: Region | None = Field(None, description="Where it keeps data, such as CN, US or EU; for `only_regions`.")
    expires: date | None = Field(None, description="Day its token or key ends, where the vendor does not say.")
    config: Mapping[str, Any] = Field(default_factory=dict, description="Settings of the connector.")


class RouteSettings(Section):
    """A rule, who gets the lead, and where it goes."""

    name: str = Field(description="What people call the route.")
    when: Expression | None = Field(None, description="CEL expression; none: every lead.")
    assign: Mapping[Literal["team", "pool"], str] | None = Field(
        None, description="Who takes the lead: {team: NAME}, or {pool: NAME} for whoever claims it."
    )
    auction: AuctionSettings | None = Field(None, description="Buyers that bid for the lead; the best one gets it.")
    respond_within: Duration | Mapping[str, Duration] | None = Field(
        None, description="How soon a first response is owed: 5m, or by grade: {A: 5m, any: 4h}."
    )
    calendar: str | None = Field(None, description="The working time the response is counted in; none: the team's.")
    to: tuple[str, ...] = Field((), description="The sinks it is delivered to.")
    only_regions: tuple[Region, ...] = Field((), description="Regions its leads may go to; other sinks are refused.")

    @property
    def team(self) -> str | None:
        """Return the name of the team, if any."""
        return self.assign.get("team") if self.assign else None

    @property
    def pool(self) -> str | None:
        """Return the name of the pool, if any."""
        return self.assign.get("pool") if self.assign else None

    def target(self, grade: str | None) -> float | None:
        """Return how many seconds a first response may take for a lead of a grade; None: as long as it likes."""
        if isinstance(self.respond_within, Mapping):
            return self.respond_within.get(grade or "any", self.respond_within.get("any"))
        return self.respond_within


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
    only_regions: tuple[Region, ...] = Field((), description="Regions its leads may go to, whatever the route.")

    @model_validator(mode="before")
    @classmethod
    def _plain_steps(cls, data: Any) -> Any:
        """Accept `score` and `score: {options}` as people write them; a flow that sells leads holds auctions."""
        if isinstance(data, dict) and isinstance(data.get("steps"), list):
            data = {**data, "steps": [_step(entry) for entry in data["steps"]]}
        elif isinstance(data, dict) and "steps" not in data and _sells(data.get("routes")):
            data = {**data, "steps": [{"name": name} for name in default_steps(data["routes"])]}
        return data


def default_steps(routes: Any) -> tuple[str, ...]:
    """Return the steps of a flow that names none; where a route of it has an auction, one holds it."""
    place = DEFAULT_STEPS.index("route") + 1
    return (*DEFAULT_STEPS[:place], AUCTION_STEP, *DEFAULT_STEPS[place:]) if _sells(routes) else DEFAULT_STEPS


def _sells(routes: Any) -> bool:
    return isinstance(routes, list) and any(isinstance(one, dict) and one.get("auction") for one in routes)


def _step(entry: Any) -> Any:
    if isinstance(entry, str):
        return {"name": entry}
    if isinstance(entry, dict) and len(entry) == 1 and "name" not in entry:
        name, options = next(iter(entry.items()))
        return {"name": name, "options": options or {}}
    return entry


def allowed_regions(flow: FlowSettings, route: RouteSettings) -> frozenset[str]:
    """Return the regions that flow and route both allow; empty when neither names any."""
    both = [frozenset(regions) for regions in (flow.only_regions, route.only_regions) if regions]
    return frozenset.intersection(*both) if both else frozenset()


class Settings(Section):
    """A whole hub.yaml."""

    hub: HubSettings = Field(default_factory=HubSettings, description="The hub as a whole.")
    sources: Mapping[Name, SourceSettings] = Field(default_factory=dict, description="Where leads come from.")
    sinks: Mapping[Name, SinkSettings] = Field(default_factory=dict, description="Where leads go.")
    calendars: Mapping[Name, CalendarSettings] = Field(default_factory=dict, description="Working times.")
    teams: Mapping[Name, TeamSettings] = Field(default_factory=dict, description="Who takes leads.")
    pools: Mapping[Name, PoolSettings] = Field(default_factory=dict, description="Leads that reps take themselves.")
    lost_reasons: tuple[str, ...] = Field(
        (), description="Why leads are lost: the list to choose from; none: any word."
    )
    campaigns: CampaignSettings = Field(default_factory=CampaignSettings, description="How campaigns are reckoned.")
    review: ReviewSettings = Field(default_factory=ReviewSettings, description="Mails that look back.")
    flows: tuple[FlowSettings, ...] = Field((), description="How leads travel.")
    retention: RetentionSettings = Field(default_factory=RetentionSettings, description="How long data is kept.")
    plugins: PluginSettings = Field(default_factory=PluginSettings, description="Which plugins are loaded.")
    privacy: PrivacySettings = Field(default_factory=PrivacySettings, description="People who asked to be erased.")

    def flow_of(self, source: str) -> FlowSettings | None:
        """Return the flow that takes this source's leads."""
        return next((flow for flow in self.flows if source in flow.sources), None)

    def trust_of(self, source: str) -> int:
        """Return how much a source is trusted, 0 to 100; one that is not configured any more counts as most do."""
        found = self.sources.get(source)
        return found.trust if found else 50
