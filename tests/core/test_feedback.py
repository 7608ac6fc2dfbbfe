"""What became of leads: heard once, in any order, under the right lead; told on to who asks for it."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Any, ClassVar

import httpx
import pytest

from hub.app import Hub
from hub.errors import Retry, Unverified
from hub.families.conversion import ConversionSink
from hub.ids import RandomIds
from hub.inbound import Inbound
from hub.lead import Lead, Sent
from hub.news import Activity, Feedback, News
from hub.outcome import Disposition
from hub.sink import Outcomes
from hub.testing.fakes import START, MemorySink
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import person
from tests.core.looking import rows

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources:
  website: {connector: open_source}
sinks:
  crm: {connector: telling_crm}
  ads: {connector: memory_ads, events: {won: Purchase, qualified: Lead}, everybody: true}
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [crm]}]}
"""


class TellingCrm(MemorySink, Feedback):
    """A CRM in memory that says what was done."""

    name = "telling_crm"
    words: ClassVar[dict[str, Disposition]] = {"in touch": Disposition.CONTACTED, "sold": Disposition.WON}

    class Config(MemorySink.Config, Feedback.Settings):
        """Its settings."""

    def ready(self) -> None:
        super().ready()
        self.pages: list[News | Exception] = []

    async def send(self, leads: Any, http: httpx.AsyncClient) -> Outcomes:
        await super().send(leads, http)
        return [Sent(f"crm-{lead.id}") for lead in leads]

    async def news(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[News]:
        self.asked = cursor
        for page in self.pages:
            if isinstance(page, Exception):
                raise page
            yield page

    def verify(self, inbound: Inbound) -> None:
        if inbound.header("x-key") != "right":
            raise Unverified("The key is wrong.")

    def heard(self, inbound: Inbound) -> Iterable[Activity]:
        said = inbound.json_object()
        yield Activity(said["id"], START, "call", ref=said["ref"], by="ann")


class MemoryAds(ConversionSink):
    """An ad platform in memory."""

    name = "memory_ads"

    class Config(ConversionSink.Config):
        """Its settings."""

        base_url: str = "https://ads.example.com"

    def ready(self) -> None:
        self.told: list[tuple[str, str]] = []

    def wants(self, lead: Lead) -> bool:
        return False

    async def send(self, leads: Any, http: httpx.AsyncClient) -> Outcomes:
        self.told += [(self.event(lead), lead.delivery.key) for lead in leads]
        return [self.refuse(lead) or Sent() for lead in leads]


async def started(make_hub: MakeHub, config: str = CONFIG) -> tuple[Hub, str]:
    """Return a hub that has delivered one lead, and the lead."""
    hub = await make_hub(config, things=[TellingCrm, MemoryAds])
    lead = (await post(hub, person(1))).json()["lead"]
    await settled(hub)
    return hub, lead


def crm(hub: Hub) -> TellingCrm:
    return hub.plan.sinks["crm"]


def act(lead: str, key: str, minutes: float, word: str | None = None, **more: Any) -> Activity:
    at = START + timedelta(minutes=minutes)
    return Activity(key, at, "status", **{"ref": f"crm-{lead}", "word": word, "by": "ann", **more})


async def hear(hub: Hub, *said: Activity, cursor: str | None = None) -> Any:
    crm(hub).pages = [News(said, cursor)]
    counts = await hub.hearing.ask("crm")
    return dict(counts) if counts is not None else None


async def standing(hub: Hub, lead: str) -> dict[str, Any]:
    (row,) = await rows(hub, "standing", lead=lead)
    return dict(row)


async def test_an_activity_is_kept_once_with_its_lead(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    assert await hear(hub, act(lead, "1", 2, "In Touch")) == {"heard": 1}
    assert await hear(hub, act(lead, "1", 2, "In Touch")) == {"known": 1}
    (row,) = await rows(hub, "activity")
    assert (row["lead"], row["disposition"], row["word"], row["human"]) == (lead, "contacted", "In Touch", True)
    stands = await standing(hub, lead)
    assert (stands["disposition"], stands["responded_at"], stands["responded_by"]) == (
        "contacted",
        START + timedelta(minutes=2),
        "ann",
    )


async def test_what_is_no_lead_of_ours_is_skipped_and_counted(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    assert await hear(hub, act("lead_other", "1", 2), act(lead, "2", 3)) == {"skipped": 1, "heard": 1}
    (row,) = await rows(hub, "news")
    assert (row["heard"], row["skipped"], row["failed_at"]) == (1, 1, None)


async def test_the_order_in_which_it_is_heard_does_not_matter(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    await hear(hub, act(lead, "2", 60, "sold", value=900.0, currency="EUR"))
    await hear(hub, act(lead, "1", 5, "in touch", by="bob"))
    stands = await standing(hub, lead)
    assert (stands["disposition"], stands["value"], stands["responded_by"]) == ("won", 900.0, "bob")


async def test_a_late_feedback_reopens_the_lead(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    await hear(hub, act(lead, "1", 5, "sold"))
    await hear(hub, act(lead, "2", 50, "in touch"))
    assert (await standing(hub, lead))["disposition"] == "contacted"


@pytest.mark.parametrize("by", ["sync-robot", None])
async def test_what_a_program_does_is_no_answer(make_hub: MakeHub, by: str | None):
    hub, lead = await started(make_hub, CONFIG.replace("telling_crm}", "telling_crm, robots: [sync-robot]}"))
    await hear(hub, act(lead, "1", 2, "in touch", by=by))
    stands = await standing(hub, lead)
    assert (stands["disposition"], stands["responded_at"]) == ("contacted", None)


async def test_a_word_nobody_knows_is_kept_and_changes_nothing(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    await hear(hub, act(lead, "1", 2, "in touch"), act(lead, "2", 9, "Wiedervorlage"))
    assert (await standing(hub, lead))["disposition"] == "contacted"
    assert [row["word"] for row in await rows(hub, "activity", disposition="unknown")] == ["Wiedervorlage"]


async def test_the_settings_say_what_a_word_means(make_hub: MakeHub):
    hub, lead = await started(
        make_hub, CONFIG.replace("telling_crm}", "telling_crm, dispositions: {Angebot: opportunity}}")
    )
    await hear(hub, act(lead, "1", 2, "ANGEBOT "))
    assert (await standing(hub, lead))["disposition"] == "opportunity"


async def test_a_failure_keeps_the_cursor_and_what_came_before_it(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    crm(hub).pages = [News((act(lead, "1", 2),), "c1"), Retry("asleep"), News((act(lead, "2", 3),), "c2")]
    assert await hub.hearing.ask("crm") is None
    (row,) = await rows(hub, "news")
    assert (row["cursor"], row["reason"]) == ("c1", "asleep")
    await hear(hub)
    assert crm(hub).asked == "c1"
    (row,) = await rows(hub, "news")
    assert row["failed_at"] is None


async def test_events_tell_of_the_first_answer_and_of_each_change_once(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    await hear(hub, act(lead, "1", 2, "in touch"))
    await hear(hub, act(lead, "2", 3, "in touch"))
    await hear(hub, act(lead, "3", 4, "sold"))
    assert len(await rows(hub, "event", kind="lead.responded", lead=lead)) == 1
    told = [row["data"]["disposition"] for row in await rows(hub, "event", kind="lead.disposed", lead=lead)]
    assert told == ["contacted", "won"]


async def test_a_letter_is_kept_before_it_is_read_and_read_once(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    letter = Inbound(
        "POST",
        "https://hub.test/feedback/crm",
        {"x-key": "right"},
        {},
        f'{{"id": "7", "ref": "crm-{lead}"}}'.encode(),
        hub.clock.now(),
    )
    assert (await hub.hearing.receive("crm", letter)).status == 202
    assert (await hub.hearing.receive("crm", letter)).status == 202
    assert len(await rows(hub, "activity")) == 1
    assert {row["state"] for row in await rows(hub, "feedback_letter")} == {"done"}
    with pytest.raises(Unverified):
        await hub.hearing.receive("crm", dataclasses.replace(letter, headers={}))
    with pytest.raises(LookupError):
        await hub.hearing.receive("ads", letter)


async def test_a_letter_that_cannot_be_read_waits_and_then_for_a_person(make_hub: MakeHub):
    hub, _ = await started(make_hub)
    letter = Inbound("POST", "https://hub.test/feedback/crm", {"x-key": "right"}, {}, b"{", hub.clock.now())
    assert (await hub.hearing.receive("crm", letter)).status == 202
    for _ in range(4):
        hub.clock.turn(60)
        await hub.hearing.sweep()
    (row,) = await rows(hub, "feedback_letter")
    assert (row["state"], bytes(row["body"])) == ("failed", b"{")
    assert "JSON" in row["reason"]


async def test_an_outcome_is_told_once_to_sinks_that_ask_for_it(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    await hear(hub, act(lead, "1", 2, "sold", value=5.0, currency="USD"))
    await settled(hub)
    await hear(hub, act(lead, "2", 3, "in touch"), act(lead, "3", 4, "sold"))
    await settled(hub)
    (told,) = hub.plan.sinks["ads"].told
    assert told[0] == "Purchase"
    (row,) = await rows(hub, "delivery", sink="ads")
    assert (row["state"], row["occasion"]["value"], row["key"]) == ("sent", 5.0, told[1])


async def test_an_outcome_of_a_test_lead_is_told_to_nobody(make_hub: MakeHub):
    hub = await make_hub(CONFIG.replace("open_source}", "open_source, test: true}"), things=[TellingCrm, MemoryAds])
    lead = (await post(hub, person(1))).json()["lead"]
    await settled(hub)
    await hear(hub, dataclasses.replace(act(lead, "1", 2, "sold"), ref=None, lead=lead))
    assert await rows(hub, "delivery", sink="ads") == []


async def test_a_link_is_short_enough_for_a_text_message(make_hub: MakeHub):
    hub, _ = await started(make_hub)
    address = hub.hearing.links.of("https://leads.acme.com", RandomIds()("dlv"), hub.clock.now())["called"]
    assert len(address) <= 80


async def test_a_click_is_noted_once_and_says_what_it_means(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    (row,) = await rows(hub, "delivery", sink="crm")
    links = hub.hearing.links.of("https://hub.acme.com/", row["id"], hub.clock.now())
    tokens = {act: url.removeprefix("https://hub.acme.com/reply/") for act, url in links.items()}
    assert await hub.hearing.reply(tokens["take"]) == "take"
    assert (await standing(hub, lead))["responded_at"] is None
    assert [await hub.hearing.reply(tokens["called"]) for _ in range(2)] == ["called", "called"]
    stands = await standing(hub, lead)
    assert (stands["disposition"], stands["responded_through"]) == ("contacted", "crm")
    assert len(await rows(hub, "activity")) == 2


@pytest.mark.parametrize(
    "change",
    [lambda token: token[:-3], lambda token: "A" + token[1:], lambda _: "", lambda _: "é", lambda _: "AAAA" * 20],
)
async def test_a_link_that_is_not_ours_or_too_old_says_nothing(make_hub: MakeHub, change: Any):
    hub, _ = await started(make_hub)
    (row,) = await rows(hub, "delivery", sink="crm")
    token = hub.hearing.links.of("", row["id"], hub.clock.now())["called"].rpartition("/")[2]
    assert await hub.hearing.reply(change(token)) is None
    hub.clock.turn(timedelta(days=31).total_seconds())
    assert await hub.hearing.reply(token) is None
    assert await rows(hub, "activity") == []
