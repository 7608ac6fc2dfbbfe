"""Buyers of leads: each bids for what it is told, and takes the lead it bid for once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.rows import Rows
from hub.testing.sandbox.vendor import Code, Vendor, route

PERSONAL = ("full_name", "first_name", "last_name", "email", "phone", "wechat", "message", "street", "notes")


class PingPost(Vendor):
    """`/ping_post/{buyer}/ping` and `/ping_post/{buyer}/post`.

    Settings: `prices` by buyer (0: no bid; 10 where none is set), `lasts` (seconds a bid holds), `refuses` (buyers that
    refuse posts), `token` (of the header X-Key), `direct` (false: posts without a ping are refused).
    """

    name = "ping_post"

    def clear(self) -> None:
        """Forget pings and leads."""
        self._pings = Rows(self.clock, "ping_{}".format)
        self._leads = Rows(self.clock, "lead_{}".format)

    @route("POST", "/{buyer}/ping")
    def ping(self, call: Call) -> Reply:
        """Bid; a ping that says who the person is, is an error."""
        said, buyer = self._said(call), call.params["buyer"]
        if any(said.get(name) for name in PERSONAL):
            return Reply.json({"error": "a ping must not name anybody"}, 400)
        price = self.settings.get("prices", {}).get(buyer, 10.0)
        made = self._pings.make({"buyer": buyer, "price": price, **said})
        if not price:
            return Reply.json({"bid": False, "message": "not in my area"})
        lasts = self.settings.get("lasts")
        return Reply.json({"bid": True, "price": price, "ping_id": made.id, **({"expires_in": lasts} if lasts else {})})

    @route("POST", "/{buyer}/post")
    def post(self, call: Call) -> Reply:
        """Take the lead of a ping, once, under the token the ping had."""
        said, buyer = self._said(call), call.params["buyer"]
        before = self._leads.where(key=call.key) if call.key else []
        if before:
            call.note(call.key, "repeat")
            return Reply.json({"accepted": True, "lead_id": before[0].id})
        why = self._refusal(said, buyer)
        if why:
            return Reply.json({"accepted": False, "message": why})
        made = self._leads.make({"buyer": buyer, "key": call.key, **said})
        self.created(call, buyer)
        return Reply.json({"accepted": True, "lead_id": made.id})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return Reply.json({"error": "the key is wrong"}, 401)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with Retry-After."""
        return Reply.json({"error": "slow down"}, 429, **{"retry-after": str(round(after))})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with an error in the body."""
        return Reply.json({"accepted": False, "message": str(code or "not stored")})

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return Reply.json({"error": reason}, 400)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads that were taken."""
        return [{"id": row.id, **row.values} for row in self._leads]

    def pings(self) -> list[Mapping[str, Any]]:
        """Return what the buyers were asked."""
        return [{"id": row.id, **row.values} for row in self._pings]

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Take leads as if they had been posted before."""
        for item in items:
            self._leads.make(item)

    def _said(self, call: Call) -> dict[str, Any]:
        self.require(call.headers.get("x-key") or ("" if self.settings.get("token") else "any"))
        return call.json_object()

    def _refusal(self, said: Mapping[str, Any], buyer: str) -> str | None:
        if buyer in self.settings.get("refuses", ()):
            return "a duplicate"
        row = self._pings.get(str(said.get("ping_id")))
        if row is None:
            return "there was no ping" if said.get("ping_id") or self.settings.get("direct") is False else None
        if row.values["buyer"] != buyer or row.values.get("ping_token") != said.get("ping_token"):
            return "the token is not that of the ping"
        return "sold already" if self._leads.where(ping_id=row.id) else None
