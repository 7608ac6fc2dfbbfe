"""Cal.com: takes bookings and routing forms by signed webhook."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field, SecretStr

from hub import (
    BadInput,
    Inbound,
    RawLead,
    WebhookSource,
    an_object,
    check_hmac,
    hookimpl,
    instant,
    objects,
    secrets_of,
)

MOVED = "rescheduleUid"
INNER = ("responses", "userFieldsResponses", "attendees")


class CalCom(WebhookSource):
    """A webhook of a user, an event type or an organization, with a secret and without a payload template."""

    name = "cal_com"
    title = "Cal.com"
    docs_url = "https://cal.com/docs/developing/guides/automation/webhooks"
    confirmed = (
        "X-Cal-Signature-256 is hex HMAC-SHA256 of the raw body under the webhook's secret (vendor docs)",
        "answers stand in responses as {label, value} by the slug of their question (vendor docs)",
        "a payload template may replace the body (vendor docs): a body without triggerEvent and payload is refused",
    )
    unconfirmed = (
        "a routing form (FORM_SUBMITTED) has no id of its own: its form and the time of the event stand for one",
        "a booking that was only moved comes with rescheduleUid, also as BOOKING_CREATED; it is left alone",
        "failed webhooks are not sent again",
        "a webhook without a secret is signed with a placeholder, which is refused",
    )

    class Config(WebhookSource.Config):
        secret: SecretStr = Field(description="Secret of the webhook.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        events: list[str] = Field(
            ["BOOKING_CREATED", "BOOKING_REQUESTED", "FORM_SUBMITTED"], description="Events that are leads."
        )

    config: Config

    def verify(self, inbound: Inbound) -> None:
        check_hmac(inbound, secrets_of(self.config), header="X-Cal-Signature-256")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        event = inbound.json_object()
        kind, payload = event.get("triggerEvent"), event.get("payload")
        if kind is None:
            raise BadInput("The body has no triggerEvent. Take the payload template out of the webhook.")
        if kind not in self.config.events:
            return
        if not isinstance(payload, dict):
            raise BadInput(f"The event {str(kind)[:100]!r} has no payload.")
        if payload.get(MOVED):
            return
        yield RawLead(_key(event, payload), _data(payload), instant(event.get("createdAt")))


def _key(event: Mapping[str, Any], payload: Mapping[str, Any]) -> str | None:
    """Return the booking's uid, so that a request and its booking are one; of a form, what is sent alike twice."""
    if payload.get("uid"):
        return str(payload["uid"])
    form, at = payload.get("formId"), event.get("createdAt")
    return f"{form}:{at}" if form and at else None


def _data(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload, the answers under their slugs, and of the attendee what the answers do not say."""
    about = {name: value for name, value in payload.items() if name not in INNER}
    about["attendees"] = payload.get("attendees")
    first = next(iter(objects(payload.get("attendees"))), {})
    person = {name: value for name, value in first.items() if name in ("name", "email", "phoneNumber", "timeZone")}
    locale = an_object(first.get("language")).get("locale")
    answers: dict[str, Any] = {**person, **({"language": locale} if locale else {})}
    for group in ("userFieldsResponses", "responses"):
        for slug, answer in an_object(payload.get(group)).items():
            value = answer.get("value", answer) if isinstance(answer, dict) else answer
            answers.update({slug: value} if value not in (None, "", []) else {})
    renamed = {f"{name} (answer)" if about.get(name) is not None else name: value for name, value in answers.items()}
    return {name: value for name, value in about.items() if value is not None} | renamed


@hookimpl
def hub_register() -> Iterable[type[CalCom]]:
    yield CalCom
