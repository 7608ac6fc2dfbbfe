"""Web form: takes what a form on your own site posts, from plain HTML or from a script, and keeps bots apart.

`<script src="https://HUB/in/SOURCE?file=capture.js" defer></script>` on every page and `data-leadhub` on the form fill
in where the visit came from, a submission id and a signed time. The script lies beside this file, not with the
dashboard's: the connector moves as one, and needs nothing of the hub's inside.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr

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
    read_time,
    return_page,
    secrets_of,
    sign_time,
)

MAX_AGE = 7 * 24 * 3600  # a tab may stay open for days; a bot that learnt one time may not use it for ever
CONTROLS = ("_next", "_time", "_charset_", "submission_id")
_ID = re.compile(r"[A-Za-z0-9_-]{8,128}")


class WebForm(WebhookSource):
    """A public form: anyone may post, so there is nothing to verify but, where it is given, the Origin."""

    name = "web_form"
    title = "Web form"
    docs_url = "https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#form-submission-2"
    confirmed = (
        "browsers post urlencoded or multipart; scripts post JSON after a preflight, sendBeacon posts text/plain",
        "a 303 makes the browser read the next page, a 307 would make it post again",
    )
    public = True

    class Config(WebhookSource.Config):
        origins: list[Site] = Field([], description="Sites that may post by script: https://acme.com, or * for all.")
        return_urls: list[WebPage] = Field([], description="Pages that `_next` may name; the first is the default.")
        honeypot: str = Field("website2", description="A field people never see; whoever fills it is a bot.")
        secret: SecretStr | None = Field(
            None, description="Signs the time in the hidden field `_time`; none: no check."
        )
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        min_seconds: float = Field(3.0, ge=0, description="Whoever is faster is a bot; needs `secret`.")
        charset: str = Field("utf-8", description="Charset of old pages that do not name theirs: gb18030, big5.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        origin = inbound.header("origin")
        if origin and self.config.origins and not listed(origin, self.config.origins):
            raise Unverified(f"The Origin {origin[:200]!r} is not one of `origins`. Add it there if it is yours.")

    def handshake(self, inbound: Inbound) -> Reply | None:
        if inbound.method == "OPTIONS":
            return Reply(204, b"", cors(inbound.headers, self.config.origins))
        if inbound.method in ("GET", "HEAD") and inbound.query.get("file") == "capture.js":
            kind = {"content-type": "application/javascript; charset=utf-8", "cache-control": "no-store"}
            return Reply(200, self._script().encode(), {**kind, "cross-origin-resource-policy": "cross-origin"})
        return None

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        fields = self._fields(inbound)
        given = fields.get("submission_id")
        seen = {"ip": inbound.client, "user_agent": inbound.header("user-agent"), "page_url": inbound.header("referer")}
        data = {name: value for name, value in fields.items() if name not in (*CONTROLS, self.config.honeypot)}
        yield RawLead(
            key=given if isinstance(given, str) and _ID.fullmatch(given) else None,
            data=data | {name: value for name, value in seen.items() if value and not data.get(name)},
            submitted_at=inbound.received_at,
            test=inbound.query.get("test") in ("1", "true"),
            spam=self._spam(fields, inbound),
        )

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply | None:
        """Answer alike whatever became of it: bots learn nothing, and nobody learns who is known here."""
        if by_script(inbound.headers):
            said = {"ok": True, "submission": receipt.submission}
            return Reply.json(said, 200, **cors(inbound.headers, self.config.origins))
        try:
            wanted = self._fields(inbound).get("_next")
        except BadInput:
            wanted = None
        page = return_page(wanted, self.config.return_urls)
        return Reply(303, b"", {"location": page}) if page else Reply.text("Thank you. 谢谢。")

    def _fields(self, inbound: Inbound) -> Mapping[str, Any]:
        fields = inbound.payload(self.config.charset)
        if not isinstance(fields, dict):
            raise BadInput(f"The form must be one JSON object, not {type(fields).__name__}.")
        return fields

    def _spam(self, fields: Mapping[str, Any], inbound: Inbound) -> str | None:
        if fields.get(self.config.honeypot):
            return f"the hidden field {self.config.honeypot!r} was filled"
        secrets = secrets_of(self.config)
        if not secrets:
            return None
        try:
            opened = read_time(secrets, str(fields.get("_time") or ""))
        except Unverified as error:
            return error.reason.rstrip(".")
        seconds = ((inbound.received_at or self.clock.now()) - opened).total_seconds()
        if self.config.min_seconds <= seconds <= MAX_AGE:
            return None
        return f"the form was sent {seconds:.0f} s after it was opened"

    def _script(self) -> str:
        secrets = secrets_of(self.config)
        time = sign_time(secrets[0], self.clock.now()) if secrets else ""
        return Path(__file__).with_suffix(".js").read_text("utf-8").replace("__TIME__", time)


@hookimpl
def hub_register() -> Iterable[type[WebForm]]:
    yield WebForm
