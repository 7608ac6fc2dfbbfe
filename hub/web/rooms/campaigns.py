"""Which campaign pays: what each brought and cost, under any model, and one campaign closely."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import campaigns as api
from hub.api.access import Caller, CallerDep, HubDep, needs
from hub.app import Hub
from hub.attribution.reports import RANKS as ABLE
from hub.attribution.reports import Attribution, Found, costs_alone, lines, near, ranked, total
from hub.attribution.views import compared, course, few, paths
from hub.errors import BadInput
from hub.web.entry import Page
from hub.web.kept import Answer
from hub.web.rooms.campaigns_words import dimension, divisions, model_name, models, ranks
from hub.web.site import explained, partial, show, tongue_of

router = APIRouter(prefix="/campaigns", include_in_schema=False, route_class=Page)

SPANS = ("30d", "90d", "365d")
PATHS, SHOWN, TOUCHES, NEAR = 15, 200, 25, 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page asks for."""

    span: str = "90d"
    since: str = ""
    until: str = ""
    by: str = "campaign"
    model: str = ""
    against: str = ""
    rank: str = "return"
    name: str | None = None  # the one that is looked at closely; empty: those without a name

    def query(self, **changed: Any) -> str:
        """Return the address' query, with something changed."""
        said = {**{key: getattr(self, key) for key in self.__slots__}, **changed}
        return urlencode({key: value for key, value in said.items() if value not in (None, "")})

    def moments(self) -> tuple[str | None, str | None]:
        """Return since and until as reports take them; days that people name are both in it."""
        if not self.since and not self.until:
            return self.span, None
        try:
            last = (date.fromisoformat(self.until) + timedelta(days=1)).isoformat() if self.until else None
        except ValueError as error:
            raise BadInput(f"{self.until[:40]!r} is no day. Write it as 2026-01-31.", status=422) from error
        return self.since or self.span, last


def asked(request: Request) -> Asked:
    """Return what a request asks for; what nobody knows is as if it was not said."""
    said = {key: value[:200] for key, value in request.query_params.items() if key in Asked.__slots__}
    found = Asked(**said)
    found = replace(found, by=found.by or "campaign", span=found.span if found.span in SPANS else "90d")
    return found if found.rank in ABLE else replace(found, rank="return")


@router.get("", dependencies=[needs("viewer")])
async def campaigns(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show which campaign pays."""
    want, wrong = asked(request), ""
    try:
        answer = await found_for(request, hub, want)
    except BadInput as error:
        want, wrong = Asked(), explained(request, error)
        answer = await found_for(request, hub, want)
    data = _frame(request, hub, caller, want)
    if not answer.pending:
        data |= _answer(hub, want, answer.value)
    template = "campaigns/answer.html" if partial(request) else "campaigns/page.html"
    return await show(request, template, pending=answer.pending, wrong=wrong, **data)


async def found_for(request: Request, hub: Hub, want: Asked) -> Answer:
    """Return what the ledger says under every model, kept for whoever asks next."""
    maker = Attribution(hub.db, hub.plan, hub.clock)
    since, until = want.moments()
    first = chosen(maker, want.model)
    names = list(dict.fromkeys((first, *maker.models())))
    frame = maker.frame(since, until, None, want.by, names, only=want.name)
    question = ("attribution", hub.plan.revision, since, until, want.by, want.name, first if want.name else "")
    answer: Answer = await request.app.state.kept.ask(question, lambda: maker.found(frame), heavy=True)
    return answer


def chosen(maker: Attribution, name: str) -> str:
    """Return a model that there is: the one asked for, else the one the hub shows first."""
    able = maker.models()
    return next((one for one in (name, maker.settings.model) if one in able), "linear")


def _frame(request: Request, hub: Hub, caller: Caller, want: Asked) -> dict[str, Any]:
    """Return what stands around the answer: what can be chosen, and what is."""
    maker, tongue = Attribution(hub.db, hub.plan, hub.clock), tongue_of(request)
    all_models = models(maker, tongue)
    model = chosen(maker, want.model)
    against = want.against if want.against in maker.models() and want.against != model else ""
    return {
        "asked": {key: getattr(want, key) for key in Asked.__slots__}, "model": model, "against": against,
        "models": all_models, "model_says": next(one["says"] for one in all_models if one["model"] == model),
        "model_name": model_name(model, tongue), "against_name": model_name(against, tongue) if against else "",
        "divisions": divisions(tongue, want.by), "dimension": dimension(want.by, tongue), "ranks": ranks(tongue),
        "spans": SPANS, "writes": caller.role in ("operator", "admin", "owner"),
    }  # fmt: skip


def _answer(hub: Hub, want: Asked, found: Found) -> dict[str, Any]:
    model = chosen(Attribution(hub.db, hub.plan, hub.clock), want.model)
    by = found.frame.by
    some, left = few(found)
    rows = ranked(lines(some, model), want.rank, by)
    against = want.against if want.against in found.books.credits and want.against != model else ""
    table = rows if not against else compared(rows, ranked(lines(some, against), want.rank, by), by)
    shown = [{**row, "name": name_of(row, by), "query": query_of(want, row, by)} for row in table[:SHOWN]]
    return {
        "rows": shown, "left": left + max(0, len(table) - SHOWN), "total": total(found), "best": _best(shown),
        "told": basis_of(found), "near": near(found)[:NEAR], "alone": costs_alone(found)[:NEAR],
        "loose": told_money(found.spread.loose), "moneys": moneys_of(found), "several": found.books.several,
        "nameless": next((row["touches"] for row in rows if not any(row[name] for name in by)), 0),
        "course": course(found),
    }  # fmt: skip


def name_of(row: dict[str, Any], by: tuple[str, ...]) -> str:
    """Return what a line is called; empty for what has no name."""
    return " / ".join(row[name] or "–" for name in by) if any(row[name] for name in by) else ""


def query_of(want: Asked, row: dict[str, Any], by: tuple[str, ...]) -> str:
    """Return the query of the page that looks at one line closely; empty where there is none."""
    if len(by) > 1:
        return ""
    return want.query(name=None) + "&" + urlencode({"name": row[by[0]] or ""})


def told_money(purse: dict[str, Any]) -> dict[str, float]:
    """Return amounts as plain numbers."""
    return {currency: float(amount) for currency, amount in sorted(purse.items())}


def moneys_of(found: Found) -> list[str]:
    """Return the currencies that costs and values are in."""
    purses = (*found.costs.values(), found.spread.loose, found.books.total.value)
    return sorted({currency for purse in purses for currency in purse})


def basis_of(found: Found) -> dict[str, str]:
    """Return the time basis of everything on the page."""
    first, last = found.frame.days
    return {
        "since": first.isoformat(), "until": last.isoformat(), "upto": found.frame.upto.isoformat(),
        "zone": str(found.frame.zone),
    }  # fmt: skip


def _best(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the line that pays best, where that can be said."""
    able = [row for row in rows if row["return_on_spend"] is not None and row["name"]]
    return max(able, key=lambda row: (row["return_on_spend"], row["won"])) if able else None


@router.get("/one", dependencies=[needs("viewer")])
async def one(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show one campaign closely: under every model, over time, the paths it lies on, its touches."""
    want = asked(request)
    want = replace(want, name=want.name or "", by=want.by.partition(",")[0])
    answer = await found_for(request, hub, want)
    data = _frame(request, hub, caller, want)
    if not answer.pending:
        data |= _closely(answer.value, want, data["models"])
    template = "campaigns/closely.html" if partial(request) else "campaigns/one.html"
    touches = await _touches(request, hub, want)
    return await show(request, template, pending=answer.pending, wrong="", **touches, **data)


def _closely(found: Found, want: Asked, all_models: list[dict[str, Any]]) -> dict[str, Any]:
    key = (want.name or None,)
    table = []
    for model in all_models:
        line = next((row for row in lines(found, model["model"], [key])), None)
        if line is not None:
            table.append({**model, **line})
    return {
        "table": table, "told": basis_of(found), "course": course(found),
        "paths": paths(found, PATHS), "several": found.books.several, "moneys": moneys_of(found),
    }  # fmt: skip


async def _touches(request: Request, hub: Hub, want: Asked) -> dict[str, Any]:
    """Return the touches of a campaign; other groups have no index to find them by."""
    if want.by != "campaign":
        return {"touches": None, "older": None}
    since, until = want.moments()
    said = await api.touches(hub, want.name or None, since, until, TOUCHES, request.query_params.get("after"))
    older = f"/campaigns/one?{want.query()}&{urlencode({'name': want.name or '', 'after': said['next']})}"
    return {"touches": said["items"], "older": older if said["next"] else None}
