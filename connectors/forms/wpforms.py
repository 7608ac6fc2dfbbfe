"""WPForms: takes the entries that the Webhooks addon of the WordPress plugin posts."""

from collections.abc import Iterable
from typing import Any

from pydantic import Field, SecretStr

from hub import (
    Inbound,
    RawLead,
    WebhookSource,
    check_hmac,
    check_timestamp,
    header_parts,
    hookimpl,
    instant,
    secrets_of,
)

SIGNATURE = "X-WPForms-Webhook-Signature"


class Wpforms(WebhookSource):
    """A webhook of one form: request format JSON, with a secret, and `entry_id` mapped to the smart tag {entry_id}."""

    name = "wpforms"
    title = "WPForms"
    docs_url = "https://wpforms.com/docs/how-to-install-and-use-the-webhooks-addon-with-wpforms/"
    confirmed = (
        "the signature is t= and v= in X-WPForms-Webhook-Signature, v the hex HMAC-SHA256 of t, a dot and the JSON "
        "(the addon's code)",
        "values of one field are put together with ||; a date is an object with value and unix (the addon's code)",
        "it posts once: what is refused is never sent again (the addon's code)",
        "format FORM is signed over its JSON, not over what is sent; only JSON is believed here (the addon's code)",
    )
    unconfirmed = ("that posts come within `tolerance` of their signed time; a busy site's queue may be slower",)

    class Config(WebhookSource.Config):
        secret: SecretStr = Field(description="Secret of the webhook: Settings, Webhooks in the form builder.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        key: str = Field("entry_id", description="Key of the body that the smart tag {entry_id} is mapped to.")
        tolerance: float = Field(300.0, gt=0, le=86400, description="Seconds the signed time may be off.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        at = header_parts(inbound.header(SIGNATURE)).get("t", "")
        secrets = secrets_of(self.config)
        check_hmac(inbound, secrets, header=SIGNATURE, prefix="v=", signed=lambda i: f"{at}.".encode() + i.body)
        check_timestamp(at, inbound.received_at or self.clock.now(), self.config.tolerance)

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        data = {name: _value(value) for name, value in inbound.json_object().items()}
        entry = str(data.get(self.config.key) or "").strip()
        key = entry if entry and not entry.startswith("{") else None
        yield RawLead(key, data, instant(header_parts(inbound.header(SIGNATURE)).get("t")))


def _value(value: Any) -> Any:
    """Return what was answered: several as a list, of a date its text."""
    if isinstance(value, str) and "||" in value:
        return [part for part in value.split("||") if part]
    return value["value"] if isinstance(value, dict) and value.keys() == {"value", "unix"} else value


@hookimpl
def hub_register() -> Iterable[type[Wpforms]]:
    yield Wpforms
