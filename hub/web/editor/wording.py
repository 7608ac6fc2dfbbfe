"""What the room Rules calls things: fields, operators, steps and choices, in the words of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from hub.draft.conditions import NUMBERS
from hub.families.buyer import BuyerSink
from hub.families.message import Teller
from hub.labels import label
from hub.lead import LEAD_FIELDS
from hub.outcome import Disposition
from hub.settings.naming import Tag
from hub.web.editor import steps
from hub.web.editor.desk import Desk
from hub.web.editor.forms import Choices
from hub.web.tongue import N_, Tongue

OPERATORS: Mapping[str, str] = {
    "is": N_("is"),
    "is_not": N_("is not"),
    "one_of": N_("is one of"),
    "not_one_of": N_("is none of"),
    "contains_any": N_("contains one of"),
    "contains_none": N_("contains none of"),
    "known": N_("is known"),
    "unknown": N_("is unknown"),
    "at_least": N_("is at least"),
    "at_most": N_("is at most"),
    "above": N_("is above"),
    "below": N_("is below"),
    "equals": N_("is the number"),
    "differs": N_("is not the number"),
    "true": N_("is true"),
    "false": N_("is false"),
    "starts": N_("starts with"),
    "not_starts": N_("does not start with"),
    "ends": N_("ends with"),
    "not_ends": N_("does not end with"),
    "contains": N_("contains exactly"),
    "not_contains": N_("does not contain exactly"),
    "in": N_("is exactly one of"),
    "not_in": N_("is exactly none of"),
    "matches": N_("matches the pattern"),
    "not_matches": N_("does not match the pattern"),
}
STEPS: Mapping[str, str] = {
    "map": N_("Read the fields"),
    "correct": N_("Put in what people corrected"),
    "normalize": N_("Clean them"),
    "validate": N_("Check them"),
    "dedupe": N_("Find known people"),
    "enrich": N_("Add what can be known"),
    "score": N_("Give points"),
    "route": N_("Choose the route"),
    "auction": N_("Hold the auction"),
    "assign": N_("Choose who gets it"),
    "deliver": N_("Send it on"),
}
STRATEGIES: Mapping[str, str] = {
    "round_robin": N_("In turns, by weight"),
    "least_loaded": N_("Who has the fewest open leads"),
    "performance": N_("More to who wins more"),
    "territory": N_("By territory"),
}
ACTS: Mapping[str, str] = {
    "warn": N_("Warn the rep"),
    "escalate": N_("Tell the lead of the team"),
    "reassign": N_("Give it to the next rep"),
    "recycle": N_("Put it into a pool"),
}
WITHOUT: Mapping[str, str] = {
    "response": N_("nobody answered"),
    "activity": N_("nothing was done"),
    "outcome": N_("no outcome"),
}
ORDERS: Mapping[str, str] = {
    "price": N_("The highest one"),
    "waterfall": N_("That of the first buyer in the list who wants the lead"),
}
LETTERS: Mapping[str, str] = {"latin": N_("a to z"), "any": N_("of every script, also Chinese")}
MATCH: Mapping[str, str] = {
    "first": N_("The first route that fits takes the lead"),
    "all": N_("Every route that fits takes the lead"),
}

ALWAYS_NUMBERS = frozenset({"lead.score", "lead.version"})
_RECORD = ("score", "grade", "source", "team", "owner", "test")
_CAMPAIGN = ("campaign", "medium", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "referrer")


def groups(desk: Desk, tongue: Tongue, own: Iterable[str]) -> list[dict[str, Any]]:
    """Return the fields a condition may ask about, in groups; `own` are names of fields that no lead has by itself."""
    language = tongue.language

    def named(paths: Iterable[str]) -> list[list[str]]:
        return [[path, label(path, language)] for path in paths]

    zone = desk.hub.plan.settings.hub.time_zone
    tags = {tag for one in desk.section("sources").values() if isinstance(one, dict) for tag in one.get("tags") or ()}
    times = [
        [f'hour(now, "{zone}")', tongue.say(N_("hour of the day, 0 to 23"))],
        [f'weekday(now, "{zone}")', tongue.say(N_("day of the week, 1 is Monday"))],
        ["days_since(lead.submitted_at)", tongue.say(N_("days since it was submitted"))],
    ]
    found = [
        (N_("Lead"), named(f"lead.{name}" for name in (*_RECORD[:2], *LEAD_FIELDS, *_RECORD[2:]))),
        (N_("Campaign"), named(f"touch.{name}" for name in _CAMPAIGN)),
        (N_("Tags of the source"), named(f"tags.{tag}" for tag in sorted({"party", *tags}) if tag.isidentifier())),
        (N_("Fields of your own"), named(f"extra.{name}" for name in own if name.isidentifier() and name.isascii())),
        (N_("Time"), times),
    ]
    return [{"words": tongue.say(words), "fields": fields} for words, fields in found if fields]


def field_for(field: str, operator: str) -> str:
    """Return the field as a rule compares it: a text is read as a number where a number is compared."""
    if operator in NUMBERS and "(" not in field and field not in ALWAYS_NUMBERS:
        return f"number({field})"
    return field


def field_of(field: str, operator: str) -> str:
    """Return the field as the form shows it."""
    inner = field.removeprefix("number(").removesuffix(")")
    return inner if operator in NUMBERS and field_for(inner, operator) == field else field


def said(words: Mapping[str, str], tongue: Tongue) -> list[tuple[str, str]]:
    """Return choices in a language."""
    return [(name, tongue.say(text)) for name, text in words.items()]


def choices(desk: Desk, tongue: Tongue) -> Choices:
    """Return every set of options that forms of this room offer."""
    none = [("", tongue.say(N_("none")))]
    teams, pools = ([(name, name) for name in desk.section(kind)] for kind in ("teams", "pools"))
    strategies = [(name, tongue.say(STRATEGIES.get(name, name))) for name in desk.hub.plan.registry.all("strategy")]
    return {
        "teams": teams,
        "pools": [*none, *pools, ("unassigned", "unassigned")],
        "calendars": [*none, *((name, name) for name in desk.section("calendars"))],
        "sinks": [(name, name) for name in desk.section("sinks")],
        "tellers": [(name, name) for name, one in desk.section("sinks").items() if _is(desk, one, Teller)],
        "sources": [(name, name) for name in desk.section("sources")],
        "strategies": strategies,
        "acts": said(ACTS, tongue),
        "without": said(WITHOUT, tongue),
        "match": said(MATCH, tongue), "orders": said(ORDERS, tongue), "letters": said(LETTERS, tongue),
        "known": said(steps.KNOWN, tongue), "tags": [(name, name) for name in get_args(Tag)],
        "buyers": [(name, name) for name, one in desk.section("sinks").items() if _is(desk, one, BuyerSink)],
        "enrichers": [(name, name) for name in desk.hub.plan.registry.all("enricher")],
        "stages": [(one.value, tongue.word(one.value)) for one in Disposition],
        "takers": [("", tongue.say(N_("nobody"))), *_takers(teams, pools, tongue)],
        "fallbacks": [
            ("", tongue.say(N_("the pool unassigned"))), *_takers(teams, pools, tongue), *_owners(desk, tongue),
        ],
    }  # fmt: skip


def _is(desk: Desk, sink: Any, kind: type[Any]) -> bool:
    """Return whether a sink of the draft is of a kind: one that tells people something, or one that bids."""
    known = desk.hub.plan.registry.sinks().get(str(sink.get("connector"))) if isinstance(sink, dict) else None
    return known is not None and issubclass(known, kind)


def _takers(
    teams: Sequence[tuple[str, str]], pools: Sequence[tuple[str, str]], tongue: Tongue
) -> list[tuple[str, str]]:
    found = [(f"team:{name}", tongue.say(N_("team %(name)s"), name=name)) for name, _ in teams]
    return found + [(f"pool:{name}", tongue.say(N_("pool %(name)s"), name=name)) for name, _ in pools]


def _owners(desk: Desk, tongue: Tongue) -> list[tuple[str, str]]:
    teams = (team for team in desk.section("teams").values() if isinstance(team, dict))
    names = {one.get("name"): 1 for team in teams for one in team.get("members") or () if isinstance(one, dict)}
    return [(f"owner:{name}", tongue.say(N_("rep %(name)s"), name=name)) for name in names if name]
