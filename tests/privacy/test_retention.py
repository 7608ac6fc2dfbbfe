"""What has reached its age goes; what was never delivered is announced first, and what is held stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.errors import BadInput, ConfigError
from hub.lead import Rejected, Sent
from hub.store import deliveries
from hub.store.audit import Actor
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import one_sink, person
from tests.core.looking import lead_of, rows
from tests.privacy.people import CANARY, send, traces

DAY = 86_400
OWNER = Actor("local")
AGREED = {**CANARY, "consent": "yes", "consent_text": "canary may be called"}


def kept(**times: Any) -> str:
    """Return a configuration that keeps things for so long."""
    return f"{one_sink()}retention: {json.dumps(times)}\n"


async def test_raw_bodies_go_and_the_lead_stays(make_hub: MakeHub, clock):
    hub = await make_hub(kept(bodies="90d"))
    first = await send(hub, CANARY, clock)
    await settled(hub)
    clock.turn(89 * DAY)
    assert await hub.privacy.retention.purge() == {}
    clock.turn(2 * DAY)
    assert await hub.privacy.retention.purge() == {"bodies": 1}
    (row,) = await rows(hub, "submission", id=first["submission"])
    assert (row["body"], row["url"], row["headers"]) == (b"", None, None)
    assert (await lead_of(hub, first["lead"])).email == "canary.byrd@example.com"
    with pytest.raises(BadInput, match="gone"):
        await hub.replays.replay(first["submission"])


async def test_what_was_corrected_goes_with_the_bytes_and_the_lead_keeps_it(make_hub: MakeHub, clock):
    hub = await make_hub(kept(bodies="90d"))
    first = await send(hub, CANARY, clock)
    await hub.replays.correct(first["submission"], {"title": "Chief bird"}, by=OWNER)
    await settled(hub)
    clock.turn(91 * DAY)
    assert await hub.privacy.retention.purge() == {"bodies": 1}
    (row,) = await rows(hub, "submission", id=first["submission"])
    assert row["corrections"] is None
    assert (await lead_of(hub, first["lead"])).title == "Chief bird"
    with pytest.raises(BadInput, match="gone"):
        await hub.replays.correct(first["submission"], {"title": "x"}, by=OWNER)


async def test_leads_nothing_happened_with_go_altogether_and_may_come_again(make_hub: MakeHub, clock):
    hub = await make_hub(kept(leads="365d"))
    first = await send(hub, AGREED, clock)
    await settled(hub)
    clock.turn(300 * DAY)
    await send(hub, {**CANARY, "id": "c2"}, clock)  # something happened
    await settled(hub)
    clock.turn(300 * DAY)
    assert await hub.privacy.retention.purge() == {}
    clock.turn(100 * DAY)
    assert await hub.privacy.retention.purge() == {"leads": 1}
    assert await traces(hub) == []
    assert [row["lead"] for row in await rows(hub, "event", kind="lead.purged")] == [first["lead"]]
    assert (await send(hub, {**CANARY, "id": "c3"}, clock))["status"] == "accepted"


async def test_one_source_may_have_times_of_its_own(make_hub: MakeHub, clock):
    hub = await make_hub(kept(bodies="10d", sources={"website": {"bodies": "90d"}}))
    await send(hub, CANARY, clock)
    await settled(hub)
    clock.turn(50 * DAY)
    assert await hub.privacy.retention.purge() == {}
    clock.turn(50 * DAY)
    assert await hub.privacy.retention.purge() == {"bodies": 1}


async def test_attempts_of_settled_deliveries_go(make_hub: MakeHub, clock):
    hub = await make_hub(kept(attempts="30d"))
    await send(hub, CANARY, clock)
    await settled(hub)
    clock.turn(31 * DAY)
    assert await hub.privacy.retention.purge() == {"attempts": 1}
    assert await rows(hub, "attempt") == []
    assert [row["state"] for row in await rows(hub, "delivery")] == ["sent"]


async def test_what_was_never_delivered_is_announced_a_week_before_it_goes(make_hub: MakeHub, clock, caplog):
    hub = await make_hub(kept(dead="30d", leads="30d", bodies="30d", attempts="30d"))
    hub.plan.sinks["crm"].answer = lambda lead: Rejected(f"{lead.email} is on a list")
    first = await send(hub, CANARY, clock)
    await settled(hub)
    clock.turn(40 * DAY)
    assert await hub.privacy.retention.purge() == {"announced": 1}
    assert "event=retention.warned" in caplog.text
    clock.turn(6 * DAY)
    assert await hub.privacy.retention.purge() == {}
    assert (await lead_of(hub, first["lead"])).email == "canary.byrd@example.com"
    clock.turn(2 * DAY)
    assert await hub.privacy.retention.purge() == {"dead": 1, "attempts": 1, "bodies": 1, "leads": 1}
    assert await traces(hub) == []


async def test_what_waits_for_a_person_is_announced_before_it_goes(make_hub: MakeHub, clock):
    hub = await make_hub(kept(quarantine="60d"))
    held = (await post(hub, json.dumps({"id": "q", "full_name": "Canary Byrd", "message": "no address"}))).json()
    assert held["status"] == "quarantined"
    clock.turn(61 * DAY)
    assert await hub.privacy.retention.purge() == {"announced": 1}
    assert [row["submission"] for row in await rows(hub, "event", kind="retention.warned")] == [held["submission"]]
    assert await traces(hub) != []
    clock.turn(8 * DAY)
    assert await hub.privacy.retention.purge() == {"quarantine": 1}
    assert await traces(hub) == []
    (row,) = await rows(hub, "submission", id=held["submission"])
    assert row["state"] == "rejected"


async def test_what_is_delivered_after_the_alarm_stays(make_hub: MakeHub, clock):
    hub = await make_hub(kept(dead="30d"))
    hub.plan.sinks["crm"].answer = lambda lead: Rejected("no")
    await send(hub, CANARY, clock)
    await settled(hub)
    clock.turn(40 * DAY)
    await hub.privacy.retention.purge()
    hub.plan.sinks["crm"].answer = lambda lead: Sent("1")
    await hub.db.write(deliveries.retry, [row["id"] for row in await rows(hub, "delivery")], clock.now())
    await settled(hub)
    clock.turn(10 * DAY)
    assert await hub.privacy.retention.purge() == {}
    assert [row["state"] for row in await rows(hub, "delivery")] == ["sent"]


@pytest.mark.parametrize("kind", ["dead", "quarantine"])
async def test_less_than_thirty_days_for_the_undelivered_is_refused(make_hub: MakeHub, kind):
    with pytest.raises(ConfigError, match="at least 30d"):
        await make_hub(kept(**{kind: "29d"}))


async def test_a_source_nobody_knows_is_refused(make_hub: MakeHub):
    with pytest.raises(ConfigError, match='source "webiste" is not known'):
        await make_hub(kept(sources={"webiste": {"bodies": "1d"}}))


async def test_a_lead_under_a_legal_hold_stays_until_it_is_lifted(make_hub: MakeHub, clock):
    hub = await make_hub(kept(leads="30d", bodies="30d", attempts="30d"))
    first = await send(hub, CANARY, clock)
    await settled(hub)
    await hub.privacy.consents.hold(first["lead"], "case 7", OWNER)
    clock.turn(60 * DAY)
    assert await hub.privacy.retention.purge() == {}
    assert await hub.privacy.consents.release(first["lead"], OWNER)
    assert await hub.privacy.retention.purge() == {"attempts": 1, "bodies": 1, "leads": 1}
    assert [row["what"] for row in await rows(hub, "audit", target=first["lead"])] == ["hold.set", "hold.lifted"]


@pytest.mark.parametrize(("evidence", "name"), [("hashes", None), ("keep", "Canary Byrd")])
async def test_the_evidence_of_a_consent_outlives_the_lead_where_the_operator_says_so(
    make_hub: MakeHub, clock, evidence, name
):
    hub = await make_hub(f"{kept(leads='30d', consent='1826d')}privacy: {{evidence: {evidence}}}\n")
    first = await send(hub, AGREED, clock)
    await settled(hub)
    clock.turn(31 * DAY)
    await hub.privacy.retention.purge()
    (row,) = await hub.privacy.consents.records(first["lead"])
    assert (row["name"], row["sealed"] is None) == (name, name is not None)
    clock.turn(1_800 * DAY)
    await hub.privacy.retention.purge()
    (row,) = await hub.privacy.consents.records(first["lead"])
    assert (row["name"], row["sealed"] is None) == (None, False)


async def test_erasing_a_person_wins_over_kept_evidence(make_hub: MakeHub, clock):
    hub = await make_hub(f"{one_sink()}privacy: {{evidence: keep}}\n")
    first = await send(hub, AGREED, clock)
    await hub.privacy.erase(email="canary.byrd@example.com")
    (row,) = await hub.privacy.consents.records(first["lead"])
    assert row["name"] is None
    assert row["sealed"] is not None


async def test_a_dry_run_counts_what_goes_and_deletes_nothing(make_hub: MakeHub, clock):
    hub = await make_hub(kept(bodies="30d", leads="30d", dead="30d"))
    await send(hub, CANARY, clock)
    await settled(hub)
    clock.turn(31 * DAY)
    before = await traces(hub)
    counted = {row["kind"]: (row["due"], row["now"]) for row in await hub.privacy.retention.preview()}
    assert counted == {"dead": (0, 0), "bodies": (1, 1), "leads": (1, 1), "consent": (0, 0)}
    assert await traces(hub) == before


async def test_it_is_done_once_a_night_and_stands_in_the_audit_log(make_hub: MakeHub, clock):
    hub = await make_hub(kept(bodies="30d"))
    await send(hub, CANARY, clock)
    await settled(hub)
    clock.turn(31 * DAY)  # eight in the morning
    for _ in range(3):
        await hub.privacy.retention.look()
        await hub.flush()
    assert len(await rows(hub, "event", kind="retention.purged")) == 1
    (entry,) = await rows(hub, "audit", what="retention.purged")
    assert entry["data"] == {"bodies": 1}
    clock.turn(18 * 3600)  # two at night
    await hub.privacy.retention.look()
    await hub.flush()
    assert len(await rows(hub, "event", kind="retention.purged")) == 1
    clock.turn(2 * 3600)
    await hub.privacy.retention.look()
    await hub.flush()
    assert len(await rows(hub, "event", kind="retention.purged")) == 2


async def test_it_goes_on_piece_by_piece(make_hub: MakeHub, clock):
    hub = await make_hub(kept(bodies="30d"))
    many = [json.loads(person(number)) for number in range(600)]
    await post(hub, json.dumps(many))
    await settled(hub)
    clock.turn(31 * DAY)
    assert await hub.privacy.retention.purge() == {"bodies": 600}
