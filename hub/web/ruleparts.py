"""What the forms of teams, pools and calendars ask, in the words of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.web.ruleforms import Input, Rows
from hub.web.tongue import N_


@dataclass(frozen=True, slots=True)
class Part:
    """A section of hub.yaml whose entries have names: what one has, and what is said of them all."""

    section: str
    title: str
    says: str
    add: str
    inputs: tuple[Input, ...]
    rows: tuple[Rows, ...] = ()


_MEMBERS = Rows("members", N_("Members"), "name", (
    Input("name", N_("Name"), hint=N_("As the CRM knows the rep.")),
    Input("user", N_("Signs in as"), hint=N_("Empty: under the same name.")),
    Input("weight", N_("Weight"), "number", N_("2: twice as many leads."), default=1),
    Input("daily_cap", N_("Most a day"), "number"),
    Input("open_cap", N_("Most open at once"), "number"),
    Input("caps", N_("Further caps"), "caps", N_("Such as 5 / 1h, 60 / week.")),
    Input("calendar", N_("Own working time"), "select", "", "calendars"),
    Input("takes", N_("Only takes"), "pairs", N_("A line for each field, such as language: zh, en.")),
    Input("active", N_("Takes leads now"), "check", default=True),
))  # fmt: skip
_LADDER = Rows("ladder", N_("While nobody answers"), "at", (
    Input("at", N_("When"), hint=N_("A share of the target such as 80%%, or a time such as 15m.")),
    Input("do", N_("What is done"), "select", "", "acts", default="warn"),
    Input("to", N_("Also tell"), "many", "", "tellers"),
    Input("pool", N_("Pool"), "select", N_("Of a lead that goes to a pool."), "pools"),
    Input("most", N_("Hand on at most"), "number", N_("How often one lead goes to the next rep."), default=2),
))  # fmt: skip
_RECYCLE = Rows("recycle", N_("Back into a pool"), "after", (
    Input("after", N_("After"), hint=N_("Such as 7d.")),
    Input("without", N_("In which"), "select", "", "without", default="activity"),
    Input("grades", N_("Only grades"), "list", N_("Empty: all.")),
    Input("pool", N_("Pool"), "select", "", "pools"),
    Input("field", N_("Counted from the date in"), hint=N_("Such as extra.contract_end; empty: since the rep got it.")),
))  # fmt: skip
_REMINDERS = Rows("reminders", N_("Reminders"), "task", (
    Input("task", N_("What is to be done")),
    Input("stage", N_("When the lead is"), "select", "", "stages", default="contacted"),
    Input("after", N_("After"), hint=N_("Such as 7d.")),
))  # fmt: skip

TEAMS = Part(
    "teams", N_("Teams"), N_("Who gets leads, in which order, and what happens while nobody answers."),
    N_("Add a team"),
    (
        Input("strategy", N_("Who is next"), "select", "", "strategies", default="round_robin"),
        Input("calendar", N_("Working time"), "select", N_("Targets are counted in it."), "calendars"),
        Input("on_shift", N_("Only reps in their working time get leads"), "check", default=False),
        Input("account", N_("One company stays with one rep"), "check", default=False),
        Input("lead", N_("Lead of the team"), hint=N_("Is told when a lead is escalated.")),
        Input("fallback", N_("When nobody is free"), "choice", "", "fallbacks"),
        Input("caps", N_("Most leads of the whole team"), "caps", N_("Such as 50 / day.")),
        Input("territories", N_("Table of territories"), hint=N_("A CSV file in the workspace; who takes what.")),
        Input("silent_after", N_("Alarm when nothing was done for"), hint=N_("Such as 3d; empty: never.")),
        Input("nurture.to", N_("Lost leads go on to"), "many", N_("Marketing keeps in touch with them."), "sinks"),
    ),
    (_MEMBERS, _LADDER, _RECYCLE, _REMINDERS),
)  # fmt: skip
POOLS = Part(
    "pools", N_("Pools"), N_("Leads without an owner, and who may take them."), N_("Add a pool"),
    (
        Input("claim", N_("Reps take leads themselves"), "check", N_("Else a manager hands them out."), default=True),
        Input("teams", N_("Only these teams"), "many", N_("None marked: all."), "teams"),
        Input("mask", N_("Phone and mail address are masked until a lead is taken"), "check", default=True),
        Input("claims_a_day", N_("Most leads a rep takes in a day"), "number"),
        Input("views_a_day", N_("Most leads a rep opens in a day"), "number"),
        Input("hold", N_("Most open leads of a rep who takes another"), "number"),
        Input("between_claims", N_("Shortest time between two"), hint=N_("Such as 10m.")),
        Input("embargo", N_("A lead rests in the pool for"), hint=N_("Such as 1h.")),
        Input("cool_down", N_("Its former owner may take it again after"), hint=N_("Such as 30d.")),
        Input("protect", N_("A lead that was taken is left to the rep for"), hint=N_("Such as 14d.")),
    ),
)  # fmt: skip
CALENDARS = Part(
    "calendars", N_("Calendars"), N_("Working hours and holidays: targets are counted in them."), N_("Add a calendar"),
    (
        Input("time_zone", N_("Time zone"), hint=N_("Such as Asia/Shanghai."), default="UTC"),
        Input("hours", N_("Working hours"), hint=N_("Such as Mon-Fri 09:00-12:00,13:30-18:00; Sat 10:00-14:00."),
              default="Mon-Fri 09:00-18:00"),
        Input("holidays", N_("Public holidays of"), hint=N_("Such as CN, US or DE-BY. Days worked instead are known.")),
        Input("closed", N_("Also free"), "days", N_("A day on each line, such as 2026-12-24.")),
        Input("open", N_("Worked all the same"), "days", N_("A day on each line, such as 2026-12-24.")),
        Input("ical", N_("iCalendar file"), hint=N_("In the workspace, such as files/days.ics; its days are free.")),
    ),
)  # fmt: skip

PARTS: Mapping[str, Part] = {part.section: part for part in (TEAMS, POOLS, CALENDARS)}
