"""Twilio: texts of the Messages resource (twilio.com/docs/messaging/api/message-resource)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_BODY = 1_600

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_GSM = re.compile(r"[\x20-\x7e\n\r£¥èéùìòÇØøÅåÄÖÑÜ§äöñüà]*")


class TwilioSms(Vendor):
    """`/twilio_sms/2010-04-01/…`; settings: `token` (`user:password`), `senders`, `stopped` (who answered STOP).

    A call too many is answered with 20429; texts are paid by the segment, so each record says how many it has.
    """

    name = "twilio_sms"
    limits: ClassVar[Mapping[str, Limit]] = {"account": Limit(100, 1.0)}

    def clear(self) -> None:
        """Forget the texts."""
        self._texts: list[dict[str, Any]] = []

    @route("POST", "/2010-04-01/Accounts/{account}/Messages.json")
    def create(self, call: Call) -> Reply:
        """Queue a text."""
        self._login(call)
        asked = call.form()
        self._check(asked)
        self.spend("account", call.params["account"])
        self.created(call, call.params["account"])
        self._texts.append(
            {
                "sid": f"SM{len(self._texts) + 1:032x}",
                "account_sid": call.params["account"],
                "status": "queued",
                "to": asked["To"],
                "from": asked.get("From"),
                "messaging_service_sid": asked.get("MessagingServiceSid"),
                "body": asked["Body"],
                "num_segments": str(_segments(asked["Body"])),
                "error_code": None,
                "error_message": None,
                "key": call.key,
            }
        )
        return Reply.json({name: value for name, value in self._texts[-1].items() if name != "key"}, 201)

    def unauthorized(self) -> Reply:
        """Answer as for a login that Twilio does not know."""
        return _error(401, 20003, "Authenticate")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with Twilio's code; it does not say how long to wait."""
        return _error(429, 20429, "Too Many Requests")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer as for a person who has answered STOP."""
        return _error(400, int(code) if code is not None else 21610, "Attempt to send to unsubscribed recipient")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a form without its fields."""
        return _error(400, 21604, "A 'To' phone number is required.")

    def missing(self, call: Call) -> Reply:
        """Answer as for a resource that is not there."""
        return _error(404, 20404, f"The requested resource {call.path} was not found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the texts: sid, to, from, body, num_segments, key."""
        return iter(self._texts)

    def _login(self, call: Call) -> None:
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        self.require(base64.b64decode(given).decode("utf-8", "replace") if scheme == "Basic" else None)

    def _check(self, asked: Mapping[str, str]) -> None:
        """Refuse what Twilio refuses, in the order that it looks."""
        to, sender, senders = asked.get("To", ""), asked.get("From"), self.settings.get("senders")
        if not to:
            raise Refused(_error(400, 21604, "A 'To' phone number is required."))
        if not _NUMBER.fullmatch(to):
            raise Refused(_error(400, 21211, f"Invalid 'To' Phone Number: {to}"))
        if not sender and not asked.get("MessagingServiceSid"):
            raise Refused(_error(400, 21603, "A 'From' phone number is required."))
        if sender and senders is not None and sender not in senders:
            raise Refused(_error(400, 21659, f"'{sender}' is not a Twilio phone number or Short Code"))
        if not asked.get("Body", "").strip():
            raise Refused(_error(400, 21602, "Message body is required."))
        if len(asked["Body"]) > MAX_BODY:
            raise Refused(_error(400, 21617, "The concatenated message body exceeds the 1600 character limit"))
        if to in self.settings.get("stopped", ()):
            raise Refused(_error(400, 21610, "Attempt to send to unsubscribed recipient"))


def _segments(body: str) -> int:
    """Return the parts a text is sent and paid in: 160 or 153 characters in GSM 7, 70 or 67 in UCS-2."""
    whole, part = (160, 153) if _GSM.fullmatch(body) else (70, 67)
    return 1 if len(body) <= whole else -(-len(body) // part)


def _error(status: int, code: int, words: str) -> Reply:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Reply.json({"code": code, "message": words, "more_info": more, "status": status}, status)
