"""OAuth 2.0 for every connector: which request asks for a token, and what becomes of a refresh token that rotates."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from hub.errors import Misconfigured
from hub.families.oauth import OAuthCaller
from hub.http import Request
from hub.lead import Lead
from hub.testing.contract.subject import load_plug
from hub.testing.fakes import HandClock

APP = {"base_url": "https://api.example.com", "client_id": "app", "client_secret": "s3cret"}
OWN = {"client_id": "app", "client_secret": "s3cret"}
ROOT = Path(__file__).parents[2]
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


CONSENTS = [
    ("crm/zoho_crm", {**OWN, "data_center": "eu"}, "https://accounts.zoho.eu/oauth/v2/auth", "https://accounts.zoho.eu/oauth/v2/token", "ZohoCRM.modules.ALL"),
    ("crm/pipedrive", {**OWN, "id_field": "a" * 40}, "https://oauth.pipedrive.com/oauth/authorize", "https://oauth.pipedrive.com/oauth/token", ""),
    ("crm/dynamics365", {**OWN, "base_url": "https://acme.crm4.dynamics.com", "tenant_id": "t1"}, "https://login.microsoftonline.com/t1/oauth2/v2.0/authorize", "https://login.microsoftonline.com/t1/oauth2/v2.0/token", "https://acme.crm4.dynamics.com/user_impersonation offline_access"),
    ("crm/salesforce", {**OWN, "base_url": "https://acme.my.salesforce.com"}, "https://acme.my.salesforce.com/services/oauth2/authorize", "https://acme.my.salesforce.com/services/oauth2/token", "api refresh_token"),
    ("crm/hubspot", OWN, "https://app.hubspot.com/oauth/authorize", "https://api.hubapi.com/oauth/v1/token", "oauth crm.objects"),
    ("ads/linkedin_lead_sync", OWN, "https://www.linkedin.com/oauth/v2/authorization", "https://www.linkedin.com/oauth/v2/accessToken", "r_marketing_leadgen_automation"),
    ("sheets/google_sheets", {**OWN, "spreadsheet_id": "s"}, "https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token", "https://www.googleapis.com/auth/spreadsheets"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "settings", "page", "token", "scope"), CONSENTS, ids=[one[0] for one in CONSENTS])
def test_every_vendor_has_its_own_consent_page(name: str, settings: dict[str, str], page: str, token: str, scope: str):
    cls = load_plug(ROOT / "connectors" / f"{name}.py").things[0]
    found = cls("kit", cls.Config.model_validate(settings), HandClock()).consent_page()
    assert (found.authorize_url, found.token_url, found.client_id) == (page, token, "app")
    assert found.scope.startswith(scope)
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "There is no way in. Name `token`, or `client_id` and `client_secret`"),
        ({"client_id": "app"}, "`client_id` and `client_secret` come together"),
        ({**OWN, "token": "pat"}, "There are two ways in. Name either `token`, or `client_id`"),
    ],
)
def test_there_is_one_way_in_and_no_other(given: dict[str, str], said: str):
    hubspot = load_plug(ROOT / "connectors" / "crm" / "hubspot.py").things[0]
    with pytest.raises(ValueError, match=said):
        hubspot.Config.model_validate(given)


@respx.mock(using="httpx")
async def test_with_an_app_instead_of_a_key_calls_carry_the_token(respx_mock: respx.MockRouter):
    cls = load_plug(ROOT / "connectors" / "crm" / "hubspot.py").things[0]
    connector = cls("crm", cls.Config.model_validate({**OWN, "refresh_token": "r1"}), HandClock())
    respx_mock.post("https://api.hubapi.com/oauth/v1/token").mock(
        return_value=httpx.Response(200, json={"access_token": "a1", "expires_in": 1800, "refresh_token": "r1"})
    )
    leads = respx_mock.post("https://api.hubapi.com/crm/objects/2026-09/contacts/batch/upsert").mock(
        return_value=httpx.Response(200, json={"results": [{"id": "9", "objectWriteTraceId": "lead_1"}]})
    )
    async with httpx.AsyncClient() as http:
        await connector.send([Lead.blank(id="lead_1")], http)
    assert leads.calls[0].request.headers["authorization"] == "Bearer a1"
