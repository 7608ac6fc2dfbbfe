"""The Odoo connector by JSON-RPC, which versions before 19 speak; its cases are of JSON-2."""

from __future__ import annotations

import httpx
import pytest

from connectors.crm.odoo import Odoo
from hub.errors import Misconfigured
from hub.lead import Lead, Sent
from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox

SETTINGS = {"api_key": "key", "database": "acme", "username": "hub@example.com", "user_id": 7}


def _odoo(sandbox: Sandbox, clock: HandClock, **changes: object) -> Odoo:
    settings = {name: value for name, value in SETTINGS.items() if name != "user_id"}
    said = {"base_url": f"{sandbox.url}/odoo", "api": "jsonrpc", **settings, **changes}
    return Odoo("crm", Odoo.Config.model_validate(said), clock)


async def test_json_rpc_creates_finds_and_deletes():
    clock = HandClock()
    async with Sandbox(clock=clock, settings={"odoo": SETTINGS}) as sandbox, httpx.AsyncClient() as http:
        odoo, lead = _odoo(sandbox, clock), Lead(id="lead_1", full_name="Ann Ng")
        assert await odoo.send([lead], http) == [Sent("1")]
        assert await odoo.lookup(lead, http) == Sent("1")
        assert await odoo.forget(lead, "1", http) == Sent("1")
        assert sandbox.records("odoo") == []


async def test_json_rpc_writes_a_later_version_on_the_same_record():
    clock = HandClock()
    async with Sandbox(clock=clock, settings={"odoo": SETTINGS}) as sandbox, httpx.AsyncClient() as http:
        odoo, lead = _odoo(sandbox, clock), Lead(id="lead_1", full_name="Ann Ng")
        await odoo.send([lead], http)
        later = lead.with_fields(company="Acme", delivery=lead.delivery.model_copy(update={"version": 2}))
        assert await odoo.send([later], http) == [Sent()]
        assert [row["partner_name"] for row in sandbox.records("odoo")] == ["Acme"]


async def test_a_wrong_key_is_for_a_person_to_mend():
    clock = HandClock()
    async with Sandbox(clock=clock, settings={"odoo": SETTINGS}) as sandbox, httpx.AsyncClient() as http:
        with pytest.raises(Misconfigured, match="no login"):
            await _odoo(sandbox, clock, api_key="other").send([Lead(id="lead_1")], http)
