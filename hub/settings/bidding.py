"""Checks what hub.yaml says of an auction: who bids, when in the flow, and where buyers keep data."""

from __future__ import annotations

from hub.errors import ConfigError
from hub.settings.models import FlowSettings, RouteSettings, Settings, allowed_regions
from hub.yamlfile import Where, YamlFile

STEP = "auction"
_BEFORE = ("route",)
_AFTER = ("assign", "deliver")


def check_auction(flow: FlowSettings, route: RouteSettings, settings: Settings, file: YamlFile, at: Where) -> None:
    """Refuse an auction whose buyers keep data elsewhere, and one that no step holds; its buyers are known."""
    if route.auction is None:
        return
    where: Where = (*at, "auction", "buyers")
    allowed = allowed_regions(flow, route)
    for buyer in route.auction.buyers:
        if allowed and settings.sinks[buyer].region not in allowed:
            said = (
                f'Route "{route.name}" keeps leads in {", ".join(sorted(allowed))}, and buyer "{buyer}" is not there.'
            )
            raise ConfigError(
                f"{said} Give the sink its region, or take it out.", file=file.name, line=file.line(where), key=buyer,
                at=where,
            )  # fmt: skip
    steps = [step.name for step in flow.steps]
    place = steps.index(STEP) if STEP in steps else -1
    late = [name for name in _BEFORE if name in steps and steps.index(name) > place]
    early = [name for name in _AFTER if name in steps and steps.index(name) < place]
    if place < 0 or late or early:
        said = f'Route "{route.name}" has an auction, and the steps of flow "{flow.name}" do not hold it.'
        raise ConfigError(
            f'{said} Put the step "auction" right behind "route".', file=file.name, line=file.line(at), key=route.name,
            at=at,
        )  # fmt: skip
