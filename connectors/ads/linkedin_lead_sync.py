"""LinkedIn Lead Sync: takes the leads of ad, event and page forms, by webhook and by a poll that fills the gaps."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import httpx
from pydantic import Field, SecretStr

from hub import (
    BadInput,
    Inbound,
    Numbered,
    NumberedSource,
    OAuthCaller,
    Problem,
    RawLead,
    Reply,
    Request,
    Span,
    Token,
    WebhookSource,
    Window,
    an_object,
    bearer,
    check_hmac,
    form_response,
    hookimpl,
    instant,
    milliseconds,
    objects,
    secrets_of,
    segment,
    sign_hmac,
)  # fmt: skip

FIELDS = (
    "ownerInfo,associatedEntityInfo,leadMetadataInfo,owner,leadType,versionedLeadGenFormUrn,id,submittedAt,testLead,"
    "submitter,formResponse,form:(hiddenFields,creationLocale,name,id,content)"
)
MARK = "hmacsha256="  # stands before the body in what is signed, and with some senders before the signature
URN, CODE = "urn:li:leadGenFormResponse:", re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
WITHDRAWN = "The member withdrew this lead at LinkedIn. Find it by its id there and erase it here too."


class LinkedInLeadSync(WebhookSource, OAuthCaller, NumberedSource):
    """Lead forms of an ad account and of a Page: LinkedIn posts ids and each lead is read after the answer."""

    name = "linkedin_lead_sync"
    title = "LinkedIn Lead Sync"
    docs_url = "https://learn.microsoft.com/en-us/linkedin/marketing/lead-sync/leadsync"
    confirmed = (
        "the signature in X-LI-Signature is hex HMAC-SHA256 of hmacsha256= and the raw body (vendor docs)",
        "the challenge is answered within 3 s with its HMAC under the client secret, every 2 hours (vendor docs)",
        "leads are found by owner, type and submit time in ms, by offset, at most 100 a page, 365 days (vendor docs)",
        "leadAction DELETED says that the member withdrew; duplicates are possible (vendor docs)",
        "some senders write hmacsha256= before the signature, so it is taken off (public receivers)",
    )
    unconfirmed = (
        "202606 is still served (a version ends about a year after its release); setting `version` changes it",
        "options of choices have an id and a localized text; an option without one stays a number",
        "access tokens last 60 days, refresh tokens 365; only some apps get those: set `token` for one that does not",
    )
    token_path = "https://www.linkedin.com/oauth/v2/accessToken"  # noqa: S105 (an address)
    authorize_path, pkce = "https://www.linkedin.com/oauth/v2/authorization", False  # PKCE has another page there
    consent_scope, own_grant = "r_marketing_leadgen_automation r_ads r_organization_admin", False
    statuses = {404: "reject"}  # noqa: RUF012 - the member withdrew it; the whole base is immutable
    lifetime, every = 5_184_000.0, timedelta(minutes=15)
    page_size, reach, tick = 50, timedelta(days=364), timedelta(milliseconds=1)

    class Config(OAuthCaller.Config, Window):
        base_url: str = Field("https://api.linkedin.com/rest", description="Address of the API.")
        version: str = Field("202606", pattern="^20[0-9]{4}$", description="Version of the API, year and month.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        token: SecretStr | None = Field(None, description="Access token, for an app that gets no refresh tokens.")
        account_id: str | None = Field(None, description="Id of the ad account whose leads are polled; none: not.")
        organization_id: str | None = Field(None, description="Id of the Page whose leads are polled; none: not.")
        page_lead_types: list[str] = Field(
            ["EVENT", "COMPANY", "ORGANIZATION_PRODUCT"], description="Kinds of leads of the Page that are polled."
        )

    config: Config

    def verify(self, inbound: Inbound) -> None:
        secrets = secrets_of(self.config, "client_secret", "previous_secret")
        prefix = MARK if (inbound.header("X-LI-Signature") or "").strip().startswith(MARK) else ""
        check_hmac(inbound, secrets, header="X-LI-Signature", prefix=prefix, signed=lambda i: MARK.encode() + i.body)

    def handshake(self, inbound: Inbound) -> Reply | None:
        code = inbound.query.get("challengeCode", "")
        if inbound.method != "GET" or not CODE.fullmatch(code):
            return None  # a proof of what is no code would be a signature of whatever a stranger likes
        proof = sign_hmac(self.config.client_secret.get_secret_value().encode(), code.encode())
        return Reply.json({"challengeCode": code, "challengeResponse": proof})

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.json_object()
        urn = body.get("leadGenFormResponse")
        if not isinstance(urn, str) or not urn:
            raise BadInput("The notification has no leadGenFormResponse.")
        key, when = urn.removeprefix(URN) or None, instant(body.get("occurredAt"))
        if body.get("leadAction") == "DELETED":
            gone = Problem(field="platform_lead_id", code="withdrawn", message=WITHDRAWN)
            yield RawLead(key and f"{key}:DELETED", body, when, problems=(gone,))
        else:
            yield RawLead(key, body, when)

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        """Read the lead behind a notification; a polled one has it all, a withdrawn one is not there any more."""
        if raw.key is None or "id" in raw.data or raw.data.get("leadAction") == "DELETED":
            return raw
        read = form_response(await self.ask(self._get(f"leadFormResponses/{segment(raw.key)}?fields={FIELDS}"), http))
        return replace(read, key=raw.key, data={**raw.data, **read.data}, submitted_at=read.submitted_at)

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        own = self.config
        ads = [f"sponsoredAccount:{own.account_id}:SPONSORED"] if own.account_id else []
        kinds = own.page_lead_types if own.organization_id else []
        return ads + [f"organization:{own.organization_id}:{kind}" for kind in kinds]

    async def numbered(self, name: str, span: Span, number: int, http: httpx.AsyncClient) -> Numbered:
        kind, owner, lead_type = name.split(":")
        urn = segment(f"urn:li:{kind}:{owner}")
        query = (
            f"q=owner&owner=({kind}:{urn})&leadType=(leadType:{lead_type})&limitedToTestLeads=false"
            f"&submittedAtTimeRange=(start:{milliseconds(span.start)},end:{milliseconds(span.end)})"
            f"&fields={FIELDS}&count={self.page_size}&start={(number - 1) * self.page_size}"
        )
        said = await self.ask(self._get(f"leadFormResponses?{query}"), http)
        total = an_object(said.get("paging")).get("total")
        return Numbered(
            [form_response(one) for one in objects(said.get("elements"))], total if isinstance(total, int) else 0
        )

    def carrying(self, request: Request, token: Token | None) -> Request:
        fixed = self.config.token
        return request if fixed is None else request.with_headers(Authorization=bearer(fixed))

    @property
    def wants_token(self) -> bool:
        return self.config.token is None

    def _get(self, url: str) -> Request:  # the query is not in `params`: Rest.li wants it as it is, brackets and all
        return Request("GET", url, {"LinkedIn-Version": self.config.version, "X-Restli-Protocol-Version": "2.0.0"})


@hookimpl
def hub_register() -> Iterable[type[LinkedInLeadSync]]:
    yield LinkedInLeadSync
