"""Form tools that are pushed and polled: the trial pushes, so their lists are read here, against the same vendors."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.inbound import Inbound
from hub.testing.contract.subject import load_plug, subject_of
from hub.testing.fakes import HandClock
from hub.testing.sandbox import senders
from hub.testing.sandbox.server import Sandbox
from hub.testing.sandbox.trial import FIELDS, _filled

ROOT = Path(__file__).parents[2]
MANY = 250  # more than a page of each of them
APART = timedelta(seconds=37)
LISTED = ["jotform", "google_forms", "tally", "fillout", "webflow", "gravity_forms"]


def made(name: str, address: str, clock: HandClock) -> Any:
    """Return the connector as its cases set it up, pointed at its vendor in a sandbox."""
    plug = load_plug(ROOT / "connectors" / "forms" / f"{name}.py")
    subject = subject_of(plug, plug.things[0])
    trial = trial_of(name)
    config = {**subject.cases.config, **_filled(trial.config, f"{address}/{name}")}
    return subject.cls("kit", subject.cls.Config.model_validate(config), clock)


def trial_of(name: str) -> Any:
    """Return how the cases say that it is tried."""
    plug = load_plug(ROOT / "connectors" / "forms" / f"{name}.py")
    return subject_of(plug, plug.things[0]).cases.sandbox


def submissions(name: str, clock: HandClock, options: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the vendor keeps of many people, the newest first."""
    kept = [
        senders.kept(name, {**FIELDS, "email": f"p{n}@example.com"}, key=f"k{n}", at=clock.now() - n * APART, **options)
        for n in range(MANY)
    ]
    return [one[1] for one in kept if one is not None]


@pytest.mark.parametrize("name", LISTED)
async def test_a_list_of_many_pages_is_read_once_and_counted(name: str) -> None:
    clock, trial = HandClock(), trial_of(name)
    async with Sandbox(clock=clock, settings={name: trial.settings}) as sandbox, httpx.AsyncClient() as http:
        sandbox.seed(name, *submissions(name, clock, trial.options))
        source = made(name, sandbox.url, clock)
        pages = [page async for page in source.fetch(None, http)]
        again = [lead async for page in source.fetch(pages[-1].cursor, http) for lead in page.leads]
    leads = [lead for page in pages for lead in page.leads]
    assert {lead.data["email"] for lead in leads} == {f"p{n}@example.com" for n in range(MANY)}
    assert len(leads) == len({lead.key for lead in leads}) == MANY
    assert len(pages) > 1
    assert again == []


@pytest.mark.parametrize("name", [name for name in LISTED if name != "google_forms"])
async def test_a_list_counts_the_submissions_of_a_span(name: str) -> None:
    clock, trial = HandClock(), trial_of(name)
    async with Sandbox(clock=clock, settings={name: trial.settings}) as sandbox, httpx.AsyncClient() as http:
        sandbox.seed(name, *submissions(name, clock, trial.options))
        source = made(name, sandbox.url, clock)
        assert await source.count(clock.now() - 9 * APART, clock.now(), http) == 9


@pytest.mark.parametrize("name", [name for name in LISTED if name != "gravity_forms"])
async def test_what_is_pushed_and_listed_says_the_same(name: str) -> None:
    clock, trial = HandClock(), trial_of(name)
    async with Sandbox(clock=clock, settings={name: trial.settings}) as sandbox, httpx.AsyncClient() as http:
        kept = senders.kept(name, FIELDS, key="k1", at=clock.now(), **trial.options)
        sandbox.seed(name, *([kept[1]] if kept else []))
        source = made(name, sandbox.url, clock)
        (listed,) = [lead async for page in source.fetch(None, http) for lead in page.leads]
    sent = senders.payload(name, FIELDS, key="k1", at=clock.now(), secret="s3cret", **trial.options)
    (pushed,) = source.parse(_inbound(sent, clock))
    assert (pushed.key, pushed.submitted_at) == (listed.key, listed.submitted_at)
    assert {field: pushed.data[field] for field in FIELDS} == {field: listed.data[field] for field in FIELDS}


def _inbound(sent: senders.Sent, clock: HandClock) -> Inbound:
    headers = {name.lower(): value for name, value in sent.headers.items()}
    return Inbound("POST", "https://hub.example.com/in/kit", headers, dict(sent.query), sent.body, clock.now())


async def test_hubspot_is_read_back_to_where_the_last_poll_was() -> None:
    clock, name = HandClock(), "hubspot_forms"
    now = int(clock.now().timestamp() * 1000)
    rows = [
        {
            "form": "78c2891f",
            "conversionId": f"k{n}",
            "submittedAt": now - n * 37_000,
            "pageUrl": "https://x.example/",
            "values": [],
        }
        for n in range(MANY)
    ]
    async with Sandbox(clock=clock, settings={name: trial_of(name).settings}) as sandbox, httpx.AsyncClient() as http:
        sandbox.seed(name, *rows)
        source = made(name, sandbox.url, clock)
        pages = [page async for page in source.fetch(None, http)]
        sandbox.seed(name, {**rows[0], "conversionId": "late", "submittedAt": now - 60_000})
        again = [page async for page in source.fetch(pages[-1].cursor, http)]
    assert [len(page.leads) for page in pages] == [50] * 5
    assert [lead.key for page in again for lead in page.leads] == ["late"]
