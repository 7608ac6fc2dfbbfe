"""Runs the demo: a sandbox beside a hub, the sample leads sent as their vendors send them, and a summary."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import uvicorn
from sqlmodel import Session

from hub.app import Hub, Office
from hub.attribution.desk import Costs
from hub.demo.answers import answers, campaigns, costs, owned
from hub.demo.generate import generate
from hub.demo.records import clusters
from hub.demo.score import Score, score
from hub.demo.sign import signed
from hub.demo.workspace import SANDBOX_SECRET, write_workspace
from hub.feedback.table import take
from hub.pipeline.reading import unpack
from hub.source import FileSource
from hub.store.audit import Actor
from hub.store.columns import SUGGESTION
from hub.store.submissions import TABLE as SUBMISSION
from hub.store.summary import summary, waiting
from hub.testing.imap_server import ImapServer
from hub.testing.sandbox.server import Sandbox

SEED = 7
POSTING = 8  # posts at once
PATIENCE = 50.0  # seconds until the summary is printed whatever still waits
QUIET = 3.0  # seconds without anything new after which the leads have flowed


@dataclass(frozen=True, slots=True)
class Stage:
    """What the command line lends the demo: how to speak, how to show the summary, how to serve, whom to tell where."""

    say: Callable[[str], None]
    summarize: Callable[[dict[str, Any]], None]
    make_server: Callable[[Hub, str, int, str], uvicorn.Server]
    announce: Callable[[str, str], None]


def prepare(folder: Path) -> bool:
    """Write the demo workspace where there is none yet; returns whether it was written."""
    if (folder / "hub.yaml").exists():
        return False
    folder.mkdir(parents=True, exist_ok=True)
    write_workspace(folder, demo=True)
    generate(folder, SEED, datetime.now(UTC).replace(microsecond=0))
    return True


@contextlib.asynccontextmanager
async def vendors(folder: Path) -> AsyncIterator[Sandbox]:
    """Start the sandbox with its mail servers, and tell the workspace where they are."""
    ledger = folder / "data" / "sandbox.jsonl"
    ledger.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    async with Sandbox(ledger=ledger, limits=False, smtp_port=0) as sandbox:
        mailbox = ImapServer(user="leads@acme.example.com", password=SANDBOX_SECRET)
        await sandbox.start(mailbox)
        for path in sorted((folder / "mails").glob("*.eml")):
            raw = path.read_bytes()
            mailbox.deliver(raw, _arrived(raw))
        os.environ["SANDBOX_URL"] = sandbox.url
        os.environ["SANDBOX_SMTP_PORT"] = str(sandbox.smtp_port)
        os.environ["SANDBOX_IMAP_PORT"] = str(mailbox.port)
        yield sandbox


def _arrived(raw: bytes) -> datetime | None:
    date = message_from_bytes(raw)["date"]
    return parsedate_to_datetime(date) if date else None


async def show(folder: Path, host: str, port: int, stage: Stage) -> None:
    """Run the demo until it is stopped."""
    began = time.monotonic()
    fresh = not (folder / "data" / "hub.db").exists()
    async with vendors(folder) as sandbox:
        stage.say(f"The sandbox plays the vendors on {sandbox.url}")
        hub = Hub.open(Office(folder, folder / "hub.yaml"))
        key = secrets.token_urlsafe(24)
        server = stage.make_server(hub, host, port, key)
        serving = asyncio.create_task(server.serve())
        while not server.started and not serving.done():
            await asyncio.sleep(0.02)
        if server.started:
            url = f"http://{host}:{server.servers[0].sockets[0].getsockname()[1]}"
            stage.announce(url, key)
            live = asyncio.create_task(_tell(hub, sandbox, folder, url, stage, began, fresh))
            try:
                await serving
            finally:
                live.cancel()
                await asyncio.gather(live, return_exceptions=True)
        else:
            await serving


async def _tell(hub: Hub, sandbox: Sandbox, folder: Path, url: str, stage: Stage, began: float, fresh: bool) -> None:
    """Send what the vendors would send, wait until it has flowed, print the summary, and go on with the live leads."""
    lines = [json.loads(line) for line in (folder / "pushes.jsonl").read_text("utf-8").splitlines()]
    sandbox.seed("meta", *(line["graph"] for line in lines if "graph" in line))
    async with httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False) as http:
        if fresh:
            number = sum(1 for line in lines if not line["at"])
            stage.say(f"Sending {number} leads as their vendors send them; lists, scans and mails come by themselves.")
            await _post_all(http, [line for line in lines if not line["at"]])
        await _flowed(hub, began)
        if fresh:
            await _answer(hub)
        await _report(hub, folder, stage)
        stage.say(f"leadhub serves {url}; new leads keep coming for five minutes. Ctrl-C stops it.")
        for line in sorted((line for line in lines if line["at"] and fresh), key=lambda one: float(one["at"])):
            await asyncio.sleep(max(0.0, began + line["at"] - time.monotonic()))
            await _post(http, line)


async def _post_all(http: httpx.AsyncClient, lines: list[dict[str, Any]]) -> None:
    turn = asyncio.Semaphore(POSTING)

    async def one(line: dict[str, Any]) -> None:
        async with turn:
            await _post(http, line)

    await asyncio.gather(*(one(line) for line in lines))


async def _post(http: httpx.AsyncClient, line: dict[str, Any]) -> None:
    headers, body = signed(line, datetime.now(UTC))
    with contextlib.suppress(httpx.HTTPError):
        await http.post(f"/in/{line['source']}", content=body, headers=headers)


async def _flowed(hub: Hub, began: float) -> None:
    """Wait until nothing new has happened for a while, or patience ends."""
    last: Any = None
    since = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        await asyncio.sleep(0.5)
        now = await hub.db.read(summary)
        work = await hub.db.read(waiting, hub.clock.now())
        busy = work["submissions_waiting"] or work["deliveries_due"]
        if busy or now["received"] != last:
            last, since = now["received"], time.monotonic()
        elif time.monotonic() - since > QUIET and all(name in now["sources"] for name in hub.plan.sources):
            return


async def _answer(hub: Hub) -> None:
    """Let the invented reps answer their leads, and let campaigns cost something."""
    rows = list(answers(await hub.db.read(owned), hub.clock.now(), SEED))
    await take(hub.hearing, "demo", rows, by="demo")
    spent = costs(await hub.db.read(campaigns), hub.clock.now(), SEED)
    await Costs(hub.db, hub.clock, hub.ids).take(enumerate(spent, 1), "demo costs", by=Actor("demo"))


async def _report(hub: Hub, folder: Path, stage: Stage) -> None:
    stage.summarize(await hub.db.read(summary))
    found = await scored(hub, folder)
    stage.say(
        f"Dedupe against the demo's truth: precision {found.precision:.3f}, recall {found.recall:.3f}, "
        f"F1 {found.f1:.3f}; {found.suggested} more pairs are suggested to a person."
    )


async def scored(hub: Hub, folder: Path) -> Score:
    """Return how well dedupe found the people of the demo."""
    leads, suggestions = await hub.db.read(_known)
    files = {name: source for name, source in hub.plan.sources.items() if isinstance(source, FileSource)}
    joined = await asyncio.to_thread(clusters, folder, files, leads)
    return score(folder / "truth.csv", joined, suggestions)


def _known(*, session: Session) -> tuple[dict[tuple[str, str], str], list[tuple[str, str]]]:
    """Return (source, key the source gave) -> lead, and the suggested pairs."""
    query = (
        sa.select(SUBMISSION.c.source, SUBMISSION.c.key, SUBMISSION.c.kind, SUBMISSION.c.body, SUBMISSION.c.lead)
        .where(SUBMISSION.c.lead.is_not(None))
        .order_by(SUBMISSION.c.id)
    )
    leads: dict[tuple[str, str], str] = {}
    for source, key, kind, body, lead in session.execute(query):
        given = key or (unpack(body).key if kind == "row" else None)
        if given:
            leads[source, given] = lead
    pairs = session.execute(sa.select(SUGGESTION.c.lead, SUGGESTION.c.other))
    return leads, [(lead, other) for lead, other in pairs]
