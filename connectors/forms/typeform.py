"""Typeform: takes the responses of a typeform, each answer under the reference its author gave the question."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from hub import BadInput, Inbound, RawLead, WebhookSource, an_object, check_hmac, hookimpl, instant, objects, secrets_of

SAMPLE_EMAIL = "an_account@example.com"  # what "Send test request" puts into every e-mail question


class Typeform(WebhookSource):
    """A webhook of one typeform; set the secret there, and switch the webhook on."""

    name = "typeform"
    title = "Typeform"
    docs_url = "https://www.typeform.com/developers/webhooks/"
    confirmed = (
        "the signature is base64 of HMAC-SHA256 over the raw body, after sha256= (vendor docs)",
        "a 404 or 410 switches the webhook off; 408, 423, 429 and 503 are tried again for 10 hours (vendor docs)",
        "an answer's value stands under a key named like its type (vendor docs)",
        "test requests are not marked and answer every e-mail question with an_account@example.com (public payloads)",
    )
    unconfirmed = (
        "responses that were not finished come as another event type; setting `events` takes them too",
        "test requests are told by their sample e-mail; setting `sample_email` changes it",
    )
    answers: ClassVar[Mapping[int, int]] = {404: 503, 410: 503}

    class Config(WebhookSource.Config):
        secret: SecretStr = Field(description="Secret of the webhook.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        events: list[str] = Field(["form_response"], description="Events that are leads.")
        sample_email: str = Field(SAMPLE_EMAIL, description="The e-mail address in the answers of a test request.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        secrets = secrets_of(self.config)
        check_hmac(inbound, secrets, header="Typeform-Signature", encoding="base64", prefix="sha256=")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        event = inbound.json_object()
        kind = event.get("event_type")
        if kind not in self.config.events:
            return
        response = event.get("form_response")
        if not isinstance(response, dict):
            raise BadInput(f"The event {kind!r} has no form_response.")
        token = response.get("token") or event.get("event_id")
        answers = {_name(answer): _value(answer) for answer in objects(response.get("answers"))}
        yield RawLead(
            key=(f"{token}" if kind == "form_response" else f"{kind}:{token}") if token else None,
            data={**an_object(response.get("hidden")), **_about(response), **answers},
            submitted_at=instant(response.get("submitted_at")),
            test=self.config.sample_email in answers.values(),
        )


def _about(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands beside the answers, the titles of the questions among it; only what is there."""
    definition = an_object(response.get("definition"))
    about = {
        "form_id": response.get("form_id"),
        "form_title": definition.get("title"),
        "response_token": response.get("token"),
        "landed_at": response.get("landed_at"),
        "score": an_object(response.get("calculated")).get("score"),
        "variables": {str(item.get("key")): _value(item) for item in objects(response.get("variables"))},
        "titles": {_name({"field": item}): item.get("title") for item in objects(definition.get("fields"))},
    }
    return {name: value for name, value in about.items() if value not in (None, {})}


def _name(answer: Mapping[str, Any]) -> str:
    field = an_object(answer.get("field"))
    return str(field.get("ref") or field.get("id") or "answer")


def _value(answer: Mapping[str, Any]) -> Any:
    """Return an answer's value: of a choice its label, of several a list, of any other type what its key holds."""
    value = answer.get(str(answer.get("type")))
    if not isinstance(value, dict):
        return value
    if answer["type"] == "choice":
        return value.get("label") or value.get("other")
    if answer["type"] == "choices":
        labels = value.get("labels")
        return [*(labels if isinstance(labels, list) else []), *filter(None, [value.get("other")])]
    return value


@hookimpl
def hub_register() -> Iterable[type[Typeform]]:
    yield Typeform
