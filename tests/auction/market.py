"""Buyers in memory: each bids what it is told to, and answers a post as it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

TAKEN: dict[str, Any] = {"accepted": True}
REFUSED: dict[str, Any] = {"accepted": False, "message": "duplicate"}

CONFIG = """
hub: {region: US, answer_within: 30s}
sources:
  website: {connector: open_source}
sinks:
  crm: {connector: updating_sink}
  solar: {connector: ping_post, ping_url: "https://solar.example/ping", url: "https://solar.example/post", MORE}
  roofs: {connector: ping_post, ping_url: "https://roofs.example/ping", url: "https://roofs.example/post", MORE}
  heat: {connector: ping_post, ping_url: "https://heat.example/ping", url: "https://heat.example/post", MORE}
teams:
  north: {members: [{name: li}]}
flows:
  - name: inbound
    from: [website]
    routes:
      - name: sell
        auction: {buyers: [solar, roofs, heat], within: 30s, floor: 5, AUCTION}
        assign: {team: north}
        to: [crm]
"""


def config(auction: str = "order: price", more: str = "until_path: expires_in") -> str:
    """Return a hub that sells its leads to three buyers."""
    return CONFIG.replace("AUCTION", auction).replace("MORE", more)


@dataclass
class Buyer:
    """One buyer: what it bids (None: nothing), what it answers to posts, what it was asked and posted."""

    name: str
    price: Any = None
    lasts: float | None = None
    bid: dict[str, Any] | None = None
    answer: Callable[[], httpx.Response] = lambda: httpx.Response(200, json=TAKEN)
    holds_ping: bool = False  # never answers a ping
    holds_post: bool = False
    pings: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


class Market(httpx.AsyncBaseTransport):
    """All buyers, by the first word of their host."""

    def __init__(self, **prices: Any) -> None:
        self.buyers = {name: Buyer(name, prices.get(name)) for name in ("solar", "roofs", "heat")}
        self.never = asyncio.Event()
        self.held = asyncio.Event()

    def __getitem__(self, name: str) -> Buyer:
        return self.buyers[name]

    @property
    def posted(self) -> list[str]:
        """Return who was posted to, once for each post."""
        return [buyer.name for buyer in self.buyers.values() for _ in buyer.posts]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a ping or a post."""
        buyer = self.buyers[request.url.host.split(".")[0]]
        said = json.loads(await request.aread())
        if request.url.path == "/ping":
            buyer.pings.append(said)
            return await self._bid(buyer)
        buyer.posts.append(said)
        buyer.keys.append(request.headers["idempotency-key"])
        if buyer.holds_post:
            self.held.set()
            await self.never.wait()
        return buyer.answer()

    async def _bid(self, buyer: Buyer) -> httpx.Response:
        if buyer.holds_ping:
            await self.never.wait()
        if buyer.bid is not None:
            return httpx.Response(200, json=buyer.bid)
        if buyer.price is None:
            return httpx.Response(204)
        lasts = {"expires_in": buyer.lasts} if buyer.lasts else {}
        said = {"price": buyer.price, "ping_id": f"{buyer.name}-{len(buyer.pings)}", **lasts}
        return httpx.Response(200, json=said)


def refuses(status: int = 200, body: dict[str, Any] | None = None) -> Callable[[], httpx.Response]:
    """Return an answer to posts."""
    return lambda: httpx.Response(status, json=REFUSED if body is None else body)


def person(number: int = 1, **more: Any) -> str:
    """Return somebody's submission."""
    said = {
        "id": str(number), "full_name": f"Ann Ng{number}", "email": f"ann{number}@example.com",
        "phone": f"+1202555{1000 + number}", "postcode": "94105", "city": "San Francisco", "region": "California",
        "country": "US", "interest": "Solar panels", "message": "Please call in the evening",
    }  # fmt: skip
    return json.dumps({**said, **more})
