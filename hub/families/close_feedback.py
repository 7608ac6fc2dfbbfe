"""Reads out of Close what became of leads: status, calls, mails and opportunities, polled and by webhook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import httpx
from pydantic import Field, SecretStr

from hub.families.streams import Place, Rows, Stream, StreamFeedback
from hub.fields import iso
from hub.http import Request, Response
from hub.inbound import Inbound
from hub.news import Activity
from hub.outcome import Disposition
from hub.signing import check_hmac, check_timestamp, secrets_of
from hub.strictjson import an_object

PAGE = 100
STATUS, DEAL, CALL, MAIL = "status_change.lead", "status_change.opportunity", "call", "email"

_STATUS = Stream(STATUS, "status", ref="lead_id", at="date_created", once=True, word="new_status_label", by="user_id")
_DEAL = Stream(
    DEAL, "deal", ref="lead_id", at="date_created", once=True, word="new_status_type", by="user_id", value="worth",
    currency="opportunity_value_currency",
)  # fmt: skip
_CALL = Stream(CALL, "call", ref="lead_id", at="date_created", once=True, by="user_id")
_MAIL = Stream(MAIL, "mail", ref="lead_id", at="date_created", once=True, by="user_id")


class CloseFeedback(StreamFeedback):
    """Feedback by lists of activities, which never change, and by the same activities in webhooks."""

    streams = (_STATUS, _DEAL, _CALL, _MAIL)
    words: ClassVar[Mapping[str, Disposition]] = {**StreamFeedback.words, "active": Disposition.OPPORTUNITY}

    class Settings(StreamFeedback.Settings):
        """The keys of the webhook."""

        secret: SecretStr | None = Field(None, description="signature_key of the webhook that posts to /feedback/NAME.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")

    config: Any

    def asked(self, stream: Stream, place: Place) -> Request:
        """Return the list of what was made, newest first; the next page ends where this one did."""
        params = {"date_created__gte": iso(place.since), "_limit": str(PAGE)}
        until = {"date_created__lte": place.mark} if place.mark else {}
        return self._call("GET", f"activity/{stream.name.replace('.', '/')}/", params={**params, **until})

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, str | None]:
        """Return the activities, and the time of the last one where there are more."""
        rows: Rows = response.json()["data"]
        return rows, str(rows[-1]["date_created"]) if response.json()["has_more"] else None

    async def whole(self, stream: Stream, rows: Rows, http: httpx.AsyncClient) -> Rows:
        """Leave out what prospects wrote, and say what opportunities are worth."""
        return [_told(row) for row in rows if stream.name != MAIL or row.get("direction") == "outgoing"]

    def verify(self, inbound: Inbound) -> None:
        """Check the signature, over time and body, with the key as hex (https://developer.close.com/topics/webhooks)."""
        at, keys = inbound.header("close-sig-timestamp") or "", [_unhexed(key) for key in secrets_of(self.config)]
        check_hmac(
            inbound, [key for key in keys if key], header="close-sig-hash", signed=lambda i: at.encode() + i.body
        )
        check_timestamp(at, self.clock.now())

    def heard(self, inbound: Inbound) -> Iterable[Activity]:
        """Yield what an event tells that a list would tell too."""
        event = an_object(inbound.json_object().get("event"))
        name, row = str(event.get("object_type")).removeprefix("activity."), an_object(event.get("data"))
        if event.get("action") == "created" and (name != MAIL or row.get("direction") == "outgoing"):
            told = (one.activity(_told(row)) for one in self.streams if one.name == name)
            yield from (one for one in told if one is not None)

    def _call(self, method: str, path: str, **more: Any) -> Request:
        raise NotImplementedError


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Return an activity with what its opportunity is worth, which comes in cents."""
    cents = row.get("opportunity_value")
    return {**row, "worth": cents / 100} if isinstance(cents, (int, float)) else row


def _unhexed(key: bytes) -> bytes:
    try:
        return bytes.fromhex(key.decode())
    except ValueError:
        return b""
