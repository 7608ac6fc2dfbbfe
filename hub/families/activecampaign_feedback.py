"""Reads out of ActiveCampaign what became of leads: deals and a status field by poll, what people do by webhook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr

from hub.errors import BadInput
from hub.families.counted import CountedFeedback
from hub.families.streams import CRM_WORDS, Place, Rows, Stream
from hub.families.unsigned import KEY_LENGTH
from hub.fields import text
from hub.http import Request, Response
from hub.inbound import Inbound
from hub.instant import instant
from hub.news import Activity, Kind
from hub.outcome import Disposition
from hub.signing import check_key, secrets_of
from hub.strictjson import objects
from hub.zone import TimeZone

PAGE = 100
DEALS, CONTACTS = "deals", "contacts"
STATES = {"0": "deal open", "1": "deal won", "2": "deal lost"}
DONE: Mapping[str, Kind] = {"deal_task_complete": "task", "deal_note_add": "note", "subscriber_note": "note"}

_DEALS = Stream(
    DEALS, "deal", ref="contact", at="mdate", word="word", by="closer", value="worth", currency="currency",
)  # fmt: skip
_CONTACTS = Stream(
    CONTACTS, "status", key="key", ref="id", at="udate", done="done", once=True, word="word", by="by",
    maker="created_by",
)  # fmt: skip


class ActiveCampaignFeedback(CountedFeedback):
    """Feedback by lists that are counted, and by letters that carry a key; the connector has `_call`."""

    signed: ClassVar[bool] = False
    listens: ClassVar[timedelta] = timedelta(minutes=5)
    overlap: ClassVar[timedelta] = timedelta(hours=1)  # a record that goes moves the others across a page's edge
    words: ClassVar[Mapping[str, Disposition]] = {
        **CRM_WORDS, "deal open": Disposition.OPPORTUNITY, "deal won": Disposition.WON, "deal lost": Disposition.LOST,
    }  # fmt: skip

    class Settings(CountedFeedback.Settings):
        """Where a status stands, and the key of the webhook."""

        status_field: str | None = Field(
            None, description="Id of the contacts' custom field that tells how far a lead is; none: deals alone do."
        )
        secret: SecretStr | None = Field(
            None, min_length=KEY_LENGTH, description="Random key: the webhook goes to /feedback/NAME?token=KEY."
        )
        previous_secret: SecretStr | None = Field(
            None, min_length=KEY_LENGTH, description="The secret before this one, during a change."
        )
        time_zone: TimeZone = Field("UTC", description="Time zone of the account, for times that do not say theirs.")

    config: Any

    def ready(self) -> None:
        """Choose what to read by the field that is named."""
        super().ready()  # type: ignore[misc]  # of the connector this is mixed into
        self.streams = (_DEALS, _CONTACTS) if self.config.status_field else (_DEALS,)

    def asked(self, stream: Stream, place: Place) -> Request:
        """Return the list of what changed, in the order it was made, in which a change moves nothing."""
        order = {"orders[cdate]": "ASC"} if stream.name == DEALS else {"orders[id]": "ASC", "include": "fieldValues"}
        page = {"limit": str(PAGE), "offset": place.mark or "0"}
        there = place.since.astimezone(ZoneInfo(self.config.time_zone))  # were its time ignored, the day would be right
        since = {"filters[updated_after]": there.isoformat(timespec="seconds")}
        return self._call("GET", stream.name, params={**since, **order, **page})

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        """Return deals with what they are worth, or contacts with their status."""
        said = response.json()
        found = objects(said[stream.name])
        if stream.name == DEALS:
            return [_deal(row) for row in found], len(found) == PAGE
        own = [one for one in objects(said.get("fieldValues")) if text(one.get("field")) == self.config.status_field]
        known = {text(one.get("contact")): one for one in own}
        return [_contact(row, known.get(text(row.get("id")), {})) for row in found], len(found) == PAGE

    def verify(self, inbound: Inbound) -> None:
        """Check the key in the address, as ActiveCampaign signs nothing and sets no headers."""
        check_key(inbound.query.get("token"), secrets_of(self.config), "key (`?token=` in the address)")

    def heard(self, inbound: Inbound) -> Iterable[Activity]:
        """Yield what somebody did, and each tag or event that `dispositions` gives a meaning."""
        form = {name: values[-1] for name, values in inbound.form().items()}
        kind, ref = form.get("type"), form.get("contact[id]") or form.get("deal[contactid]")
        at = instant(form.get("date_time"), ZoneInfo(self.config.time_zone))
        if not kind or at is None:
            raise BadInput("The webhook has no type, or no date_time that can be read.")
        word = form.get("tag") if kind == "contact_tag_added" else None if kind in DONE else kind
        if not ref or (kind not in DONE and self.disposition(word) in (None, Disposition.UNKNOWN)):
            return
        key = f"{kind}:{ref}:{at.isoformat()}" + (f":{word}" if word else "")
        human = form.get("initiated_from") == "admin"  # in the app; else by an automation, a program or the lead
        by = form.get("initiated_by") if human else None
        yield Activity(key, at, DONE.get(kind, "status"), ref=ref, word=word, by=by, human=human, data=form)

    def _call(self, method: str, path: str, **more: Any) -> Request:
        raise NotImplementedError


def _contact(row: dict[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a contact with its status, since when it has it, and the user who gave it."""
    changed = value.get("udate") or row.get("udate")
    by = None if text(value.get("updated_by")) == "0" else value.get("updated_by")
    return {**row, "word": value.get("value"), "done": changed, "by": by, "key": f"{text(row.get('id'))}:{changed}"}


def _deal(row: dict[str, Any]) -> dict[str, Any]:
    """Return a deal with its status in words, its value out of cents, and its owner where it was closed.

    An open deal may be an automation's, so that nobody is taken to have answered by it.
    """
    state, cents = text(row.get("status")), text(row.get("value"))
    closed = {"closer": row.get("owner")} if state in ("1", "2") else {}
    worth = {"worth": int(cents) / 100} if cents.isascii() and cents.isdecimal() and len(cents) < 16 else {}
    currency = text(row.get("currency")).upper() or None
    return {**row, "word": STATES.get(state), "currency": currency, **worth, **closed}
