"""What hub.yaml may say of an auction, and what it is refused for."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.settings.files import parse_settings
from hub.settings.models import DEFAULT_STEPS
from hub.yamlfile import load
from tests.auction.market import Market, config
from tests.conftest import MakeHub

STEPS = "    steps: [map, normalize, validate, dedupe, score, route, STEPS, deliver]\n    routes:"


def parsed(text: str, folder: Path):
    (folder / "hub.yaml").write_text(text, "utf-8")
    return parse_settings(load(folder / "hub.yaml"))[0]


def test_a_flow_that_sells_holds_auctions_right_behind_its_routes(tmp_path: Path):
    names = [step.name for step in parsed(config(), tmp_path).flows[0].steps]
    assert names[names.index("route") + 1] == "auction"
    assert [name for name in names if name != "auction"] == list(DEFAULT_STEPS)


def test_a_flow_that_sells_nothing_does_not(tmp_path: Path):
    text = config().replace("auction: {buyers", "only_regions: [] #")
    assert [step.name for step in parsed(text, tmp_path).flows[0].steps] == list(DEFAULT_STEPS)


def test_named_steps_stay_as_they_are(tmp_path: Path):
    text = config().replace("    routes:", STEPS.replace("STEPS", "auction, assign"))
    assert [step.name for step in parsed(text, tmp_path).flows[0].steps][-3:] == ["auction", "assign", "deliver"]


@pytest.mark.parametrize("steps", ["assign", "assign, auction"])
def test_named_steps_must_hold_the_auction_in_time(steps: str, tmp_path: Path):
    text = config().replace("    routes:", STEPS.replace("STEPS", steps))
    with pytest.raises(ConfigError, match='Put the step "auction" right behind "route"'):
        parsed(text, tmp_path)


def test_a_buyer_must_be_known(tmp_path: Path):
    with pytest.raises(ConfigError, match=r'Route "sell": sink "sollar" is not known\. Did you mean "solar"'):
        parsed(config().replace("buyers: [solar", "buyers: [sollar"), tmp_path)


def test_a_buyer_keeps_data_where_the_leads_may_go(tmp_path: Path):
    text = (
        config()
        .replace("assign: {team: north}", "only_regions: [US]")
        .replace("updating_sink", "updating_sink, region: US")
    )
    with pytest.raises(ConfigError, match='keeps leads in US, and buyer "solar" is not there'):
        parsed(text, tmp_path)


async def test_a_buyer_must_be_able_to_bid(make_hub: MakeHub):
    with pytest.raises(ConfigError, match=r'sink "crm" cannot bid; a sink like ping_post does\. Here: solar'):
        await make_hub(config().replace("buyers: [solar", "buyers: [crm, solar"), transport=Market())


@pytest.mark.parametrize("wrong", ["within: 0s", "floor: -1", "currency: euro", "order: random", "buyers: []"])
def test_terms_that_make_no_sense_are_refused(wrong: str, tmp_path: Path):
    name = wrong.partition(":")[0]
    text = config("order: price")
    known = {
        "within": "within: 30s",
        "floor": "floor: 5",
        "order": "order: price",
        "buyers": "buyers: [solar, roofs, heat]",
    }
    text = text.replace(known.get(name, "floor: 5"), wrong)
    with pytest.raises(ConfigError):
        parsed(text, tmp_path)
