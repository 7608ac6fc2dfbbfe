"""Leads stay in the regions they may be in: a sink elsewhere is refused, and a rule that cannot hold is found early."""

from __future__ import annotations

import json

import pytest

from hub import explain
from hub.errors import ConfigError
from tests.conftest import MakeHub, settled
from tests.core.inputs import person
from tests.core.looking import rows
from tests.privacy.people import send

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks:
  here: {connector: memory_sink, region: CN}
  there: {connector: memory_sink, region: US}
flows:
  - {name: inbound, from: [website], FLOW routes: [{name: all, ROUTE to: [here, there]}]}
"""


def config(flow: str = "", route: str = "") -> str:
    """Return a configuration with these limits."""
    return CONFIG.replace("FLOW", flow).replace("ROUTE", route)


@pytest.mark.parametrize(
    ("flow", "route"),
    [("only_regions: [CN],", ""), ("", "only_regions: [CN],"), ("only_regions: [CN, US],", "only_regions: [CN, DE],")],
)
async def test_a_sink_elsewhere_is_refused_with_the_reason(make_hub: MakeHub, clock, flow, route):
    hub = await make_hub(config(flow, route))
    first = await send(hub, json.loads(person(1)), clock)
    await settled(hub)
    assert [row["sink"] for row in await rows(hub, "delivery", lead=first["lead"])] == ["here"]
    assert hub.plan.sinks["there"].sent == []
    (decision,) = await rows(hub, "decision", lead=first["lead"])
    body = json.loads(decision["body"])
    assert "  not to there: it keeps data in US, and only CN is allowed" in explain.trail(body, "en")
    assert "  不送往 there：其数据存于 US，只允许 CN" in explain.trail(body, "zh")


async def test_without_a_limit_a_lead_goes_everywhere(make_hub: MakeHub, clock):
    hub = await make_hub(config())
    await send(hub, json.loads(person(1)), clock)
    await settled(hub)
    assert len(hub.plan.sinks["there"].sent) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (config(route="only_regions: [china],"), "two capital letters"),
        (config(route="only_regions: [DE],"), "all its sinks are elsewhere"),
        (config("only_regions: [CN],", "only_regions: [US],"), "all its sinks are elsewhere"),
        (config(route="only_regions: [CN],").replace(", region: US", ""), 'sink "there" names no region'),
        (config().replace("region: US", "region: Europe"), "two capital letters"),
    ],
)
async def test_nonsense_is_found_when_the_configuration_is_read(make_hub: MakeHub, text, said):
    with pytest.raises(ConfigError, match=said):
        await make_hub(text)
