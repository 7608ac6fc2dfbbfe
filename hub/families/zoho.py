"""What connectors of Zoho's products share: data centres, tokens, and what codes mean, of an answer and of a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, model_validator

from hub.errors import Misconfigured, Retry
from hub.families.oauth import OAuthCaller
from hub.http import Response, Verdict, readable
from hub.lead import Rejected, Sent
from hub.outgoing.credential import Token
from hub.sink import Outcome
from hub.strictjson import an_object, objects

DOMAINS: Mapping[str, tuple[str, str]] = {
    "us": ("zoho.com", "zohoapis.com"), "eu": ("zoho.eu", "zohoapis.eu"), "in": ("zoho.in", "zohoapis.in"),
    "au": ("zoho.com.au", "zohoapis.com.au"), "jp": ("zoho.jp", "zohoapis.jp"), "sa": ("zoho.sa", "zohoapis.sa"),
    "cn": ("zoho.com.cn", "zohoapis.com.cn"), "ca": ("zohocloud.ca", "zohoapis.ca"),
}  # fmt: skip
"""The domains of accounts and API of each data centre (https://www.zoho.com/crm/developer/docs/api/v8/multi-dc.html)."""

CODES: Mapping[str, Verdict] = {
    **dict.fromkeys(("TOO_MANY_REQUESTS", "INTERNAL_ERROR", "RECORD_LOCKED", "ALREADY_SCHEDULED"), "retry"),
    **dict.fromkeys(("OAUTH_SCOPE_MISMATCH", "NO_PERMISSION", "INVALID_MODULE", "INVALID_TOKEN"), "misconfigured"),
    **dict.fromkeys(("AUTHENTICATION_FAILURE", "STORAGE_SPACE_EXCEEDED", "INVALID_URL_PATTERN"), "misconfigured"),
}


class ZohoCaller(OAuthCaller):
    """A connector of one of Zoho's data centres; a token of one is refused by all others."""

    own_grant = False
    statuses: ClassVar[Mapping[int, Verdict]] = {304: "ok"}  # nothing was modified

    class Config(OAuthCaller.Config):
        """The data centre, and the consent that was given there."""

        base_url: str = Field("https://www.zohoapis.com", description="Address of the API; the data centre gives it.")
        data_center: Literal["us", "eu", "in", "au", "jp", "cn", "ca", "sa"] = Field(
            "us", description="Where your organisation's data lie: the end of the address you sign in at."
        )
        refresh_token: SecretStr | None = Field(
            None,
            description="Refresh token of the app or self client you registered there; none: the one that "
            "`leadhub connect` keeps.",
        )

        @model_validator(mode="before")
        @classmethod
        def _addresses(cls, given: Any) -> Any:
            if not isinstance(given, dict):
                return given
            accounts, api = DOMAINS.get(str(given.get("data_center", "us")), DOMAINS["us"])
            own = f"https://accounts.{accounts}/oauth/v2"
            addresses = {"base_url": f"https://www.{api}", "token_url": f"{own}/token", "authorize_url": f"{own}/auth"}
            return {**addresses, **given}

    config: Config

    def consent_fields(self) -> dict[str, str]:
        """Return that access lasts, and that the page shows even where consent was given before."""
        return {"access_type": "offline", "prompt": "consent"}

    def token(self, response: Response) -> Token:
        """Return the token, and the domain that came with it unless a proxy is set; refusals come as 200 too."""
        said = an_object(readable(response))
        if "too many requests" in str(said.get("error_description")).lower():
            raise Retry("no token: too many were asked for", 600.0)
        api = self.config.base_url
        own = any(api == f"https://www.{domain}" for _, domain in DOMAINS.values())
        return replace(super().token(response), base_url=str(said.get("api_domain") or api) if own else api)

    def authorization(self, token: Token) -> Mapping[str, str]:
        """Return the header, whose scheme is Zoho's own."""
        return {"Authorization": f"Zoho-oauthtoken {token.value}"}

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means: by its code, or by that of its only row."""
        code, what = str(_told(response).get("code")), super().verdict(response)
        return CODES.get(code, "reject" if _told(response).get("status") == "error" and what == "ok" else what)

    def wait(self, response: Response) -> float | None:
        """Return the seconds to wait; Zoho does not say, so half a minute."""
        return super().wait(response) or (30.0 if response.status == 429 else None)

    def refusal(self, response: Response) -> str:
        """Return the code and words, with the record that a duplicate names."""
        told = _told(response)
        return words_of(told) if told.get("code") else super().refusal(response)


def row_outcome(row: Mapping[str, Any]) -> Outcome:
    """Return what became of one row of a write."""
    if row["status"] == "success":
        return Sent(str(row["details"]["id"]))
    said, what = words_of(row), CODES.get(str(row.get("code")))
    if what == "retry":
        return Retry(said)
    return Misconfigured(said) if what == "misconfigured" else Rejected(said, str(row.get("code")))


def words_of(row: Mapping[str, Any]) -> str:
    """Return code, words, field and the record that is there, such as `DUPLICATE_DATA: duplicate data (record 12)`."""
    details = an_object(row.get("details"))
    field, there = details.get("api_name"), an_object(details.get("duplicate_record")).get("id") or details.get("id")
    more = (f" ({field})" if field else "") + (f" (record {there})" if there else "")
    return f"{row.get('code')}: {str(row.get('message'))[:250]}{more}"


def _told(response: Response) -> dict[str, Any]:
    """Return what an answer says as a whole: its own code, or its only row."""
    said = an_object(readable(response))
    rows = objects(said.get("data"))
    return rows[0] if len(rows) == 1 and "status" in rows[0] and "details" in rows[0] else said
