"""Form tools that are polled only: their lists are read here; those that are pushed too are read by the trial."""

from __future__ import annotations

from pathlib import Path

import httpx

from hub.testing.contract.subject import load_plug, subject_of
from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
MANY = 250  # more than a page


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
    plug = load_plug(ROOT / "connectors" / "forms" / f"{name}.py")
    subject = subject_of(plug, plug.things[0])
    settings = subject.cases.sandbox.settings if subject.cases.sandbox else {}
    async with Sandbox(clock=clock, settings={name: settings}) as sandbox, httpx.AsyncClient() as http:
        sandbox.seed(name, *rows)
        config = {**subject.cases.config, "base_url": f"{sandbox.url}/{name}"}
        source = subject.cls("kit", subject.cls.Config.model_validate(config), clock)
        pages = [page async for page in source.fetch(None, http)]
        sandbox.seed(name, {**rows[0], "conversionId": "late", "submittedAt": now - 60_000})
        again = [page async for page in source.fetch(pages[-1].cursor, http)]
    assert [len(page.leads) for page in pages] == [50] * 5
    assert [lead.key for page in again for lead in page.leads] == ["late"]
