"""OAuth 2.0 for every connector: which request asks for a token, and what becomes of a refresh token that rotates."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
import respx

from hub.errors import Misconfigured
from hub.families.oauth import OAuthCaller
from hub.http import Request
from hub.testing.fakes import HandClock

APP = {"base_url": "https://api.example.com", "client_id": "app", "client_secret": "s3cret"}
LEADS = "https://api.example.com/leads"


class Crm(OAuthCaller):
    """A vendor whose refresh tokens rotate."""

    name = "crm"
    scope = "leads.write"


class Careful(Crm):
    """A vendor that wants the credentials in the header, and one thing more."""

    in_header = True

    def token_fields(self) -> dict[str, str]:
        return {"audience": "leads"}


def made(cls: type[OAuthCaller] = Crm, **more: Any) -> OAuthCaller:
    return cls("crm", cls.Config.model_validate({**APP, **more}), HandClock())


async def ask(connector: OAuthCaller) -> int:
    async with httpx.AsyncClient() as http:
        return (await connector.exchange(Request("GET", "/leads"), http)).status


def test_without_a_refresh_token_the_apps_own_credentials_ask():
    request = made().token_request()
    assert request.url == "/oauth/token"
    assert request.form == {
        "grant_type": "client_credentials", "scope": "leads.write", "client_id": "app", "client_secret": "s3cret",
    }  # fmt: skip


def test_credentials_go_into_the_header_where_the_vendor_wants_that():
    request = made(Careful, token_url="https://login.example.com/token", refresh_token="r1").token_request()
    assert request.url == "https://login.example.com/token"
    assert request.form == {
        "grant_type": "refresh_token", "refresh_token": "r1", "scope": "leads.write", "audience": "leads",
    }  # fmt: skip
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"app:s3cret").decode()


@respx.mock(using="httpx")
async def test_a_refresh_token_that_rotated_asks_the_next_time(respx_mock: respx.MockRouter):
    connector, clock = made(refresh_token="r1"), None
    tokens = respx_mock.post("https://api.example.com/oauth/token").mock(
        side_effect=[
            httpx.Response(200, json={"access_token": "a1", "expires_in": 600, "refresh_token": "r2"}),
            httpx.Response(200, json={"access_token": "a2", "expires_in": 600}),
        ]
    )
    respx_mock.get(LEADS).mock(side_effect=[httpx.Response(200), httpx.Response(200)])
    assert await ask(connector) == 200
    clock = connector.clock
    clock.turn(3600)
    assert await ask(connector) == 200
    assert [
        b"refresh_token=r1" in tokens.calls[0].request.content,
        b"refresh_token=r2" in tokens.calls[1].request.content,
    ] == [True, True]
    assert respx_mock.get(LEADS).calls[-1].request.headers["authorization"] == "Bearer a2"


@respx.mock(using="httpx")
async def test_a_refusal_that_comes_as_200_asks_a_person(respx_mock: respx.MockRouter):
    respx_mock.post("https://api.example.com/oauth/token").mock(
        return_value=httpx.Response(200, json={"error": "invalid_code"})
    )
    with pytest.raises(Misconfigured, match="invalid_code"):
        await ask(made(refresh_token="r1"))
