"""Makes the report on attribution: what each campaign brought and cost, under any model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

from hub.attribution import models as shipped
from hub.attribution.frame import BASIS, Frame, Key, divided, span_of
from hub.attribution.ledger import Books, Fold, Tally
from hub.attribution.models import Model, Shares, by_place, checked, time_decay
from hub.attribution.money import Money, Purse, each, exact, returned, summed, told
from hub.attribution.names import alike, unlike
from hub.attribution.spread import Spread, spread
from hub.clock import Clock
from hub.errors import BadInput, suggest
from hub.plan import Plan
from hub.settings.campaigns import CampaignSettings
from hub.store import attribution as store
from hub.store import costs as cost_store
from hub.store.database import Database

Line = dict[str, Any]

SAYS = "What each campaign brought and cost."

RANKS: Mapping[str, tuple[str, bool]] = {
    "return": ("return_on_spend", True), "value": ("value", True), "won": ("won", True),
    "qualified": ("qualified", True), "leads": ("leads", True), "cost": ("cost", True),
    "cost_per_lead": ("cost_per_lead", False), "cost_per_qualified": ("cost_per_qualified", False),
    "cost_per_won": ("cost_per_won", False), "returned_share": ("returned_share", False),
}  # fmt: skip
"""What lines can be ranked by: the figure, and whether the largest is first."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a pass found, with the costs of files."""

    frame: Frame
    books: Books
    spread: Spread
    costs: Mapping[Key, Purse] = field(default_factory=dict)  # of both, by group


class Attribution:
    """Makes reports of a database."""

    def __init__(self, db: Database, plan: Plan, clock: Clock) -> None:
        self.db, self.plan, self.clock = db, plan, clock
        self.settings: CampaignSettings = plan.settings.campaigns

    def models(self) -> dict[str, Model]:
        """Return every model by name: leadhub's, those of hub.yaml, those of plugins."""
        found: dict[str, Model] = {
            **shipped.SHIPPED,
            "time_decay": partial(time_decay, half_life=self.settings.half_life),
        }
        for name, said in self.settings.models.items():
            parts = {
                place: exact(getattr(said, place)) for place in ("first", "created", "qualified", "last", "others")
            }
            found[name] = partial(by_place, shares=Shares(**parts))
        plugged = self.plan.registry.all("attribution_model")
        return found | {name: checked(name, socket.run) for name, socket in plugged.items()}

    def says(self, name: str) -> str:
        """Return a plain sentence on a model."""
        if name in shipped.SAYS and name not in self.settings.models:
            return shipped.SAYS[name]
        plugged = self.plan.registry.all("attribution_model")
        if name in plugged:
            return str(plugged[name].doc)
        said = self.settings.models[name]
        parts = ((place, getattr(said, place)) for place in ("first", "created", "qualified", "last", "others"))
        return "Shares of your own: " + ", ".join(f"{place} {share:g}" for place, share in parts if share) + "."

    def frame(
        self, since: str | None = None, until: str | None = None, outcomes: str | None = None, by: str | None = None,
        models: Sequence[str] = (), only: str | None = None,
    ) -> Frame:  # fmt: skip
        """Return what is asked for; raises BadInput for what no report can be made of."""
        zone, now = self.plan.settings.hub.zone, self.clock.now()
        start, end, upto = span_of(since, until, outcomes, now, zone)
        able = self.models()
        wanted = tuple(dict.fromkeys(models or (self.settings.model,)))
        for name in wanted:
            if name not in able:
                raise BadInput(f"There is no model {name[:64]!r}. {suggest(name, able)}", status=422)
        rates = {currency: exact(rate) for currency, rate in self.settings.rates.items()}
        prices = {name: one.cost for name, one in self.plan.settings.sources.items() if one.cost is not None}
        return Frame(
            start, end, upto, now, zone, divided(by), {name: able[name] for name in wanted},
            Money(self.settings.currency or "", rates), prices, None if only is None else (only or None,),
        )  # fmt: skip

    async def found(self, frame: Frame) -> Found:
        """Return what the ledger says; one pass over the touches, whatever the number of models."""
        books = await self.db.read(
            store.over_ways, (frame.since, frame.until), frame.upto, Fold(frame), whole=frame.whole
        )
        parts = spread(await self.db.read(cost_store.spent, *frame.days), frame)
        keys = dict.fromkeys((*books.costs, *parts.costs))
        return Found(frame, books, parts, {
            key: summed(purses[key] for purses in (books.costs, parts.costs) if key in purses) for key in keys
        })  # fmt: skip

    async def make(self, frame: Frame, rank: str = "return") -> dict[str, Any]:
        """Return a report: the lines of its first model, with those of the second beside them, if there is one."""
        return report(await self.found(frame), rank, self.says)


def report(found: Found, rank: str, says: Callable[[str], str]) -> dict[str, Any]:
    """Return what was found as plain data."""
    if rank not in RANKS:
        raise BadInput(f"Lines cannot be ranked by {rank[:64]!r}. They can by {', '.join(RANKS)}.", status=422)
    frame = found.frame
    names = tuple(frame.models)
    rows = ranked(lines(found, names[0]), rank, frame.by)
    if len(names) > 1:
        others = {_key(line, frame.by): line for line in lines(found, names[1])}
        rows = [
            {**row, **{f"{name}_{names[1]}": value for name, value in _against(others, row, frame.by)}} for row in rows
        ]
    return {
        "report": "attribution", "says": SAYS, "since": _shown(frame.since, frame), "until": _shown(frame.until, frame),
        "outcomes": _shown(frame.upto, frame), "time_zone": str(frame.zone), "basis": basis(frame),
        "made_at": _shown(frame.now, frame), "by": list(frame.by), "model": names[0], "model_says": says(names[0]),
        "against": names[1] if len(names) > 1 else None, "rank": rank, "notes": notes(found), "total": total(found),
        "rows": rows,
    }  # fmt: skip


def _against(others: Mapping[Key, Line], row: Line, by: Sequence[str]) -> Iterable[tuple[str, Any]]:
    other = others.get(_key(row, by), {})
    return ((name, other.get(name)) for name in ("leads", "qualified", "won", "value", "return_on_spend"))


def basis(frame: Frame) -> str:
    """Return the sentence that every table and chart states."""
    return BASIS.format(zone=frame.zone, upto=_shown(frame.upto, frame))


def lines(found: Found, model: str, only: Sequence[Key] | None = None) -> list[Line]:
    """Return one line for each group (or only those) that was credited with something, or cost something."""
    tallies, frame = found.books.credits[model], found.frame
    keys = dict.fromkeys((*tallies, *found.costs, *found.books.touches) if only is None else only)
    return [
        {
            **dict(zip(frame.by, key, strict=True)), "touches": found.books.touches.get(key, 0),
            **_figures(tallies.get(key) or Tally(), found.costs.get(key)),
        }
        for key in keys
    ]  # fmt: skip


def total(found: Found) -> Line:
    """Return the line of all together; its costs hold those that name no group, too."""
    purses = [*found.costs.values(), *([found.spread.loose] if found.spread.loose else [])]
    return {
        "touches": sum(found.books.touches.values()),
        **_figures(found.books.total, summed(purses) if purses else None),
    }


def _figures(tally: Tally, cost: Purse | None) -> Line:
    every = tally.leads + tally.netted
    return {
        "cost": told(cost), "leads": _number(tally.leads), "qualified": _number(tally.qualified),
        "won": _number(tally.won), "value": told(tally.value), "cost_per_lead": each(cost, Fraction(tally.leads)),
        "cost_per_qualified": each(cost, Fraction(tally.qualified)), "cost_per_won": each(cost, Fraction(tally.won)),
        "return_on_spend": None if tally.won and not tally.value else returned(tally.value, cost),
        "returned": _number(tally.returned),
        "invalid": _number(tally.invalid), "duplicate": _number(tally.duplicate),
        "returned_share": round(float(tally.netted / Fraction(every)), 4) if every else None,
    }  # fmt: skip


def _number(value: Fraction | int) -> float | int:
    exactly = Fraction(value)
    return int(exactly) if exactly.denominator == 1 else round(float(exactly), 4)


def ranked(rows: list[Line], rank: str, by: Sequence[str]) -> list[Line]:
    """Return lines in the order of a figure; what is unknown, or in another money than most, is last."""
    name, largest = RANKS[rank]
    main = _main_money(rows, name)

    def place(row: Line) -> tuple[Any, ...]:
        figure = _comparable(row[name], main)
        unknown = figure is None or (rank == "return" and not row["leads"])
        worth = _comparable(row["value"], _main_money(rows, "value")) or 0.0
        tail = (-worth, -row["won"], -row["leads"], *(part or "\uffff" for part in _key(row, by)))
        return (unknown, 0.0 if figure is None else -figure if largest else figure, *tail)

    return sorted(rows, key=place)


def _comparable(value: Any, main: str | None) -> float | None:
    if not isinstance(value, Mapping):
        return None if value is None else float(value)
    if not value:
        return 0.0
    return float(value[main]) if main in value and len(value) == 1 else None


def _main_money(rows: Iterable[Line], name: str) -> str | None:
    counts: dict[str, int] = {}
    for row in rows:
        for currency in row[name] if isinstance(row[name], Mapping) else ():
            counts[currency] = counts.get(currency, 0) + 1
    return max(counts, key=lambda currency: (counts[currency], currency)) if counts else None


def notes(found: Found) -> list[str]:
    """Return what a reader must know: loose costs, several currencies, names that are probably one."""
    said, frame = [], found.frame
    if found.spread.loose:
        amounts = ", ".join(
            f"{amount:,.2f} {money}".strip() for money, amount in (told(found.spread.loose) or {}).items()
        )
        said.append(f"Costs of {amounts} name no {frame.by[0]}: they are in the total only.")
    moneys = {money for purse in found.costs.values() for money in purse}
    moneys |= {money for tally in (found.books.total,) for money in tally.value}
    if len(moneys) > 1:
        named = ", ".join(sorted(money or "(none named)" for money in moneys))
        said.append(
            f"Amounts are in {named}: they are not added up. `campaigns: rates` in hub.yaml brings them to one."
        )
    return [*said, *(f"Probably one: {', '.join(map(repr, names))}." for names in near(found)[:20])]


def near(found: Found) -> list[list[str]]:
    """Return names of groups, also of costs, that are probably one."""
    if len(found.frame.by) > 1:
        return []
    counts = {key[0]: number for key, number in found.books.touches.items() if key[0]}
    return alike({**{key[0]: 0 for key in found.costs if key[0]}, **counts})


def costs_alone(found: Found) -> list[str]:
    """Return the names that cost something and brought no lead in the span."""
    return unlike((key[0] or "" for key in found.spread.costs), (key[0] or "" for key in found.books.touches))


def _key(line: Line, by: Sequence[str]) -> Key:
    return tuple(line[name] for name in by)


def _shown(at: Any, frame: Frame) -> str:
    return str(at.astimezone(frame.zone).isoformat(timespec="seconds"))
