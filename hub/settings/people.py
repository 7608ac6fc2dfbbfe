"""What hub.yaml says of people: reps, teams, pools, and what happens when nobody answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from hub.outcome import Disposition
from hub.roster import UNASSIGNED as UNASSIGNED
from hub.settings.shapes import Duration, Section, duration

Each = Literal["hour", "day", "week", "month"]


class CapSettings(Section):
    """The most leads somebody gets: in any stretch of time of a length, or in each hour, day, week or month."""

    most: int = Field(gt=0, description="How many leads.")
    within: Duration | None = Field(None, description="In any stretch of this length, such as 90m.")
    each: Each | None = Field(None, description="In each hour, day, week or month of the calendar.")

    @model_validator(mode="after")
    def _one(self) -> CapSettings:
        if (self.within is None) == (self.each is None):
            raise ValueError("a cap is either `within` a time, such as 90m, or for `each` hour, day, week or month")
        return self


class MemberSettings(Section):
    """A rep in a team."""

    name: str = Field(description="The rep's name, as sinks know it.")
    user: str | None = Field(None, description="The user of this hub who is this rep; none: the user of that name.")
    weight: float = Field(1.0, gt=0, description="Share of the team's leads, relative to the others.")
    daily_cap: int | None = Field(None, gt=0, description="Most leads a day.")
    caps: tuple[CapSettings, ...] = Field((), description="Further caps, such as {most: 5, within: 1h}.")
    open_cap: int | None = Field(None, gt=0, description="Most leads that are open at once.")
    active: bool = Field(True, description="Whether the rep takes leads now.")
    calendar: str | None = Field(None, description="The rep's own working time; none: the team's.")
    takes: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="What the rep is for, by field of the lead, such as {language: [zh, en]}."
    )

    @cached_property
    def every_cap(self) -> tuple[CapSettings, ...]:
        """Return all caps on what this rep gets."""
        daily = (CapSettings(most=self.daily_cap, each="day"),) if self.daily_cap else ()
        return daily + self.caps


def _mark(value: Any) -> Any:
    """Return a share of the target, or seconds."""
    if isinstance(value, str) and value.strip().endswith("%"):
        return value.strip()
    seconds = duration(value)
    return f"{seconds:g}s" if isinstance(seconds, int | float) else value


def _marked(value: str) -> str:
    number = value.removesuffix("%").removesuffix("s")
    if not number.replace(".", "", 1).isdigit() or float(number) <= 0:
        raise ValueError(f"{value!r} is no moment; write a share of the target such as 80%, or a time such as 15m")
    return value


Mark = Annotated[str, BeforeValidator(_mark), AfterValidator(_marked)]
"""A moment on the response clock: a share of the target, such as 80%, or so long after its start, such as 15m."""


class RungSettings(Section):
    """What is done when a lead is still unanswered at a moment of its clock."""

    at: Mark = Field(description="When: a share of the target such as 80%, or a time such as 15m; in working time.")
    do: Literal["warn", "escalate", "reassign", "recycle"] = Field(
        description="warn: tell the rep; escalate: tell the lead of the team; reassign: the next rep gets it; recycle: "
        "it goes to a pool."
    )
    to: tuple[str, ...] = Field((), description="Chat or mail sinks that are told.")
    pool: str | None = Field(None, description="The pool a recycled lead goes to; none: the team's fallback.")
    most: int = Field(2, gt=0, description="How often one lead is handed on, before it goes to the fallback.")


class RecycleSettings(Section):
    """When a lead is taken from its rep although nobody breached a target: too long without something."""

    after: Duration = Field(description="How long, such as 7d.")
    without: Literal["response", "activity", "outcome"] = Field("activity", description="What did not happen.")
    field: str | None = Field(
        None, description="Count from a date in this field of the lead instead, such as extra.contract_end."
    )
    grades: tuple[str, ...] = Field((), description="Only leads of these grades; none: all.")
    pool: str | None = Field(None, description="The pool it goes to; none: the team's fallback.")


class ReminderSettings(Section):
    """A task for the rep when a lead came to a stage."""

    stage: Disposition = Field(description="What became of the lead, such as contacted.")
    after: Duration = Field(description="When the task is due after that.")
    task: str = Field(description="What is to be done, such as: Call again.")


class NurtureSettings(Section):
    """Leads that go to marketing for now; one that acts again comes back by its route."""

    on: tuple[Disposition, ...] = Field((Disposition.LOST,), description="What became of them.")
    reasons: tuple[str, ...] = Field((), description="Only those lost for these reasons; none: all.")
    to: tuple[str, ...] = Field(description="The sinks that get them.")


class FallbackSettings(Section):
    """Who gets a lead that nobody in the team can take."""

    owner: str | None = Field(None, description="A rep, whatever their hours and caps.")
    team: str | None = Field(None, description="Another team.")
    pool: str | None = Field(None, description="A pool.")

    @model_validator(mode="after")
    def _one(self) -> FallbackSettings:
        if sum(value is not None for value in (self.owner, self.team, self.pool)) != 1:
            raise ValueError("a fallback is one of owner, team and pool")
        return self


class TeamSettings(Section):
    """A group that takes leads."""

    calendar: str | None = Field(None, description="The team's working time.")
    strategy: str = Field("round_robin", description="How the next rep is chosen.")
    members: tuple[MemberSettings, ...] = Field((), description="The reps.")
    lead: str | None = Field(None, description="Who leads the team; told when a lead is escalated.")
    on_shift: bool = Field(False, description="Only reps in their working time get leads.")
    caps: tuple[CapSettings, ...] = Field((), description="Most leads the whole team gets.")
    account: bool = Field(False, description="Leads of one company go to the rep who has that company already.")
    territories: str | None = Field(
        None, description="CSV file in the workspace with fields of leads and the member who takes them."
    )
    performance_over: Duration = Field(
        90 * 86_400.0, description="The time whose outcomes count, for the strategy `performance`."
    )
    credit: tuple[Disposition, ...] = Field(
        (Disposition.DUPLICATE, Disposition.INVALID, Disposition.RETURNED),
        description="Outcomes that take a lead off a rep's count, so that they get another.",
    )
    fallback: FallbackSettings | None = Field(
        None, description="Who gets a lead nobody can take; none: it waits in the pool `unassigned`."
    )
    ladder: tuple[RungSettings, ...] = Field((), description="What happens while nobody answers.")
    recycle: tuple[RecycleSettings, ...] = Field((), description="When leads go back to a pool.")
    reminders: tuple[ReminderSettings, ...] = Field((), description="Tasks that come by themselves.")
    silent_after: Duration | None = Field(
        None, description="A lead nobody did anything with for so long raises an alarm."
    )
    nurture: NurtureSettings | None = Field(None, description="Which leads go to marketing.")

    def member(self, name: str) -> MemberSettings | None:
        """Return the member of that name."""
        return next((member for member in self.members if member.name == name), None)


class PoolSettings(Section):
    """Leads without an owner, and who may take one."""

    claim: bool = Field(True, description="Reps may take leads; false: a manager hands them out.")
    teams: tuple[str, ...] = Field((), description="The teams whose members may; none: all.")
    claims_a_day: int | None = Field(None, gt=0, description="Most leads a rep takes in a day.")
    views_a_day: int | None = Field(None, gt=0, description="Most leads a rep opens in a day.")
    between_claims: Duration | None = Field(None, description="Shortest time between two leads a rep takes.")
    hold: int | None = Field(None, gt=0, description="Most open leads a rep may have to take another.")
    mask: bool = Field(True, description="Phone and mail address are masked until it is taken.")
    cool_down: Duration | None = Field(None, description="How long its former owner may not take it again.")
    embargo: Duration | None = Field(None, description="How long a lead waits in the pool before anybody may take it.")
    protect: Duration | None = Field(None, description="How long a lead that was taken is not recycled.")


class ReviewSettings(Section):
    """Mails that look back."""

    to: tuple[str, ...] = Field((), description="The chat or mail sinks it goes to; none: no review.")
    weekly: bool = Field(True, description="Each Monday, of the week before.")
    monthly: bool = Field(True, description="On each first of a month, of the month before.")
    hour: int = Field(8, ge=0, le=23, description="At which hour of the hub's day.")
