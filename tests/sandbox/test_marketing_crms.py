"""Marketing CRMs against their vendors: lists of many pages, tokens that end, limits in 200 bodies, and consent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.errors import Retry
from hub.lead import Rejected, Sent
from hub.testing.contract.subject import load_plug, subject_of
from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox
from hub.testing.sandbox.trial import lead

ROOT = Path(__file__).parents[2]
MANY = 310  # more than a page of each of them
SEEDS: Mapping[str, str] = {
    "activecampaign": "email", "freshsales": "emails", "marketo": "email", "mailchimp": "email_address",
}  # fmt: skip


def made(name: str, sandbox: Sandbox, clock: HandClock, **changes: Any) -> Any:
    """Return the connector as its cases set it up, pointed at its vendor in a sandbox."""
    plug = load_plug(ROOT / "connectors" / "crm" / f"{name}.py")
    subject = subject_of(plug, plug.things[0])
    config = {**subject.cases.config, "base_url": f"{sandbox.url}/{name}", **changes}
    return subject.cls("kit", subject.cls.Config.model_validate(config), clock)


@pytest.mark.parametrize("name", SEEDS)
async def test_news_of_many_pages_tell_of_every_lead_somebody_took_up(name: str) -> None:
    clock = HandClock()
    async with Sandbox(clock=clock, settings={name: {"limits": False}}) as sandbox, httpx.AsyncClient() as http:
        sandbox.seed(name, *({SEEDS[name]: f"p{number}@example.com"} for number in range(MANY)))
        refs = {str(record["id"]) for record in sandbox.records(name)}
        assert all(sandbox.vendors[name].work(ref) for ref in refs)
        clock.turn(60)
        sink = made(name, sandbox, clock)
        pages = [page async for page in sink.news(None, http)]
        known = {one.key for page in pages for one in page.activities}
        again = [one async for page in sink.news(pages[-1].cursor, http) for one in page.activities]
    told = [one for page in pages for one in page.activities]
    assert len(pages) > 1
    assert {one.ref for one in told if sink.is_human(one)} == refs
    assert {one.key for one in again} <= known


async def test_a_status_of_long_ago_is_not_told_when_feedback_begins() -> None:
    clock = HandClock()
    async with Sandbox(clock=clock) as sandbox, httpx.AsyncClient() as http:
        sandbox.seed("freshsales", {"emails": "old@example.com", "contact_status_id": 402})
        clock.turn(3 * 86_400)
        sandbox.seed("freshsales", {"emails": "new@example.com", "contact_status_id": 402})
        sink = made("freshsales", sandbox, clock, views={})
        told = [one async for page in sink.news(None, http) for one in page.activities]
        refs = {record["emails"]: str(record["id"]) for record in sandbox.records("freshsales")}
    assert [one.ref for one in told] == [refs["new@example.com"]]


async def test_a_token_that_has_ended_is_renewed() -> None:
    clock = HandClock()
    async with Sandbox(clock=clock) as sandbox, httpx.AsyncClient() as http:
        sink = made("marketo", sandbox, clock)
        first = await sink.send([lead(clock)], http)
        clock.turn(3_599)
        assert await sink.send([lead(clock)], http) == first == [Sent("318581")]


async def test_the_rate_limit_in_an_answer_of_200_is_waited_for() -> None:
    clock = HandClock()
    settings = {"marketo": {"limits": {"rate": [1, 20.0]}}}
    async with Sandbox(clock=clock, settings=settings) as sandbox, httpx.AsyncClient() as http:
        sink = made("marketo", sandbox, clock)
        await sink.send([lead(clock)], http)
        with pytest.raises(Retry, match="606") as refused:
            await sink.send([lead(clock)], http)
        clock.turn(20)
        assert await sink.send([lead(clock)], http) == [Sent("318581")]
    assert refused.value.after == 20


@pytest.mark.parametrize(
    ("consent", "opt_in", "status"),
    [
        (None, True, "transactional"), (None, False, "transactional"), (False, False, "transactional"),
        (True, True, "pending"), (True, False, "subscribed"),
    ],
)  # fmt: skip
async def test_only_who_agreed_is_subscribed(consent: bool | None, opt_in: bool, status: str) -> None:
    clock = HandClock()
    async with Sandbox(clock=clock) as sandbox, httpx.AsyncClient() as http:
        sink = made("mailchimp", sandbox, clock, double_opt_in=opt_in)
        await sink.send([lead(clock)], http)
        await sink.send([lead(clock, consent=consent)], http)
        assert [member["status"] for member in sandbox.records("mailchimp")] == [status]


async def test_who_unsubscribed_stays_so_whatever_a_form_says() -> None:
    clock = HandClock()
    async with Sandbox(clock=clock) as sandbox, httpx.AsyncClient() as http:
        sandbox.seed("mailchimp", {"email_address": "mei.lin@example.com", "status": "unsubscribed"})
        await made("mailchimp", sandbox, clock).send([lead(clock, consent=True)], http)
        assert [member["status"] for member in sandbox.records("mailchimp")] == ["unsubscribed"]


async def test_an_erased_member_is_not_written_again() -> None:
    clock = HandClock()
    async with Sandbox(clock=clock) as sandbox, httpx.AsyncClient() as http:
        sink = made("mailchimp", sandbox, clock)
        (sent,) = await sink.send([lead(clock)], http)
        await sink.forget(lead(clock), sent.ref, http)
        (again,) = await sink.send([lead(clock)], http)
    assert isinstance(again, Rejected)
    assert "mei.lin" not in again.reason
