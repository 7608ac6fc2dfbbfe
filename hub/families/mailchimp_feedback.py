"""Reads out of Mailchimp what became of leads: a status field, notes and the subscription, by poll and by webhook."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar

import httpx
from pydantic import Field, SecretStr

from hub.errors import BadInput
from hub.families.streams import CRM_WORDS, Place, Rows, Stream, StreamFeedback
from hub.fields import iso, text
from hub.http import Reply, Request, Response
from hub.inbound import Inbound
from hub.instant import instant
from hub.news import Activity
from hub.outcome import Disposition
from hub.signing import check_hmac, check_timestamp, header_parts, secrets_of
from hub.strictjson import an_object, objects

PAGE = 300
SIGNATURE = "x-mailchimp-signature"
FIELDS = ",".join(f"members.{name}" for name in ("id", "status", "last_changed", "merge_fields", "last_note"))
EVENTS = {"subscribe": "subscribed", "unsubscribe": "unsubscribed", "cleaned": "cleaned"}

_MEMBERS = Stream(
    "members", "note", key="key", ref="id", at="last_changed", done="done", once=True, word="word", by="by",
    sort="sort", kinds={"status": "status"},
)  # fmt: skip


class MailchimpFeedback(StreamFeedback):
    """Feedback out of the members of an audience, by the time of change, and of signed letters about them."""

    streams = (_MEMBERS,)
    listens: ClassVar[timedelta] = timedelta(minutes=5)
    words: ClassVar[Mapping[str, Disposition]] = {**CRM_WORDS, "cleaned": Disposition.INVALID}

    class Settings(StreamFeedback.Settings):
        """Where a status stands, and the keys of the webhook."""

        list_id: str = Field(description="Id of the audience: Audience, Settings, Audience name and defaults.")
        status_field: str | None = Field(
            None, description="Tag of the merge field that tells how far a lead is, such as LEADSTATUS; none: not read."
        )
        secret: SecretStr | None = Field(
            None, description="signing_secret of the webhook that posts to /feedback/NAME, shown when it is made."
        )
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")

    config: Any

    def asked(self, stream: Stream, place: Place) -> Request:
        """Return the list of what changed after the second before."""
        since = iso(place.since - timedelta(seconds=1)).replace("Z", "+00:00")
        order = {"since_last_changed": since, "sort_field": "last_changed", "sort_dir": "ASC"}
        page = {"count": str(PAGE), "offset": str(place.skip), "fields": FIELDS}
        return self._call("GET", "members", params={**order, **page})

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        """Return the members."""
        found = objects(response.json()["members"])
        return found, len(found) == PAGE

    async def whole(self, stream: Stream, rows: Rows, http: httpx.AsyncClient) -> Rows:
        """Return all that each member tells: a status, a note, and a subscription that means something here."""
        return [one for row in rows for one in self._told(row)]

    def handshake(self, inbound: Inbound) -> Reply | None:
        """Answer the GET by which Mailchimp tests an address before it makes a webhook for it."""
        return Reply.text("ok") if inbound.method in ("GET", "HEAD") else None

    def verify(self, inbound: Inbound) -> None:
        """Check the signature over time and body (https://mailchimp.com/developer/marketing/guides/)."""
        at = header_parts(inbound.header(SIGNATURE)).get("t") or ""
        check_hmac(
            inbound, secrets_of(self.config), header=SIGNATURE, prefix="v1=",
            signed=lambda own: f"{at}.".encode("utf-8", "replace") + own.body,
        )  # fmt: skip
        check_timestamp(at, self.clock.now())

    def heard(self, inbound: Inbound) -> Iterable[Activity]:
        """Yield a change of the subscription that means something here; the rest is asked for."""
        form = {name: values[-1] for name, values in inbound.form().items()}
        kind, at, email = form.get("type"), instant(form.get("fired_at")), form.get("data[email]")
        if not kind or at is None:
            raise BadInput("The webhook has no type, or no fired_at that can be read.")
        word = EVENTS.get(kind)
        if word and email and form.get("data[list_id]") == self.config.list_id and self._means(word):
            ref, reason = self.member(email), form.get("data[reason]")
            yield Activity(_key(ref, word), at, "status", ref=ref, word=word, human=False, reason=reason, data=form)

    @staticmethod
    def member(email: str) -> str:
        """Return what Mailchimp calls a member: the MD5 of the address in small letters."""
        return hashlib.md5(email.strip().lower().encode("utf-8", "replace"), usedforsecurity=False).hexdigest()

    def _told(self, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
        member, status, changed = text(row.get("id")), text(row.get("status")), text(row.get("last_changed"))
        stage = text(an_object(row.get("merge_fields")).get(self.config.status_field or ""))
        if stage:
            yield {**row, "key": f"{member}:{changed}", "word": stage, "sort": "status"}
        if self._means(status):
            yield {**row, "key": _key(member, status).partition(":")[2], "word": status, "sort": "status"}
        note = an_object(row.get("last_note"))
        if note.get("note_id"):
            by, done = note.get("created_by"), note.get("created_at")
            yield {**row, "key": f"note:{note['note_id']}", "by": by, "done": done, "sort": "note"}

    def _means(self, word: str) -> bool:
        return self.disposition(word) not in (None, Disposition.UNKNOWN)

    def _call(self, method: str, path: str, **more: Any) -> Request:
        raise NotImplementedError


def _key(member: str, word: str) -> str:
    """Return the key of a subscription's state, which is the same however it is heard of."""
    return f"members:{member}:{word}"
