"""Mailchimp Marketing 3.0: members by hash, subscriptions that the API may not undo, tags, problem+json errors."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MEMBERS = "/3.0/lists/{list}/members"
MEMBER = f"{MEMBERS}/{{hash}}"
STATUSES = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional")
LOCKED = ("unsubscribed", "cleaned")
MERGED = ("FNAME", "LNAME", "PHONE", "LEADSTATUS")
TEXT, PAGE, MAX_PAGE = 255, 10, 1_000

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class Mailchimp(Vendor):
    """`/mailchimp/3.0/lists/…`.

    Settings: `token` (the API key), `list_id` (others are not there), `fields` (merge tags beside the usual ones).
    """

    name = "mailchimp"
    limits: ClassVar[Mapping[str, Limit]] = {}  # ten connections at once, which a sandbox of one at a time never has

    def clear(self) -> None:
        """Forget the members, also those that were deleted for good."""
        self._members = Rows(self.clock)
        self._forgotten: set[str] = set()
        self._notes = 0

    def dispatch(self, call: Call) -> Reply:
        """Check the key first, as password of any user or as bearer."""
        self.require(_password(call) or call.bearer)
        return super().dispatch(call)

    @route("PUT", MEMBER)
    def put(self, call: Call) -> Reply:
        """Add a member, or change the one there is."""
        body, there = self._body(call), self._find(call)
        email = str(body.get("email_address") or "")
        if not _EMAIL.fullmatch(email) or _hash(email) != call.params["hash"].lower():
            raise Refused(_problem("Invalid Resource", "Please provide a valid email address."))
        values = self._values(body)
        if there is not None:
            return self._changed(call, there, values)
        if _hash(email) in self._forgotten:
            words = f"{email} was permanently deleted and cannot be re-imported. The contact must re-subscribe."
            raise Refused(_problem("Forgotten Email Not Subscribed", words))
        status = body.get("status_if_new") or body.get("status")
        if status not in STATUSES:
            field = {"field": "status_if_new", "message": "This value should not be blank."}
            raise Refused(_problem("Invalid Resource", "The resource submitted could not be validated.", field))
        made = self._members.make({"email_address": email, "merge_fields": {}, "tags": [], **values, "status": status})
        call.note(_hash(email), "new")
        return Reply.json(_shown(made))

    @route("PATCH", MEMBER)
    def patch(self, call: Call) -> Reply:
        """Change a member."""
        return self._changed(call, self._there(call), self._values(self._body(call)))

    @route("GET", MEMBER)
    def read(self, call: Call) -> Reply:
        """Read a member."""
        self._list(call)
        return Reply.json(_shown(self._there(call)))

    @route("POST", f"{MEMBER}/tags")
    def tag(self, call: Call) -> Reply:
        """Add and take tags; answers nothing."""
        row = self._there(call)
        for tag in self._body(call).get("tags") or []:
            kept = [name for name in row.values["tags"] if name != tag.get("name")]
            row.values["tags"] = [*kept, tag.get("name")] if tag.get("status") == "active" else kept
        return Reply(204)

    @route("POST", f"{MEMBER}/actions/delete-permanent")
    def forget_member(self, call: Call) -> Reply:
        """Delete a member for good: nobody may write the address again."""
        self._list(call)
        row = self._there(call)
        self._members.drop(row.id)
        self._forgotten.add(_hash(row.values["email_address"]))
        return Reply(204)

    @route("GET", MEMBERS)
    def listing(self, call: Call) -> Reply:
        """Return members that changed after a time, with the fields that are asked for."""
        self._list(call)
        since = call.query.get("since_last_changed")
        after = datetime.fromisoformat(since) if since else None
        found = [row for row in self._members if after is None or row.updated_at.replace(microsecond=0) > after]
        if call.query.get("sort_field") == "last_changed":
            found.sort(key=lambda row: row.updated_at, reverse=call.query.get("sort_dir") == "DESC")
        start, count = int(call.query.get("offset", 0)), min(int(call.query.get("count", PAGE)), MAX_PAGE)
        names = [name.removeprefix("members.") for name in call.query.get("fields", "").split(",") if name]
        page = [_shown(row) for row in found[start : start + count]]
        shown = [{name: one.get(name) for name in names} if names else one for one in page]
        return Reply.json({"members": shown, "list_id": call.params["list"], "total_items": len(found)})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        words = "Your API key may be invalid, or you've attempted to access the wrong datacenter."
        return _problem("API Key Invalid", words, status=401)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        words = "You have exceeded the limit of 10 simultaneous connections."
        return _problem("Too Many Requests", words, status=429)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 400."""
        return _problem(str(code or "Invalid Resource"), "The resource submitted could not be validated.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _problem("JSONParseError", "We encountered an unspecified JSON parsing error.")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _problem("Resource Not Found", "The requested resource could not be found.", status=404)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the members."""
        return [_shown(row) for row in self._members]

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add members: `email_address`, `status`, and other fields."""
        for item in items:
            self._members.make({"merge_fields": {}, "tags": [], "status": "subscribed", **item})

    def work(self, ref: str) -> bool:
        """Let a person set the status field of a member, and write a note."""
        row = next((row for row in self._members if _hash(row.values["email_address"]) == ref), None)
        if row is None:
            return False
        self._notes += 1
        made = _time(self.clock.now())
        note = {"note_id": self._notes, "created_at": made, "created_by": "Ann Ng", "note": "Called, wants a demo."}
        self._members.change(
            row.id, {"last_note": note, "merge_fields": {**row.values["merge_fields"], "LEADSTATUS": "Contacted"}}
        )
        return True

    def _list(self, call: Call) -> None:
        if call.params["list"] != self.settings.get("list_id", call.params["list"]):
            raise Refused(self.missing(call))

    def _body(self, call: Call) -> dict[str, Any]:
        self._list(call)
        return call.json_object()

    def _find(self, call: Call) -> Row | None:
        wanted = call.params["hash"].lower()
        return next((row for row in self._members if _hash(row.values["email_address"]) == wanted), None)

    def _there(self, call: Call) -> Row:
        row = self._find(call)
        if row is None:
            raise Refused(self.missing(call))
        return row

    def _values(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a body changes; merge fields the audience does not have are left out without a word."""
        known = {*MERGED, *self.settings.get("fields", ())}
        merged = {name: value for name, value in (body.get("merge_fields") or {}).items() if name in known}
        wrong = [name for name, value in merged.items() if isinstance(value, str) and len(value) > TEXT]
        if wrong:
            field = {"field": wrong[0], "message": f"This value should have {TEXT} characters or less."}
            raise Refused(_problem("Invalid Resource", "Your merge fields were invalid.", field))
        if body.get("status") is not None and body["status"] not in STATUSES:
            raise Refused(_problem("Invalid Resource", "The status is not one."))
        return {
            **({"merge_fields": merged} if merged else {}),
            **({"status": body["status"]} if body.get("status") else {}),
        }

    def _changed(self, call: Call, row: Row, values: dict[str, Any]) -> Reply:
        if row.values["status"] in LOCKED and values.get("status") == "subscribed":
            words = f"{row.values['email_address']} is in a compliance state and cannot be subscribed."
            raise Refused(_problem("Member In Compliance State", words))
        merged = {**row.values["merge_fields"], **values.get("merge_fields", {})}
        self._members.change(row.id, {**values, "merge_fields": merged})
        call.note(_hash(row.values["email_address"]), "repeat")
        return Reply.json(_shown(row))


def _password(call: Call) -> str | None:
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2] or None
    except ValueError:
        return None


def _hash(email: str) -> str:
    return hashlib.md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()


def _shown(row: Row) -> dict[str, Any]:
    member = _hash(row.values["email_address"])
    own = {
        "id": member,
        "contact_id": f"{member}c",
        "unique_email_id": member[:10],
        "last_changed": _time(row.updated_at),
    }
    return {**row.values, **own, "tags_count": len(row.values["tags"])}


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _problem(title: str, detail: str, *fields: Mapping[str, str], status: int = 400) -> Reply:
    kind = {"type": "https://mailchimp.com/developer/marketing/docs/errors/", "instance": "sandbox"}
    said = {**kind, "title": title, "status": status, "detail": detail, **({"errors": list(fields)} if fields else {})}
    return Reply.json(said, status, **{"content-type": "application/problem+json; charset=utf-8"})
