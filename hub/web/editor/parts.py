"""What the forms of teams, pools, calendars, reviews and campaigns ask, in the words of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.web.editor.forms import Fields, Input, Inset, Pieces, Rows
from hub.web.tongue import N_


@dataclass(frozen=True, slots=True)
class Part:
    """A section of hub.yaml: what its form asks, and what is said of it. `add`: its entries have names."""

    section: str
    title: str
    says: str
    pieces: Pieces
    add: str = ""


_DEALING = Fields((
    Input("strategy", N_("Who is next"), "select", "", "strategies", default="round_robin"),
    Input("performance_over", N_("Count wins of the last"),
          hint=N_("Such as 90d; only where more goes to who wins more."), default="90d"),
    Input("calendar", N_("Working time"), "select", N_("Targets are counted in it."), "calendars"),
    Input("on_shift", N_("Only reps in their working time get leads"), "check", default=False),
    Input("account", N_("One company stays with one rep"), "check", default=False),
    Input("caps", N_("Most leads of the whole team"), "caps", N_("Such as 50 / day.")),
    Input("territories", N_("Table of territories"), hint=N_("A CSV file in the workspace; who takes what.")),
    Input("credit", N_("Not counted as a lead"), "many",
          N_("After such an outcome the rep gets another one, such as for a duplicate."), "stages",
          default=("duplicate", "invalid", "returned")),
    Input("fallback", N_("When nobody is free"), "choice", "", "fallbacks"),
    Input("lead", N_("Lead of the team"), hint=N_("Is told when a lead is escalated.")),
    Input("silent_after", N_("Alarm when nothing was done for"), hint=N_("Such as 3d; empty: never.")),
))  # fmt: skip
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
    Input("do", N_("What is done"), "select", "", "acts", preset="warn"),
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
    Input("task", N_("What is to be done"), hint=N_("Such as: Call again.")),
    Input("stage", N_("When the lead is"), "select", "", "stages", preset="contacted"),
    Input("after", N_("After"), hint=N_("Such as 7d.")),
))  # fmt: skip
_NURTURE = Inset("nurture", N_("Leads for marketing"), (
    Input("to", N_("Go on to"), "many", N_("Marketing keeps in touch with them."), "sinks"),
    Input("on", N_("After which outcomes"), "many", "", "stages", default=("lost",)),
    Input("reasons", N_("Only lost for these reasons"), "lines", N_("One a line, such as timing; empty: all.")),
))  # fmt: skip

TEAMS = Part(
    "teams", N_("Teams"), N_("Who gets leads, in which order, and what happens while nobody answers."),
    (_DEALING, _MEMBERS, _LADDER, _RECYCLE, _REMINDERS, _NURTURE), N_("Add a team"),
)  # fmt: skip
POOLS = Part(
    "pools", N_("Pools"), N_("Leads without an owner, and who may take them."),
    (Fields((
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
    )),), N_("Add a pool"),
)  # fmt: skip
CALENDARS = Part(
    "calendars", N_("Calendars"), N_("Working hours and holidays: targets are counted in them."),
    (Fields((
        Input("time_zone", N_("Time zone"), hint=N_("Such as Asia/Shanghai."), default="UTC"),
        Input("hours", N_("Working hours"), hint=N_("Such as Mon-Fri 09:00-12:00,13:30-18:00; Sat 10:00-14:00."),
              default="Mon-Fri 09:00-18:00"),
        Input("holidays", N_("Public holidays of"), hint=N_("Such as CN, US or DE-BY. Days worked instead are known.")),
        Input("closed", N_("Also free"), "days", N_("A day on each line, such as 2026-12-24.")),
        Input("open", N_("Worked all the same"), "days", N_("A day on each line, such as 2026-12-24.")),
        Input("ical", N_("iCalendar file"), hint=N_("In the workspace, such as files/days.ics; its days are free.")),
    )),), N_("Add a calendar"),
)  # fmt: skip
REVIEW = Part(
    "review", N_("Review"), N_("How the week and the month went, sent to a chat or by mail."),
    (Fields((
        Input("to", N_("Sent to"), "many", N_("None marked: no review is sent."), "tellers"),
        Input("weekly", N_("Each Monday, of the week before"), "check", default=True),
        Input("monthly", N_("On the first of each month, of the month before"), "check", default=True),
        Input("hour", N_("At which hour"), "number", N_("0 to 23, in the hub's time zone."), default=8),
    )),),
)  # fmt: skip
_MONEY = Fields((
    Input("currency", N_("Amounts are counted in"), hint=N_("Three capital letters, such as CNY or EUR.")),
    Input("rates", N_("Other currencies"), "amounts", N_("What one unit is worth, a line each, such as USD: 7.1.")),
    Input("model", N_("Model that is shown first"), "select", N_("Who gets the credit for a lead."), "models",
          default="linear"),
    Input("half_life", N_("Time decay: credit halves after"), hint=N_("Such as 7d."), default="7d"),
), N_("Money and credit"))  # fmt: skip
_OWN_MODELS = Rows("models", N_("Models of your own"), "name", (
    Input("name", N_("Name"), hint=N_("Small letters, digits, - and _.")),
    Input("first", N_("First touch"), "number", default=0),
    Input("created", N_("Touch that made the lead"), "number", default=0),
    Input("qualified", N_("Last touch before it was qualified"), "number", default=0),
    Input("last", N_("Last touch"), "number", default=0),
    Input("others", N_("All others together"), "number", default=0),
), N_("What each place on a lead's way gets, such as 50, 0, 0, 30 and 20."), keyed=True)  # fmt: skip
_KNOWN = Rows("known", N_("Campaigns that links offer"), "name", (
    Input("name", N_("Campaign"), hint=N_("As utm_campaign has it, such as spring-demo.")),
    Input("source", N_("Usual source"), hint=N_("Such as wechat.")),
    Input("medium", N_("Usual medium"), hint=N_("Such as qr.")),
    Input("short", N_("Short tag"), hint=N_("Such as sd, for the link ?utm_id=sd.")),
))  # fmt: skip
_NAMING = Fields((
    Input("naming.lower", N_("Only small letters"), "check", N_("Reports take Spring and spring for two campaigns."),
          default=True),
    Input("naming.letters", N_("Letters"), "select", "", "letters", default="latin"),
    Input("naming.signs", N_("Other signs allowed"), default="-_."),
    Input("naming.separator", N_("Sign between parts"), hint=N_("Also stands for blanks, as in spring-demo."),
          default="-"),
), N_("How tags of links are written"))  # fmt: skip
_TAGS = Rows("naming.tags", N_("Rules tag by tag"), "tag", (
    Input("tag", N_("Tag"), "select", "", "tags"),
    Input("required", N_("Every link has it"), "check", default=False),
    Input("values", N_("May only be"), "list", N_("Such as wechat, email; empty: anything.")),
    Input("parts", N_("Its parts"), "parts", N_("A line each, in order, such as year: 2026, 2027.")),
    Input("longest", N_("Most characters"), "number", default=100),
), keyed=True, default=tuple({"tag": name, "required": True} for name in ("utm_source", "utm_medium", "utm_campaign")),
)  # fmt: skip
CAMPAIGNS = Part(
    "campaigns", N_("Campaigns"), N_("In which money campaigns are reckoned, and how their links are named."),
    (_MONEY, _OWN_MODELS, _KNOWN, _NAMING, _TAGS),
)  # fmt: skip

PARTS: Mapping[str, Part] = {part.section: part for part in (TEAMS, POOLS, CALENDARS, REVIEW, CAMPAIGNS)}

AUCTION = Inset("auction", N_("Sell the lead first"), (
    Input("buyers", N_("Buyers"), "ordered", N_("Asked at once. Who the lead is, they learn when they buy."),
          "buyers"),
    Input("order", N_("Which bid wins"), "select", "", "orders", default="price"),
    Input("within", N_("Wait for bids"), hint=N_("Such as 300ms or 2s; the lead waits so long."), default="500ms"),
    Input("floor", N_("Least price"), "number", N_("A lower bid does not count."), default=0),
    Input("currency", N_("Currency"), hint=N_("Three capital letters, such as USD; of bids that name none."),
          default="USD"),
), N_("Buyers bid, and the best one gets the lead. Where nobody bids enough, it goes on as below."))  # fmt: skip
