"""Reads out of Jiandaoyun (简道云) what became of leads: rows that changed, asked for and by its data push."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from hub.errors import BadInput
from hub.families.streams import Place, Rows, Stream, StreamFeedback
from hub.fields import text
from hub.http import Request, Response, bearer
from hub.inbound import Inbound
from hub.news import Activity
from hub.signing import check_key, check_timestamp, secrets_of
from hub.strictjson import an_object

Shape = Literal["text", "number", "phone", "date", "list"]

PAGE = 100  # the most rows of one answer
FAR = "2100-01-01T00:00:00.000Z"


class JiandaoyunFeedback(StreamFeedback):
    """Feedback from the form of the leads, and from a form of follow-ups; its Config has an `api_key`."""

    listens: ClassVar[timedelta] = timedelta(minutes=2)

    class Settings(StreamFeedback.Settings):
        """Which forms, and where in them stands what became of a lead."""

        app_id: str = Field(description="Id of the application (应用 ID).")
        entry_id: str = Field(description="Id of the form (表单 ID).")
        status_field: str | None = Field(None, description="Field that tells how far a lead is; none: nothing is read.")
        value_field: str | None = Field(None, description="Field with what a deal is worth.")
        reason_field: str | None = Field(None, description="Field that tells why a lead was lost.")
        followup_id: str | None = Field(
            None, description="Id of the form of follow-ups (跟进记录), where there is one."
        )
        followup_field: str = Field(
            "lead", description="Field of a follow-up that holds the data id of the lead's row."
        )
        secret: SecretStr | None = Field(None, description="Secret of the data push (数据推送) to /feedback/NAME.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")

    config: Any

    def ready(self) -> None:
        """Choose what to read by the fields that are named."""
        super().ready()  # type: ignore[misc]  # of the connector this is mixed into
        own = self.config
        row = Stream(
            own.entry_id, "status", key="_id", ref="_id", at="updateTime", word=own.status_field or "",
            by="updater.username", maker="creator.username", value=own.value_field or "",
            reason=own.reason_field or "",
        )  # fmt: skip
        followup = Stream(
            own.followup_id or "", "note", key="_id", ref=own.followup_field, at="updateTime", done="createTime",
            once=True, by="creator.username",
        )  # fmt: skip
        self.streams = tuple(one for one in (own.status_field and row, own.followup_id and followup) if one)

    def asked(self, stream: Stream, place: Place) -> Request:
        """Return the search for rows that changed; they come in the order of their ids, not of their changes."""
        since = place.since.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        span = {"field": "updateTime", "type": "datetime", "method": "range", "value": [since, FAR]}
        after = {"data_id": place.mark} if place.mark else {}
        return self._call("list", {"limit": PAGE, "filter": {"rel": "and", "cond": [span]}, **after}, stream.name)

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, str | None]:
        """Return the rows; behind a full page the next one begins after its last row."""
        rows: Rows = response.json()["data"]
        return rows, str(rows[-1]["_id"]) if len(rows) == PAGE else None

    def verify(self, inbound: Inbound) -> None:
        """Check the signature, SHA-1 of nonce, body, secret and time (https://hc.jiandaoyun.com/doc/10732)."""
        at, nonce = inbound.query.get("timestamp"), inbound.query.get("nonce") or ""
        secrets = secrets_of(self.config)
        heads = (nonce.encode("utf-8", "replace"), inbound.body)
        signed = [b":".join((*heads, secret, (at or "").encode("utf-8", "replace"))) for secret in secrets]
        wanted = [hashlib.sha1(one, usedforsecurity=False).hexdigest().encode() for one in signed]
        check_key(inbound.header("x-jdy-signature"), wanted, "signature")
        check_timestamp(at, self.clock.now())

    def heard(self, inbound: Inbound) -> Iterable[Activity]:
        """Yield what a push tells of a row that was made or changed."""
        said = inbound.json_object()
        if not isinstance(said.get("op"), str):
            raise BadInput("The push has no op.")
        row = an_object(said.get("data"))
        if said["op"] not in ("data_create", "data_update"):
            return
        row = {**row, "updateTime": row.get("updateTime") or said.get("opTime")}
        told = (one.activity(row) for one in self.streams if one.name == row.get("entryId"))
        yield from (one for one in told if one is not None)

    def _call(self, action: str, body: dict[str, Any], entry: str | None = None) -> Request:
        form = {"app_id": self.config.app_id, "entry_id": entry or self.config.entry_id}
        headers = {"Authorization": bearer(self.config.api_key)}
        return Request("POST", f"/v5/app/entry/data/{action}", headers=headers, json={**form, **body})


def shaped(value: Any, shape: Shape) -> Any:
    """Return a value in the shape that a kind of field takes; None for nothing, and for a number that is none."""
    if value is None or value == "":
        return None
    if shape == "list":
        return [text(one) for one in value] if isinstance(value, (list, tuple)) else [text(value)]
    if shape == "phone":
        return {"phone": text(value)}
    if shape == "number":
        return value if isinstance(value, (int, float)) else _number(text(value))
    return text(value)  # a date is text as well: ISO 8601 in UTC


def _number(written: str) -> float | None:
    try:
        return float(written)
    except ValueError:
        return None
