"""Wix: takes form submissions, from an app's webhook or from an automation that sends an HTTP request."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import Field, field_validator

from hub import (
    BadInput,
    Inbound,
    RawLead,
    UnsignedSource,
    Unverified,
    an_object,
    check_timestamp,
    entitled,
    hookimpl,
    instant,
    objects,
)

AHEAD = 300.0  # seconds a clock of theirs may be ahead of ours
_SUFFIX = re.compile(r"(?:field:)?(.+?)_[0-9a-f]{4}")


class Wix(UnsignedSource):
    """Without `public_key` an automation's plain JSON, with it only what the app's webhook signs."""

    name = "wix"
    title = "Wix Forms"
    docs_url = "https://dev.wix.com/docs/rest/crm/forms/form-submissions/submission-created"
    confirmed = (
        "an app's webhook is a JWT (RS256, the app's public key) whose claim data holds the event as JSON, and its "
        "data the envelope with id, entityId and createdEvent as JSON again (vendor docs, public code)",
        "it must be answered within 1.25 seconds and is repeated up to 12 times (vendor docs)",
        "keys of fields end in four random characters, such as email_726c (vendor docs)",
    )
    unconfirmed = (
        "the entity stands in createdEvent as entity, or as JSON in entityAsJson",
        "an automation sends keys of its owner's choice; its whole payload has data with field:email_726c, or "
        "submissions as a list of label and value, and the number under submissionId",
        "requests to erase a person (triggeredByAnonymizeRequest) are left alone; erase the lead by hand",
    )

    class Config(UnsignedSource.Config):
        public_key: str | None = Field(
            None, description="Public key of your app (PEM): Webhooks in the app's dashboard."
        )

        @field_validator("public_key")
        @classmethod
        def _is_a_key(cls, value: str | None) -> str | None:
            if value is not None:
                RSAKey.import_key(value)
            return value

    config: Config

    def verify(self, inbound: Inbound) -> None:
        super().verify(inbound)
        if self.config.public_key is None:
            return
        try:
            claims = self._claims(inbound, self.config.public_key)
        except BadInput as error:
            raise Unverified(error.reason) from error
        now, until = (inbound.received_at or self.clock.now()).timestamp(), claims.get("exp")
        if isinstance(until, (int, float)) and until < now:
            raise Unverified("The JWT has expired. Compare the clocks.")
        if until is None:
            check_timestamp(str(claims.get("iat") or ""), inbound.received_at or self.clock.now(), AHEAD)

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        if self.config.public_key is None:
            yield _of_automation(inbound.json_object())
            return
        event = _object(self._claims(inbound, self.config.public_key).get("data"))
        envelope = _object(event.get("data"))
        created = an_object(envelope.get("createdEvent"))
        if not created or envelope.get("triggeredByAnonymizeRequest") is True:
            return
        entity = _object(created.get("entity") or created.get("entityAsJson"))
        about = {"wix_site": event.get("instanceId"), **{k: v for k, v in entity.items() if k != "submissions"}}
        key = str(entity.get("id") or envelope.get("entityId") or envelope.get("id") or "")
        at = instant(entity.get("createdDate") or envelope.get("eventTime"))
        yield RawLead(key or None, {**about, **_named(an_object(entity.get("submissions")))}, at)

    def _claims(self, inbound: Inbound, key: str) -> dict[str, Any]:
        """Return what the app's key has signed; raises BadInput for anything else."""
        try:
            return dict(jwt.decode(inbound.body.strip(), RSAKey.import_key(key), algorithms=["RS256"]).claims)
        except (JoseError, ValueError, TypeError, LookupError, RecursionError) as error:
            said = f"The body is no JWT signed by the app: {type(error).__name__}. Compare `public_key`."
            raise BadInput(said) from error


def _object(value: Any) -> dict[str, Any]:
    """Return an object, or the one that a text holds as JSON; raises BadInput for what is neither."""
    return value if isinstance(value, dict) else Inbound(body=str(value or "").encode("utf-8", "replace")).json_object()


def _of_automation(body: Mapping[str, Any]) -> RawLead:
    data = body["data"] if isinstance(body.get("data"), dict) else body
    said = objects(data.get("submissions"))
    answers = {str(one["label"]): one.get("value") for one in said if one.get("label")}
    kept = {name: value for name, value in data.items() if name != "submissions" or not answers}
    outside = {name: value for name, value in body.items() if data is not body and name != "data"}
    key = str(data.get("submissionId") or data.get("submission_id") or "")
    at = instant(data.get("submissionTime") or data.get("createdDate"))
    return RawLead(key or None, {**outside, **_named(kept), **answers}, at)


def _named(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers under the names of their fields, without the random characters that Wix adds."""
    return entitled(answers, {name: match[1] for name in answers if (match := _SUFFIX.fullmatch(name))})


@hookimpl
def hub_register() -> Iterable[type[Wix]]:
    yield Wix
