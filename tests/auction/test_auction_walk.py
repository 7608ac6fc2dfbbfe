"""A lead is sold: the best bid gets it, the next one only when the post before ended for sure, and never two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.app import Hub
from hub.explain import sentence, trail
from hub.store import deliveries as store
from hub.testing.fakes import HandClock
from tests.auction.market import REFUSED, TAKEN, Market, config, person, refuses
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows, rows


async def selling(make_hub: MakeHub, market: Market, text: str | None = None, **more: Any) -> Hub:
    return await make_hub(text or config(), transport=market, **more)


async def sell(hub: Hub, number: int = 1, **more: Any) -> str:
    said = (await post(hub, person(number, **more))).json()
    await settled(hub)
    lead: str = said["lead"]
    return lead


async def deliveries(hub: Hub) -> list[tuple[str, str]]:
    return [(row["sink"], row["state"]) for row in await all_rows(hub, "delivery")]


async def bids(hub: Hub) -> dict[str, str]:
    return {row["buyer"]: row["state"] for row in await all_rows(hub, "bid")}


async def decision(hub: Hub) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((await all_rows(hub, "decision"))[-1]["body"])
    found["deliveries"] = await all_rows(hub, "delivery")
    return found


async def note(hub: Hub) -> dict[str, Any]:
    return next(step for step in (await decision(hub))["steps"] if step["step"] == "auction")


async def test_the_highest_bid_gets_the_lead_and_nobody_else(make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5, heat=6)
    hub = await selling(make_hub, market)
    await sell(hub)
    assert (await deliveries(hub), market.posted) == ([("roofs", "sent")], ["roofs"])
    assert hub.plan.sinks["crm"].sent == []
    ping, sent = market["roofs"].pings[0], market["roofs"].posts[0]
    assert (sent["ping_id"], sent["ping_token"]) == ("roofs-1", ping["ping_token"])
    assert sent["email"] == "ann1@example.com"
    (row,) = await all_rows(hub, "auction")
    assert (row["state"], row["winner"], row["price"], row["currency"]) == ("sold", "roofs", 14.5, "USD")
    assert await bids(hub) == {"roofs": "sold", "solar": "lost", "heat": "lost"}
    assert (await all_rows(hub, "lead"))[0]["owner"] is None


async def test_a_ping_says_where_and_what_and_not_who(make_hub: MakeHub):
    market = Market(solar=10)
    await sell(await selling(make_hub, market))
    (ping,) = market["solar"].pings
    assert ping.pop("ping_token")
    assert ping == {
        "country": "US", "region": "California", "city": "San Francisco", "postcode": "941",
        "interest": "Solar panels", "grade": ping["grade"], "score": ping["score"], "source": "open_source",
    }  # fmt: skip


async def test_each_token_is_ours_and_says_auction_and_buyer(make_hub: MakeHub):
    market = Market(solar=10, roofs=9)
    hub = await selling(make_hub, market)
    await sell(hub)
    asker: Any = hub.pipeline.auctions
    said = [asker.read(market[name].pings[0]["ping_token"]) for name in ("solar", "roofs")]
    (row,) = await all_rows(hub, "auction")
    assert [(one.auction, one.buyer) for one in said] == [(row["id"], "solar"), (row["id"], "roofs")]
    assert asker.read("not-ours") is None


async def test_when_the_winner_refuses_the_next_gets_it(make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5, heat=6)
    market["roofs"].answer = refuses()
    hub = await selling(make_hub, market)
    await sell(hub)
    assert await deliveries(hub) == [("roofs", "rejected"), ("solar", "sent")]
    assert market.posted == ["solar", "roofs"]
    assert market["solar"].posts[0]["ping_token"] == market["solar"].pings[0]["ping_token"]
    assert await bids(hub) == {"roofs": "rejected", "solar": "sold", "heat": "lost"}
    (event,) = await rows(hub, "event", kind="auction.passed_on")
    assert (event["sink"], event["data"]["from"], event["data"]["why"]) == ("solar", "roofs", "rejected")


async def test_the_next_is_owed_in_the_transaction_of_the_refusal_or_not_at_all(make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5)
    market["roofs"].holds_post = True
    hub = await selling(make_hub, market)
    await post(hub, person())
    await market.held.wait()
    (row,) = await all_rows(hub, "delivery")
    said = store.Result(row["id"], row["attempts"], row["fence"], "rejected", "rejected", hub.clock.now())

    def killed(*, session: Any) -> None:
        store.settle([said], hub.holder, session=session)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await hub.db.write(killed)
    assert (await deliveries(hub), await bids(hub)) == ([("roofs", "sending")], {"roofs": "owed", "solar": "waiting"})
    await hub.db.write(store.settle, [said], hub.holder)
    await hub.db.write(store.settle, [said], hub.holder)
    assert await deliveries(hub) == [("roofs", "rejected"), ("solar", "ready")]
    market.never.set()


async def test_when_all_refuse_the_sinks_of_the_route_get_it(make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5)
    market["roofs"].answer = market["solar"].answer = refuses()
    hub = await selling(make_hub, market)
    await sell(hub)
    assert sorted(await deliveries(hub)) == [("crm", "sent"), ("roofs", "rejected"), ("solar", "rejected")]
    assert (await all_rows(hub, "auction"))[0]["state"] == "unsold"
    assert len(await rows(hub, "event", kind="auction.unsold")) == 1
    (care,) = await all_rows(hub, "care")
    assert (care["owner"], care["pool"]) == (None, "unassigned")


async def test_where_nobody_bids_enough_sinks_and_team_of_the_route_get_it(make_hub: MakeHub):
    market = Market(solar=4.99, heat=None)
    market["roofs"].bid = {"price": 50, "currency": "EUR"}
    hub = await selling(make_hub, market, config(more="currency_path: currency"))
    await sell(hub)
    assert (await deliveries(hub), market.posted) == ([("crm", "sent")], [])
    assert (await all_rows(hub, "lead"))[0]["owner"] == "li"
    assert await all_rows(hub, "auction") == []
    said = {bid["buyer"]: bid["why"] for bid in (await note(hub))["auctions"][0]["bids"]}
    assert said == {"solar": "floor", "roofs": "currency", "heat": "refused"}


async def test_a_waterfall_goes_by_the_order_of_the_list(make_hub: MakeHub):
    market = Market(roofs=7, heat=99)
    market["roofs"].answer = refuses()
    hub = await selling(make_hub, market, config("order: waterfall"))
    await sell(hub)
    assert sorted(await deliveries(hub)) == [("heat", "sent"), ("roofs", "rejected")]


async def test_whoever_hangs_is_late_and_the_others_are_not_kept_waiting(make_hub: MakeHub):
    market = Market(solar=10, roofs=99)
    market["roofs"].holds_ping = True
    hub = await selling(make_hub, market, config("order: price").replace("within: 30s", "within: 1s"))
    await sell(hub)
    assert market.posted == ["solar"]
    late = next(bid for bid in (await note(hub))["auctions"][0]["bids"] if bid["buyer"] == "roofs")
    assert (late["why"], late["ms"]) == ("late", 1000)


@pytest.mark.parametrize(
    "broken", [{"price": "a lot"}, {"price": -3}, {"price": True}, {"price": [1]}, ["no", "object"]]
)
async def test_an_odd_bid_is_none(broken: Any, make_hub: MakeHub):
    market = Market(solar=10)
    market["roofs"].bid = broken
    hub = await selling(make_hub, market)
    await sell(hub)
    assert market.posted == ["solar"]


async def test_a_post_that_may_have_arrived_is_held_and_nobody_else_is_posted(make_hub: MakeHub, clock: HandClock):
    market = Market(solar=10, roofs=14.5)
    market["roofs"].answer = lambda: httpx.Response(500)
    hub = await selling(make_hub, market)
    await sell(hub)
    clock.turn(86_400)
    await hub.dispatcher.lapse()
    await settled(hub)
    assert (await deliveries(hub), market.posted) == ([("roofs", "unclear")], ["roofs"])
    (row,) = await all_rows(hub, "delivery")
    await hub.db.write(store.decide, row["id"], True, clock.now())
    assert (await deliveries(hub), await bids(hub)) == ([("roofs", "sent")], {"roofs": "sold", "solar": "lost"})
    assert (await all_rows(hub, "auction"))[0]["state"] == "sold"


async def test_a_person_who_sees_that_it_did_not_arrive_lets_it_go_on(make_hub: MakeHub, clock: HandClock):
    market = Market(solar=10, roofs=14.5)
    market["solar"].lasts = 900
    market["roofs"].answer = lambda: httpx.Response(500)
    hub = await selling(make_hub, market)
    await sell(hub)
    clock.turn(300)  # the bid of roofs has expired, that of solar has not
    (row,) = await all_rows(hub, "delivery")
    await hub.db.write(store.decide, row["id"], False, clock.now())
    await settled(hub)
    assert market.posted == ["solar", "roofs"]
    assert await bids(hub) == {"roofs": "expired", "solar": "sold"}


async def test_a_refusal_after_doubt_is_doubt(make_hub: MakeHub, clock: HandClock):
    market = Market(solar=10, roofs=14.5)
    answers = [httpx.Response(500), httpx.Response(200, json=REFUSED)]
    market["roofs"].answer = lambda: answers.pop(0)
    hub = await selling(make_hub, market, config(more="repeatable: true"))
    await sell(hub)
    clock.turn(60)
    await settled(hub)
    assert (await deliveries(hub), market.posted) == ([("roofs", "unclear")], ["roofs", "roofs"])
    assert len(set(market["roofs"].keys)) == 1


async def test_giving_up_after_doubt_is_doubt(make_hub: MakeHub, clock: HandClock):
    market = Market(solar=10, roofs=14.5)
    answers = [httpx.Response(500), httpx.Response(503)]
    market["roofs"].answer = lambda: answers.pop(0)
    hub = await selling(make_hub, market, config(more="repeatable: true, retry: [5s]"))
    await sell(hub)
    clock.turn(61)
    await settled(hub)
    assert (await deliveries(hub), market.posted) == ([("roofs", "unclear")], ["roofs", "roofs"])


async def test_when_the_winner_stays_unavailable_the_next_gets_it(make_hub: MakeHub, clock: HandClock):
    market = Market(solar=10, roofs=14.5)
    market["roofs"].answer = lambda: httpx.Response(503)
    market["roofs"].lasts, market["solar"].lasts = 30, 300
    hub = await selling(make_hub, market)
    await sell(hub)
    assert await deliveries(hub) == [("roofs", "ready")]
    clock.turn(31)
    assert await hub.dispatcher.lapse() == 1
    assert await hub.dispatcher.lapse() == 0
    await settled(hub)
    assert sorted(await deliveries(hub)) == [("roofs", "superseded"), ("solar", "sent")]
    assert market.posted == ["solar", "roofs"]


async def test_an_expired_bid_is_not_posted_even_when_its_turn_comes(make_hub: MakeHub, clock: HandClock):
    market = Market(solar=10, roofs=14.5)
    market["roofs"].answer = lambda: httpx.Response(503)
    market["roofs"].lasts, market["solar"].lasts = 30, 300
    hub = await selling(make_hub, market)
    await sell(hub)
    clock.turn(31)
    await settled(hub)  # the sweep is quicker than the look at expired bids
    assert market.posted == ["solar", "roofs"]
    assert await bids(hub) == {"roofs": "expired", "solar": "sold"}


async def test_bids_that_expired_meanwhile_are_passed_over(make_hub: MakeHub, clock: HandClock):
    market = Market(solar=10, roofs=14.5)
    market["roofs"].answer = lambda: httpx.Response(503)
    hub = await selling(make_hub, market)
    await sell(hub)
    clock.turn(121)
    await hub.dispatcher.lapse()
    await settled(hub)
    assert await bids(hub) == {"roofs": "expired", "solar": "expired"}
    assert sorted(await deliveries(hub)) == [("crm", "sent"), ("roofs", "superseded")]


async def test_a_buyer_may_ask_that_nobody_else_gets_what_it_refused(make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5)
    market["roofs"].answer = refuses()
    hub = await selling(make_hub, market, config(more="stop_after: [rejected]"))
    await sell(hub)
    assert (await deliveries(hub), market.posted) == ([("roofs", "rejected")], ["roofs"])
    assert (await all_rows(hub, "auction"))[0]["state"] == "stopped"


async def test_a_person_cannot_send_again_what_the_next_buyer_was_asked(make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5)
    market["roofs"].answer = refuses()
    hub = await selling(make_hub, market)
    await sell(hub)
    ids = [row["id"] for row in await rows(hub, "delivery", sink="roofs")]
    assert await hub.db.write(store.retry, ids, hub.clock.now()) == 0
    await settled(hub)
    assert market.posted == ["solar", "roofs"]


async def test_a_hub_that_dies_while_posting_leaves_it_to_a_person(make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5)
    market["roofs"].holds_post = True
    hub = await selling(make_hub, market)
    await post(hub, person())
    await market.held.wait()
    await make_hub.crash(hub)
    market["roofs"].holds_post = False
    again = await selling(make_hub, market)
    await again.dispatcher.rescue(everything=True)
    await settled(again)
    assert (await deliveries(again), market.posted) == ([("roofs", "unclear")], ["roofs"])


async def test_a_hub_that_dies_before_posting_posts_once_to_the_same_winner(make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5)
    hub = await selling(make_hub, market, roles=frozenset({"intake"}))
    await post(hub, person())
    await make_hub.crash(hub)
    market["solar"].price = 99  # asked again it would win
    again = await selling(make_hub, market)
    await settled(again)
    assert (await deliveries(again), market.posted) == ([("roofs", "sent")], ["roofs"])
    assert len(market["roofs"].pings) == 1


async def test_a_hub_that_dies_between_two_buyers_goes_on_with_the_second(make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5)
    market["roofs"].answer = refuses()
    market["solar"].answer = lambda: httpx.Response(503)
    hub = await selling(make_hub, market)
    await sell(hub)
    await make_hub.crash(hub)
    market["solar"].answer = lambda: httpx.Response(200, json={"accepted": True})
    again = await selling(make_hub, market)
    again.clock.turn(10)
    await settled(again)
    assert sorted(await deliveries(again)) == [("roofs", "rejected"), ("solar", "sent")]
    assert market.posted == ["solar", "solar", "roofs"]


async def test_a_test_lead_is_not_offered(make_hub: MakeHub):
    market = Market(solar=10)
    hub = await selling(make_hub, market)
    await sell(hub, test=True)
    assert (market["solar"].pings, await deliveries(hub)) == ([], [("crm", "sent")])
    assert (await note(hub))["reason"] == "test"


async def test_a_known_person_is_not_sold_twice(make_hub: MakeHub, clock: HandClock):
    market = Market(solar=10)
    hub = await selling(make_hub, market)
    first = await sell(hub)
    again = await sell(hub, 1, id="other", interest="Heat pumps")
    assert (again, market.posted) == (first, ["solar"])
    assert len(market["solar"].pings) == 1
    assert await deliveries(hub) == [("solar", "sent")]
    assert (await note(hub))["reason"] == "sold"


async def test_a_person_who_is_being_sold_waits_for_that(make_hub: MakeHub):
    market = Market(solar=10)
    market["solar"].answer = lambda: httpx.Response(503)
    hub = await selling(make_hub, market)
    await sell(hub)
    await sell(hub, 1, id="other")
    assert len(market["solar"].pings) == 1
    assert (await note(hub))["reason"] == "open"


async def test_new_interest_is_sold_anew(make_hub: MakeHub, clock: HandClock):
    market = Market(solar=10, roofs=9)
    text = config().replace("connector: open_source", "connector: open_source, dedupe: {policy: merge, within: 30d}")
    hub = await selling(make_hub, market, text)
    await sell(hub)
    clock.turn(31 * 86_400)
    market["solar"].price = None
    await sell(hub, 1, id="other")
    assert market.posted == ["solar", "roofs"]
    assert [row["state"] for row in await all_rows(hub, "auction")] == ["sold", "sold"]


async def test_a_replay_sells_nothing_again(make_hub: MakeHub):
    market = Market(solar=10)
    hub = await selling(make_hub, market)
    await sell(hub)
    (row,) = await all_rows(hub, "submission")
    await hub.replays.replay(row["id"])
    await settled(hub)
    assert (market.posted, await deliveries(hub)) == (["solar"], [("solar", "sent")])


async def test_two_posts_of_one_person_at_once_are_sold_once(make_hub: MakeHub):
    market = Market(solar=10, roofs=10)
    hub = await selling(make_hub, market)
    bodies = f"[{person(1)},{person(1, id='2')},{person(1, id='3')}]"
    await post(hub, bodies)
    await settled(hub)
    assert len(market.posted) == 1
    assert [row["state"] for row in await all_rows(hub, "auction")] == ["sold"]
    assert hub.plan.sinks["crm"].sent == []


async def test_equal_bids_take_turns_by_who_won_longest_ago(make_hub: MakeHub, clock: HandClock):
    market = Market(solar=10, roofs=10, heat=10)
    hub = await selling(make_hub, market)
    winners = []
    for number in range(6):
        await sell(hub, number)
        clock.turn(1)
        winners.append((await all_rows(hub, "auction"))[-1]["winner"])
    assert winners == ["solar", "roofs", "heat"] * 2


async def test_equal_bids_take_turns_within_one_batch_too(make_hub: MakeHub):
    market = Market(solar=10, roofs=10, heat=10)
    hub = await selling(make_hub, market)
    await post(hub, f"[{','.join(person(number) for number in range(9))}]")
    await settled(hub)
    assert sorted(market.posted) == ["heat"] * 3 + ["roofs"] * 3 + ["solar"] * 3


async def test_a_paused_or_switched_off_buyer_is_not_asked(make_hub: MakeHub):
    market = Market(solar=99, roofs=50, heat=10)
    text = config().replace('url: "https://roofs.example/post"', 'url: "https://roofs.example/post", enabled: false')
    hub = await selling(make_hub, market, text)
    await hub.dispatcher.pause("solar", "look at it")
    await sell(hub)
    assert market.posted == ["heat"]
    assert (market["solar"].pings, market["roofs"].pings) == ([], [])
    said = {bid["buyer"]: bid.get("why") for bid in (await note(hub))["auctions"][0]["bids"]}
    assert said == {"heat": None, "solar": "paused", "roofs": "off"}


async def test_the_other_routes_of_a_lead_go_on(make_hub: MakeHub):
    market = Market(solar=10)
    text = config().replace("    routes:", "    match: all\n    routes:\n      - {name: copy, to: [heat, crm]}")
    hub = await selling(make_hub, market, text)
    await sell(hub)
    assert sorted(await deliveries(hub)) == [("crm", "sent"), ("heat", "sent"), ("solar", "sent")]
    assert market["heat"].pings == []


async def test_a_buyer_without_the_consent_it_needs_is_not_asked(make_hub: MakeHub):
    market = Market(solar=99, roofs=10)
    text = config().replace(
        'url: "https://solar.example/post"', 'url: "https://solar.example/post", requires_consent: true'
    )
    hub = await selling(make_hub, market, text)
    await sell(hub)
    assert (market["solar"].pings, market.posted) == ([], ["roofs"])


async def test_the_trail_tells_all_of_it_in_both_languages(make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5, heat=3)
    market["roofs"].answer = refuses()
    hub = await selling(make_hub, market)
    await sell(hub)
    said = await decision(hub)
    for bid in next(step for step in said["steps"] if step["step"] == "auction")["auctions"][0]["bids"]:
        bid["ms"] = 38
    english, chinese = trail(said), trail(said, "zh")
    at = english.index("Auction: route sell: sold to roofs for 14.50 USD")
    assert english[at + 1 : at + 4] == [
        "  roofs: bid 14.50 USD, after 38 ms, gets the lead",
        "  solar: bid 10.00 USD, after 38 ms, is number 2 in line",
        "  heat: bid 3.00 USD, after 38 ms, below the floor of 5.00 USD",
    ]
    assert english[-2:] == ["roofs: refused (duplicate)", "solar: sent"]
    at = chinese.index("竞价：路由 sell：以 14.50 USD 售给 roofs")
    assert chinese[at + 1 : at + 4] == [
        "  roofs：出价 14.50 USD，用时 38 毫秒，获得线索",
        "  solar：出价 10.00 USD，用时 38 毫秒，排在第 2 位",
        "  heat：出价 3.00 USD，用时 38 毫秒，低于底价 5.00 USD",
    ]
    assert "roofs bid 14.50 USD, the highest of 2" in sentence(said)
    assert "roofs 出价 14.50 USD，为 2 个有效报价中最高" in sentence(said, "zh")


async def test_a_buyer_is_told_nothing_of_the_others(make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5)
    hub = await selling(make_hub, market, config(more="fields: {why: delivery.sentence, name: name}"))
    await sell(hub)
    assert market["roofs"].posts[0]["why"] == ""


async def test_a_dry_run_asks_nobody(make_hub: MakeHub, tmp_path: Path):
    market = Market(solar=10)
    text = (
        config()
        .replace("  website:", "  list: {connector: list_file}\n  website:")
        .replace("[website]", "[website, list]")
    )
    hub = await selling(make_hub, market, text)
    (tmp_path / "fair.csv").write_text("Name,Email\nAnn Ng,ann@example.com\n", "utf-8")
    lines = [line async for line in hub.trials.dry_run(tmp_path / "fair.csv", "list")]
    assert lines[-1]["counts"]["accepted"] == 1
    assert (market["solar"].pings, market.posted) == ([], [])


@pytest.mark.parametrize(("floor", "moved"), [(5, 0), (14, 0), (15, 1)])
async def test_a_simulation_decides_with_the_bids_of_then(floor: int, moved: int, make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5)
    hub = await selling(make_hub, market)
    await sell(hub)
    changed = hub.try_plan(config().replace("floor: 5", f"floor: {floor}"))
    said = await hub.trials.simulate(changed, 1)
    assert (said["leads"], said["moved"]) == (1, moved)
    assert (len(market["roofs"].pings), market.posted) == (1, ["roofs"])


async def test_what_all_refused_can_be_offered_again_by_a_replay(make_hub: MakeHub):
    market = Market(solar=10)
    market["solar"].answer = refuses()
    hub = await selling(make_hub, market, config().replace("to: [crm]", "to: []"))
    await sell(hub)
    market["solar"].answer = lambda: httpx.Response(200, json=TAKEN)
    (row,) = await all_rows(hub, "submission")
    await hub.replays.replay(row["id"])
    await settled(hub)
    assert [row["state"] for row in await all_rows(hub, "auction")] == ["unsold", "sold"]
    assert market.posted == ["solar", "solar"]


async def test_watchers_hear_the_price_with_the_delivery(make_hub: MakeHub):
    hub = await selling(make_hub, Market(solar=10))
    await sell(hub)
    (event,) = await rows(hub, "event", kind="delivery.sent")
    assert (event["data"]["price"], event["data"]["currency"]) == (10.0, "USD")


async def test_what_is_kept_of_an_auction_says_nothing_of_the_person(make_hub: MakeHub):
    market = Market(solar=10, roofs=14.5)
    market["roofs"].answer = refuses()
    hub = await selling(make_hub, market)
    await sell(hub, interest="panels for Ann Ng1", city="ann1@example.com")
    kept = repr([await all_rows(hub, "auction"), await all_rows(hub, "bid"), await note(hub)])
    assert [word for word in ("Ng1", "ann1", "2025551001", "evening", "94105") if word in kept] == []
    asked = repr([market[name].pings for name in market.buyers])
    assert [word for word in ("Ng1", "ann1", "2025551001", "evening", "94105") if word in asked] == []


async def test_a_flow_without_auctions_has_no_step_for_them(make_hub: MakeHub):
    hub = await make_hub()
    await post(hub, person())
    assert "auction" not in [step["step"] for step in (await decision(hub))["steps"]]
