"""Calendly: takes bookings and routing forms by signed webhook."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field, SecretStr

from hub import (
    BadInput,
    Inbound,
    RawLead,
    WebhookSource,
    an_object,
    check_stamped,
    hookimpl,
    instant,
    objects,
    secrets_of,
)

HEADER = "Calendly-Webhook-Signature"
TOLERANCE = 180  # seconds, as the vendor's own samples have it


class Calendly(WebhookSource):
    """A webhook subscription, made by API: `events`, `scope`, and the `signing_key` that is the secret here."""

    name = "calendly"
    title = "Calendly"
    docs_url = (
        "https://developer.calendly.com/receive-data-from-scheduled-events-in-real-time-with-webhook-subscriptions"
    )
    confirmed = (
        "the signature is t=<seconds>,v1=<hex HMAC-SHA256 of t.body> (hookdeck/webhook-skills, calendly-webhooks)",
        "a rescheduled booking comes as invitee.canceled and as invitee.created with old_invitee (vendor docs)",
        "routing_form_submission.created fires for every routing form, booked or not, in organization scope (docs)",
        "its submission has questions_and_answers, result, submitter and tracking (gem calendly, rubydoc.info)",
    )
    unconfirmed = (
        "failed webhooks are sent again for about 24 hours, each try with its own time; then they are switched off",
        "a booking made out of a routing form comes twice, as two submissions of one person; `events` leaves one out",
    )

    class Config(WebhookSource.Config):
        secret: SecretStr = Field(description="The signing_key of the webhook subscription.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        events: list[str] = Field(
            ["invitee.created", "routing_form_submission.created"], description="Events that are leads."
        )
        rescheduled: bool = Field(False, description="Whether a booking that was only moved is a submission, too.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        now = inbound.received_at or self.clock.now()
        check_stamped(inbound, secrets_of(self.config), header=HEADER, now=now, tolerance=TOLERANCE)

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        event = inbound.json_object()
        kind = event.get("event")
        if kind not in self.config.events:
            return
        payload = event.get("payload")
        if not isinstance(payload, dict):
            raise BadInput(f"The event {str(kind)[:100]!r} has no payload.")
        if payload.get("old_invitee") and not self.config.rescheduled:
            return
        uri = payload.get("uri")
        yield RawLead(
            key=uri if isinstance(uri, str) and uri else None,
            data=_data(payload),
            submitted_at=instant(payload.get("created_at") or event.get("created_at")),
        )


def _data(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload, its tracking flat and each answer under its question."""
    about = {name: value for name, value in payload.items() if name not in ("questions_and_answers", "tracking")}
    data = {**an_object(payload.get("tracking")), **about}
    for one in objects(payload.get("questions_and_answers")):
        question = str(one.get("question") or one.get("question_uuid") or "answer")
        data[f"{question} (answer)" if question in data else question] = one.get("answer")
    return data


@hookimpl
def hub_register() -> Iterable[type[Calendly]]:
    yield Calendly
