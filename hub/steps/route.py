"""route: which routes take the lead, to which sinks and which team, and why each of the others was passed over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub.lead import Problem
from hub.rules import Facts, Rule, rules_of
from hub.settings.models import FlowSettings, RouteSettings, SinkSettings, allowed_regions
from hub.step import Context, Options, Stop, Target, Work, step


class RouteOptions(Options):
    """No options: the flow's `routes` and `match` say where leads go."""


@step("route")
async def route(work: Work, ctx: Context, options: RouteOptions) -> Work | Stop:
    """Judge the flow's routes; a lead that no route takes waits for a person."""
    flow: FlowSettings = ctx.flow
    rules = rules_of(*(route.when for route in flow.routes))
    facts = rules.facts(work.lead, now=ctx.clock.now(), source=work.source, flow=work.flow)
    took: list[RouteSettings] = []
    entries = []
    for entry, rule in zip(flow.routes, rules.rules, strict=True):
        if took and flow.match == "first":
            entries.append({"route": entry.name, "verdict": "not_asked", "after": took[0].name})
            continue
        said = _judged(entry, rule, facts)
        entries.append(said)
        if said["verdict"] == "matched":
            took.append(entry)
            if outside := _outside(entry, flow, ctx.settings.sinks):
                said["refused"] = outside
    work = led(work.change(routes=tuple(entry.name for entry in took)), took, ctx)
    work = work.note("route", match=flow.match, routes=entries)
    return work if took or "no_route" in work.accept else _nowhere(work, entries)


def led(work: Work, took: Sequence[RouteSettings], ctx: Context) -> Work:
    """Return the work with the sinks, the team or pool, and the response that these routes ask for."""
    return work.change(
        targets=_targets(took, ctx.flow, ctx.settings.sinks),
        assign=next((entry.team for entry in took if entry.team), None),
        pool=next((entry.pool for entry in took if entry.pool), None),
        **_target(took, work.lead.grade),
    )


def _target(took: Iterable[RouteSettings], grade: str | None) -> dict[str, Any]:
    """Return how soon a response is owed, and in whose working time: as the first route with a target has it."""
    found = next((entry for entry in took if entry.target(grade)), None)
    return {
        "respond_within": found.target(grade) if found else None,
        "calendar": found.calendar if found else None,
    }


def _judged(route: RouteSettings, rule: Rule | None, facts: Facts) -> dict[str, Any]:
    """Return what a route's rule says of the lead, with what it looked at where that is no personal data."""
    if rule is None:
        return {"route": route.name, "verdict": "matched", "when": None}
    verdict = rule.verdict(facts)
    if verdict.value:
        return {"route": route.name, "verdict": "matched", "when": rule.source}
    outcome = "error" if verdict.error else "passed_over"
    return {"route": route.name, "verdict": outcome, "when": rule.source, **rule.why(verdict, facts)}


def _outside(
    route: RouteSettings, flow: FlowSettings, sinks: Mapping[str, SinkSettings]
) -> list[dict[str, str | None]]:
    """Return the sinks of a route that keep data where its leads may not go."""
    if not route.only_regions and not flow.only_regions:
        return []
    allowed = allowed_regions(flow, route)
    return [
        {"sink": name, "region": sinks[name].region, "only": ", ".join(sorted(allowed))}
        for name in route.to
        if sinks[name].region not in allowed
    ]


def _targets(
    took: Iterable[RouteSettings], flow: FlowSettings, sinks: Mapping[str, SinkSettings]
) -> tuple[Target, ...]:
    """Return each sink once, in the order the routes name them, with the first route that does and may."""
    first: dict[str, str] = {}
    for entry in took:
        refused = {one["sink"] for one in _outside(entry, flow, sinks)}
        for sink in entry.to:
            if sink not in refused:
                first.setdefault(sink, entry.name)
    return tuple(Target(sink, name) for sink, name in first.items())


def _nowhere(work: Work, entries: Sequence[dict[str, Any]]) -> Stop:
    broken = [entry["route"] for entry in entries if entry["verdict"] == "error"]
    said = "No route takes the lead." if entries else f'Flow "{work.flow}" has no routes.'
    if broken:
        said += f" The rule of route {', '.join(broken)} cannot be judged for it."
    said += " Add a route without `when` for the rest, then replay it."
    problem = Problem(field="", code="no_route", message=said)
    return Stop("quarantined", said, work.change(quarantine=(*work.quarantine, problem)))
