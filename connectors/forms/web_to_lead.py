"""Web-to-Lead: takes an existing Salesforce web-to-lead form, unchanged but for the address it posts to."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

from hub import (
    BadInput,
    Inbound,
    RawLead,
    Receipt,
    Reply,
    Site,
    Unverified,
    WebhookSource,
    WebPage,
    by_script,
    cors,
    hookimpl,
    listed,
    return_page,
)

ID = 15  # characters of an id that count; the three after them are a checksum
CONTROLS = ("oid", "orgid", "retURL", "encoding", "debug", "debugEmail", "captcha_settings", "g-recaptcha-response")
TICKED = ("1", "on", "true", "yes")

OrgId = Annotated[str, Field(pattern=r"^00D[0-9A-Za-z]{12}([0-9A-Za-z]{3})?$")]
FieldId = Annotated[str, Field(pattern=r"^00N[0-9A-Za-z]{12}([0-9A-Za-z]{3})?$")]


class WebToLead(WebhookSource):
    """Public forms made by Salesforce's Web-to-Lead setup: put `https://HUB/in/SOURCE` in as the form's action."""

    name = "web_to_lead"
    title = "Salesforce Web-to-Lead form"
    docs_url = "https://help.salesforce.com/s/articleView?id=sales.setting_up_web-to-lead.htm&type=5"
    confirmed = (
        "forms post urlencoded with oid, retURL and the standard names; `encoding` names the charset (help text)",
        "custom fields are named by their 15-character ids, 00N and twelve more, in upper and lower case (help text)",
        "a multi-select picklist is a repeated name, a ticked checkbox is 1, an unticked one is absent (help text)",
        "there is no signature and no id: oid is in every visitor's browser and proves nothing (help text)",
    )
    unconfirmed = (
        "forms post `orgid` in some old snippets; it is read as oid",
        "reCAPTCHA of the form is not asked about again: only Salesforce holds the secret; `honeypot` is the hub's own",
        "dates and numbers come in the default locale of the Salesforce org, and are kept as they are",
    )
    public = True

    class Config(WebhookSource.Config):
        account_id: list[OrgId] = Field(min_length=1, description="Org ids that forms may name as `oid`: 00D….")
        custom_fields: dict[FieldId, str] = Field(
            {}, description="Id of a custom field (00N…) to the name it has here, such as utm_source or budget."
        )
        return_urls: list[WebPage] = Field([], description="Pages that `retURL` may name; the first is the default.")
        origins: list[Site] = Field([], description="Sites that may post; none: all, as at Salesforce.")
        honeypot: str | None = Field(None, description="A field people never see, if you add one to the form.")
        charset: str = Field("utf-8", description="Charset of forms that do not name theirs: gb18030, big5.")

    config: Config

    def ready(self) -> None:
        self._orgs = {org[:ID] for org in self.config.account_id}
        self._names = {field[:ID]: name for field, name in self.config.custom_fields.items()}

    def verify(self, inbound: Inbound) -> None:
        origin = inbound.header("origin")
        if origin and self.config.origins and not listed(origin, self.config.origins):
            raise Unverified(f"The Origin {origin[:200]!r} is not one of `origins`. Add it there if it is yours.")
        fields = self._fields(inbound)
        org = fields.get("oid") or fields.get("orgid") or inbound.query.get("orgId")
        if not isinstance(org, str) or org[:ID] not in self._orgs:
            raise Unverified(
                f"The form's oid {str(org)[:40]!r} is not one of `account_id`. Add it there if it is yours."
            )

    def handshake(self, inbound: Inbound) -> Reply | None:
        if inbound.method == "OPTIONS":
            return Reply(204, b"", cors(inbound.headers, self.config.origins))
        return None

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        fields = self._fields(inbound)
        trap = self.config.honeypot
        data = {self._named(name): value for name, value in fields.items() if name not in (*CONTROLS, trap)}
        opted_out = str(data.get("emailOptOut", "")).lower() in TICKED
        seen = {"ip": inbound.client, "user_agent": inbound.header("user-agent"), "page_url": inbound.header("referer")}
        yield RawLead(
            key=None,
            data={name: value for name, value in seen.items() if value}
            | data
            | ({"consent": False} if opted_out else {}),
            submitted_at=inbound.received_at,
            test=inbound.query.get("test") in ("1", "true"),
            spam=f"the hidden field {trap!r} was filled" if trap and fields.get(trap) else None,
        )

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply | None:
        """Answer alike whatever became of it, as Salesforce does: with the way to the form's return page."""
        if by_script(inbound.headers):
            return Reply.json(
                {"ok": True, "submission": receipt.submission}, 200, **cors(inbound.headers, self.config.origins)
            )
        try:
            wanted = self._fields(inbound).get("retURL")
        except BadInput:
            wanted = None
        page = return_page(wanted, self.config.return_urls)
        return Reply(303, b"", {"location": page}) if page else Reply.text("Thank you. 谢谢。")

    def _fields(self, inbound: Inbound) -> Mapping[str, Any]:
        fields = inbound.payload(inbound.query.get("encoding") or self.config.charset)
        if not isinstance(fields, dict):
            raise BadInput(f"The form must have fields, not be a {type(fields).__name__}.")
        return fields

    def _named(self, field: str) -> str:
        return self._names.get(field[:ID], field) if field.startswith("00N") else field


@hookimpl
def hub_register() -> Iterable[type[WebToLead]]:
    yield WebToLead
