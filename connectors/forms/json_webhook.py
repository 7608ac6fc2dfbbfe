"""JSON webhook: takes any JSON or form post from a tool of yours, with the proof of origin you choose."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator

from hub import (
    BadInput,
    Inbound,
    Problem,
    RawLead,
    Unverified,
    WebhookSource,
    check_hmac,
    check_key,
    hookimpl,
    instant,
    secrets_of,
)

TOKEN_LENGTH = 22  # 128 random bits in base64; whoever learns or guesses the address can post
_YES = (True, 1, "1", "true", "True", "yes")


class JsonWebhook(WebhookSource):
    """Whatever posts JSON: your own backend, Zapier, Make, n8n, a partner."""

    name = "json_webhook"
    title = "JSON webhook"
    docs_url = "https://www.rfc-editor.org/rfc/rfc8259"
    confirmed = ("HMACs are those of RFC 2104 over the raw body",)

    class Config(WebhookSource.Config):
        auth: Literal["hmac", "key", "token", "none"] = Field(
            "hmac", description="Proof of origin: a signed body, a key in a header, `?token=` in the address, or none."
        )
        secret: SecretStr | None = Field(None, description="The HMAC secret, the key or the token, by `auth`.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        header: str | None = Field(None, description="Header of it; without: X-Signature for hmac, X-Api-Key for key.")
        prefix: str = Field("", description="What stands before it in the header: `sha256=`, or `Bearer `.")
        algorithm: Literal["sha256", "sha1", "sha512"] = Field("sha256", description="Hash of the HMAC.")
        encoding: Literal["hex", "base64"] = Field("hex", description="How the HMAC is written.")
        items: str | None = Field(None, description="Path to the list of leads in a batch, such as data.leads.")
        key: str | None = Field(None, description="Path to the sender's own id in a lead; repeats of it are one.")
        submitted_at: str | None = Field(
            None, description="Path to the submit time in a lead; without a zone it is read in the source's."
        )
        test: str = Field("is_test", description="Path to the mark of a test lead; `?test=1` marks all in a request.")

        @model_validator(mode="after")
        def _has_proof(self) -> "JsonWebhook.Config":
            if self.auth != "none" and not secrets_of(self):
                raise ValueError(f"auth: {self.auth} needs `secret`.")
            if self.auth == "token" and min(map(len, secrets_of(self))) < TOKEN_LENGTH:
                raise ValueError(f"auth: token needs a random `secret` of at least {TOKEN_LENGTH} characters.")
            return self

    config: Config

    def verify(self, inbound: Inbound) -> None:
        own, secrets = self.config, secrets_of(self.config)
        if own.auth == "hmac":
            header = own.header or "X-Signature"
            check_hmac(
                inbound, secrets, header=header, algorithm=own.algorithm, encoding=own.encoding, prefix=own.prefix
            )
        elif own.auth == "key":
            header = own.header or "X-Api-Key"
            given = inbound.header(header) or ""
            if not given.startswith(own.prefix):
                raise Unverified(f"The header {header} does not start with {own.prefix!r}.")
            check_key(given[len(own.prefix) :], secrets, f"key in header {header}")
        elif own.auth == "token":
            check_key(inbound.query.get("token"), secrets, "token in the address")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body, path = inbound.payload(), self.config.items
        items = body if path is None else _at(body, path)
        if not isinstance(items, (dict, list)):
            where = "The body" if path is None else f"What stands at {path!r} (setting `items`)"
            raise BadInput(f"{where} must be a JSON object or a list of them, not {type(items).__name__}.")
        test = inbound.query.get("test") in _YES
        for item in items if isinstance(items, list) else [items]:
            yield self._lead(item, test)

    def _lead(self, item: Any, test: bool) -> RawLead:
        if not isinstance(item, dict):
            said = f"A lead must be a JSON object, not {type(item).__name__}."
            problem = Problem(field="value", code="shape", message=said)
            return RawLead(None, {"value": item}, test=test, problems=(problem,))
        own = self.config
        return RawLead(
            key=_key(_at(item, own.key)) if own.key else None,
            data=item,
            submitted_at=instant(_at(item, own.submitted_at), None) if own.submitted_at else None,
            test=test or _at(item, own.test) in _YES,
        )


def _at(value: Any, path: str) -> Any:
    """Return what stands at a dotted path; a key that has dots of its own is found too."""
    if isinstance(value, dict) and path in value:
        return value[path]
    head, _, rest = path.partition(".")
    return _at(value.get(head), rest) if rest and isinstance(value, dict) else None


def _key(value: Any) -> str | None:
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return text if 0 < len(text) <= 256 else None


@hookimpl
def hub_register() -> Iterable[type[JsonWebhook]]:
    yield JsonWebhook
