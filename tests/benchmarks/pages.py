"""Server time of pages and searches over a year of leads: median and 95th of 20, against the bound of 200 ms."""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import sqlalchemy as sa

from hub.app import Hub, Office
from hub.store.database import Database
from hub.web.app import create_app
from tests.benchmarks import million
from tests.benchmarks.site import database

BOUND = 200.0  # milliseconds of the server for one page
TIMES = 20
FOLDER = "LEADHUB_MILLION"  # the environment variable that names a folder which keeps the hub between measurements
ONLY = "LEADHUB_PAGES"  # … and one that names the paths to measure, parted by blanks
KEY = "the-key-of-this-machine"

PATHS = (
    "/", "/leads", "/leads?source=source-11", "/leads?source=source-0&grade=A&country=US", "/leads?owner=rep-7",
    "/leads?owner=rep-7&campaign=campaign-299", "/leads?owner=-", "/leads?pool=sea&grade=A", "/leads?test=yes",
    "/leads?state=erased", "/leads?disposition=won&country=AT&grade=A&source=source-11", "/leads?disposition=-&owner=rep-1",
    "/leads?campaign=-&team=team-3&country=GB", "/leads?since=2020-01-01&until=2020-02-01", "/leads?grade=Z",
    "/leads?country=AT&source=source-11&grade=A&owner=rep-7&test=yes", *(
        f"/leads?q={quote(said)}"
        for said in ("李伟", "李", "王秀英", "上海 机械", "上海秀丽机械有限公司", "有限公司 李", "muller", "Müller GmbH", "anna schmidt",
                     "a", "li", "li wa", "x", "zzzz", "gmbh kg", "a b", "e s m", "13000700", "138 0013 8000", "8000", "+49 151",
                     "anna@nord", "lead_0", "crm-4711", "a.mueller999999@nordsud.example.com")
    ), "/leads?q=li&owner=rep-7", "/leads?q=gmbh&source=source-11&grade=A", "/leads?q=a&test=yes", "/leads?q=e+s&pool=sea",
    "/api/leads?limit=200", "/api/leads/choices",
)  # fmt: skip
"""The list of leads: filters and searches, easy and hard."""
ROOMS = (
    "/", "/?part=now", "/?part=days", "/?part=funnel", "/?part=speed", "/?part=health", "/?part=newest",
    "/leads/{lead}", "/leads/{old}", "/leads/{lead}?part=now", "/leads/{lead}?part=deliveries", "/leads/{lead}?part=history",
    "/leads/{lead}/replay", "/api/leads/{lead}", "/attention", "/attention?kind=quarantined", *(f"/attention/{{{kind}}}" for kind in (
        "quarantined", "dead", "rejected", "unclear",
    )), "/sources", "/sources/source-0", "/sources/source-0/use", "/sources/source-0/mapping", "/sinks", "/sinks/crm",
    *(f"/sinks/crm/deliveries?state={state}" for state in ("ready", "sent", "dead", "rejected", "unclear")),
    "/rules", "/rules/changes", "/rules/flows/0/routes/0", "/rules/flows/0/scoring", "/rules/teams", "/rules/teams/team-0",
    "/rules/revisions", "/rules/flows/0/steps/2", "/rules/text", "/imports", "/campaigns", "/campaigns?model=linear",
    "/campaigns?model=w_shaped&span=365d", "/campaigns/one?name=campaign-7", "/campaigns/costs", "/campaigns/links",
    "/campaigns/vendors", "/campaigns/vendors/source-0", "/response", "/response?since=365d", "/response/reps",
    "/response/targets", "/response/queue", "/response/queue?team=team-3", "/pool", "/pool?pool=sea", "/pool?pool=unassigned",
    "/mine?rep=rep-7", "/mine?rep=rep-7&tab=working", "/mine?rep=rep-7&tab=tasks", "/mine/{lead}", "/settings", "/settings/about",
    "/settings/nodes", "/settings/plugins", "/settings/audit", "/settings/audit?target={lead}", "/settings/retention",
    "/settings/people", "/settings/users", "/settings/keys", "/settings/backups", "/api/submissions?limit=200",
    "/api/deliveries?limit=200",
)  # fmt: skip
"""Every other room; what stands in braces is looked up in the hub."""
SHORT = ("/leads", "/leads?q=li")


@contextlib.contextmanager
def opened(kind: str, leads: int) -> Iterator[tuple[Path, str]]:
    """Yield the folder and the database of a hub with so many leads; one that was kept is used again."""
    kept = os.environ.get(FOLDER)
    if kept and kind == "sqlite":
        path = Path(kept)
        path.mkdir(parents=True, exist_ok=True)
        yield path, _ready(path, f"sqlite:///{path}/data/hub.db", leads)
        return
    with tempfile.TemporaryDirectory(prefix="leadhub-bench-", dir=kept) as name, database(kind, Path(name)) as address:
        yield Path(name), _ready(Path(name), address, leads)


def _ready(folder: Path, address: str, leads: int) -> str:
    """Build the hub unless it is there, and bring its tables to what is needed now."""
    (folder / "hub.yaml").write_text(million.config(address), "utf-8")
    db = Database(address, folder)
    if not sa.inspect(db.writer).has_table("lead"):
        million.build(db, leads)
    else:
        million.settle(db)
    db.close()
    return address


@contextlib.asynccontextmanager
async def asking(folder: Path, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of the hub's pages, in this process; the hub only looks, nothing in it runs."""
    hub = Hub.open(Office(folder, folder / "hub.yaml", database=address, roles=frozenset()))
    await hub.start(bells=False)
    app = create_app(hub, local_key=KEY, bells=False)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers, timeout=120) as http:
        yield http
    await hub.stop()


async def _names(http: httpx.AsyncClient) -> dict[str, str]:
    """Return a new lead and an old one, and a group of each kind of what waits for a person."""
    listed = (await http.get("/api/leads", params={"limit": 50})).json()["items"]
    year = datetime.fromisoformat(listed[0]["created_at"]) - timedelta(days=300)
    old = (await http.get("/api/leads", params={"limit": 1, "until": year.date().isoformat()})).json()["items"]
    groups = (await http.get("/api/attention")).json()["items"]
    kinds = {group["kind"]: group["id"] for group in reversed(groups)}
    return defaultdict(lambda: "nothing", kinds, lead=listed[-1]["id"], old=(old or listed)[0]["id"])


async def measure(folder: Path, address: str, paths: Sequence[str]) -> None:
    """Print a line for each path."""
    print(f"{'ms: median':>10} {'p95':>8} {'/ bound':>8} {'first':>8}  path")
    async with asking(folder, address) as http:
        known = await _names(http)
        for path in paths:
            path = path.format_map(known)
            times = []
            for _ in range(TIMES):
                began = time.perf_counter()
                answer = await http.get(path)
                times.append((time.perf_counter() - began) * 1000)
            median, late = statistics.median(times), sorted(times)[int(TIMES * 0.95) - 1]
            said = "" if answer.status_code == 200 else f" answered {answer.status_code}"
            print(f"{median:10.1f} {late:8.1f} {median / BOUND:8.2f} {times[0]:8.1f}  {path[:90]}{said}", flush=True)


def main(
    leads: int = 1_000_000, kinds: tuple[str, ...] = ("sqlite", "postgres"), paths: Sequence[str] | None = None
) -> None:
    """Print a table for each database."""
    chosen = paths or os.environ.get(ONLY, "").split() or (*ROOMS, *PATHS)
    for kind in kinds:
        with opened(kind, leads) as (folder, address):
            print(f"{kind}: {leads:,} leads of a year; bound {BOUND:.0f} ms")
            asyncio.run(measure(folder, address, chosen))


if __name__ == "__main__":
    import sys

    main(paths=sys.argv[1:] or None)
