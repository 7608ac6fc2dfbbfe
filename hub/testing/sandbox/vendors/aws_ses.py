"""Amazon SES: SendEmail of the API's version 2 (docs.aws.amazon.com/ses/latest/APIReference-V2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, route
from hub.testing.sandbox.vendors.cloud_signatures import claim_of, derived, is_near, is_signed
from hub.testing.sandbox.vendors.mail_vendor import MailVendor, address_of

SCHEME = "AWS4-HMAC-SHA256"
MOST_RECIPIENTS = 50


class AwsSes(MailVendor):
    """`/aws_ses/v2/email/outbound-emails`; settings: `keys` (id to secret), `region`, `senders`."""

    name = "aws_ses"
    limits: ClassVar[Mapping[str, Limit]] = {"rate": Limit(14, 1.0), "quota": Limit(50_000, 86_400.0)}

    @route("POST", "/v2/email/outbound-emails")
    def send_email(self, call: Call) -> Reply:
        """Take a mail."""
        self._verify(call)
        mail = call.json_object()
        to = mail.get("Destination", {}).get("ToAddresses", [])
        simple = mail.get("Content", {}).get("Simple")
        if not to or len(to) > MOST_RECIPIENTS or not all(map(address_of, to)) or not isinstance(simple, dict):
            return _error(400, "BadRequestException", "Illegal address or missing content.")
        if not all(str(one).isascii() for one in (*to, mail.get("FromEmailAddress"))):
            return _error(400, "BadRequestException", "Local address contains non-ascii characters")
        if not self.verified(mail.get("FromEmailAddress")):
            words = "Email address is not verified. The following identities failed the check in region"
            return _error(400, "MessageRejected", f"{words} {self.settings.get('region', '').upper()}")
        self.spend("quota")
        self.spend("rate")
        tags = {tag["Name"]: tag["Value"] for tag in mail.get("EmailTags", [])}
        texts = {name.lower(): part["Data"] for name, part in simple.get("Body", {}).items()}
        subject = simple["Subject"]["Data"]
        sender = {"from": mail["FromEmailAddress"]}
        return Reply.json({"MessageId": self.keep(call, tags.get("hub_id"), to=to, subject=subject, **sender, **texts)})

    def unauthorized(self) -> Reply:
        """Answer as for a key that does not exist."""
        return _error(403, "UnrecognizedClientException", "The security token included in the request is invalid.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer as for too many mails in a second, or in a day."""
        if limit == "quota":
            return _error(400, "LimitExceededException", "Daily message quota exceeded.")
        return _error(429, "TooManyRequestsException", "Maximum sending rate exceeded.")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer as for an account that was paused."""
        return _error(400, str(code or "SendingPausedException"), "Sending is paused for this account.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a body that is no JSON."""
        return _error(400, "SerializationException", "Unexpected token.")

    def _verify(self, call: Call) -> None:
        claim, keys = claim_of(call, SCHEME), self.settings.get("keys", {})
        if claim is None or claim.key not in keys:
            raise Refused(self.unauthorized())
        stamp = call.headers.get("x-amz-date", "")
        if not is_near(stamp, "%Y%m%dT%H%M%SZ", self.clock.now()):
            raise Refused(_error(403, "InvalidSignatureException", "Signature expired."))
        scope = f"{stamp[:8]}/{self.settings.get('region')}/ses/aws4_request"
        key = derived(f"AWS4{keys[claim.key]}", claim.scope)
        fits = claim.scope == scope and {"host", "x-amz-date"} <= set(claim.headers)
        if not fits or not is_signed(call, claim, SCHEME, key, f"{stamp}\n{claim.scope}\n"):
            words = "The request signature we calculated does not match the signature you provided."
            raise Refused(_error(403, "InvalidSignatureException", words))


def _error(status: int, name: str, words: str) -> Reply:
    return Reply.json({"message": words}, status, **{"x-amzn-errortype": f"{name}:http://internal.amazon.com/"})
